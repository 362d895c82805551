//! USB Pay Display: the link of the remote pay protocol over a USB cable, both ends of it
//! (`protocol/link.md` §1).
//!
//! - [`UsbLink`] is the point of sale's end, on Linux, macOS and Windows. [`open`] makes a connector of it.
//! - `UsbGadget` is the terminal's end, for simulators, on a Linux machine with a USB device port.
//!
//! ```no_run
//! use std::time::Duration;
//! use proto_core::driver::Config;
//!
//! let till = transport_usb::open("usb", Config::new("com.example.pos:1.0"))?
//!     .on_question(|question| question.accept_all())?;
//! till.ready(Duration::from_secs(30))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `usb` is the only terminal on the bus, `usb:SERIAL` the one with that serial number. With two terminals and no
//! serial number the link does not guess: the money would be asked of the wrong customer. Once it has been
//! connected to a terminal, it stays with that one, however often the cable is pulled.
//!
//! # What it does
//!
//! 1. It finds terminals by the [`Identities`] of the vendor's SDKs. More can be added at run time. A terminal has
//!    two of them, one in [merchant mode](Mode::Merchant) and one in [accessory mode](Mode::Accessory).
//! 2. The moment that its terminal appears in merchant mode, it is switched (Android Open Accessory). Some models
//!    give their USB up a minute or two after they started if nobody does that, and only a restart brings it back:
//!    so keep the program running before the terminal is switched on.
//! 3. The terminal leaves the bus and comes back in accessory mode, recognised by its serial number. Its pipe is
//!    opened, left alone for a second, because its app may not listen yet, and the link is up.
//! 4. When the cable is pulled, that is told once. When it is plugged in again, all of this happens again by itself,
//!    and the role finds out what became of an open sale.
//!
//! Nothing is tried on a schedule: the system tells of devices that come and go, and of transfers that are done. On
//! Linux that is udevd's job. Where none runs (a small container), the bus is listed every 2 s while there is no
//! connection, and that is said once.
//!
//! Everything is bound to one thread, which may be any: that of [`block_on`](proto_core::driver::block_on) with the
//! [`ThreadPark`](proto_core::driver::ThreadPark) that comes with the link. Listing, opening and claiming are short
//! calls that this thread waits for; transfers are not waited for. The USB library has one thread more in the
//! process, for all devices. Dropping a link takes its transfers back and leaves nothing claimed.
//!
//! # Linux
//!
//! A user may not open USB devices. The rules that allow it for terminals are [`UDEV_RULES`]; `host-demo udev` prints
//! them. Install them, and plug the terminal in again:
//!
//! ```sh
//! host-demo udev | sudo tee /etc/udev/rules.d/70-remote-pay.rules && sudo udevadm control --reload
//! ```
//!
//! They let in who sits at the machine (`uaccess`, where logind runs) and the group `plugdev`, which a service's user
//! must be a member of. In a container give `/dev/bus/usb` and, for events, `/run/udev` and the host's network
//! namespace.
//!
//! # Windows
//!
//! Windows lets programs use a device only through WinUSB, and binds it to none of the identities by itself. It must
//! be bound to **both** of them, because the terminal is another device after the switch. A binding for the first
//! only looks like this: the terminal is switched, comes back, and is `NoDriver`. Ways to bind:
//!
//! - [Zadig](https://zadig.akeo.ie): choose the terminal in merchant mode and install WinUSB; start a program that
//!   switches it (`host-demo sale --to usb`); choose what has appeared and install WinUSB again. A device with
//!   several interfaces is listed once for each: choose interface 0.
//! - An INF file that names both, for an installer: `USB\VID_28F3&PID_3003` and `USB\VID_28F3&PID_3002` for a Mini,
//!   with `&MI_00` behind identities that have adb too; class `USBDevice`, `Include=winusb.inf`,
//!   `Needs=WINUSB.NT`. The vendor's own USB Pay Display driver does the same.
//!
//! The first time that a terminal is plugged in, the driver takes some seconds, twice. That is waited for, and told
//! only after [`UsbOptions::grace`]. Control requests go through the claimed interface there, so a second program
//! stands in the way of the handshake too. An unplug may be reported as a halt first; it is lost all the same.
//!
//! # macOS
//!
//! Nothing is to be installed. A device of the vendor's class is not configured by the system; the link does it. If
//! an app for Android file transfer has the terminal open, it is `InUse`: quit it.
//!
//! # What an error means
//!
//! | [`DownReason`](proto_core::link::DownReason) | The layer that is missing | What to do |
//! |---|---|---|
//! | `NoTerminal` | USB: nothing is there, or nothing that is known; the detail names what is | cable, power; `host-demo devices`; add the [`Identity`] |
//! | `Several` | which terminal | say the serial number |
//! | `NotPermitted` | permission | the udev rules above |
//! | `NoDriver` | driver | WinUSB, for both identities |
//! | `InUse` | the interface: the detail names the program or driver, where the system says so | end it |
//! | `NotAccessory` | the handshake: refused, unanswered, or without effect; the detail names the step | open USB Pay Display on the terminal |
//! | `Vanished` | seen, and gone before it was switched | restart the terminal while the program runs |
//! | `Lost` | the pipe: unplugged, restarted, no data taken for 38 s | nothing; look at the cable if it lasts |
//! | `Protocol` | the pipe: halted eight times in a row | report it |
//!
//! [`devices`] finds out the same for every terminal on the bus; `host-demo devices` prints it.
//!
//! # Limits
//!
//! | What | Limit |
//! |---|---|
//! | one message, either direction | [`MAX_MESSAGE`](proto_core::wire::MAX_MESSAGE) |
//! | a packet that is sent | [`MAX_PACKET`](proto_core::wire::MAX_PACKET) bytes behind its length |
//! | transfers on their way | 4 in, 8 out |
//! | each request of the handshake | 2 s |
//! | to come back in accessory mode | [`UsbOptions::return_limit`] |
//! | a packet on its way out | 38 s: 5 s, and 2 ms a byte of a full one |
//! | pauses between attempts at one device | 50 ms doubling to 30 s |
//!
//! # A simulator on a real cable
//!
//! `host-demo terminal --usb-gadget` is a simulated terminal at the USB device port of a Linux board: a Raspberry Pi
//! Zero (its middle port), or a Pi 4 (its USB-C port). Put `dtoverlay=dwc2` into `config.txt`, load `libcomposite`, and
//! run it as root; then connect that port to the machine with the till. It appears in merchant mode, takes the
//! handshake, and comes back in accessory mode, as terminals do. Its USB strings say `SIMULATOR`, and a till takes it
//! only if it is told to (`--simulator`). `dummy_hcd` is such a port without hardware: the project's own tests run on it, in
//! a virtual machine (`tests/everything usb`).
//!
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
