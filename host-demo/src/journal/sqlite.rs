//! A journal in an SQLite database.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proto_core::driver::{JournalEntry, JournalError, JournalLock, KEEP_DAYS, Records};
use proto_core::journal::{RECORD_LEN, RECORD_VERSION, Record};
use proto_core::pos::ExternalId;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};

/// Keeps records in an SQLite database, for the process that has opened it (see [`JournalLock`]); others may look
/// into it. On Unix only its owner can read it.
///
/// Every entry is a transaction that is on the disk when `write` returns (write-ahead log, full synchronous).
/// What is settled and older than [`KEEP_DAYS`] goes when it is opened.
#[derive(Debug)]
pub struct SqliteJournal {
    path: PathBuf,
    database: Connection,
    _lock: JournalLock,
}

impl SqliteJournal {
    /// Opens the journal in this file; it and its folder are made if there are none.
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let path = path.into();
        let lock = JournalLock::take(&path)?;
        let database = prepared(&path).map_err(|error| failed(&path, error))?;
        let mut journal = Self {
            path,
            database,
            _lock: lock,
        };
        journal.forget(KEEP_DAYS)?;
        Ok(journal)
    }

    /// Shows every entry of the journal in this file to `look` without opening it: also one that another process
    /// has.
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    pub fn look_into(path: &Path, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
        let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .and_then(|database| {
                database.busy_timeout(BUSY)?;
                Ok(database)
            })
            .map_err(|error| failed(path, error))?;
        read(path, &database, look)
    }

    /// Drops what is settled, stored and older than so many days. The newest request stays: it says which number
    /// is the next.
    fn forget(&mut self, days: u32) -> Result<(), JournalError> {
        const DAY_MS: i64 = 24 * 3_600_000;
        let Some(now) = unix_ms() else {
            return Ok(());
        };
        let before = now.saturating_sub(i64::from(days).saturating_mul(DAY_MS));
        self.changing(|database| {
            database.execute(FORGET_ENTRIES, [before])?;
            database.execute(FORGET_REQUESTS, [before])?;
            Ok(())
        })
    }

    /// Does all of it, or nothing.
    fn changing(
        &mut self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), JournalError> {
        let all = |database: &mut Connection| {
            let transaction = database.transaction()?;
            change(&transaction)?;
            transaction.commit()
        };
        all(&mut self.database).map_err(|error| failed(&self.path, error))
    }

    /// How some requests stand.
    fn standing(
        &self,
        query: &str,
        of: impl rusqlite::Params,
    ) -> Result<Vec<Record>, JournalError> {
        let mut records = Vec::new();
        each(&self.path, &self.database, query, of, &mut |entry| {
            records.push(entry.record);
        })?;
        Ok(records)
    }
}

impl Records for SqliteJournal {
    fn write(&mut self, entry: &JournalEntry) -> Result<(), JournalError> {
        let mut room = [0; RECORD_LEN];
        let record = &entry.record;
        let text = record
            .to_json(&mut room)
            .ok()
            .and_then(|len| std::str::from_utf8(room.get(..len)?).ok())
            .ok_or_else(|| JournalError::system(&self.path, io::ErrorKind::InvalidData))?;
        let written_ms = entry.written_ms.and_then(|ms| i64::try_from(ms).ok());
        let since_ms = entry.since_ms().and_then(|ms| i64::try_from(ms).ok());
        let (request, id) = (record.request.number(), record.external_id.as_str());
        self.changing(|database| {
            database.execute(
                WRITE_ENTRY,
                params![request, written_ms, entry.because, text],
            )?;
            let number = database.last_insert_rowid();
            database.execute(
                WRITE_REQUEST,
                params![request, number, id, since_ms, record.is_open()],
            )?;
            Ok(())
        })
    }

    fn read(&mut self, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
        read(&self.path, &self.database, look)
    }

    fn open(&mut self) -> Result<Vec<Record>, JournalError> {
        self.standing(READ_OPEN, [])
    }

    fn last(&mut self, count: usize) -> Result<Vec<Record>, JournalError> {
        let mut records = self.standing(READ_LAST, [i64::try_from(count).unwrap_or(i64::MAX)])?;
        records.reverse();
        Ok(records)
    }

    fn under(&mut self, id: &ExternalId) -> Result<Vec<Record>, JournalError> {
        self.standing(READ_UNDER, [id.as_str()])
    }

    fn last_request(&mut self) -> Result<u32, JournalError> {
        self.database
            .query_row(LAST_REQUEST, [], |row| row.get::<_, Option<u32>>(0))
            .map(Option::unwrap_or_default)
            .map_err(|error| failed(&self.path, error))
    }
}

