//! JSON that stands in a string of JSON, opened where it lies.

use super::check::{JsonError, check_inside};
use super::scan::{Member, WORD, backslashes, behind_plain, behind_space, behind_value, place_of};
use super::text::{Text, unescape};

/// A stretch of a buffer, from `start` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    /// The bytes of the stretch.
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Goes through the members of the checked object at `at`, by place, so that the buffer can be changed
/// in between: opening a value keeps its place and length.
pub(crate) fn members(text: &[u8], at: usize) -> MemberSpans {
    let rest = behind_space(text.get(at..).unwrap_or_default());
    MemberSpans {
        at: place_of(rest, text).saturating_add(1),
    }
}

/// See [`members`].
pub(crate) struct MemberSpans {
    at: usize,
}

impl MemberSpans {
    /// The next member: its name and the place of its value.
    pub(crate) fn next<'t>(&mut self, text: &'t [u8]) -> Option<(Text<'t>, Span)> {
        let member = Member::first(text.get(self.at..)?)?;
        let start = place_of(member.value, text);
        let end = place_of(behind_value(member.value), text);
        self.at = end;
        let name = core::str::from_utf8(member.name()).ok()?;
        Some((Text::from_json(name), Span { start, end }))
    }
}

/// Opens the checked JSON string at `span` (quotes included): its text is unescaped where it lies and
/// the rest is filled with spaces, so that the surrounding text stays legal JSON with the inner value in
/// place of the string. A string whose text is not one JSON value is left as a string.
///
/// The string stands in `outside` objects and lists. Returns where the inner value lies.
pub(crate) fn open_string(text: &mut [u8], span: Span, outside: u32) -> Result<Span, JsonError> {
    let inside = Span {
        start: span.start.saturating_add(1),
        end: span.end.saturating_sub(1),
    };
    let Some(content) = text.get_mut(inside.start..inside.end) else {
        return Ok(span);
    };
    let len = unescape_in_place(content);
    let opened = content.get(..len).unwrap_or_default();
    match check_inside(opened, outside) {
        Ok(()) => {
            if let Some(rest) = content.get_mut(len..) {
                rest.fill(b' ');
            }
            for quote in [span.start, inside.end] {
                if let Some(byte) = text.get_mut(quote) {
                    *byte = b' ';
                }
            }
            Ok(Span {
                start: inside.start,
                end: inside.start.saturating_add(len),
            })
        }
        Err(error) => {
            let used = escape_in_place(content, len);
            // The closing quote moves to the end of the text; spaces follow it.
            let close = inside.start.saturating_add(used);
            if let Some(rest) = text.get_mut(close..span.end) {
                rest.fill(b' ');
            }
            if let Some(quote) = text.get_mut(close) {
                *quote = b'"';
            }
            Err(error)
        }
    }
}

/// Where in checked string content the byte lies that is at `at` once the escapes are resolved.
pub(crate) fn place_in_string(content: &[u8], at: usize) -> usize {
    let mut place = 0usize;
    let mut left = at;
    while left > 0 {
        let rest = content.get(place..).unwrap_or_default();
        let (width, used) = match rest.first() {
            Some(b'\\') => unescape(rest).map_or((1, 1), |(c, used)| (c.len_utf8(), used)),
            Some(_) => (1, 1),
            None => return place,
        };
        place = place.saturating_add(used);
        left = left.saturating_sub(width);
    }
    place
}

/// Resolves the escapes of checked string content where it lies; returns the new length.
fn unescape_in_place(text: &mut [u8]) -> usize {
    // Up to the first escape everything stays where it is. Behind it `to` never overtakes `from`: an escape is
    // never shorter than what it stands for.
    let mut from = place_of(behind_plain(text), text);
    let mut to = from;
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let (used, width) = match rest {
            [] => return to,
            [b'\\', byte @ (b'"' | b'\\' | b'/'), ..] => {
                let byte = *byte;
                (2, put(text, to, &[byte]))
            }
            [b'\\', ..] => {
                // Checked text has nothing but escapes here; anything else ends the text.
                let Some((c, used)) = unescape(rest) else {
                    return to;
                };
                (used, put(text, to, c.encode_utf8(&mut [0; 4]).as_bytes()))
            }
            [byte, ..] => match rest.first_chunk() {
                // A word at once where that overwrites nothing that is still to come; what is behind the first
                // escape in it is written once more.
                Some(&word) if from.wrapping_sub(to) >= WORD => {
                    let _ = put(text, to, &word);
                    let escapes = backslashes(usize::from_le_bytes(word));
                    let plain = (escapes.trailing_zeros() >> 3) as usize;
                    match word.get(plain.wrapping_add(1)) {
                        Some(byte @ (b'"' | b'\\' | b'/')) => {
                            let width = put(text, to.wrapping_add(plain), &[*byte]);
                            (plain.wrapping_add(2), plain.wrapping_add(width))
                        }
                        _ => (plain, plain),
                    }
                }
                _ => {
                    let byte = *byte;
                    (1, put(text, to, &[byte]))
                }
            },
        };
        from = from.wrapping_add(used);
        to = to.wrapping_add(width);
    }
}

