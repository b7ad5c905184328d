//! What shows only when every file was seen: copies of live secrets, one secret for two purposes, things needed that nothing provides.
//!
//! The first pass leaves places and boxed secrets. A second pass over the files runs only where there is a secret or a name to look for;
//! it reads them again rather than keep their texts.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;

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
    /// Each secret once.
    secrets: Vec<Known>,
    hunt: Hunt,
    names: Vec<String>,
    words: Option<AhoCorasick>,
}

/// A live secret and where it stands.
struct Known {
    /// The first place of it under each name, with the index of the file.
    places: Vec<(usize, Live)>,
    /// The files that hold it as their own.
    files: BTreeSet<usize>,
}

/// With more secrets than this nothing is looked for inside them: each would be compared with each.
const MOST_FOR_PARTS: usize = 1000;

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
        let secrets = known(&links);
        let copied = project_rule(rules, "project.copied", "").is_some();
        let hunt = Hunt::new(secrets.iter().filter(|_| copied).filter_map(|s| s.places.first()).map(|(_, l)| &l.value));
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
    pub(super) fn copies(&self, index: usize, document: &Document, second: &Second, private: bool) -> Vec<Finding> {
        let Some(rule) = project_rule(self.rules, "project.copied", "") else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let placed = Placed::new(document);
        for hit in &second.hits {
            let Some(secret) = self.secrets.get(hit.secret).filter(|s| !s.files.contains(&index)) else { continue };
            let Some((_, live)) = secret.places.first() else { continue };
            let around = placed.touching(hit.span);
            let own = document.environment == Environment::Production
                && around.iter().any(|setting| is_in_force(document, setting, live.value.expose()));
            // a name that is the secret itself is not shown
            let copy = hit.span.of(&document.text).trim_end_matches('=');
            let named = around.iter().copied().find(|setting| !setting.key.to_string().contains(copy));
            let place = place(document, hit.span, named, live.at.subject);
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
        let mut found = Vec::new();
        if let Some(rule) = project_rule(self.rules, "project.reused", "value") {
            for places in self.secrets.iter().map(|s| &s.places) {
                for (i, (index, later)) in places.iter().enumerate().filter(|(_, (_, later))| !later.in_url) {
                    let earlier = places.iter().take(i).find(|(_, e)| differ_in_purpose(&e.name, &later.name));
                    found.extend(earlier.map(|(_, earlier)| (*index, about(rule, later, earlier))));
                }
            }
        }
        if let Some(rule) = project_rule(self.rules, "project.reused", "part").filter(|_| self.secrets.len() <= MOST_FOR_PARTS) {
            let first = || self.secrets.iter().filter_map(|s| s.places.first());
            for (index, outer) in first().filter(|(_, o)| !o.in_url) {
                let inner = first().find(|(_, inner)| is_part(inner, outer));
                found.extend(inner.map(|(_, inner)| (*index, about(rule, outer, inner))));
            }
        }
        found
    }
}

/// Each live secret once. A value is known by a hash that is keyed for this run alone, and compared.
fn known(links: &[Links]) -> Vec<Known> {
    let hasher = RandomState::new();
    let mut by_hash: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut all: Vec<Known> = Vec::new();
    for (file, live) in links.iter().enumerate().flat_map(|(i, l)| l.live.iter().map(move |live| (i, live))) {
        let near = by_hash.entry(hasher.hash_one(live.value.expose())).or_default();
        let same = |k: &Known| k.places.first().is_some_and(|(_, l)| l.value.same_as(&live.value));
        let index = near.iter().copied().find(|i| all.get(*i).is_some_and(same)).unwrap_or_else(|| {
            near.push(all.len());
            all.push(Known { places: Vec::new(), files: BTreeSet::new() });
            all.len() - 1
        });
        let Some(secret) = all.get_mut(index) else { continue };
        secret.files.insert(file);
        // a few names tell all there is to tell
        if secret.places.len() < 16 && !secret.places.iter().any(|(_, l)| l.name == live.name) {
            secret.places.push((file, live.clone()));
        }
    }
    all
}

/// The settings of a document by place.
struct Placed<'d> {
    /// Sorted by start, each with the furthest end up to it, so that a search from the right knows when to stop.
    by_start: Vec<(&'d Setting, usize)>,
}

impl<'d> Placed<'d> {
    fn new(document: &'d Document) -> Self {
        let mut settings: Vec<&Setting> = document.settings.iter().collect();
        settings.sort_by_key(|s| s.span.start);
        let mut reach = 0;
        let by_start = settings.into_iter().map(|s| {
            reach = reach.max(s.span.end);
            (s, reach)
        });
        Self { by_start: by_start.collect() }
    }

    /// The settings whose value shares a byte with `span`, the last one first.
    fn touching(&self, span: Span) -> Vec<&'d Setting> {
        let end = self.by_start.partition_point(|(s, _)| s.span.start < span.end);
        let before = self.by_start.get(..end).unwrap_or_default().iter().rev();
        before.take_while(|(_, reach)| *reach > span.start).map(|(s, _)| *s).filter(|s| s.span.overlaps(span)).collect()
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

/// The place of `span` in `document`, in the value of `setting`.
fn place(document: &Document, span: Span, setting: Option<&Setting>, subject: u64) -> Place {
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
