//! Values of a checked JSON text, found by looking, never copied.
//!
//! Everything here borrows text that [`super::check`] has passed, and is total: on a text that was not
//! checked it finds nothing, it does not fail.
//!
//! A name that stands twice in an object: the first one counts.

use core::cmp::Ordering;
use core::fmt;

use super::scan::{Member, behind_space, behind_value, place_of};
use super::text::Text;
use crate::redact::{Masked, Quoted};

/// One JSON value.
#[derive(Clone, Copy, PartialEq)]
pub enum Value<'m> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it is written.
    Number(&'m str),
    /// A string.
    String(Text<'m>),
    /// A list.
    List(Array<'m>),
    /// An object.
    Object(Object<'m>),
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(number) => Quoted(number).fmt(f),
            Self::String(text) => text.fmt(f),
            Self::List(list) => list.fmt(f),
            Self::Object(object) => object.fmt(f),
        }
    }
}

impl<'m> Value<'m> {
    /// The value that the checked `text` is.
    pub(crate) fn of_checked(text: &'m str) -> Option<Self> {
        Self::first(behind(text, behind_space(text.as_bytes())))
    }

    /// The value that `text` begins with. An object or a list goes on to the end of `text`: where it ends is
    /// looked for by who wants to know.
    fn first(text: &'m str) -> Option<Self> {
        match text.as_bytes() {
            [b'{', ..] => Some(Self::Object(Object(text))),
            [b'[', ..] => Some(Self::List(Array(text))),
            _ => Some(Self::split(text)?.0),
        }
    }

    /// The value that `text` begins with, and what is behind it.
    fn split(text: &'m str) -> Option<(Self, &'m str)> {
        let rest = behind(text, behind_value(text.as_bytes()));
        // Nothing there is the end: what is no value must not be found again and again.
        let raw = before(text, rest).filter(|raw| !raw.is_empty())?;
        let value = match raw.as_bytes() {
            [b'{', ..] => Self::Object(Object(raw)),
            [b'[', ..] => Self::List(Array(raw)),
            [b'"', ..] => {
                let inside = raw.get(1..raw.len().checked_sub(1)?)?;
                Self::String(Text::from_json(inside))
            }
            [b't', ..] => Self::Bool(true),
            [b'f', ..] => Self::Bool(false),
            [b'n', ..] => Self::Null,
            _ => Self::Number(raw),
        };
        Some((value, rest))
    }
}

/// The end part of `text` that is as long as `rest`.
fn behind<'m>(text: &'m str, rest: &[u8]) -> &'m str {
    text.get(place_of(rest, text.as_bytes())..)
        .unwrap_or_default()
}

/// What of `text` is before its end part `rest`.
fn before<'m>(text: &'m str, rest: &str) -> Option<&'m str> {
    text.get(..text.len().checked_sub(rest.len())?)
}

/// The text of the value that `text` begins with.
fn whole(text: &str) -> &str {
    before(text, behind(text, behind_value(text.as_bytes()))).unwrap_or_default()
}

/// A JSON object. Looking a name up goes through the members one by one.
///
/// Its text begins at the brace; something else may be behind its end.
#[derive(Clone, Copy)]
pub struct Object<'m>(&'m str);

impl<'m> Object<'m> {
    /// The object without members.
    pub const EMPTY: Object<'static> = Object("{}");

    /// The object that the checked `text` is.
    pub(crate) fn of_checked(text: &'m str) -> Option<Self> {
        Value::of_checked(text).and_then(Self::read)
    }

    /// The object that `text` is, white space around it allowed; `None` if it is something else or no
    /// legal JSON.
    #[must_use]
    pub fn parse(text: &'m str) -> Option<Self> {
        super::check(text.as_bytes()).ok()?;
        Self::of_checked(text)
    }

