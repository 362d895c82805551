//! The terminal's end of the cable, on a Linux machine with a USB device port.

mod configfs;
mod control;
mod endpoints;
mod functionfs;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use proto_core::driver::ThreadPark;
use proto_core::link::{Down, DownReason, Link, LinkInfo, LinkKind, Step};
use proto_core::wire::Packets;

use crate::frames::{Came, Frames};
use crate::identity::{CLOVER, Mode};
use configfs::Gadget;
use control::Orders;
pub use control::{Cable, Moment};
use endpoints::Shared;

/// The terminal's end of a USB Pay Display link: a USB device made of the kernel's gadget framework (configfs
/// and FunctionFS), as the terminals themselves are.
///
/// It appears in merchant mode, takes the accessory handshake, goes away and comes back in accessory mode, and
/// carries messages there. It is for simulators: its product name is `SIMULATOR`. It needs root, and a device
/// controller: a board with a USB device port (a Raspberry Pi Zero or 4 with `dtoverlay=dwc2`), or the kernel's
/// `dummy_hcd`, which is both ends of a cable in one machine.
///
/// The link is up while the host has configured it, which a host does by itself: that nobody listens there
/// yet, or any more, is not seen. It waits for its host by itself ([`Step::Waiting`]). It has three threads;
/// its futures may be polled with any waker. Dropping it unplugs it and takes all of it out of the kernel.
pub struct UsbGadget {
    shared: Arc<Shared>,
    orders: Arc<Orders>,
    threads: Vec<JoinHandle<()>>,
    style: PacketStyle,
    frames: Frames,
    piece: Vec<u8>,
    at: usize,
    state: State,
}

/// How a [`UsbGadget`] is made. Make one with `default()` and change what must be different.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GadgetOptions {
    /// Its name among the gadgets of this machine. What is left of one of that name is removed.
    pub name: String,
    /// The device controller, as in `/sys/class/udc`; the first one if it is not said.
    pub controller: Option<String>,
    /// Its serial number.
    pub serial: String,
    /// Vendor and product id in merchant mode; 28f3:3003 by default.
    pub merchant: (u16, u16),
    /// Vendor and product id in accessory mode; 28f3:3002 by default.
    pub accessory: (u16, u16),
    /// Whether the interface of adb comes before the accessory's in accessory mode, as some products have it.
    pub adb: bool,
    /// The accessory protocol's version that it answers with; 0 is a device that has none.
    pub protocol: u16,
    /// How it cuts what it sends.
    pub style: PacketStyle,
    /// How long it is away when it changes its mode.
    pub away: Duration,
}

impl Default for GadgetOptions {
    fn default() -> Self {
        Self {
            name: "remote-pay".to_owned(),
            controller: None,
            serial: "SIM0001".to_owned(),
            merchant: (CLOVER, 0x3003),
            accessory: (CLOVER, 0x3002),
            adb: false,
            protocol: 2,
            style: PacketStyle::New,
            away: Duration::from_millis(50),
        }
    }
}

/// How a terminal cuts what it sends (`protocol/link.md` §1.7, §1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PacketStyle {
    /// Full packets; a transfer whose length is a multiple of the endpoint's packet size ends with an empty one.
    #[default]
    New,
    /// Full packets; no transfer ends with an empty one.
    Old,
    /// One byte of text a packet, each a transfer of its own: nobody does that, and everybody must read it.
    Tiny,
}

impl UsbGadget {
    /// Makes the device and plugs it in, in merchant mode. `SIMULATOR` is what its product name says.
    ///
    /// # Errors
    ///
    /// The kernel's: no permission, no device controller, or no gadget framework (`modprobe libcomposite`).
    pub fn new(options: GadgetOptions) -> io::Result<(Self, ThreadPark)> {
        let (gadget, functions) = Gadget::create(&options)?;
        gadget.bind(Mode::Merchant, options.merchant)?;
        let shared = Arc::new(Shared::default());
        let orders = Arc::new(Orders::new()?);
        let style = options.style;
        let (input, output) = functions.accessory.pair()?;
        let mut link = Self {
            shared: Arc::clone(&shared),
            orders: Arc::clone(&orders),
            threads: Vec::new(),
            style,
            frames: Frames::default(),
            piece: Vec::new(),
            at: 0,
            state: State::Down,
        };
        let for_reader = Arc::clone(&shared);
        link.spawn("usb-out", move || endpoints::read(&for_reader, output))?;
        let for_writer = Arc::clone(&shared);
        link.spawn("usb-in", move || endpoints::write(&for_writer, input))?;
        link.spawn("usb-control", move || {
            control::run(gadget, functions, options, &orders, &shared);
        })?;
        Ok((link, ThreadPark::new()))
    }

    /// A handle that pulls the cable, plugs it in again, and disturbs what goes through it.
    #[must_use]
    pub fn cable(&self) -> Cable {
        Cable::new(Arc::clone(&self.orders), Arc::clone(&self.shared))
    }

    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let builder = std::thread::Builder::new().name(name.to_owned());
        self.threads.push(builder.spawn(run)?);
        Ok(())
    }
}

