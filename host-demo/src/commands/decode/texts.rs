//! Messages as JSON text: one a line, or pretty-printed over several.

use std::io::{self, BufRead, Write};

use proto_core::wire::MAX_MESSAGE;
use proto_core::wire::json::{JsonFault, check};

use super::{Decoder, Stop};

/// Gives the decoder every message of the input.
pub(super) fn read<W: Write>(input: impl BufRead, decoder: &mut Decoder<W>) -> Result<(), Stop> {
    let mut texts = Texts {
        input,
        at: 0,
        text: Vec::new(),
    };
    loop {
        let at = texts.at;
        if !texts.next().map_err(Stop::Input)? {
            return decoder.end(at);
        }
        let text = texts.text.trim_ascii_end();
        if text.len() > MAX_MESSAGE {
            let limit = at.saturating_add(MAX_MESSAGE as u64);
            let what = format!("the message is longer than {MAX_MESSAGE} bytes");
            decoder.fail(limit, &what)?;
        } else if !text.is_empty() {
            decoder.message(text, |byte| at.saturating_add(byte as u64))?;
        }
    }
}

struct Texts<R> {
    input: R,
    /// So many bytes of the input were taken.
    at: u64,
    /// The message, as much of it as is kept.
    text: Vec<u8>,
}

impl<R: BufRead> Texts<R> {
    /// Takes the lines of the next message; `false` at the end of the input.
    ///
    /// A line that ends amid its JSON, but not in a string, goes on. It ends where a brace at the beginning of a
    /// line closes it; at the latest where one opens, so that a line that was cut costs no other.
    fn next(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.take_line()?;
        if self.text.is_empty() {
            return Ok(false);
        }
        if !self.goes_on() {
            return Ok(true);
        }
        while let Some(first) = self.peek()? {
            if first == b'{' {
                break;
            }
            self.take_line()?;
            if first == b'}' && !self.goes_on() {
                break;
            }
        }
        Ok(true)
    }

    fn goes_on(&self) -> bool {
        let cut = |text| check(text).is_err_and(|error| error.what == JsonFault::Truncated);
        self.text.len() <= MAX_MESSAGE && !self.text.trim_ascii().is_empty() && cut(&self.text)
    }

    /// Adds the next line to the text. Of what is too long only so much is kept that this shows.
    fn take_line(&mut self) -> io::Result<()> {
        while self.peek()?.is_some() {
            let piece = self.input.fill_buf()?;
            let end = piece.iter().position(|byte| *byte == b'\n');
            let len = end.map_or(piece.len(), |end| end.saturating_add(1));
            let room = KEPT.saturating_sub(self.text.len()).min(len);
            self.text.extend_from_slice(&piece[..room]);
            self.input.consume(len);
            self.at = self.at.saturating_add(len as u64);
            if end.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// The next byte of the input.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.input.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The longest message with its line end, and a byte too many.
const KEPT: usize = MAX_MESSAGE + 3;
