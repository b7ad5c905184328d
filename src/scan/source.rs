//! What a scan looks at: a name and bytes.

use crate::disk::read::{Content, Stamp};

/// A file, or standard input, read.
#[derive(Clone, Debug)]
pub struct Blob {
    /// The path for people: the argument joined with the path below it.
    pub name: String,
    /// The path below the argument: what the environment is judged by.
    pub below: String,
    /// Its bytes.
    pub content: Content,
    /// Which file it was; `None` for standard input.
    pub stamp: Option<Stamp>,
}
