//! A journal in a file of lines.
//!
//! Each line is one entry as a JSON object. Its first member is the CRC-32 of all that follows it in the line, so
//! that a line that was not written whole is noticed. A line that was being written at a crash can only be the
//! last one: it is cut off, because what it was about was never sent. Any other line that cannot be read is an
//! error.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{
    self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _,
};
use std::path::{Path, PathBuf};

use super::lock::beside;
use super::private::sync_folder_of;
use super::{
    JournalEntry, JournalError, JournalLock, KEEP_DAYS, Records, is_over, private_file, unix_ms,
};
use crate::fingerprint::fingerprint;
use crate::journal::{RECORD_VERSION, Record, RecordState};
use crate::pos::{ExternalId, RequestId};
use crate::wire::crc32;

/// The longest line in bytes. An entry that does not fit is refused.
const LINE: usize = 8 * 1_024;
/// Superseded lines take up so many bytes, or as many as the others, before the file is written anew.
pub(super) const SPARE: u64 = 64 * 1_024;

/// Keeps records in a file, one JSON object a line, for the process that has opened it (see [`JournalLock`]). On
/// Unix only its owner can read it.
///
/// An entry is on the disk when `write` returns. When superseded lines take up half of the file it is written anew
/// beside itself and renamed: what is kept then is the last line of each request that is open, or not older than
/// [`KEEP_DAYS`], and the lines with which a person has put something on record.
///
/// ```
/// use proto_core::driver::{FileJournal, Records as _};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("journal.jsonl");
/// let mut journal = FileJournal::open(path)?; // give it to the connector: `builder.journal(journal)`
/// if let Some(repaired) = journal.repaired() {
///     println!("{repaired}");
/// }
/// assert_eq!(journal.last_request()?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    /// `None` if the file had to be closed and could not be opened again yet.
    lines: Option<Lines>,
    keep_days: u32,
    repaired: Option<Repaired>,
    _lock: JournalLock,
}

/// What was cut off the end of a journal when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// How many bytes.
    pub bytes: u64,
    /// The file that they were put into.
    pub kept_in: PathBuf,
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an entry that was being written when the program ended was cut off ({} bytes, kept in {}); what it was about was not sent",
            self.bytes,
            self.kept_in.display()
        )
    }
}

impl FileJournal {
    /// Opens the journal in this file; it and its folder are made if there are none.
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let path = path.into();
        let lock = JournalLock::take(&path)?;
        let (mut lines, torn) = Lines::open(&path)?;
        let repaired = match torn {
            Some(torn) => Some(lines.cut(&torn)?),
            None => None,
        };
        Ok(Self {
            path,
            lines: Some(lines),
            keep_days: KEEP_DAYS,
            repaired,
            _lock: lock,
        })
    }

    /// Keeps what is settled for so many days instead of [`KEEP_DAYS`].
    #[must_use]
    pub const fn keep_days(mut self, days: u32) -> Self {
        self.keep_days = days;
        self
    }

    /// What was cut off when it was opened, if something was. A person should be told.
    #[must_use]
    pub const fn repaired(&self) -> Option<&Repaired> {
        self.repaired.as_ref()
    }

    /// Shows every entry of the journal in this file to `look` without opening it: also one that another process
    /// has. An entry that is being written is not shown.
    ///
    /// # Errors
    ///
    /// [`JournalError`].
    pub fn look_into(
        path: impl AsRef<Path>,
        look: &mut dyn FnMut(JournalEntry),
    ) -> Result<(), JournalError> {
        let path = path.as_ref();
        let mut file = File::open(path).map_err(|error| JournalError::system(path, error))?;
        scan(path, &mut file, &mut |_, entry| look(entry))?;
        Ok(())
    }

    /// The lines; the file is opened again if it had to be closed.
    fn lines(&mut self) -> Result<&mut Lines, JournalError> {
        let lines = match self.lines.take() {
            Some(lines) => lines,
            None => Lines::open(&self.path)?.0,
        };
        Ok(self.lines.insert(lines))
    }

    /// Writes the file anew without what says nothing any more. If that fails, the old one goes on.
    fn compact(&mut self) -> Result<(), JournalError> {
        let new = beside(&self.path, ".new");
        let keep_days = self.keep_days;
        let written = self.lines()?.write_anew(&new, keep_days);
        let written = written.and_then(|lines| self.replace_by(&new, lines));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }

    /// Gives the new file the name of the old one, which it takes the place of. The lock is a file of its own, and
    /// stays.
    fn replace_by(&mut self, new: &Path, lines: Lines) -> Result<(), JournalError> {
        let mut renamed = fs::rename(new, &self.path);
        if cfg!(windows) && renamed.is_err() {
            // A Windows before 10, file systems other than its own, and Wine replace no file that is open.
            self.lines = None;
            renamed = fs::rename(new, &self.path);
        }
        let failed = |error| JournalError::system(&self.path, error);
        renamed.map_err(failed)?;
        self.lines = Some(lines);
        sync_folder_of(&self.path).map_err(failed)
    }
}

