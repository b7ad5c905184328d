//! Every rule against the examples that it carries: what `harden rules test` and the tests of the house run.

use super::facts::is_env_template;
use super::project::{Project, complete};
use super::retired::returned;
use crate::config::Network;
use crate::config::environment::{self, Facts};
use crate::detect::{Circumstances, Detectors, Links, across};
use crate::formats;
use crate::model::finding::Finding;
use crate::model::secret::Secret;
use crate::model::severity::Profile;
use crate::rules::builtin;
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
    // a rule on several files builds on what the other rules find in each
    let network = Network::default();
    let all = match Detectors::compile(builtin::rules(), Profile::Strict, &network) {
        Ok(all) => all,
        Err(error) => return (0, vec![Miss { rule: error.rule, example: 0, what: error.problem }]),
    };
    for written in &file.rules {
        let rule = &written.rule;
        for what in ["match", "clean"] {
            if !written.examples.iter().any(|e| e.expect == what) {
                misses.push(Miss { rule: rule.id.to_string(), example: 0, what: format!("has no `{what}` example") });
            }
        }
        let detectors = match Detectors::compile(std::slice::from_ref(rule), Profile::Strict, &network) {
            Ok(detectors) => detectors,
            Err(error) => {
                misses.push(Miss { rule: rule.id.to_string(), example: 0, what: error.problem });
                continue;
            }
        };
        for (i, example) in written.examples.iter().enumerate() {
            count += 1;
            misses.extend(
                check(
                    rule,
                    std::slice::from_ref(rule),
                    if example.beside.is_empty() && example.retired.is_empty() { &detectors } else { &all },
                    example,
                )
                .map(|what| Miss { rule: rule.id.to_string(), example: i + 1, what }),
            );
        }
    }
    (count, misses)
}

/// What shows across the files of an example. A path that one of them names is provided if it is among them.
fn together(rules: &[Rule], detectors: &Detectors, name: &str, example: &Example) -> Vec<Finding> {
    let given = example.beside.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let files: Vec<(&str, String)> =
        [(name, example.input.as_str())].into_iter().chain(given).map(|(n, t)| (n, t.replace(MARK, ""))).collect();
    let parse = |(name, text): &(&str, String)| formats::parse(name, text.as_bytes(), environment::of(name, &Facts::default()));
    let documents: Vec<_> = files.iter().map(parse).collect();
    let links = documents.iter().map(|d| Links::of(d, &detectors.run(d, Circumstances::default()).findings)).collect();
    let project = Project::new(rules, links);
    let second: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(i, (name, text))| project.look(i, text.as_bytes(), environment::of(name, &Facts::default())))
        .collect();
    let provided = |_: usize, path: &str| files.iter().any(|(n, _)| if path.is_empty() { is_env_template(n) } else { *n == path });
    let mut found: Vec<Finding> =
        documents.iter().zip(&second).enumerate().flat_map(|(i, (d, s))| project.copies(i, d, s, false)).collect();
    for (i, mut finding) in project.findings(&second, &provided) {
        documents.get(i).into_iter().for_each(|d| complete(d, &mut finding));
        found.push(finding);
    }
    found
}

fn check(rule: &Rule, rules: &[Rule], detectors: &Detectors, example: &Example) -> Option<String> {
    let name = match (&example.file, example.format.as_deref()) {
        (Some(file), _) => file.clone(),
        (None, None | Some("env")) => ".env".to_owned(),
        (None, Some("compose")) => "compose.yml".to_owned(),
        (None, Some("kubernetes" | "yaml")) => "values.yaml".to_owned(),
        (None, Some(other)) => format!("config.{other}"),
    };
    let look = |name: &str, text: &str| {
        let environment = environment::of(name, &Facts::default());
        detectors.run(&formats::parse(name, text.replace(MARK, "").as_bytes(), environment), Circumstances::default()).findings
    };
    let mut found = look(&name, &example.input);
    if !example.beside.is_empty() {
        found.extend(example.beside.iter().flat_map(|(name, text)| look(name, text)));
        let new = across(rules, &found.iter().collect::<Vec<_>>());
        found.extend(new.into_iter().map(|(_, finding)| finding));
        found.extend(together(rules, detectors, &name, example));
    }
    if !example.retired.is_empty() {
        let environment = environment::of(&name, &Facts::default());
        let document = formats::parse(&name, example.input.replace(MARK, "").as_bytes(), environment);
        let day = |value: &Secret| example.retired.iter().any(|r| r.replace(MARK, "") == value.expose()).then(|| "2026-01-31".to_owned());
        found.extend(returned(rules, &document, &found, &day));
    }
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
