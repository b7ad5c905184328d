//! One value that somebody else issued, to the setting that is to hold it: in the place of the old one, or as a new setting at the top of the file.

use std::collections::BTreeMap;

use super::edits::{Conflict, Planned, plain, planned, splice};
use crate::formats::{self, Dialect, Format, Reading};
use crate::model::document::Document;
use crate::model::edit::{Edit, EditSet};
use crate::model::key_path::{KeyPath, Segment};
use crate::model::secret::Secret;
use crate::model::setting::{Portion, Quoting, Role, Setting};
use crate::model::span::Span;

/// What is to be done to one document.
#[derive(Debug)]
pub struct Assigned {
    /// The edits.
    pub planned: Planned,
    /// Whether the setting is new.
    pub added: bool,
}

/// The settings of `document` that `typed` names, by index: by its path, by the whole text as a name, or by the names on its path put together
/// as files do that keep `a.b` as one name.
#[must_use]
pub fn matching(document: &Document, typed: &str) -> Vec<usize> {
    let own = |setting: &Setting| setting.role == Role::Live && setting.around.portion != Portion::Inner;
    let settings = || document.settings.iter().enumerate().filter(move |(_, setting)| own(setting));
    let path = typed.parse::<KeyPath>().ok();
    let by_path: Vec<usize> = settings().filter(|(_, s)| Some(&s.key) == path.as_ref()).map(|(i, _)| i).collect();
    if !by_path.is_empty() {
        return by_path;
    }
    let whole = |setting: &Setting| matches!(setting.key.segments(), [Segment::Key(name)] if name == typed);
    settings().filter(|(_, s)| whole(s)).map(|(i, _)| i).collect()
}

/// Gives the settings at `indices` the value `value`.
///
/// # Errors
/// [`Conflict`] when one of them cannot hold it. Nothing was written.
pub fn assign(document: &Document, indices: &[usize], value: &Secret) -> Result<Assigned, Conflict> {
    let mut parts = Vec::new();
    for index in indices {
        let Some(setting) = document.settings.get(*index) else { continue };
        if !setting.editable {
            return Err(conflict(document, setting, "another value cannot be written at this place"));
        }
        parts.push((*index, vec![(Span::new(0, setting.value.len()), value.clone())]));
    }
    let there = planned(document, parts, Vec::new(), Vec::new(), &BTreeMap::new());
    if document.format != "env" || plain(value) {
        return Ok(Assigned { planned: there?, added: false });
    }
    // the quotes that are there may be such as references are looked for in
    let anew = ['\'', '"'].into_iter().filter_map(|quote| requoted(document, indices, value, quote));
    let best = readable(document, there.ok().into_iter().chain(anew).collect(), indices.first().copied(), value);
    let line = || indices.first().and_then(|index| document.settings.get(*index));
    best.map(|planned| Assigned { planned, added: false }).ok_or_else(|| match line() {
        Some(setting) => conflict(document, setting, UNREADABLE),
        None => Conflict { path: document.path.clone(), line: 1, what: UNREADABLE.to_owned() },
    })
}

const UNREADABLE: &str = "no quotes of an env file keep this value as it is";

fn conflict(document: &Document, setting: &Setting, what: &str) -> Conflict {
    Conflict { path: document.path.clone(), line: document.lines.line(setting.span.start), what: what.to_owned() }
}

/// The one of `plans` after which most readers of env files read `value`, dotenv's among them; of several the first.
fn readable(document: &Document, plans: Vec<Planned>, index: Option<usize>, value: &Secret) -> Option<Planned> {
    let mut best: Option<(usize, Planned)> = None;
    for plan in plans {
        let parsed = changed(document, &plan);
        let Some(setting) = index.map_or(parsed.settings.last(), |index| parsed.settings.get(index)) else { continue };
        let readings = formats::readings(formats::statement(&parsed.text, setting));
        let right = |reading: &Reading| matches!(reading, Reading::Value(read) if read.same_as(value));
        let count = readings.iter().filter(|(_, reading)| right(reading)).count();
        let here = readings.iter().any(|(dialect, reading)| *dialect == Dialect::Dotenvy && right(reading));
        if here && best.as_ref().is_none_or(|(most, _)| count > *most) {
            best = Some((count, plan));
        }
    }
    best.map(|(_, plan)| plan)
}

/// `document` as it will be.
fn changed(document: &Document, planned: &Planned) -> Document {
    let parts = planned.edits.edits().iter().map(|edit| (edit.span, edit.text.clone())).collect();
    formats::parse(&document.path, splice(&document.text, &parts).expose().as_bytes(), document.environment)
}

/// The settings at `indices` with other quotes around the new value.
fn requoted(document: &Document, indices: &[usize], value: &Secret, quote: char) -> Option<Planned> {
    let format = formats::by_name(document.format)?;
    let (mut edits, mut expected) = (Vec::new(), BTreeMap::new());
    for index in indices {
        let setting = document.settings.get(*index)?;
        let around = usize::from(setting.quoting != Quoting::Plain);
        let whole = Span::new(setting.span.start.checked_sub(around)?, setting.span.end + around);
        let (before, after) = (document.text.get(..whole.start)?, document.text.get(whole.end..)?);
        let text = zeroize::Zeroizing::new([before, &format!("{quote}{quote}"), after].concat());
        let parsed = formats::parse(&document.path, text.as_bytes(), document.environment);
        let empty = parsed.settings.get(*index).filter(|s| s.key == setting.key && s.value.is_empty())?;
        let inner = format.encode(value, empty).ok()?;
        let quote = quote.to_string();
        edits.push(Edit { span: whole, text: Secret::concat(&[&quote, inner.expose(), &quote]) });
        expected.insert(*index, value.clone());
    }
    Some(Planned { edits: EditSet::new(edits).ok()?, expected, ..Planned::default() })
}

