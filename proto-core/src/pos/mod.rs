//! The point of sale: pairs, finds out when the terminal is ready, asks it for money, and says what
//! happened to the money.
//!
//! [`Pos`] is a [`Role`](crate::role::Role): its verbs are there, its requests are here.
//!
//! # How a sale goes
//!
//! Each row is what happens, each column how the sale [stands](Standing), each cell how it stands afterwards and
//! what is told. The table is made by making each thing happen in each state, and a test compares.
#![doc = include_str!("states.md")]

mod answers;
mod asking;
mod calls;
mod case;
mod closing;
mod config;
mod ending;
mod event;
mod inquiry;
mod judging;
mod notes;
mod outcome;
pub mod proof;
mod query;
mod question;
mod recovery;
mod refunds;
mod request;
mod session;
mod state;
mod transaction;

pub use case::{Case, Standing};
pub use config::{
    Config, Deadlines, HOLD_LEN, Memory, SEND_LEN, SIGNATURE_LEN, Screens, TOKEN_LEN, WITHHELD_LEN,
};
pub use event::{Event, Unsolicited};
pub use outcome::{
    Cause, Certainty, Ending, Evidence, Finality, Missing, Outcome, OutcomeMessage, ResultCode,
    Summary,
};
pub use query::Query;
pub use question::{
    Answer, Answered, AnsweredBy, Confirmation, Question, QuestionKind, SignatureCheck,
};
#[cfg(feature = "std")]
pub(crate) use request::{Asked, sealed::Sealed};
pub use request::{
    Auth, EXTERNAL_ID_LEN, Env, ExternalId, Money, PAYMENT_ID_LEN, PaymentId, PreAuth, Refusal,
    Refused, RequestId, RequestKind, Sale, Written,
};
#[cfg(feature = "refund")]
pub use request::{ManualRefund, RefundPayment, VoidPayment};
pub use session::Terminal as TerminalInfo;
pub use state::Pos;
pub use transaction::REMEMBERED;
