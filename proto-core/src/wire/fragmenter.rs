//! A message cut into fragments (`protocol/link.md` §4.14).
//!
//! Each fragment is built in the caller's buffer and leaves before the next one begins. The payload lies in
//! memory; the attachment never does: its bytes are asked for piece by piece, and become Base64 where they are
//! sent from.

use core::fmt;

use super::base64::{PADDED_PIECES, group};
use super::envelope::{Sender, head, key, tail};
use super::framer::MAX_MESSAGE;
use super::joiner::MAX_ATTACHMENT;
use super::json::{Full, Writer, escaped_len};
use super::names::{MessageType, Method};
use crate::redact::Hidden;

/// A payload or an attachment is longer than can be sent. Nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TooLarge {
    /// The limit in bytes.
    pub limit: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes are the most that can be sent", self.limit)
    }
}

impl core::error::Error for TooLarge {}

/// What is the same in all fragments of a message, and its payload. `Debug` prints the payload's length.
#[derive(Clone, Copy)]
pub struct Source<'p> {
    /// Who sends it. Its version is not written: fragments say 2.
    pub sender: Sender<'p>,
    /// The name of the message.
    pub method: Method<'p>,
    /// The payload's JSON text, without what is in the attachment; see [`write_payload`](super::write_payload).
    pub payload: &'p str,
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("sender", &self.sender)
            .field("method", &self.method)
            .field("payload", &Hidden::of(self.payload.as_bytes()))
            .finish()
    }
}

/// Cuts one message into fragments, one after the other. The last one says that it is the last, wherever the
/// cuts fall.
///
/// ```
/// use proto_core::wire::{Fragmenter, Sender, Source, names::Method};
///
/// let source = Source {
///     sender: Sender { package_name: "p", application_id: None, source_sdk: false, version: 1 },
///     method: Method::PrintImage,
///     payload: r#"{"method":"PRINT_IMAGE","version":1}"#,
/// };
/// let picture = [7; 2_500];
/// let mut send = [0; 2_048];
/// let mut fragmenter = Fragmenter::new(21, 1_000, &source, picture.len())?;
/// while !fragmenter.is_done() {
///     fragmenter.begin(&mut send, &source)?;
///     while let Some(wanted) = fragmenter.wants() {
///         fragmenter.provide(&mut send, &picture[wanted]); // or a part of it, as it comes
///     }
///     let fragment = fragmenter.fragment(&send).unwrap();
///     assert!(fragment.ends_with(b"\"}"));
///     fragmenter.sent();
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Fragmenter {
    id: u32,
    limit: usize,
    /// The number of the next fragment.
    index: u32,
    /// Bytes of the payload that are in fragments, and all of them.
    payload: Progress,
    /// Bytes of the attachment that were provided, and all of them.
    attachment: Progress,
    fragment: State,
}

#[derive(Debug, Clone, Copy)]
struct Progress {
    done: usize,
    total: usize,
}

impl Progress {
    fn left(self) -> usize {
        self.total.saturating_sub(self.done)
    }

    fn add(&mut self, count: usize) {
        self.done = self.done.saturating_add(count);
    }
}

/// The fragment in progress.
#[derive(Clone)]
enum State {
    None,
    /// It is whole and this long.
    Whole(usize),
    /// It takes more of the attachment.
    Filling {
        /// How long it is without its end.
        len: usize,
        /// How many bytes it still takes.
        wants: usize,
        /// Bytes that are not written yet: three make four characters.
        rest: heapless::Vec<u8, 3>,
    },
}

impl fmt::Debug for Fragmenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fragmenter")
            .field("id", &self.id)
            .field("index", &self.index)
            .field("payload", &self.payload)
            .field("attachment", &self.attachment)
            .finish_non_exhaustive()
    }
}

