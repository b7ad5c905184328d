//! The areas that a grade is made of.

/// What a subject is a part of; each area has its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// Passwords and tokens.
    Secrets,
    /// Signing and encryption keys.
    Keys,
    /// Connections.
    Transport,
    /// Authentication and published ports.
    Access,
    /// Application settings.
    App,
    /// Containers and processes.
    Runtime,
    /// How secrets are kept.
    Handling,
    /// Logs and error reports.
    Observability,
    /// Backups and restarts.
    Recovery,
}

impl Area {
    /// Every area, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Secrets,
        Self::Keys,
        Self::Transport,
        Self::Access,
        Self::App,
        Self::Runtime,
        Self::Handling,
        Self::Observability,
        Self::Recovery,
    ];
    /// The areas that make half of the readiness.
    pub const CORE: [Self; 3] = [Self::Secrets, Self::Keys, Self::Transport];

    /// The word used in `rules/grading.toml` and in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::Keys => "keys",
            Self::Transport => "transport",
            Self::Access => "access",
            Self::App => "app",
            Self::Runtime => "runtime",
            Self::Handling => "handling",
            Self::Observability => "observability",
            Self::Recovery => "recovery",
        }
    }

    /// The area named by `word`.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|area| area.word() == word)
    }
}
