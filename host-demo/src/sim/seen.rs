//! What happens at the terminal, for people to see.

use proto_core::pos::RequestKind;

use super::Pairing;

/// What happens at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// A point of sale is connected.
    Connected(String),
    /// It is gone.
    Disconnected(String),
    /// This code is to be typed; by whom.
    Code(String, Pairing),
    /// The code was right, or a token was known.
    Paired {
        /// Its name.
        name: String,
        /// Whether a code was needed.
        with_code: bool,
    },
    /// The code was wrong.
    WrongCode,
    /// A line of text is shown.
    Message(String),
    /// The welcome screen is shown.
    Welcome,
    /// The thank-you screen is shown.
    ThankYou,
    /// Something that moves money is asked for.
    Begun {
        /// What.
        kind: RequestKind,
        /// How much in minor units; 0 for a void.
        amount: i64,
        /// The point of sale's id; for a refund or a void the terminal's id of the payment.
        id: String,
    },
    /// It was not started.
    NotStarted(&'static str),
    /// A screen.
    Screen {
        /// Its name on the wire.
        state: String,
        /// The text on it.
        text: String,
    },
    /// The customer added a tip, in minor units.
    Tip(i64),
    /// The customer took cash back, in minor units.
    Cashback(i64),
    /// The issuer approved no more than this, in minor units.
    Partial(i64),
    /// The point of sale is asked: what, and in which words.
    Asked(Question, &'static str),
    /// It has answered.
    Answered(Question, bool),
    /// It is told what to print.
    Printed(&'static str),
    /// The payment was voided, for this reason.
    Voided(String),
    /// The sale was paid.
    Paid {
        /// The payment's id.
        payment: String,
        /// What was charged in minor units.
        amount: i64,
    },
    /// Money was given back.
    GivenBack {
        /// The id of the credit or the refund.
        id: String,
        /// How much in minor units.
        amount: i64,
    },
    /// What was taken offline was sent: the payment's id, and whether the bank approved it.
    Sent(String, bool),
    /// It ended without a payment, or whatever it was to bring.
    NotDone(RequestKind),
    /// The point of sale pressed a key.
    Key {
        /// Which.
        key: String,
        /// Whether the screen offers it.
        offered: bool,
    },
    /// The point of sale reset the terminal.
    Reset,
    /// Something was refused or could not be read.
    Trouble(String),
}

/// What the point of sale is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether to go on with a payment.
    Payment,
    /// Whether a signature is right.
    Signature,
}
