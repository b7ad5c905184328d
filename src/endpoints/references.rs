//! References from one setting to another: `${DB_USER}` in a connection string.

use std::collections::BTreeMap;

use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::template::{Part, parts as pieces};

/// The name in `text`, where that is one reference and nothing else: `$NAME`, `${NAME}`, `${NAME:?what}`, `${NAME:-default}`.
#[must_use]
pub fn referred(text: &str) -> Option<&str> {
    match pieces(text)[..] {
        [Part::Fallback { name, .. }] if text.starts_with('$') => Some(name.of(text)),
        [Part::Reference(_)] => {
            let inner = text.strip_prefix('$')?.trim_start_matches(['{', '(']);
            let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
            inner.get(..end).filter(|name| !name.is_empty())
        }
        _ => None,
    }
}

/// The settings in files for production, by document and index.
pub fn in_force(documents: &[Document]) -> impl Iterator<Item = (usize, usize, &Setting)> {
    documents.iter().enumerate().flat_map(|(d, document)| {
        let live = |setting: &Setting| {
            matches!(setting.role, Role::Live | Role::Argument) && document.environment_of(setting) == Environment::Production
        };
        document.settings.iter().enumerate().filter(move |(_, setting)| live(setting)).map(move |(s, setting)| (d, s, setting))
    })
}

/// The settings that a reference to `name` in document `d` goes to, by document and index: those of that env file itself, else of the files that
/// `holds` says, else of the `.env` beside it.
#[must_use]
pub fn said(documents: &[Document], holds: &dyn Fn(usize) -> bool, d: usize, name: &str) -> Vec<(usize, usize)> {
    fn folder(document: &Document) -> &str {
        document.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
    let Some(own) = documents.get(d) else { return Vec::new() };
    let all: Vec<(usize, usize)> = in_force(documents)
        .filter(|(_, _, setting)| setting.name() == name && referred(setting.value.expose()) != Some(name))
        .map(|(at, s, _)| (at, s))
        .collect();
    let of = |which: &dyn Fn(usize, &Document) -> bool| -> Vec<(usize, usize)> {
        all.iter().copied().filter(|(at, _)| documents.get(*at).is_some_and(|document| which(*at, document))).collect()
    };
    let here = of(&|at, document| at == d && document.format == "env");
    if !here.is_empty() {
        return here;
    }
    let held = of(&|at, _| at != d && holds(at));
    if !held.is_empty() {
        return held;
    }
    of(&|_, document| document.file_name() == ".env" && folder(document) == folder(own))
}

/// Values by name: those of an env file itself, and those of the `.env` beside any other file, which is what compose reads.
pub struct References<'d>(BTreeMap<&'d str, &'d str>);

/// References within references that are followed.
const DEEPEST: usize = 4;

impl<'d> References<'d> {
    /// Those that the references of `document`, one of `documents`, go to.
    #[must_use]
    pub fn of(document: &'d Document, documents: &'d [Document]) -> Self {
        let folder = |path: &'d str| path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let beside = || documents.iter().find(|d| d.file_name() == ".env" && folder(&d.path) == folder(&document.path));
        let source = if document.format == "env" { Some(document) } else { beside() };
        let settings = source.iter().flat_map(|d| &d.settings).filter(|s| s.role == Role::Live);
        Self(settings.map(|s| (s.name(), s.value.expose())).collect())
    }

    /// The values of `document` too, where a name is not known yet.
    pub fn also(&mut self, document: &'d Document) {
        for setting in document.settings.iter().filter(|s| s.role == Role::Live) {
            self.0.entry(setting.name()).or_insert_with(|| setting.value.expose());
        }
    }

    /// `text` with the references that are known here replaced; the others stay.
    #[must_use]
    pub fn expand(&self, text: &str) -> Secret {
        let mut out = Secret::copy_of(text);
        for _ in 0..DEEPEST {
            let next = self.once(out.expose());
            // what grows without an end refers to itself
            if next.len() > 4096 || next.same_as(&out) {
                break;
            }
            out = next;
        }
        out
    }

    fn once(&self, text: &str) -> Secret {
        let replaced = |part: &Part| match *part {
            Part::Literal(span) => span.of(text).to_owned(),
            Part::Reference(span) => {
                let written = span.of(text);
                referred(written).and_then(|name| self.0.get(name)).map_or(written, |value| *value).to_owned()
            }
            Part::Fallback { whole, name, default } => {
                let known = self.0.get(name.of(text)).filter(|v| !v.is_empty() && whole.of(text).starts_with('$'));
                known.map_or_else(|| default.of(text), |value| *value).to_owned()
            }
        };
        let parts: Vec<zeroize::Zeroizing<String>> = pieces(text).iter().map(|p| zeroize::Zeroizing::new(replaced(p))).collect();
        Secret::concat(&parts.iter().map(|p| p.as_str()).collect::<Vec<_>>())
    }
}
