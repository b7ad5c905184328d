//! The plan for people: every place that would change and every one that would not, without any value.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::changes::{Plan, SecretChange};
use super::former::Former;
use super::lift::need;
use super::lifted::How;
use super::obstacles::is_template;
use super::place::{Form, Place};
use super::reads::FailingRead;
use super::reason::belongs;
use super::switches::Switch;
use crate::model::document::Document;
use crate::model::secret::MASK;
use crate::model::severity::Fix;
use crate::model::shown::shown;
use crate::rules::kinds::{Kind, server_of};
use crate::rules::rings::RingForm;

/// The plan as text. `documents` are those that it was made for.
#[must_use]
pub fn preview(plan: &Plan, documents: &[Document]) -> String {
    let mut out = String::new();
    for (fix, heading) in
        [(Fix::Safe, "safe: `--apply` does it"), (Fix::Review, "to review: `--apply --include review` does it"), (Fix::Manual, "by hand")]
    {
        let secrets: Vec<&SecretChange> = plan.secrets.iter().filter(|s| s.fix == fix).collect();
        let switches: Vec<&Switch> = plan.switches.iter().filter(|s| s.fix == fix).collect();
        let lifted: Vec<&SecretChange> = plan.secrets.iter().filter(|s| fix == Fix::Review && s.lifts()).collect();
        let reads = if fix == Fix::Review { &plan.reads[..] } else { &[] };
        let remarks = if fix == Fix::Manual { &plan.remarks[..] } else { &[] };
        if secrets.is_empty() && switches.is_empty() && lifted.is_empty() && reads.is_empty() && remarks.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{heading}");
        secrets.iter().filter(|s| !s.kept).for_each(|s| {
            secret(&mut out, s, documents, &plan.reads);
            next(&mut out, s);
        });
        lifted.iter().for_each(|s| leaving(&mut out, s, documents));
        reads.iter().for_each(|r| read(&mut out, r, documents));
        switches.iter().for_each(|s| switch(&mut out, s, documents));
        remarks.iter().for_each(|r| {
            let _ = writeln!(out, "  {}:{}  [{}] {}", r.path, r.line, r.rule, r.what);
        });
        out.push('\n');
    }
    out
}

/// One change of a plan as text, without a heading; `by_hand`: with what is left to be done on servers.
#[must_use]
pub fn preview_of(change: &SecretChange, documents: &[Document], by_hand: bool) -> String {
    let mut out = String::new();
    secret(&mut out, change, documents, &[]);
    if by_hand || change.row.kind != Kind::Coordinated {
        next(&mut out, change);
    }
    out
}

fn next(out: &mut String, change: &SecretChange) {
    let steps = steps(change);
    if !steps.is_empty() {
        let _ = writeln!(out, "      next: {steps}");
    }
}

