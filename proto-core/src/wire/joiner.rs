//! Fragments put together to whole messages (`protocol/link.md` §4.15).
//!
//! A fragment's piece of the payload is a JSON string, and the escaped texts of all pieces behind each other are
//! the escaped text of the whole, wherever it was cut: within an escape of the inner text, or between the halves
//! of a surrogate pair. So what grows in the buffer is a legal message, which is opened like any other.

use core::fmt;

use super::base64::{CUT_TEXT, PADDED_PIECES, WHOLE};
use super::envelope::key;
use super::framer::MAX_MESSAGE;
use super::json::{Read, Span, Text, Value, check_piece, members};
use super::names::MessageType;
use crate::fingerprint::fingerprint;
use crate::time::{Duration, Instant};

/// The longest attachment in bytes (`protocol/link.md` §4.13).
pub const MAX_ATTACHMENT: usize = 10_000_000;

/// The most room that joining ever asks for: the longest payload, and the longest attachment as Base64, which
/// takes a third more, with line ends.
pub const MAX_JOINED: usize = MAX_MESSAGE + MAX_MESSAGE + MAX_ATTACHMENT_TEXT;

const MAX_ATTACHMENT_TEXT: usize = MAX_ATTACHMENT / 2 * 3;

/// The next fragment must come within this time; a message whose end was not marked is taken as it is then.
pub const FRAGMENT_SILENCE: Duration = Duration::from_secs(60);

/// Fragments do not make a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum JoinError {
    /// A piece is missing, or came twice, or is not of the message in progress.
    OutOfOrder {
        /// The number of the piece that should have come.
        expected: u32,
        /// The number of the piece that came.
        got: u32,
    },
    /// A fragment has no number, or not exactly one piece, or a payload piece behind the attachment, or an
    /// attachment in a code that is not known.
    Malformed,
    /// Payload or attachment is longer than this many bytes of text.
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The buffer that was lent for joining is too small.
    NoRoom {
        /// The size that it takes so far.
        needed: usize,
    },
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfOrder { expected, got } => {
                write!(f, "number {got} came where number {expected} should have")
            }
            Self::Malformed => f.write_str("one of them is badly formed"),
            Self::TooLong { limit } => write!(f, "it is longer than {limit} bytes"),
            Self::NoRoom { needed } => {
                write!(f, "the buffer to join them takes {needed} bytes at least")
            }
        }
    }
}

impl core::error::Error for JoinError {}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Joined {
    /// It is no fragment: it is whole as it is.
    Other,
    /// It is a fragment and was taken; more must come.
    Taken,
    /// It was the last fragment: the whole message is in the front part of the buffer, this long.
    Whole(usize),
    /// It was not taken yet. It means that the message in progress is over though its end was not marked:
    /// what is there of it is in the front part of the buffer, this long. Give the same message again.
    Overtaken(usize),
    /// It was not taken yet: the buffer must be so long. Give it again; with a shorter buffer the message in
    /// progress is lost.
    NeedsRoom(usize),
    /// It is a fragment of a message that is lost. This is told once for each message.
    Lost(JoinError),
}

/// Puts fragments together to messages, one message at a time. It grows in the caller's buffer, which must stay
/// the same until the message is whole.
///
/// Every message of a link is given to it first, with the time it came.
#[derive(Debug, Clone)]
pub struct Joiner {
    open: Option<Open>,
    /// What is left of this message is passed over.
    lost: Option<Key>,
    /// So much room was asked for; 0 if none was.
    asked: usize,
}

/// A message in progress.
#[derive(Debug, Clone, Copy)]
struct Open {
    key: Key,
    /// The number of the next fragment.
    next: u32,
    part: Part,
    /// How long it is in the buffer, without its end.
    len: usize,
    /// How long the part in progress is.
    part_len: usize,
    until: Instant,
}

/// What tells messages apart: id and method, as fingerprints.
type Key = (u32, u32);

/// What of a message is being put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    Payload,
    Attachment,
}

