//! Every rule against the examples that it carries: what `harden rules test` and the tests of the house run.

use crate::config::Network;
use crate::config::environment::{self, Facts};
use crate::detect::{Circumstances, Detectors};
use crate::formats;
use crate::model::severity::Profile;
use crate::rules::schema::{Example, Rule, RuleFile};

/// An example that went another way than it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The rule.
    pub rule: String,
    /// Which of its examples, from 1.
    pub example: usize,
    /// What was expected and what happened, without the input.
    pub what: String,
}

/// The mark that keeps scanners from taking an example for the real thing; it is removed before the example is used.
pub const MARK: &str = "~|~";

/// Runs the examples of `file`; gives their number and those that missed. A rule that does not compile misses all of its own.
#[must_use]
pub fn run(file: &RuleFile) -> (usize, Vec<Miss>) {
    let mut count = 0;
    let mut misses = Vec::new();
    for written in &file.rules {
        let rule = &written.rule;
        for what in ["match", "clean"] {
            if !written.examples.iter().any(|e| e.expect == what) {
                misses.push(Miss { rule: rule.id.to_string(), example: 0, what: format!("has no `{what}` example") });
            }
        }
        let detectors = match Detectors::compile(std::slice::from_ref(rule), Profile::Production, &Network::default()) {
            Ok(detectors) => detectors,
            Err(error) => {
                misses.push(Miss { rule: rule.id.to_string(), example: 0, what: error.problem });
                continue;
            }
        };
        for (i, example) in written.examples.iter().enumerate() {
            count += 1;
            misses.extend(check(rule, &detectors, example).map(|what| Miss { rule: rule.id.to_string(), example: i + 1, what }));
        }
    }
    (count, misses)
}

fn check(rule: &Rule, detectors: &Detectors, example: &Example) -> Option<String> {
    let name = match (&example.file, example.format.as_deref()) {
        (Some(file), _) => file.clone(),
        (None, None | Some("env")) => ".env".to_owned(),
        (None, Some("compose")) => "compose.yml".to_owned(),
        (None, Some("kubernetes" | "yaml")) => "values.yaml".to_owned(),
        (None, Some(other)) => format!("config.{other}"),
    };
    let input = example.input.replace(MARK, "");
    let environment = environment::of(&name, &Facts::default());
    let document = formats::parse(&name, input.as_bytes(), environment);
    let found = detectors.run(&document, Circumstances::default()).findings;
    let own: Vec<_> = found.iter().filter(|f| f.rule == *rule.id).collect();
    match example.expect.as_str() {
        "clean" => (!own.is_empty()).then(|| format!("expected nothing, found {}", own.len())),
        _ => {
            let first = own.first();
            let Some(first) = first else { return Some("expected a finding, found none".to_owned()) };
            if let Some(at) = &example.at
                && !own.iter().any(|f| f.key == *at)
            {
                return Some(format!("expected a finding at `{at}`, found one at `{}`", first.key));
            }
            if let Some(severity) = &example.severity
                && first.severity.word() != severity
            {
                return Some(format!("expected severity {severity}, found {}", first.severity));
            }
            example.count.filter(|n| *n != own.len()).map(|n| format!("expected {n} findings, found {}", own.len()))
        }
    }
}