    /// The value under `name`, `None` also if it is `null`.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Value<'m>> {
        let mut rest = self.0.as_bytes().get(1..)?;
        loop {
            let member = Member::first(rest)?;
            if is_named(&member, name) {
                let value = Value::first(behind(self.0, member.value))?;
                return (value != Value::Null).then_some(value);
            }
            rest = behind_value(member.value);
            // What is no value must not be found again and again.
            if rest.len() == member.value.len() {
                return None;
            }
        }
    }

    /// The value under the first of `names` that has one.
    #[inline(never)]
    pub(crate) fn field<T: Read<'m>>(self, names: &[&str]) -> Option<T> {
        self.first_of(names).and_then(T::read)
    }

    #[inline(never)]
    fn first_of(self, names: &[&str]) -> Option<Value<'m>> {
        names.iter().find_map(|name| self.get(name))
    }

    /// All members in their order.
    #[must_use]
    pub fn members(self) -> Members<'m> {
        Members(self.0.get(1..).unwrap_or_default())
    }

    /// The text of the object, from brace to brace.
    #[must_use]
    pub fn json(self) -> Json<'m> {
        Json(whole(self.0))
    }
}

impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        whole(self.0) == whole(other.0)
    }
}

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} bytes)", whole(self.0).len())
    }
}

/// Whether the member has this name, which is compared through the escapes.
fn is_named(member: &Member<'_>, name: &str) -> bool {
    let raw = member.name();
    let escaped = || raw.contains(&b'\\');
    match raw.len().cmp(&name.len()) {
        Ordering::Less => false,
        Ordering::Equal => raw == name.as_bytes() && !escaped(),
        // An escape is longer than what it stands for.
        Ordering::Greater => {
            let begins = raw.first() == Some(&b'\\') || raw.first() == name.as_bytes().first();
            let same = |raw| Text::from_json(raw) == name;
            begins && escaped() && core::str::from_utf8(raw).is_ok_and(same)
        }
    }
}

/// The members of an [`Object`].
#[derive(Clone)]
pub struct Members<'m>(&'m str);

impl<'m> Iterator for Members<'m> {
    type Item = (Text<'m>, Value<'m>);

    fn next(&mut self) -> Option<Self::Item> {
        let member = Member::first(self.0.as_bytes())?;
        let name = behind(self.0, member.text).get(..member.name_len)?;
        let (value, rest) = Value::split(behind(self.0, member.value))?;
        self.0 = rest;
        Some((Text::from_json(name), value))
    }
}

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Members")
    }
}

/// A JSON list.
///
/// Its text begins at the bracket; something else may be behind its end.
#[derive(Clone, Copy)]
pub struct Array<'m>(&'m str);

impl<'m> Array<'m> {
    /// The items in their order.
    #[must_use]
    pub fn items(self) -> Items<'m> {
        Items {
            list: self.0,
            rest: self.0.get(1..).unwrap_or_default(),
        }
    }

    /// The text of the list, from bracket to bracket.
    #[must_use]
    pub fn json(self) -> Json<'m> {
        Json(whole(self.0))
    }
}

impl PartialEq for Array<'_> {
    fn eq(&self, other: &Self) -> bool {
        whole(self.0) == whole(other.0)
    }
}

impl fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Array({} bytes)", whole(self.0).len())
    }
}

/// The items of an [`Array`].
#[derive(Clone)]
pub struct Items<'m> {
    list: &'m str,
    rest: &'m str,
}

impl<'m> Iterator for Items<'m> {
    type Item = Value<'m>;

    fn next(&mut self) -> Option<Value<'m>> {
        let rest = match behind_space(self.rest.as_bytes()) {
            [b',', rest @ ..] => behind_space(rest),
            rest => rest,
        };
        if rest.first() == Some(&b']') {
            return None;
        }
        let (value, rest) = Value::split(behind(self.rest, rest))?;
        self.rest = rest;
        Some(value)
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Items")
    }
}

/// The text of one JSON value. It may hold secrets, so `Debug` and `Display` print its length only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Json<'m>(&'m str);

impl Default for Json<'_> {
    /// The object without members.
    fn default() -> Self {
        Self("{}")
    }
}

impl<'m> Json<'m> {
    /// The JSON text `text`; `None` if it is not exactly one legal JSON value.
    #[must_use]
    pub fn parse(text: &'m str) -> Option<Self> {
        super::check(text.as_bytes()).ok()?;
        Some(Self(text))
    }

