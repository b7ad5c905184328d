//! References from one setting to another: `${DB_USER}` in a connection string.

use std::collections::BTreeMap;

use crate::model::document::Document;
use crate::model::secret::Secret;
use crate::model::setting::Role;
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
