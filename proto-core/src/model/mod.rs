//! The objects that travel in messages (`protocol/model.md` §2 to §5).
//!
//! Each is declared once, as in `wire/object.rs`: a view to read it and a draft to write it.

mod batch;
mod card;
mod customer;
mod display;
mod intent;
mod order;
mod payment;
mod printer;
mod refund;
mod regional;
mod screen;
mod signature;

pub use batch::*;
pub use card::*;
pub use customer::*;
pub use display::*;
pub use intent::*;
pub use order::*;
pub use payment::*;
pub use printer::*;
pub use refund::*;
pub use regional::*;
pub use screen::*;
pub use signature::*;