    /// The text of a value that is known to be checked.
    pub(crate) const fn of_checked(text: &'m str) -> Self {
        Self(text)
    }

    /// The value.
    #[must_use]
    pub fn value(self) -> Value<'m> {
        Value::of_checked(self.0).unwrap_or(Value::Null)
    }

    /// The text itself, secrets included. Never let it reach a log.
    #[must_use]
    pub const fn expose(self) -> &'m str {
        self.0
    }

    /// Prints the text with the secrets masked.
    #[must_use]
    pub const fn masked(self) -> Masked<'m> {
        Masked::new(self.0)
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of JSON", self.0.len())
    }
}

/// What can be read from a JSON value. The other side may write a number as a string and the other way
/// round (`protocol/link.md` §4.9); both are read.
pub(crate) trait Read<'m>: Sized {
    fn read(value: Value<'m>) -> Option<Self>;
}

impl<'m> Read<'m> for Text<'m> {
    #[inline(never)]
    fn read(value: Value<'m>) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(Self::from(number)),
            _ => None,
        }
    }
}

impl Read<'_> for bool {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(value),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => None,
        }
    }
}

impl Read<'_> for i64 {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Number(number) => integer(number),
            Value::String(text) => {
                let copy;
                let number = match text.as_str() {
                    Some(plain) => plain,
                    None => {
                        copy = text.copied::<MAX_ESCAPED_NUMBER>()?;
                        &copy
                    }
                };
                let begins = number.starts_with(|c: char| c == '-' || c.is_ascii_digit());
                let legal = begins && super::check(number.as_bytes()).is_ok();
                legal.then(|| integer(number))?
            }
            _ => None,
        }
    }
}

impl<'m> Read<'m> for Object<'m> {
    fn read(value: Value<'m>) -> Option<Self> {
        match value {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// A list of objects or names, whether it is bare or wrapped as `{"elements":[…]}`
/// (`protocol/decisions.md`, lists). Items of another kind are passed over.
pub struct List<'m, T> {
    items: Items<'m>,
    kind: core::marker::PhantomData<T>,
}

impl<'m, T> List<'m, T> {
    /// The text of the list, from bracket to bracket.
    #[must_use]
    pub fn json(&self) -> Json<'m> {
        Json(whole(self.items.list))
    }
}

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        Self {
            items: self.items.clone(),
            kind: self.kind,
        }
    }
}

impl<T> fmt::Debug for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("List")
    }
}

impl<'m, T> Read<'m> for List<'m, T> {
    fn read(value: Value<'m>) -> Option<Self> {
        let list = match value {
            Value::List(list) => list,
            Value::Object(wrapper) => match wrapper.get("elements")? {
                Value::List(list) => list,
                _ => return None,
            },
            _ => return None,
        };
        Some(Self {
            items: list.items(),
            kind: core::marker::PhantomData,
        })
    }
}

impl<'m, T: Read<'m>> Iterator for List<'m, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.items.by_ref().find_map(T::read)
    }
}

/// How long a number in a string may be if it is written with escapes.
const MAX_ESCAPED_NUMBER: usize = 32;

/// A number of a few digits and nothing else, as nearly all are.
fn plain_integer(number: &[u8]) -> Option<i64> {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    if !(1..=MAX_PLAIN_DIGITS).contains(&digits.len()) {
        return None;
    }
    let mut value = 0i64;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        let digit = i64::from(byte & 0x0F);
        value = value.wrapping_mul(10).wrapping_add(digit);
    }
    Some(if digits.len() < number.len() {
        value.wrapping_neg()
    } else {
        value
    })
}

/// So many digits always fit.
const MAX_PLAIN_DIGITS: usize = 18;

