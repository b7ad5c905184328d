//! Why the record could not be read or added to.

use std::path::PathBuf;

use crate::disk::DiskError;

/// A ledger that is not there as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// What lies there is no folder of ledgers.
    #[error("`{}` is no folder, and links are not followed there", path.display())]
    Folder {
        /// The path.
        path: PathBuf,
    },
    /// A file of it is something else.
    #[error("`{}` is no regular UTF-8 file of at most 64 MiB", path.display())]
    File {
        /// The path.
        path: PathBuf,
    },
    /// This user's own id is damaged.
    #[error("`{}` is no id of a writer; remove it, and a new one is made", path.display())]
    Writer {
        /// The path.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}
