//! Lists that set variables: pairs of `name` and `value` as Kubernetes and Helm values have them, and `K=V` as Compose and Kustomize have.

use super::node::{Kind, Node};
use super::reader::{At, Reader, View, letters, rest};
use super::scalar::names_a_variable;
use crate::model::secret::Secret;
use crate::model::setting::{Portion, Setting};
use crate::model::span::Span;

/// Plain YAML.
pub(super) struct Plain;

impl View for Plain {
    fn take(&self, reader: &mut Reader<'_>, at: &At, node: &Node) -> bool {
        take(self, reader, at, node)
    }
}

/// Reads `node` as a list of variables if it is one by its form, and says whether it was.
pub(super) fn take(view: &dyn View, reader: &mut Reader<'_>, at: &At, node: &Node) -> bool {
    let Kind::List(items) = &node.kind else { return false };
    let own = at.path.name().to_ascii_lowercase();
    if is_pairs(&own, items) {
        pairs(view, reader, at, items);
    } else if !items.is_empty() && (items.iter().all(is_variable) || (own == "literals" && items.iter().all(has_sign))) {
        assignments(view, reader, at, items);
    } else {
        return false;
    }
    true
}

/// Whether the list `own` sets variables: by its name, or because all its names are in capitals.
fn is_pairs(own: &str, items: &[Node]) -> bool {
    let names: Vec<&str> =
        items.iter().filter(|item| item.get("value").is_some()).filter_map(|i| name_key(i).and_then(Node::text)).collect();
    let capitals = |name: &&str| name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    !names.is_empty() && (own.contains("env") || own.ends_with("variables") || names.iter().all(capitals))
}

/// A list of `name` and `value`. The value stands under the name's text, so that equal variables have equal names.
pub(super) fn pairs(view: &dyn View, reader: &mut Reader<'_>, at: &At, items: &[Node]) {
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

/// A list of `K=V`. An item without `=` is handed through from the machine that starts the program: no setting.
pub(super) fn assignments(view: &dyn View, reader: &mut Reader<'_>, at: &At, items: &[Node]) {
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
pub(super) fn is_variable(item: &Node) -> bool {
    item.text().is_some_and(names_a_variable)
}

fn has_sign(item: &Node) -> bool {
    item.text().is_some_and(|text| text.contains('='))
}
