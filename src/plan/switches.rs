//! Settings and connections that get another value: `DEBUG`, a published port, `sslmode`.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::wishes::Wishes;
use crate::dsn;
use crate::formats;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::severity::{Class, Fix, Severity};
use crate::model::span::Span;
use crate::model::template::innermost_default;
use crate::rules::schema::{Rule, Strategy};
use crate::strength::name::{NameClass, classify};

/// One setting that gets another value, by parts.
#[derive(Debug)]
pub struct Switch {
    /// Index of the document.
    pub document: usize,
    /// Index of the setting.
    pub setting: usize,
    /// The rule that asks for it.
    pub rule: String,
    /// How far it may go.
    pub fix: Fix,
    /// What it does, in words: `DEBUG: true -> false`, `sslmode=verify-full`.
    pub what: String,
    /// Parts of the value and what comes in their place; none where it can only be suggested.
    pub parts: Vec<(Span, Secret)>,
    /// What the operator must supply.
    pub needs: Vec<String>,
    /// What it can be chosen by.
    pub(super) tags: BTreeSet<String>,
}

/// The changes that the rules propose for findings on settings and connections in files that go live.
pub(super) fn switches(documents: &[Document], findings: &[&Finding], by_path: &BTreeMap<&str, usize>, wishes: &Wishes<'_>) -> Vec<Switch> {
    let mut out = Vec::new();
    for finding in findings {
        let sort = matches!(finding.class, Class::InsecureSetting | Class::NonTlsUrl);
        if !sort || finding.environment != Environment::Production || finding.severity == Severity::Info {
            continue;
        }
        let (Some(&document), Some(index)) = (by_path.get(finding.file.as_str()), finding.setting) else { continue };
        let Some(doc) = documents.get(document) else { continue };
        let (Some(setting), Some((rule, _))) = (doc.settings.get(index), wishes.rules.get(&finding.rule)) else { continue };
        if setting.role == Role::Prose {
            continue;
        }
        let (parts, what) = match rule.repair.strategy {
            Strategy::Set | Strategy::Map | Strategy::Flip => fixed(rule, setting),
            Strategy::Url => secured(setting, wishes.drivers),
            Strategy::Generate | Strategy::Suggest => (Vec::new(), String::new()),
        };
        let possible = !parts.is_empty() && setting.editable && !doc.lossy && (!wishes.sealed || formats::is_sealable(doc.format));
        let tags =
            [finding.rule.clone(), finding.class.word().to_owned(), finding.key.clone(), setting.name().to_owned()].into_iter().collect();
        let settled = wishes.fresh == Some(document) && matches!(rule.repair.strategy, Strategy::Set | Strategy::Map | Strategy::Flip);
        out.push(Switch {
            document,
            setting: index,
            rule: finding.rule.clone(),
            // a new production file gets production settings; nothing runs with it yet
            fix: if !possible {
                Fix::Manual
            } else if settled {
                Fix::Safe
            } else {
                finding.fix.max(Fix::Review)
            },
            what: if what.is_empty() { rule.help.to_string() } else { what },
            parts,
            needs: rule.repair.needs.iter().map(ToString::to_string).collect(),
            tags,
        });
    }
    out
}

/// A fixed text, or the first pattern that fits. The old and the new words are those of the rule's own lists, so they can be shown.
fn fixed(rule: &Rule, setting: &Setting) -> (Vec<(Span, Secret)>, String) {
    let value = setting.value.expose();
    let span = innermost_default(value);
    // a rule must not be able to show or rewrite a secret as if it were a switch
    if span.len() != value.len() || matches!(classify(setting.name()), NameClass::Secret | NameClass::Weak) {
        return (Vec::new(), String::new());
    }
    let new = match rule.repair.strategy {
        Strategy::Set => Some(rule.repair.set.to_string()),
        Strategy::Flip => flipped(value),
        _ => rule.repair.map.iter().find_map(|(pattern, to)| {
            let regex = Regex::new(pattern).ok()?;
            regex.is_match(value).then(|| regex.replace(value, &**to).into_owned())
        }),
    };
    match new {
        Some(new) if new != value => {
            let what = format!("{} becomes {new}", setting.name());
            (vec![(span, Secret::new(new))], what)
        }
        _ => (Vec::new(), String::new()),
    }
}

/// The opposite of a switch as it is spelled: `True` gives `False`, `yes` gives `no`. `None` for what is no switch.
fn flipped(value: &str) -> Option<String> {
    const PAIRS: &[(&str, &str)] = &[
        ("true", "false"),
        ("yes", "no"),
        ("on", "off"),
        ("1", "0"),
        ("enabled", "disabled"),
        ("enable", "disable"),
        ("y", "n"),
        ("t", "f"),
    ];
    let small = value.to_ascii_lowercase();
    let new = PAIRS.iter().find_map(|(yes, no)| if small == *yes { Some(*no) } else { (small == *no).then_some(*yes) })?;
    let capital = value.starts_with(|c: char| c.is_ascii_uppercase());
    Some(if capital && value.len() > 1 && value.bytes().all(|b| b.is_ascii_uppercase()) {
        new.to_ascii_uppercase()
    } else if capital {
        let mut chars = new.chars();
        chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
    } else {
        new.to_owned()
    })
}

/// Verified TLS, where the driver is known to take it from the string.
fn secured(setting: &Setting, drivers: &BTreeMap<String, String>) -> (Vec<(Span, Secret)>, String) {
    let value = setting.value.expose();
    let whole = innermost_default(value);
    let text = whole.of(value);
    let (Some(found), true) = (dsn::parse(text), whole.len() == value.len()) else { return (Vec::new(), String::new()) };
    let Some(system) = dsn::system(&found, text) else { return (Vec::new(), String::new()) };
    let told = drivers.get(setting.name()).or_else(|| drivers.get(system.name())).map(String::as_str);
    let Some(changes) = system.secure(&found, text, told.or_else(|| found.driver(text))) else { return (Vec::new(), String::new()) };
    let edits = dsn::edits(&found, text, &changes);
    let words: Vec<String> = changes.iter().map(ToString::to_string).collect();
    (edits.into_iter().map(|(span, new)| (span.shift(whole.start), Secret::new(new))).collect(), words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::flipped;

    #[test]
    fn a_switch_keeps_its_spelling() {
        for (value, new) in
            [("true", "false"), ("False", "True"), ("ON", "OFF"), ("Yes", "No"), ("0", "1"), ("Y", "N"), ("enabled", "disabled")]
        {
            assert_eq!(flipped(value).as_deref(), Some(new), "{value}");
        }
        assert!(["maybe", "", "2", "truer"].iter().all(|v| flipped(v).is_none()));
    }
}
