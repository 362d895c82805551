//! The serial line: the packet stream of USB ([`wire::framer`](crate::wire::Framer)) over any two byte
//! streams, for firmware and for benches.
//!
//! - `Serial` (feature `embedded-io`) is for a super-loop: it takes the UART anew at every call, and no
//!   call waits for a byte.
//! - `SerialLink` (feature `embedded-io-async`) is a [`Link`](crate::link::Link) for
//!   [`drive`](crate::run::drive).
//!
//! A serial line has no beginning and no end: it is up as soon as it is there, and the role finds out who is
//! at the other end. Nothing on it is sent again; a receiver that lost bytes finds the beginning of the next
//! message (`protocol/link.md` §1.10) and says how many bytes it has skipped. So give the UART flow control, or
//! a receive buffer for as long as the program may look away.
//!
//! # Checks
//!
//! A UART does not notice when a bit of an amount turns over. So both of these put a [check](crate::wire::Packet::check) behind
//! each packet and expect one: a message that has changed on its way is skipped. The other end must do the same.
//! One that takes the packet stream of USB as it is needs `unchecked`, and then a line that protects what passes.

use core::fmt;

#[cfg(feature = "embedded-io-async")]
pub use asynchronous::SerialLink;
#[cfg(feature = "embedded-io")]
pub use blocking::Serial;

use crate::link::{Down, DownReason};
use crate::redact::Hidden;
use crate::wire::{Frame, FrameError, Framer, Packets};

/// The most bytes that are read at a time: one packet of a USB serial port at high speed, which some drivers
/// want to give as a whole.
pub const READ_LEN: usize = 512;

/// The line is of no use as it is. It may be again: begin anew with `Serial::reset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SerialError<E> {
    /// The driver of the line reports this.
    Io(E),
    /// The line gives or takes nothing more: it read or wrote 0 bytes.
    Ended,
    /// A message to send is empty, or longer than [`MAX_MESSAGE`](crate::wire::MAX_MESSAGE). No role makes
    /// such a one.
    Unsendable,
}

impl<E: fmt::Display> fmt::Display for SerialError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the serial line reports: {error}"),
            Self::Ended => f.write_str("the serial line is closed"),
            Self::Unsendable => f.write_str("the message is empty or too long to be sent"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for SerialError<E> {}

/// What to tell the role.
impl<E: fmt::Display> From<SerialError<E>> for Down {
    fn from(error: SerialError<E>) -> Self {
        let reason = match error {
            SerialError::Io(_) | SerialError::Ended => DownReason::Lost,
            SerialError::Unsendable => DownReason::Local,
        };
        Self::new(reason, error)
    }
}

/// Bytes that were read, on their way to messages.
struct Incoming {
    framer: Framer,
    bytes: [u8; READ_LEN],
    /// What was not looked at yet lies between `start` and `end`.
    start: usize,
    end: usize,
    /// Room for the message in progress was asked for: it is not asked for twice.
    asked: bool,
}

/// What has come in. It borrows nothing, so that it can be looked at in a loop.
enum Came {
    Message(usize),
    TooLong(usize),
    Resumed(FrameError),
    /// The message in progress has this many bytes and the buffer has not. None of it was taken yet.
    #[cfg_attr(not(feature = "embedded-io-async"), expect(dead_code))]
    NeedsRoom(usize),
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.end.saturating_sub(self.start);
        f.debug_struct("Incoming")
            .field("framer", &self.framer)
            .field("waiting", &Hidden(waiting))
            .finish_non_exhaustive()
    }
}

impl Incoming {
    const fn new() -> Self {
        Self {
            framer: Framer::checked(),
            bytes: [0; READ_LEN],
            start: 0,
            end: 0,
            asked: false,
        }
    }

    /// Forgets what was read.
    fn reset(&mut self) {
        self.framer.reset();
        self.start = 0;
        self.end = 0;
        self.asked = false;
    }

