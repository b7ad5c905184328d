//! Findings to a percentage and a letter. The formula is documented in docs/grade.md; weights and caps are `rules/grading.toml`.

use crate::model::environment::Environment;

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

/// Something that can be right or wrong: a secret, a key, a connection, a switch. Counted once, however many places it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The id that findings refer to.
    pub id: u64,
    /// What it is a part of.
    pub area: Area,
    /// The deployment that its file speaks for.
    pub environment: Environment,
}

/// The verdict on a whole scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade {
    /// `A+` to `F`, or `?` when there was too little to judge.
    pub letter: &'static str,
    /// Readiness, 0 to 100: the weighted share of subjects in production files without an open finding.
    pub readiness: u8,
    /// What lowered the letter, the lowest first.
    pub caps: Vec<Cap>,
    /// Version of the weights.
    pub version: u32,
    /// Whether nothing blocks a launch: grade B or better.
    pub go: bool,
}

/// A reason why the letter cannot be better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The best letter it allows.
    pub letter: &'static str,
    /// Why, in one phrase.
    pub reason: String,
}
