//! Strict JSON (RFC 8259): one pass, no recursion, a bounded depth.

use core::fmt;

/// How deep objects and lists may be nested, those of JSON in a string counted where they are opened.
pub const MAX_DEPTH: u32 = 64;

/// What is wrong with a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonFault {
    /// It ends before the value does.
    Truncated,
    /// Something stands where it must not.
    Syntax,
    /// Something follows the value.
    Trailing,
    /// More than [`MAX_DEPTH`] objects and lists inside each other.
    TooDeep,
    /// A control character stands bare in a string.
    ControlCharacter,
    /// A backslash is followed by something that is no escape.
    BadEscape,
    /// Half of a UTF-16 surrogate pair.
    LoneSurrogate,
    /// A number is not written as JSON writes numbers.
    BadNumber,
    /// The bytes are not UTF-8.
    NotUtf8,
}

impl JsonFault {
    /// The fault as a sentence part.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Truncated => "the text ends too early",
            Self::Syntax => "not JSON",
            Self::Trailing => "something follows the JSON value",
            Self::TooDeep => "nested too deep",
            Self::ControlCharacter => "a bare control character in a string",
            Self::BadEscape => "a bad escape in a string",
            Self::LoneSurrogate => "half of a surrogate pair",
            Self::BadNumber => "a badly written number",
            Self::NotUtf8 => "not UTF-8",
        }
    }
}

/// A text is not legal JSON: what is wrong, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonError {
    /// Offset in bytes from the start of the text that was read.
    pub at: usize,
    /// What is wrong there.
    pub what: JsonFault,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what.what(), self.at)
    }
}

impl core::error::Error for JsonError {}

/// Checks that `text` is exactly one JSON value with nothing but white space around it.
///
/// Does not look at UTF-8; a `&str` has that behind it.
///
/// # Errors
///
/// The first fault and its place.
pub fn check(text: &[u8]) -> Result<(), JsonError> {
    Checker::new(text).check()
}

/// The same for a value that will stand inside so many objects and lists.
pub(super) fn check_inside(text: &[u8], depth: u32) -> Result<(), JsonError> {
    let mut checker = Checker::new(text);
    checker.outside = depth;
    checker.check()
}

/// The same for a piece of a message. Its strings may begin and end between the halves of a surrogate pair:
/// the sender has cut there (`protocol/link.md` §4.14). What the pieces make is checked without that.
pub(crate) fn check_piece(text: &[u8]) -> Result<(), JsonError> {
    let mut checker = Checker::new(text);
    checker.halves = true;
    checker.check()
}

struct Checker<'t> {
    text: &'t [u8],
    at: usize,
    depth: u32,
    /// How many objects and lists the text stands in.
    outside: u32,
    /// One bit a level, the innermost lowest: 1 is an object, 0 a list.
    objects: u64,
    /// Half of a surrogate pair is no fault.
    halves: bool,
}

enum Expect {
    Value,
    FirstMember,
    FirstItem,
    After,
}

