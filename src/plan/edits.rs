//! A plan to edits: for each document the bytes that change, and what its settings must be afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::beside::{Beside, joined};
use super::changes::{Plan, SecretChange};
use super::former::whole;
use super::lifted::{How, Lift, Written};
use super::place::{Form, Place};
use super::switches::Switch;
use crate::formats::{self, Format};
use crate::model::document::Document;
use crate::model::edit::{Edit, EditSet};
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Portion, Quoting, Setting};
use crate::model::severity::Fix;
use crate::model::span::Span;

/// The edits of one document.
#[derive(Debug, Default)]
pub struct Planned {
    /// Disjoint byte edits.
    pub edits: EditSet,
    /// Settings that change, by index, with the value that they must have afterwards.
    pub expected: BTreeMap<usize, Secret>,
    /// Settings that come at the end of the file: name and value.
    pub added: Vec<(String, Secret)>,
    /// Settings that come after others, in their order.
    pub beside: Vec<Beside>,
    /// Settings that go with their lines, by index.
    pub removed: BTreeSet<usize>,
    /// Settings in whose place others come, by index: key and value of each.
    pub becomes: BTreeMap<usize, Vec<(KeyPath, Secret)>>,
}

impl Planned {
    /// Where the settings that change, and those that are new, stand afterwards: by index, of `before` settings and their successors.
    /// `None` where the new document has another number of settings than that comes to, or some have others in their places.
    #[must_use]
    pub fn places(&self, before: usize, after: usize) -> Option<Vec<usize>> {
        if !self.becomes.is_empty() {
            return None;
        }
        let count = (before + self.beside.len() + self.added.len()).checked_sub(self.removed.len())?;
        if count != after {
            return None;
        }
        let moved = |index: usize| {
            let more = self.beside.iter().filter(|new| new.after < index).count();
            (index + more).saturating_sub(self.removed.iter().filter(|gone| **gone < index).count())
        };
        let beside = self.beside.iter().enumerate().map(|(i, new)| {
            let sooner = self.beside.get(..i).map_or(0, |list| list.iter().filter(|other| other.after == new.after).count());
            moved(new.after) + 1 + sooner
        });
        Some(self.expected.keys().map(|index| moved(*index)).chain(beside).chain(after - self.added.len()..after).collect())
    }
}

/// Changes that cannot be made together, or not in the form of the place. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {what}; nothing was written")]
pub struct Conflict {
    /// The file.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// What is wrong, without any value.
    pub what: String,
}

pub(super) type Parts = Vec<(Span, Secret)>;

