//! The journal of a command: which one it is, and what earlier runs have left open in it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proto_core::driver::{JournalEntry, JournalError, Records};
use proto_core::journal::Record;
use proto_core::pos::{Certainty, ExternalId, RequestId, Summary};

use crate::cli::Till;
use crate::journal::{default_path, look_into, open, sentence};
use crate::report::{self, Report};

/// Opens the journal of this command and says what is open in it; `None` if it is kept in memory.
pub(super) fn open_journal(
    till: &Till,
    report: &Report,
) -> Result<Option<(KeptJournal, Earlier)>, String> {
    let Some(path) = path_of(till)? else {
        return Ok(None);
    };
    let opened = open(&path).map_err(|error| sentence(&error))?;
    if let Some(mended) = opened.mended {
        let mended = format!("The journal {} was mended: {mended}.", path.display());
        report.line(&report::error("journal_mended", &mended, "Nothing."));
        report.complain(&mended);
    }
    let mut journal = KeptJournal {
        journal: opened.journal,
        report: report.clone(),
    };
    let records = journal.open().map_err(|error| sentence(&error))?;
    let earlier = Earlier::of(&records);
    if !earlier.0.is_empty() {
        report.say(&format!(
            "Open from an earlier run: {}. The terminal is asked what became of it.",
            earlier.names()
        ));
    }
    Ok(Some((journal, earlier)))
}

/// Where the journal of this command is; `None` if it is kept in memory.
fn path_of(till: &Till) -> Result<Option<PathBuf>, String> {
    match &till.journal {
        Some(path) => Ok(Some(path.clone())),
        // A simulator of this run has no memory of the last one.
        None if till.to == "sim" => Ok(None),
        None => default_path()
            .map(Some)
            .ok_or_else(|| "There is no state folder of the user; use --journal.".to_owned()),
    }
}

/// What is on record under this id in the journal of this command; nothing if there is none yet.
pub(super) fn on_record(till: &Till, id: &ExternalId) -> Result<Vec<Record>, String> {
    let mut records = BTreeMap::new();
    if let Some(path) = path_of(till)?.filter(|path| path.exists()) {
        look_into(&path, &mut |entry| {
            if entry.record.external_id == *id {
                records.insert(entry.record.request, entry.record);
            }
        })
        .map_err(|error| sentence(&error))?;
    }
    Ok(records.into_values().collect())
}

/// The external id under which this payment was made, if the journal of this command knows it.
pub(super) fn made_under(till: &Till, payment: &str) -> Result<Option<ExternalId>, String> {
    let mut id = None;
    if let Some(path) = path_of(till)?.filter(|path| path.exists()) {
        look_into(&path, &mut |JournalEntry { record, .. }| {
            let ending = record.ending.as_ref();
            let about = ending.and_then(|ending| ending.payment.as_deref());
            if record.kind.is_charge() && about == Some(payment) {
                id = Some(record.external_id);
            }
        })
        .map_err(|error| sentence(&error))?;
    }
    Ok(id)
}

/// The role goes on without a journal, and sends nothing; a person should know why.
pub(super) struct KeptJournal {
    journal: Box<dyn Records>,
    report: Report,
}

impl KeptJournal {
    fn told<T>(&self, done: Result<T, JournalError>) -> Result<T, JournalError> {
        done.inspect_err(|error| {
            let message = sentence(error);
            let remedy = "Nothing is sent that is not on record.";
            self.report
                .line(&report::error("journal_failed", &message, remedy));
            self.report.complain(&format!("{message} {remedy}"));
        })
    }
}

impl Records for KeptJournal {
    fn write(&mut self, entry: &JournalEntry) -> Result<(), JournalError> {
        let done = self.journal.write(entry);
        self.told(done)
    }

    fn read(&mut self, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
        self.journal.read(look)
    }

    fn open(&mut self) -> Result<Vec<Record>, JournalError> {
        self.journal.open()
    }

    fn last(&mut self, count: usize) -> Result<Vec<Record>, JournalError> {
        self.journal.last(count)
    }

    fn under(&mut self, id: &ExternalId) -> Result<Vec<Record>, JournalError> {
        let done = self.journal.under(id);
        self.told(done)
    }

    fn last_request(&mut self) -> Result<u32, JournalError> {
        self.journal.last_request()
    }
}

/// The requests of earlier runs whose end is not known, and whether their one outcome is still to be told.
#[derive(Debug, Default)]
pub(super) struct Earlier(BTreeMap<RequestId, (ExternalId, bool)>);

impl Earlier {
    fn of(open: &[Record]) -> Self {
        let earlier = open.iter().filter_map(|record| {
            let untold = match &record.ending {
                None => true,
                Some(ending) if ending.certainty == Certainty::Unknown && !ending.parked => false,
                Some(_) => return None,
            };
            Some((record.request, (record.external_id.clone(), untold)))
        });
        Self(earlier.collect())
    }

    /// Something was told about a request.
    pub(super) fn told(&mut self, summary: &Summary) {
        if summary.certainty != Certainty::Unknown {
            self.0.remove(&summary.request);
        } else if let Some((_, untold)) = self.0.get_mut(&summary.request) {
            *untold = false;
        }
    }

    /// Whether nothing is open any more.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an outcome is still to come for certain.
    pub(super) fn is_untold(&self) -> bool {
        self.0.values().any(|(_, untold)| *untold)
    }

    pub(super) fn names(&self) -> String {
        let names: Vec<_> = self.0.values().map(|(id, _)| id.as_str()).collect();
        names.join(", ")
    }
}
