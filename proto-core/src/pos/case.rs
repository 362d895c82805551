//! Cases: every request from its intent until there is nothing left to do about it.
//!
//! A case is the request while it is open, what is to be written into the journal about it, what is to be told
//! to the application, and what is still to be found out. Its record is the only copy of what was asked and of
//! how it ended.

use core::fmt;

use super::outcome::{Cause, Certainty, Evidence, Finality, Missing};
use super::request::{ExternalId, RequestId};
use super::transaction::{Open, Stage};
use crate::journal::{Record, RecordState};
use crate::time::{Duration, Instant};
use crate::wire::json::Text;

/// Room for one request and what is left of it; see [`Memory::cases`](super::Memory::cases).
#[derive(Clone)]
pub struct Case(Option<Entry>);

impl Case {
    /// No request.
    pub const EMPTY: Self = Self(None);

    pub(crate) fn request(&self) -> Option<RequestId> {
        self.0.as_ref().map(|entry| entry.record.request)
    }
}

impl Default for Case {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.request() {
            None => f.write_str("Case(empty)"),
            Some(request) => write!(f, "Case({request})"),
        }
    }
}

/// How a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Standing {
    /// Its message waits for the journal, or for the link.
    Withheld,
    /// Its message may have left; the terminal has not said that it took it.
    Sent,
    /// The terminal has taken it.
    Taken,
    /// The terminal waits for an answer to a question about it.
    Asking,
    /// The terminal is asked what became of it; the outcome is still open.
    InDoubt,
    /// Its outcome was told as unknown; it is still being found out.
    Unknown,
    /// It was made offline; whether it is approved is still being found out.
    Offline,
    /// Nothing more is to be found out.
    Settled,
}

impl Standing {
    /// Its name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Withheld => "withheld",
            Self::Sent => "sent",
            Self::Taken => "taken",
            Self::Asking => "asking",
            Self::InDoubt => "in doubt",
            Self::Unknown => "unknown",
            Self::Offline => "offline",
            Self::Settled => "settled",
        }
    }
}

/// What the case of one request holds.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) record: Record,
    /// What is to be written into the journal.
    pub(super) due: Due,
    /// Whether the journal may have the intent: then it must get the end too.
    pub(super) on_record: bool,
    /// What `poll_event` still has to tell.
    pub(super) tell: Option<Told>,
    /// Whether the outcome was told, or is about to be: everything after that is news about it.
    pub(super) told: bool,
    /// Whether the application has stored the end as it stands.
    pub(super) stored: bool,
    /// Whether it comes from a journal, so that its outcome may have been told before.
    pub(super) resumed: bool,
    /// The link session of this run on which its message may have left.
    pub(super) session: Option<u32>,
    /// The terminal has shown on that session that something started; it may be about a transaction before.
    pub(super) started: bool,
    /// The terminal has said that it took it.
    pub(super) taken: bool,
    /// The request while it is open.
    pub(super) open: Option<Open>,
    /// What is still to be found out.
    pub(super) doubt: Option<Doubt>,
}

/// Which records are to be written, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Due {
    pub(super) intent: bool,
    pub(super) outcome: bool,
    pub(super) delivered: bool,
}

impl Due {
    pub(super) const fn first(self) -> Option<RecordState> {
        if self.intent {
            Some(RecordState::Intent)
        } else if self.outcome {
            Some(RecordState::Outcome)
        } else if self.delivered {
            Some(RecordState::Delivered)
        } else {
            None
        }
    }

    pub(super) const fn done(&mut self, state: RecordState) {
        match state {
            RecordState::Intent => self.intent = false,
            RecordState::Outcome => self.outcome = false,
            RecordState::Delivered => self.delivered = false,
        }
    }
}

/// As what an end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// The one outcome of the request.
    Outcome,
    /// What became of one whose outcome was unknown, or taken offline.
    Resolved,
}

