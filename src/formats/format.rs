//! What a file format must be able to do.

use super::text::{Sieve, Sieves};
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::Setting;
use crate::model::span::Span;

/// How sure a format is that a file is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// Not ours.
    No,
    /// The content looks like it, whatever the name says.
    Content,
    /// The name says so.
    Name,
    /// Name and content say so, or the name leaves no doubt: a more special format wins over a general one.
    Special,
}

/// The value cannot be written at this place; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this value cannot be written here: {0}")]
pub struct EncodeError(pub &'static str);

/// A file format: text to settings with byte spans, and a value to text that fits a place.
///
/// Implementations never keep, log or return text of the input in an error: it may be a secret.
pub trait Format: Sync {
    /// Registered name, lower case.
    fn name(&self) -> &'static str;

    /// Whether a file called `file_name` (last component of `path`, as given), whose first 4 KiB or less are `head`, is of this format.
    fn claims(&self, path: &str, file_name: &str, head: &str) -> Claim;

    /// The settings of `text` in file order. `text` has no byte order mark. Spans are byte offsets into `text`.
    ///
    /// # Errors
    /// [`Fault`] when the text is not of this format: kind and place, never the text.
    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault>;

    /// The settings in `parts` of `text`, which are in order and apart; what stands elsewhere may be among them.
    fn parse_parts(&self, text: &str, _parts: &[Span]) -> Vec<Setting> {
        self.parse(text).unwrap_or_default()
    }

    /// The sieve for texts of this format; `None` where each has to be read as a whole.
    fn sieve<'s>(&self, _sieves: &'s Sieves) -> Option<&'s Sieve> {
        None
    }

    /// The bytes to put at `place.span` so that the format reads `value` there. Quotes around the span stay as they are.
    ///
    /// # Errors
    /// [`EncodeError`] when no bytes inside the present quotes would be read as `value`.
    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError>;
}
