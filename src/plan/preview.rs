//! The plan for people: every place that would change and every one that would not, without any value.

use std::fmt::Write as _;

use super::changes::{Plan, SecretChange};
use super::place::{Form, Place};
use super::switches::Switch;
use crate::model::document::Document;
use crate::model::secret::MASK;
use crate::model::severity::Fix;
use crate::model::shown::shown;

/// The plan as text. `documents` are those that it was made for.
#[must_use]
pub fn preview(plan: &Plan, documents: &[Document]) -> String {
    let mut out = String::new();
    for (fix, heading) in
        [(Fix::Safe, "safe: `--apply` does it"), (Fix::Review, "to review: `--apply --include review` does it"), (Fix::Manual, "by hand")]
    {
        let secrets: Vec<&SecretChange> = plan.secrets.iter().filter(|s| s.fix == fix).collect();
        let switches: Vec<&Switch> = plan.switches.iter().filter(|s| s.fix == fix).collect();
        let remarks = if fix == Fix::Manual { &plan.remarks[..] } else { &[] };
        if secrets.is_empty() && switches.is_empty() && remarks.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{heading}");
        secrets.iter().for_each(|s| secret(&mut out, s, documents));
        switches.iter().for_each(|s| switch(&mut out, s, documents));
        remarks.iter().for_each(|r| {
            let _ = writeln!(out, "  {}:{}  [{}] {}", r.path, r.line, r.rule, r.what);
        });
        out.push('\n');
    }
    out
}

/// Some changes of a plan as text, without headings.
#[must_use]
pub fn preview_of(secrets: &[&SecretChange], documents: &[Document]) -> String {
    let mut out = String::new();
    secrets.iter().for_each(|s| secret(&mut out, s, documents));
    out
}

fn secret(out: &mut String, change: &SecretChange, documents: &[Document]) {
    let name = if change.name.is_empty() { "a password" } else { &change.name };
    let _ = write!(out, "  {name} ({})", change.row.kind.word());
    let count = change.places.len();
    let places = if count == 1 { "1 place".to_owned() } else { format!("{count} places") };
    if change.fix == Fix::Manual {
        let _ = writeln!(out, ": {}", change.why);
    } else {
        let also = match change.derived.len() {
            0 => String::new(),
            made => format!(", and {made} computed from it"),
        };
        let why = if change.why.is_empty() { String::new() } else { format!("; {}", change.why) };
        let _ = writeln!(out, ": {} in {places}{also}{why}", new_value(change));
    }
    change.places.iter().for_each(|p| place(out, p, documents, change.fix != Fix::Manual));
    for derived in &change.derived {
        let Some(setting) = documents.get(derived.place.document).and_then(|d| d.settings.get(derived.place.setting)) else { continue };
        let _ = writeln!(out, "      {}  {}={MASK} -> {MASK}: {}", at(&derived.place, documents), setting.key, derived.how);
    }
    for (document, name) in &change.added {
        let path = documents.get(*document).map_or("", |d| d.path.as_str());
        let _ = writeln!(out, "      {path}  {}={MASK} is added", shown(name));
    }
    for outside in &change.outside {
        let _ = writeln!(out, "      {}  keeps the old value ({})", at(outside, documents), reason(outside, documents));
    }
    let _ = writeln!(out, "      note: {}", effect(change));
}

fn effect(change: &SecretChange) -> &'static str {
    match (&change.pair, change.fix) {
        (Some(_), Fix::Safe | Fix::Review) => {
            "whoever else holds the public half needs the new one; what the old key signed, and what subscribed with it, is refused"
        }
        _ => change.row.effect,
    }
}

fn new_value(change: &SecretChange) -> String {
    match &change.pair {
        Some(pair) => format!("a new pair, {pair},"),
        None => format!("a new value of {} characters", change.value.len()),
    }
}

fn place(out: &mut String, place: &Place, documents: &[Document], changes: bool) {
    let Some(setting) = documents.get(place.document).and_then(|d| d.settings.get(place.setting)) else { return };
    let key = setting.key.to_string();
    let what = match place.form {
        Form::Fallback { name, .. } => format!("the default of {} becomes a requirement", name.of(setting.value.expose())),
        Form::Plain if place.in_url => format!("{key}: the password {MASK}"),
        Form::Plain => format!("{key}={MASK}"),
    };
    let arrow = if changes && place.form == Form::Plain { format!(" -> {MASK}") } else { String::new() };
    let _ = writeln!(out, "      {}  {what}{arrow}", at(place, documents));
}

fn switch(out: &mut String, switch: &Switch, documents: &[Document]) {
    let Some(document) = documents.get(switch.document) else { return };
    let Some(setting) = document.settings.get(switch.setting) else { return };
    let line = document.lines.line(setting.span.start);
    let _ = writeln!(out, "  {} [{}]\n      {}:{line}  {}", setting.key, switch.rule, document.path, switch.what);
    if !switch.driver.is_empty() {
        let _ = writeln!(out, "      driver: {}", switch.driver);
    }
    switch.needs.iter().for_each(|need| {
        let _ = writeln!(out, "      needs: {need}");
    });
}

fn at(place: &Place, documents: &[Document]) -> String {
    let Some(document) = documents.get(place.document) else { return String::new() };
    let start = document.settings.get(place.setting).map_or(0, |s| s.span.start);
    format!("{}:{}", document.path, document.lines.line(start))
}

fn reason(place: &Place, documents: &[Document]) -> &'static str {
    use crate::model::environment::Environment;
    let document = documents.get(place.document);
    match document.map(|d| d.environment) {
        Some(Environment::Example) => "an example or document",
        _ if document.and_then(|d| d.settings.get(place.setting)).is_some_and(|s| s.stage.is_some()) => "a part for development",
        Some(Environment::Development) => "a development file",
        _ => "a program or text: change it by hand",
    }
}
