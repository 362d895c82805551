//! Secrets: which they are, and how they are printed.
//!
//! There is one table of names, [`is_secret`], and one rule for numbers: a run of 13 to 19 digits that
//! passes the Luhn check may be a card number. [`Masked`] prints a JSON text with both applied;
//! everything that prints messages (logs, recordings, errors) goes through it.

use core::fmt::{self, Write as _};

use crate::wire::json::{Json, Read, Text, Value};

/// The names whose values are secrets, wherever they stand.
pub const SECRET_NAMES: [&str; 24] = [
    "authenticationToken",
    "token",
    "uniqueToken",
    "pan",
    "track1",
    "track2",
    "track3",
    "cardTrack2",
    "plainCardData",
    "transactionTags",
    "encrypted",
    "encryptedSerialNumber",
    "encRandomKey",
    "authCode",
    "authcode",
    "approvalCode",
    "voiceAuthCode",
    "pairingCode",
    "exp",
    "expirationDate",
    "cvv",
    "sepaElvIban",
    "access_token",
    "deviceToken",
];

/// What is printed in place of a secret.
pub(crate) const MASK: &str = "***";

/// A run of this many digits may be a card number (ISO/IEC 7812).
const PAN_DIGITS: core::ops::RangeInclusive<usize> = 13..=19;

/// Whether the value under this name is a secret.
#[must_use]
pub fn is_secret(name: Text<'_>) -> bool {
    SECRET_NAMES.iter().any(|secret| name == *secret)
}

/// A secret of the other side: a token, an authorisation code. `Debug` and `Display` print a mask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret<'m>(Text<'m>);

impl<'m> Secret<'m> {
    /// A secret with this text.
    #[must_use]
    pub const fn new(text: Text<'m>) -> Self {
        Self(text)
    }

    /// The secret itself. Never let it reach a log.
    #[must_use]
    pub const fn expose(self) -> Text<'m> {
        self.0
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<'m> Read<'m> for Secret<'m> {
    fn read(value: Value<'m>) -> Option<Self> {
        Text::read(value).map(Self)
    }
}

impl crate::wire::json::WriteJson for Secret<'_> {
    fn write(&self, to: &mut crate::wire::json::Writer<'_>) {
        to.string(self.0);
    }
}

/// What `Debug` prints of the bytes of a message: how many there are. There may be secrets in them.
pub(crate) struct Hidden(pub(crate) usize);

impl Hidden {
    pub(crate) const fn of(bytes: &[u8]) -> Self {
        Self(bytes.len())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

/// What `Debug` prints of a text or a number: in it a card number is masked, and what is no character to print is escaped.
pub(crate) struct Quoted<'t>(pub(crate) &'t str);

impl fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        print_without_pan(self.0, &mut Escaping(f))?;
        f.write_char('"')
    }
}

struct Escaping<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.escape_debug().try_for_each(|c| self.0.write_char(c))
    }
}

/// Prints a JSON text with the secrets masked; what is printed is JSON again. Text that is no JSON is not
/// printed at all.
#[derive(Clone, Copy)]
pub struct Masked<'m>(&'m str);

impl<'m> Masked<'m> {
    pub(crate) const fn new(text: &'m str) -> Self {
        Self(text)
    }

    /// The text, secrets included.
    #[cfg(feature = "defmt")]
    pub(crate) const fn expose(self) -> &'m str {
        self.0
    }
}

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Json::parse(self.0).is_none() {
            return write!(f, "{} bytes that are no JSON", self.0.len());
        }
        print_masked(self.0, f)
    }
}

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Goes through the tokens of a checked text. A string before a colon is a name; the value behind a
/// secret name is replaced, of whatever kind it is, `null` excepted. So is a string that holds JSON with a
/// secret name in it.
pub(crate) fn print_masked(json: &str, f: &mut impl fmt::Write) -> fmt::Result {
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let (string, after) = split_string(rest);
            let inside = string.trim_matches('"');
            let behind = after.trim_start();
            if behind.starts_with(':') {
                print_without_pan(string, f)?;
                let value = behind.strip_prefix(':').unwrap_or(behind).trim_start();
                if is_secret(Text::from_json(inside)) && !value.starts_with("null") {
                    f.write_char(':')?;
                    print_mask(f)?;
                    rest = split_value(value);
                    continue;
                }
            } else if quotes_secret(string) {
                print_mask(f)?;
            } else {
                print_without_pan(string, f)?;
            }
            rest = after;
        } else if c == '-' || c.is_ascii_digit() {
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)))
                .unwrap_or(rest.len());
            let (number, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            if number.split(|c: char| !c.is_ascii_digit()).any(is_pan) {
                f.write_char('"')?;
                print_without_pan(number, f)?;
                f.write_char('"')?;
            } else {
                f.write_str(number)?;
            }
            rest = after;
        } else {
            f.write_char(c)?;
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    Ok(())
}

