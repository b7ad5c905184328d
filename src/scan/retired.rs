//! Values that were replaced, and come back: from a backup, an old branch, somebody's notes. Who knows them again is the caller's matter; here it is
//! only asked, value by value.

use crate::detect::{Place, project_finding, project_rule, secret_of};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::secret::Secret;
use crate::model::severity::{Class, Severity};
use crate::model::shown::shown;
use crate::model::span::Span;
use crate::rules::schema::Rule;

/// The day on which a value was replaced, in words; `None` for one that was not.
pub type Retired<'a> = dyn Fn(&Secret) -> Option<String> + Sync + 'a;

/// The settings of `document` that hold such a value. A weak one has a finding among `findings` that says more.
pub(super) fn returned(rules: &[Rule], document: &Document, findings: &[Finding], retired: &Retired<'_>) -> Vec<Finding> {
    let Some(rule) = project_rule(rules, "project.retired", "") else { return Vec::new() };
    let mut out = Vec::new();
    for (index, setting) in document.settings.iter().enumerate() {
        let Some((secret, within)) = secret_of(setting) else { continue };
        let own = || findings.iter().filter(|f| f.setting == Some(index));
        if own().any(|f| matches!(f.class, Class::DevSecret | Class::WeakKey)) {
            continue;
        }
        let Some(day) = retired(&secret) else { continue };
        // where the text is the value, and not an escaped form of it, a part of it has a place of its own
        let plain = setting.span.of(&document.text) == setting.value.expose();
        let span = if plain { Span::new(setting.span.start + within.start, setting.span.start + within.end) } else { setting.span };
        let place = Place {
            file: document.path.clone(),
            span,
            start: document.lines.position(&document.text, span.start),
            end_line: document.lines.line(span.end.saturating_sub(1).max(span.start)),
            key: setting.key.to_string(),
            environment: document.environment,
            subject: own().map(|f| f.subject).next().unwrap_or(0),
        };
        let severity = if document.environment == Environment::Production { rule.severity } else { rule.severity.min(Severity::Medium) };
        let mut finding = project_finding(rule, place, severity, &shown(setting.name()), None);
        finding.message = finding.message.replace("{day}", &day);
        out.push(finding);
    }
    out
}
