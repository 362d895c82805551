//! JSON in place: strict checking, views that borrow, a writer that escapes through every level.

mod check;
mod inside;
mod text;
mod value;
mod write;

pub use check::{JsonError, JsonFault, MAX_DEPTH, check};
pub(crate) use check::{check_piece, space_end};
pub(crate) use inside::{Span, escaped_len, members, open_string, place_in_string};
pub use text::{Chars, Text};
pub use value::{Array, Items, Json, List, Members, Object, Value};
pub(crate) use value::{Read, value_end};
pub use write::{Full, WriteJson, Writer};
