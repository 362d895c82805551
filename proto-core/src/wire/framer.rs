//! The packet stream of USB and serial lines (`protocol/link.md` §1.7 to §1.10).
//!
//! A message is `CC 77 11 22`, its length, and its text; it is cut into packets of a 2-byte length and that
//! many bytes. There is no checksum: USB has its own. A reader that lost its place looks for the next packet that
//! begins with the magic bytes; a message in whose text they stand was broken off there: in UTF-8 `CC` is never
//! followed by `77`, and in JSON no `11` stands bare.
//!
//! Between two ends that are both of this crate a packet may be followed by a check, the [`crc32`] of all its bytes:
//! on a bare serial line nothing else notices a digit that has become another.

use core::fmt;

use super::crc::{self, crc32};
use crate::redact::Hidden;

/// The longest message in bytes.
pub const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// The most bytes that are written behind a packet's length. With the length this fills the buffer of the
/// terminal's driver.
pub const MAX_PACKET: usize = 16_382;

const MAGIC: [u8; 4] = [0xCC, 0x77, 0x11, 0x22];
/// Magic and message length.
const MESSAGE_HEAD: usize = 8;
/// Packet length, magic and message length.
const FIRST_HEAD: usize = 10;
/// The check behind a packet.
pub(crate) const CHECK: usize = 4;

/// What the stream has given. `Debug` prints the length of a message, not the message.
pub enum Frame<'b> {
    /// A whole message, in the front part of the caller's buffer.
    Message(&'b mut [u8]),
    /// A message of `total` bytes that did not fit the buffer; `head` is its beginning.
    TooLong {
        /// The beginning, as much as fitted.
        head: &'b [u8],
        /// The length of the whole message in bytes.
        total: usize,
    },
    /// The stream made no sense for a while, and does again.
    Resumed(FrameError),
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f
                .debug_tuple("Message")
                .field(&Hidden::of(message))
                .finish(),
            Self::TooLong { head, total } => f
                .debug_struct("TooLong")
                .field("head", &Hidden::of(head))
                .field("total", total)
                .finish(),
            Self::Resumed(error) => f.debug_tuple("Resumed").field(error).finish(),
        }
    }
}

/// A stretch of the stream that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameError {
    /// How many bytes of the stream were skipped, those of a broken message included.
    pub skipped: usize,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes were no message and were skipped", self.skipped)
    }
}

/// Puts messages together from a stream of bytes, however it is cut. The message grows in the caller's
/// buffer, which must stay the same until the message is whole.
#[derive(Clone)]
pub struct Framer {
    /// The beginning of a packet that is not complete yet.
    head: heapless::Vec<u8, FIRST_HEAD>,
    /// So many bytes at the front of the head were part of the message before it: if that message has lost
    /// some of its own, it took them from this one.
    shared: usize,
    /// Bytes of the current packet that are still to come.
    packet_left: usize,
    /// The length of the message in progress; 0 between messages.
    total: usize,
    /// How much of the message in progress is there.
    received: usize,
    /// How many bytes of the stream the message in progress has taken, its packets' heads included.
    taken: usize,
    /// The last bytes of the stream. A message that has lost bytes may have taken those of the next one's head,
    /// all but one, before that is seen.
    recent: [u8; FIRST_HEAD - 1],
    skipped: usize,
    /// Whether packets are followed by a check.
    checked: bool,
    /// What the check of the current packet is to be, so far.
    sum: u32,
    /// How many bytes of the check are still to come.
    check_left: usize,
}

impl Framer {
    /// A framer at the beginning of a stream as it is on USB: packets have no check.
    #[must_use]
    pub const fn new() -> Self {
        Self::with(false)
    }

    /// A framer at the beginning of a stream whose packets are each followed by their [`Packet::check`]. A message
    /// with a packet that does not match is skipped.
    #[must_use]
    pub const fn checked() -> Self {
        Self::with(true)
    }

