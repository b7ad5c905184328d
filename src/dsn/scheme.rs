//! What a system's connection strings say about TLS.

use super::change::Change;
use super::split::Dsn;

/// How a connection is protected, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tls {
    /// Switched off by name.
    Disabled,
    /// Not asked for.
    Absent,
    /// Tried, and given up without a word.
    Opportunistic,
    /// Encrypted to anyone.
    Unverified,
    /// The certificate is checked, the name is not.
    CaOnly,
    /// Certificate and name are checked.
    Verified,
    /// Said elsewhere.
    Unknown,
}

impl Tls {
    /// The word used in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Absent => "absent",
            Self::Opportunistic => "opportunistic",
            Self::Unverified => "unverified",
            Self::CaOnly => "ca-only",
            Self::Verified => "verified",
            Self::Unknown => "unknown",
        }
    }

    /// A phrase that fits after "is reached".
    #[must_use]
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Disabled => "with TLS switched off",
            Self::Absent => "without TLS",
            Self::Opportunistic => "with TLS only if the server offers it",
            Self::Unverified => "with TLS that verifies nothing",
            Self::CaOnly => "with TLS that does not check the server's name",
            Self::Verified => "with verified TLS",
            Self::Unknown => "in a way that is set elsewhere",
        }
    }
}

/// A database, cache, broker or server that connection strings name.
pub trait Scheme: Sync {
    /// Registered name, lower case.
    fn name(&self) -> &'static str;

    /// Bare scheme names (no `jdbc:`, no `+driver`).
    fn schemes(&self) -> &'static [&'static str];

    /// Whether `dsn` speaks to this system; by its scheme, unless overridden.
    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        self.schemes().contains(&dsn.bare_scheme(text).as_str())
    }

    /// Whether it stands for any server: then it says nothing about whose the password is.
    fn is_any(&self) -> bool {
        false
    }

    /// How the connection is protected.
    fn tls(&self, dsn: &Dsn, text: &str) -> Tls;

    /// The changes that make `driver` connect with verified TLS; `None` where the driver is not known to take it from the string, so that
    /// it can only be suggested. Source for all: the drivers' documentation, docs/tls.md.
    fn secure(&self, dsn: &Dsn, text: &str, driver: Option<&str>) -> Option<Vec<Change>>;
}

/// The truth value of a parameter in any common spelling.
pub(super) fn truth(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "t" | "enabled" => Some(true),
        "false" | "0" | "no" | "off" | "f" | "disabled" | "none" => Some(false),
        _ => None,
    }
}

/// Whether a parameter leaves the answer to a reference.
pub(super) fn elsewhere(value: &str) -> bool {
    crate::model::template::has_reference(value)
}
