//! Where pairing tokens are kept.
//!
//! A token belongs to one terminal and one point of sale; whoever has it can drive the terminal
//! (`protocol/link.md` §2.8). Every pairing brings a new one, and the one before is worthless.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use core::fmt;

use super::journal::{private_file, private_folder};

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenKey<'a> {
    /// The address of the terminal.
    pub terminal: &'a str,
    /// The serial number of the point of sale.
    pub serial: &'a str,
}

impl fmt::Display for TokenKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.terminal, self.serial)
    }
}

/// A place for pairing tokens.
pub trait Tokens: Send {
    /// The token that is kept.
    ///
    /// # Errors
    ///
    /// The place cannot be read.
    fn load(&mut self, key: TokenKey<'_>) -> io::Result<Option<String>>;

    /// Keeps a token in place of the one before, durably.
    ///
    /// # Errors
    ///
    /// The place cannot be written; the next connection must pair anew.
    fn store(&mut self, key: TokenKey<'_>, token: &str) -> io::Result<()>;

    /// Forgets the token.
    ///
    /// # Errors
    ///
    /// The place cannot be written.
    fn forget(&mut self, key: TokenKey<'_>) -> io::Result<()>;
}

/// Keeps tokens for the life of the process.
#[derive(Default)]
pub struct MemoryTokens(BTreeMap<String, String>);

impl fmt::Debug for MemoryTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryTokens({})", self.0.len())
    }
}

impl Tokens for MemoryTokens {
    fn load(&mut self, key: TokenKey<'_>) -> io::Result<Option<String>> {
        Ok(self.0.get(&key.to_string()).cloned())
    }

    fn store(&mut self, key: TokenKey<'_>, token: &str) -> io::Result<()> {
        self.0.insert(key.to_string(), token.to_owned());
        Ok(())
    }

    fn forget(&mut self, key: TokenKey<'_>) -> io::Result<()> {
        self.0.remove(&key.to_string());
        Ok(())
    }
}

/// Keeps tokens in a file that only its owner can read (0600 on Unix; on Windows the folder's access list decides,
/// and those of the user's own folders let nobody else in). It is written beside itself and renamed, so that a crash
/// leaves the old or the new one.
#[derive(Debug, Clone)]
pub struct FileTokens(PathBuf);

impl FileTokens {
    /// The tokens in this file; it and its folder are made when the first token is stored.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn read(&self) -> io::Result<BTreeMap<String, String>> {
        match fs::read(&self.0) {
            // The content is not repeated in the error: it holds secrets.
            Ok(text) => serde_json::from_slice(&text).map_err(|_| {
                let place = self.0.display();
                io::Error::other(format!("{place} is no token file; move it away"))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }

    fn write(&self, tokens: &BTreeMap<String, String>) -> io::Result<()> {
        private_folder(&self.0)?;
        let mut beside = self.0.clone().into_os_string();
        beside.push(format!(".{}.new", std::process::id()));
        let beside = PathBuf::from(beside);
        let mut file = private_file(&beside, fs::OpenOptions::new().truncate(true))?;
        file.write_all(&serde_json::to_vec_pretty(tokens)?)?;
        file.sync_all()?;
        fs::rename(&beside, &self.0)
    }
}

impl Tokens for FileTokens {
    fn load(&mut self, key: TokenKey<'_>) -> io::Result<Option<String>> {
        Ok(self.read()?.remove(&key.to_string()))
    }

    fn store(&mut self, key: TokenKey<'_>, token: &str) -> io::Result<()> {
        let mut tokens = self.read()?;
        tokens.insert(key.to_string(), token.to_owned());
        self.write(&tokens)
    }

    fn forget(&mut self, key: TokenKey<'_>) -> io::Result<()> {
        let mut tokens = self.read()?;
        match tokens.remove(&key.to_string()) {
            Some(_) => self.write(&tokens),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: TokenKey<'_> = TokenKey {
        terminal: "ws://127.0.0.1:12345/remote_pay",
        serial: "ABC123",
    };

    #[test]
    fn a_token_is_kept_replaced_and_forgotten_in_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/tokens.json");
        let mut tokens = FileTokens::new(&path);
        assert_eq!(tokens.load(KEY).unwrap(), None);
        tokens.forget(KEY).unwrap();
        tokens.store(KEY, "one").unwrap();
        tokens.store(KEY, "two").unwrap();
        assert_eq!(
            FileTokens::new(&path).load(KEY).unwrap().as_deref(),
            Some("two")
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        tokens.forget(KEY).unwrap();
        assert_eq!(tokens.load(KEY).unwrap(), None);
    }

    #[test]
    fn a_broken_file_is_named_but_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        fs::write(&path, "secret garbage").unwrap();
        let error = FileTokens::new(&path).load(KEY).unwrap_err().to_string();
        assert!(
            error.contains("tokens.json") && !error.contains("secret"),
            "{error}"
        );
    }
}