    const fn with(checked: bool) -> Self {
        Self {
            head: heapless::Vec::new(),
            shared: 0,
            packet_left: 0,
            total: 0,
            received: 0,
            taken: 0,
            recent: [0; FIRST_HEAD - 1],
            skipped: 0,
            checked,
            sum: 0,
            check_left: 0,
        }
    }

    /// Forgets a message in progress: the stream begins anew.
    pub fn reset(&mut self) {
        *self = Self::with(self.checked);
    }

    /// The length of the message in progress, as soon as it is known.
    #[must_use]
    pub fn expected(&self) -> Option<usize> {
        (self.total > 0).then_some(self.total)
    }

    /// What is still to come, in bytes: of the packet in progress with its check, and of the message's text behind
    /// that packet. So a reader can ask for no more than there will be.
    #[must_use]
    pub const fn due(&self) -> (usize, usize) {
        let text = self.total.saturating_sub(self.received);
        let check = match self.packet_left {
            1.. if self.checked => CHECK,
            _ => self.check_left,
        };
        (
            self.packet_left.saturating_add(check),
            text.saturating_sub(self.packet_left),
        )
    }

    /// Takes bytes from `input` until something is complete. Returns how many were taken, and what is
    /// complete; call again with the rest.
    pub fn feed<'b>(&mut self, input: &[u8], buf: &'b mut [u8]) -> (usize, Option<Frame<'b>>) {
        let mut used = 0usize;
        while let Some(rest @ [byte, ..]) = input.get(used..) {
            if self.packet_left > 0 {
                used = used.saturating_add(self.take_text(rest, buf));
                if self.is_whole() {
                    return (used, Some(self.complete(buf)));
                }
            } else if self.check_left > 0 {
                used = used.saturating_add(self.take_check(rest));
                if self.is_whole() {
                    return (used, Some(self.complete(buf)));
                }
            } else {
                // Never full: a complete head is taken out at once.
                let _ = self.head.push(*byte);
                self.pass(&[*byte]);
                used = used.saturating_add(1);
                if let Some(error) = self.packet_head() {
                    return (used, Some(Frame::Resumed(error)));
                }
            }
        }
        (used, None)
    }

    /// Takes text of the current packet into the message. Stops where another message begins.
    fn take_text(&mut self, input: &[u8], buf: &mut [u8]) -> usize {
        let piece = input.get(..self.packet_left).unwrap_or(input);
        let begins = self.magic_in(piece);
        let piece = begins.and_then(|at| piece.get(..at)).unwrap_or(piece);
        self.pass(piece);
        if begins.is_some() {
            self.lose_message();
            return piece.len();
        }
        let room = buf.get_mut(self.received..).unwrap_or_default();
        for (slot, byte) in room.iter_mut().zip(piece) {
            *slot = *byte;
        }
        self.received = self.received.saturating_add(piece.len());
        self.packet_left = self.packet_left.saturating_sub(piece.len());
        if self.checked {
            self.sum = crc::more(self.sum, piece);
            if self.packet_left == 0 {
                self.check_left = CHECK;
            }
        }
        piece.len()
    }

    /// Takes bytes of the check behind a packet. The message ends here if they are not what they must be.
    fn take_check(&mut self, input: &[u8]) -> usize {
        let piece = input.get(..self.check_left).unwrap_or(input);
        self.pass(piece);
        self.check_left = self.check_left.saturating_sub(piece.len());
        let check = self.recent.last_chunk::<CHECK>();
        if self.check_left == 0 && check != Some(&self.sum.to_be_bytes()) {
            self.lose_message();
        }
        piece.len()
    }

    const fn is_whole(&self) -> bool {
        self.total > 0 && self.received == self.total && self.check_left == 0
    }

    /// Where in this text the third byte of the magic stands behind the others.
    fn magic_in(&self, piece: &[u8]) -> Option<usize> {
        let [first, second, third, _] = MAGIC;
        // No JSON has it; looking for one byte is fast.
        if !piece.contains(&third) {
            return None;
        }
        let [.., a, b] = self.recent;
        let before = [a, b].into_iter().chain(piece.iter().copied());
        let pairs = before.clone().zip(before.skip(1));
        pairs
            .zip(piece)
            .position(|(pair, byte)| pair == (first, second) && *byte == third)
    }

    fn complete<'b>(&mut self, buf: &'b mut [u8]) -> Frame<'b> {
        let total = core::mem::take(&mut self.total);
        self.received = 0;
        // What was checked has taken nothing of what follows.
        if !self.checked {
            self.head = heapless::Vec::from_array(self.recent);
            self.shared = self.recent.len();
        }
        if total <= buf.len() {
            Frame::Message(buf.get_mut(..total).unwrap_or_default())
        } else {
            Frame::TooLong { head: buf, total }
        }
    }

    /// Looks at what is there of a packet's beginning; acts when it is enough.
    fn packet_head(&mut self) -> Option<FrameError> {
        if self.total == 0 {
            return self.first_head();
        }
        let length = be16(&self.head)?;
        // Not a length but the magic, behind a head whose own length has lost bytes. (A packet of 30,481 bytes
        // behind half a character looks the same; no writer makes packets over 16,384.)
        let [.., a, b, c, d] = self.recent;
        let [first, second, third, _] = MAGIC;
        let magic = [[a, b, c], [b, c, d]].contains(&[first, second, third]);
        if magic || length == 0 || length > self.total.saturating_sub(self.received) {
            self.lose_message();
        } else {
            self.packet_left = length;
            self.begin_packet();
        }
        None
    }

    fn first_head(&mut self) -> Option<FrameError> {
        while self.head.len() == FIRST_HEAD {
            let length = be16(&self.head)?;
            let total = be32(self.head.get(6..)?)?;
            let sound = self.head.get(2..6)? == MAGIC
                && (1..=MAX_MESSAGE).contains(&total)
                && length > MESSAGE_HEAD
                && length <= total.saturating_add(MESSAGE_HEAD);
            if sound {
                self.total = total;
                self.packet_left = length.saturating_sub(MESSAGE_HEAD);
                self.taken = FIRST_HEAD;
                self.shared = 0;
                self.begin_packet();
                let skipped = core::mem::take(&mut self.skipped);
                return (skipped > 0).then_some(FrameError { skipped });
            }
            self.head = without_first(&self.head);
            if self.shared > 0 {
                self.shared = self.shared.saturating_sub(1);
            } else {
                self.skipped = self.skipped.saturating_add(1);
            }
        }
        None
    }

    /// The head is whole: the text of the packet follows.
    fn begin_packet(&mut self) {
        if self.checked {
            self.sum = crc32(&self.head);
        }
        self.head.clear();
    }

    /// Gives the message in progress up: its sender did, or it has lost bytes. The last bytes may begin a new
    /// one.
    fn lose_message(&mut self) {
        self.head = heapless::Vec::from_array(self.recent);
        let lost = self.taken.saturating_sub(self.recent.len());
        self.skipped = self.skipped.saturating_add(lost);
        self.total = 0;
        self.received = 0;
        self.packet_left = 0;
        self.check_left = 0;
    }

    /// These bytes of the stream have passed.
    fn pass(&mut self, bytes: &[u8]) {
        self.taken = self.taken.saturating_add(bytes.len());
        let last = bytes.len().saturating_sub(self.recent.len());
        for byte in bytes.iter().skip(last) {
            self.recent.rotate_left(1);
            let [.., last] = &mut self.recent;
            *last = *byte;
        }
    }
}

