//! Settings and connections that get another value: `DEBUG`, a published port, `sslmode`.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::client::{ca, client};
use super::edits::{fits, plain, splice};
use super::wishes::Wishes;
use crate::dsn::{self, HostClass};
use crate::formats;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::key_path::Segment;
use crate::model::secret::Secret;
use crate::model::setting::{Portion, Role, Setting};
use crate::model::severity::{Class, Fix, Severity};
use crate::model::shown::shown;
use crate::model::span::Span;
use crate::model::template::{Part, innermost_default, parts};
use crate::rules::schema::{Reach, Rule, Strategy};
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
    /// Whether the whole line goes.
    pub removed: Option<Span>,
    /// Which driver reads the connection, and how that is known; empty where it makes no difference.
    pub driver: String,
    /// What the operator must supply.
    pub needs: Vec<String>,
    /// Whether it gives a connection TLS.
    pub secures: bool,
    /// What the servers said that it was tried with; empty where none was asked.
    pub asked: Vec<String>,
    /// What it can be chosen by.
    pub(super) tags: BTreeSet<String>,
}

impl Switch {
    /// The value of its setting afterwards.
    #[must_use]
    pub fn value(&self, documents: &[Document]) -> Option<Secret> {
        let old = &documents.get(self.document)?.settings.get(self.setting)?.value;
        let mut parts = self.parts.clone();
        parts.sort_by_key(|(span, _)| *span);
        Some(splice(old.expose(), &parts))
    }

    /// It is not made, and `why` is told in its place.
    pub fn refuse(&mut self, why: String) {
        self.fix = Fix::Manual;
        self.what = why;
        self.parts.clear();
        self.needs.clear();
    }
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
        let asked = match rule.repair.strategy {
            Strategy::Set | Strategy::Map | Strategy::Flip => fixed(rule, setting),
            Strategy::Url => secured((document, doc), setting, wishes),
            Strategy::Delete => deleted(doc, index, setting),
            Strategy::Generate | Strategy::Suggest => Asked::default(),
        };
        // inside another value only what reads the same in every quoting can be written
        let inner = setting.around.portion == Portion::Inner && !asked.parts.iter().all(|(_, text)| plain(text));
        let asks = !asked.parts.is_empty() || asked.removed.is_some();
        let possible = asks && !inner && setting.editable && !doc.lossy && wishes.can_write(doc) && fits(doc, index, &asked.parts);
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
                reach(rule, finding)
            },
            what: if asked.what.is_empty() { rule.help.to_string() } else { asked.what },
            parts: asked.parts,
            removed: asked.removed.filter(|_| possible),
            driver: asked.driver,
            secures: possible && rule.repair.strategy == Strategy::Url,
            asked: Vec::new(),
            needs: rule.repair.needs.iter().map(ToString::to_string).chain(asked.needs).collect(),
            tags,
        });
    }
    repeated(documents, &mut out);
    out
}

/// Compose joins the lists of a service over the files that it is started with. A port that an override beside the file repeats would be
/// published twice, on two addresses, and the second one fails: both files change, or none.
fn repeated(documents: &[Document], switches: &mut [Switch]) {
    let changed: BTreeSet<(usize, usize)> = switches.iter().map(|s| (s.document, s.setting)).collect();
    for switch in switches.iter_mut().filter(|s| s.fix < Fix::Manual) {
        let Some(document) = documents.get(switch.document) else { continue };
        let Some(setting) = document.settings.get(switch.setting) else { continue };
        let names: Vec<&str> = setting.key.names().collect();
        let is_port = matches!(names[..], ["services", _, "ports"]) && matches!(setting.key.segments().last(), Some(Segment::Index(_)));
        if !is_port {
            continue;
        }
        let twin = |s: &Setting| {
            s.role == Role::Live && s.key.parent() == setting.key.parent() && unset(s.value.expose()) == unset(setting.value.expose())
        };
        let other = documents.iter().enumerate().find(|(d, other)| {
            *d != switch.document
                && other.folder() == document.folder()
                && other.settings.iter().enumerate().any(|(s, setting)| twin(setting) && !changed.contains(&(*d, s)))
                && !stands_alone(other, &names)
        });
        if let Some((_, other)) = other {
            switch.fix = Fix::Manual;
            switch.what = format!("{} publishes it too, and the lists are joined: change both, or take it out of one", other.path);
            switch.parts.clear();
        }
    }
}

