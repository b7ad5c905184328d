//! What is known of each kind of token.

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// The real thing.
    Live,
    /// A sandbox.
    Test,
    /// Nothing that is not meant for everybody: it is shipped to browsers.
    Public,
    /// Nothing by itself: it says whose the secret beside it is.
    Id,
}

impl Use {
    /// Every word, for rules.
    pub const WORDS: &'static [&'static str] = &["live", "test", "public", "id"];

    /// The word used in data and rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
            Self::Public => "public",
            Self::Id => "id",
        }
    }
}

/// One row of `rules/data/tokens.toml`.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenKind {
    /// Id, for rules.
    pub kind: &'static str,
    /// What it is, in words.
    pub name: &'static str,
    /// Who issues it.
    pub provider: &'static str,
    /// Fixed text in it.
    pub(super) prefixes: &'static [&'static str],
    /// Bytes of it before the fixed text, at most.
    pub(super) back: usize,
    /// The token from its beginning; empty where only [`Self::near`] tells.
    pub(super) pattern: &'static str,
    /// Words of names under which [`Self::whole`] is tried.
    pub(super) near: &'static [&'static [&'static str]],
    /// The whole value under such a name.
    pub(super) whole: &'static str,
    /// The test in `check.rs`.
    pub(super) check: &'static str,
    /// What it opens, unless the token itself says otherwise.
    pub usage: Use,
    /// Where it is revoked and a new one is made.
    pub reissue: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/tokens.rs"));
