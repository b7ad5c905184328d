//! Compose files: YAML whose lists of `K=V` are maps, and whose commands hold passwords.
//!
//! Follows <https://github.com/compose-spec/compose-spec/blob/main/spec.md>. References (`${NAME:-default}`, `$$`) stay as written.

use super::format::{Claim, EncodeError, Format};
use super::yaml::stem;
use super::yaml_command::{list, text};
use super::yaml_reader::{At, Reader, View, letters, read, rest};
use super::yaml_tree::{Kind, Node};
use super::yaml_words::Splitter;
use super::{yaml_scalar, yaml_tree};
use crate::model::document::Fault;
use crate::model::key_path::Segment;
use crate::model::secret::Secret;
use crate::model::setting::{Portion, Setting};
use crate::model::span::Span;

/// Compose files.
pub struct Compose;

impl Format for Compose {
    fn name(&self) -> &'static str {
        "compose"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        let Some(stem) = stem(file_name) else { return Claim::No };
        let named = ["compose", "docker-compose"].iter().any(|name| stem.strip_prefix(name).is_some_and(ends_word));
        if named || is_stack(head) { Claim::Special } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        Ok(read(text, &yaml_tree::documents(text)?, &Services))
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        yaml_scalar::encode(value, place)
    }
}

/// `compose.prod` and `docker-compose-dev` are ours, `composer` is not.
fn ends_word(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// A map `services:` at the margin, with an image or a build below.
fn is_stack(head: &str) -> bool {
    let is_top = |line: &str| line.strip_prefix("services:").is_some_and(|rest| rest.trim().is_empty() || rest.trim().starts_with('#'));
    let after = head.lines().skip_while(|line| !is_top(line)).skip(1);
    let mut content = after.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')).peekable();
    // A list of services is that of a CI file.
    let map = content.peek().is_some_and(|line| line.starts_with(' ') && !line.trim_start().starts_with('-'));
    let mut below = content.take_while(|line| line.starts_with(' ')).map(str::trim_start);
    map && below.any(|line| line.starts_with("image:") || line.starts_with("build:"))
}

struct Services;

impl View for Services {
    fn take(&self, reader: &mut Reader<'_>, at: &At, node: &Node) -> bool {
        let mut steps = at.path.segments().iter().rev();
        let (Some(Segment::Key(name)), parent) = (steps.next(), steps.next()) else { return false };
        let below = |wanted: &str| matches!(parent, Some(Segment::Key(key)) if key == wanted);
        // The name of a service, a volume or an anchor's block may be any of these words.
        let top = matches!(at.path.segments().first(), Some(Segment::Key(top)) if top == "services" || top.starts_with("x-"));
        let deep = at.path.segments().len() > 2 || (top && !below("services") && parent.is_some());
        match (name.as_str(), &node.kind) {
            ("environment", Kind::Map(pairs)) if deep => environment(self, reader, at, pairs),
            ("environment" | "labels" | "annotations" | "sysctls", Kind::List(items)) if deep => assignments(self, reader, at, items),
            ("args", Kind::List(items)) if below("build") => assignments(self, reader, at, items),
            (_, Kind::List(items)) if parent.is_none() && top && items.iter().all(is_variable) => assignments(self, reader, at, items),
            ("command" | "entrypoint", Kind::Scalar(scalar)) if deep && top => text(reader, at, node, scalar, Splitter::Words),
            ("command" | "entrypoint", Kind::List(items)) if deep && top => list(reader, self, at, items, false),
            ("test", Kind::Scalar(scalar)) if below("healthcheck") => text(reader, at, node, scalar, Splitter::Shell),
            ("test", Kind::List(items)) if below("healthcheck") => list(reader, self, at, items, false),
            _ => return false,
        }
        true
    }
}

/// A variable without a value is handed through from the machine that starts the services: no setting.
fn environment(view: &dyn View, reader: &mut Reader<'_>, at: &At, pairs: &[(Node, Node)]) {
    for (key, value) in pairs.iter().filter(|(_, value)| !value.scalar().is_some_and(|scalar| scalar.null)) {
        reader.walk(view, &at.child(key), value);
    }
}

/// A list of `K=V`. An item without `=` is handed through as well.
fn assignments(view: &dyn View, reader: &mut Reader<'_>, at: &At, items: &[Node]) {
    for (i, item) in items.iter().enumerate() {
        let at = at.item(i);
        let Kind::Scalar(scalar) = &item.kind else {
            reader.walk(view, &at, item);
            continue;
        };
        let whole = reader.leaf(&at, item, scalar);
        let Some((name, _)) = whole.value.expose().split_once('=') else { continue };
        let path = at.path.child(name);
        let mut setting = match letters(reader.text, &whole) {
            Some(letters) => {
                let from = name.chars().count();
                let mut setting = rest(&whole, &letters, from + 1, path);
                setting.around.portion = Portion::Rest;
                setting.key_span = Span::new(whole.span.start, letters.get(from).map_or(whole.span.start, |equals| equals.span.start));
                setting
            }
            // The value is known, its bytes are not.
            None => {
                let value = Secret::copy_of(whole.value.expose().get(name.len() + 1..).unwrap_or(""));
                let mut setting = Setting { key: path, value, ..whole.clone() };
                setting.editable = false;
                setting
            }
        };
        setting.around.gap = false;
        reader.push(setting);
    }
}

/// `NAME=value` with a name in capitals.
fn is_variable(item: &Node) -> bool {
    let Some((name, _)) = item.text().and_then(|text| text.split_once('=')) else { return false };
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
