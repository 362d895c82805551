//! How messages look: names, envelope, JSON in place.
//!
//! Usable without a role: [`open`] a message, read typed views of it ([`crate::message`]), write one with
//! [`write_message`], and cut it into packets or put it together from them with [`Framer`].

mod envelope;
mod framer;
pub mod json;
pub mod names;
pub(crate) mod nested;
pub(crate) mod object;
mod open;
pub(crate) mod shape;

pub use envelope::{SOURCE_SDK, Sender, package_name, write_liveness, write_message};
pub use framer::{Frame, FrameError, Framer, MAX_MESSAGE, MAX_PACKET, Packet, Packets};
pub use nested::{DraftOf, InString, Nested, Number};
pub(crate) use open::Opened;
pub use open::{Message, OpenError, Unreadable, name_in_head, open};
pub use shape::{Field, Kind, Shape};
