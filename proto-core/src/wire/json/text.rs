//! A string of the other side, with its escapes.

use core::fmt::{self, Write as _};

use super::check::hex4;
use super::scan::behind_plain;
use crate::redact::{Quoted, print_without_pan};

/// A string as it stands in a message, or one of the caller's to be written into a message.
///
/// A string from a message keeps its escapes: it compares, iterates, copies and prints through them,
/// so nothing has to be copied to be read.
#[derive(Clone, Copy, Default)]
pub struct Text<'m> {
    raw: &'m str,
    escaped: bool,
}

impl<'m> Text<'m> {
    /// The inside of a checked JSON string.
    pub(crate) fn from_json(raw: &'m str) -> Self {
        Self {
            raw,
            escaped: !behind_plain(raw.as_bytes()).is_empty(),
        }
    }

    /// The string, if it has no escapes; else use [`chars`](Self::chars), [`copy_to`](Self::copy_to),
    /// comparison or `Display`.
    #[must_use]
    pub fn as_str(self) -> Option<&'m str> {
        (!self.escaped).then_some(self.raw)
    }

    /// The characters.
    #[must_use]
    pub fn chars(self) -> Chars<'m> {
        Chars {
            rest: self.raw,
            escaped: self.escaped,
        }
    }

    /// Whether there are no characters.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// Copies the string into `buf`; `None` if it does not fit.
    #[must_use]
    pub fn copy_to(self, buf: &mut [u8]) -> Option<&str> {
        let mut len = 0usize;
        for c in self.chars() {
            let rest = buf.get_mut(len..)?;
            let width = c.len_utf8();
            c.encode_utf8(rest.get_mut(..width)?);
            len = len.checked_add(width)?;
        }
        core::str::from_utf8(buf.get(..len)?).ok()
    }

    /// A copy of at most `N` bytes; `None` if it does not fit.
    #[must_use]
    pub fn copied<const N: usize>(self) -> Option<heapless::String<N>> {
        let mut copy = heapless::String::new();
        self.append_to(&mut copy).then_some(copy)
    }

    /// A copy, cut at a character boundary if it is longer than `N` bytes.
    pub(crate) fn cut<const N: usize>(self) -> heapless::String<N> {
        let mut copy = heapless::String::new();
        self.append_to(&mut copy);
        copy
    }

    /// Appends as many characters as fit, and says whether that was all.
    #[inline(never)]
    fn append_to(self, copy: &mut heapless::string::StringView) -> bool {
        self.chars().all(|c| copy.push(c).is_ok())
    }

    /// The text as it stands in JSON, and whether it is escaped there.
    pub(crate) fn raw(self) -> (&'m str, bool) {
        (self.raw, self.escaped)
    }
}

impl<'m> From<&'m str> for Text<'m> {
    fn from(text: &'m str) -> Self {
        Self {
            raw: text,
            escaped: false,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.as_str(), other.as_str()) {
            (Some(a), Some(b)) => a == b,
            _ => self.chars().eq(other.chars()),
        }
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        *self == Text::from(other)
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == Text::from(*other)
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(plain) => f.pad(plain),
            None => self.chars().try_for_each(|c| f.write_char(c)),
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(plain) => Quoted(plain).fmt(f),
            None => {
                f.write_char('"')?;
                print_without_pan(self.raw, f)?;
                f.write_char('"')
            }
        }
    }
}

/// The characters of a [`Text`].
#[derive(Clone)]
pub struct Chars<'m> {
    rest: &'m str,
    escaped: bool,
}

impl fmt::Debug for Chars<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chars")
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        if !self.escaped || first != '\\' {
            self.rest = chars.as_str();
            return Some(first);
        }
        let (c, used) = unescape(self.rest.as_bytes())?;
        self.rest = self.rest.get(used..).unwrap_or_default();
        Some(c)
    }
}

/// The character that the escape at the start of `text` stands for, and how long the escape is.
/// `None` for an escape that [`super::check`] would have refused.
pub(super) fn unescape(text: &[u8]) -> Option<(char, usize)> {
    let c = match text.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let first = hex4(text, 2)?;
            return match char::from_u32(u32::from(first)) {
                Some(c) => Some((c, 6)),
                None => {
                    let pair = [first, hex4(text, 8)?];
                    let c = char::decode_utf16(pair).next()?.ok()?;
                    Some((c, 12))
                }
            };
        }
        _ => return None,
    };
    Some((c, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_through() {
        let text = Text::from_json(r#"a\"b\\c\/\n\u00e4\ud83d\ude00"#);
        assert_eq!(text, "a\"b\\c/\nä😀");
        assert_eq!(text.to_string(), "a\"b\\c/\nä😀");
        assert_eq!(text.as_str(), None);
        let mut buf = [0; 32];
        assert_eq!(text.copy_to(&mut buf), Some("a\"b\\c/\nä😀"));
        assert_eq!(text.copy_to(&mut [0; 5]), None);
    }

    #[test]
    fn the_callers_text_has_no_escapes() {
        assert_eq!(Text::from(r"a\n").as_str(), Some(r"a\n"));
        assert_ne!(Text::from(r"a\n"), Text::from_json(r"a\n"));
        assert_eq!(Text::from("a\n"), Text::from_json(r"a\n"));
    }

    #[test]
    fn a_copy_fits_or_is_refused() {
        assert_eq!(Text::from("abc").copied::<3>().as_deref(), Some("abc"));
        assert_eq!(Text::from("abcd").copied::<3>(), None);
    }
}
