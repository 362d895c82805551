//! Base64 (RFC 4648 §4) as attachments travel in it (`protocol/link.md` §4.14).
//!
//! Read by hand and not by a library, because it is read where it lies: through JSON's escapes, with white
//! space anywhere, and with padding in the middle, where one piece ends and the next begins.

use core::fmt;

use super::json::{Chars, Text};

/// Text is not Base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BadBase64;

impl fmt::Display for BadBase64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the attachment is not Base64")
    }
}

impl core::error::Error for BadBase64 {}

/// The bytes that Base64 stands for. White space is passed over, and padding ends a group of four wherever it
/// stands. Nothing follows an error.
#[derive(Debug, Clone)]
pub struct Bytes<'m> {
    chars: Chars<'m>,
    /// The bits that have not come out yet, the last ones lowest.
    bits: u16,
    count: u8,
    failed: bool,
}

impl<'m> Bytes<'m> {
    pub(super) fn of(text: Text<'m>) -> Self {
        Self {
            chars: text.chars(),
            bits: 0,
            count: 0,
            failed: false,
        }
    }

    fn fail(&mut self) -> Option<Result<u8, BadBase64>> {
        self.failed = true;
        Some(Err(BadBase64))
    }
}

impl Iterator for Bytes<'_> {
    type Item = Result<u8, BadBase64>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.chars.next() {
                // One digit alone is less than a byte.
                None | Some('=') if self.count == DIGIT => return self.fail(),
                None => return None,
                Some('=') => self.count = 0,
                Some(' ' | '\t' | '\n' | '\r') => {}
                Some(c) => {
                    let Some(digit) = digit_of(c) else {
                        return self.fail();
                    };
                    self.bits = self.bits << DIGIT | digit;
                    self.count = self.count.wrapping_add(DIGIT);
                    if let Some(rest) = self.count.checked_sub(8) {
                        self.count = rest;
                        return Some(Ok((self.bits >> rest) as u8));
                    }
                }
            }
        }
        None
    }
}

/// Four characters for one to three bytes.
pub(super) fn group(bytes: &[u8]) -> [u8; 4] {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
    let bits = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]);
    let mut text = [b'='; 4];
    // n bytes make n + 1 digits.
    for (place, slot) in text
        .iter_mut()
        .enumerate()
        .take(bytes.len().saturating_add(1))
    {
        let shift = 18u32.saturating_sub(u32::from(DIGIT).saturating_mul(place as u32));
        *slot = digit_for((bits >> shift) as u8 & 63);
    }
    text
}

/// How an attachment is cut (`attachmentEncoding`): each piece is Base64 by itself.
pub(super) const PADDED_PIECES: &str = "BASE64.FRAGMENT";
/// The same: the Base64 of the whole was cut.
pub(super) const CUT_TEXT: &str = "BASE64.ATTACHMENT";
/// The same, of what has no attachment or is not cut.
pub(super) const WHOLE: &str = "BASE64";

/// The bits of a digit.
const DIGIT: u8 = 6;

fn digit_of(c: char) -> Option<u16> {
    let c = u16::try_from(u32::from(c)).ok()?;
    match u8::try_from(c).ok()? {
        b'A'..=b'Z' => c.checked_sub(65),
        b'a'..=b'z' => c.checked_sub(71),
        b'0'..=b'9' => c.checked_add(4),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn digit_for(value: u8) -> u8 {
    match value {
        0..=25 => value.wrapping_add(b'A'),
        26..=51 => value.wrapping_add(71),
        52..=61 => value.wrapping_sub(4),
        62 => b'+',
        _ => b'/',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<u8>, BadBase64> {
        Bytes::of(Text::from_json(json)).collect()
    }

    fn written(bytes: &[u8]) -> String {
        let groups = bytes.chunks(3).flat_map(group);
        String::from_utf8(groups.collect()).unwrap()
    }

    /// RFC 4648 §10.
    const VECTORS: [(&str, &str); 7] = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ];

    #[test]
    fn the_vectors_of_the_standard_hold() {
        for (bytes, text) in VECTORS {
            assert_eq!(written(bytes.as_bytes()), text);
            assert_eq!(read(text).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn every_byte_at_every_place_comes_back() {
        for len in 0..=256 {
            let bytes: Vec<u8> = (0..=255).cycle().skip(len * 7).take(len).collect();
            assert_eq!(read(&written(&bytes)).unwrap(), bytes);
        }
    }

    #[test]
    fn white_space_escapes_and_padding_in_the_middle_are_read() {
        assert_eq!(read(r"Zm\r\n9v ").unwrap(), b"foo");
        assert_eq!(read(r"Zg\u003d\u003dZm8=Zm9v").unwrap(), b"ffofoo");
        assert_eq!(read(r"\/\/\u002f+").unwrap(), [0xFF, 0xFF, 0xFE]);
        // Padding that is missing at the end, or doubled, changes nothing.
        assert_eq!(read("Zg").unwrap(), b"f");
        assert_eq!(read("Zg===Zm9v=").unwrap(), b"ffoo");
    }

    #[test]
    fn what_is_no_base64_is_an_error_and_the_end() {
        for bad in ["Z", "Zm9vZ", "Z=", "Zm9v!", "Zm-v", "ä"] {
            let mut bytes = Bytes::of(Text::from_json(bad));
            assert_eq!(bytes.by_ref().filter(Result::is_err).count(), 1, "{bad}");
            assert_eq!(bytes.next(), None);
        }
    }
}