fn prepared(path: &Path) -> rusqlite::Result<Connection> {
    let mut database = Connection::open(path)?;
    database.busy_timeout(BUSY)?;
    let version: u32 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let owner: u32 = database.pragma_query_value(None, "application_id", |row| row.get(0))?;
    match (owner, version) {
        (OWNER, VERSION) => {}
        (OWNER, _) => return Err(other("a newer version of this program has made it")),
        (0, 0) if is_empty(&database)? => {
            let transaction = database.transaction()?;
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", OWNER)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
        }
        _ => return Err(other("it is the database of another program")),
    }
    database.pragma_update(None, "journal_mode", "wal")?;
    database.pragma_update(None, "synchronous", "full")?;
    Ok(database)
}

fn is_empty(database: &Connection) -> rusqlite::Result<bool> {
    let table = database.query_row("SELECT 1 FROM sqlite_schema", [], |_| Ok(()));
    Ok(table.optional()?.is_none())
}

fn read(
    path: &Path,
    database: &Connection,
    look: &mut dyn FnMut(JournalEntry),
) -> Result<(), JournalError> {
    each(path, database, READ_ALL, [], look)
}

fn each(
    path: &Path,
    database: &Connection,
    query: &str,
    of: impl rusqlite::Params,
    look: &mut dyn FnMut(JournalEntry),
) -> Result<(), JournalError> {
    let failed = |error| failed(path, error);
    let mut statement = database.prepare(query).map_err(failed)?;
    let mut rows = statement.query(of).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let number = row.get::<_, u32>("number").map_err(failed)?.into();
        let entry = entry_of(row).map_err(failed)?;
        look(entry.map_err(|why| JournalError::unreadable(path, number, why))?);
    }
    Ok(())
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<Result<JournalEntry, &'static str>> {
    let text: String = row.get("record")?;
    let Some(record) = Record::from_json(text.as_bytes()) else {
        return Ok(Err("it is no record"));
    };
    if record.version > RECORD_VERSION {
        return Ok(Err("a newer version of the program has written it"));
    }
    let written_ms: Option<i64> = row.get("written_ms")?;
    Ok(Ok(JournalEntry {
        written_ms: written_ms.and_then(|ms| u64::try_from(ms).ok()),
        because: row.get("because")?,
        record,
    }))
}

fn failed(path: &Path, error: rusqlite::Error) -> JournalError {
    JournalError::system(path, io::Error::other(error))
}

fn other(why: &str) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(why.into())
}

fn unix_ms() -> Option<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// How long it may be busy because somebody looks into it.
const BUSY: Duration = Duration::from_secs(2);
/// Says that a database is such a journal: "rpay".
const OWNER: u32 = 0x7270_6179;
/// The version of its tables.
const VERSION: u32 = 1;