impl Drop for UsbGadget {
    fn drop(&mut self) {
        self.shared.stop();
        self.orders.stop();
        for thread in self.threads.drain(..) {
            // One that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for UsbGadget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsbGadget").finish_non_exhaustive()
    }
}

/// What the link is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Down,
    /// Up, in this session of the endpoints. `sending`: the message was given to the writer.
    Up {
        session: u64,
        sending: bool,
    },
    Left,
}

/// What happened in one step.
enum Event {
    Failed(String),
    Up,
    Sent,
    Came(Came),
    Lost,
    Unsendable,
    Closed,
}

impl Link for UsbGadget {
    async fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8]) -> Step<'b> {
        match poll_fn(|context| self.poll(out, buf, context)).await {
            Event::Failed(what) => Step::Waiting(Down::new(DownReason::System, what)),
            Event::Up => Step::Up(LinkInfo::new(LinkKind::Usb, "USB host")),
            Event::Sent => Step::Sent,
            Event::Came(came) => came.into_step(buf),
            Event::Lost => Step::Waiting(Down::new(DownReason::Lost, "the host is gone")),
            Event::Unsendable => {
                let what = "the message to send is empty or over the limit";
                Step::Waiting(Down::new(DownReason::Local, what))
            }
            Event::Closed => Step::Down(Down::new(DownReason::Local, "")),
        }
    }

    /// Leaves the host alone; the cable stays plugged in.
    async fn close(&mut self) {
        self.state = State::Left;
    }
}

impl UsbGadget {
    fn poll(
        &mut self,
        out: Option<&[u8]>,
        buf: &mut [u8],
        context: &mut Context<'_>,
    ) -> Poll<Event> {
        let (session, sending) = match self.state {
            State::Up { session, sending } => (session, sending),
            State::Left => {
                self.state = State::Down;
                return Poll::Ready(Event::Closed);
            }
            State::Down => {
                if let Some(what) = self.shared.failed() {
                    return Poll::Ready(Event::Failed(what));
                }
                let Some(session) = self.shared.begun(context.waker()) else {
                    return Poll::Pending;
                };
                self.frames = Frames::default();
                self.piece.clear();
                self.at = 0;
                self.state = State::Up {
                    session,
                    sending: false,
                };
                return Poll::Ready(Event::Up);
            }
        };
        if let Some(out) = out {
            if !sending {
                let Some(transfers) = cut(out, self.style) else {
                    self.state = State::Down;
                    return Poll::Ready(Event::Unsendable);
                };
                self.shared.give(session, transfers);
                self.state = State::Up {
                    session,
                    sending: true,
                };
            } else if self.shared.has_left(session) {
                self.state = State::Up {
                    session,
                    sending: false,
                };
                return Poll::Ready(Event::Sent);
            }
        }
        loop {
            let rest = self.piece.get(self.at..).unwrap_or_default();
            let (used, came) = self.frames.next(rest, buf);
            self.at += used;
            if let Some(came) = came {
                return Poll::Ready(Event::Came(came));
            }
            match self.shared.take(session, context.waker()) {
                Poll::Ready(Some(piece)) => {
                    self.piece = piece;
                    self.at = 0;
                }
                Poll::Ready(None) => {
                    self.state = State::Down;
                    return Poll::Ready(Event::Lost);
                }
                Poll::Pending if out.is_some() && self.shared.has_left(session) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// The transfers of a message.
fn cut(message: &[u8], style: PacketStyle) -> Option<Vec<Vec<u8>>> {
    let mut transfers = Vec::new();
    for packet in Packets::new(message, None)? {
        let whole = [packet.head.as_slice(), packet.text].concat();
        match style {
            PacketStyle::Old => transfers.push(whole),
            PacketStyle::New => {
                let exact = whole.len() % MAX_PACKET_SIZE == 0;
                transfers.push(whole);
                // At every speed: it is a multiple of the smaller packet sizes too.
                transfers.extend(exact.then(Vec::new));
            }
            PacketStyle::Tiny => transfers.extend(tiny(&whole, transfers.is_empty())),
        }
    }
    Some(transfers)
}

/// A packet as many packets of one byte; a message's head stays whole with its first byte.
fn tiny(packet: &[u8], first: bool) -> Vec<Vec<u8>> {
    let rest = packet.get(2..).unwrap_or_default();
    let head = if first { 9 } else { 1 };
    let (head, rest) = rest.split_at_checked(head).unwrap_or((rest, &[]));
    let one = |bytes: &[u8]| {
        let length = u16::try_from(bytes.len()).unwrap_or_default();
        [&length.to_be_bytes(), bytes].concat()
    };
    std::iter::once(one(head))
        .chain(rest.chunks(1).map(one))
        .collect()
}

/// Of a bulk endpoint at high speed.
const MAX_PACKET_SIZE: usize = 512;
