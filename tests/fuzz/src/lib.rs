//! What the targets have in common: messages made from the declarations, other spellings of JSON, and what
//! another reader makes of a text.
#![forbid(unsafe_code)]

mod made;
mod theirs;

pub use made::{Made, text};
pub use theirs::{first_of_each_name, ours};
