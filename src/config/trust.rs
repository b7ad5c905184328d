//! Whether this user lets a `harden.toml` name programs that are started. It comes from the repository, so by itself it never may: the user says so
//! for the file as it is, and the SHA-256 of its text is noted in their own state folder. One changed byte, and it is asked again.

use std::path::{Path, PathBuf};

use super::load::Loaded;
use crate::disk::DiskError;
use crate::disk::notes::Notes;

/// What this user said of a `harden.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing yet.
    Unknown,
    /// It was trusted, and has changed since.
    Changed,
    /// It is trusted as it is.
    Trusted,
}

impl Trust {
    /// What was said of `loaded`, as it was read.
    ///
    /// # Errors
    /// [`DiskError`] where the note cannot be read.
    pub fn of(loaded: &Loaded) -> Result<Self, DiskError> {
        Ok(match notes()?.read(&loaded.root)?.as_deref() {
            None => Self::Unknown,
            Some([digest]) if *digest == hex(&loaded.digest) => Self::Trusted,
            Some(_) => Self::Changed,
        })
    }

    /// Trusts `loaded` as it was read.
    ///
    /// # Errors
    /// [`DiskError`]; nothing was noted then.
    pub fn grant(loaded: &Loaded) -> Result<(), DiskError> {
        notes()?.write(&loaded.root, &[hex(&loaded.digest)])
    }

    /// Takes the trust in the `harden.toml` of the folder `root` back; whether there was any.
    ///
    /// # Errors
    /// [`DiskError`] where the note cannot be removed.
    pub fn revoke(root: &Path) -> Result<bool, DiskError> {
        notes()?.forget(root)
    }

    /// The folders of all that were trusted, with the hash as it was then, in hex digits.
    ///
    /// # Errors
    /// [`DiskError`] where the notes cannot be read.
    pub fn all() -> Result<Vec<(PathBuf, String)>, DiskError> {
        Ok(notes()?.all()?.into_iter().map(|(root, entries)| (root, entries.concat())).collect())
    }
}

fn notes() -> Result<Notes, DiskError> {
    Notes::of_user("trusted")
}

/// As `sha256sum` prints it.
fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
