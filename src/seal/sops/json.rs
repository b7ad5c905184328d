//! JSON text to the tree of sops, with the bytes of each value; and a value to JSON.

use std::rc::Rc;

use jsonc_parser::ast::{Object, ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::cipher::Kind;
use super::form::{Fault, fault};
use super::tree::{Doc, META, Node, Pair, Scalar, Tree};
use crate::model::secret::Secret;
use crate::model::setting::Quoting;
use crate::model::span::Span;

/// Reads `text`: strict JSON, as sops does.
pub(super) fn read(text: &str) -> Result<Tree, Fault> {
    let options = ParseOptions {
        allow_comments: false,
        allow_trailing_commas: false,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options)
        .map_err(|error| fault(text, error.range().start, "not valid JSON (sops reads no comments in it)"))?;
    let Some(Value::Object(object)) = &parsed.value else {
        return Err(fault(text, 0, "expected an object, `{...}`: sops takes nothing else"));
    };
    let root = pairs(object);
    let mut meta = Vec::new();
    for (i, pair) in root.iter().enumerate().filter(|(_, pair)| pair.key == META) {
        let end = |at: usize| object.properties.get(at).map(|p| p.range().end);
        let next = object.properties.get(i + 1).map(|p| p.range().start);
        let (from, to) = match (i.checked_sub(1).and_then(end), end(i), next) {
            (Some(before), Some(own), _) => (before, own),
            (None, Some(own), None) => (pair.key_span.start, own),
            (_, _, next) => (pair.key_span.start, next.unwrap_or(pair.key_span.end)),
        };
        meta.push(Span::new(from, to));
    }
    let last = object.properties.iter().rfind(|p| name_of(&p.name) != META).map(|p| p.range().end);
    let end = last.unwrap_or(object.range().start + 1);
    Ok(Tree { docs: vec![Doc { root, end, meta }], comments: Vec::new() })
}

fn name_of<'a>(name: &'a ObjectPropName<'_>) -> &'a str {
    match name {
        ObjectPropName::String(lit) => lit.value.as_ref(),
        ObjectPropName::Word(word) => word.value,
    }
}

fn pairs(object: &Object<'_>) -> Vec<Pair> {
    let properties = object.properties.iter();
    properties
        .map(|p| {
            let range = p.name.range();
            Pair { key: name_of(&p.name).to_owned(), key_span: Span::new(range.start, range.end), value: Rc::new(node(&p.value)) }
        })
        .collect()
}

fn node(value: &Value<'_>) -> Node {
    let range = value.range();
    let leaf = |value: Secret, kind, quoting, unfit| {
        Node::Scalar(Scalar { value, kind, span: Span::new(range.start, range.end), quoting, flow: true, unfit })
    };
    match value {
        Value::StringLit(lit) => leaf(Secret::copy_of(&lit.value), Some(Kind::Text), Quoting::Double, None),
        Value::NumberLit(lit) => {
            // sops reads every number as a float of 64 bits
            let written = lit.value.parse::<f64>().map(|number| number.to_string()).unwrap_or_default();
            let whole = lit.value.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            let unfit = (whole && written != lit.value).then_some("a number that sops would round; put it in quotes");
            leaf(Secret::new(written), Some(Kind::Float), Quoting::Plain, unfit)
        }
        Value::BooleanLit(lit) => leaf(Secret::copy_of(if lit.value { "True" } else { "False" }), Some(Kind::Truth), Quoting::Plain, None),
        Value::NullKeyword(_) => leaf(Secret::default(), None, Quoting::Plain, None),
        Value::Object(object) => Node::Map(pairs(object)),
        Value::Array(array) => Node::List(array.elements.iter().map(|item| Rc::new(node(item))).collect()),
    }
}

/// An opened value in place of the sealed one.
pub(super) fn opened(value: &str, kind: Kind) -> Secret {
    match kind {
        Kind::Truth => Secret::new(value.to_ascii_lowercase()),
        Kind::Integer | Kind::Float => Secret::copy_of(value),
        _ => string(value),
    }
}

/// `text` as a string of JSON.
pub(super) fn string(text: &str) -> Secret {
    let mut out = String::with_capacity(text.len() * 6 + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    Secret::new(out)
}