impl Joiner {
    /// A joiner with no message in progress.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            open: None,
            lost: None,
            asked: 0,
        }
    }

    /// Takes a message that came from the link at `now`.
    #[must_use]
    pub fn join(&mut self, now: Instant, message: &[u8], buf: &mut [u8]) -> Joined {
        // Nearly every message ends here.
        if self.open.is_none() && !may_be_fragment(message) {
            return Joined::Other;
        }
        let envelope = Envelope::of(message);
        if !envelope.is_fragment(message) {
            return match self.open.take_if(|_| envelope.overtakes(message)) {
                Some(open) => Joined::Overtaken(open.end(buf, UNMARKED)),
                None => Joined::Other,
            };
        }
        // What cannot be read is told by whoever opens it.
        let legal = core::str::from_utf8(message).is_ok() && check_piece(message).is_ok();
        if !legal {
            return Joined::Other;
        }
        let key = envelope.key(message);
        if let Some(open) = self.open.take_if(|open| open.key != key) {
            return Joined::Overtaken(open.end(buf, UNMARKED));
        }
        match self.take(now, key, &envelope, message, buf) {
            Ok(joined) => {
                self.lost = None;
                self.asked = 0;
                joined
            }
            // Whoever has lent what was asked for may be asked for more.
            Err(JoinError::NoRoom { needed }) if buf.len() >= self.asked => {
                self.asked = needed;
                Joined::NeedsRoom(needed)
            }
            Err(error) => {
                self.asked = 0;
                self.open = None;
                if self.lost.replace(key) == Some(key) {
                    Joined::Taken
                } else {
                    Joined::Lost(error)
                }
            }
        }
    }

    /// No more fragments come, because of the time or because the link is down: what is there of the message in
    /// progress is in the front part of the buffer, this long.
    #[must_use]
    pub fn end(&mut self, buf: &mut [u8]) -> Option<usize> {
        self.lost = None;
        self.asked = 0;
        self.open.take().map(|open| open.end(buf, UNMARKED))
    }

    /// When [`end`](Self::end) must be called, at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.until)
    }

    fn take(
        &mut self,
        now: Instant,
        key: Key,
        envelope: &Envelope,
        message: &[u8],
        buf: &mut [u8],
    ) -> Result<Joined, JoinError> {
        let index = envelope.index(message).ok_or(JoinError::Malformed)?;
        let piece = envelope.piece(message).ok_or(JoinError::Malformed)?;
        let expected = self.open.map_or(0, |open| open.next);
        if index != expected {
            return Err(JoinError::OutOfOrder {
                expected,
                got: index,
            });
        }
        let mut open = match self.open {
            Some(open) => open,
            None => Open::begin(key, message, buf)?,
        };
        open.add(&piece, buf)?;
        if envelope.is_last(message) {
            self.open = None;
            return Ok(Joined::Whole(open.end(buf, MARKED)));
        }
        open.next = index.saturating_add(1);
        open.until = now.after(FRAGMENT_SILENCE);
        self.open = Some(open);
        Ok(Joined::Taken)
    }
}

impl Default for Joiner {
    fn default() -> Self {
        Self::new()
    }
}

impl Open {
    /// Copies what the fragments have in common.
    fn begin(key: Key, message: &[u8], buf: &mut [u8]) -> Result<Self, JoinError> {
        let mut open = Self {
            key,
            next: 0,
            part: Part::Head,
            len: 0,
            part_len: 0,
            until: Instant::ZERO,
        };
        open.push(&[b"{"], buf)?;
        let mut all = members(message, 0);
        while let Some((name, value)) = all.next(message) {
            if !OF_FRAGMENTS.iter().any(|own| name == *own) {
                let name = name.raw().0.as_bytes();
                open.push(&[b"\"", name, b"\":", value.of(message), b","], buf)?;
            }
        }
        Ok(open)
    }

    /// Adds a piece.
    fn add(&mut self, piece: &Piece<'_>, buf: &mut [u8]) -> Result<(), JoinError> {
        let (before, so_far): (&[u8], usize) = match (self.part, piece.part) {
            (Part::Head, Part::Payload) => (b"\"payload\":\"", 0),
            (Part::Head, Part::Attachment) => (b"\"attachment\":\"", 0),
            (Part::Payload, Part::Attachment) => (b"\",\"attachment\":\"", 0),
            (now, then) if now == then => (b"", self.part_len),
            _ => return Err(JoinError::Malformed),
        };
        // Behind a piece that is Base64 by itself, for those who leave its padding away.
        let behind: &[u8] = if piece.padded { b"=" } else { b"" };
        let limit = match piece.part {
            Part::Attachment => MAX_ATTACHMENT_TEXT,
            _ => MAX_MESSAGE,
        };
        let part_len = so_far.saturating_add(piece.text.len());
        if part_len > limit {
            return Err(JoinError::TooLong { limit });
        }
        self.push(&[before, piece.text, behind], buf)?;
        self.part = piece.part;
        self.part_len = part_len;
        Ok(())
    }

    /// Adds these texts, if there is room for them and for the end.
    fn push(&mut self, texts: &[&[u8]], buf: &mut [u8]) -> Result<(), JoinError> {
        let more = texts
            .iter()
            .fold(UNMARKED.len(), |sum, text| sum.saturating_add(text.len()));
        let needed = self.len.saturating_add(more);
        if needed > buf.len() {
            return Err(JoinError::NoRoom { needed });
        }
        for text in texts {
            self.copy(text, buf);
        }
        Ok(())
    }

    fn copy(&mut self, text: &[u8], buf: &mut [u8]) {
        for (slot, byte) in buf.iter_mut().skip(self.len).zip(text) {
            *slot = *byte;
        }
        self.len = self.len.saturating_add(text.len());
    }

