//! What only shows across files: a secret of production that stands in a development or example file as well.

use std::collections::BTreeMap;

use super::family::{Compile, Family, Test, flag, known};
use crate::model::environment::Environment;
use crate::model::finding::{Finding, Related};
use crate::model::severity::{Class, Fix, Severity};
use crate::model::span::{Position, Span};
use crate::rules::schema::{Argument, Predicate, Rule};

/// Conditions on the whole project. They hold for no setting by itself; [`across`] looks at them when every file was seen.
pub(super) struct Project;

const SHARED: &str = "project.shared-with";
const COPIED: &str = "project.copied";
const REUSED: &str = "project.reused";
const RETIRED: &str = "project.retired";
const MISSING: &str = "project.missing";

impl Family for Project {
    fn word(&self) -> &'static str {
        "project"
    }

    fn compile(&self, name: &str, argument: &Argument, _nested: Compile<'_>) -> Result<Test, String> {
        match name {
            "shared-with" => known(SHARED, argument, &["development", "example"]).map(|_| -> Test { Box::new(|_| false) }),
            "copied" => flag(COPIED, argument).map(|_| -> Test { Box::new(|_| false) }),
            "retired" => flag(RETIRED, argument).map(|_| -> Test { Box::new(|_| false) }),
            "reused" => known(REUSED, argument, &["value", "part"]).map(|_| -> Test { Box::new(|_| false) }),
            "missing" => known(MISSING, argument, &["variable", "env", "file", "key"]).map(|_| -> Test { Box::new(|_| false) }),
            _ => Err(format!("`project.{name}` is not known: {SHARED}, {COPIED}, {RETIRED}, {REUSED}, {MISSING}")),
        }
    }
}

/// The rule among `rules` whose condition is `project.NAME`, with `word` among its words where it takes any.
#[must_use]
pub fn project_rule<'r>(rules: &'r [Rule], name: &str, word: &str) -> Option<&'r Rule> {
    fn says(predicate: &Predicate, name: &str, word: &str) -> bool {
        match predicate {
            Predicate::All(list) | Predicate::Any(list) => list.iter().any(|p| says(p, name, word)),
            Predicate::Not(_) => false,
            Predicate::Leaf(own, argument) if **own == *name => match argument {
                Argument::Words(list) => list.iter().any(|w| **w == *word),
                _ => true,
            },
            Predicate::Leaf(..) => false,
        }
    }
    rules.iter().find(|rule| says(&rule.predicate, name, word))
}

/// Where a finding across files stands.
#[derive(Clone, Debug)]
pub struct Place {
    /// The path as the user sees it.
    pub file: String,
    /// The bytes.
    pub span: Span,
    /// Where they start.
    pub start: Position,
    /// The line of the last of them.
    pub end_line: usize,
    /// The key path of the setting; empty where there is none.
    pub key: String,
    /// The deployment that the file speaks for.
    pub environment: Environment,
    /// What the grade counts.
    pub subject: u64,
}

/// A finding of `rule` at `place`; `{key}` in its message becomes `what`, `{other}` the words for `other`. It has no setting of its own: no plan
/// changes anything for it.
#[must_use]
pub fn project_finding(rule: &Rule, place: Place, severity: Severity, what: &str, other: Option<(Related, &str)>) -> Finding {
    Finding {
        rule: rule.id.to_string(),
        class: rule.class,
        topic: rule.topic.to_string(),
        severity,
        confidence: rule.confidence,
        file: place.file,
        span: place.span,
        start: place.start,
        end_line: place.end_line,
        key: place.key,
        fingerprint: String::new(),
        place: String::new(),
        environment: place.environment,
        because: "",
        fix: Fix::Manual,
        message: rule.message.replace("{key}", what).replace("{other}", other.as_ref().map_or("", |(_, words)| words)),
        help: rule.help.to_string(),
        setting: None,
        subject: place.subject,
        related: other.map(|(other, _)| other).into_iter().collect(),
    }
}

/// What stands at the other place of a secret.
pub const SAME: &str = "the same secret";

/// The findings of project rules among `rules`, given those of all files: index of the finding that each is about, and the new one.
/// Their fingerprints are empty.
///
/// Two findings with one subject are about one secret. Only strong secrets matter here: a weak one has a finding that says more.
#[must_use]
pub fn across(rules: &[Rule], findings: &[&Finding]) -> Vec<(usize, Finding)> {
    let Some(rule) = rules.iter().find(|r| r.predicate.reads(SHARED)) else { return Vec::new() };
    let mut elsewhere: BTreeMap<u64, &Finding> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.class == Class::HardcodedSecret && f.environment != Environment::Production) {
        elsewhere.entry(finding.subject).or_insert(finding);
    }
    let live = findings.iter().enumerate().filter(|(_, f)| f.class == Class::HardcodedSecret && f.environment == Environment::Production);
    live.filter_map(|(i, finding)| elsewhere.get(&finding.subject).map(|other| (i, finding, *other)))
        .map(|(i, finding, other)| {
            let mut new = (*finding).clone();
            new.rule = rule.id.to_string();
            new.class = rule.class;
            new.topic = rule.topic.to_string();
            new.severity = rule.severity;
            new.confidence = rule.confidence;
            new.fix = Fix::Review;
            new.fingerprint = String::new();
            new.message = rule.message.replace("{other}", &format!("{}:{}", other.file, other.start.line));
            new.help = rule.help.to_string();
            new.related = vec![Related::to(other, SAME)];
            (i, new)
        })
        .collect()
}