    /// Where to read to. Everything there was looked at.
    fn room(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// So many bytes were read to [`room`](Self::room).
    fn read(&mut self, count: usize) {
        self.start = 0;
        self.end = count.min(READ_LEN);
    }

    /// Looks at what was read until something has come in.
    fn next(&mut self, buf: &mut [u8]) -> Option<Came> {
        loop {
            if let Some(total) = self.framer.expected().filter(|total| *total > buf.len())
                && !core::mem::replace(&mut self.asked, true)
            {
                return Some(Came::NeedsRoom(total));
            }
            let rest = self.bytes.get(self.start..self.end).unwrap_or_default();
            // Between messages byte by byte: room for a message is asked for before its text is taken.
            let rest = match self.framer.expected() {
                Some(_) => rest,
                None => rest.get(..1).unwrap_or_default(),
            };
            if rest.is_empty() {
                return None;
            }
            let (used, frame) = self.framer.feed(rest, buf);
            self.start = self.start.saturating_add(used);
            let came = match frame {
                None => continue,
                Some(Frame::Message(message)) => Came::Message(message.len()),
                Some(Frame::TooLong { total, .. }) => Came::TooLong(total),
                Some(Frame::Resumed(error)) => Came::Resumed(error),
            };
            self.asked = false;
            return Some(came);
        }
    }
}

/// How much of a message has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outgoing {
    /// Bytes of text in the packets that have left whole.
    sent: usize,
    /// How much of the packet behind them has left, its head included.
    left: usize,
    /// Packets have no check.
    unchecked: bool,
}

/// What is to be written next: bytes of a head or a check, or text.
struct Piece<'m> {
    head: heapless::Vec<u8, 10>,
    text: &'m [u8],
}

impl Piece<'_> {
    fn bytes(&self) -> &[u8] {
        if self.head.is_empty() {
            self.text
        } else {
            &self.head
        }
    }
}

impl Outgoing {
    const fn new() -> Self {
        Self {
            sent: 0,
            left: 0,
            unchecked: false,
        }
    }

    /// What of `message` has not left yet, up to the end of a head, a text or a check; `None` if all of it has.
    fn piece<'m, E>(&mut self, message: &'m [u8]) -> Result<Option<Piece<'m>>, SerialError<E>> {
        let rest = Packets::resume(message, None, self.sent).ok_or(SerialError::Unsendable)?;
        for packet in rest {
            if let Some(head) = packet.head.get(self.left..).filter(|head| !head.is_empty()) {
                // Always fits: it is a part of such a one.
                let head = head.try_into().unwrap_or_default();
                return Ok(Some(Piece { head, text: &[] }));
            }
            let left = self.left.saturating_sub(packet.head.len());
            if let Some(text) = packet.text.get(left..).filter(|text| !text.is_empty()) {
                let head = heapless::Vec::new();
                return Ok(Some(Piece { head, text }));
            }
            let left = left.saturating_sub(packet.text.len());
            let check = packet.check();
            let check = check.get(left..).unwrap_or_default();
            if !self.unchecked && !check.is_empty() {
                let head = check.try_into().unwrap_or_default();
                return Ok(Some(Piece { head, text: &[] }));
            }
            self.sent = self.sent.saturating_add(packet.text.len());
            self.left = 0;
        }
        Ok(None)
    }

    /// The message has left, or is given up.
    fn reset(&mut self) {
        self.sent = 0;
        self.left = 0;
    }

    /// So many bytes of the piece have left.
    fn wrote<E>(&mut self, count: usize) -> Result<(), SerialError<E>> {
        if count == 0 {
            return Err(SerialError::Ended);
        }
        self.left = self.left.saturating_add(count);
        Ok(())
    }
}

#[cfg(feature = "embedded-io")]
mod blocking;

#[cfg(feature = "embedded-io-async")]
mod asynchronous;

#[cfg(all(test, feature = "embedded-io", feature = "embedded-io-async"))]
mod tests;
