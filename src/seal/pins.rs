//! Whom this user has accepted as recipients of a project. `harden.toml` comes from the repository, and whoever can change it could add a key of
//! their own: the first use pins the list in the user's own state folder, and who is added later has to be accepted there.

use std::path::{Path, PathBuf};

use super::error::SealError;
use super::recipients::{Recipient, Recipients};
use crate::disk::notes::Notes;

/// The recipients that were accepted for one project.
pub struct Pins {
    notes: Notes,
    root: PathBuf,
    known: Option<Vec<String>>,
}

/// How a list of recipients stands to the accepted ones.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody was accepted yet: the list is taken as it is.
    First,
    /// Not the same: who came, and who is gone (as text). Both may be empty.
    Known {
        /// Listed and not accepted.
        added: Vec<Recipient>,
        /// Accepted and no longer listed.
        removed: Vec<Recipient>,
    },
}

impl Pins {
    /// Those of the project at `root`, a path without links.
    ///
    /// # Errors
    /// [`SealError::Disk`] where the note cannot be read, or there is no place for one.
    pub fn of(root: &Path) -> Result<Self, SealError> {
        let notes = Notes::of_user("recipients")?;
        let known = notes.read(root)?;
        Ok(Self { notes, root: root.to_owned(), known })
    }

    /// Compares `listed` with the accepted ones.
    #[must_use]
    pub fn compare(&self, listed: &Recipients) -> Standing {
        let Some(known) = &self.known else { return Standing::First };
        let added = listed.iter().filter(|one| !known.iter().any(|k| k == one.as_str())).cloned().collect();
        let gone = known.iter().filter(|k| !listed.iter().any(|one| one.as_str() == k.as_str()));
        Standing::Known { added, removed: gone.filter_map(|text| text.parse().ok()).collect() }
    }

    /// Those of `listed` that are accepted; all of them on the first use. `None` where that is nobody.
    #[must_use]
    pub fn accepted(&self, listed: &Recipients) -> Option<Recipients> {
        let known = |one: &&Recipient| self.known.as_ref().is_none_or(|known| known.iter().any(|k| k == one.as_str()));
        Recipients::new(listed.iter().filter(known).cloned().collect()).ok()
    }

    /// Accepts exactly `recipients` from now on.
    ///
    /// # Errors
    /// [`SealError::Disk`]; the former ones stand.
    pub fn accept<'r>(&self, recipients: impl IntoIterator<Item = &'r Recipient>) -> Result<(), SealError> {
        let mut lines: Vec<String> = recipients.into_iter().map(|one| one.as_str().to_owned()).collect();
        lines.sort_unstable();
        lines.dedup();
        if self.known.as_ref() == Some(&lines) { Ok(()) } else { Ok(self.notes.write(&self.root, &lines)?) }
    }
}
