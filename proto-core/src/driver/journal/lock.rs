//! One process at a time has a journal.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use super::private::sync_folder_of;
use super::{JournalError, private_file, private_folder};

/// That this process has a journal, and no other one. It ends when it is dropped, and with the process, however
/// that ends.
///
/// It is kept in a file beside the journal, `….lock`, which stays: it says which process it is.
#[derive(Debug)]
pub struct JournalLock {
    file: File,
}

impl JournalLock {
    /// Takes the journal at `path`. If there is none, the file is made, empty, and so is its folder, for their
    /// owner only.
    ///
    /// # Errors
    ///
    /// [`JournalError::Held`] if another process has it, or this one already; [`JournalError::System`].
    pub fn take(path: &Path) -> Result<Self, JournalError> {
        let failed = |error| JournalError::system(path, error);
        private_folder(path).map_err(failed)?;
        let mut options = OpenOptions::new();
        let mut file = private_file(&beside(path, ".lock"), options.read(true)).map_err(failed)?;
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let by = holder(&file);
                return Err(JournalError::Held {
                    path: path.to_owned(),
                    by,
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(failed)?;
        if !path.exists() {
            private_file(path, &mut OpenOptions::new()).map_err(failed)?;
            sync_folder_of(path).map_err(failed)?;
        }
        Ok(Self { file })
    }
}

impl Drop for JournalLock {
    fn drop(&mut self) {
        // Nobody has it any more. Closing the file is not enough: a child that this process is about to start may
        // have it open for a moment.
        let _ = self.file.set_len(0);
        let _ = FileExt::unlock(&self.file);
    }
}

/// The process that has it. Where a locked file cannot be read, that is not known.
fn holder(mut lock: &File) -> Option<u32> {
    let mut text = String::new();
    lock.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// The path with this at its end.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut beside = path.to_owned().into_os_string();
    beside.push(end);
    beside.into()
}