impl<'t> Checker<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            outside: 0,
            objects: 0,
            halves: false,
        }
    }

    fn check(mut self) -> Result<(), JsonError> {
        self.run().map_err(|what| JsonError {
            at: self.at.min(self.text.len()),
            what,
        })
    }

    fn run(&mut self) -> Result<(), JsonFault> {
        let mut expect = Expect::Value;
        loop {
            self.skip_space();
            expect = match expect {
                Expect::Value => self.value()?,
                Expect::FirstMember => {
                    if self.peek()? == b'}' {
                        self.close()
                    } else {
                        self.key()?
                    }
                }
                Expect::FirstItem => {
                    if self.peek()? == b']' {
                        self.close()
                    } else {
                        Expect::Value
                    }
                }
                Expect::After if self.depth == 0 => {
                    return if self.at >= self.text.len() {
                        Ok(())
                    } else {
                        Err(JsonFault::Trailing)
                    };
                }
                Expect::After => self.after()?,
            };
        }
    }

    fn value(&mut self) -> Result<Expect, JsonFault> {
        match self.peek()? {
            b'{' => self.open(1),
            b'[' => self.open(0),
            b'"' => {
                self.string()?;
                Ok(Expect::After)
            }
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Ok(Expect::After)
            }
            _ => Err(JsonFault::Syntax),
        }
    }

    fn open(&mut self, object: u64) -> Result<Expect, JsonFault> {
        if self.depth.saturating_add(self.outside) >= MAX_DEPTH {
            return Err(JsonFault::TooDeep);
        }
        self.depth = self.depth.saturating_add(1);
        self.objects = self.objects << 1 | object;
        self.advance(1);
        Ok(if object == 1 {
            Expect::FirstMember
        } else {
            Expect::FirstItem
        })
    }

    fn close(&mut self) -> Expect {
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
        self.advance(1);
        Expect::After
    }

    fn after(&mut self) -> Result<Expect, JsonFault> {
        let in_object = self.objects & 1 == 1;
        match self.peek()? {
            b',' => {
                self.advance(1);
                if in_object {
                    self.skip_space();
                    self.key()
                } else {
                    Ok(Expect::Value)
                }
            }
            b'}' if in_object => Ok(self.close()),
            b']' if !in_object => Ok(self.close()),
            _ => Err(JsonFault::Syntax),
        }
    }

    fn key(&mut self) -> Result<Expect, JsonFault> {
        if self.peek()? != b'"' {
            return Err(JsonFault::Syntax);
        }
        self.string()?;
        self.skip_space();
        if self.peek()? != b':' {
            return Err(JsonFault::Syntax);
        }
        self.advance(1);
        Ok(Expect::Value)
    }

    fn string(&mut self) -> Result<(), JsonFault> {
        self.advance(1);
        loop {
            self.at = plain_end(self.text, self.at);
            match self.peek()? {
                b'"' => {
                    self.advance(1);
                    return Ok(());
                }
                b'\\' => self.escape()?,
                _ => return Err(JsonFault::ControlCharacter),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonFault> {
        match self.text.get(self.at.saturating_add(1)) {
            None => {
                self.at = self.text.len();
                Err(JsonFault::Truncated)
            }
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.advance(2);
                Ok(())
            }
            Some(b'u') => {
                let unit =
                    hex4(self.text, self.at.saturating_add(2)).ok_or(JsonFault::BadEscape)?;
                match unit {
                    0xD800..=0xDFFF if self.halves => {
                        self.advance(6);
                        Ok(())
                    }
                    0xD800..=0xDBFF => {
                        let next = self.at.saturating_add(6);
                        let paired = self.text.get(next) == Some(&b'\\')
                            && self.text.get(next.saturating_add(1)) == Some(&b'u')
                            && matches!(
                                hex4(self.text, next.saturating_add(2)),
                                Some(0xDC00..=0xDFFF)
                            );
                        if !paired {
                            return Err(JsonFault::LoneSurrogate);
                        }
                        self.advance(12);
                        Ok(())
                    }
                    0xDC00..=0xDFFF => Err(JsonFault::LoneSurrogate),
                    _ => {
                        self.advance(6);
                        Ok(())
                    }
                }
            }
            Some(_) => Err(JsonFault::BadEscape),
        }
    }

    fn number(&mut self) -> Result<(), JsonFault> {
        let mut at = self.at;
        let digit = |at: usize| self.text.get(at).is_some_and(u8::is_ascii_digit);
        let digits = |mut at: usize| {
            while digit(at) {
                at = at.saturating_add(1);
            }
            at
        };
        if self.text.get(at) == Some(&b'-') {
            at = at.saturating_add(1);
        }
        let end = if self.text.get(at) == Some(&b'0') {
            at.saturating_add(1)
        } else {
            digits(at)
        };
        let mut good = end > at && !digit(end);
        at = end;
        if good && self.text.get(at) == Some(&b'.') {
            let start = at.saturating_add(1);
            at = digits(start);
            good = at > start;
        }
        if good && matches!(self.text.get(at), Some(b'e' | b'E')) {
            let mut start = at.saturating_add(1);
            if matches!(self.text.get(start), Some(b'+' | b'-')) {
                start = start.saturating_add(1);
            }
            at = digits(start);
            good = at > start;
        }
        if good {
            self.at = at;
            Ok(())
        } else {
            Err(JsonFault::BadNumber)
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<Expect, JsonFault> {
        if !self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word))
        {
            return Err(JsonFault::Syntax);
        }
        self.advance(word.len());
        Ok(Expect::After)
    }

    fn peek(&self) -> Result<u8, JsonFault> {
        self.text.get(self.at).copied().ok_or(JsonFault::Truncated)
    }

    fn skip_space(&mut self) {
        self.at = space_end(self.text, self.at);
    }

    fn advance(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }
}

/// The four hexadecimal digits at `at`.
pub(super) fn hex4(text: &[u8], at: usize) -> Option<u16> {
    let mut unit = 0u16;
    for byte in text.get(at..at.checked_add(4)?)? {
        let digit = char::from(*byte).to_digit(16)?;
        unit = unit << 4 | u16::try_from(digit).ok()?;
    }
    Some(unit)
}

/// Where the white space at `at` ends.
pub(crate) fn space_end(text: &[u8], at: usize) -> usize {
    let mut at = at;
    while matches!(text.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at = at.saturating_add(1);
    }
    at
}

/// Where the run of bytes ends that mean themselves in a string: the place of the first quote,
/// backslash or control character, or the end. Looks at eight bytes at a time.
pub(super) fn plain_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let (words, tail) = rest.as_chunks::<8>();
    let mut at = at;
    for word in words {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return at.saturating_add((special.trailing_zeros() >> 3) as usize);
        }
        at = at.saturating_add(8);
    }
    let plain = tail
        .iter()
        .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1F))
        .count();
    at.saturating_add(plain)
}

