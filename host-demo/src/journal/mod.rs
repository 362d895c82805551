//! Where requests are kept on record: an SQLite database, or a file of lines.

#[cfg(feature = "sqlite")]
mod sqlite;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use proto_core::driver::{FileJournal, JournalEntry, JournalError, Records};

#[cfg(feature = "sqlite")]
pub use sqlite::SqliteJournal;

/// A journal that was opened, and what is to be told about that.
pub struct Opened {
    /// The journal.
    pub journal: Box<dyn Records>,
    /// What was mended.
    pub mended: Option<String>,
}

/// Opens the journal in this file for this process alone; it is made if there is none. What is in the file says
/// how it is kept; a new one whose name ends in `.jsonl` is a file of lines, any other a database.
///
/// # Errors
///
/// [`JournalError`].
pub fn open(path: &Path) -> Result<Opened, JournalError> {
    match format_of(path)? {
        Format::Lines => {
            let journal = FileJournal::open(path)?;
            let mended = journal.repaired().map(ToString::to_string);
            Ok(Opened {
                journal: Box::new(journal),
                mended,
            })
        }
        #[cfg(feature = "sqlite")]
        Format::Database => Ok(Opened {
            journal: Box::new(SqliteJournal::open(path)?),
            mended: None,
        }),
        #[cfg(not(feature = "sqlite"))]
        Format::Database => Err(no_database(path)),
    }
}

/// Shows every entry of the journal in this file to `look`, also if another process has it.
///
/// # Errors
///
/// [`JournalError`]; a file that does not exist is one.
pub fn look_into(path: &Path, look: &mut dyn FnMut(JournalEntry)) -> Result<(), JournalError> {
    match format_of(path)? {
        Format::Lines => FileJournal::look_into(path, look),
        #[cfg(feature = "sqlite")]
        Format::Database => SqliteJournal::look_into(path, look),
        #[cfg(not(feature = "sqlite"))]
        Format::Database => Err(no_database(path)),
    }
}

/// An error as a sentence.
#[must_use]
pub fn sentence(error: &JournalError) -> String {
    let text = error.to_string();
    let (first, rest) = text.split_at(text.len().min(1));
    format!("{}{rest}.", first.to_uppercase())
}

/// The journal in the user's state folder.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let name = match NEW {
        Format::Database => "journal.sqlite",
        Format::Lines => "journal.jsonl",
    };
    Some(state_folder()?.join(name))
}

/// The user's state folder for this program.
#[must_use]
pub fn state_folder() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "host-demo")?;
    let state = folders
        .state_dir()
        .unwrap_or_else(|| folders.data_local_dir());
    Some(state.to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Lines,
    Database,
}

/// How a new journal is kept.
const NEW: Format = if cfg!(feature = "sqlite") {
    Format::Database
} else {
    Format::Lines
};

/// What every SQLite database begins with.
const DATABASE: &[u8] = b"SQLite format 3\0";

fn format_of(path: &Path) -> Result<Format, JournalError> {
    let mut head = Vec::new();
    match File::open(path) {
        Ok(file) => file
            .take(DATABASE.len() as u64)
            .read_to_end(&mut head)
            .map(drop),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
    .map_err(|error| JournalError::system(path, error))?;
    let lines = path.extension().is_some_and(|end| end == "jsonl");
    Ok(match head.as_slice() {
        DATABASE => Format::Database,
        [] if !lines => NEW,
        _ => Format::Lines,
    })
}

#[cfg(not(feature = "sqlite"))]
fn no_database(path: &Path) -> JournalError {
    let why = "it is an SQLite database, and this program was built without the feature `sqlite`";
    JournalError::system(path, io::Error::other(why))
}
