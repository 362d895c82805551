//! Requests that are refused before anything is sent.

use core::fmt;

use super::RequestId;
use crate::pos::outcome::ResultCode;

/// A request was refused before anything was sent; nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Refused {
    /// Why, for programs.
    pub why: Refusal,
    /// The code that the reference has for it.
    pub result: ResultCode,
    /// The reference's short text.
    pub reason: &'static str,
    /// A sentence for people.
    pub message: &'static str,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// No terminal is ready. Wait for `BecameReady`.
    NotReady,
    /// Another request is open, or its outcome has not been fetched. Wait for it.
    Busy,
    /// The outcome of this earlier request is unknown. Wait until it is found out, or
    /// [`park`](crate::pos::Pos::park) it.
    Unresolved(RequestId),
    /// The external id was sent before. Take a fresh one for a new attempt, or say
    /// [`retry`](super::Sale::retry).
    IdUsed,
    /// The receive buffer is too small for a signature that is drawn on the screen: let the terminal accept
    /// it, take it on paper, or ask for none (`design.md` "Money" 12).
    NoRoomForSignature,
    /// A value is wrong. Mend it.
    Invalid,
    /// The merchant's settings do not allow it.
    Unsupported,
    /// It does not fit the memory that the caller lent. Lend more.
    Full {
        /// How many bytes it takes.
        needed: usize,
    },
    /// Every place for requests is taken by one that is not settled. Park or settle one, or lend more
    /// ([`cases`](crate::pos::Memory::cases)).
    NoPlace,
    /// The journal cannot be read, so it is not known whether the external id was sent before. Mend it.
    JournalFailed,
    /// There is no such request, or it has ended.
    Unknown,
    /// The question was withdrawn or answered already.
    Stale,
}

impl Refused {
    pub(crate) const fn invalid(message: &'static str) -> Self {
        Self {
            why: Refusal::Invalid,
            result: ResultCode::Fail,
            reason: "Request Validation Error",
            message,
        }
    }

    pub(crate) const fn not_ready(message: &'static str) -> Self {
        Self {
            why: Refusal::NotReady,
            result: ResultCode::Error,
            reason: "Device Connection Error",
            message,
        }
    }

    pub(crate) const fn unsupported(message: &'static str) -> Self {
        Self {
            why: Refusal::Unsupported,
            result: ResultCode::Unsupported,
            reason: "Merchant Configuration Validation Error",
            message,
        }
    }

    pub(crate) const fn busy() -> Self {
        Self {
            why: Refusal::Busy,
            result: ResultCode::Error,
            reason: "Busy",
            message: "Another request is open; wait for its outcome.",
        }
    }

    pub(crate) const fn unresolved(request: RequestId) -> Self {
        Self {
            why: Refusal::Unresolved(request),
            result: ResultCode::Error,
            reason: "Unresolved",
            message: "The outcome of an earlier request is unknown; wait until it is found out, or park it.",
        }
    }

    pub(crate) const fn id_used() -> Self {
        Self {
            why: Refusal::IdUsed,
            result: ResultCode::Fail,
            reason: "Request Validation Error",
            message: "The external id was sent before; a new attempt takes a fresh one.",
        }
    }

    pub(crate) const fn no_room_for_signature() -> Self {
        Self {
            why: Refusal::NoRoomForSignature,
            result: ResultCode::Fail,
            reason: "Request Validation Error",
            message: "The receive buffer is too small for a signature on the screen; accept it on the terminal, take it on paper, or ask for none.",
        }
    }

    pub(crate) const fn full(needed: usize) -> Self {
        Self {
            why: Refusal::Full { needed },
            result: ResultCode::Error,
            reason: "Out Of Memory",
            message: "The request does not fit the memory that was lent.",
        }
    }

    pub(crate) const fn no_place() -> Self {
        Self {
            why: Refusal::NoPlace,
            result: ResultCode::Error,
            reason: "Out Of Memory",
            message: "Every place for requests is taken by one that is not settled.",
        }
    }

    #[cfg(feature = "std")]
    pub(crate) const fn journal_failed() -> Self {
        Self {
            why: Refusal::JournalFailed,
            result: ResultCode::Error,
            reason: "Journal Error",
            message: "The journal cannot be read; nothing was sent.",
        }
    }

    pub(crate) const fn unknown() -> Self {
        Self {
            why: Refusal::Unknown,
            result: ResultCode::Fail,
            reason: "Request Validation Error",
            message: "There is no such request, or it has ended.",
        }
    }

    /// What was stored is not the last that was told, or is about to be.
    pub(crate) const fn old_news() -> Self {
        Self {
            message: "There is news of this request since: store that too.",
            ..Self::stale()
        }
    }

    pub(crate) const fn stale() -> Self {
        Self {
            why: Refusal::Stale,
            result: ResultCode::Fail,
            reason: "Request Validation Error",
            message: "The question was withdrawn or answered already.",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

impl core::error::Error for Refused {}
