//! How messages look: names, envelope, JSON in place.
//!
//! Usable without a role: [`open`] a message, read typed views of it ([`crate::message`]), write one with
//! [`write_message`], cut it into packets and put it together from them ([`Packets`], [`Framer`]), and the same
//! with fragments ([`Fragmenter`], [`Joiner`]).

mod base64;
mod crc;
mod envelope;
mod fragmenter;
mod framer;
mod joiner;
pub mod json;
pub mod names;
pub(crate) mod nested;
pub(crate) mod object;
mod open;
pub(crate) mod shape;

pub use base64::{BadBase64, Bytes};
pub use crc::crc32;
pub use envelope::{
    SOURCE_SDK, Sender, package_name, write_liveness, write_message, write_payload,
};
pub use fragmenter::{Fragmenter, Source, TooLarge};
pub use framer::{Frame, FrameError, Framer, MAX_MESSAGE, MAX_PACKET, Packet, Packets};
pub use joiner::{FRAGMENT_SILENCE, JoinError, Joined, Joiner, MAX_ATTACHMENT, MAX_JOINED};
pub use nested::{DraftOf, InString, Nested, Number};
pub use open::{Attachment, Message, OpenError, Unreadable, name_in_head, open};
pub(crate) use open::{Inside, Opened};
pub use shape::{Field, Kind, Shape};