/// Marks bytes that are a quote, a backslash or below 0x20 with their high bit. The lowest mark is
/// right; marks above it may be false (a borrow), which does not matter to who takes the lowest.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero = |x: u64| x.wrapping_sub(ONES) & !x;
    let quote = zero(word ^ (ONES.wrapping_mul(b'"' as u64)));
    let backslash = zero(word ^ (ONES.wrapping_mul(b'\\' as u64)));
    let control = word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word;
    (quote | backslash | control) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<(usize, JsonFault)> {
        check(text.as_bytes()).err().map(|e| (e.at, e.what))
    }

    #[test]
    fn legal_values_pass() {
        for text in [
            "0",
            "-0",
            "1.5e+10",
            "true",
            " null ",
            r#""""#,
            "[]",
            "{}",
            "[1,2,[3]]",
            r#"{"a":{"b":[{}]},"c":"\u00e4\ud83d\ude00\n"}"#,
            "\t{ \"a\" : 1 }\r\n",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn every_fault_has_its_place() {
        for (text, at, what) in [
            ("", 0, JsonFault::Truncated),
            ("{", 1, JsonFault::Truncated),
            (r#"{"a"}"#, 4, JsonFault::Syntax),
            (r#"{"a":1,}"#, 7, JsonFault::Syntax),
            ("[1,]", 3, JsonFault::Syntax),
            ("[1}", 2, JsonFault::Syntax),
            ("1 2", 2, JsonFault::Trailing),
            ("01", 0, JsonFault::BadNumber),
            ("1.", 0, JsonFault::BadNumber),
            (".5", 0, JsonFault::Syntax),
            ("+1", 0, JsonFault::Syntax),
            ("1e", 0, JsonFault::BadNumber),
            ("\"a\nb\"", 2, JsonFault::ControlCharacter),
            (r#""\x""#, 1, JsonFault::BadEscape),
            (r#""\u+041""#, 1, JsonFault::BadEscape),
            (r#""\ud83d""#, 1, JsonFault::LoneSurrogate),
            (r#""\ude00\ud83d""#, 1, JsonFault::LoneSurrogate),
            (r#"{"a":@#$}"#, 5, JsonFault::Syntax),
            ("nul", 0, JsonFault::Syntax),
        ] {
            assert_eq!(fault(text), Some((at, what)), "{text}");
        }
    }

    #[test]
    fn depth_ends_at_the_limit() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(fault(&nested(64)), None);
        assert_eq!(fault(&nested(65)), Some((64, JsonFault::TooDeep)));
    }

    #[test]
    fn the_fast_scan_agrees_with_the_slow_one() {
        for special in [b'"', b'\\', 0, 0x1F, b'\n'] {
            for at in 0..40 {
                let mut text = vec![b'x'; 40];
                text[at] = special;
                for from in 0..40 {
                    let slow = (from..40).find(|i| *i >= from && text[*i] == special);
                    assert_eq!(plain_end(&text, from), slow.unwrap_or(40).max(from));
                }
            }
        }
        for plain in [0x20u8, 0x21, 0x23, 0x7F, 0x80, 0xFF] {
            assert_eq!(plain_end(&[plain; 24], 0), 24, "{plain}");
        }
    }
}
