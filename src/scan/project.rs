//! What shows only when every file was seen: copies of live secrets, one secret for two purposes, things needed that nothing provides.
//!
//! The first pass leaves places and boxed secrets. A second pass over the files runs only where there is a secret or a name to look for;
//! it reads them again rather than keep their texts.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;

use super::hunt::{Hit, Hunt};
use crate::detect::{Links, Live, Needed, Place, Want, differ_in_purpose, is_in_force, project_finding, project_rule};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::severity::Severity;
use crate::model::span::{Position, Span};
use crate::rules::schema::Rule;

/// The shortest secret that is looked for inside others.
const PART: usize = 16;

/// All links of a project and what is to be looked for in its files.
pub(super) struct Project<'r> {
    rules: &'r [Rule],
    links: Vec<Links>,
    /// Each secret once, with its places.
    secrets: Vec<Vec<Live>>,
    hunt: Hunt,
    names: Vec<String>,
    words: Option<AhoCorasick>,
}

/// What the second pass found in one file.
#[derive(Default)]
pub(super) struct Second {
    hits: Vec<Hit>,
    /// Which of the names it explains.
    told: BTreeSet<usize>,
}

impl Second {
    /// Whether there is a secret in the file.
    pub(super) fn found_any(&self) -> bool {
        !self.hits.is_empty()
    }

    /// The secrets as settings without a name, for what must not be shown of the text.
    pub(super) fn as_settings<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Setting> + 't {
        self.hits.iter().map(|hit| {
            let start = Span::new(hit.span.start, hit.span.start);
            let mut setting = Setting::new(KeyPath::default(), start, Secret::copy_of(hit.span.of(text)), hit.span, Quoting::Plain);
            setting.role = Role::Prose;
            setting.editable = false;
            setting
        })
    }
}

/// What the file system says of a path that a file names.
pub(super) type Provided<'a> = dyn Fn(usize, &str) -> bool + 'a;

impl<'r> Project<'r> {
    /// Takes the links of all files, in their order.
    pub(super) fn new(rules: &'r [Rule], links: Vec<Links>) -> Self {
        let mut secrets: Vec<Vec<Live>> = Vec::new();
        let mut order: BTreeMap<(usize, u64), Vec<usize>> = BTreeMap::new();
        for live in links.iter().flat_map(|l| &l.live) {
            let near = order.entry((live.value.len(), 0)).or_default();
            match near.iter().find(|i| secrets.get(**i).and_then(|s| s.first()).is_some_and(|s| s.value.same_as(&live.value))) {
                Some(i) => secrets[*i].push(live.clone()),
                None => {
                    near.push(secrets.len());
                    secrets.push(vec![live.clone()]);
                }
            }
        }
        let copied = project_rule(rules, "project.copied", "").is_some();
        let hunt = Hunt::new(secrets.iter().filter(|_| copied).filter_map(|s| s.first()).map(|l| &l.value));
        let mut names: Vec<String> = links.iter().flat_map(|l| &l.wants).filter_map(word).collect();
        names.sort();
        names.dedup();
        let words = if names.is_empty() { None } else { AhoCorasick::new(&names).ok() };
        Self { rules, links, secrets, hunt, names, words }
    }

    /// Whether a second pass is of use.
    pub(super) fn looks_for_anything(&self) -> bool {
        !self.hunt.is_empty() || self.words.is_some()
    }

    /// Looks through the bytes of file `index`.
    pub(super) fn look(&self, index: usize, bytes: &[u8]) -> Second {
        let mut second = Second::default();
        if !self.hunt.is_empty() {
            second.hits = self.hunt.hits(bytes);
        }
        // what a file needs it does not provide by naming it
        let asks = self.links.get(index).is_some_and(|l| l.wants.iter().any(|w| word(w).is_some()));
        for found in self.words.iter().filter(|_| !asks).flat_map(|w| w.find_iter(bytes)) {
            if explains(bytes, found.start(), found.end()) {
                second.told.insert(found.pattern().as_usize());
            }
        }
        second
    }