fn secret(out: &mut String, change: &SecretChange, documents: &[Document], reads: &[FailingRead]) {
    let _ = write!(out, "  {} ({})", name_of(change), change.row.kind.word());
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
        let new = new_value(change);
        let _ = writeln!(out, ": {new} in {places}{also}{why}");
    }
    change.places.iter().enumerate().for_each(|(i, p)| place(out, p, documents, change.fix != Fix::Manual, &belongs(&change.places, i)));
    if let Some(account) = &change.account {
        let _ = writeln!(out, "      account {} -> {}", shown(&account.from), shown(&account.to));
        for (document, setting) in account.places.iter().filter_map(|(d, s, _)| Some((documents.get(*d)?, *s))) {
            let Some(setting) = document.settings.get(setting) else { continue };
            let _ = writeln!(out, "      {}:{}  {}: the account", document.path, document.lines.line(setting.span.start), setting.key);
        }
    }
    for derived in &change.derived {
        let Some((_, setting)) = derived.place.setting_in(documents) else { continue };
        let _ = writeln!(out, "      {}  {}={MASK} -> {MASK}: {}", at(&derived.place, documents), setting.key, derived.how);
    }
    for (document, name) in &change.added {
        let path = documents.get(*document).map_or("", |d| d.path.as_str());
        let _ = writeln!(out, "      {path}  {}={MASK} is added", shown(name));
        for need in asking(change, documents).into_iter().map(|format| need(format, path)).collect::<BTreeSet<_>>() {
            let _ = writeln!(out, "      needs: {need}");
        }
    }
    if let Some(kept) = &change.former {
        former(out, kept, documents);
    }
    if !change.lifts() {
        staying(out, change, documents);
    }
    let read = |p: &Place| reads.iter().any(|r| r.document == p.document && r.written.becomes.contains_key(&p.setting));
    for outside in change.outside.iter().filter(|p| !read(p)) {
        let _ = writeln!(out, "      {}  keeps the old value ({})", at(outside, documents), reason(outside, documents));
    }
    let effect = effect(change);
    match (&change.former, change.row.kind) {
        (Some(_), _) => writeln!(out, "      note: without the old one {effect}"),
        // nothing has been encrypted yet
        (None, Kind::DataEncrypting) if change.fix != Fix::Manual => Ok(()),
        _ => writeln!(out, "      note: {effect}"),
    }
    .unwrap_or_default();
    change.notes.iter().for_each(|note| {
        let _ = writeln!(out, "      note: {note}");
    });
}

/// The formats of the files that ask for a variable since their own default went.
fn asking<'d>(change: &SecretChange, documents: &'d [Document]) -> BTreeSet<&'d str> {
    let asks = change.places.iter().filter(|place| matches!(place.form, Form::Fallback { .. }));
    asks.filter_map(|place| documents.get(place.document)).map(|document| document.format).collect()
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
        None => format!("a new value of {} characters", change.value.len().saturating_sub(kept_in(change))),
    }
}

/// Characters of the old value and what parts it from the new one, where both stand in one list.
fn kept_in(change: &SecretChange) -> usize {
    let own = change.former.as_ref().is_some_and(|former| former.ring.is_own());
    change.places.first().filter(|p| own && !p.text.is_empty()).map_or(0, |p| p.text.len() + 1)
}

/// Where the old value goes, what that leaves open, and what ends it.
fn former(out: &mut String, former: &Former, documents: &[Document]) {
    let at = |document: usize, setting: usize| {
        let document = documents.get(document);
        let line = document.and_then(|d| Some(d.lines.line(d.settings.get(setting)?.span.start)));
        format!("{}:{}", document.map_or("", |d| d.path.as_str()), line.unwrap_or(1))
    };
    if former.ring.is_own() {
        let order = if former.ring.form == RingForm::Lines { "before" } else { "behind" };
        let _ = writeln!(out, "      the old one stays {order} the new one, in a list");
    }
    for (document, new) in &former.added {
        let shown_value = if new.value.expose().starts_with("${") { "handed on" } else { "the old one" };
        let _ = writeln!(out, "      {}  {}={MASK} is added after this line: {shown_value}", at(*document, new.after), shown(&new.name));
    }
    for (document, setting, _) in &former.grown {
        let name = documents.get(*document).and_then(|d| d.settings.get(*setting)).map(|s| s.key.to_string()).unwrap_or_default();
        let _ = writeln!(out, "      {}  {name}={MASK} -> {MASK}: with the old one", at(*document, *setting));
    }
    let _ = writeln!(out, "      note: as long as the old one stands there, whoever knows it can {}", former.ring.open);
    let _ = writeln!(out, "      then: {}", former.ring.then);
}

/// What there is to do besides: the row's own, else how the server is told.
fn steps(change: &SecretChange) -> &'static str {
    let own = change.row.steps;
    if !own.is_empty() || change.row.kind != Kind::Coordinated || change.row.server && !change.row.first_boot {
        return own;
    }
    let system = change.places.iter().map(|p| p.account.system).find(|s| !s.is_empty()).unwrap_or_default();
    server_of(&change.name, system).map_or("", |server| server.change)
}

