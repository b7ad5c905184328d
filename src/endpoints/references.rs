//! References from one setting to another: `${DB_USER}` in a connection string.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::model::document::Document;
use crate::model::secret::Secret;
use crate::model::setting::Role;
use crate::model::span::Span;
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

/// The references in `text` to names, each with its bytes.
pub fn references(text: &str) -> impl Iterator<Item = (&str, Span)> {
    let all = if text.contains('$') { pieces(text) } else { Vec::new() };
    all.into_iter().filter_map(move |part| match part {
        Part::Literal(_) => None,
        Part::Fallback { name, whole, .. } => Some((name.of(text), whole)),
        Part::Reference(span) => Some((referred(span.of(text))?, span)),
    })
}

/// Values by name.
type Values<'d> = BTreeMap<&'d str, &'d str>;

/// What the references in one document go to.
pub struct References<'d> {
    own: Values<'d>,
    others: Rc<Values<'d>>,
}

/// References within references that are followed.
const DEEPEST: usize = 4;

fn values(document: &Document) -> impl Iterator<Item = (&str, &str)> {
    document.settings.iter().filter(|s| s.role == Role::Live).map(|s| (s.name(), s.value.expose()))
}

/// The values of `documents`, the first of each name.
pub fn first_of<'d>(documents: impl Iterator<Item = &'d Document>) -> Rc<Values<'d>> {
    let mut all = Values::new();
    for (name, value) in documents.flat_map(values) {
        all.entry(name).or_insert(value);
    }
    Rc::new(all)
}

impl<'d> References<'d> {
    /// Those that go to the settings of `source`.
    pub(super) fn to(source: Option<&'d Document>) -> Self {
        Self { own: source.into_iter().flat_map(values).collect(), others: Rc::default() }
    }

    /// Where `source` does not have a name, `others` do.
    #[must_use]
    pub fn or(self, others: &Rc<Values<'d>>) -> Self {
        Self { others: Rc::clone(others), ..self }
    }

    fn get(&self, name: &str) -> Option<&'d str> {
        self.own.get(name).or_else(|| self.others.get(name)).copied()
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
                referred(written).and_then(|name| self.get(name)).unwrap_or(written).to_owned()
            }
            Part::Fallback { whole, name, default } => {
                let known = self.get(name.of(text)).filter(|v| !v.is_empty() && whole.of(text).starts_with('$'));
                known.unwrap_or_else(|| default.of(text)).to_owned()
            }
        };
        let parts: Vec<zeroize::Zeroizing<String>> = pieces(text).iter().map(|p| zeroize::Zeroizing::new(replaced(p))).collect();
        Secret::concat(&parts.iter().map(|p| p.as_str()).collect::<Vec<_>>())
    }
}
