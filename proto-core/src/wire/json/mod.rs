//! JSON in place: strict checking, views that borrow, a writer that escapes through every level.

mod check;
mod inside;
mod scan;
mod text;
mod value;
mod write;

pub(crate) use check::check_piece;
pub use check::{JsonError, JsonFault, MAX_DEPTH, check};
pub(crate) use inside::{Span, escaped_len, members, open_string, place_in_string};
pub(crate) use scan::{behind_space, behind_value};
pub use text::{Chars, Text};
pub(crate) use value::Read;
pub use value::{Array, Items, Json, List, Members, Object, Value};
pub use write::{Full, WriteJson, Writer};
