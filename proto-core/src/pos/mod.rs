//! The point of sale: pairs, finds out when the terminal is ready, asks it for money, and says what
//! happened to the money.
//!
//! [`Pos`] is a [`Role`](crate::role::Role): its verbs are there, its requests are here.

mod answers;
mod asking;
mod calls;
mod config;
mod ending;
mod event;
mod outcome;
mod question;
mod request;
mod session;
mod state;
mod transaction;

pub use config::{Config, Deadlines, HOLD_LEN, Memory, SEND_LEN, Screens, TOKEN_LEN, WITHHELD_LEN};
pub use event::{Event, Unsolicited};
pub use outcome::{
    Cause, Certainty, Evidence, Finality, Outcome, OutcomeMessage, ResultCode, Summary,
};
pub use question::{Answer, Answered, Confirmation, Question, QuestionKind, SignatureCheck};
#[cfg(feature = "std")]
pub(crate) use request::Asked;
pub use request::{
    EXTERNAL_ID_LEN, Env, ExternalId, Refusal, Refused, RequestId, RequestKind, Sale, WrittenSale,
};
pub use session::Terminal as TerminalInfo;
pub use state::Pos;
