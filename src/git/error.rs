//! What git could not tell. Its own messages quote paths and configuration of the repository and are dropped.

/// A question to git without an answer.
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
}
