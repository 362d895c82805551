//! One declaration, two types: a view that reads an object, and a draft that writes it.
//!
//! The declarations in [`model`](crate::model) and [`message`](crate::message) are the tables of
//! `protocol/model.md` and `protocol/messages.md`, with the types that stand there. Everything else comes
//! from them: the views, the drafts, which fields are opened as JSON in a string, and the [shapes](super::shape).

/// Declares objects of the wire.
///
/// For `Name, NameDraft { field: kind = "wireName"; … }` it makes
///
/// - `Name<'m>`, a `Copy` view: each field a method that looks the value up, `None` when it is absent,
///   `null` or of the wrong kind;
/// - `NameDraft<'m>`, a struct with one `Option` per field: what can be built can be sent. `None` is not
///   written;
/// - `NameDraft::from(view)`, and its [`Shape`](super::Shape) as `Name::SHAPE`.
///
/// Names behind `|` are other spellings that are read; a name behind `&` is read too, and the value is
/// written under both.
///
/// | kind | is | is written from |
/// |---|---|---|
/// | `text`, `base64`, `secret`, `flag`, `int`, `money`, `time`, `number`, `name(Enum)` | one value | the same |
/// | `map` | texts by name | pairs |
/// | `opaque` | an object that is not described | JSON text |
/// | `object(V, D)` | an object | the draft `D` by value |
/// | `object(V)` | an object | a [`Nested`](super::Nested) draft |
/// | `json(V)` | JSON in a string | a [`Nested`](super::Nested) draft |
/// | `either(V, D)`, `either(V)` | read as JSON in a string too, written as an object | as `object` |
/// | `texts`, `list(V, D)` | a bare list | [`Nested`](super::Nested) drafts |
/// | `jsons(V, D)` | a bare list of JSON in strings | [`Nested`](super::Nested) drafts |
/// | `eithers(V, D)` | a bare list, read from JSON in strings too | [`Nested`](super::Nested) drafts |
/// | `elements(V, D)`, `element_texts`, `opaques` | `{"elements":[…]}` | [`Nested`](super::Nested) drafts |
///
/// `object(V, D)` is for what is small or always there. A `Nested` draft costs no code where nobody makes
/// one.
macro_rules! objects {
    ($(
        $(#[$doc:meta])*
        $view:ident, $draft:ident {
            $(
                $(#[$field_doc:meta])*
                $field:ident: $kind:ident $(($($of:ident),+))? = $wire:literal
                    $(& $twin:literal)? $(| $alias:literal)*;
            )*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $view<'m>($crate::wire::json::Object<'m>);

        impl<'m> $view<'m> {
            /// What is declared of this object.
            pub const SHAPE: $crate::wire::Shape = $crate::wire::Shape {
                name: stringify!($view),
                fields: Self::FIELDS,
                opened: {
                    const FIELDS: &[$crate::wire::Field] = $view::FIELDS;
                    const COUNT: usize = $crate::wire::shape::count_opened(FIELDS);
                    &$crate::wire::shape::opened::<COUNT>(FIELDS)
                },
                rewrite: |object, to| $draft::from($view::of(object)).write_members(to),
            };

            const FIELDS: &'static [$crate::wire::Field] = &[$(
                $crate::wire::Field {
                    name: $wire,
                    other_names: &[$($twin,)? $($alias,)*],
                    kind: $crate::wire::object::kind_of!($kind $($($of)+)?),
                },
            )*];

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
                #[doc = ""]
                #[doc = concat!("On the wire `", $wire, "`", $crate::wire::object::unit_of!($kind), ".")]
                #[must_use]
                pub fn $field(self) -> Option<$crate::wire::object::read_type!($kind $($($of)+)?)> {
                    self.0.field(&[$wire $(, $twin)? $(, $alias)*])
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
                #[doc = ""]
                #[doc = concat!("On the wire `", $wire, "`", $crate::wire::object::unit_of!($kind), ".")]
                pub $field: Option<$crate::wire::object::draft_type!($kind $($($of)+)?)>,
            )*
            /// Members that have no field here: name and JSON text.
            pub more: &'m [(&'m str, $crate::wire::json::Json<'m>)],
        }

        impl<'m> From<$view<'m>> for $draft<'m> {
            /// Takes over every declared field. Lists, and objects that are not drafts by value, go on as
            /// they were received.
            fn from(view: $view<'m>) -> Self {
                let _ = view;
                Self {
                    $($field: view.$field().map($crate::wire::object::to_draft!($kind $($($of)+)?)),)*
                    more: &[],
                }
            }
        }

        impl $draft<'_> {
            /// Writes the members into the object that is being written.
            pub fn write_members(&self, to: &mut $crate::wire::json::Writer<'_>) {
                $(
                    $crate::wire::object::put_as!($kind)(to, $wire, &self.$field);
                    $($crate::wire::object::put_as!($kind)(to, $twin, &self.$field);)?
                )*
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

        impl $crate::wire::DraftOf<$view<'_>> for $draft<'_> {}

        impl core::fmt::Debug for $draft<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(stringify!($draft))
            }
        }

        #[cfg(feature = "defmt")]
        impl defmt::Format for $draft<'_> {
            fn format(&self, f: defmt::Formatter<'_>) {
                defmt::write!(f, "{=str}", stringify!($draft));
            }
        }
    )*};
}