/// Adds a setting `name` with `value` at the top of the file, where the format has a place for it.
///
/// # Errors
/// [`Conflict`] where it has none. Nothing was written.
pub fn append(document: &Document, name: &str, value: &Secret) -> Result<Assigned, Conflict> {
    let refuse = |what: &str| Conflict { path: document.path.clone(), line: document.lines.lines(), what: what.to_owned() };
    let word = |also: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || also.contains(c);
        !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit() || c == '-')
    };
    let end = if document.text.contains("\r\n") { "\r\n" } else { "\n" };
    let (named, skeletons) = match document.format {
        "env" => (word(""), lines(document, end, &[format!("{name}="), format!("{name}=''"), format!("{name}=\"\"")])),
        "properties" => (word(".-"), lines(document, end, &[format!("{name}=")])),
        "yaml" | "compose" | "kubernetes" if document.settings.iter().all(|setting| setting.part == 0) => {
            (word("-"), lines(document, end, &[format!("{name}: \"\"")]))
        }
        "toml" => (word("-"), toml(document, end, name)),
        "json" | "jsonc" => (word("-"), json(document, end, name)),
        _ => (true, Vec::new()),
    };
    if !named {
        return Err(refuse("the name of a new setting is of letters, digits and `_`"));
    }
    let format = formats::by_name(document.format);
    let mut placed = skeletons.into_iter().filter_map(|(at, text)| place(document, format?, name, value, at, &text));
    let placed = if document.format == "env" && !plain(value) { readable(document, placed.collect(), None, value) } else { placed.next() };
    placed.map(|planned| Assigned { planned, added: true }).ok_or_else(|| {
        refuse("there is no such setting, and no place for a new one with this value; write it there first, with an empty value")
    })
}

/// Puts `skeleton`, a setting without a value, at `at`, reads the file so, and writes the value into it.
fn place(document: &Document, format: &dyn Format, name: &str, value: &Secret, at: usize, skeleton: &str) -> Option<Planned> {
    let mut text = zeroize::Zeroizing::new(String::with_capacity(document.text.len() + skeleton.len()));
    text.push_str(document.text.get(..at)?);
    text.push_str(skeleton);
    text.push_str(document.text.get(at..)?);
    let parsed = formats::parse(&document.path, text.as_bytes(), document.environment);
    let within = Span::new(at, at + skeleton.len());
    let setting =
        parsed.settings.iter().find(|s| s.role == Role::Live && within.covers(s.span) && s.key == KeyPath::of(name) && s.part == 0)?;
    if parsed.format != document.format || parsed.fault.is_some() || !setting.editable {
        return None;
    }
    let encoded = format.encode(value, setting).ok()?;
    let (before, after) = (skeleton.get(..setting.span.start - at)?, skeleton.get(setting.span.end - at..)?);
    let text = Secret::concat(&[before, encoded.expose(), after]);
    let edits = EditSet::new(vec![Edit { span: Span::new(at, at), text }]).ok()?;
    let planned = Planned { edits, added: vec![(name.to_owned(), value.clone())], ..Planned::default() };
    // whether it is read as this value, and nothing else changes, is proved where it is written; a value that its quotes cannot hold shows here
    let parsed = changed(document, &planned);
    let held = parsed.settings.iter().any(|s| s.key == KeyPath::of(name) && s.part == 0 && s.value.same_as(value));
    (held && parsed.fault.is_none()).then_some(planned)
}

/// Each of `forms` as a line of its own at the end; a file without a last line end stays without one.
fn lines(document: &Document, end: &str, forms: &[String]) -> Vec<(usize, String)> {
    let at = document.text.len();
    let open = document.text.is_empty() || document.text.ends_with('\n');
    forms.iter().map(|form| (at, if open { format!("{form}{end}") } else { format!("{end}{form}") })).collect()
}

/// Before the first table, where the names of the top stand.
fn toml(document: &Document, end: &str, name: &str) -> Vec<(usize, String)> {
    let form = format!("{name} = \"\"");
    let mut at = 0;
    for line in document.text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            return vec![(at, format!("{form}{end}"))];
        }
        at += line.len();
    }
    lines(document, end, &[form])
}

/// As the last member, indented as the first one is.
fn json(document: &Document, end: &str, name: &str) -> Vec<(usize, String)> {
    let text = document.text.trim_end();
    let Some(body) = text.strip_suffix('}') else { return Vec::new() };
    let inside = body.trim_end();
    let first = body.split_once('{').map_or("", |(_, rest)| rest);
    let blank: String = first.chars().take_while(|c| c.is_whitespace()).collect();
    let several = blank.contains('\n');
    let indent = blank.rsplit('\n').next().filter(|_| several && !inside.ends_with('{')).unwrap_or("  ");
    let comma = if inside.ends_with(['{', ',']) { "" } else { "," };
    let gap = match (several, inside.ends_with('{')) {
        (true, _) => format!("{end}{indent}"),
        (false, true) => String::new(),
        (false, false) => " ".to_owned(),
    };
    vec![(inside.len(), format!("{comma}{gap}\"{name}\": \"\""))]
}