    /// The copies among `second` of file `index`, which is `document`; `private`: git does not hand it round.
    pub(super) fn copies(&self, document: &Document, second: &Second, private: bool) -> Vec<Finding> {
        let Some(rule) = project_rule(self.rules, "project.copied", "") else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for hit in &second.hits {
            let Some(places) = self.secrets.get(hit.secret) else { continue };
            let Some(live) = places.first().filter(|_| !places.iter().any(|p| p.at.file == document.path)) else { continue };
            let own = document.environment == Environment::Production && is_in_force(document, hit.span, live.value.expose());
            let place = place(document, hit.span, live.at.subject);
            if own || !seen.insert((place.start.line, hit.secret)) {
                continue;
            }
            let severity = if private { Severity::Info } else { rule.severity };
            found.push(project_finding(rule, place, severity, &live.name, &spot(&live.at)));
        }
        found
    }

    /// The findings that need no look into another file's text: index of the file, and the finding.
    pub(super) fn findings(&self, second: &[Second], provided: &Provided<'_>) -> Vec<(usize, Finding)> {
        let mut found = self.reused();
        let told: BTreeSet<&str> = second.iter().flat_map(|s| &s.told).filter_map(|i| self.names.get(*i)).map(String::as_str).collect();
        for (index, want) in self.links.iter().enumerate().flat_map(|(i, l)| l.wants.iter().map(move |w| (i, w))) {
            let (kind, missing) = match &want.needed {
                Needed::Variable(name) => ("variable", !told.contains(name.as_str()) && !provided(index, "")),
                Needed::EnvFile(path) => ("env", !word(want).is_some_and(|w| told.contains(w.as_str())) && !provided(index, path)),
                Needed::SecretFile(path) => ("file", !word(want).is_some_and(|w| told.contains(w.as_str())) && !provided(index, path)),
                Needed::Key { .. } => ("key", self.lacks(want)),
            };
            if let Some(rule) = project_rule(self.rules, "project.missing", kind).filter(|_| missing) {
                let what = match &want.needed {
                    Needed::Variable(name) => name.as_str(),
                    _ => "",
                };
                let place = Place {
                    file: String::new(),
                    span: want.span,
                    start: Position { line: 0, column: 0 },
                    end_line: 0,
                    key: want.key.clone(),
                    environment: Environment::Production,
                    subject: 0,
                };
                found.push((index, project_finding(rule, place, rule.severity, what, "")));
            }
        }
        found
    }

    /// Whether the object that is asked for is defined in the project, and nowhere with that key.
    fn lacks(&self, want: &Want) -> bool {
        let Needed::Key { object, key } = &want.needed else { return false };
        let same = |o: &&crate::detect::Object| {
            let near = o.name.namespace.is_none() || object.namespace.is_none() || o.name.namespace == object.namespace;
            o.name.kind == object.kind && o.name.name == object.name && near
        };
        let defined: Vec<_> = self.links.iter().flat_map(|l| &l.objects).filter(same).collect();
        !defined.is_empty() && defined.iter().all(|o| !o.keys.is_empty() && !o.keys.contains(key))
    }

    /// One live secret for two purposes, as a whole or inside another.
    fn reused(&self) -> Vec<(usize, Finding)> {
        let index_of = |live: &Live| self.links.iter().position(|l| l.live.iter().any(|o| o.at == live.at));
        let mut found = Vec::new();
        if let Some(rule) = project_rule(self.rules, "project.reused", "value") {
            for places in &self.secrets {
                let mut told = BTreeSet::new();
                for (i, later) in places.iter().enumerate() {
                    let earlier = places.iter().take(i).find(|e| differ_in_purpose(&e.name, &later.name));
                    if let Some(earlier) = earlier.filter(|_| !later.in_url && told.insert(later.name.clone())) {
                        found.extend(index_of(later).map(|at| (at, about(rule, later, earlier))));
                    }
                }
            }
        }
        if let Some(rule) = project_rule(self.rules, "project.reused", "part") {
            for outer in self.secrets.iter().filter_map(|s| s.first()).filter(|o| !o.in_url) {
                let inner = self.secrets.iter().filter_map(|s| s.first()).find(|i| is_part(i, outer));
                if let Some(inner) = inner {
                    found.extend(index_of(outer).map(|at| (at, about(rule, outer, inner))));
                }
            }
        }
        found
    }
}

