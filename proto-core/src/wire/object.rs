//! One declaration, two types: a view that reads an object, and a draft that writes it.

/// Declares objects of the wire.
///
/// For `Name, NameDraft { field: Type = "wireName"; … }` it makes
///
/// - `Name<'m>`, a `Copy` view: each field a method that looks the value up, `None` when it is absent,
///   `null` or of the wrong kind;
/// - `NameDraft<'m>`, a struct with one `Option` per field: what can be built can be sent. `None` is not
///   written.
///
/// A field with two types is read as the first and written as the second. Further names behind `|` are
/// other spellings that are read.
macro_rules! objects {
    ($(
        $(#[$doc:meta])*
        $view:ident, $draft:ident {
            $($(#[$field_doc:meta])* $field:ident: $read:ty $(, $write:ty)? = $wire:literal $(| $alias:literal)*;)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq)]
        pub struct $view<'m>($crate::wire::json::Object<'m>);

        impl<'m> $view<'m> {
            /// This view of an object.
            #[must_use]
            pub const fn of(object: $crate::wire::json::Object<'m>) -> Self {
                Self(object)
            }

            /// The object: members that have no method here, and its text.
            #[must_use]
            pub const fn object(self) -> $crate::wire::json::Object<'m> {
                self.0
            }

            $(
                $(#[$field_doc])*
                #[must_use]
                pub fn $field(self) -> Option<$read> {
                    self.0.field(&[$wire $(, $alias)*])
                }
            )*
        }

        impl core::fmt::Debug for $view<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($view), "({:?})"), self.0.json())
            }
        }

        impl<'m> $crate::wire::json::Read<'m> for $view<'m> {
            fn read(value: $crate::wire::json::Value<'m>) -> Option<Self> {
                $crate::wire::json::Object::read(value).map(Self)
            }
        }

        #[doc = concat!("What a [`", stringify!($view), "`] is written from.")]
        #[derive(Clone, Copy, Default)]
        pub struct $draft<'m> {
            $(
                $(#[$field_doc])*
                pub $field: Option<$crate::wire::object::written!($read $(, $write)?)>,
            )*
            /// Members that have no field here: name and JSON text.
            pub more: &'m [(&'m str, $crate::wire::json::Json<'m>)],
        }

        impl $draft<'_> {
            /// Writes the members into the object that is being written.
            pub fn write_members(&self, to: &mut $crate::wire::json::Writer<'_>) {
                $(to.optional($wire, self.$field.as_ref());)*
                for (name, json) in self.more {
                    to.member(name, json);
                }
            }
        }

        impl $crate::wire::json::WriteJson for $draft<'_> {
            fn write(&self, to: &mut $crate::wire::json::Writer<'_>) {
                to.object(|to| self.write_members(to));
            }
        }

        impl core::fmt::Debug for $draft<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(stringify!($draft))
            }
        }
    )*};
}

/// The type that a field is written from: the second one, if there is one.
macro_rules! written {
    ($read:ty) => {
        $read
    };
    ($read:ty, $write:ty) => {
        $write
    };
}

pub(crate) use {objects, written};

use super::json::{Json, WriteJson, Writer};

/// A value that travels as JSON in a string (`protocol/model.md` §1): written from a draft, or from JSON
/// text that is passed on as it was received.
#[derive(Clone, Copy)]
pub enum InString<'m, D> {
    /// JSON text.
    Text(Json<'m>),
    /// A draft.
    Draft(&'m D),
}

impl<D: WriteJson> WriteJson for InString<'_, D> {
    fn write(&self, to: &mut Writer<'_>) {
        to.in_string(|to| match self {
            Self::Text(json) => to.json(*json),
            Self::Draft(draft) => draft.write(to),
        });
    }
}

/// A list as it stands inside a model object: `{"elements":[…]}`.
#[derive(Clone, Copy)]
pub struct Elements<'m, D>(pub &'m [D]);

impl<D: WriteJson> WriteJson for Elements<'_, D> {
    fn write(&self, to: &mut Writer<'_>) {
        to.object(|to| to.member("elements", self.0));
    }
}

/// An object whose values are all strings, to be written.
#[derive(Clone, Copy)]
pub struct Map<'m>(pub &'m [(&'m str, &'m str)]);

impl WriteJson for Map<'_> {
    fn write(&self, to: &mut Writer<'_>) {
        to.object(|to| {
            for (name, value) in self.0 {
                to.member(name, *value);
            }
        });
    }
}