/// What is still to be found out about a case, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt {
    /// When the terminal is to be asked, if that can help.
    pub(super) ask_at: Option<Instant>,
    /// How often it was asked in vain.
    pub(super) asked: u8,
    /// When the outcome is unknown, if it was not told by then.
    pub(super) unknown_at: Option<Instant>,
    /// Why there is a doubt.
    pub(super) cause: Cause,
    /// What an unknown end rests on.
    pub(super) evidence: Evidence,
    /// What is missing.
    pub(super) missing: Missing,
}

impl Doubt {
    /// A doubt for this reason; the terminal is asked as soon as possible.
    pub(super) const fn new(now: Instant, cause: Cause, unknown_at: Option<Instant>) -> Self {
        Self {
            ask_at: Some(now),
            asked: 0,
            unknown_at,
            cause,
            evidence: Evidence::None,
            missing: Missing::Answer,
        }
    }
}

impl Entry {
    pub(super) const fn new(record: Record) -> Self {
        Self {
            record,
            due: Due {
                intent: false,
                outcome: false,
                delivered: false,
            },
            on_record: false,
            tell: None,
            told: false,
            stored: false,
            resumed: false,
            session: None,
            started: false,
            taken: false,
            open: None,
            doubt: None,
        }
    }

    /// How it stands; `asking` is whether a question is open.
    pub(super) fn standing(&self, asking: bool) -> Standing {
        match (&self.record.ending, &self.open) {
            (Some(ending), _) => match ending.certainty {
                Certainty::Unknown => Standing::Unknown,
                Certainty::Made(Finality::Offline) => Standing::Offline,
                _ => Standing::Settled,
            },
            (None, Some(open)) if open.stage != Stage::Sent => Standing::Withheld,
            (None, _) if self.doubt.is_some() => Standing::InDoubt,
            (None, _) if asking => Standing::Asking,
            (None, Some(_)) if self.taken => Standing::Taken,
            (None, _) => Standing::Sent,
        }
    }

    /// Whether the request has no end that is certain, or none that is final.
    #[inline(never)]
    pub(super) fn is_unsettled(&self) -> bool {
        !self.record.is_settled()
    }

    /// Whether it keeps the till from asking for more money.
    #[inline(never)]
    pub(super) fn is_unresolved(&self) -> bool {
        match &self.record.ending {
            None => true,
            Some(ending) => ending.certainty == Certainty::Unknown && !ending.parked,
        }
    }

    /// Whether a payment with this external id belongs to it.
    pub(super) fn is_under(&self, id: Text<'_>) -> bool {
        self.record.kind.is_charge() && id == *self.record.external_id.as_str()
    }

    /// What the terminal can be asked for; a manual refund is never found.
    pub(super) fn key(&self) -> Option<&ExternalId> {
        if self.record.kind.is_charge() {
            Some(&self.record.external_id)
        } else {
            self.record.original.as_ref()
        }
    }

    /// Whether nothing is left to do.
    fn is_over(&self) -> bool {
        self.open.is_none()
            && self.tell.is_none()
            && self.due == Due::default()
            && !self.is_unsettled()
            && (self.stored || !self.on_record)
    }

    /// How gladly its place is given to a new request; `None` is never. What is given up here stays open in
    /// the journal.
    fn expendable(&self) -> Option<u8> {
        if self.open.is_some() || self.tell.is_some() || self.due != Due::default() {
            return None;
        }
        let ending = self.record.ending.as_ref()?;
        match ending.certainty {
            Certainty::Unknown if !ending.parked => None,
            Certainty::Unknown => Some(2),
            Certainty::Made(Finality::Offline) => Some(1),
            _ => Some(0),
        }
    }

    /// The terminal is to be asked now, if that can help.
    pub(super) fn ask_at(&mut self, now: Instant) {
        if let Some(doubt) = &mut self.doubt
            && doubt.ask_at.is_some()
        {
            doubt.ask_at = Some(now);
        }
    }

