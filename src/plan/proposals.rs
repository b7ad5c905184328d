//! Edits that can be shown with a finding, in a report that others store: settings that get another word, parameters of connections. Nothing
//! that is generated is among them, and nothing of a value but what the rule itself knows.

use std::collections::BTreeMap;

use super::edits::{plain, planned};
use super::switches::{Switch, switches};
use super::wishes::Wishes;
use crate::dsn;
use crate::model::document::Document;
use crate::model::finding::Finding;
use crate::model::severity::Fix;
use crate::model::span::Span;

/// What could be done about one finding.
#[derive(Debug)]
pub struct Proposed {
    /// Index of the document.
    pub document: usize,
    /// Index of the setting.
    pub setting: usize,
    /// The rule that found it.
    pub rule: String,
    /// What it does, in words.
    pub what: String,
    /// Bytes of the document, and what comes in their place; in order.
    pub edits: Vec<(Span, String)>,
}

/// The edits for `findings` on settings and connections of `documents`, each by itself: those that `fix` would make or offer for review, and
/// whose text is harmless.
#[must_use]
pub fn proposals(documents: &[Document], findings: &[&Finding], wishes: &Wishes<'_>) -> Vec<Proposed> {
    let by_path: BTreeMap<&str, usize> = documents.iter().enumerate().map(|(i, d)| (d.path.as_str(), i)).collect();
    let all = switches(documents, findings, &by_path, wishes);
    all.iter().filter(|s| s.fix <= Fix::Review).filter_map(|switch| proposal(documents, switch)).collect()
}

fn proposal(documents: &[Document], switch: &Switch) -> Option<Proposed> {
    let document = documents.get(switch.document)?;
    let setting = document.settings.get(switch.setting)?;
    let value = setting.value.expose();
    let password = dsn::parse(value).and_then(|found| found.password).map(|span| span.of(value)).filter(|text| !text.is_empty());
    // a text that needs quoting would bring the rest of the value with it
    let harmless = |text: &str| password.is_none_or(|password| !text.contains(password));
    if !switch.parts.iter().all(|(_, text)| plain(text) && harmless(text.expose())) {
        return None;
    }
    let (settings, removed) = match switch.removed {
        Some(line) if switch.parts.is_empty() => (Vec::new(), BTreeMap::from([(switch.setting, line)])),
        _ => (vec![(switch.setting, switch.parts.clone())], BTreeMap::new()),
    };
    let planned = planned(document, settings, Vec::new(), Vec::new(), &removed).ok()?;
    let known = |text: &str| text.is_empty() || switch.parts.iter().any(|(_, part)| part.expose() == text);
    let edits: Vec<(Span, String)> = planned.edits.edits().iter().map(|e| (e.span, e.text.expose().to_owned())).collect();
    (!edits.is_empty() && edits.iter().all(|(_, text)| known(text))).then(|| Proposed {
        document: switch.document,
        setting: switch.setting,
        rule: switch.rule.clone(),
        what: switch.what.clone(),
        edits,
    })
}
