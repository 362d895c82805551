//! Journals that can be read again: what a restart needs (`design.md` "Money" 1 to 3).

mod file;
mod lock;
mod memory;
mod on_record;
mod private;
#[cfg(test)]
mod tests;

pub use file::{FileJournal, Repaired};
pub use lock::JournalLock;
pub use memory::MemoryJournal;
pub(super) use on_record::OnRecord;
pub(super) use private::{private_file, private_folder};

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::journal::{JournalFailed, Record, RecordState};
use crate::pos::{Ending, ExternalId};
use crate::run::Journal;

/// How long a request that is settled stays on record, in days: a year, and time to look into it. Until then
/// its external id is not sent again by mistake.
pub const KEEP_DAYS: u32 = 400;

/// A journal that can be read again after a restart. Each one is a [`Journal`] too.
///
/// What is written is never changed. The records of one request have the same number, and the last one says
/// how it stands.
pub trait Records: Send {
    /// Stores an entry durably: once this returns, no crash loses it.
    ///
    /// # Errors
    ///
    /// [`JournalError`]; what the record is about must not be sent then. The entry may be there all the same.
    fn write(&mut self, entry: &JournalEntry) -> Result<(), JournalError>;

    /// Shows every entry to `look`, in the order in which they were written.
    ///
    /// # Errors
    ///
    /// [`JournalError`] at the first entry that cannot be read.
    fn read(&mut self, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError>;

    /// How every request stands about which something is left to do ([`Record::is_open`]), the oldest first.
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    fn open(&mut self) -> Result<Vec<Record>, JournalError>;

    /// How the last `count` requests stand, open or not, the oldest first.
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    fn last(&mut self, count: usize) -> Result<Vec<Record>, JournalError>;

    /// How every request stands that was made under this external id, the oldest first.
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    fn under(&mut self, id: &ExternalId) -> Result<Vec<Record>, JournalError>;

    /// How the newest request stands that was made under this external id.
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    fn find(&mut self, id: &ExternalId) -> Result<Option<Record>, JournalError> {
        Ok(self.under(id)?.pop())
    }

    /// The highest number of a request; 0 if there is none. See
    /// [`Config::last_request`](crate::pos::Config::last_request).
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    fn last_request(&mut self) -> Result<u32, JournalError>;
}

impl<T: Records> Journal for T {
    fn append(&mut self, record: &Record) -> Result<(), JournalFailed> {
        self.write(&JournalEntry::new(record.clone()))
            .map_err(|_| JournalFailed)
    }
}

impl<T: Records + ?Sized> Records for Box<T> {
    fn write(&mut self, entry: &JournalEntry) -> Result<(), JournalError> {
        (**self).write(entry)
    }

    fn read(&mut self, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
        (**self).read(look)
    }

    fn open(&mut self) -> Result<Vec<Record>, JournalError> {
        (**self).open()
    }

    fn last(&mut self, count: usize) -> Result<Vec<Record>, JournalError> {
        (**self).last(count)
    }

    fn under(&mut self, id: &ExternalId) -> Result<Vec<Record>, JournalError> {
        (**self).under(id)
    }

    fn last_request(&mut self) -> Result<u32, JournalError> {
        (**self).last_request()
    }
}

/// A record, and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When it was written, milliseconds since 1970 by the system's clock, if that is later than 1970.
    pub written_ms: Option<u64>,
    /// Why a person has put it on record, in that person's words. No names, no card data.
    pub because: Option<String>,
    /// The record.
    pub record: Record,
}

impl JournalEntry {
    /// An entry that is written now.
    #[must_use]
    pub fn new(record: Record) -> Self {
        Self {
            written_ms: unix_ms(),
            because: None,
            record,
        }
    }

    /// What a person has found out about a request, and how: that it was `made` as it was asked for, or not at
    /// all. For when the terminal cannot be asked any more. Whoever takes the record up with
    /// [`Pos::resume`](crate::pos::Pos::resume) is told the end once more.
    #[must_use]
    pub fn by_hand(record: &Record, made: bool, because: impl Into<String>) -> Self {
        Self {
            because: Some(because.into()),
            ..Self::new(Record {
                state: RecordState::Outcome,
                ending: Some(Ending::by_hand(record, made)),
                ..record.clone()
            })
        }
    }

    /// When the request was made: what the record says, else when this was written. Milliseconds since 1970.
    #[must_use]
    pub fn since_ms(&self) -> Option<u64> {
        self.record.unix_ms.or(self.written_ms)
    }
}

/// A journal cannot be used, or not go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has it. Wait for its end, or take another journal.
    Held {
        /// The journal.
        path: PathBuf,
        /// The number of that process, if it can be told.
        by: Option<u32>,
    },
    /// An entry cannot be read, and it is not one that was being written at a crash. Nothing is changed: a
    /// person must look, because it is about money. Restore it, or move the file away.
    Unreadable {
        /// The journal.
        path: PathBuf,
        /// The number of the entry, the first being 1; in a file of lines its line.
        entry: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The system does not read or write it.
    System {
        /// The journal.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl JournalError {
    /// What the system says about the journal at `path`.
    pub fn system(path: &Path, error: impl Into<io::Error>) -> Self {
        Self::System {
            path: path.to_owned(),
            error: error.into(),
        }
    }

    /// An entry of the journal at `path` that cannot be read.
    pub fn unreadable(path: &Path, entry: u64, why: impl Into<String>) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            entry,
            why: why.into(),
        }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { path, by } => {
                write!(f, "the journal {} is held by ", path.display())?;
                match by {
                    Some(process) => write!(f, "process {process}")?,
                    None => f.write_str("another process")?,
                }
                f.write_str("; wait for its end, or take another journal")
            }
            Self::Unreadable { path, entry, why } => write!(
                f,
                "entry {entry} of the journal {} cannot be read ({why}); restore it, or move the file away",
                path.display()
            ),
            Self::System { path, error } => {
                write!(f, "the journal {} cannot be used: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System { error, .. } => Some(error),
            Self::Held { .. } | Self::Unreadable { .. } => None,
        }
    }
}

impl From<JournalError> for io::Error {
    fn from(error: JournalError) -> Self {
        let kind = match &error {
            JournalError::Held { .. } => io::ErrorKind::WouldBlock,
            JournalError::Unreadable { .. } => io::ErrorKind::InvalidData,
            JournalError::System { error, .. } => error.kind(),
        };
        Self::new(kind, error)
    }
}

/// Milliseconds since 1970 by the system's clock.
pub(super) fn unix_ms() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

/// Whether a request that was made then has been on record long enough at the time `now`.
fn is_over(since_ms: Option<u64>, now: Option<u64>, keep_days: u32) -> bool {
    const DAY_MS: u64 = 24 * 3_600_000;
    let keep = u64::from(keep_days).saturating_mul(DAY_MS);
    let age = now
        .zip(since_ms)
        .and_then(|(now, since)| now.checked_sub(since));
    age.is_some_and(|age| age > keep)
}
