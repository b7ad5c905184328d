//! What can go wrong with files, in our own words: path, reason, and what was not done. Never content.

use std::io;
use std::path::{Path, PathBuf};

/// A file operation that did not happen, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// The operating system said no.
    #[error("cannot {action} `{}`: {reason}{}{outcome}", path.display(), if outcome.is_empty() { "" } else { "; " })]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        reason: String,
        /// What that means for the user's files; may be empty.
        outcome: &'static str,
    },
    /// Writing through a symbolic link would change a file that nobody named.
    #[error("`{}` is a link; name the real path `{}` instead; nothing was written", path.display(), target.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// Replacing one name of a file with several would leave the old content under the others.
    #[error("`{}` has {links} names (hard links), and the others would keep the old content; nothing was written", path.display())]
    HardLink {
        /// The name that was given.
        path: PathBuf,
        /// How many there are.
        links: u64,
    },
    /// A folder, pipe, socket or device.
    #[error("`{}` is not a regular file; nothing was written", path.display())]
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// A new file was asked for, and there is one already.
    #[error("`{}` exists already; nothing was written", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// Another `harden` works in this project.
    #[error("another harden holds `{}`; nothing was written", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
    },
    /// A file is no longer what was read when the change was planned.
    #[error("`{}` has changed since it was read; nothing was written", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A target that does not lie in the project, or is named twice.
    #[error("`{}` cannot be a target: {reason}; nothing was written", path.display())]
    Target {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The commit point is passed and not every file could be changed. The journal stands: resume or undo.
    #[error("left half done at `{}`: {reason}; the journal in `.harden/state` stands", path.display())]
    HalfDone {
        /// The first file that is in the way.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A journal, or the list of an undo copy, that this user did not write, or that was changed since.
    #[error("`{}` is refused: {reason}; nothing was written", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// Another program writes a file that is to be changed, and does not come to an end.
    #[error("`{}` is open for writing in another program; nothing was written", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// No private folder that lives in memory.
    #[error("there is no private folder in memory (looked at {looked}); nothing was opened")]
    NoRoom {
        /// The folders, and what is wrong with each.
        looked: String,
    },
    /// There is no place for this user's own state.
    #[error("no home folder for harden's own state: set XDG_STATE_HOME or HOME; nothing was written")]
    NoHome,
}

impl DiskError {
    /// An [`DiskError::Io`] for a failed `action` on `path`.
    pub(crate) fn io(action: &'static str, path: &Path, error: &io::Error, outcome: &'static str) -> Self {
        Self::Io { action, path: path.to_owned(), reason: reason(error), outcome }
    }
}

/// The system's reason in lower case and without its number, for instance `permission denied`.
pub(crate) fn reason(error: &io::Error) -> String {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or(&words);
    let mut chars = words.chars();
    chars.next().map_or_else(|| "unknown reason".to_owned(), |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn reasons_are_lower_case_and_bare() {
        assert_eq!(reason(&std::io::Error::from_raw_os_error(13)), "permission denied");
    }
}
