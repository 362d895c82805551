//! Asking for a payment as often as one likes, and being paid once.

use core::fmt;
use std::sync::mpsc::{RecvError, RecvTimeoutError};
use std::time::Duration;

use super::connector::{Canceller, Ticket};
use super::outcome::{NotMade, Outcome};
use crate::journal::Record;
use crate::pos::{
    Asked, Cause, Certainty, ExternalId, Finality, Refused, RequestId, RequestKind, Sale,
    Sealed as _, Summary,
};

/// Whether the customer has paid what is asked for under one external id: the answer of
/// [`Connector::ensure_paid`](super::Connector::ensure_paid).
#[derive(Debug, Clone)]
#[must_use = "it says whether the customer has paid"]
pub enum Paid {
    /// In full. Asked again, the answer is the same.
    Full(Summary),
    /// An approval for less. What is left is another attempt, under another external id.
    Partial {
        /// What was charged in minor units, without the tip.
        approved: i64,
        /// What is left in minor units.
        remaining: i64,
        /// The outcome in figures.
        summary: Summary,
    },
    /// Not at all. Only [`Sale::retry`](crate::pos::Sale::retry) makes another attempt.
    NotMade(NotMade),
    /// It is not known, and is still being found out.
    Unknown {
        /// The id to ask again for, and nothing else.
        ask: ExternalId,
        /// Why it is not known.
        why: NotMade,
    },
    /// Something else is on record under this id, or was found under it. A person must look.
    Conflict(Conflict),
}

/// What is known under an external id is not what was asked for.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// What differs.
    pub differs: Differs,
    /// What is known.
    pub known: Summary,
}

/// In what a request differs from what is known under its external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    /// Another amount.
    Amount,
    /// Another kind of request.
    Kind,
    /// Another terminal was asked.
    Terminal,
}

impl Differs {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::Kind => "kind",
            Self::Terminal => "terminal",
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary {
            external_id, kind, ..
        } = &self.known;
        let kind = kind.name();
        match self.differs {
            Differs::Amount => write!(
                f,
                "{external_id} is a {kind} of another amount: {} was asked for and {} approved, in minor units",
                self.known.requested, self.known.approved
            ),
            Differs::Kind => write!(f, "{external_id} is a request of another kind: {kind}"),
            Differs::Terminal => write!(f, "another terminal was asked for {external_id}"),
        }
    }
}

impl Paid {
    /// What these records, all of them under the external id of the sale, say of it without a terminal; `None` if
    /// a terminal must be asked.
    ///
    /// # Errors
    ///
    /// [`Refused`] if there can be no such sale.
    pub fn by_records(records: &[Record], sale: &Sale<'_>) -> Result<Option<Self>, Refused> {
        Ok(Self::on_record(records, &sale.check()?, None))
    }

    /// What is on record under the external id of this request, held against it; `terminal` is the one that is
    /// connected, if one is. `None` if a terminal must be asked: nothing is on record, or nothing that is certain, or
    /// another attempt is asked for by name.
    pub(crate) fn on_record(
        records: &[Record],
        asked: &Asked,
        terminal: Option<&str>,
    ) -> Option<Self> {
        let was_made = |record: &&Record| certainty(record) != Certainty::NotMade;
        let record = records.iter().rev().find(was_made);
        let record = record.or(records.last())?;
        let known = Summary::of(record, true).unwrap_or_else(|| Summary::open(record));
        let differs = if record.kind != asked.kind {
            Some(Differs::Kind)
        } else if record.amount != asked.amount {
            Some(Differs::Amount)
        } else if known.certainty != Certainty::NotMade
            && terminal.is_some_and(|serial| record.terminal != serial)
        {
            Some(Differs::Terminal)
        } else {
            None
        };
        if let Some(differs) = differs {
            return Some(Self::Conflict(Conflict { differs, known }));
        }
        match known.certainty {
            Certainty::Made(_) => Some(Self::made(known, false)),
            Certainty::NotMade if asked.retry => None,
            Certainty::NotMade => Some(Self::NotMade(NotMade::on_record(record, known))),
            Certainty::Unknown => None,
        }
    }