/// The string that stands for a secret.
fn print_mask(f: &mut impl fmt::Write) -> fmt::Result {
    f.write_char('"')?;
    f.write_str(MASK)?;
    f.write_char('"')
}

/// Whether a secret name stands between escaped quotes before a colon in this string: JSON in a string,
/// however deep.
fn quotes_secret(string: &str) -> bool {
    const QUOTE: &str = "\\\"";
    let quotes = |name: &str, (at, _): (usize, &str)| {
        let (before, rest) = string.split_at_checked(at).unwrap_or(("", ""));
        let behind = rest.strip_prefix(name).unwrap_or_default();
        let colon = behind.trim_start_matches('\\').strip_prefix('"');
        before.ends_with(QUOTE) && colon.is_some_and(|text| text.trim_start().starts_with(':'))
    };
    string.contains(QUOTE)
        && SECRET_NAMES
            .iter()
            .any(|name| string.match_indices(name).any(|found| quotes(name, found)))
}

/// The string at the start of the text with its quotes, and what follows.
fn split_string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = text
        .bytes()
        .enumerate()
        .skip(1)
        .find_map(|(at, byte)| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends.then(|| at.saturating_add(1))
        })
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// What follows the value at the start of the text.
fn split_value(text: &str) -> &str {
    let mut depth = 0u32;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            rest = split_string(rest).1;
            if depth == 0 {
                return rest;
            }
            continue;
        }
        match c {
            '{' | '[' => depth = depth.saturating_add(1),
            '}' | ']' if depth == 0 => return rest,
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return rest.get(1..).unwrap_or_default();
                }
            }
            ',' if depth == 0 => return rest,
            _ => {}
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    rest
}

/// Prints text with every run of digits masked that may be a card number. The last four stay: they are
/// what a receipt shows.
pub(crate) fn print_without_pan(text: &str, f: &mut impl fmt::Write) -> fmt::Result {
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit() || c == '\\') {
        let (before, run) = rest.split_at_checked(start).unwrap_or((rest, ""));
        if let Some(escape) = run.strip_prefix('\\') {
            // The digits of an escape are none of the run behind it.
            let width = if escape.starts_with('u') { 6 } else { 2 };
            let (through, after) = rest
                .split_at_checked(start.saturating_add(width))
                .unwrap_or((rest, ""));
            f.write_str(through)?;
            rest = after;
            continue;
        }
        let end = run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len());
        let (digits, after) = run.split_at_checked(end).unwrap_or((run, ""));
        f.write_str(before)?;
        if is_pan(digits) {
            let last4 = digits
                .get(digits.len().saturating_sub(4)..)
                .unwrap_or_default();
            f.write_str(MASK)?;
            f.write_str(last4)?;
        } else {
            f.write_str(digits)?;
        }
        rest = after;
    }
    f.write_str(rest)
}

