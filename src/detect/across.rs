//! What only shows across files: a secret of production that stands in a development or example file as well.

use std::collections::BTreeMap;

use super::family::{Compile, Family, Test, known};
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::severity::{Class, Fix};
use crate::rules::schema::{Argument, Rule};

/// Conditions on the whole project. They hold for no setting by itself; [`across`] looks at them when every file was seen.
pub(super) struct Project;

const SHARED: &str = "project.shared-with";

impl Family for Project {
    fn word(&self) -> &'static str {
        "project"
    }

    fn compile(&self, name: &str, argument: &Argument, _nested: Compile<'_>) -> Result<Test, String> {
        match name {
            "shared-with" => known(SHARED, argument, &["development", "example"]).map(|_| -> Test { Box::new(|_| false) }),
            _ => Err(format!("`project.{name}` is not known: {SHARED}")),
        }
    }
}

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
            (i, new)
        })
        .collect()
}
