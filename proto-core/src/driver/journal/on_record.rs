//! The journal on the connector's thread: what earlier runs have left open, and which ids were sent.

use core::cell::RefCell;
use std::collections::VecDeque;

use super::{Records, unix_ms};
use crate::journal::{JournalFailed, Record};
use crate::pos::{Certainty, Env, Evidence, ExternalId, Pos, Refused};
use crate::run::Journal;
use crate::time::Instant;

/// What is on record, for the requests of one connector.
pub(crate) struct OnRecord<'j> {
    journal: &'j RefCell<Box<dyn Records>>,
    /// What is open and has found no place yet, the most urgent first.
    left: VecDeque<Record>,
    /// The last requests that are not, the oldest first: they need no place.
    over: Vec<Record>,
}

impl<'j> OnRecord<'j> {
    pub(crate) fn new(
        journal: &'j RefCell<Box<dyn Records>>,
        mut open: Vec<Record>,
        last: Vec<Record>,
    ) -> Self {
        open.sort_by_key(urgency);
        Self {
            journal,
            left: open.into(),
            over: last,
        }
    }

    /// Hands over what is open, as far as there are places, and before that what is not.
    pub(crate) fn take_up(&mut self, now: Instant, pos: &mut Pos<'_>) {
        for record in self.over.drain(..).filter(|record| !record.is_open()) {
            // Only what is open can be refused.
            let _ = pos.resume(now, &record, Env { unix_ms: unix_ms() });
        }
        while pos.has_free_case()
            && let Some(record) = self.left.pop_front()
        {
            let env = Env { unix_ms: unix_ms() };
            if pos.resume(now, &record, env).is_err() {
                return self.left.push_front(record);
            }
        }
    }

    /// Whether a request may be sent under this external id. What is open at the moment the role knows itself.
    pub(crate) fn allows(
        &self,
        pos: &Pos<'_>,
        id: &ExternalId,
        retry: bool,
    ) -> Result<(), Refused> {
        if !pos.is_ready() || pos.open_request().is_some() {
            return Ok(());
        }
        match refusal(&self.under(pos, id)?, retry) {
            Some(refused) => Err(refused),
            None => Ok(()),
        }
    }

    /// What is on record under an external id, with ends that are still to be written.
    pub(crate) fn under(&self, pos: &Pos<'_>, id: &ExternalId) -> Result<Vec<Record>, Refused> {
        let on_record = self.journal.borrow_mut().under(id);
        let mut on_record = on_record.map_err(|_| Refused::journal_failed())?;
        for record in &mut on_record {
            if let Some(newer) = pos.record(record.request) {
                record.clone_from(newer);
            }
        }
        Ok(on_record)
    }
}

impl Journal for &RefCell<Box<dyn Records>> {
    fn append(&mut self, record: &Record) -> Result<(), JournalFailed> {
        self.borrow_mut().append(record)
    }
}

/// Somebody may wait for what has no outcome; an offline payment takes hours anyway.
fn urgency(record: &Record) -> u8 {
    match record.ending.as_ref().map(|ending| ending.certainty) {
        None => 0,
        Some(Certainty::Unknown) => 1,
        Some(Certainty::NotMade) => 2,
        Some(Certainty::Made(_)) => 3,
    }
}

/// Why what is on record under an external id does not let it be sent (`design.md` "Money" 3): one attempt is
/// not settled, or one may have left and nobody asked for another by name.
pub(super) fn refusal(on_record: &[Record], retry: bool) -> Option<Refused> {
    if let Some(record) = on_record.iter().find(|record| !record.is_settled()) {
        return Some(Refused::unresolved(record.request));
    }
    let left = |record: &Record| {
        record.ending.as_ref().is_none_or(|ending| {
            ending.certainty != Certainty::NotMade
                || !matches!(ending.evidence, Evidence::NotSent | Evidence::JournalFailed)
        })
    };
    (!retry && on_record.iter().any(left)).then(Refused::id_used)
}