impl fmt::Debug for Framer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framer")
            .field("received", &self.received)
            .field("total", &self.total)
            .field("checked", &self.checked)
            .finish_non_exhaustive()
    }
}

/// A head without its first byte. (What moves bytes within their place is more code than all of this.)
fn without_first<const N: usize>(head: &heapless::Vec<u8, N>) -> heapless::Vec<u8, N> {
    let mut behind = heapless::Vec::new();
    for byte in head.iter().skip(1) {
        let _ = behind.push(*byte);
    }
    behind
}

impl Default for Framer {
    fn default() -> Self {
        Self::new()
    }
}

fn be16(bytes: &[u8]) -> Option<usize> {
    let length = i16::from_be_bytes(bytes.get(..2)?.try_into().ok()?);
    Some(usize::try_from(length).unwrap_or(0))
}

fn be32(bytes: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    usize::try_from(length).ok()
}

/// Cuts a message into packets.
///
/// A packet whose size with its length is an exact multiple of the endpoint's packet size would not end
/// for a receiver that waits for a short packet; it is made one byte shorter (`protocol/link.md` §1.9).
#[derive(Clone)]
pub struct Packets<'m> {
    rest: &'m [u8],
    total: usize,
    endpoint: Option<usize>,
}

impl fmt::Debug for Packets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packets")
            .field("rest", &Hidden::of(self.rest))
            .field("total", &self.total)
            .field("endpoint", &self.endpoint)
            .finish()
    }
}