impl Records for FileJournal {
    fn write(&mut self, entry: &JournalEntry) -> Result<(), JournalError> {
        let lines = self.lines()?;
        let appended = lines.append(entry);
        // Not while a request waits to be sent.
        let is_time = entry.record.state != RecordState::Intent && lines.index.is_spacious();
        appended.map_err(|error| JournalError::system(&self.path, error))?;
        if is_time && self.compact().is_err() {
            // What is written is written. It is tried again later.
            if let Ok(lines) = self.lines() {
                lines.index.spare = 0;
            }
        }
        Ok(())
    }

    fn read(&mut self, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
        Self::look_into(&self.path, look)
    }

    fn open(&mut self) -> Result<Vec<Record>, JournalError> {
        let lines = self.lines()?;
        let standing = lines.index.requests.values();
        let open = standing.filter(|standing| standing.open);
        let places = open.map(|standing| standing.place).collect();
        lines.records_at(places)
    }

    fn last(&mut self, count: usize) -> Result<Vec<Record>, JournalError> {
        let lines = self.lines()?;
        let standing = lines.index.requests.values().rev().take(count).rev();
        let places = standing.map(|standing| standing.place).collect();
        lines.records_at(places)
    }

    fn under(&mut self, id: &ExternalId) -> Result<Vec<Record>, JournalError> {
        let lines = self.lines()?;
        let places = lines.index.under(id);
        let mut records = lines.records_at(places)?;
        // Two ids may have one fingerprint.
        records.retain(|record| record.external_id == *id);
        Ok(records)
    }

    fn last_request(&mut self) -> Result<u32, JournalError> {
        Ok(self.lines()?.index.last_request())
    }
}

/// The file while it is open.
#[derive(Debug)]
struct Lines {
    path: PathBuf,
    file: File,
    index: Index,
    /// There may be something behind the end: the last write failed, or the one before the file was opened.
    soiled: bool,
}

