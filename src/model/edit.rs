//! Replacements of byte ranges that cannot overlap.

use super::secret::Secret;
use super::span::Span;

/// Put `text` where `span` is.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The bytes that go.
    pub span: Span,
    /// The bytes that come, already escaped for the place.
    pub text: Secret,
}

/// Two edits want the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two changes want the bytes {} to {}", .0.start, .0.end)]
pub struct Overlap(pub Span);

/// Edits of one file: sorted, and disjoint by construction.
#[derive(Clone, Debug, Default)]
pub struct EditSet(Vec<Edit>);

impl EditSet {
    /// Sorts `edits` and refuses any two that overlap, or two insertions at one place, whose order would be a guess.
    ///
    /// # Errors
    /// [`Overlap`] with the second of the two spans.
    pub fn new(mut edits: Vec<Edit>) -> Result<Self, Overlap> {
        edits.sort_by_key(|e| e.span);
        for pair in edits.windows(2) {
            let [a, b] = pair else { continue };
            if a.span.overlaps(b.span) || a.span == b.span || b.span.start < a.span.end {
                return Err(Overlap(b.span));
            }
        }
        Ok(Self(edits))
    }

    /// The edits, by place.
    #[must_use]
    pub fn edits(&self) -> &[Edit] {
        &self.0
    }

    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
