//! A report made by hand, for the tests of renderers.

use super::excerpt::{Excerpt, ExcerptLine};
use super::grade::{Cap, Grade};
use super::{Entry, Notice, Report, RuleCard, Totals};
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::severity::{Class, Confidence, Fix, Severity};
use crate::model::span::{Position, Span};

/// Two findings that count, one that informs, and a file name that tries every escape.
pub(crate) fn report() -> Report {
    let hostile =
        finding("redis-plain-url", Class::NonTlsUrl, Severity::Medium, "we ird|`x`\u{1b}[31m%\u{202e}.yml", 3, "services.a.\"b|c\"");
    Report {
        entries: vec![
            entry(finding("default-credential", Class::DevSecret, Severity::Critical, ".env", 12, "DB_PASSWORD")),
            entry(hostile),
            entry(finding("default-credential", Class::DevSecret, Severity::Info, ".env.test", 1, "DB_PASSWORD")),
        ],
        totals: Totals {
            files: 120,
            parsed: 99,
            as_text: 20,
            faulty: 1,
            settings: 3456,
            bytes: 1_234_567,
            skipped_large: 1,
            skipped_binary: 2,
            skipped_special: 3,
            recalled: 3,
            unreadable: 1,
            suppressed_inline: 5,
            suppressed_config: 2,
            suppressed_baseline: 4,
        },
        grade: Grade {
            letter: "F",
            readiness: 50,
            caps: vec![
                Cap { letter: "F", reason: "a default credential is in a production file".to_owned() },
                Cap { letter: "B", reason: "1 file could not be parsed".to_owned() },
            ],
            subjects: 40,
            version: 1,
            go: false,
        },
        notices: vec![Notice { file: "bad.yml".to_owned(), line: 7, message: "not YAML: a mapping ends too early".to_owned() }],
        rules: vec![RuleCard {
            id: "default-credential".to_owned(),
            title: "A value from a template is in a secret's place".to_owned(),
            why: "Whoever reads the template can log in.".to_owned(),
            references: vec!["https://cwe.mitre.org/data/definitions/1392.html".to_owned()],
            cwe: vec![1392],
            controls: vec![("soc2".to_owned(), vec!["CC6.1".to_owned()])],
        }],
        fail_on: Some(Severity::Medium),
        quiet: false,
        scope: super::Scope::Files,
    }
}

/// Nothing found in twelve files.
pub(crate) fn clean() -> Report {
    Report {
        entries: Vec::new(),
        totals: Totals { files: 12, parsed: 12, settings: 80, bytes: 900, ..Totals::default() },
        grade: Grade { letter: "A+", readiness: 100, caps: Vec::new(), subjects: 34, version: 1, go: true },
        notices: Vec::new(),
        rules: Vec::new(),
        fail_on: Some(Severity::Medium),
        quiet: false,
        scope: super::Scope::Files,
    }
}

/// A finding at column 13 whose value is eight bytes long.
pub(crate) fn finding(rule: &str, class: Class, severity: Severity, file: &str, line: usize, key: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        class,
        topic: String::new(),
        severity,
        confidence: Confidence::High,
        file: file.to_owned(),
        span: Span::new(12, 20),
        start: Position { line, column: 13 },
        end_line: line,
        key: key.to_owned(),
        fingerprint: "0123456789abcdef0123456789abcdef".to_owned(),
        place: "fedcba9876543210fedcba9876543210".to_owned(),
        environment: if severity == Severity::Info { Environment::Development } else { Environment::Production },
        fix: Fix::Safe,
        message: "the password is the one of the template".to_owned(),
        help: String::new(),
        setting: Some(0),
        subject: 1,
        because: "",
        related: Vec::new(),
    }
}

fn entry(finding: Finding) -> Entry {
    let line = ExcerptLine { number: finding.start.line, text: "DB_PASSWORD=••••••••".to_owned(), mark: 12..20 };
    Entry::new(finding, Excerpt { lines: vec![line] })
}
