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
    /// There is no program of that name.
    #[error("git is not installed; nothing was looked at")]
    NoGit,
    /// No folder upward holds `.git`.
    #[error("there is no git repository here; nothing was looked at")]
    NoRepository,
    /// A repository without a work tree.
    #[error("the repository at `{path}` has no index; nothing was looked at")]
    NoIndex {
        /// Its folder.
        path: String,
    },
    /// git itself does not work on it.
    #[error(
        "git refuses the repository at `{path}`: it is damaged, or belongs to another user and is not in `safe.directory`; nothing was looked at"
    )]
    Refused {
        /// Its folder.
        path: String,
    },
    /// What was named is no commit that is here.
    #[error("what {option} names is no commit of the repository at `{path}`; nothing was looked at")]
    NoCommit {
        /// The option that named it.
        option: &'static str,
        /// The folder of the repository.
        path: String,
    },
    /// A path outside the repository.
    #[error("`{path}` is outside the repository; nothing was looked at")]
    Outside {
        /// The path, as it was named.
        path: String,
    },
    /// It said something else than it is documented to say.
    #[error("`git {command}` gave an answer that cannot be understood")]
    Answer {
        /// The plumbing command.
        command: &'static str,
    },
    /// It ended with a code that means failure.
    #[error("`git {command}` failed with code {code}")]
    Failed {
        /// The plumbing command.
        command: &'static str,
        /// Its exit code; -1 when a signal ended it.
        code: i32,
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
