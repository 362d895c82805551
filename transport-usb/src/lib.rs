//! USB Pay Display: the link of the remote pay protocol over a USB cable.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod bus;
mod devices;
mod down;
mod frames;
#[cfg(target_os = "linux")]
mod gadget;
mod handshake;
mod holder;
mod identity;
mod link;
mod open;
mod pipe;
mod terminal;

pub use devices::{Device, devices, hotplug_is_told};
#[cfg(target_os = "linux")]
pub use gadget::{Cable, GadgetOptions, Moment, PacketStyle, UsbGadget};
pub use handshake::Strings;
pub use identity::{CLOVER, GOOGLE, Identities, Identity, IdentityError, Mode};
pub use link::{UsbLink, UsbOptions};
pub use open::{Target, TargetError, UsbBuilder, open, open_target};