impl Lines {
    /// Opens the file and reads it. Also what is behind the last whole line, if something is.
    fn open(path: &Path) -> Result<(Self, Option<Vec<u8>>), JournalError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open(path);
        let mut file = file.map_err(|error| JournalError::system(path, error))?;
        let mut index = Index::default();
        let torn = scan(path, &mut file, &mut |place, entry| {
            index.add(place, &entry);
        })?;
        let lines = Self {
            path: path.to_owned(),
            file,
            index,
            soiled: torn.is_some(),
        };
        Ok((lines, torn))
    }

    /// Cuts off what is behind the last whole line, and keeps it: a person may want to look at it.
    fn cut(&mut self, torn: &[u8]) -> Result<Repaired, JournalError> {
        let kept_in = beside(&self.path, ".torn");
        let cut = || {
            let mut kept = private_file(&kept_in, OpenOptions::new().truncate(true))?;
            kept.write_all(torn)?;
            kept.sync_all()?;
            self.file.set_len(self.index.end)?;
            self.file.sync_all()
        };
        cut().map_err(|error| JournalError::system(&self.path, error))?;
        self.soiled = false;
        Ok(Repaired {
            bytes: torn.len() as u64,
            kept_in,
        })
    }

    fn append(&mut self, entry: &JournalEntry) -> io::Result<()> {
        let line = line_of(entry)?;
        let end = self.index.end;
        if self.soiled {
            self.file.set_len(end)?;
            self.file.sync_data()?;
            self.soiled = false;
        }
        // What is behind the end is of no account until the whole line is on the disk.
        self.soiled = true;
        self.file.seek(SeekFrom::Start(end))?;
        self.file.write_all(&line)?;
        self.file.sync_data()?;
        self.soiled = false;
        self.index.add(Place::new(end, line.len()), entry);
        Ok(())
    }

    fn record_at(&mut self, place: Place) -> Result<Record, JournalError> {
        let failed = |error| JournalError::system(&self.path, error);
        self.file
            .seek(SeekFrom::Start(place.offset))
            .map_err(failed)?;
        let mut line = Vec::new();
        io::Read::take(&mut self.file, place.len)
            .read_to_end(&mut line)
            .map_err(failed)?;
        let entry = entry_of(&line);
        let entry = entry.map_err(|why| JournalError::unreadable(&self.path, place.number, why))?;
        Ok(entry.record)
    }

    fn records_at(&mut self, places: Vec<Place>) -> Result<Vec<Record>, JournalError> {
        let read = |place| self.record_at(place);
        places.into_iter().map(read).collect()
    }

    /// Writes the lines that are worth it to the file `new`, which is to have this one's name.
    fn write_anew(&mut self, new: &Path, keep_days: u32) -> Result<Self, JournalError> {
        let failed = |error| JournalError::system(&self.path, error);
        let mut options = OpenOptions::new();
        let file = private_file(new, options.read(true).truncate(true)).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let mut index = Index::default();
        let mut written = Ok(());
        let now = unix_ms();
        scan(&self.path, &mut self.file, &mut |place, entry| {
            if written.is_ok() && self.index.keeps(place, &entry, now, keep_days) {
                written = line_of(&entry).and_then(|line| {
                    out.write_all(&line)?;
                    index.add(Place::new(index.end, line.len()), &entry);
                    Ok(())
                });
            }
        })?;
        written.map_err(failed)?;
        let file = out
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        index.spare = 0;
        Ok(Self {
            path: self.path.clone(),
            file,
            index,
            soiled: false,
        })
    }
}

/// Where the last line of each request is: what stands in it is read again when it is wanted.
#[derive(Debug, Default)]
struct Index {
    requests: BTreeMap<RequestId, Standing>,
    /// Fingerprints of external ids, each with a request.
    ids: BTreeSet<(u32, RequestId)>,
    /// The length of all lines in bytes, and their number.
    end: u64,
    lines: u64,
    /// The length of those that are superseded.
    spare: u64,
}

#[derive(Debug, Clone, Copy)]
struct Standing {
    place: Place,
    open: bool,
    settled: bool,
}

/// A line of the file.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    len: u64,
    number: u64,
}

impl Index {
    fn add(&mut self, place: Place, entry: &JournalEntry) {
        let record = &entry.record;
        let ending = record.ending.as_ref();
        self.lines = self.lines.saturating_add(1);
        self.end = place.offset.saturating_add(place.len);
        let standing = Standing {
            place: Place {
                number: self.lines,
                ..place
            },
            open: record.is_open(),
            settled: ending.is_some_and(crate::pos::Ending::is_settled),
        };
        if let Some(before) = self.requests.insert(record.request, standing) {
            self.spare = self.spare.saturating_add(before.place.len);
        }
        self.ids.insert((mark(&record.external_id), record.request));
    }

    fn under(&self, id: &ExternalId) -> Vec<Place> {
        let mark = mark(id);
        let (first, last) = (RequestId::from_number(0), RequestId::from_number(u32::MAX));
        let requests = self.ids.range((mark, first)..=(mark, last));
        let standing = requests.filter_map(|(_, request)| self.requests.get(request));
        standing.map(|standing| standing.place).collect()
    }

    /// Whether a line is written anew.
    fn keeps(&self, place: Place, entry: &JournalEntry, now: Option<u64>, days: u32) -> bool {
        let request = entry.record.request;
        let Some(standing) = self.requests.get(&request) else {
            return true;
        };
        // The newest one says which number is the next.
        let over = standing.settled
            && !standing.open
            && request.number() != self.last_request()
            && is_over(entry.since_ms(), now, days);
        let last = standing.place.offset == place.offset;
        !over && (last || entry.because.is_some())
    }