/// A secret that leaves its files: what stands there afterwards, who answers, and which places keep it.
fn leaving(out: &mut String, change: &SecretChange, documents: &[Document]) {
    let Some(lift) = &change.lift else { return };
    let value = if change.kept { "the value that it has" } else { "the new value" };
    let _ = writeln!(out, "  {} ({}): leaves for an env file, with {value}", name_of(change), change.row.kind.word());
    for (index, place) in change.places.iter().enumerate() {
        let Some((_, setting)) = place.setting_in(documents) else { continue };
        if let Some(reference) = lift.references.get(&index) {
            // a whole URL may be said elsewhere already
            let whole = matches!(&reference.how, How::Part(span, _) if span.len() == setting.value.len());
            let part = if place.in_url && !whole { ": the password" } else { "" };
            let _ = writeln!(out, "      {}  {}{part} becomes {}", at(place, documents), setting.key, shown(&reference.shown));
        }
    }
    staying(out, change, documents);
    for (document, name) in &lift.added {
        let path = documents.get(*document).map_or("", |d| d.path.as_str());
        let _ = writeln!(out, "      {path}  {}={MASK} is added", shown(name));
    }
    lift.needs.iter().for_each(|need| {
        let _ = writeln!(out, "      needs: {need}");
    });
}

/// Places that no reference can take, and why.
fn staying(out: &mut String, change: &SecretChange, documents: &[Document]) {
    for (index, why) in change.lift.iter().flat_map(|l| &l.stays) {
        let Some(place) = change.places.get(*index) else { continue };
        let Some((_, setting)) = place.setting_in(documents) else { continue };
        let _ = writeln!(out, "      {}  {} stays in the file: {why}", at(place, documents), setting.key);
    }
}

/// A default in a program that goes.
fn read(out: &mut String, read: &FailingRead, documents: &[Document]) {
    let Some(document) = documents.get(read.document) else { return };
    let line = document.lines.line(read.written.span.start);
    let _ = writeln!(out, "  {}: leaves the program, which fails without it from then on", shown(&read.variable));
    let text = read.written.text.expose().split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = writeln!(out, "      {}:{line}  it becomes {}", document.path, shown(&text));
    match &read.added {
        Some(_) => {
            let _ = writeln!(out, "      {}  {}={MASK} is added", read.provided, shown(&read.variable));
        }
        None => {
            let _ = writeln!(out, "      {} provides it", read.provided);
        }
    }
}

fn name_of(change: &SecretChange) -> &str {
    if change.name.is_empty() { "a password" } else { &change.name }
}

fn place(out: &mut String, place: &Place, documents: &[Document], changes: bool, why: &str) {
    let Some((_, setting)) = place.setting_in(documents) else { return };
    let key = setting.key.to_string();
    let what = match place.form {
        Form::Fallback { name, .. } => format!("the default of {} becomes a requirement", name.of(setting.value.expose())),
        Form::Plain if place.in_url => format!("{key}: the password {MASK}"),
        Form::Plain | Form::Template => format!("{key}={MASK}"),
    };
    let arrow = if changes && place.form == Form::Plain { format!(" -> {MASK}") } else { String::new() };
    let why = if why.is_empty() { String::new() } else { format!("  ({why})") };
    let _ = writeln!(out, "      {}  {what}{arrow}{why}", at(place, documents));
}

fn switch(out: &mut String, switch: &Switch, documents: &[Document]) {
    let Some(document) = documents.get(switch.document) else { return };
    let Some(setting) = document.settings.get(switch.setting) else { return };
    let line = document.lines.line(setting.span.start);
    let _ = writeln!(out, "  {} [{}]\n      {}:{line}  {}", setting.key, switch.rule, document.path, switch.what);
    if !switch.driver.is_empty() {
        let _ = writeln!(out, "      driver: {}", switch.driver);
    }
    switch.asked.iter().for_each(|answer| {
        let _ = writeln!(out, "      asked: {answer}");
    });
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
        _ if place.form == Form::Template || document.is_some_and(is_template) => "a template: change it by hand",
        _ => "a program or text: change it by hand",
    }
}
