//! What stops a rewrite. In every case nothing was written.

use super::splice::OutOfRange;

/// Why a file was not rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RewriteError {
    /// The proof failed.
    #[error("{path}:{line}: {what}; nothing was written")]
    Changed {
        /// The file.
        path: String,
        /// From 1.
        line: usize,
        /// What would be wrong.
        what: &'static str,
    },
    /// An edit does not fit the file.
    #[error("{path}: {error}; nothing was written")]
    Splice {
        /// The file.
        path: String,
        /// Where.
        error: OutOfRange,
    },
}