    /// When the terminal is to be asked again, after it was asked in vain once more.
    pub(super) fn ask_later(&mut self, now: Instant, missing: Missing) {
        let offline = self
            .record
            .ending
            .as_ref()
            .is_some_and(|ending| ending.certainty == Certainty::Made(Finality::Offline));
        let (first, longest) = if offline {
            OFFLINE_PAUSES
        } else if self.told {
            TOLD_PAUSES
        } else {
            OPEN_PAUSES
        };
        if let Some(doubt) = &mut self.doubt {
            let pause = first
                .checked_shl(u32::from(doubt.asked))
                .unwrap_or(longest)
                .min(longest);
            doubt.asked = doubt.asked.saturating_add(1);
            doubt.missing = missing;
            doubt.ask_at = Some(now.after(Duration::from_secs(pause)));
        }
        if let Some(ending) = &mut self.record.ending
            && ending.certainty == Certainty::Unknown
        {
            ending.missing = Some(missing);
        }
    }
}

/// The first and the longest pause between two questions to the terminal in seconds: while somebody waits for
/// the outcome, afterwards, and for a payment that was taken offline.
const OPEN_PAUSES: (u64, u64) = (1, 8);
const TOLD_PAUSES: (u64, u64) = (5, 60);
const OFFLINE_PAUSES: (u64, u64) = (60, 600);

/// All cases, in the caller's memory.
pub(super) struct Cases<'b>(&'b mut [Case]);

impl<'b> Cases<'b> {
    pub(super) const fn new(places: &'b mut [Case]) -> Self {
        Self(places)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter_map(|case| case.0.as_ref())
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.0.iter_mut().filter_map(|case| case.0.as_mut())
    }

    #[inline(never)]
    pub(super) fn get(&self, request: RequestId) -> Option<&Entry> {
        self.iter().find(|entry| entry.record.request == request)
    }

    #[inline(never)]
    pub(super) fn get_mut(&mut self, request: RequestId) -> Option<&mut Entry> {
        self.iter_mut()
            .find(|entry| entry.record.request == request)
    }

    /// The request that is open.
    #[inline(never)]
    pub(super) fn open(&self) -> Option<&Entry> {
        self.iter().find(|entry| entry.open.is_some())
    }

    #[inline(never)]
    pub(super) fn open_mut(&mut self) -> Option<&mut Entry> {
        self.iter_mut().find(|entry| entry.open.is_some())
    }

    /// The newest charge under this external id.
    #[inline(never)]
    pub(super) fn under(&self, id: Text<'_>) -> Option<&Entry> {
        self.iter()
            .filter(|entry| entry.is_under(id))
            .max_by_key(|entry| entry.record.request)
    }

    /// Whether a place is empty.
    #[cfg(feature = "std")]
    pub(super) fn has_free(&self) -> bool {
        self.0.iter().any(|case| case.0.is_none())
    }

    /// Whether there is room for one more, or can be made.
    pub(super) fn has_room(&self) -> bool {
        self.0.iter().any(|case| {
            case.0
                .as_ref()
                .is_none_or(|entry| entry.expendable().is_some())
        })
    }

    /// Takes a case in; the one that can be spared best makes room if there is none. False if none can.
    pub(super) fn insert(&mut self, entry: Entry) -> bool {
        let place = match self.0.iter().position(|case| case.0.is_none()) {
            Some(empty) => Some(empty),
            None => self
                .0
                .iter()
                .enumerate()
                .filter_map(|(at, case)| {
                    let entry = case.0.as_ref()?;
                    Some((entry.expendable()?, entry.record.request, at))
                })
                .min()
                .map(|(_, _, at)| at),
        };
        match place.and_then(|at| self.0.get_mut(at)) {
            Some(case) => {
                case.0 = Some(entry);
                true
            }
            None => false,
        }
    }

    /// Forgets the cases about which nothing is left to do.
    pub(super) fn tidy(&mut self) {
        for case in self.0.iter_mut() {
            if case.0.as_ref().is_some_and(Entry::is_over) {
                case.0 = None;
            }
        }
    }
}
