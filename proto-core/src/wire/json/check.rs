//! Strict JSON (RFC 8259): one pass, no recursion, a bounded depth.

use core::fmt;

use super::scan::{behind_plain, behind_space, place_of};

/// How deep objects and lists may be nested, those of JSON in a string counted where they are opened.
pub const MAX_DEPTH: u32 = 64;

/// What is wrong with a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
    /// What is not checked yet; when something is wrong, it begins there.
    rest: &'t [u8],
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
            rest: text,
            depth: 0,
            outside: 0,
            objects: 0,
            halves: false,
        }
    }

    fn check(mut self) -> Result<(), JsonError> {
        self.run().map_err(|what| JsonError {
            at: place_of(self.rest, self.text),
            what,
        })
    }

    fn run(&mut self) -> Result<(), JsonFault> {
        let mut expect = Expect::Value;
        loop {
            self.skip_space();
            expect = match expect {
                Expect::Value => self.value()?,
                Expect::FirstMember => match self.rest {
                    [b'}', rest @ ..] => self.close(rest),
                    _ => self.key()?,
                },
                Expect::FirstItem => match self.rest {
                    [b']', rest @ ..] => self.close(rest),
                    _ => self.value()?,
                },
                Expect::After if self.depth == 0 => {
                    return if self.rest.is_empty() {
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
        match self.rest {
            [b'{', rest @ ..] => self.open(1, rest),
            [b'[', rest @ ..] => self.open(0, rest),
            [b'"', inside @ ..] => {
                self.string(inside)?;
                Ok(Expect::After)
            }
            [b'-' | b'0'..=b'9', ..] => {
                self.rest = behind_number(self.rest).ok_or(JsonFault::BadNumber)?;
                Ok(Expect::After)
            }
            [b't', b'r', b'u', b'e', rest @ ..]
            | [b'f', b'a', b'l', b's', b'e', rest @ ..]
            | [b'n', b'u', b'l', b'l', rest @ ..] => {
                self.rest = rest;
                Ok(Expect::After)
            }
            _ => Err(self.syntax()),
        }
    }

    fn open(&mut self, object: u64, rest: &'t [u8]) -> Result<Expect, JsonFault> {
        if self.depth.saturating_add(self.outside) >= MAX_DEPTH {
            return Err(JsonFault::TooDeep);
        }
        self.depth = self.depth.saturating_add(1);
        self.objects = self.objects << 1 | object;
        self.rest = rest;
        Ok(if object == 1 {
            Expect::FirstMember
        } else {
            Expect::FirstItem
        })
    }

    fn close(&mut self, rest: &'t [u8]) -> Expect {
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
        self.rest = rest;
        Expect::After
    }

    fn after(&mut self) -> Result<Expect, JsonFault> {
        let in_object = self.objects & 1 == 1;
        match self.rest {
            [b',', rest @ ..] => {
                self.rest = behind_space(rest);
                if in_object { self.key() } else { self.value() }
            }
            [b'}', rest @ ..] if in_object => Ok(self.close(rest)),
            [b']', rest @ ..] if !in_object => Ok(self.close(rest)),
            _ => Err(self.syntax()),
        }
    }

    fn key(&mut self) -> Result<Expect, JsonFault> {
        let [b'"', inside @ ..] = self.rest else {
            return Err(self.syntax());
        };
        self.string(inside)?;
        self.skip_space();
        let [b':', rest @ ..] = self.rest else {
            return Err(self.syntax());
        };
        self.rest = rest;
        Ok(Expect::Value)
    }

    /// The string with this inside.
    fn string(&mut self, inside: &'t [u8]) -> Result<(), JsonFault> {
        let mut rest = inside;
        loop {
            rest = behind_plain(rest);
            rest = match rest {
                [b'"', behind @ ..] => {
                    self.rest = behind;
                    return Ok(());
                }
                [
                    b'\\',
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
                    behind @ ..,
                ] => behind,
                [b'\\', b'u', ..] => match behind_units(rest, self.halves) {
                    Ok(behind) => behind,
                    Err(fault) => {
                        self.rest = rest;
                        return Err(fault);
                    }
                },
                [] | [b'\\'] => {
                    self.rest = &[];
                    return Err(JsonFault::Truncated);
                }
                [byte, ..] => {
                    self.rest = rest;
                    return Err(match byte {
                        b'\\' => JsonFault::BadEscape,
                        _ => JsonFault::ControlCharacter,
                    });
                }
            };
        }
    }

    /// What is wrong where something else should stand.
    fn syntax(&self) -> JsonFault {
        if self.rest.is_empty() {
            JsonFault::Truncated
        } else {
            JsonFault::Syntax
        }
    }

    fn skip_space(&mut self) {
        self.rest = behind_space(self.rest);
    }
}

/// Behind the escaped UTF-16 unit that `text` begins with, or the pair of them.
fn behind_units(text: &[u8], halves: bool) -> Result<&[u8], JsonFault> {
    let unit = hex4(text, 2).ok_or(JsonFault::BadEscape)?;
    let width = match unit {
        0xD800..=0xDFFF if halves => 6,
        0xD800..=0xDBFF => {
            let paired =
                text.get(6..8) == Some(b"\\u") && matches!(hex4(text, 8), Some(0xDC00..=0xDFFF));
            if !paired {
                return Err(JsonFault::LoneSurrogate);
            }
            12
        }
        0xDC00..=0xDFFF => return Err(JsonFault::LoneSurrogate),
        _ => 6,
    };
    Ok(text.get(width..).unwrap_or_default())
}

/// Behind the number that `text` begins with, if it is written as JSON writes numbers.
fn behind_number(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    rest = match rest {
        [b'0', b'0'..=b'9', ..] => return None,
        [b'0', behind @ ..] => behind,
        _ => behind_digits(rest)?,
    };
    if let [b'.', behind @ ..] = rest {
        rest = behind_digits(behind)?;
    }
    if let [b'e' | b'E', b'+' | b'-', behind @ ..] | [b'e' | b'E', behind @ ..] = rest {
        rest = behind_digits(behind)?;
    }
    Some(rest)
}

/// Behind one digit or more.
fn behind_digits(text: &[u8]) -> Option<&[u8]> {
    let [b'0'..=b'9', rest @ ..] = text else {
        return None;
    };
    let mut rest = rest;
    while let [b'0'..=b'9', behind @ ..] = rest {
        rest = behind;
    }
    Some(rest)
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
}
