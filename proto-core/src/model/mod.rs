//! The objects that travel in messages (`protocol/model.md` §2 to §5).

mod intent;
mod payment;
mod screen;

pub use intent::*;
pub use payment::*;
pub use screen::*;