/// One packet: the bytes before the text, and the text. `Debug` prints how much text it is.
#[derive(Clone)]
pub struct Packet<'m> {
    /// Packet length, and in the first packet of a message the magic and the message's length.
    pub head: heapless::Vec<u8, FIRST_HEAD>,
    /// The text of this packet.
    pub text: &'m [u8],
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("head", &self.head)
            .field("text", &Hidden::of(self.text))
            .finish()
    }
}

impl Packet<'_> {
    /// What follows the packet on a line with checks: the [`crc32`] of its bytes, the highest first.
    #[must_use]
    pub fn check(&self) -> [u8; CHECK] {
        crc::more(crc32(&self.head), self.text).to_be_bytes()
    }
}

impl<'m> Packets<'m> {
    /// The packets of `message`; `endpoint` is the packet size of the USB endpoint in bytes, `None` on a
    /// serial line. `None` for a message that is empty or longer than [`MAX_MESSAGE`].
    #[must_use]
    pub fn new(message: &'m [u8], endpoint: Option<usize>) -> Option<Self> {
        Self::resume(message, endpoint, 0)
    }

    /// The packets that are left when those with the first `sent` bytes of the text have left.
    #[must_use]
    pub fn resume(message: &'m [u8], endpoint: Option<usize>, sent: usize) -> Option<Self> {
        (1..=MAX_MESSAGE).contains(&message.len()).then_some(Self {
            rest: message.get(sent..)?,
            total: message.len(),
            endpoint,
        })
    }
}

impl<'m> Iterator for Packets<'m> {
    type Item = Packet<'m>;

