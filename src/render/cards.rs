//! What is said of the rules behind a report's findings.

use crate::model::finding::Finding;
use crate::report::{Report, RuleCard, controls};

/// The rules of the findings, in the order of their first finding, with controls; a rule without a card gets one from its finding.
pub(super) fn cards(report: &Report) -> Vec<(RuleCard, &Finding)> {
    let mut rules: Vec<(RuleCard, &Finding)> = Vec::new();
    for finding in report.entries.iter().map(|e| &e.finding) {
        if rules.iter().any(|(card, _)| card.id == finding.rule) {
            continue;
        }
        let mut card = report.card(&finding.rule).cloned().unwrap_or_else(|| RuleCard {
            id: finding.rule.clone(),
            title: finding.rule.replace('-', " "),
            why: String::new(),
            references: Vec::new(),
            cwe: Vec::new(),
            controls: Vec::new(),
        });
        controls::complete(&mut card, finding.class, &finding.topic);
        rules.push((card, finding));
    }
    rules
}