/// The type that a kind is read as.
#[rustfmt::skip]
macro_rules! read_type {
    (text) => { $crate::wire::json::Text<'m> };
    (base64) => { $crate::wire::json::Text<'m> };
    (secret) => { $crate::redact::Secret<'m> };
    (flag) => { bool };
    (int) => { i64 };
    (money) => { i64 };
    (time) => { i64 };
    (number) => { $crate::wire::Number<'m> };
    (name $name:ident) => { $name<'m> };
    (map) => { $crate::wire::json::Object<'m> };
    (opaque) => { $crate::wire::json::Object<'m> };
    (object $view:ident $($draft:ident)?) => { $view<'m> };
    (json $view:ident) => { $view<'m> };
    (either $view:ident $($draft:ident)?) => { $view<'m> };
    (texts) => { $crate::wire::json::List<'m, $crate::wire::json::Text<'m>> };
    (element_texts) => { $crate::wire::json::List<'m, $crate::wire::json::Text<'m>> };
    (opaques) => { $crate::wire::json::List<'m, $crate::wire::json::Object<'m>> };
    ($list:ident $view:ident $draft:ident) => { $crate::wire::json::List<'m, $view<'m>> };
}

/// The type that a kind is written from.
#[rustfmt::skip]
macro_rules! draft_type {
    (map) => { $crate::wire::Nested<'m, [(&'m str, &'m str)]> };
    (opaque) => { $crate::wire::json::Json<'m> };
    (object $view:ident $draft:ident) => { $draft<'m> };
    (either $view:ident $draft:ident) => { $draft<'m> };
    (object $view:ident) => { $crate::wire::Nested<'m, dyn $crate::wire::DraftOf<$view<'static>> + 'm> };
    (either $view:ident) => { $crate::wire::Nested<'m, dyn $crate::wire::DraftOf<$view<'static>> + 'm> };
    (json $view:ident) => { $crate::wire::InString<'m, dyn $crate::wire::DraftOf<$view<'static>> + 'm> };
    (texts) => { $crate::wire::Nested<'m, [&'m str]> };
    (element_texts) => { $crate::wire::Nested<'m, [&'m str]> };
    (opaques) => { $crate::wire::Nested<'m, [$crate::wire::json::Json<'m>]> };
    ($list:ident $view:ident $draft:ident) => { $crate::wire::Nested<'m, [$draft<'m>]> };
    ($($scalar:ident)+) => { $crate::wire::object::read_type!($($scalar)+) };
}

/// How what was read becomes what is written.
#[rustfmt::skip]
macro_rules! to_draft {
    (map) => { |object| $crate::wire::Nested::Text(object.json()) };
    (opaque) => { |object| object.json() };
    (object $view:ident $draft:ident) => { $draft::from };
    (either $view:ident $draft:ident) => { $draft::from };
    (object $view:ident) => { |view| $crate::wire::Nested::Text(view.object().json()) };
    (either $view:ident) => { |view| $crate::wire::Nested::Text(view.object().json()) };
    (json $view:ident) => { |view| $crate::wire::Nested::Text(view.object().json()) };
    (texts) => { |list| $crate::wire::Nested::Text(list.json()) };
    (element_texts) => { |list| $crate::wire::Nested::Text(list.json()) };
    (opaques) => { |list| $crate::wire::Nested::Text(list.json()) };
    ($list:ident $view:ident $draft:ident) => { |list| $crate::wire::Nested::Text(list.json()) };
    ($($scalar:ident)+) => { |value| value };
}

/// The function that writes a kind.
#[rustfmt::skip]
macro_rules! put_as {
    (json) => { $crate::wire::nested::put_in_string };
    (jsons) => { $crate::wire::nested::put_in_strings };
    (elements) => { $crate::wire::nested::put_elements };
    (element_texts) => { $crate::wire::nested::put_elements };
    (opaques) => { $crate::wire::nested::put_elements };
    ($other:ident) => { $crate::wire::nested::put };
}

/// The [`Kind`] of a kind.
#[rustfmt::skip]
macro_rules! kind_of {
    (text) => { $crate::wire::Kind::Text };
    (base64) => { $crate::wire::Kind::Base64 };
    (secret) => { $crate::wire::Kind::Secret };
    (flag) => { $crate::wire::Kind::Flag };
    (int) => { $crate::wire::Kind::Integer };
    (money) => { $crate::wire::Kind::Money };
    (time) => { $crate::wire::Kind::Time };
    (number) => { $crate::wire::Kind::Number };
    (name $name:ident) => { $crate::wire::Kind::Name(stringify!($name), $name::NAMES) };
    (map) => { $crate::wire::Kind::Map };
    (opaque) => { $crate::wire::Kind::Opaque };
    (object $view:ident $($draft:ident)?) => { $crate::wire::Kind::Object(&$view::SHAPE) };
    (json $view:ident) => { $crate::wire::Kind::InString(&$view::SHAPE) };
    (either $view:ident $($draft:ident)?) => { $crate::wire::Kind::Either(&$view::SHAPE) };
    (texts) => { $crate::wire::Kind::Texts };
    (list $view:ident $draft:ident) => { $crate::wire::Kind::List(&$view::SHAPE) };
    (jsons $view:ident $draft:ident) => { $crate::wire::Kind::InStrings(&$view::SHAPE) };
    (eithers $view:ident $draft:ident) => { $crate::wire::Kind::Eithers(&$view::SHAPE) };
    (elements $view:ident $draft:ident) => { $crate::wire::Kind::Elements(&$view::SHAPE) };
    (element_texts) => { $crate::wire::Kind::ElementTexts };
    (opaques) => { $crate::wire::Kind::Opaques };
}

/// What the documentation says of a kind.
#[rustfmt::skip]
macro_rules! unit_of {
    (money) => { ", in minor units" };
    (time) => { ", milliseconds since 1970" };
    (secret) => { ", a secret" };
    (base64) => { ", in Base64" };
    (name) => { ", an open enumeration" };
    (map) => { ", texts by name" };
    (opaque) => { ", not described further" };
    (opaques) => { ", a list that is not described further" };
    (json) => { ", JSON in a string" };
    (jsons) => { ", a list of JSON in strings" };
    ($other:ident) => { "" };
}

pub(crate) use {draft_type, kind_of, objects, put_as, read_type, to_draft, unit_of};
