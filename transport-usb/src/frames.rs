//! From pieces of the stream to messages, either end.

use proto_core::link::Step;
use proto_core::wire::{Frame, FrameError, Framer};

/// The framer, and whether room was asked for.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    framer: Framer,
    /// Room for the message in progress was asked for: it is not asked for twice.
    asked: bool,
}

/// What has come in. It borrows nothing: a message is in the front part of the caller's buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Message(usize),
    /// The message in progress has this many bytes and the buffer has not. None of it was taken yet.
    NeedsRoom(usize),
    TooLong(usize),
    Resumed(FrameError),
}

impl Came {
    pub(crate) fn into_step(self, buf: &mut [u8]) -> Step<'_> {
        match self {
            Self::Message(len) => Step::Message(buf.split_at_mut(len).0),
            Self::NeedsRoom(total) => Step::NeedsRoom(total),
            Self::TooLong(total) => Step::TooLong { head: buf, total },
            Self::Resumed(error) => Step::Garbled(error),
        }
    }
}

impl Frames {
    /// What is still to come; see [`Framer::due`].
    pub(crate) fn due(&self) -> (usize, usize) {
        self.framer.due()
    }

    /// Takes bytes from `piece` until something is complete. Says how many.
    pub(crate) fn next(&mut self, piece: &[u8], buf: &mut [u8]) -> (usize, Option<Came>) {
        let mut used = 0;
        loop {
            let expected = self.framer.expected();
            if let Some(total) = expected.filter(|total| *total > buf.len())
                && !std::mem::replace(&mut self.asked, true)
            {
                return (used, Some(Came::NeedsRoom(total)));
            }
            // Between messages byte by byte: room for a message is asked for before its text is taken.
            let rest = piece.get(used..).unwrap_or_default();
            let rest = match expected {
                Some(_) => rest,
                None => rest.get(..1).unwrap_or_default(),
            };
            if rest.is_empty() {
                return (used, None);
            }
            let (taken, frame) = self.framer.feed(rest, buf);
            used += taken;
            let came = match frame {
                None => continue,
                Some(Frame::Message(message)) => Came::Message(message.len()),
                Some(Frame::TooLong { total, .. }) => Came::TooLong(total),
                Some(Frame::Resumed(error)) => Came::Resumed(error),
            };
            self.asked = false;
            return (used, Some(came));
        }
    }
}

#[cfg(test)]
mod tests {
    use proto_core::wire::Packets;

    use super::*;

    #[test]
    fn room_is_asked_for_once_before_the_message_is_taken() {
        let packets = Packets::new(&[b'a'; 100], None).unwrap();
        let stream: Vec<u8> = packets
            .flat_map(|packet| [packet.head.as_slice(), packet.text].concat())
            .collect();
        for room in [64, 100] {
            let mut frames = Frames::default();
            let mut buf = vec![0; 64];
            let (head, came) = frames.next(&stream, &mut buf);
            assert_eq!((head, came), (10, Some(Came::NeedsRoom(100))));
            buf.resize(room, 0);
            let (text, came) = frames.next(&stream[head..], &mut buf);
            assert_eq!(head + text, stream.len());
            let expected = if room < 100 {
                Came::TooLong(100)
            } else {
                Came::Message(100)
            };
            assert_eq!(came, Some(expected));
        }
    }
}
