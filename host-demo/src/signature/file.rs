//! Where a signature is saved.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use proto_core::model::Signature;

use super::svg;

/// A file for the signature of one sale: new, readable by its owner only, and gone again if there was none.
///
/// It is made before anything is sent, so that a place that cannot be written is known in time.
#[derive(Debug)]
pub struct SignatureFile {
    path: PathBuf,
    file: File,
    /// What is in it.
    saved: String,
}

impl SignatureFile {
    /// Makes the file.
    ///
    /// # Errors
    ///
    /// It is there already: nothing is overwritten. Or the place cannot be written.
    pub fn new(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            file: options.open(path)?,
            path: path.to_owned(),
            saved: String::new(),
        })
    }

    /// Saves the signature in place of the one before, and says whether it is another one.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&mut self, signature: Signature<'_>) -> io::Result<bool> {
        let picture = svg(signature);
        if picture == self.saved {
            return Ok(false);
        }
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(picture.as_bytes())?;
        self.file.sync_all()?;
        self.saved = picture;
        Ok(true)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A file without a signature is not left behind.
impl Drop for SignatureFile {
    fn drop(&mut self) {
        if self.saved.is_empty() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{drawn, signature};
    use super::*;

    #[test]
    fn the_last_signature_is_kept_and_nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signature.svg");
        let first = drawn(&[&[(1, 1), (50, 50), (60, 0)]]);
        let second = drawn(&[&[(2, 2)]]);
        let mut file = SignatureFile::new(&path).unwrap();
        assert!(file.save(signature(&first)).unwrap());
        assert!(!file.save(signature(&first)).unwrap());
        assert!(file.save(signature(&second)).unwrap());
        drop(file);
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(kept, svg(signature(&second)));
        let again = SignatureFile::new(&path).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), kept);
    }

    #[test]
    fn without_a_signature_no_file_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signature.svg");
        drop(SignatureFile::new(&path).unwrap());
        assert!(!path.exists());
    }
}
