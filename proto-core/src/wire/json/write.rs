//! Writing JSON into the caller's buffer, through any number of string levels.

use core::fmt;

use super::inside::escape_of;
use super::scan::{behind_plain, place_of};
use super::text::Text;
use super::value::{Json, Value};

/// A buffer is too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Full {
    /// How many bytes it takes.
    pub needed: usize,
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the buffer is too small: {} bytes are needed",
            self.needed
        )
    }
}

impl core::error::Error for Full {}

/// What can be written as one JSON value.
pub trait WriteJson {
    /// Writes the value.
    fn write(&self, to: &mut Writer<'_>);
}

/// Writes JSON into a slice. What does not fit is counted, and [`finish`](Self::finish) says so: nothing
/// is ever written half without notice.
///
/// Inside [`in_string`](Self::in_string) everything is escaped one level more, so JSON in a string in a
/// string comes out right without a buffer in between.
#[derive(Debug)]
pub struct Writer<'b> {
    buf: &'b mut [u8],
    len: usize,
    level: u8,
    first: bool,
}

impl<'b> Writer<'b> {
    /// A writer at the beginning of `buf`.
    #[must_use]
    pub fn new(buf: &'b mut [u8]) -> Self {
        Self {
            buf,
            len: 0,
            level: 0,
            first: true,
        }
    }

    /// How many bytes were written.
    ///
    /// # Errors
    ///
    /// [`Full`] with the size that would have been enough.
    pub fn finish(self) -> Result<usize, Full> {
        if self.len <= self.buf.len() {
            Ok(self.len)
        } else {
            Err(Full { needed: self.len })
        }
    }

    /// An object whose members are written by `members`.
    pub fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.push(b'{');
        self.first = true;
        members(self);
        self.push(b'}');
        self.first = false;
    }

    /// A list of values.
    pub fn list<T: WriteJson>(&mut self, items: impl IntoIterator<Item = T>) {
        self.push(b'[');
        self.first = true;
        for item in items {
            self.comma();
            item.write(self);
            self.first = false;
        }
        self.push(b']');
        self.first = false;
    }

    /// A member of the object that is being written.
    pub fn member(&mut self, name: &str, value: &(impl WriteJson + ?Sized)) {
        self.key(name);
        value.write(self);
    }

    /// A member, if there is a value for it.
    pub fn optional(&mut self, name: &str, value: Option<&impl WriteJson>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    /// The name of the next member; a value must follow.
    pub fn key<'t>(&mut self, name: impl Into<Text<'t>>) {
        self.key_text(name.into());
    }

    #[inline(never)]
    fn key_text(&mut self, name: Text<'_>) {
        self.comma();
        self.string(name);
        self.push(b':');
        self.first = false;
    }

    /// The name of the next member, one that needs no escapes: that of a declared field.
    #[inline(never)]
    pub(crate) fn declared(&mut self, name: &str) {
        self.comma();
        self.quote();
        self.extend(name.as_bytes());
        self.quote();
        self.push(b':');
    }

    /// A string value.
    #[inline(never)]
    pub fn string(&mut self, text: Text<'_>) {
        self.quote();
        let (raw, escaped) = text.raw();
        let level = if escaped {
            self.level
        } else {
            self.level.saturating_add(1)
        };
        self.run(raw, level);
        self.quote();
    }

    /// A string value whose text is the JSON that `inside` writes.
    pub fn in_string(&mut self, inside: impl FnOnce(&mut Self)) {
        self.quote();
        self.level = self.level.saturating_add(1);
        self.first = true;
        inside(self);
        self.level = self.level.saturating_sub(1);
        self.first = false;
        self.quote();
    }

    /// A value that is JSON text already.
    pub fn json(&mut self, json: Json<'_>) {
        self.run(json.expose(), self.level);
    }

    /// The members of an object that is JSON text already, into the object that is being written. Text that
    /// is no object adds nothing.
    pub fn members(&mut self, object: Json<'_>) {
        let inside = object
            .expose()
            .trim()
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'))
            .unwrap_or_default()
            .trim();
        if !inside.is_empty() {
            self.comma();
            self.run(inside, self.level);
            self.first = false;
        }
    }

    /// A whole number.
    pub fn integer(&mut self, value: i64) {
        // 20 characters are enough for every i64.
        let mut digits = [0u8; 20];
        let mut rest = value.unsigned_abs();
        let mut count = 0usize;
        for slot in digits.iter_mut().rev() {
            let digit;
            (rest, digit) = by_ten(rest);
            *slot = b'0' | digit;
            count = count.saturating_add(1);
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            self.push(b'-');
        }
        let from = digits.len().saturating_sub(count);
        self.extend(digits.get(from..).unwrap_or_default());
    }

    /// A number, `true`, `false` or `null`.
    fn literal(&mut self, word: &str) {
        self.extend(word.as_bytes());
    }

    fn comma(&mut self) {
        if !self.first {
            self.push(b',');
        }
        self.first = false;
    }

    fn quote(&mut self) {
        self.escaped(b'"', self.level);
    }

    /// Text, escaped `level` times, plain stretches at once.
    #[inline(never)]
    fn run(&mut self, text: &str, level: u8) {
        let mut rest = text.as_bytes();
        if level == 0 {
            return self.extend(rest);
        }
        loop {
            let behind = behind_plain(rest);
            self.extend(rest.get(..place_of(behind, rest)).unwrap_or_default());
            let [special, behind @ ..] = behind else {
                return;
            };
            self.escaped(*special, level);
            rest = behind;
        }
    }

    /// One byte as it looks inside `level` strings. The depth is that of the strings: three at most in
    /// this protocol.
    fn escaped(&mut self, byte: u8, level: u8) {
        if matches!(byte, b'"' | b'\\') {
            // Each string doubles the backslashes that there are and adds one.
            let doubled = 1u32.checked_shl(level.into()).unwrap_or(u32::MAX);
            for _ in 1..doubled {
                self.push(b'\\');
            }
            return self.push(byte);
        }
        let (width, escape) = escape_of(byte);
        match level.checked_sub(1) {
            Some(below) if width > 1 => {
                for byte in escape.iter().take(width) {
                    self.escaped(*byte, below);
                }
            }
            _ => self.push(byte),
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        let end = self.len.saturating_add(bytes.len());
        if let Some(slot) = self.buf.get_mut(self.len..end) {
            for (slot, byte) in slot.iter_mut().zip(bytes) {
                *slot = *byte;
            }
        }
        self.len = end;
    }

    #[inline(never)]
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.buf.get_mut(self.len) {
            *slot = byte;
        }
        self.len = self.len.saturating_add(1);
    }
}