const SCHEMA: &str = "
    CREATE TABLE entry (
        number INTEGER PRIMARY KEY,
        request INTEGER NOT NULL,
        written_ms INTEGER,
        because TEXT,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX entry_request ON entry (request);
    -- How each request stands: what its last entry says.
    CREATE TABLE request (
        request INTEGER PRIMARY KEY,
        entry INTEGER NOT NULL,
        external_id TEXT NOT NULL,
        since_ms INTEGER,
        open INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX request_external_id ON request (external_id);
    CREATE INDEX request_open ON request (request) WHERE open;
";

const WRITE_ENTRY: &str =
    "INSERT INTO entry (request, written_ms, because, record) VALUES (?1, ?2, ?3, ?4)";
const WRITE_REQUEST: &str = "
    INSERT INTO request (request, entry, external_id, since_ms, open)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (request) DO UPDATE SET entry = ?2, open = ?5";

const READ_ALL: &str = "SELECT number, written_ms, because, record FROM entry ORDER BY number";
const READ_OPEN: &str = "
    SELECT number, written_ms, because, record
    FROM request JOIN entry ON number = entry
    WHERE open ORDER BY request.request";
const READ_LAST: &str = "
    SELECT number, written_ms, because, record
    FROM request JOIN entry ON number = entry
    ORDER BY request.request DESC LIMIT ?1";
const READ_UNDER: &str = "
    SELECT number, written_ms, because, record
    FROM request JOIN entry ON number = entry
    WHERE external_id = ?1 ORDER BY request.request";
const LAST_REQUEST: &str = "SELECT max(request) FROM request";

const FORGET_ENTRIES: &str = "
    DELETE FROM entry WHERE request IN (
        SELECT request FROM request
        WHERE NOT open AND since_ms < ?1 AND request < (SELECT max(request) FROM request)
    )";
const FORGET_REQUESTS: &str = "
    DELETE FROM request
    WHERE NOT open AND since_ms < ?1 AND request < (SELECT max(request) FROM request)";

#[cfg(test)]
mod tests {
    use proto_core::journal::RecordState;
    use proto_core::pos::{RequestId, RequestKind};

    use super::*;

    fn intent(request: u32, id: &str, days_ago: i64) -> Record {
        let made = unix_ms().unwrap() - days_ago * 24 * 3_600_000;
        Record {
            version: RECORD_VERSION,
            request: RequestId::from_number(request),
            kind: RequestKind::Sale,
            external_id: ExternalId::new(id).unwrap(),
            payment: None,
            original: None,
            amount: 1_000,
            tip: None,
            terminal: "T".try_into().unwrap(),
            merchant: "M".try_into().unwrap(),
            simulated: false,
            unix_ms: Some(made.try_into().unwrap()),
            other_paid: false,
            state: RecordState::Intent,
            ending: None,
        }
    }

    /// A sale that is settled, and stored by the application.
    fn over(intent: &Record) -> Record {
        Record {
            state: RecordState::Delivered,
            ..JournalEntry::by_hand(intent, true, "seen").record
        }
    }

    fn write(journal: &mut SqliteJournal, records: &[Record]) {
        for record in records {
            journal.write(&JournalEntry::new(record.clone())).unwrap();
        }
    }

    fn numbers(records: &[Record]) -> Vec<u32> {
        let numbers = records.iter().map(|record| record.request.number());
        numbers.collect()
    }

    #[test]
    fn it_says_how_every_request_stands_also_when_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/journal.sqlite");
        let id = ExternalId::new("INV-1").unwrap();
        let mut journal = SqliteJournal::open(&path).unwrap();
        assert_eq!(journal.last_request().unwrap(), 0);
        let first = intent(1, "INV-1", 0);
        let third = intent(3, "INV-1", 0);
        write(&mut journal, &[first.clone(), over(&first)]);
        write(&mut journal, &[intent(2, "INV-2", 0), third.clone()]);
        let check = |journal: &mut SqliteJournal| {
            assert_eq!(numbers(&journal.open().unwrap()), [2, 3]);
            assert_eq!(numbers(&journal.last(2).unwrap()), [2, 3]);
            assert_eq!(numbers(&journal.under(&id).unwrap()), [1, 3]);
            assert_eq!(journal.find(&id).unwrap(), Some(third.clone()));
            assert_eq!(journal.last_request().unwrap(), 3);
            let mut all = Vec::new();
            journal.read(&mut |entry| all.push(entry.record)).unwrap();
            assert_eq!(numbers(&all), [1, 1, 2, 3]);
        };
        check(&mut journal);
        // Others may look, and no more.
        let mut seen = 0;
        SqliteJournal::look_into(&path, &mut |_| seen += 1).unwrap();
        assert_eq!(seen, 4);
        let error = SqliteJournal::open(&path).unwrap_err();
        assert!(matches!(error, JournalError::Held { .. }), "{error}");
        drop(journal);
        check(&mut SqliteJournal::open(&path).unwrap());
    }

    #[test]
    fn what_is_settled_and_old_goes_but_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let old = i64::from(KEEP_DAYS) + 1;
        let sales = [
            over(&intent(1, "OVER", old)),
            intent(2, "OPEN", old),
            over(&intent(3, "KEPT", old - 2)),
            over(&intent(4, "NEWEST", old)),
        ];
        write(&mut SqliteJournal::open(&path).unwrap(), &sales);
        let mut journal = SqliteJournal::open(&path).unwrap();
        let mut left = Vec::new();
        journal.read(&mut |entry| left.push(entry.record)).unwrap();
        assert_eq!(numbers(&left), [2, 3, 4]);
        assert_eq!(journal.last_request().unwrap(), 4);
        let over = journal.under(&ExternalId::new("OVER").unwrap());
        assert_eq!(over.unwrap(), []);
    }

    #[test]
    fn what_it_cannot_read_is_an_error_that_says_which() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let mut journal = SqliteJournal::open(&path).unwrap();
        let sales = [intent(1, "INV-1", 0), intent(2, "INV-2", 0)];
        write(&mut journal, &sales);
        let damage = "UPDATE entry SET record = 'x' WHERE number = 2";
        journal.database.execute(damage, []).unwrap();
        let error = journal.open().unwrap_err();
        assert!(
            matches!(error, JournalError::Unreadable { entry: 2, .. }),
            "{error}"
        );
        let database = &journal.database;
        database
            .pragma_update(None, "user_version", VERSION + 1)
            .unwrap();
        drop(journal);
        let error = SqliteJournal::open(&path).unwrap_err().to_string();
        assert!(error.contains("newer version"), "{error}");
    }
}