    /// The request under this id whose end is not known yet.
    pub(crate) fn open_in(records: &[Record]) -> Option<RequestId> {
        let open = |record: &&Record| certainty(record) == Certainty::Unknown;
        let record = records.iter().rev().find(open)?;
        Some(record.request)
    }

    /// What an outcome says; `found` is whether its payment was found under an id that had been used before.
    fn of(outcome: Outcome, found: bool) -> Self {
        match outcome {
            Outcome::Made { summary, .. } => Self::made(summary, found),
            Outcome::NotMade(why) => Self::NotMade(why),
            Outcome::Unknown { ask, why } => Self::Unknown { ask, why },
        }
    }

    fn made(summary: Summary, found: bool) -> Self {
        let reserved = summary.certainty == Certainty::Made(Finality::Authorised);
        let differs = if reserved && summary.kind != RequestKind::PreAuth {
            Some(Differs::Kind)
        } else if summary.approved > summary.requested
            || found && summary.approved != summary.requested
        {
            Some(Differs::Amount)
        } else {
            None
        };
        match (differs, summary.remaining()) {
            (Some(differs), _) => Self::Conflict(Conflict {
                differs,
                known: summary,
            }),
            (None, 0) => Self::Full(summary),
            (None, remaining) => Self::Partial {
                approved: summary.approved,
                remaining,
                summary,
            },
        }
    }

    /// What is known, in figures.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        match self {
            Self::Full(summary) | Self::Partial { summary, .. } => summary,
            Self::NotMade(why) | Self::Unknown { why, .. } => &why.summary,
            Self::Conflict(conflict) => &conflict.known,
        }
    }
}

fn certainty(record: &Record) -> Certainty {
    let ending = record.ending.as_ref();
    ending.map_or(Certainty::Unknown, |ending| ending.certainty)
}

/// A payment that is being ensured. [`wait`](Self::wait) says what became of it.
#[derive(Debug)]
#[must_use = "it says whether the customer has paid"]
pub struct Ensuring(pub(super) Known);

#[derive(Debug)]
pub(super) enum Known {
    /// It is on record; no terminal was asked.
    Already(Box<Paid>),
    /// The terminal was asked just now.
    Asked(Ticket),
    /// It was asked before, and what became of that is being found out.
    Open(Ticket),
}

impl Ensuring {
    /// The answer, if it is on record: then nothing was sent.
    #[must_use]
    pub fn known(&self) -> Option<&Paid> {
        match &self.0 {
            Known::Already(paid) => Some(paid),
            Known::Asked(_) | Known::Open(_) => None,
        }
    }

    /// A handle that cancels it from any thread, if a terminal was asked.
    #[must_use]
    pub fn canceller(&self) -> Option<Canceller> {
        match &self.0 {
            Known::Already(_) => None,
            Known::Asked(ticket) | Known::Open(ticket) => Some(ticket.canceller()),
        }
    }

    /// The request that it waits for, if a terminal was asked.
    #[must_use]
    pub fn request(&self) -> Option<RequestId> {
        match &self.0 {
            Known::Already(_) => None,
            Known::Asked(ticket) | Known::Open(ticket) => Some(ticket.request()),
        }
    }

    /// Waits for the outcome and, while that is unknown, for at most `limit` for what is found out about it.
    pub fn wait(self, limit: Duration) -> Paid {
        let first = match &self.0 {
            Known::Asked(_) => None,
            _ => Some(limit),
        };
        self.wait_both(first, limit)
    }

    /// Waits for at most `limit` for the outcome, and again for what is found out about an unknown one. The request
    /// goes on; what becomes of it is told when it is asked for again.
    pub fn wait_for(self, limit: Duration) -> Paid {
        self.wait_both(Some(limit), limit)
    }

