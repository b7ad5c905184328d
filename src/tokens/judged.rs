//! What a test of a token's inside can say.

use super::kinds::Use;

/// How the checksum in a token fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// It fits.
    Good,
    /// It does not.
    Bad,
    /// Tokens of this kind have none that is known.
    None,
}

impl Checksum {
    /// Every word, for rules.
    pub const WORDS: &'static [&'static str] = &["good", "bad", "none"];

    /// The word used in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::None => "none",
        }
    }
}

/// What a test says of a token.
#[derive(Clone, Copy)]
pub(super) struct Judged {
    pub(super) checksum: Checksum,
    /// What it opens, where the token says so itself.
    pub(super) usage: Option<Use>,
    /// Whether its own date says that it opens nothing any more.
    pub(super) expired: bool,
}

/// Nothing against it, and no proof.
pub(super) const PLAIN: Judged = Judged { checksum: Checksum::None, usage: None, expired: false };

/// A checksum that fits, or does not.
pub(super) fn fits(good: bool) -> Option<Judged> {
    Some(Judged { checksum: if good { Checksum::Good } else { Checksum::Bad }, ..PLAIN })
}
