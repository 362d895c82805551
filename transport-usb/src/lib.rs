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

/// The udev rules that let the user at the seat, and members of the group `plugdev`, open terminals (Linux).
/// `host-demo udev` prints them.
pub const UDEV_RULES: &str = include_str!("../udev/70-remote-pay.rules");