impl Plan {
    /// The edits of all changes that go as far as `most`: only safe ones, or also those to review. By index of the document.
    ///
    /// # Errors
    /// [`Conflict`] when two changes want the same bytes, or a new value cannot be written at its place.
    pub fn edits(&self, documents: &[Document], most: Fix) -> Result<BTreeMap<usize, Planned>, Conflict> {
        let mut values: BTreeMap<(usize, usize), Parts> = BTreeMap::new();
        let mut added: BTreeMap<usize, Vec<(String, Secret)>> = BTreeMap::new();
        let mut beside: BTreeMap<usize, Vec<Beside>> = BTreeMap::new();
        let mut written: BTreeMap<usize, Vec<Written>> = BTreeMap::new();
        // what another file says is changed there
        let mut referred: BTreeSet<(usize, usize)> = BTreeSet::new();
        for secret in self.secrets.iter().filter(|s| s.fix <= most) {
            let lift = secret.lift.as_ref().filter(|_| most >= Fix::Review);
            added_by(lift, secret).for_each(|(document, name)| added.entry(document).or_default().push((name, secret.value.clone())));
            for (index, place) in secret.places.iter().enumerate() {
                let part = match lift.and_then(|l| l.references.get(&index)).map(|r| &r.how) {
                    Some(How::Part(span, text)) => {
                        let whole = place.setting_in(documents).map(|(_, s)| s.value.len());
                        referred.extend((whole == Some(span.len())).then_some((place.document, place.setting)));
                        (*span, text.clone())
                    }
                    Some(How::Written(new)) => {
                        written.entry(place.document).or_default().push(new.clone());
                        continue;
                    }
                    None if secret.kept => continue,
                    None => part(documents, place, &secret.value),
                };
                let parts = values.entry((place.document, place.setting)).or_default();
                if !parts.iter().any(|(span, _)| *span == part.0) {
                    parts.push(part);
                }
            }
            for (account, (d, s, within)) in secret.account.iter().flat_map(|a| a.places.iter().map(move |place| (a, *place))) {
                let parts = values.entry((d, s)).or_default();
                if !parts.iter().any(|(span, _)| *span == within) {
                    parts.push((within, Secret::copy_of(&account.to)));
                }
            }
            for derived in &secret.derived {
                let parts = values.entry((derived.place.document, derived.place.setting)).or_default();
                parts.push((derived.place.within, derived.value.clone()));
            }
        }
        for former in self.secrets.iter().filter(|s| s.fix <= most).filter_map(|s| s.former.as_ref()) {
            former.added.iter().for_each(|(d, new)| beside.entry(*d).or_default().push(new.clone()));
            for (d, s, value) in &former.grown {
                let Some(setting) = documents.get(*d).and_then(|document| document.settings.get(*s)) else { continue };
                values.insert((*d, *s), vec![(whole(setting), value.clone())]);
            }
        }
        for read in self.reads.iter().filter(|_| most >= Fix::Review) {
            written.entry(read.document).or_default().push(read.written.clone());
            let names = read.added.as_ref().map(|(document, value)| (*document, (read.variable.clone(), value.clone())));
            names.into_iter().for_each(|(document, pair)| added.entry(document).or_default().push(pair));
        }
        let here = |s: &&Switch| s.fix <= most && !referred.contains(&(s.document, s.setting));
        for switch in self.switches.iter().filter(here).filter(|s| !s.parts.is_empty()) {
            let parts = values.entry((switch.document, switch.setting)).or_default();
            for part in &switch.parts {
                // what is put between two bytes is not inside what ends or begins there
                let inside =
                    |span: &Span| span.covers(part.0) && (!part.0.is_empty() || (span.start < part.0.start && part.0.start < span.end));
                if !parts.iter().any(|(span, _)| !span.is_empty() && inside(span)) {
                    parts.push(part.clone());
                }
            }
        }
        let mut removed: BTreeMap<usize, BTreeMap<usize, Span>> = BTreeMap::new();
        for switch in self.switches.iter().filter(here) {
            if let Some(line) = switch.removed.filter(|_| !values.contains_key(&(switch.document, switch.setting))) {
                removed.entry(switch.document).or_default().insert(switch.setting, line);
            }
        }
        let mut by_document: BTreeMap<usize, Vec<(usize, Parts)>> = BTreeMap::new();
        values.into_iter().for_each(|((d, s), parts)| by_document.entry(d).or_default().push((s, parts)));
        added.keys().chain(removed.keys()).chain(beside.keys()).chain(written.keys()).for_each(|d| {
            by_document.entry(*d).or_default();
        });
        by_document
            .into_iter()
            .filter_map(|(d, settings)| documents.get(d).map(|document| (d, document, settings)))
            .map(|(d, document, settings)| {
                let (added, removed) = (added.remove(&d).unwrap_or_default(), removed.remove(&d).unwrap_or_default());
                let beside = beside.remove(&d).unwrap_or_default();
                let planned = planned(document, settings, added, beside, &removed)?;
                Ok((d, with_written(document, planned, written.remove(&d).unwrap_or_default())?))
            })
            .collect()
    }
}

/// Variables that env files get for a secret: for defaults that go, and for references that come.
fn added_by<'s>(lift: Option<&'s Lift>, secret: &'s SecretChange) -> impl Iterator<Item = (usize, String)> + 's {
    secret.added.iter().chain(lift.into_iter().flat_map(|l| &l.added)).cloned()
}

/// `planned` with changes that are more than another value. A setting has one of the two.
fn with_written(document: &Document, mut planned: Planned, written: Vec<Written>) -> Result<Planned, Conflict> {
    if written.is_empty() {
        return Ok(planned);
    }
    let mut edits = planned.edits.edits().to_vec();
    for new in written {
        edits.push(Edit { span: new.span, text: new.text });
        new.becomes.keys().for_each(|index| {
            planned.expected.remove(index);
        });
        planned.becomes.extend(new.becomes);
    }
    planned.edits = EditSet::new(edits).map_err(|overlap| Conflict {
        path: document.path.clone(),
        line: document.lines.line(overlap.0.start),
        what: overlap.to_string(),
    })?;
    Ok(planned)
}

/// Why the new value of a secret cannot be written at one of its places: file, line and reason. Asked when the plan is made, so that one
/// place does not stop all others.
pub(super) fn unwritable(documents: &[Document], secret: &SecretChange) -> Option<String> {
    let own = secret.places.iter().map(|place| (place, part(documents, place, &secret.value)));
    let derived = secret.derived.iter().map(|d| (&d.place, (d.place.within, d.value.clone())));
    own.chain(derived).find_map(|(place, part)| {
        let document = documents.get(place.document)?;
        let parts = vec![part];
        planned(document, vec![(place.setting, parts)], Vec::new(), Vec::new(), &BTreeMap::new())
            .err()
            .map(|c| format!("{}:{}: {}", c.path, c.line, c.what))
    })
}