impl WriteJson for bool {
    fn write(&self, to: &mut Writer<'_>) {
        to.literal(if *self { "true" } else { "false" });
    }
}

impl WriteJson for i64 {
    fn write(&self, to: &mut Writer<'_>) {
        to.integer(*self);
    }
}

impl WriteJson for str {
    fn write(&self, to: &mut Writer<'_>) {
        to.string(self.into());
    }
}

impl WriteJson for Text<'_> {
    fn write(&self, to: &mut Writer<'_>) {
        to.string(*self);
    }
}

/// A value as it came.
impl WriteJson for Value<'_> {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Value::Null => to.literal("null"),
            Value::Bool(value) => value.write(to),
            Value::Number(number) => to.literal(number),
            Value::String(text) => to.string(*text),
            Value::List(list) => to.json(list.json()),
            Value::Object(object) => to.json(object.json()),
        }
    }
}

impl WriteJson for Json<'_> {
    fn write(&self, to: &mut Writer<'_>) {
        to.json(*self);
    }
}

impl<T: WriteJson> WriteJson for [T] {
    fn write(&self, to: &mut Writer<'_>) {
        to.list(self);
    }
}

impl<T: WriteJson + ?Sized> WriteJson for &T {
    fn write(&self, to: &mut Writer<'_>) {
        (**self).write(to);
    }
}

/// A number divided by ten, and the last digit. Microcontrollers divide 32 bits at once, and have to be taught to
/// divide 64; what does not fit is divided in four steps.
fn by_ten(number: u64) -> (u64, u8) {
    if let Ok(small) = u32::try_from(number) {
        return (u64::from(small / 10), (small % 10) as u8);
    }
    let (mut quotient, mut rest) = (0u64, 0u32);
    for shift in [48u32, 32, 16, 0] {
        let part = rest << 16 | (number >> shift) as u32 & 0xFFFF;
        quotient = quotient << 16 | u64::from(part / 10);
        rest = part % 10;
    }
    (quotient, rest as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut buf = [0; 512];
        let mut writer = Writer::new(&mut buf);
        write(&mut writer);
        let len = writer.finish().unwrap();
        String::from_utf8(buf[..len].to_vec()).unwrap()
    }

    #[test]
    fn commas_stand_between_and_nowhere_else() {
        let text = written(|w| {
            w.object(|w| {
                w.member("a", &1i64);
                w.key("b");
                w.list([1i64, -2]);
                w.key("c");
                w.object(|_| ());
                w.optional("d", None::<&i64>);
                w.key("e");
                w.in_string(|w| {
                    w.object(|w| {
                        w.member("x", &true);
                        w.member("y", &false);
                    });
                });
                w.member("f", "z");
            });
        });
        assert_eq!(
            text,
            r#"{"a":1,"b":[1,-2],"c":{},"e":"{\"x\":true,\"y\":false}","f":"z"}"#
        );
    }

    #[test]
    fn three_levels_read_back_as_written() {
        let awkward = "q\"b\\n\nt\tc\u{1}ä😀/";
        let text = written(|w| {
            w.in_string(|w| {
                w.object(|w| {
                    w.key("payment");
                    w.in_string(|w| w.object(|w| w.member("note", awkward)));
                });
            });
        });
        let outer: String = serde_json::from_str(&text).unwrap();
        let middle: serde_json::Value = serde_json::from_str(&outer).unwrap();
        let inner: serde_json::Value =
            serde_json::from_str(middle["payment"].as_str().unwrap()).unwrap();
        assert_eq!(inner["note"], awkward);
    }

    #[test]
    fn text_that_came_escaped_is_not_escaped_twice() {
        let text = written(|w| w.string(Text::from_json(r#"a\"\u00e4"#)));
        assert_eq!(text, r#""a\"\u00e4""#);
        let text = written(|w| w.in_string(|w| w.string(Text::from_json(r#"a\""#))));
        assert_eq!(text, r#""\"a\\\"\"""#);
    }

    #[test]
    fn json_text_passes_through_levels_with_its_white_space() {
        let json = Json::parse("{\n \"a\":\t\"\\\"\"}").unwrap();
        let text = written(|w| w.in_string(|w| w.json(json)));
        let back: String = serde_json::from_str(&text).unwrap();
        assert_eq!(back, json.expose());
    }

    #[test]
    fn numbers_have_all_their_digits() {
        for n in [0, 9, 10, -1, i64::MAX, i64::MIN] {
            assert_eq!(written(|w| w.integer(n)), n.to_string());
        }
    }

    #[test]
    fn a_small_buffer_says_what_is_needed() {
        let mut buf = [0; 4];
        let mut writer = Writer::new(&mut buf);
        writer.string("abcdef".into());
        assert_eq!(writer.finish(), Err(Full { needed: 8 }));
    }
}
