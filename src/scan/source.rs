//! What a scan looks at: a name and bytes.

use crate::disk::read::Content;

/// A file, or standard input, read.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    /// The path for people: the argument joined with the path below it.
    pub(super) name: String,
    /// Its bytes.
    pub(super) content: Content,
}