/// What comes where at one place.
fn part(documents: &[Document], place: &Place, new: &Secret) -> (Span, Secret) {
    match place.form {
        Form::Plain | Form::Template => (place.within, new.clone()),
        Form::Fallback { reference, name } => {
            let value = place.setting_in(documents).map_or("", |(_, s)| s.value.expose());
            (reference, required(value, name))
        }
    }
}

/// `${NAME:?}` for shells and compose; `${NAME}` where a single colon carried the default (Spring).
fn required(value: &str, name: Span) -> Secret {
    let single_colon =
        value.get(name.end..).is_some_and(|rest| rest.starts_with(':') && !rest.starts_with(":-") && !rest.starts_with(":="));
    Secret::concat(&["${", name.of(value), if single_colon { "}" } else { ":?}" }])
}

pub(super) fn planned(
    document: &Document,
    settings: Vec<(usize, Parts)>,
    added: Vec<(String, Secret)>,
    mut beside: Vec<Beside>,
    removed: &BTreeMap<usize, Span>,
) -> Result<Planned, Conflict> {
    let mut edits: Vec<Edit> = removed.values().map(|line| Edit { span: *line, text: Secret::default() }).collect();
    let mut expected = BTreeMap::new();
    let format = formats::by_name(document.format);
    for (index, mut parts) in settings {
        let (Some(setting), Some(format)) = (document.settings.get(index), format) else { continue };
        let fault =
            |what: &str| Conflict { path: document.path.clone(), line: document.lines.line(setting.span.start), what: what.to_owned() };
        parts.sort_by_key(|(span, _)| *span);
        if parts.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if b.start < a.end)) {
            return Err(fault("two changes want the same part of this value"));
        }
        let value = splice(setting.value.expose(), &parts);
        let replaced = matches!(&parts[..], [(span, _)] if span.len() == setting.value.len());
        let places: Option<Vec<Span>> = parts
            .iter()
            .map(|(span, new)| {
                setting.locate(&document.text, *span).filter(|_| {
                    (plain(new) || alike(*span, &setting.value, new)) && !ends_flow(setting, new) && !joins(document, setting, new)
                })
            })
            .collect();
        match places {
            // it begins to need quotes: without them it would be a number, a truth value, a date
            Some(_) if replaced && let Some(text) = quoted(format, &value, setting) => edits.push(Edit { span: setting.span, text }),
            // every new text reads the same in any quoting: only its own bytes change
            Some(places) if !setting.value.is_empty() => {
                edits.extend(places.into_iter().zip(parts).map(|(span, (_, text))| Edit { span, text }));
            }
            _ if setting.around.portion == Portion::Inner => {
                return Err(fault("it stands inside another value, which would be read in another way"));
            }
            _ => edits.push(Edit { span: setting.span, text: format.encode(&value, setting).map_err(|e| fault(e.0))? }),
        }
        expected.insert(index, value);
    }
    beside.sort_by_key(|new| new.after);
    let mut ends = joined(&beside);
    if !added.is_empty() {
        let end = Span::new(document.text.len(), document.text.len());
        let text = lines(document, &added);
        match ends.iter_mut().find(|(at, _)| *at == end) {
            Some((_, before)) => *before = Secret::concat(&[before.expose(), text.expose()]),
            None => ends.push((end, text)),
        }
    }
    edits.extend(ends.into_iter().map(|(span, text)| Edit { span, text }));
    let edits = EditSet::new(edits).map_err(|o| Conflict {
        path: document.path.clone(),
        line: document.lines.line(o.0.start),
        what: o.to_string(),
    })?;
    Ok(Planned { edits, expected, added, beside, removed: removed.keys().copied().collect(), becomes: BTreeMap::new() })
}

/// `value` as the place of `setting`, which has no quotes, takes it, where that is not as it stands, and the old one needed none.
fn quoted(format: &dyn Format, value: &Secret, setting: &Setting) -> Option<Secret> {
    let bare = setting.quoting == Quoting::Plain && setting.around.portion == Portion::Whole && setting.layer == Layer::None;
    if !bare || setting.value.is_empty() || value.expose().contains("${") {
        return None;
    }
    let as_it_stands = |text: &Secret| format.encode(text, setting).is_ok_and(|written| written.same_as(text));
    format.encode(value, setting).ok().filter(|_| as_it_stands(&setting.value) && !as_it_stands(value))
}

