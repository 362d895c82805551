//! The rules that hold in every world, whatever happens.

use std::fmt;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Every accepted request has exactly one outcome in the life of a process.
    OneOutcome,
    /// Across crashes every request that was put on record has an outcome that was told.
    Told,
    /// What the point of sale says was made or not made is on the terminal's books, or not.
    BooksAgree,
    /// No unknown remains that the terminal could have told.
    NoUnknownRemains,
    /// No external id is charged twice.
    ChargedOnce,
    /// No basket is paid twice.
    PaidOnce,
    /// No payment that reached the point of sale is dropped.
    NothingDropped,
    /// Nothing waits for ever.
    Ends,
    /// The memory is enough, and what is refused is refused for a good reason.
    Memory,
    /// No start is sent twice under one external id.
    SentOnce,
    /// A question that is void is not answered.
    NoStaleAnswer,
    /// Nothing leaves before its intent is on record.
    RecordedFirst,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneOutcome => "one outcome in a life",
            Self::Told => "told across crashes",
            Self::BooksAgree => "the books agree",
            Self::NoUnknownRemains => "no unknown remains",
            Self::ChargedOnce => "an id is charged once",
            Self::PaidOnce => "a basket is paid once",
            Self::NothingDropped => "no payment is dropped",
            Self::Ends => "nothing waits for ever",
            Self::Memory => "memory within bounds",
            Self::SentOnce => "a start is sent once",
            Self::NoStaleAnswer => "no stale answer",
            Self::RecordedFirst => "on record before it leaves",
        })
    }
}
