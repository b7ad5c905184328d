//! Text to the tree of sops, whatever its form.

use super::form::{Fault, Form};
use super::tree::Tree;
use super::{dotenv, json, yaml};

/// The form of a sops file; `None` for any other. Says nothing about whether it can be opened.
#[must_use]
pub fn form_of(bytes: &[u8]) -> Option<Form> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()?;
    let begins = |start: &str| text.lines().any(|line| line.starts_with(start));
    if text.trim_start().starts_with('{') {
        let has = |name: &str| text.contains(name);
        return (has("\"sops\"") && has("\"mac\"") && has("\"lastmodified\"") && json_has_block(text)).then_some(Form::Json);
    }
    if begins("sops_mac=") || begins("sops_version=") || begins("sops_lastmodified=") {
        return Some(Form::Env);
    }
    (begins("sops:") && text.contains("lastmodified:") && text.contains("mac:")).then_some(Form::Yaml)
}

/// Whether `text` can be sealed at all: sops reads it, and it is no sops file yet.
#[must_use]
pub fn takes(form: Form, text: &str) -> bool {
    read(form, text).is_ok_and(|tree| tree.docs.iter().all(|doc| doc.meta.is_empty()))
}

fn json_has_block(text: &str) -> bool {
    json::read(text).is_ok_and(|tree| tree.docs.iter().any(|doc| !doc.meta.is_empty()))
}

/// Reads `text`.
pub(super) fn read(form: Form, text: &str) -> Result<Tree, Fault> {
    match form {
        Form::Yaml => yaml::read(text),
        Form::Json => json::read(text),
        Form::Env => dotenv::read(text),
    }
}
