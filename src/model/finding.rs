//! What was found, where, and how bad it is. Never the value.

use super::environment::Environment;
use super::severity::{Class, Confidence, Fix, Severity};
use super::span::{Position, Span};

/// One fault at one place. Holds ids, places and our own words only, so it outlives the document and cannot leak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Id of the rule, kebab-case, stable.
    pub rule: String,
    /// Sort of fault.
    pub class: Class,
    /// Finer name within the class: `auth-off`, `exposure`, `verify-off`.
    pub topic: String,
    /// How bad it is in this file's environment.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// The path as the user sees it.
    pub file: String,
    /// The bytes at fault: a value or a part of it.
    pub span: Span,
    /// Where `span` starts.
    pub start: Position,
    /// The line of the last byte, from 1.
    pub end_line: usize,
    /// Key path of the setting, in the grammar of `KeyPath`; empty where there is none.
    pub key: String,
    /// 32 hex digits that name the place, not the value (docs/output.md).
    pub fingerprint: String,
    /// 32 hex digits that name the place without its file (docs/baseline.md).
    pub place: String,
    /// The deployment that the file speaks for.
    pub environment: Environment,
    /// Why a part of the file speaks for another one than the file; empty where it does not.
    pub because: &'static str,
    /// How far a fix may go here.
    pub fix: Fix,
    /// One sentence, without the value.
    pub message: String,
    /// What the reader can do about it, one sentence; may be empty.
    pub help: String,
    /// Index of the setting in its document; `None` for findings on bare text.
    pub setting: Option<usize>,
    /// What the grade counts: findings with one subject are one thing to put right.
    pub subject: u64,
    /// Other places that the finding is about: where the secret is live, where it stands as well.
    pub related: Vec<Related>,
}

/// Another place that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The path as the user sees it.
    pub file: String,
    /// Where.
    pub start: Position,
    /// What stands there, in a few words without the value.
    pub what: &'static str,
}

impl Related {
    /// The place of another finding.
    #[must_use]
    pub fn to(other: &Finding, what: &'static str) -> Self {
        Self { file: other.file.clone(), start: other.start, what }
    }
}
