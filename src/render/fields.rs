//! The fields of a finding that every JSON format carries, in the order that docs/output.md fixes.

use serde::Serialize;

use crate::report::{Entry, Origin};

/// Version of the shapes of `json` and `jsonl`; a changed shape gets another number.
pub(super) const SCHEMA: u32 = 1;

/// A finding, without anything of the value.
#[derive(Serialize)]
pub(super) struct Fields<'a> {
    rule: &'a str,
    class: &'static str,
    severity: &'static str,
    confidence: &'static str,
    file: &'a str,
    line: usize,
    end_line: usize,
    column: usize,
    key: &'a str,
    fingerprint: &'a str,
    environment: &'static str,
    fix: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    because: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Commit<'a>>,
}

/// Which commit brought a finding: only a scan of the history tells.
#[derive(Serialize)]
struct Commit<'a> {
    commit: &'a str,
    date: &'a str,
    in_head: bool,
    versions: usize,
}

impl<'a> From<&'a Origin> for Commit<'a> {
    fn from(origin: &'a Origin) -> Self {
        Self { commit: &origin.commit, date: &origin.date, in_head: origin.in_head, versions: origin.versions }
    }
}

impl<'a> Fields<'a> {
    pub(super) fn of(entry: &'a Entry) -> Self {
        let finding = &entry.finding;
        Self {
            rule: &finding.rule,
            class: finding.class.word(),
            severity: finding.severity.word(),
            confidence: finding.confidence.word(),
            file: &finding.file,
            line: finding.start.line,
            end_line: finding.end_line,
            column: finding.start.column,
            key: &finding.key,
            fingerprint: &finding.fingerprint,
            environment: finding.environment.word(),
            fix: finding.fix.word(),
            message: &finding.message,
            because: finding.because,
            history: entry.origin.as_ref().map(Commit::from),
        }
    }
}