    /// Whether superseded lines take up so much that the file is to be written anew.
    fn is_spacious(&self) -> bool {
        self.spare > SPARE.max(self.end / 2)
    }

    fn last_request(&self) -> u32 {
        let last = self.requests.keys().next_back();
        last.map_or(0, |request| request.number())
    }
}

impl Place {
    const fn new(offset: u64, len: usize) -> Self {
        Self {
            offset,
            len: len as u64,
            number: 0,
        }
    }
}

fn mark(id: &ExternalId) -> u32 {
    fingerprint(id.as_str().into())
}

/// Shows every whole line to `look`, in order; returns what is behind the last one.
fn scan(
    path: &Path,
    file: &mut File,
    look: &mut dyn FnMut(Place, JournalEntry),
) -> Result<Option<Vec<u8>>, JournalError> {
    let failed = |error| JournalError::system(path, error);
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut lines = BufReader::new(file);
    let (mut offset, mut number) = (0u64, 0u64);
    loop {
        let mut line = Vec::new();
        let limit = LINE as u64;
        let mut bounded = io::Read::take(&mut lines, limit);
        bounded.read_until(b'\n', &mut line).map_err(failed)?;
        if line.is_empty() {
            return Ok(None);
        }
        number = number.saturating_add(1);
        match entry_of(&line) {
            Ok(entry) => look(Place::new(offset, line.len()), entry),
            // Nothing was written after a line that was not written whole.
            Err(why) => {
                let last = lines.fill_buf().map_err(failed)?.is_empty();
                return if last && is_torn(&line) {
                    Ok(Some(line))
                } else {
                    Err(JournalError::unreadable(path, number, why))
                };
            }
        }
        offset = offset.saturating_add(line.len() as u64);
    }
}

/// Whether a line looks like one that was being written when the system ended: its end is missing, or a part of it
/// that never reached the disk, which reads as zeros. Anything else is a damage, or no journal at all.
fn is_torn(line: &[u8]) -> bool {
    let begins = line
        .iter()
        .zip(BEFORE_SUM.as_bytes())
        .take_while(|(is, _)| **is != 0)
        .all(|(is, expected)| is == expected);
    let whole = line.last() == Some(&b'\n') && !line.contains(&0);
    begins && !whole
}

/// The line of an entry.
fn line_of(entry: &JournalEntry) -> io::Result<Vec<u8>> {
    let json = serde_json::to_string(entry)?;
    let rest = json.strip_prefix('{').unwrap_or_default();
    let sum = crc32(rest.as_bytes());
    let line = format!("{BEFORE_SUM}{sum:08x}{AFTER_SUM}{rest}\n");
    if line.len() > LINE {
        return Err(io::Error::other("an entry is too long"));
    }
    Ok(line.into_bytes())
}

/// The entry in a line, or what is wrong with the line.
fn entry_of(line: &[u8]) -> Result<JournalEntry, &'static str> {
    let line = line.strip_suffix(b"\n").ok_or("it is not whole")?;
    let sum = line.strip_prefix(BEFORE_SUM.as_bytes());
    let (sum, rest) = sum
        .and_then(|line| line.split_at_checked(8))
        .ok_or("it has no checksum")?;
    let rest = rest
        .strip_prefix(AFTER_SUM.as_bytes())
        .ok_or("it has no checksum")?;
    let sum = core::str::from_utf8(sum)
        .ok()
        .and_then(|sum| u32::from_str_radix(sum, 16).ok());
    if sum != Some(crc32(rest)) {
        return Err("its checksum is wrong");
    }
    let entry = serde_json::from_slice::<JournalEntry>(line).map_err(|_| NEWER)?;
    if entry.record.version > RECORD_VERSION {
        return Err(NEWER);
    }
    Ok(entry)
}

/// Why a line with the right checksum cannot be read.
const NEWER: &str = "a newer version of the program has written it";
/// What a line begins with, and what is between its checksum and the rest.
const BEFORE_SUM: &str = r#"{"crc32":""#;
const AFTER_SUM: &str = r#"","#;
