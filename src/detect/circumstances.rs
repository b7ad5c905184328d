//! What a detector must know of a file beside its content.

use crate::config::stage::Defaults;

/// Whether git keeps a file to itself or hands it round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Kept {
    /// Not known: no repository.
    #[default]
    Unknown,
    /// Git tracks it, or would with the next `git add`.
    Shared,
    /// Git ignores it.
    Private,
}

/// What is known of a file beside its content.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// Whether git hands it round.
    pub kept: Kept,
    /// Whether it may hold a framework's defaults.
    pub defaults: Defaults,
}
