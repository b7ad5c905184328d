//! Kubernetes manifests: YAML whose Secrets are base64, whose variables are pairs of `name` and `value`, and whose commands hold passwords.
//!
//! Follows <https://kubernetes.io/docs/reference/kubernetes-api/>: `Secret`, `EnvVar`, `Container`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, Zeroizing};

use super::format::{Claim, EncodeError, Format};
use super::yaml::stem;
use super::yaml_command::list;
use super::yaml_reader::{At, Reader, View, read};
use super::yaml_tree::{Kind, Node};
use super::{yaml_scalar, yaml_tree};
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Setting};

/// Kubernetes manifests.
pub struct Kubernetes;

impl Format for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        let has = |key: &str| head.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '\t'])));
        if stem(file_name).is_some() && has("apiVersion:") && has("kind:") { Claim::Special } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        Ok(read(text, &yaml_tree::documents(text)?, &Resources))
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        yaml_scalar::encode(value, place)
    }
}

struct Resources;

impl View for Resources {
    fn take(&self, reader: &mut Reader<'_>, at: &At, node: &Node) -> bool {
        let Kind::Map(pairs) = &node.kind else { return false };
        // A `List` holds resources too, so a Secret may stand at any depth.
        let secret = node.get("apiVersion").is_some() && node.get("kind").and_then(Node::text) == Some("Secret");
        let shell = node.get("command").is_some_and(ends_in_shell);
        for (key, value) in pairs {
            let below = at.child(key);
            match (key.text().unwrap_or(""), &value.kind) {
                ("data", Kind::Map(entries)) if secret => entries.iter().for_each(|(key, value)| encoded(reader, &below.child(key), value)),
                ("env", Kind::List(items)) => variables(self, reader, &below, items),
                ("command", Kind::List(items)) => list(reader, self, &below, items, false),
                ("args", Kind::List(items)) => list(reader, self, &below, items, shell),
                _ => reader.walk(self, &below, value),
            }
        }
        true
    }
}

/// An entry of `data`: the value is what its base64 says. Text that is none stays as it is, and is not edited.
fn encoded(reader: &mut Reader<'_>, at: &At, node: &Node) {
    let Some(scalar) = node.scalar() else {
        reader.walk(&super::yaml_reader::Plain, at, node);
        return;
    };
    let mut setting = reader.leaf(at, node, scalar);
    match decoded(scalar.value.expose()) {
        Some(value) => {
            setting.value = value;
            setting.layer = Layer::Base64;
        }
        None => setting.editable = false,
    }
    reader.push(setting);
}

fn decoded(text: &str) -> Option<Secret> {
    // Blocks break base64 into lines.
    let mut joined = Zeroizing::new(String::with_capacity(text.len()));
    joined.extend(text.chars().filter(|c| !c.is_ascii_whitespace()));
    let bytes = STANDARD.decode(joined.as_bytes()).ok()?;
    match String::from_utf8(bytes) {
        Ok(text) => Some(Secret::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            None
        }
    }
}

/// A list of pairs of `name` and `value`: the name is the key.
fn variables(view: &dyn View, reader: &mut Reader<'_>, at: &At, items: &[Node]) {
    for (i, item) in items.iter().enumerate() {
        let at = at.item(i);
        let (Kind::Map(pairs), Some(name), Some(value)) = (&item.kind, name_key(item), item.get("value")) else {
            reader.walk(view, &at, item);
            continue;
        };
        for (key, other) in pairs {
            match (key.text(), other.scalar()) {
                (Some("name"), Some(_)) => {}
                (Some("value"), Some(scalar)) if std::ptr::eq(other, value) => {
                    let mut setting = reader.leaf(&at.child(key), other, scalar);
                    let named = at.child(name);
                    setting.key = named.path;
                    setting.key_span = named.key.unwrap_or(setting.key_span);
                    reader.push(setting);
                }
                _ => reader.walk(view, &at.child(key), other),
            }
        }
    }
}

fn name_key(item: &Node) -> Option<&Node> {
    item.get("name").filter(|name| name.scalar().is_some_and(|scalar| !scalar.value.is_empty()))
}

/// Whether a command is `[sh, -c]`, so that `args` begins with a text for it.
fn ends_in_shell(command: &Node) -> bool {
    let Kind::List(items) = &command.kind else { return false };
    let mut words = items.iter().rev().map(|item| item.text().unwrap_or(""));
    let switch = words.next().is_some_and(|word| word.starts_with('-') && word.ends_with('c'));
    switch && words.any(|word| word.ends_with("sh"))
}

#[cfg(test)]
#[path = "kubernetes_tests.rs"]
mod tests;