    /// Makes a whole message of what is there.
    fn end(mut self, buf: &mut [u8], end: &[u8]) -> usize {
        self.copy(end, buf);
        self.len.min(buf.len())
    }
}

/// Where the members of a message lie that matter here; of each the first one counts.
#[derive(Default)]
struct Envelope {
    id: Option<Span>,
    kind: Option<Span>,
    method: Option<Span>,
    index: Option<Span>,
    last: Option<Span>,
    payload: Option<Span>,
    attachment: Option<Span>,
    encoding: Option<Span>,
}

/// What a fragment carries.
struct Piece<'t> {
    part: Part,
    /// The text with its escapes.
    text: &'t [u8],
    padded: bool,
}

impl Envelope {
    /// Looks at a message that need not be legal.
    fn of(message: &[u8]) -> Self {
        let mut envelope = Self::default();
        let mut all = members(message, 0);
        while let Some((name, value)) = all.next(message) {
            let slots = [
                (key::ID, &mut envelope.id),
                (key::TYPE, &mut envelope.kind),
                (key::METHOD, &mut envelope.method),
                (key::FRAGMENT_INDEX, &mut envelope.index),
                (key::LAST_FRAGMENT, &mut envelope.last),
                (key::PAYLOAD, &mut envelope.payload),
                (key::ATTACHMENT, &mut envelope.attachment),
                (key::ATTACHMENT_ENCODING, &mut envelope.encoding),
            ];
            if let Some((_, slot)) = slots.into_iter().find(|(known, _)| name == *known) {
                slot.get_or_insert(value);
            }
        }
        envelope
    }

    fn is_fragment(&self, message: &[u8]) -> bool {
        value(message, self.index).is_some_and(|index| index != Value::Null)
    }

    /// Whether a message that is no fragment shows that the one in progress is over. PING and PONG may pass
    /// between fragments.
    fn overtakes(&self, message: &[u8]) -> bool {
        let kind = text(message, self.kind).map(MessageType::from_name);
        let passes = matches!(kind, Some(MessageType::Ping | MessageType::Pong));
        self.id.is_some() && !passes
    }

    fn key(&self, message: &[u8]) -> Key {
        let part = |span| text(message, span).map_or(0, fingerprint);
        (part(self.id), part(self.method))
    }

    fn index(&self, message: &[u8]) -> Option<u32> {
        u32::try_from(value(message, self.index).and_then(i64::read)?).ok()
    }

    fn is_last(&self, message: &[u8]) -> bool {
        value(message, self.last)
            .and_then(bool::read)
            .unwrap_or(false)
    }

    /// The one piece that a fragment has. A name with `null` counts as none.
    fn piece<'t>(&self, message: &'t [u8]) -> Option<Piece<'t>> {
        let of = |span: Option<Span>| span.map_or(b"null".as_slice(), |span| span.of(message));
        let (part, string) = match (of(self.payload), of(self.attachment)) {
            (string, b"null") => (Part::Payload, string),
            (b"null", string) => (Part::Attachment, string),
            _ => return None,
        };
        let text = string.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let padded = part == Part::Attachment && self.has_padded_pieces(message)?;
        Some(Piece { part, text, padded })
    }

    /// Whether each piece of the attachment is Base64 by itself; `None` if it is in another code.
    fn has_padded_pieces(&self, message: &[u8]) -> Option<bool> {
        match text(message, self.encoding) {
            None => Some(false),
            Some(code) if code == PADDED_PIECES => Some(true),
            Some(code) if code == CUT_TEXT || code == WHOLE => Some(false),
            Some(_) => None,
        }
    }
}

fn value(message: &[u8], span: Option<Span>) -> Option<Value<'_>> {
    let raw = core::str::from_utf8(span?.of(message)).ok()?;
    Value::of_checked(raw)
}

fn text(message: &[u8], span: Option<Span>) -> Option<Text<'_>> {
    value(message, span).and_then(Text::read)
}

/// Whether it is worth to look whether this is a fragment: two letters of `fragmentIndex` that seldom stand
/// together, or an escape that may stand for one of them. Without an early end this is many bytes at a time.
fn may_be_fragment(message: &[u8]) -> bool {
    let next = message.get(1..).unwrap_or_default();
    message.iter().zip(next).fold(false, |found, pair| {
        found | matches!(pair, (b'g', b'm') | (b'\\', b'u'))
    })
}

/// The members in which the fragments of a message differ.
const OF_FRAGMENTS: [&str; 4] = [
    key::FRAGMENT_INDEX,
    key::LAST_FRAGMENT,
    key::PAYLOAD,
    key::ATTACHMENT,
];

/// What a message ends with. There is room for it behind every piece.
const MARKED: &[u8] = b"\",\"lastFragment\":true}";
const UNMARKED: &[u8] = b"\",\"lastFragment\":false}";