/// The word that a file which explains a want would say: the variable's name, the file's.
fn word(want: &Want) -> Option<String> {
    match &want.needed {
        Needed::Variable(name) => Some(name.clone()),
        Needed::EnvFile(path) | Needed::SecretFile(path) => path.rsplit('/').next().map(str::to_owned),
        Needed::Key { .. } => None,
    }
}

/// Whether the word at these bytes is set or spoken of there, rather than read: `NAME=`, `NAME:`, `` `NAME` ``, a file's name.
fn explains(bytes: &[u8], start: usize, end: usize) -> bool {
    let at = |i: usize| bytes.get(i).copied().unwrap_or(b' ');
    let before = start.checked_sub(1).map_or(b' ', at);
    let inside = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if inside(before) || inside(at(end)) || matches!(before, b'$' | b'{') {
        return false;
    }
    let is_file = bytes.get(start..end).is_some_and(|w| w.contains(&b'.'));
    let mut next = end;
    while matches!(at(next), b'"' | b'\'' | b' ') && next < end + 3 {
        next += 1;
    }
    let set = (at(next) == b'=' && at(next + 1) != b'=') || (at(next) == b':' && !matches!(at(next + 1), b'?' | b'-' | b'+' | b':'));
    is_file || set || (before == b'`' && at(end) == b'`')
}

/// Whether all of `inner` stands inside `outer` and is no part of its own there: `user:inner` is made of two values.
fn is_part(inner: &Live, outer: &Live) -> bool {
    let (small, large) = (inner.value.expose(), outer.value.expose());
    if small.len() < PART || small.len() >= large.len() || inner.name == outer.name {
        return false;
    }
    large.find(small).is_some_and(|at| {
        let joined = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
        joined(at.checked_sub(1).and_then(|i| large.as_bytes().get(i))) && joined(large.as_bytes().get(at + small.len()))
    })
}

fn about(rule: &Rule, live: &Live, other: &Live) -> Finding {
    let at = &live.at;
    let place = Place {
        file: at.file.clone(),
        span: at.span,
        start: at.start,
        end_line: at.end_line,
        key: at.key.clone(),
        environment: at.environment,
        subject: at.subject,
    };
    project_finding(rule, place, rule.severity, &live.name, &format!("{} ({})", other.name, spot(&other.at)))
}

fn spot(at: &Finding) -> String {
    format!("{}:{}", at.file, at.start.line)
}

/// The place of `span` in `document`.
pub(super) fn place(document: &Document, span: Span, subject: u64) -> Place {
    let setting = document.settings.iter().find(|s| s.span.overlaps(span));
    Place {
        file: document.path.clone(),
        span,
        start: document.lines.position(&document.text, span.start),
        end_line: document.lines.line(span.end.saturating_sub(1).max(span.start)),
        key: setting.map(|s| s.key.to_string()).unwrap_or_default(),
        environment: document.environment,
        subject,
    }
}

/// Gives a finding that was made without its document the rest of its place.
pub(super) fn complete(document: &Document, finding: &mut Finding) {
    finding.file.clone_from(&document.path);
    finding.start = document.lines.position(&document.text, finding.span.start);
    finding.end_line = document.lines.line(finding.span.end.saturating_sub(1).max(finding.span.start));
    if finding.environment != document.environment {
        finding.environment = document.environment;
        finding.severity = Severity::Info;
    }
}
