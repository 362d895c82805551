//! The messages, one file per family, both directions: a view to read each and a draft to write it.
//!
//! Every message is declared once. `TxStart<'m>` is the view, `TxStartDraft<'m>` the draft; see
//! `wire/object.rs` for what the two can do. Fields and versions are those of `protocol/messages.md`.

mod display;
mod liveness;
mod pairing;
mod print;
mod recovery;
mod transaction;

pub use display::*;
pub use liveness::*;
pub use pairing::*;
pub use print::*;
pub use recovery::*;
pub use transaction::*;

use crate::wire::json::Writer;
use crate::wire::names::Method;

/// What can be sent as a message.
pub trait MessageDraft {
    /// The name of the message.
    fn method(&self) -> Method<'_>;

    /// The version of the payload's format (`protocol/messages.md` §2).
    fn version(&self) -> i64;

    /// Writes the payload's members, without `method` and `version`.
    fn write_members(&self, to: &mut Writer<'_>);
}

/// Declares messages: their method, their payload's version, and their fields as in [`objects!`].
macro_rules! messages {
    ($(
        $(#[$doc:meta])*
        $view:ident, $draft:ident = $method:ident, $version:literal { $($fields:tt)* }
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

                fn write_members(&self, to: &mut $crate::wire::json::Writer<'_>) {
                    self.write_members(to);
                }
            }
        )*
    };
}
use messages;
