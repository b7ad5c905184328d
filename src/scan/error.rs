//! Why nothing was looked at.

use crate::detect::CompileError;
use crate::git::GitError;

/// A scan that could not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// A rule means nothing to any detector.
    #[error(transparent)]
    Rule(#[from] CompileError),
    /// The repository does not answer.
    #[error(transparent)]
    Git(#[from] GitError),
}
