//! What a link is: the one thing between a role and a cable, a socket or a wire.
//!
//! A link moves whole messages and knows no meaning. It is driven by calling [`Link::step`] again
//! and again; [`crate::run::drive`] does that, and so can any loop of yours.

use core::fmt;
use core::future::Future;

use crate::redact::Hidden;
use crate::wire::FrameError;
use crate::wire::json::Text;

/// Room for a description in an error or of a peer, in bytes. Longer text is cut.
pub const DETAIL_LEN: usize = 120;

/// A short text that a link carries along, at most [`DETAIL_LEN`] bytes.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Detail(heapless::String<DETAIL_LEN>);

impl Detail {
    /// The text, cut at a character boundary if it is longer than [`DETAIL_LEN`].
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::of(text.into())
    }

    /// The same of a text in a message. (Printing it would link all of `core::fmt`.)
    pub(crate) fn of(text: Text<'_>) -> Self {
        Self(text.cut())
    }

    /// Prints into a detail, cutting what does not fit.
    #[must_use]
    pub fn print(text: impl fmt::Display) -> Self {
        struct Cut(Detail);
        impl fmt::Write for Cut {
            fn write_str(&mut self, s: &str) -> fmt::Result {
                for c in s.chars() {
                    self.0.0.push(c).map_err(|_| fmt::Error)?;
                }
                Ok(())
            }
        }
        let mut cut = Cut(Self::default());
        // The only error is "full": what fits is there.
        let _ = fmt::write(&mut cut, format_args!("{text}"));
        cut.0
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which kind of link it is. It decides the `packageName`, whether there is a pairing, and the
/// size of message pieces (`protocol/link.md` §4.3, §4.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LinkKind {
    /// USB Pay Display: a cable, no pairing.
    Usb,
    /// Network Pay Display: a WebSocket on the local network. The only kind with a pairing.
    Network,
    /// Cloud Pay Display: a WebSocket through the vendor's servers, no pairing.
    Cloud,
    /// The packet stream of USB over a serial line, no pairing.
    Serial,
}

/// What a link says of itself when it comes up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LinkInfo {
    /// Which kind of link it is.
    pub kind: LinkKind,
    /// The longest piece of a message in characters, if the link wants another limit than its kind
    /// has; see [`piece_limit`](Self::piece_limit).
    pub max_piece: Option<u32>,
    /// Who is at the other end, for people: an address, a port, a serial number.
    pub peer: Detail,
}

impl LinkInfo {
    /// A link of this kind to `peer`, with the limits of its kind.
    #[must_use]
    pub fn new(kind: LinkKind, peer: &str) -> Self {
        Self {
            kind,
            max_piece: None,
            peer: Detail::new(peer),
        }
    }

    /// The longest piece of a message that is cut, in characters of its payload or bytes of its attachment;
    /// 1,000 at least (`protocol/link.md` §4.13). What is not cut has no such limit.
    #[must_use]
    pub fn piece_limit(&self) -> usize {
        let of_kind = match self.kind {
            LinkKind::Usb | LinkKind::Serial => 10_000,
            LinkKind::Network | LinkKind::Cloud => 50_000,
        };
        let limit = self.max_piece.unwrap_or(of_kind).max(1_000);
        usize::try_from(limit).unwrap_or(usize::MAX)
    }
}

/// Why a link is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DownReason {
    /// The name of the host could not be resolved.
    UnknownHost,
    /// The other machine answers, but nothing listens at that port.
    Refused,
    /// The other machine does not answer.
    Unreachable,
    /// Something answers there, but it does not speak WebSocket, or not under that path.
    NotWebSocket,
    /// The terminal serves another point of sale.
    Taken,
    /// The other side closed the link in good order.
    Closed,
    /// The link broke: the connection was reset or ended without a close.
    Lost,
    /// The other side broke the rules of the link (RFC 6455, packet format).
    Protocol,
    /// The other side sent something larger than the link's limit.
    TooLarge,
    /// This side closed the link.
    Local,
    /// No terminal is on the USB bus.
    NoTerminal,
    /// More than one terminal is on the USB bus, and it was not said which one is meant.
    Several,
    /// The terminal was on the USB bus, but it went away before it could be switched to accessory mode.
    Vanished,
    /// The terminal's USB device may not be opened by this user.
    NotPermitted,
    /// Another program or a driver of the system holds the terminal's USB interface.
    InUse,
    /// The system has bound no driver to the terminal's USB device that lets programs use it.
    NoDriver,
    /// The USB device does not take the requests of the accessory protocol.
    NotAccessory,
    /// The operating system reported something else.
    System,
}