    fn next(&mut self) -> Option<Packet<'m>> {
        if self.rest.is_empty() {
            return None;
        }
        let first = self.rest.len() == self.total;
        let before = if first { MESSAGE_HEAD } else { 0 };
        let mut length = MAX_PACKET.min(self.rest.len().saturating_add(before));
        let whole = length.saturating_add(2);
        let exact = self
            .endpoint
            .and_then(|size| whole.checked_rem(size))
            .is_some_and(|rest| rest == 0);
        if exact && length < MAX_PACKET && length > before.saturating_add(1) {
            length = length.saturating_sub(1);
        }
        let (text, rest) = self.rest.split_at_checked(length.saturating_sub(before))?;
        let mut head = heapless::Vec::new();
        head.extend_from_slice(&u16::try_from(length).ok()?.to_be_bytes())
            .ok()?;
        if first {
            head.extend_from_slice(&MAGIC).ok()?;
            let total = u32::try_from(self.total).ok()?;
            head.extend_from_slice(&total.to_be_bytes()).ok()?;
        }
        self.rest = rest;
        Some(Packet { head, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(message: &[u8], endpoint: Option<usize>) -> Vec<Vec<u8>> {
        Packets::new(message, endpoint)
            .unwrap()
            .map(|packet| [packet.head.as_slice(), packet.text].concat())
            .collect()
    }

    /// Feeds the stream in pieces of `piece` bytes; what came out, as text.
    fn read(stream: &[u8], piece: usize, room: usize) -> Vec<String> {
        let mut framer = Framer::new();
        let mut buf = vec![0; room];
        let mut out = Vec::new();
        for mut bytes in stream.chunks(piece) {
            while !bytes.is_empty() {
                let (used, frame) = framer.feed(bytes, &mut buf);
                bytes = &bytes[used..];
                out.extend(frame.map(|frame| match frame {
                    Frame::Message(text) => String::from_utf8(text.to_vec()).unwrap(),
                    Frame::TooLong { head, total } => format!("too long {} of {total}", head.len()),
                    Frame::Resumed(error) => format!("skipped {}", error.skipped),
                }));
            }
        }
        out
    }

    #[test]
    fn a_message_survives_every_cut() {
        let long = "ä".repeat(20_000);
        let mut stream = Vec::new();
        for text in ["x", "{}", &long, "y"] {
            stream.extend(packed(text.as_bytes(), None).concat());
        }
        for piece in [1, 2, 3, 7, 512, 16_384, 100_000] {
            assert_eq!(
                read(&stream, piece, 65_536),
                ["x", "{}", &long, "y"],
                "{piece}"
            );
        }
    }

    #[test]
    fn no_packet_is_an_exact_multiple_or_too_long() {
        for len in (1..3_000).chain(16_300..16_500).chain(32_700..32_800) {
            let message = vec![b'm'; len];
            let packets = packed(&message, Some(512));
            for packet in &packets {
                assert!(packet.len() <= 16_384);
                assert!(packet.len() % 512 != 0 || packet.len() == 16_384, "{len}");
            }
            let text = String::from_utf8(message).unwrap();
            assert_eq!(read(&packets.concat(), 512, 65_536), [text]);
        }
    }

    #[test]
    fn garbage_is_skipped_and_counted_once() {
        let mut stream = b"\0\x09garbage\xCC\x77".to_vec();
        stream.extend(packed(b"{}", None).concat());
        for piece in [1, 5, 100] {
            assert_eq!(read(&stream, piece, 64), ["skipped 11", "{}"]);
        }
    }

    #[test]
    fn a_broken_off_message_does_not_eat_the_next() {
        let first = packed(&vec![b'a'; 20_000], None);
        let mut stream = first[0].clone();
        stream.extend(packed(b"{\"ok\":1}", None).concat());
        for piece in [1, 2, 3, 1_000, 100_000] {
            assert_eq!(
                read(&stream, piece, 65_536),
                ["skipped 16384", "{\"ok\":1}"],
                "{piece}"
            );
        }
    }

    #[test]
    fn text_may_begin_a_packet_with_the_byte_of_the_magic() {
        // U+0301 is CC 81 in UTF-8.
        let message = "\u{301}".repeat(20_000);
        let stream = packed(message.as_bytes(), None).concat();
        assert_eq!(read(&stream, 1, 65_536), [message.as_str()]);
        let mut odd = vec![b'a'; 1];
        odd.extend(message.as_bytes());
        assert_eq!(read(&packed(&odd, None).concat(), 3, 65_536).len(), 1);
    }

    #[test]
    fn what_does_not_fit_is_named_and_the_stream_goes_on() {
        let mut stream = packed(&[b'a'; 100], None).concat();
        stream.extend(packed(b"{}", None).concat());
        assert_eq!(read(&stream, 9, 64), ["too long 64 of 100", "{}"]);
    }

    #[test]
    fn illegal_lengths_are_garbage() {
        for bad in [0u32, MAX_MESSAGE as u32 + 1, u32::MAX] {
            let mut stream = vec![0, 9];
            stream.extend(MAGIC);
            stream.extend(bad.to_be_bytes());
            stream.push(b'x');
            let skipped = format!("skipped {}", stream.len());
            stream.extend(packed(b"{}", None).concat());
            assert_eq!(read(&stream, 1, 64), [skipped.as_str(), "{}"]);
        }
        assert!(Packets::new(b"", None).is_none());
    }

    /// As `packed`, each packet with its check.
    fn checked(message: &[u8]) -> Vec<u8> {
        Packets::new(message, None)
            .unwrap()
            .flat_map(|packet| [packet.head.as_slice(), packet.text, &packet.check()].concat())
            .collect()
    }

    /// What a framer with checks makes of a stream, and how many bytes it skips in all.
    fn read_checked(stream: &[u8], piece: usize) -> (Vec<Vec<u8>>, usize) {
        let (mut framer, mut buf) = (Framer::checked(), vec![0; 65_536]);
        let (mut messages, mut skipped) = (Vec::new(), 0);
        for mut bytes in stream.chunks(piece) {
            while !bytes.is_empty() {
                let (used, frame) = framer.feed(bytes, &mut buf);
                bytes = &bytes[used..];
                match frame {
                    Some(Frame::Message(text)) => messages.push(text.to_vec()),
                    Some(Frame::Resumed(error)) => skipped += error.skipped,
                    Some(Frame::TooLong { .. }) => panic!("it fits"),
                    None => {}
                }
            }
        }
        (messages, skipped)
    }

    #[test]
    fn a_reader_that_asks_for_what_is_due_gets_every_message_and_nothing_behind_it() {
        let long = vec![b'a'; 40_000];
        for (mut framer, stream) in [
            (Framer::new(), packed(&long, None).concat()),
            (Framer::checked(), checked(&long)),
        ] {
            let (mut buf, mut at) = (vec![0; 65_536], 0);
            loop {
                let (packet, behind) = framer.due();
                // Between packets a head is due, of which no more is known.
                let wanted = if packet == 0 { 1 } else { packet };
                assert!(at + packet + behind <= stream.len());
                let (used, frame) = framer.feed(&stream[at..at + wanted], &mut buf);
                at += used;
                if let Some(Frame::Message(message)) = frame {
                    assert_eq!((message.len(), at), (long.len(), stream.len()));
                    break;
                }
            }
        }
    }

    #[test]
    fn packets_with_checks_are_read_at_every_cut() {
        let long = vec![b'a'; 40_000];
        let stream = [checked(b"x"), checked(&long), checked(b"{}")].concat();
        for piece in [1, 3, 512, 100_000] {
            let expected = vec![b"x".to_vec(), long.clone(), b"{}".to_vec()];
            assert_eq!(read_checked(&stream, piece), (expected, 0), "{piece}");
        }
    }

    #[test]
    fn a_bit_that_turns_over_costs_its_message_and_is_never_read() {
        let message = br#"{"amount":1000,"x":"0123456789"}"#;
        let next = vec![b'n'; 100];
        let stream = [
            checked(message),
            checked(&next),
            checked(&next),
            checked(b"{}"),
        ]
        .concat();
        let first = checked(message).len();
        for at in 0..first {
            for bit in 0..8 {
                let mut stream = stream.clone();
                stream[at] ^= 1 << bit;
                let (messages, skipped) = read_checked(&stream, 7);
                let known = messages.iter().all(|text| *text == next || text == b"{}");
                assert!(known && skipped > 0, "{at}.{bit}");
                // A length that has become larger takes more with it, but never the line.
                assert_eq!(messages.last().unwrap(), b"{}", "{at}.{bit}");
                assert!(at < 10 || messages.len() == 3, "{at}.{bit}");
            }
        }
    }

    #[test]
    fn bytes_that_are_lost_cost_their_message() {
        let message = br#"{"amount":1000,"x":"0123456789"}"#;
        let stream = [checked(message), checked(b"[1]"), checked(b"[2]")].concat();
        for at in 0..checked(message).len() {
            for lost in 1..8 {
                let mut stream = stream.clone();
                stream.drain(at..(at + lost).min(checked(message).len()));
                let (messages, _) = read_checked(&stream, 5);
                assert!(!messages.contains(&message.to_vec()), "{lost} at {at}");
                assert_eq!(messages.last().unwrap(), b"[2]", "{lost} at {at}");
            }
        }
    }
}
