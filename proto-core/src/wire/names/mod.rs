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

use super::json::Text;

/// A list that is longer stands in the order of its names, so that one is found by halving.
const FEW: usize = 32;

/// Whether a list stands in the order that it is searched in.
const fn is_ordered(names: &[&str]) -> bool {
    let mut rest = names;
    while let [name, behind @ ..] = rest {
        if let [next, ..] = behind
            && !is_before(name.as_bytes(), next.as_bytes())
        {
            return false;
        }
        rest = behind;
    }
    true
}

const fn is_before(name: &[u8], other: &[u8]) -> bool {
    let (mut name, mut other) = (name, other);
    while let ([a, behind_a @ ..], [b, behind_b @ ..]) = (name, other) {
        if *a != *b {
            return *a < *b;
        }
        (name, other) = (behind_a, behind_b);
    }
    name.is_empty() && !other.is_empty()
}

/// Declares open enumerations, each value with its name on the wire. More than [`FEW`] values stand in the order of
/// their names.
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
            pub const NAMES: &'static [&'static str] = {
                const NAMES: &[&str] = &[$($wire,)*];
                const {
                    assert!(
                        NAMES.len() <= $crate::wire::names::FEW
                            || $crate::wire::names::is_ordered(NAMES)
                    );
                }
                NAMES
            };

            /// The value that has this name.
            #[must_use]
            pub fn from_name(name: $crate::wire::json::Text<'m>) -> Self {
                Self::listed(name).unwrap_or(Self::Unlisted(name))
            }

            /// The value that is listed under this name.
            pub(crate) fn listed(name: $crate::wire::json::Text<'_>) -> Option<Self> {
                $crate::wire::names::place_of(name, Self::NAMES).and_then(Self::at)
            }

            /// The name on the wire.
            #[must_use]
            pub fn name(self) -> $crate::wire::json::Text<'m> {
                match self {
                    Self::Unlisted(name) => name,
                    listed => {
                        let name = Self::NAMES.get(listed.place());
                        name.copied().unwrap_or_default().into()
                    }
                }
            }
        }

        // From a value to its place in the lists and back. Apart from what uses them, so that they are a sum and a
        // difference, and no tables of what stands in the lists.
        const _: () = {
            enum Place {
                $($value,)*
                Unlisted,
            }

            impl<'m> $name<'m> {
                #[inline(never)]
                fn at(place: usize) -> Option<Self> {
                    match place {
                        $(place if place == Place::$value as usize => Some(Self::$value),)*
                        _ => None,
                    }
                }

                #[inline(never)]
                fn place(self) -> usize {
                    match self {
                        $(Self::$value => Place::$value as usize,)*
                        Self::Unlisted(_) => Place::Unlisted as usize,
                    }
                }
            }
        };

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

/// Where a name stands in a list of them. One search for all enumerations: code for each of several hundred names
/// would be much of what a till links.
#[inline(never)]
fn place_of(name: Text<'_>, names: &[&str]) -> Option<usize> {
    match name.as_str() {
        Some(plain) if names.len() > FEW => names.binary_search(&plain).ok(),
        Some(plain) => names.iter().position(|listed| *listed == plain),
        // Any character may be written as an escape.
        None => names.iter().position(|listed| name == *listed),
    }
}

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
