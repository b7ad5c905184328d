//! What git could not tell. Its own messages quote paths and configuration of the repository and are dropped.

use std::path::PathBuf;

use crate::disk::DiskError;

/// A question to git without an answer, or a hook that was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// The program could not be started, or not be talked to.
    #[error("cannot run git: {reason}")]
    Run {
        /// Why.
        reason: String,
    },
    /// It ended with a code that means failure.
    #[error("`git {command}` failed with code {code}")]
    Failed {
        /// The plumbing command.
        command: &'static str,
        /// Its exit code; -1 when a signal ended it.
        code: i32,
    },
    /// More commits than are looked at in one go.
    #[error("{count} commits are new to the remote, and at most {most} are looked at")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many are looked at.
        most: usize,
    },
    /// A hook that cannot be written or taken away.
    #[error("`{}` {reason}; nothing was written", path.display())]
    Hook {
        /// The file or folder in the way.
        path: PathBuf,
        /// What is the matter with it.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}