/// Whether a text reads the same unquoted, quoted and inside a connection string.
pub(super) fn plain(text: &Secret) -> bool {
    // a required reference takes the place of a reference with a default: the place is known to take that syntax
    let inner = text.expose().strip_prefix("${").and_then(|rest| rest.strip_suffix(":?}").or_else(|| rest.strip_suffix('}')));
    if inner.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))) {
        return true;
    }
    text.expose().chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=' | '?' | '&' | '.' | '/' | ':'))
        && !text.expose().is_empty()
        && text.expose().chars().any(|c| c.is_ascii_alphanumeric())
        && !text.expose().contains(": ")
}

/// Whether a text is read at its place if the old one is: it begins and ends alike, and has no sign that the old one has not. Base64 has
/// `+` by chance.
fn alike(span: Span, value: &Secret, new: &Secret) -> bool {
    let (old, new) = (span.of(value.expose()), new.expose());
    let ends = |text: &str| (text.chars().next(), text.chars().next_back());
    let same =
        |a: Option<char>, b: Option<char>| a == b || a.zip(b).is_some_and(|(a, b)| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric());
    let (was, is) = (ends(old), ends(new));
    same(was.0, is.0) && same(was.1, is.1) && new.chars().all(|c| c.is_ascii_alphanumeric() || "+/=-_.".contains(c) || old.contains(c))
}

/// Whether the brackets of a reference would end the list or map of YAML that the value stands in without quotes.
fn ends_flow(setting: &Setting, text: &Secret) -> bool {
    setting.around.flow && setting.quoting == Quoting::Plain && text.expose().contains(['{', '}'])
}

/// Whether `text` has an `&` where that is a sign of its own: of markup, which writes it `&amp;`, and of a command line without quotes.
fn joins(document: &Document, setting: &Setting, text: &Secret) -> bool {
    let command = || setting.quoting == Quoting::Plain && (document.format == "shell" || setting.around.portion == Portion::Word);
    let markup = || document.format == "xml" || setting.around.portion == Portion::Inner && is_in_markup(document, setting);
    text.expose().contains('&') && (markup() || command())
}

/// Whether the setting was read out of another one's value that is markup.
fn is_in_markup(document: &Document, setting: &Setting) -> bool {
    let holds = |outer: &&Setting| outer.span.covers(setting.span) && outer.span != setting.span && outer.around.portion != Portion::Inner;
    document.settings.iter().filter(holds).any(|outer| outer.value.expose().trim_start().starts_with('<'))
}

/// Whether `parts` can be written into the value of a setting, so that all of the file has the settings that it had.
pub(super) fn fits(document: &Document, index: usize, parts: &Parts) -> bool {
    let Ok(planned) = planned(document, vec![(index, parts.clone())], Vec::new(), Vec::new(), &BTreeMap::new()) else { return false };
    // a whole value is written as its format writes one; of a part of a command others may be made
    if document.settings.get(index).is_none_or(|s| s.around.portion == Portion::Whole) || parts.is_empty() {
        return true;
    }
    let edits: Parts = planned.edits.edits().iter().map(|edit| (edit.span, edit.text.clone())).collect();
    let parsed = formats::parse(&document.path, splice(&document.text, &edits).expose().as_bytes(), document.environment);
    parsed.settings.len() == document.settings.len() && parsed.settings.iter().zip(&document.settings).all(|(new, old)| new.key == old.key)
}

pub(super) fn splice(value: &str, parts: &Parts) -> Secret {
    let mut pieces = Vec::new();
    let mut at = 0;
    for (span, new) in parts {
        pieces.push(value.get(at..span.start).unwrap_or(""));
        pieces.push(new.expose());
        at = span.end;
    }
    pieces.push(value.get(at..).unwrap_or(""));
    Secret::concat(&pieces)
}

/// Lines to add at the end of an env file, with its own line end.
fn lines(document: &Document, added: &[(String, Secret)]) -> Secret {
    let end = if document.text.contains("\r\n") { "\r\n" } else { "\n" };
    let open = document.text.is_empty() || document.text.ends_with('\n');
    let mut pieces = vec![if open { "" } else { end }];
    for (i, (name, value)) in added.iter().enumerate() {
        pieces.extend([name.as_str(), "=", value.expose()]);
        // a file without a last newline stays without one
        pieces.push(if i + 1 < added.len() || open { end } else { "" });
    }
    Secret::concat(&pieces)
}
