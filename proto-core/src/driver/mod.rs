//! The driver for desktop and server threads (feature `std`): a handle for any thread.
//!
//! One thread owns the link, the role and the journal. [`Connector`] is the handle to it: requests go in
//! through an inbox that wakes the thread, questions and events come out through closures that run on it,
//! and each request comes back as a [`Ticket`] that can be waited for. A question that a person must answer
//! leaves the thread as a [`PendingQuestion`].

mod alarm;
mod clock;
mod config;
mod connector;
mod journal;
mod outcome;
mod paid;
mod park;
mod question;
mod thread;
mod token;

pub use alarm::Alarm;
pub use clock::StdClock;
pub use config::Config;
pub use connector::{Builder, Canceller, Connector, NotReady, Ticket};
pub use journal::{
    FileJournal, JournalEntry, JournalError, JournalLock, KEEP_DAYS, MemoryJournal, Records,
    Repaired,
};
pub use outcome::{NotMade, Outcome, OwnedPayment};
pub use paid::{Conflict, Differs, Ensuring, Paid};
pub use park::{Park, ThreadPark, block_on};
pub use question::{PendingQuestion, Question, Reply};
pub use token::{FileTokens, MemoryTokens, TokenKey, Tokens};
