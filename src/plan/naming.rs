//! The variable that a lifted secret goes by.

use crate::model::document::Document;
use crate::model::key_path::{KeyPath, Segment, words};
use crate::model::setting::{Role, Setting};
use crate::strength::name::{NameClass, classify};

use super::place::Place;
use super::variables::{asks_for, has};

/// Names that could stand for a secret called `name` that stands at `place`, the best first: its own, then the same behind the name of the
/// service, which tells two servers of one kind apart.
pub(super) fn candidates(name: &str, place: &Place, setting: &Setting) -> Vec<String> {
    let service = service(&setting.key).map(|s| joined(&words(s))).filter(|s| !s.is_empty());
    let own = own_name(name, place);
    let mut out = Vec::new();
    let shared = matches!(own.as_str(), "PASSWORD" | "SECRET" | "TOKEN" | "KEY" | "PASS");
    if !shared {
        out.push(own.clone());
    }
    if let Some(service) = service.filter(|s| !own.starts_with(s.as_str())) {
        out.push(format!("{service}_{own}"));
    }
    out.retain(|name| is_variable(name));
    out
}

fn own_name(name: &str, place: &Place) -> String {
    let own = words(name);
    let secret = matches!(classify(name), NameClass::Secret | NameClass::Weak);
    if is_variable(name) && own.len() > 1 && secret && !(place.in_url && is_connection(&own)) {
        return name.to_owned();
    }
    // what a server calls its password says less than what the server is called
    if name.starts_with('-')
        || matches!(own.join(" ").as_str(), "requirepass" | "masterauth")
        || own.len() < 2 && !place.account.system.is_empty()
    {
        return match place.account.system {
            "" => "PASSWORD".to_owned(),
            "sql" => "DB_PASSWORD".to_owned(),
            system => format!("{}_PASSWORD", system.to_uppercase()),
        };
    }
    if place.in_url {
        let stem = own.split_last().map_or(&[][..], |(_, stem)| stem);
        return if stem.is_empty() { "PASSWORD".to_owned() } else { format!("{}_PASSWORD", joined(stem)) };
    }
    joined(&own)
}

/// Whether the last word says that it is a connection, not a secret.
fn is_connection(own: &[String]) -> bool {
    own.last().is_some_and(|w| matches!(w.as_str(), "url" | "uri" | "dsn" | "string" | "connection"))
}

fn joined(words: &[String]) -> String {
    let all = words.join("_").to_uppercase();
    all.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// A name that every shell takes.
fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The service of a compose file that a setting belongs to.
pub(super) fn service(key: &KeyPath) -> Option<&str> {
    match key.segments() {
        [Segment::Key(top), Segment::Key(service), ..] if top == "services" => Some(service),
        _ => None,
    }
}

/// Whether `name` is free for another secret: the env file `target` has no such variable, and nothing that may be read with it refers to one.
pub(super) fn is_free(documents: &[&Document], target: &Document, name: &str) -> bool {
    let refers = |s: &Setting| s.role != Role::Commented && asks_for(s.value.expose(), name);
    !has(target, name) && !documents.iter().copied().filter(|d| d.format != "code").flat_map(|d| &d.settings).any(refers)
}