impl DownReason {
    /// What it means, as a sentence part in lower case.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::UnknownHost => "the host name is not known",
            Self::Refused => "nothing listens there",
            Self::Unreachable => "the address does not answer",
            Self::NotWebSocket => "what answers there is not a terminal's WebSocket",
            Self::Taken => "the terminal serves another point of sale",
            Self::Closed => "the other side closed the connection",
            Self::Lost => "the connection was lost",
            Self::Protocol => "the other side broke the rules of the connection",
            Self::TooLarge => "the other side sent a message over the limit",
            Self::Local => "closed by this side",
            Self::NoTerminal => "no terminal is on the USB bus",
            Self::Several => "there is more than one terminal on the USB bus",
            Self::Vanished => "the terminal was there, but went away before it could be switched",
            Self::NotPermitted => "this user may not open the terminal's USB device",
            Self::InUse => "another program or driver holds the terminal's USB interface",
            Self::NoDriver => "the terminal's USB device has no driver that programs can use",
            Self::NotAccessory => "the USB device does not take the accessory handshake",
            Self::System => "the operating system reported an error",
        }
    }

    /// What to do next.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::UnknownHost => {
                "check the spelling, or use the address that the terminal's start screen shows"
            }
            Self::Refused => {
                "start Network Pay Display on the terminal and check the port on its start screen"
            }
            Self::Unreachable => {
                "check that the terminal is on, in the same network, and that no firewall is between"
            }
            Self::NotWebSocket => {
                "check port and path (usually port 12345 and /remote_pay), and ws against wss"
            }
            Self::Taken => "disconnect the other point of sale first",
            Self::Closed | Self::Lost => {
                "it is tried again by itself; look at the terminal if it lasts"
            }
            Self::Protocol | Self::TooLarge => {
                "report it with the time and the terminal's software version"
            }
            Self::Local => "nothing",
            Self::NoTerminal => {
                "plug the terminal in and wait until it has started; check cable and USB Pay Display"
            }
            Self::Several => "name the one that is meant by its serial number",
            Self::Vanished => {
                "restart the terminal while this program runs: some give up minutes after their start"
            }
            Self::NotPermitted => {
                "install the udev rule for it, then unplug it and plug it in again"
            }
            Self::InUse => {
                "end the other program: another till, the vendor's service, a network connection"
            }
            Self::NoDriver => "bind WinUSB to it, in merchant mode and in accessory mode",
            Self::NotAccessory => "open USB Pay Display on the terminal, then plug it in again",
            Self::System => "see the detail",
        }
    }
}

/// A link is down: why, with what the transport knows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Down {
    /// The kind of cause.
    pub reason: DownReason,
    /// Close code and reason, the system's error text and the like. Never holds a message's content.
    pub detail: Detail,
}

impl Down {
    /// A cause with a detail.
    #[must_use]
    pub fn new(reason: DownReason, detail: impl fmt::Display) -> Self {
        Self {
            reason,
            detail: Detail::print(detail),
        }
    }
}

impl From<DownReason> for Down {
    /// A cause without a detail. (Printing none would link all of `core::fmt`.)
    fn from(reason: DownReason) -> Self {
        Self {
            reason,
            detail: Detail::default(),
        }
    }
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.what())?;
        if !self.detail.as_str().is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

impl core::error::Error for Down {}

/// What happened in one step of a link. `Debug` prints the length of a message, not the message.
pub enum Step<'b> {
    /// The link is up. Before it, nothing that was given to `out` has left.
    Up(LinkInfo),
    /// The message given as `out` has left completely.
    Sent,
    /// One whole message, in the front part of the caller's buffer.
    Message(&'b mut [u8]),
    /// A message of this many bytes waits in the link. Step again with at least that much room to get
    /// it; with less room it is given up and reported as [`Step::TooLong`].
    NeedsRoom(usize),
    /// A message of `total` bytes was given up; `head` is its beginning.
    TooLong {
        /// The beginning of the message, as much as fitted.
        head: &'b [u8],
        /// The length of the whole message in bytes.
        total: usize,
    },
    /// A stretch of the stream made no sense, and it does again. Only links over a bare stream have this.
    Garbled(FrameError),
    /// The link is down, or could not come up. The next step tries to bring it up again, at once:
    /// waiting between attempts is the caller's business.
    Down(Down),
    /// The link is down, and waits itself for what it takes to come up again: for a cable to be plugged in,
    /// say. The caller steps on without a pause.
    Waiting(Down),
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up(info) => f.debug_tuple("Up").field(info).finish(),
            Self::Sent => f.write_str("Sent"),
            Self::Message(message) => f
                .debug_tuple("Message")
                .field(&Hidden::of(message))
                .finish(),
            Self::NeedsRoom(bytes) => f.debug_tuple("NeedsRoom").field(bytes).finish(),
            Self::TooLong { head, total } => f
                .debug_struct("TooLong")
                .field("head", &Hidden::of(head))
                .field("total", total)
                .finish(),
            Self::Garbled(error) => f.debug_tuple("Garbled").field(error).finish(),
            Self::Down(down) => f.debug_tuple("Down").field(down).finish(),
            Self::Waiting(down) => f.debug_tuple("Waiting").field(down).finish(),
        }
    }
}

/// One link to one peer. Whole messages in, whole messages out.
///
/// The rules:
///
/// - A new link is down. A step on a link that is down tries to bring it up.
/// - `out` is the message to send, or `None`. While it is not [`Step::Sent`], every further step gets
///   **the same** message (or the link went down): the link remembers how much of it has left.
/// - A step reads and writes at the same time. A message may arrive while another is being sent.
/// - It is cancel-safe: dropping the future loses no byte in either direction.
/// - A message longer than the caller's buffer does not break the link.
pub trait Link {
    /// Sends `out` and reads until one thing has happened.
    fn step<'b>(&mut self, out: Option<&[u8]>, buf: &'b mut [u8])
    -> impl Future<Output = Step<'b>>;

    /// Closes the link in good order, as far as that is possible without waiting for the peer. The
    /// next step reports [`Step::Down`] with [`DownReason::Local`].
    fn close(&mut self) -> impl Future<Output = ()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_cut_at_a_character() {
        let long = "ä".repeat(DETAIL_LEN);
        assert_eq!(Detail::new(&long).as_str().len(), DETAIL_LEN);
        assert_eq!(Detail::print(&long), Detail::new(&long));
    }
}