impl Fragmenter {
    /// A message with this number and an attachment of this many bytes; 0 is none. No piece is longer than
    /// `limit`: characters of the payload (as UTF-16 counts them) or bytes of the attachment, see
    /// [`LinkInfo::piece_limit`](crate::link::LinkInfo::piece_limit). A small buffer makes them shorter.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn new(
        id: u32,
        limit: usize,
        source: &Source<'_>,
        attachment: usize,
    ) -> Result<Self, TooLarge> {
        for (len, limit) in [
            (source.payload.len(), MAX_MESSAGE),
            (attachment, MAX_ATTACHMENT),
        ] {
            if len > limit {
                return Err(TooLarge { limit });
            }
        }
        Ok(Self {
            id,
            // A character may be two of UTF-16.
            limit: limit.max(2),
            index: 0,
            payload: Progress {
                done: 0,
                total: source.payload.len(),
            },
            attachment: Progress {
                done: 0,
                total: attachment,
            },
            fragment: State::None,
        })
    }

    /// Begins the next fragment in `buf`, unless there is one in it. It is whole at once, or
    /// [`wants`](Self::wants) some of the attachment.
    ///
    /// # Errors
    ///
    /// [`Full`]: with so much room there will be at least a little in each fragment. Nothing has changed.
    pub fn begin(&mut self, buf: &mut [u8], source: &Source<'_>) -> Result<(), Full> {
        if !matches!(self.fragment, State::None) || self.is_done() {
            return Ok(());
        }
        if self.payload.left() > 0 {
            self.begin_payload(buf, source)
        } else {
            self.begin_attachment(buf, source)
        }
    }

    /// Which bytes of the attachment the fragment in progress still takes; `None` if there is none or it is
    /// whole.
    #[must_use]
    pub fn wants(&self) -> Option<core::ops::Range<usize>> {
        match self.fragment {
            State::Filling { wants, .. } => {
                let start = self.attachment.done;
                Some(start..start.saturating_add(wants))
            }
            _ => None,
        }
    }

    /// Takes these bytes of the attachment, the next ones, into the fragment in `buf`; says how many it took.
    pub fn provide(&mut self, buf: &mut [u8], bytes: &[u8]) -> usize {
        let State::Filling { len, wants, rest } = &mut self.fragment else {
            return 0;
        };
        let count = bytes.len().min(*wants);
        for byte in bytes.iter().take(count) {
            // Never full: three are written at once.
            let _ = rest.push(*byte);
            *wants = wants.saturating_sub(1);
            if rest.is_full() || *wants == 0 {
                put(buf, len, &group(rest));
                rest.clear();
            }
        }
        if *wants == 0 {
            put(buf, len, END);
            self.fragment = State::Whole(*len);
        }
        self.attachment.add(count);
        count
    }

    /// The fragment in `buf`, when it is whole; the same one until [`sent`](Self::sent).
    #[must_use]
    pub fn fragment<'b>(&self, buf: &'b [u8]) -> Option<&'b [u8]> {
        match self.fragment {
            State::Whole(len) => buf.get(..len),
            _ => None,
        }
    }

    /// The fragment has left.
    pub fn sent(&mut self) {
        if let State::Whole(_) = self.fragment {
            self.fragment = State::None;
            self.index = self.index.saturating_add(1);
        }
    }

    /// Whether all of the message has left.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.fragment, State::None)
            && self.payload.left() == 0
            && self.attachment.left() == 0
    }

    fn begin_payload(&mut self, buf: &mut [u8], source: &Source<'_>) -> Result<(), Full> {
        let room = self.room(buf, source, key::PAYLOAD)?;
        let rest = source.payload.get(self.payload.done..).unwrap_or_default();
        let len = piece_len(rest, self.limit, room);
        let piece = rest.get(..len).unwrap_or_default();
        let last = len == self.payload.left() && self.attachment.total == 0;
        let len = self.write(buf, source, key::PAYLOAD, piece, last)?;
        self.payload.add(piece.len());
        self.fragment = State::Whole(len);
        Ok(())
    }

    fn begin_attachment(&mut self, buf: &mut [u8], source: &Source<'_>) -> Result<(), Full> {
        let room = self.room(buf, source, key::ATTACHMENT)?;
        let wants = (room / 4)
            .saturating_mul(3)
            .min(self.limit)
            .min(self.attachment.left());
        let last = wants == self.attachment.left();
        let len = self.write(buf, source, key::ATTACHMENT, "", last)?;
        self.fragment = State::Filling {
            len: len.saturating_sub(END.len()),
            wants,
            rest: heapless::Vec::new(),
        };
        Ok(())
    }

    /// How much text of this part fits the buffer.
    fn room(&self, buf: &[u8], source: &Source<'_>, part: &str) -> Result<usize, Full> {
        let Err(Full { needed }) = self.write(&mut [], source, part, "", false) else {
            return Ok(0);
        };
        match buf.len().checked_sub(needed) {
            Some(room) if room >= LEAST => Ok(room),
            _ => Err(Full {
                needed: needed.saturating_add(LEAST),
            }),
        }
    }

    /// Writes a fragment with this piece as its last member.
    fn write(
        &self,
        buf: &mut [u8],
        source: &Source<'_>,
        part: &str,
        piece: &str,
        last: bool,
    ) -> Result<usize, Full> {
        let sender = Sender {
            version: 2,
            ..source.sender
        };
        let mut writer = Writer::new(buf);
        writer.object(|to| {
            head(to, &sender, self.id, MessageType::Command, source.method);
            if self.attachment.total > 0 {
                to.member(key::ATTACHMENT_ENCODING, PADDED_PIECES);
            }
            to.member(key::FRAGMENT_INDEX, &i64::from(self.index));
            to.member(key::LAST_FRAGMENT, &last);
            tail(to, &sender);
            to.member(part, piece);
        });
        writer.finish()
    }
}

/// How many bytes of the text make a piece: at most `limit` characters, and `room` bytes with their escapes.
fn piece_len(text: &str, limit: usize, room: usize) -> usize {
    let mut units = 0usize;
    let mut written = 0usize;
    for (at, c) in text.char_indices() {
        units = units.saturating_add(c.len_utf16());
        let mut bytes = [0; 4];
        written = written.saturating_add(escaped_len(c.encode_utf8(&mut bytes).as_bytes()));
        if units > limit || written > room {
            return at;
        }
    }
    text.len()
}

fn put(buf: &mut [u8], len: &mut usize, text: &[u8]) {
    for (slot, byte) in buf.iter_mut().skip(*len).zip(text) {
        *slot = *byte;
    }
    *len = len.saturating_add(text.len());
}

/// What a fragment ends with.
const END: &[u8] = b"\"}";
/// The least text for which a fragment is made: the longest escape is six bytes.
const LEAST: usize = 16;
