//! Which deployment a file speaks for: it changes how bad a finding is, never whether there is one.

use std::fmt;

/// The deployment that a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// What goes live: full severity.
    Production,
    /// A laptop, a test, a build machine: `info`, but for a real provider's credential.
    Development,
    /// A template or document that people copy from.
    Example,
}

impl Environment {
    /// Every word, for options and errors.
    pub const WORDS: &'static [&'static str] = &["production", "development", "example"];

    /// The word used in output and configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
            Self::Example => "example",
        }
    }

    /// The environment named by `word`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Production, Self::Development, Self::Example].into_iter().find(|e| e.word() == word)
    }
}

/// What a part of a file says of its deployment, in a file that speaks for production as a whole; with the reason, to be put after
/// "because".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is named for development or tests in a file that is read by such names: all in it is theirs.
    Named(&'static str),
    /// It lasts as long as a run of tests, is for one machine, or is merely called so: what is weak there opens nothing, what is strong
    /// may be in use elsewhere.
    Passing(&'static str),
}

impl Stage {
    /// The reason.
    #[must_use]
    pub fn because(self) -> &'static str {
        match self {
            Self::Named(because) | Self::Passing(because) => because,
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
