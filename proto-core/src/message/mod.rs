//! The messages, one file per family, both directions: a view to read each and a draft to write it.
//!
//! Every message is declared once, with the fields and the version of `protocol/messages.md` §3.
//! `TxStart<'m>` is the view, `TxStartDraft<'m>` the draft; see `wire/object.rs` for what the two can do.
//! A message whose name is that of a model or an enumeration has `Message` behind it.
//!
//! Typed are the messages that are in use, those of the cloud's proxy included. The others have their names
//! in [`Method`]; they are read as their payload's [`Object`](crate::wire::json::Object), opened as well.

mod activity;
mod card;
mod closeout;
mod cloud;
mod customer;
mod device;
mod discovery;
mod display;
mod pairing;
mod preauth;
mod print;
mod receipt;
mod recovery;
mod refund;
mod transaction;
mod ui;

pub use activity::*;
pub use card::*;
pub use closeout::*;
pub use cloud::*;
pub use customer::*;
pub use device::*;
pub use discovery::*;
pub use display::*;
pub use pairing::*;
pub use preauth::*;
pub use print::*;
pub use receipt::*;
pub use recovery::*;
pub use refund::*;
pub use transaction::*;
pub use ui::*;

use crate::wire::json::Writer;
use crate::wire::names::{MessageType, Method};
use crate::wire::{Inside, Opened, Shape};

/// What can be sent as a message.
pub trait MessageDraft {
    /// The name of the message.
    fn method(&self) -> Method<'_>;

    /// The version of the payload's format (`protocol/messages.md` §2).
    fn version(&self) -> i64;

    /// What the message is (`protocol/link.md` §4.2): a command, but for one.
    fn kind(&self) -> MessageType<'_> {
        MessageType::Command
    }

    /// Writes the payload's members, without `method` and `version`.
    fn write_members(&self, to: &mut Writer<'_>);
}

/// A message with another version of the payload's format than the usual one, e.g. VOID_PAYMENT for a
/// terminal that does not answer it (`protocol/messages.md` §2.1).
#[derive(Clone, Copy)]
pub struct AtVersion<'d>(pub i64, pub &'d dyn MessageDraft);

impl MessageDraft for AtVersion<'_> {
    fn method(&self) -> Method<'_> {
        self.1.method()
    }

    fn version(&self) -> i64 {
        self.0
    }

    fn kind(&self) -> MessageType<'_> {
        self.1.kind()
    }

    fn write_members(&self, to: &mut Writer<'_>) {
        self.1.write_members(to);
    }
}

impl core::fmt::Debug for AtVersion<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} version {}", self.method(), self.0)
    }
}

/// Who sends a message (`protocol/messages.md` §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Direction {
    /// The point of sale.
    ToTerminal,
    /// The terminal.
    ToPos,
    /// Either.
    Both,
}

/// What is declared of a message.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Declared {
    /// Its name.
    pub method: Method<'static>,
    /// Who sends it.
    pub direction: Direction,
    /// The version of the payload's format that is written.
    pub version: i64,
    /// What it is in the envelope.
    pub kind: MessageType<'static>,
    /// Its payload.
    pub shape: &'static Shape,
}

macro_rules! families {
    ($($family:ident)*) => {
        /// Every typed message, by family.
        pub const FAMILIES: &[&[Declared]] = &[$($family::FAMILY,)*];

        /// The fields of a message's payload that are opened as JSON in a string.
        pub(crate) fn opened(method: Method<'_>) -> &'static [Opened] {
            None$(.or_else(|| $family::opened(method)))*.unwrap_or_else(|| opened_untyped(method))
        }
    };
}

families! {
    activity
    card
    closeout
    cloud
    customer
    device
    discovery
    display
    pairing
    preauth
    print
    receipt
    recovery
    refund
    transaction
    ui
}

/// The same for the messages that are not typed (`protocol/model.md` §1).
fn opened_untyped(method: Method<'_>) -> &'static [Opened] {
    match method {
        Method::VoidCreditResponse => const { &[in_string("credit")] },
        Method::OrderActionAddDiscount => const { &[in_string("addDiscountAction")] },
        Method::OrderActionRemoveDiscount => const { &[in_string("removeDiscountAction")] },
        Method::OrderActionAddLineItem => const { &[in_string("addLineItemAction")] },
        Method::OrderActionRemoveLineItem => {
            const {
                &[
                    in_string("removeLineItemAction"),
                    in_string("removeLineItem"),
                ]
            }
        }
        Method::OrderActionResponse => const { &[in_string("orderActionResponse")] },
        Method::RetrieveCustomActivitiesResponse => &[Opened {
            name: "activities",
            inside: Inside::Items,
        }],
        _ => &[],
    }
}

const fn in_string(name: &'static str) -> Opened {
    Opened {
        name,
        inside: Inside::Value,
    }
}

/// What is declared of the message of this name; `None` if it is not typed.
#[must_use]
pub fn declared(method: Method<'_>) -> Option<&'static Declared> {
    FAMILIES
        .iter()
        .flat_map(|family| family.iter())
        .find(|declared| declared.method == method)
}

/// Declares the messages of a family: their method, who sends them, their payload's version, and their
/// fields as in [`objects!`](crate::wire::object::objects).
macro_rules! messages {
    ($(
        $(#[$doc:meta])*
        $view:ident, $draft:ident = $method:ident, $direction:ident, $version:literal $(, $kind:ident)? {
            $($fields:tt)*
        }
    )*) => {
        $crate::wire::object::objects! { $($(#[$doc])* $view, $draft { $($fields)* })* }
        $(
            impl<'m> $view<'m> {
                /// The name of this message.
                pub const METHOD: $crate::wire::names::Method<'static> =
                    $crate::wire::names::Method::$method;

                /// This view of a message, if it is one of these.
                #[must_use]
                pub fn from_message(message: &$crate::wire::Message<'m>) -> Option<Self> {
                    (message.method == Some(Self::METHOD)).then_some(Self::of(message.payload))
                }
            }

            impl $crate::message::MessageDraft for $draft<'_> {
                fn method(&self) -> $crate::wire::names::Method<'_> {
                    $view::METHOD
                }

                fn version(&self) -> i64 {
                    $version
                }

                $(fn kind(&self) -> $crate::wire::names::MessageType<'_> {
                    $crate::wire::names::MessageType::$kind
                })?

                fn write_members(&self, to: &mut $crate::wire::json::Writer<'_>) {
                    self.write_members(to);
                }
            }
        )*

        /// The messages of this family.
        pub(super) const FAMILY: &[$crate::message::Declared] = &[$(
            $crate::message::Declared {
                method: $view::METHOD,
                direction: $crate::message::Direction::$direction,
                version: $version,
                kind: $crate::message::messages!(@kind $($kind)?),
                shape: &$view::SHAPE,
            },
        )*];

        /// The fields of a message of this family that are opened as JSON in a string.
        pub(super) fn opened(
            method: $crate::wire::names::Method<'_>,
        ) -> Option<&'static [$crate::wire::Opened]> {
            match method {
                $($crate::wire::names::Method::$method => Some(const { $view::SHAPE.opened }),)*
                _ => None,
            }
        }
    };
    (@kind) => {
        $crate::wire::names::MessageType::Command
    };
    (@kind $kind:ident) => {
        $crate::wire::names::MessageType::$kind
    };
}
use messages;
