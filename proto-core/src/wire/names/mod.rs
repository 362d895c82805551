//! Names on the wire: open enumerations.
//!
//! A name that is not listed is no error: it is carried as text and written back as it came, so a newer
//! terminal never breaks an older point of sale.

mod card;
mod device;
mod method;
mod order;
mod payment;
mod print;
mod regional;

pub use card::*;
pub use device::*;
pub use method::*;
pub use order::*;
pub use payment::*;
pub use print::*;
pub use regional::*;

/// Declares open enumerations, each value with its name on the wire.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident { $($value:ident = $wire:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum $name<'m> {
            $(#[doc = concat!("`", $wire, "`")] $value,)*
            /// A name that is not listed here.
            Unlisted($crate::wire::json::Text<'m>),
        }

        impl<'m> $name<'m> {
            /// Every listed value.
            pub const ALL: &'static [$name<'static>] = &[$($name::$value,)*];

            /// Every listed value's name on the wire.
            pub const NAMES: &'static [&'static str] = &[$($wire,)*];

            /// The value that has this name.
            #[must_use]
            pub fn from_name(name: $crate::wire::json::Text<'m>) -> Self {
                match name.as_str() {
                    $(Some($wire) => Self::$value,)*
                    Some(_) => Self::Unlisted(name),
                    // Any character may be written as an escape.
                    None => Self::ALL
                        .iter()
                        .find(|listed| listed.name() == name)
                        .copied()
                        .unwrap_or(Self::Unlisted(name)),
                }
            }

            /// The name on the wire.
            #[must_use]
            pub fn name(self) -> $crate::wire::json::Text<'m> {
                match self {
                    $(Self::$value => $wire.into(),)*
                    Self::Unlisted(name) => name,
                }
            }
        }

        impl<'m> $crate::wire::json::Read<'m> for $name<'m> {
            fn read(value: $crate::wire::json::Value<'m>) -> Option<Self> {
                <$crate::wire::json::Text<'m> as $crate::wire::json::Read<'m>>::read(value)
                    .map(Self::from_name)
            }
        }

        impl $crate::wire::json::WriteJson for $name<'_> {
            fn write(&self, to: &mut $crate::wire::json::Writer<'_>) {
                to.string(self.name());
            }
        }

        impl core::fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.name(), f)
            }
        }
    )*};
}
use names;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_itself() {
        for method in Method::ALL {
            assert_eq!(Method::from_name(method.name()), *method);
        }
        for state in UiState::ALL {
            assert_eq!(UiState::from_name(state.name()), *state);
        }
    }

    #[test]
    fn a_name_with_escapes_is_the_same_name() {
        let name = crate::wire::json::Text::from_json(r"FINISH\u005fOK");
        assert_eq!(Method::from_name(name), Method::FinishOk);
        let name = crate::wire::json::Text::from_json(r"FINISH\/OK");
        assert_eq!(Method::from_name(name), Method::Unlisted(name));
    }

    #[test]
    fn an_unknown_name_is_carried() {
        let new = UiState::from_name("SENSORY_EXPERIENCE_2".into());
        assert_eq!(new, UiState::Unlisted("SENSORY_EXPERIENCE_2".into()));
        assert_eq!(new.name(), "SENSORY_EXPERIENCE_2");
    }
}
