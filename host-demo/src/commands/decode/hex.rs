//! Messages as a packet stream, which is written as hexadecimal text.

use std::io::{self, BufRead, Write};

use proto_core::wire::{Frame, FrameError, Framer, MAX_MESSAGE, OpenError};

use super::{Decoder, Stop};

/// Gives the decoder every message of the stream.
pub(super) fn read<W: Write>(
    mut input: impl BufRead,
    decoder: &mut Decoder<W>,
) -> Result<(), Stop> {
    let mut stream = Stream {
        framer: Framer::new(),
        buf: vec![0; MAX_MESSAGE],
        at: 0,
        begin: 0,
    };
    let mut digits = Digits::Between;
    let mut line = 1u64;
    loop {
        let text = match input.fill_buf() {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Stop::Input(error)),
        };
        if text.is_empty() {
            if let Digits::One(_) = digits {
                decoder.fail(stream.at, &bad_digit(line))?;
            }
            return stream.end(decoder);
        }
        let len = text.len();
        for byte in text {
            digits = match (digits, *byte, char::from(*byte).to_digit(16)) {
                (Digits::One(_), b'\n', _) => {
                    decoder.fail(stream.at, &bad_digit(line))?;
                    Digits::Between
                }
                (_, b'\n', _) => Digits::Between,
                (Digits::Rest, ..) | (Digits::Between, b'#', _) => Digits::Rest,
                (Digits::Between, _, Some(high)) => Digits::One(high),
                (Digits::One(high), _, Some(low)) => {
                    stream.take((high << 4 | low) as u8, decoder)?;
                    Digits::Between
                }
                (Digits::Between, space, None) if space.is_ascii_whitespace() => Digits::Between,
                (Digits::Between | Digits::One(_), _, None) => {
                    decoder.fail(stream.at, &bad_digit(line))?;
                    Digits::Rest
                }
            };
            line = line.saturating_add(u64::from(*byte == b'\n'));
        }
        input.consume(len);
    }
}

/// Where in the text of the stream.
#[derive(Clone, Copy)]
enum Digits {
    /// Between two bytes.
    Between,
    /// Behind the first digit of a byte.
    One(u32),
    /// In a line whose rest counts for nothing.
    Rest,
}

fn bad_digit(line: u64) -> String {
    format!("line {line} is no hexadecimal text: two digits a byte")
}

struct Stream {
    framer: Framer,
    buf: Vec<u8>,
    /// So many bytes of the stream were taken.
    at: u64,
    /// Where what is in progress begins: behind the last message.
    begin: u64,
}

impl Stream {
    fn take<W: Write>(&mut self, byte: u8, decoder: &mut Decoder<W>) -> Result<(), Stop> {
        self.at = self.at.saturating_add(1);
        let begin = self.begin;
        let mut input: &[u8] = &[byte];
        while !input.is_empty() {
            let (used, frame) = self.framer.feed(input, &mut self.buf);
            input = input.get(used..).unwrap_or_default();
            match frame {
                None => {}
                Some(Frame::Message(text)) => {
                    self.begin = self.at;
                    decoder.message(text, |_| begin)?;
                }
                Some(Frame::TooLong { total, .. }) => {
                    self.begin = self.at;
                    decoder.fail(begin, &OpenError::TooLong { total }.to_string())?;
                }
                Some(Frame::Resumed(error)) => {
                    self.begin = begin.saturating_add(error.skipped as u64);
                    decoder.fail(begin, &error.to_string())?;
                }
            }
        }
        Ok(())
    }

    /// The stream ends: what is there of a message is lost.
    fn end<W: Write>(&self, decoder: &mut Decoder<W>) -> Result<(), Stop> {
        let rest = self.at.saturating_sub(self.begin);
        if let Some(total) = self.framer.expected() {
            let what = format!("the stream ends within a message of {total} bytes");
            decoder.fail(self.begin, &what)?;
        } else if rest > 0 {
            let skipped = usize::try_from(rest).unwrap_or(usize::MAX);
            decoder.fail(self.begin, &FrameError { skipped }.to_string())?;
        }
        decoder.end(self.at)
    }
}