/// Whether a compose file says itself what a service is made of, so that it is no override for another file. `path` leads into the service.
fn stands_alone(document: &Document, path: &[&str]) -> bool {
    document.settings.iter().filter(|s| s.role == Role::Live).any(|s| {
        let mut names = s.key.names();
        names.by_ref().take(2).eq(path.iter().copied().take(2)) && matches!(names.next(), Some("image" | "build"))
    })
}

/// A value as it is where no variable is set.
fn unset(value: &str) -> String {
    let span = |part: Part| if let Part::Fallback { default, .. } = part { default } else { part.span() };
    parts(value).into_iter().map(|part| span(part).of(value)).collect()
}

/// What is asked of one setting.
#[derive(Default)]
struct Asked {
    parts: Vec<(Span, Secret)>,
    removed: Option<Span>,
    what: String,
    driver: String,
    needs: Option<String>,
}

/// Never more than review. What the scan could not know, because it reads no manifests, is known now.
fn reach(rule: &Rule, finding: &Finding) -> Fix {
    match (rule.repair.strategy, rule.repair.reach) {
        (Strategy::Url, Reach::Always(fix)) => fix.max(Fix::Review),
        _ => finding.fix.max(Fix::Review),
    }
}

/// A fixed text, or the first pattern that fits. The old and the new words are those of the rule's own lists, so they can be shown.
fn fixed(rule: &Rule, setting: &Setting) -> Asked {
    let value = setting.value.expose();
    let span = innermost_default(value);
    // a rule must not be able to show or rewrite a secret as if it were a switch
    if span.len() != value.len() || matches!(classify(setting.name()), NameClass::Secret | NameClass::Weak) {
        return Asked::default();
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
            let what = format!("{} becomes {new}", shown(setting.name()));
            Asked { parts: vec![(span, Secret::new(new))], what, ..Asked::default() }
        }
        _ => Asked::default(),
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

/// Verified TLS, where the driver is known to take it from the string, and the host is known to be one that needs it.
fn secured(at: (usize, &Document), setting: &Setting, wishes: &Wishes<'_>) -> Asked {
    let value = setting.value.expose();
    let whole = innermost_default(value);
    let text = whole.of(value);
    let Some(found) = dsn::parse(text) else { return Asked::default() };
    let Some(system) = dsn::system_at(&setting.key, &found, text) else { return Asked::default() };
    let client = client(&found, text, system, at, setting, wishes);
    let needs = ca(&found, text, &client);
    let open = Asked { driver: client.why.clone(), ..Asked::default() };
    if dsn::classify(&found, text) == HostClass::Unknown {
        return open;
    }
    let Some(changes) = system.secure(&found, text, client.name.as_deref()) else { return open };
    let edits = dsn::edits(&found, text, &changes);
    let words: Vec<String> = changes.iter().filter(|c| c.matters(&found, text)).map(ToString::to_string).collect();
    let parts = edits.into_iter().map(|(span, new)| (span.shift(whole.start), Secret::new(new))).collect();
    Asked { parts, what: words.join(", "), driver: client.why, needs, removed: None }
}

/// The line of a setting that has it for itself, where the file without it reads the same but for that setting.
fn deleted(document: &Document, index: usize, setting: &Setting) -> Asked {
    let text = document.text.as_str();
    let start = text.get(..setting.key_span.start).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    let end = text.get(setting.span.end..).and_then(|t| t.find('\n')).map_or(text.len(), |i| setting.span.end + i + 1);
    let line = Span::new(start, end);
    let one = line.covers(setting.span) && !setting.span.of(text).contains('\n') && !setting.key_span.is_empty() && !document.lossy;
    if !one || setting.role != Role::Live {
        return Asked::default();
    }
    let without = [text.get(..start).unwrap_or(""), text.get(end..).unwrap_or("")].concat();
    let parsed = formats::parse(&document.path, without.as_bytes(), document.environment);
    let kept = || document.settings.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, s)| s);
    let same = parsed.format == document.format
        && parsed.fault.is_none()
        && parsed.settings.len() + 1 == document.settings.len()
        && kept().zip(&parsed.settings).all(|(a, b)| a.key == b.key && a.part == b.part && a.role == b.role && a.value.same_as(&b.value));
    if !same {
        return Asked::default();
    }
    Asked { removed: Some(line), what: format!("the line of {} goes", shown(setting.name())), ..Asked::default() }
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
