//! A journal for the life of the process.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{JournalEntry, JournalError, Records};
use crate::journal::Record;
use crate::pos::{ExternalId, RequestId};

/// Requests that are remembered after they are settled. One that is not settled is never forgotten.
pub(super) const SETTLED: usize = 1_024;
/// Entries, before those that say nothing any more are dropped.
pub(super) const ENTRIES: usize = 4 * SETTLED;

/// Keeps records for the life of the process: for simulators and tests, and for what may be forgotten. Clones
/// are the same journal, so a test can look into it.
#[derive(Clone, Default)]
pub struct MemoryJournal(Arc<Mutex<Vec<JournalEntry>>>);

impl MemoryJournal {
    /// Everything that is in it, in the order in which it was written.
    #[must_use]
    pub fn entries(&self) -> Vec<JournalEntry> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<JournalEntry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryJournal({} entries)", self.lock().len())
    }
}

impl Records for MemoryJournal {
    fn write(&mut self, entry: &JournalEntry) -> Result<(), JournalError> {
        let mut entries = self.lock();
        if entries.len() >= ENTRIES {
            tidy(&mut entries);
        }
        entries.push(entry.clone());
        Ok(())
    }

    fn read(&mut self, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
        // Without the lock while `look` runs: it may look into this journal.
        self.entries().into_iter().for_each(look);
        Ok(())
    }

    fn open(&mut self) -> Result<Vec<Record>, JournalError> {
        let entries = self.lock();
        let standing = last_of_each(&entries).into_values();
        Ok(standing
            .filter(|record| record.is_open())
            .cloned()
            .collect())
    }

    fn last(&mut self, count: usize) -> Result<Vec<Record>, JournalError> {
        let entries = self.lock();
        let standing = last_of_each(&entries);
        let from = standing.len().saturating_sub(count);
        Ok(standing.into_values().skip(from).cloned().collect())
    }

    fn under(&mut self, id: &ExternalId) -> Result<Vec<Record>, JournalError> {
        let entries = self.lock();
        let standing = last_of_each(&entries).into_values();
        Ok(standing
            .filter(|record| record.external_id == *id)
            .cloned()
            .collect())
    }

    fn last_request(&mut self) -> Result<u32, JournalError> {
        let entries = self.lock();
        let numbers = entries.iter().map(|entry| entry.record.request.number());
        Ok(numbers.max().unwrap_or(0))
    }
}

fn last_of_each(entries: &[JournalEntry]) -> BTreeMap<RequestId, &Record> {
    let records = entries.iter().map(|entry| &entry.record);
    records.map(|record| (record.request, record)).collect()
}

/// Drops what says nothing any more: all but the last entry of each request, and the requests that were settled
/// first.
fn tidy(entries: &mut Vec<JournalEntry>) {
    let standing = last_of_each(entries);
    let spare = standing.len().saturating_sub(SETTLED);
    let oldest = standing.keys().nth(spare).copied();
    let keeps = |entry: &JournalEntry| {
        let request = entry.record.request;
        // The last one itself, not one that looks the same.
        let last = standing
            .get(&request)
            .is_some_and(|last| core::ptr::eq(*last, &entry.record));
        let settled = entry.record.is_settled();
        last && (!settled || oldest.is_none_or(|oldest| request >= oldest))
    };
    let kept: Vec<bool> = entries.iter().map(keeps).collect();
    let mut kept = kept.into_iter();
    entries.retain(|_| kept.next().unwrap_or(true));
}