/// A legal number that is a whole one, however it is written (`100`, `100.0`, `1e2`), exactly, or `None`.
#[inline(never)]
fn integer(number: &str) -> Option<i64> {
    if let Some(plain) = plain_integer(number.as_bytes()) {
        return Some(plain);
    }
    let (negative, rest) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (mantissa, exponent) = match rest.bytes().position(|byte| byte | 0x20 == b'e') {
        Some(at) => (
            rest.get(..at)?,
            rest.get(at.checked_add(1)?..)?.parse::<i32>().ok()?,
        ),
        None => (rest, 0),
    };
    let whole = mantissa.bytes().take_while(|byte| *byte != b'.').count();
    // The value is 0.<digits> times ten to the power of `point`.
    let point = i32::try_from(whole).ok()?.checked_add(exponent)?;
    let mut value = 0i64;
    let mut place = 0i32;
    for byte in mantissa.bytes().filter(|byte| *byte != b'.') {
        let digit = i64::from(char::from(byte).to_digit(10)?);
        if place < point {
            value = value.checked_mul(10)?.checked_sub(digit)?;
        } else if digit != 0 {
            return None;
        }
        place = place.checked_add(1)?;
    }
    while place < point && value != 0 {
        value = value.checked_mul(10)?;
        place = place.checked_add(1)?;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_behind_anything() {
        let object = Object::parse(
            r#" { "a" : [1,{"b":"]}\""}] , "b":{"c":null}, "d\u0065":"x", "b":2, "n":null } "#,
        )
        .unwrap();
        assert_eq!(
            object.get("b").and_then(Object::read).unwrap().get("c"),
            None
        );
        assert_eq!(object.field::<Text<'_>>(&["de"]).unwrap(), "x");
        assert_eq!(object.get("n"), None);
        assert_eq!(object.get("missing"), None);
        assert_eq!(object.members().count(), 5);
    }

    #[test]
    fn lists_are_read_bare_and_wrapped() {
        for text in [r#"{"l":["a","b"]}"#, r#"{"l":{"elements":[ "a" , "b" ]}}"#] {
            let list: List<'_, Text<'_>> = Object::parse(text).unwrap().field(&["l"]).unwrap();
            assert!(list.eq([Text::from("a"), Text::from("b")]), "{text}");
        }
        let empty: List<'_, Text<'_>> = Object::parse(r#"{"l":[ ]}"#)
            .unwrap()
            .field(&["l"])
            .unwrap();
        assert_eq!(empty.count(), 0);
    }

    #[test]
    fn whole_numbers_are_exact_or_refused() {
        for (text, value) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("100.0", Some(100)),
            ("1e2", Some(100)),
            ("1.5E1", Some(15)),
            ("1500e-2", Some(15)),
            ("-1.20e1", Some(-12)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("9223372036854775807.0", Some(i64::MAX)),
            ("1.5", None),
            ("1e-1", None),
            ("0e999999999", Some(0)),
            ("1e19", None),
            ("1e99999999999", None),
        ] {
            assert_eq!(integer(text), value, "{text}");
        }
    }

    #[test]
    fn a_string_is_a_number_only_if_it_is_written_as_one() {
        for (text, value) in [
            ("12", Some(12)),
            ("-1e1", Some(-10)),
            ("", None),
            ("-", None),
            (".", None),
            ("e5", None),
            ("+5", None),
            ("007", None),
            (" 5", None),
            ("5 ", None),
            ("1,000", None),
            ("\"5\"", None),
        ] {
            let string = Value::String(text.into());
            assert_eq!(i64::read(string), value, "{text:?}");
        }
    }

    #[test]
    fn a_number_in_a_string_may_be_written_with_escapes() {
        let read = |inside| i64::read(Value::String(Text::from_json(inside)));
        assert_eq!(read(r"\u002d\u0031\u0032"), Some(-12));
        assert_eq!(read(r"1\u0065"), None);
        assert_eq!(read(r"1\n"), None);
    }

    #[test]
    fn text_that_was_not_checked_finds_nothing_and_ends() {
        for text in [
            "{\"a",
            "{\"a\":",
            "{\"a\":\"",
            "{\"a\":[",
            "{,,,",
            "[",
            "{\"a\" 1}",
        ] {
            let _ = Object(text).members().count();
            let _ = Array(text).items().count();
        }
    }
}