/// Writes the bytes at `at`, where there is room, and says how many they are.
fn put(text: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    if let Some(slot) = text.get_mut(at..at.wrapping_add(bytes.len())) {
        for (slot, byte) in slot.iter_mut().zip(bytes) {
            *slot = *byte;
        }
    }
    bytes.len()
}

/// Escapes the first `len` bytes of `text` again, in the shortest way, which is never longer than what
/// they were unescaped from. Returns the new length.
fn escape_in_place(text: &mut [u8], len: usize) -> usize {
    let escaped = escaped_len(text.get(..len).unwrap_or_default());
    let mut to = escaped.min(text.len());
    for from in (0..len).rev() {
        let Some(byte) = text.get(from).copied() else {
            continue;
        };
        let (width, escape) = escape_of(byte);
        to = to.saturating_sub(width);
        if let Some(slot) = text.get_mut(to..to.saturating_add(width)) {
            for (slot, byte) in slot.iter_mut().zip(escape) {
                *slot = byte;
            }
        }
    }
    escaped
}

/// How long this text is inside a JSON string.
pub(crate) fn escaped_len(text: &[u8]) -> usize {
    text.iter()
        .fold(0usize, |sum, byte| sum.saturating_add(escape_of(*byte).0))
}

/// How a byte is written inside a JSON string: the width and the bytes.
pub(super) fn escape_of(byte: u8) -> (usize, [u8; 6]) {
    let short = |c: u8| (2, [b'\\', c, 0, 0, 0, 0]);
    match byte {
        b'"' => short(b'"'),
        b'\\' => short(b'\\'),
        b'\n' => short(b'n'),
        b'\r' => short(b'r'),
        b'\t' => short(b't'),
        0x08 => short(b'b'),
        0x0C => short(b'f'),
        0..=0x1F => {
            let hex = |n: u8| {
                if n < 10 {
                    b'0' | n
                } else {
                    b'W'.wrapping_add(n)
                }
            };
            (6, [b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)])
        }
        _ => (1, [byte, 0, 0, 0, 0, 0]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::check;
    use super::*;

    fn open(text: &str) -> (String, Result<Span, JsonError>) {
        let mut bytes = text.as_bytes().to_vec();
        check(&bytes).unwrap();
        let end = bytes.len();
        let result = open_string(&mut bytes, Span { start: 0, end }, 0);
        (String::from_utf8(bytes).unwrap(), result)
    }

    #[test]
    fn an_inner_value_opens_where_it_lies() {
        let (text, span) = open(r#""{\"a\":\"x\\\"\u00e4\ud83d\ude00\"}""#);
        assert_eq!(text.trim(), r#"{"a":"x\"ä😀"}"#);
        assert!(check(text.as_bytes()).is_ok());
        let Span { start, end } = span.unwrap();
        assert_eq!(&text[start..end], r#"{"a":"x\"ä😀"}"#);
    }

    #[test]
    fn text_that_is_no_json_stays_the_same_string() {
        for inner in [
            "plain",
            "{\"a\"",
            "a\u{1}\n\t\u{8}\u{c}\"\\ä😀",
            "",
            "\u{1f}{}",
        ] {
            let string = serde_json::to_string(inner).unwrap();
            let (text, result) = open(&string);
            assert!(result.is_err(), "{inner}");
            let back: String = serde_json::from_str(&text).unwrap();
            assert_eq!(back, inner);
        }
    }

    #[test]
    fn a_place_in_the_resolved_text_is_found_in_the_string() {
        let content = r#"a\"\u00e4\ud83d\ude00b"#.as_bytes();
        for (at, place) in [(0, 0), (1, 1), (2, 3), (4, 9), (8, 21), (9, 22), (99, 22)] {
            assert_eq!(place_in_string(content, at), place, "{at}");
        }
    }

    #[test]
    fn long_escapes_shrink_and_come_back() {
        let (text, result) = open(r#""\u0061\u0022\u000a\/""#);
        assert!(result.is_err());
        let back: String = serde_json::from_str(&text).unwrap();
        assert_eq!(back, "a\"\n/");
        assert_eq!(text.len(), r#""\u0061\u0022\u000a\/""#.len());
    }
}
