//! Going over text: each function takes what lies ahead and gives what lies behind.
//!
//! On checked text they find what they say. On any other they are total, and give no more than they took.

/// Behind white space.
pub(crate) fn behind_space(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [b' ' | b'\t' | b'\n' | b'\r', behind @ ..] = rest {
        rest = behind;
    }
    rest
}

/// Behind the bytes that mean themselves in a string: at the first quote, backslash or control character, or at
/// the end. Looks at a word at a time.
pub(super) fn behind_plain(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((word, behind)) = rest.split_first_chunk() {
        let special = special_bytes(usize::from_le_bytes(*word));
        if special != 0 {
            let plain = (special.trailing_zeros() >> 3) as usize;
            return rest.get(plain..).unwrap_or_default();
        }
        rest = behind;
    }
    while let [byte, behind @ ..] = rest {
        if matches!(byte, b'"' | b'\\' | 0..=0x1F) {
            break;
        }
        rest = behind;
    }
    rest
}

/// Behind the closing quote of the string of which `text` is the inside and what follows.
pub(super) fn behind_string(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        rest = match behind_plain(rest) {
            [b'"', behind @ ..] => return behind,
            [b'\\', _, behind @ ..] | [_, behind @ ..] => behind,
            [] => return &[],
        };
    }
}

/// Behind the value that `text` begins with; all of `text` if it begins with none.
pub(crate) fn behind_value(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inside @ ..] => behind_string(inside),
        [b'{' | b'[', ..] => behind_nested(text),
        _ => {
            let mut rest = text;
            while let [byte, behind @ ..] = rest {
                if matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r') {
                    break;
                }
                rest = behind;
            }
            rest
        }
    }
}

fn behind_nested(text: &[u8]) -> &[u8] {
    let mut bytes = text.iter();
    let mut depth = 0u32;
    while let Some(byte) = bytes.next() {
        // Most of what is outside of strings comes before the brackets and braces in ASCII. Those differ in one
        // bit, which no other character between them has.
        if *byte == b'"' {
            bytes = behind_string(bytes.as_slice()).iter();
        } else if *byte >= b'[' {
            match byte | 0x20 {
                b'{' => depth = depth.saturating_add(1),
                b'}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    bytes.as_slice()
}

/// A member of an object.
pub(super) struct Member<'t> {
    /// What begins with the inside of the name.
    pub(super) text: &'t [u8],
    /// How long the name is, with its escapes.
    pub(super) name_len: usize,
    /// What begins with the value.
    pub(super) value: &'t [u8],
}

impl<'t> Member<'t> {
    /// The member that `text` begins with, behind white space and a comma; `None` at the closing brace.
    pub(super) fn first(text: &'t [u8]) -> Option<Self> {
        let text = match behind_space(text) {
            [b',', rest @ ..] => behind_space(rest),
            rest => rest,
        };
        let text = text.strip_prefix(b"\"")?;
        let behind = behind_string(text);
        let name_len = text.len().checked_sub(behind.len())?.checked_sub(1)?;
        let value = behind_space(behind).strip_prefix(b":")?;
        Some(Self {
            text,
            name_len,
            value: behind_space(value),
        })
    }

    /// The inside of the name, with its escapes.
    pub(super) fn name(&self) -> &'t [u8] {
        self.text.get(..self.name_len).unwrap_or_default()
    }
}

/// Where in `text` its end part `behind` begins.
pub(super) fn place_of(behind: &[u8], text: &[u8]) -> usize {
    text.len().saturating_sub(behind.len())
}

/// Marks bytes that are a quote, a backslash or below 0x20 with their high bit. The lowest mark is
/// right; marks above it may be false (a borrow), which does not matter to who takes the lowest.
fn special_bytes(word: usize) -> usize {
    let quote = zero_bytes(word ^ every(b'"'));
    let control = word.wrapping_sub(every(0x20)) & !word;
    (quote | zero_bytes(word ^ every(b'\\')) | control) & every(0x80)
}

/// Marks the backslashes, in the same way.
pub(super) fn backslashes(word: usize) -> usize {
    zero_bytes(word ^ every(b'\\')) & every(0x80)
}

const fn zero_bytes(word: usize) -> usize {
    word.wrapping_sub(every(1)) & !word
}

/// The byte in every place of a word.
const fn every(byte: u8) -> usize {
    usize::from_le_bytes([byte; WORD])
}

/// The bytes of a word: as many as this processor works on at once.
pub(super) const WORD: usize = size_of::<usize>();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_scan_agrees_with_the_slow_one() {
        for special in [b'"', b'\\', 0, 0x1F, b'\n'] {
            for at in 0..40 {
                let mut text = vec![b'x'; 40];
                text[at] = special;
                for from in 0..40 {
                    let slow = (from..40).find(|i| text[*i] == special).unwrap_or(40);
                    let fast = place_of(behind_plain(&text[from..]), &text);
                    assert_eq!(fast, slow, "{special} at {at} from {from}");
                }
            }
        }
        for plain in [0x20u8, 0x21, 0x23, 0x7F, 0x80, 0xFF] {
            assert_eq!(behind_plain(&[plain; 24]), b"", "{plain}");
        }
    }

    #[test]
    fn values_end_where_they_end() {
        for value in [
            "1",
            "-1.5e3",
            "null",
            r#""""#,
            r#""a\"\\""#,
            "[]",
            r#"{"}":["]\"",{}],"[":"{"}"#,
            "[[[],[1,2]],{}]",
        ] {
            for behind in ["", ",1", " ]", "}}"] {
                let text = format!("{value}{behind}");
                assert_eq!(behind_value(text.as_bytes()), behind.as_bytes(), "{text}");
            }
        }
        assert_eq!(behind_value(b",1"), b",1");
    }
}
