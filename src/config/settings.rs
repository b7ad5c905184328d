//! What `harden.toml` can say, as meant.

use std::collections::BTreeMap;

use super::date::Date;
use super::globs::Globs;
use crate::model::environment::Environment;
use crate::model::severity::{Profile, Severity};

/// All settings; every one has a default or may be absent.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// With whose eyes to look.
    pub profile: Option<Profile>,
    /// Which findings decide the exit code.
    pub fail_on: Option<Threshold>,
    /// Paths that are not looked at.
    pub exclude: Globs,
    /// Findings that are accepted.
    pub allow: Vec<Allow>,
    /// Whom to seal to, as written; `seal` parses them.
    pub recipients: Vec<String>,
    /// Files whose environment their name does not tell. The first that matches decides.
    pub environments: Vec<EnvironmentRule>,
    /// What the network between the parts is like.
    pub network: Network,
    /// Setting or scheme = driver, for connection strings whose client cannot be guessed.
    pub drivers: BTreeMap<String, String>,
}

impl Config {
    /// The environment that `[[environment]]` gives the file at `path`, relative to the folder of `harden.toml`.
    #[must_use]
    pub fn environment(&self, path: &str) -> Option<Environment> {
        self.environments.iter().find(|rule| rule.path.matches(path)).map(|rule| rule.is)
    }
}

/// From which severity findings make the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// None does.
    Never,
    /// This one and worse.
    From(Severity),
}

/// `[[allow]]`: findings of one rule, accepted with a reason.
#[derive(Clone, Debug)]
pub struct Allow {
    /// Rule id.
    pub rule: String,
    /// The files it holds for.
    pub path: Globs,
    /// The settings it holds for, as a pattern of `KeyPath::matches`; absent: all.
    pub key: Option<String>,
    /// Why; never empty.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Where it stands in `harden.toml`, from 1: an entry that matches nothing is named by its line.
    pub line: usize,
}

impl Allow {
    /// Whether the entry no longer holds on `today`.
    #[must_use]
    pub fn expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }
}

/// `[[environment]]`: what a file's name does not say.
#[derive(Clone, Debug)]
pub struct EnvironmentRule {
    /// The files.
    pub path: Globs,
    /// Their environment.
    pub is: Environment,
}

/// `[network]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Hosts and networks between which plaintext is accepted, as written.
    pub trusted: Vec<String>,
    /// How plaintext to internal names counts; absent: as the rules say.
    pub internal_plaintext: Option<InternalPlaintext>,
}

/// `internal-plaintext`: how bad a connection without TLS to an internal host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InternalPlaintext {
    /// As bad as any.
    High,
    /// Medium.
    Medium,
    /// Accepted.
    Allow,
}
