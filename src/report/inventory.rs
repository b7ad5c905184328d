//! Every secret as a report may know it: what it is, how good, how old, and when it is due. Never the value.

use crate::model::severity::{Class, Severity};

/// How the age of a secret is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The ledger has its last rotation.
    Ledger,
    /// The commit that brought it into its file.
    Git,
}

impl Source {
    /// The word in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Git => "git",
        }
    }
}

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stands {
    /// The path as the user sees it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// Key path of the setting, as it is shown.
    pub key: String,
}

/// One secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The name that it goes by.
    pub name: String,
    /// What replacing it means: `stateless`, `coordinated`, ...
    pub kind: &'static str,
    /// The worst finding on it; `None` where there is none.
    pub worst: Option<(Class, Severity)>,
    /// Upper bound of its entropy, in bits.
    pub bits: usize,
    /// Days since it was last replaced, and how that is known; `None` where it is not.
    pub age: Option<(u64, Source)>,
    /// Days since a server last took it, as the ledger has it; `None` where it does not.
    pub verified: Option<u64>,
    /// After how many days the policy wants it replaced.
    pub max_age: Option<u64>,
    /// Why it is due now; empty where it is not.
    pub due: String,
    /// Whether it can be replaced by `harden rotate` at all, or only by hand.
    pub by_hand: bool,
    /// Its places in files for production.
    pub places: Vec<Stands>,
}

impl Held {
    /// In how many days it is due; `None` where nothing says so, or its age is not known. 0: now.
    #[must_use]
    pub fn due_in(&self) -> Option<u64> {
        if !self.due.is_empty() {
            return Some(0);
        }
        Some(self.max_age?.saturating_sub(self.age?.0))
    }
}

/// All secrets of a project, and what monitoring wants to know beside them.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// By name, then first place.
    pub secrets: Vec<Held>,
    /// Letter of the grade.
    pub letter: &'static str,
    /// Readiness in percent.
    pub readiness: u8,
    /// Findings in files for production, by class and severity.
    pub findings: Vec<(Class, Severity, usize)>,
    /// Certificates in files: path, days until they expire (negative: since).
    pub certificates: Vec<(String, i64)>,
    /// The last rotation, if one is known: when, in seconds since 1970, and how it ended.
    pub last: Option<(u64, &'static str)>,
}
