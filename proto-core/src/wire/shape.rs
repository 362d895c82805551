//! What is declared of the objects of the wire, as data.

use super::json::{Object, Text, Writer};
use super::open::{Inside, Opened};

/// What is declared of an object: enough to explain a message without code for it.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// The name of its view.
    pub name: &'static str,
    /// Its fields, in the order that they are written in.
    pub fields: &'static [Field],
    /// The fields that are opened as JSON in a string, or have such fields inside.
    pub(crate) opened: &'static [Opened],
    pub(crate) rewrite: fn(Object<'_>, &mut Writer<'_>),
}

impl Shape {
    /// Writes the members of a received object anew: the declared fields in the form that this
    /// implementation writes, whichever dialect they came in. Members that are not declared are left out.
    pub fn rewrite(&self, object: Object<'_>, to: &mut Writer<'_>) {
        (self.rewrite)(object, to);
    }

    /// The field of this name, in any spelling that is read.
    #[must_use]
    pub fn field(&self, name: Text<'_>) -> Option<&'static Field> {
        self.fields.iter().find(|field| {
            name == field.name || field.other_names.iter().any(|other| name == *other)
        })
    }
}

/// A declared field.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Field {
    /// Its name: written, and read first.
    pub name: &'static str,
    /// Further names that it is read from.
    pub other_names: &'static [&'static str],
    /// What it holds.
    pub kind: Kind,
}

/// What a declared field holds.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Kind {
    /// A text.
    Text,
    /// A text in Base64.
    Base64,
    /// A text that is a secret.
    Secret,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Integer,
    /// An amount in minor units.
    Money,
    /// Milliseconds since 1970.
    Time,
    /// A number that may have a fraction.
    Number,
    /// A name of the open enumeration of this name, which lists these.
    Name(&'static str, &'static [&'static str]),
    /// Texts by name.
    Map,
    /// An object that is not described.
    Opaque,
    /// An object.
    Object(&'static Shape),
    /// An object as JSON in a string.
    InString(&'static Shape),
    /// An object that some send as JSON in a string.
    Either(&'static Shape),
    /// A bare list of texts.
    Texts,
    /// A bare list of objects.
    List(&'static Shape),
    /// A bare list of objects, each as JSON in a string.
    InStrings(&'static Shape),
    /// A bare list of objects that some send as JSON in strings.
    Eithers(&'static Shape),
    /// `{"elements":[…]}` of objects.
    Elements(&'static Shape),
    /// `{"elements":[…]}` of texts.
    ElementTexts,
    /// `{"elements":[…]}` of objects that are not described.
    Opaques,
}

impl Kind {
    /// What the object or the list's items are, if that is declared.
    #[must_use]
    pub const fn shape(self) -> Option<&'static Shape> {
        match self {
            Self::Object(shape)
            | Self::InString(shape)
            | Self::Either(shape)
            | Self::List(shape)
            | Self::InStrings(shape)
            | Self::Eithers(shape)
            | Self::Elements(shape) => Some(shape),
            _ => None,
        }
    }

    /// Where there is JSON in a string in a value of this kind.
    const fn inside(self) -> Option<Inside> {
        match self {
            Self::InString(_) | Self::Either(_) => Some(Inside::Value),
            Self::InStrings(_) | Self::Eithers(_) => Some(Inside::Items),
            Self::Object(shape) if !shape.opened.is_empty() => Some(Inside::Fields(shape.opened)),
            _ => None,
        }
    }
}

/// Under how many names there are fields that have to be opened.
pub(crate) const fn count_opened(fields: &[Field]) -> usize {
    let mut rest = fields;
    let mut count = 0usize;
    while let [field, others @ ..] = rest {
        if field.kind.inside().is_some() {
            count = count
                .saturating_add(field.other_names.len())
                .saturating_add(1);
        }
        rest = others;
    }
    count
}

/// The fields that have to be opened, under each of their names.
pub(crate) const fn opened<const COUNT: usize>(fields: &[Field]) -> [Opened; COUNT] {
    let nothing = Opened {
        name: "",
        inside: Inside::Value,
    };
    let mut opened = [nothing; COUNT];
    let mut room: &mut [Opened] = &mut opened;
    let mut rest = fields;
    while let [field, others @ ..] = rest {
        if let Some(inside) = field.kind.inside() {
            room = fill(room, field.name, inside);
            let mut other_names = field.other_names;
            while let [name, others @ ..] = other_names {
                room = fill(room, name, inside);
                other_names = others;
            }
        }
        rest = others;
    }
    opened
}

/// Fills the first place, and gives the others.
const fn fill<'r>(room: &'r mut [Opened], name: &'static str, inside: Inside) -> &'r mut [Opened] {
    match room {
        [slot, others @ ..] => {
            *slot = Opened { name, inside };
            others
        }
        [] => room,
    }
}