    fn wait_both(self, first: Option<Duration>, limit: Duration) -> Paid {
        let ticket = match self.0 {
            Known::Already(paid) => return *paid,
            Known::Asked(ticket) | Known::Open(ticket) => ticket,
        };
        let outcome = match first {
            Some(first) => ticket.outcome.recv_timeout(first),
            None => ticket
                .outcome
                .recv()
                .map_err(|RecvError| RecvTimeoutError::Disconnected),
        };
        let unknown = match outcome {
            Ok(unknown @ Outcome::Unknown { .. }) => unknown,
            Ok(known) => return Paid::of(known, false),
            Err(RecvTimeoutError::Timeout) => return Paid::of(ticket.unresolved(), false),
            Err(RecvTimeoutError::Disconnected) => return Paid::of(ticket.abandoned(), false),
        };
        let found = unknown.summary().cause == Cause::Duplicate;
        let resolved = ticket.outcome.recv_timeout(limit).unwrap_or(unknown);
        Paid::of(resolved, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{RECORD_VERSION, RecordState};
    use crate::pos::{Ending, Evidence, ResultCode};

    fn asked(amount: i64, retry: bool) -> Asked {
        let sale = Sale {
            retry,
            ..Sale::new(amount).external_id("INV-1")
        };
        sale.check().unwrap()
    }

    fn record(kind: RequestKind, end: Option<(Certainty, i64)>) -> Record {
        Record {
            version: RECORD_VERSION,
            request: RequestId::from_number(1),
            kind,
            external_id: ExternalId::new("INV-1").unwrap(),
            payment: None,
            original: None,
            amount: 1_000,
            tip: None,
            terminal: "C1".try_into().unwrap(),
            merchant: "M1".try_into().unwrap(),
            simulated: false,
            unix_ms: None,
            other_paid: false,
            state: RecordState::Outcome,
            ending: end.map(|(certainty, approved)| Ending {
                approved,
                ..Ending::new(
                    certainty,
                    ResultCode::Success,
                    Cause::Failed,
                    Evidence::FinishOk,
                )
            }),
        }
    }

    fn name(paid: Option<Paid>) -> &'static str {
        match paid {
            None => "ask",
            Some(Paid::Full(_)) => "full",
            Some(Paid::Partial { .. }) => "partial",
            Some(Paid::NotMade(_)) => "not made",
            Some(Paid::Unknown { .. }) => "unknown",
            Some(Paid::Conflict(conflict)) => conflict.differs.name(),
        }
    }

    const MADE: Certainty = Certainty::Made(Finality::Final);

    #[test]
    fn what_is_on_record_is_the_answer_or_a_conflict() {
        use RequestKind::{Auth, Sale};
        let sale = |end| vec![record(Sale, end)];
        let not_made = Some((Certainty::NotMade, 0));
        for (on_record, retry, terminal, answer) in [
            (vec![], false, Some("C1"), "ask"),
            (sale(Some((MADE, 1_000))), false, None, "full"),
            (sale(Some((MADE, 1_000))), true, Some("C1"), "full"),
            (sale(Some((MADE, 600))), false, Some("C1"), "partial"),
            (sale(Some((MADE, 1_200))), false, Some("C1"), "amount"),
            (sale(Some((MADE, 1_000))), false, Some("C2"), "terminal"),
            (sale(None), false, Some("C1"), "ask"),
            (sale(None), false, Some("C2"), "terminal"),
            (sale(Some((Certainty::Unknown, 0))), true, Some("C1"), "ask"),
            (sale(not_made), false, Some("C1"), "not made"),
            (sale(not_made), false, Some("C2"), "not made"),
            (sale(not_made), true, Some("C2"), "ask"),
            (vec![record(Auth, None)], false, Some("C1"), "kind"),
            // One attempt that was made counts more than a later one that was not.
            (
                vec![record(Sale, Some((MADE, 1_000))), record(Sale, not_made)],
                true,
                Some("C1"),
                "full",
            ),
        ] {
            let paid = Paid::on_record(&on_record, &asked(1_000, retry), terminal);
            assert_eq!(name(paid), answer, "{on_record:?} {retry} {terminal:?}");
        }
        let other = Paid::on_record(&sale(not_made), &asked(2_000, true), None);
        assert_eq!(name(other), "amount");
    }

    #[test]
    fn what_was_found_under_a_used_id_must_be_of_the_amount() {
        let summary = |approved| {
            let record = record(RequestKind::Sale, Some((MADE, approved)));
            Summary::of(&record, false).unwrap()
        };
        assert_eq!(name(Some(Paid::made(summary(1_000), true))), "full");
        assert_eq!(name(Some(Paid::made(summary(600), true))), "amount");
        assert_eq!(name(Some(Paid::made(summary(600), false))), "partial");
    }
}
