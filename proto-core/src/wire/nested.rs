//! What drafts are made of beside single values, and how it is written.

use core::fmt;

use super::json::{Json, Read, Text, Value, WriteJson, Writer};
use crate::redact::Quoted;

/// An object, list or map in a message, to be written: from drafts, or from JSON text that goes on as it
/// was received.
pub enum Nested<'m, D: ?Sized> {
    /// JSON text. Of a list, the text from bracket to bracket.
    Text(Json<'m>),
    /// A draft, a slice of drafts, or of a map's names and values.
    Draft(&'m D),
}

/// A [`Nested`] value that is written as JSON in a string (`protocol/model.md` §1).
pub type InString<'m, D> = Nested<'m, D>;

impl<D: ?Sized> Clone for Nested<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: ?Sized> Copy for Nested<'_, D> {}

impl<D: WriteJson + ?Sized> WriteJson for Nested<'_, D> {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Self::Text(json) => to.json(*json),
            Self::Draft(draft) => draft.write(to),
        }
    }
}

/// A draft that writes a `V`.
pub trait DraftOf<V>: WriteJson + Send + Sync {}

impl WriteJson for [(&str, &str)] {
    fn write(&self, to: &mut Writer<'_>) {
        to.object(|to| {
            for (name, value) in self {
                to.member(name, *value);
            }
        });
    }
}

/// A number that may have a fraction, as it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Number<'m>(&'m str);

impl fmt::Debug for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(self.0).fmt(f)
    }
}

impl<'m> Number<'m> {
    /// The number that `text` is; `None` if JSON does not write numbers so.
    #[must_use]
    pub fn parse(text: &'m str) -> Option<Self> {
        match Json::parse(text)?.value() {
            Value::Number(number) => Some(Self(number)),
            _ => None,
        }
    }

    /// The number as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'m str {
        self.0
    }
}

impl<'m> Read<'m> for Number<'m> {
    fn read(value: Value<'m>) -> Option<Self> {
        match value {
            Value::Number(number) => Some(Self(number)),
            Value::String(text) => Self::parse(text.as_str()?),
            _ => None,
        }
    }
}

impl WriteJson for Number<'_> {
    fn write(&self, to: &mut Writer<'_>) {
        to.json(Json::of_checked(self.0));
    }
}

/// Writes a member, if there is a value for it. A draft has many of them: its code is a call for each.
#[inline(never)]
pub(crate) fn put<T: WriteJson>(to: &mut Writer<'_>, name: &str, value: &Option<T>) {
    if let Some(value) = value {
        to.declared(name);
        value.write(to);
    }
}

/// Writes a member as JSON in a string.
#[inline(never)]
pub(crate) fn put_in_string<T: WriteJson>(to: &mut Writer<'_>, name: &str, value: &Option<T>) {
    if let Some(value) = value {
        to.declared(name);
        to.in_string(|to| value.write(to));
    }
}

/// Writes a list as it stands inside a model object: `{"elements":[…]}`.
#[inline(never)]
pub(crate) fn put_elements<D: WriteJson>(
    to: &mut Writer<'_>,
    name: &str,
    value: &Option<Nested<'_, [D]>>,
) {
    if let Some(list) = value {
        to.declared(name);
        to.object(|to| to.member("elements", list));
    }
}

/// Writes a list whose items are JSON in strings.
pub(crate) fn put_in_strings<D: WriteJson>(
    to: &mut Writer<'_>,
    name: &str,
    value: &Option<Nested<'_, [D]>>,
) {
    match value {
        None => {}
        Some(Nested::Draft(items)) => {
            to.declared(name);
            to.list(items.iter().map(Item::Draft));
        }
        Some(Nested::Text(json)) => {
            to.declared(name);
            let items = match json.value() {
                Value::List(list) => Some(list.items()),
                _ => None,
            };
            to.list(items.into_iter().flatten().filter_map(Item::<D>::of));
        }
    }
}

/// One item of a list of JSON in strings.
enum Item<'m, D> {
    Draft(&'m D),
    Json(Json<'m>),
    /// A string that is no JSON stays what it is.
    Text(Text<'m>),
}

impl<'m, D> Item<'m, D> {
    fn of(value: Value<'m>) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self::Json(object.json())),
            Value::String(text) => Some(Self::Text(text)),
            _ => None,
        }
    }
}

impl<D: WriteJson> WriteJson for Item<'_, D> {
    fn write(&self, to: &mut Writer<'_>) {
        match self {
            Self::Draft(draft) => to.in_string(|to| draft.write(to)),
            Self::Json(json) => to.in_string(|to| to.json(*json)),
            Self::Text(text) => to.string(*text),
        }
    }
}