/// Whether these digits may be a card number: the right length, and the Luhn sum is right.
#[must_use]
pub fn is_pan(digits: &str) -> bool {
    let sum = digits
        .bytes()
        .rev()
        .enumerate()
        .fold(0u32, |sum, (place, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            let weighed = match (place % 2, digit) {
                (1, 5..=9) => digit.wrapping_mul(2).wrapping_sub(9),
                (1, _) => digit.wrapping_mul(2),
                _ => digit,
            };
            sum.wrapping_add(weighed)
        });
    PAN_DIGITS.contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        Masked::new(text).to_string()
    }

    #[test]
    fn values_under_secret_names_are_masked_whatever_they_are() {
        assert_eq!(
            masked(
                r#"{"token":"abc\"d","a":{"pan":[1,{"x":"y"}],"exp":1228,"cvv":null}, "authCode" : "1" }"#
            ),
            r#"{"token":"***","a":{"pan":"***","exp":"***","cvv":null}, "authCode":"***" }"#
        );
    }

    #[test]
    fn an_escaped_name_is_still_secret() {
        assert_eq!(masked(r#"{"to\u006ben":"x"}"#), r#"{"to\u006ben":"***"}"#);
    }

    #[test]
    fn card_numbers_are_masked_in_text_and_as_numbers() {
        assert_eq!(
            masked(
                r#"{"note":"card 4111111111111111.","n":4111111111111111,"o":4111111111111112}"#
            ),
            r#"{"note":"card ***1111.","n":"***1111","o":4111111111111112}"#
        );
        assert_eq!(
            masked(
                r#"[-4111111111111111, 4111111111111111.5, -1.5e+3, "\u20144111111111111111\n"]"#
            ),
            r#"["-***1111", "***1111.5", -1.5e+3, "\u2014***1111\n"]"#
        );
    }

    #[test]
    fn a_string_that_holds_json_with_a_secret_is_masked_as_a_whole() {
        assert_eq!(
            masked(
                r#"["{\"pan\":\"1\"}", "{\"a\":\"{\\\"track2\\\":1}\"}", "{\"span\":\"pan\"}", "the token"]"#
            ),
            r#"["***", "***", "{\"span\":\"pan\"}", "the token"]"#
        );
    }

    #[test]
    fn what_is_no_json_is_not_printed() {
        assert_eq!(masked("token=abc"), "9 bytes that are no JSON");
    }

    #[test]
    fn nothing_that_holds_a_message_prints_it() {
        use crate::link::Step;
        use crate::wire::json::Value;
        use crate::wire::names::Method;
        use crate::wire::{Frame, Framer, Number, Packets, Sender, Source};

        const SECRET: &str = r#"{"token":"tok3n","note":"4111111111111111"}"#;
        let mut bytes = SECRET.as_bytes().to_vec();
        let packet = Packets::new(SECRET.as_bytes(), None).and_then(|mut packets| packets.next());
        let mut framer = Framer::checked();
        framer.feed(b"\0\x14tok3n", &mut []);
        let source = Source {
            sender: Sender {
                package_name: "p",
                application_id: None,
                source_sdk: false,
                version: 1,
            },
            method: Method::TxStart,
            payload: SECRET,
        };
        let printed = [
            format!("{:?}", Frame::Message(&mut bytes.clone())),
            format!(
                "{:?}",
                Frame::TooLong {
                    head: &bytes,
                    total: 99
                }
            ),
            format!("{:?}", Step::Message(&mut bytes.clone())),
            format!(
                "{:?}",
                Step::TooLong {
                    head: &bytes,
                    total: 99
                }
            ),
            format!("{framer:?} {packet:?} {:?}", Packets::new(&bytes, None)),
            format!("{source:?}"),
            format!("{:?}", crate::terminal::Memory::from(bytes.as_mut_slice())),
            format!("{:?}", Text::from("card 4111111111111111")),
            format!("{:?}", Text::from_json("\\u20144111111111111111")),
            format!("{:?}", Text::from("tok3n").chars()),
            format!("{:?}", Value::Number("4111111111111111")),
            format!("{:?}", Number::parse("4111111111111111")),
        ];
        for text in printed {
            assert!(!text.contains("tok3n"), "{text}");
            assert!(!text.contains("4111111111111111"), "{text}");
            // Nor as a list of its bytes.
            assert!(!text.contains("116, 111, 107"), "{text}");
        }
    }

    #[test]
    fn a_text_is_printed_in_one_line() {
        assert_eq!(format!("{:?}", Text::from("a\n\"b\"")), "\"a\\n\\\"b\\\"\"");
    }

    #[test]
    fn secrets_print_a_mask() {
        let secret = Secret::new("tok".into());
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.expose(), "tok");
    }
}
