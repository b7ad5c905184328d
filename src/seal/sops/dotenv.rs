//! Env text to the tree of sops. sops knows no quotes: all after the first `=` is the value, and `\n` in it is a line break.

use std::rc::Rc;

use super::cipher::Kind;
use super::form::{Fault, fault};
use super::tree::{Doc, Node, Pair, Scalar, Tree};
use crate::model::secret::Secret;
use crate::model::setting::Quoting;
use crate::model::span::Span;

/// What the names of the metadata begin with.
pub(super) const PREFIX: &str = "sops_";

/// Reads `text`. What sops could not read, but has a form that it can, is read too: `\r\n`, blank lines with blanks, several lines in double
/// quotes; [`tidy`] brings it into that form.
pub(super) fn read(text: &str) -> Result<Tree, Fault> {
    let mut tree = Tree::default();
    let mut doc = Doc { root: Vec::new(), end: text.len(), meta: Vec::new() };
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let line = rest.split_inclusive('\n').next().unwrap_or_default();
        let start = at;
        at += line.len();
        let body = line.trim_end_matches(['\n', '\r']);
        if body.trim().is_empty() {
            continue;
        }
        if body.trim_start().starts_with('#') {
            let from = start + body.len() - body.trim_start().len();
            tree.comments.push(Span::new(from, start + body.len()));
            continue;
        }
        let Some((key, value)) = body.split_once('=') else {
            return Err(fault(text, start, "expected `NAME=value`: sops reads no other line"));
        };
        // a file that begins so is taken for JSON
        if key.trim_start().starts_with('{') {
            return Err(fault(text, start, "a name that begins with a brace"));
        }
        let from = start + key.len() + 1;
        let mut end = from + value.len();
        let open = value.trim_start().chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
        if let Some(quote) = open.filter(|quote| is_open(value, *quote)) {
            let close = closing(text.get(end..).unwrap_or_default(), quote).map(|n| end + n);
            let Some(close) = close.filter(|_| quote == '"') else {
                return Err(fault(text, start, "a value of several lines, which sops can keep only in double quotes"));
            };
            end = text.get(close..).and_then(|t| t.find('\n')).map_or(text.len(), |n| close + n);
            end -= usize::from(text.get(..end).is_some_and(|t| t.ends_with('\r')));
            at = (end + 1 + usize::from(text.get(end..).is_some_and(|t| t.starts_with('\r')))).min(text.len());
        }
        let span = Span::new(from, end);
        if key.starts_with(PREFIX) {
            doc.meta.push(Span::new(start, at));
        }
        let raw = zeroize::Zeroizing::new(span.of(text).replace("\r\n", "\n"));
        let value = Secret::new(raw.replace("\\n", "\n"));
        let scalar = Scalar { value, kind: Some(Kind::Text), span, quoting: Quoting::Plain, flow: false, unfit: None };
        let key_span = Span::new(start, start + key.len());
        doc.root.push(Pair { key: key.to_owned(), key_span, value: Rc::new(Node::Scalar(scalar)) });
    }
    tree.docs.push(doc);
    Ok(tree)
}

/// Whether a quote is opened and not closed in `value`.
fn is_open(value: &str, quote: char) -> bool {
    let inner = value.trim_start().get(1..).unwrap_or_default();
    closing(inner, quote).is_none()
}

/// Where `quote` stands without a backslash before it.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' if quote != '\'' && !escaped => escaped = true,
            c if c == quote && !escaped => return Some(at),
            _ => escaped = false,
        }
    }
    None
}

/// A value as it stands in the file.
pub(super) fn written(value: &str) -> Secret {
    Secret::new(value.replace('\n', "\\n"))
}

/// Edits that make every line one that sops can read: `\n` for `\r\n`, nothing on blank lines, comments at the start of theirs.
pub(super) fn tidy(text: &str, tree: &Tree) -> Vec<(Span, Secret)> {
    let mut edits = Vec::new();
    let root = tree.docs.iter().flat_map(|doc| &doc.root);
    let values: Vec<Span> = root
        .filter_map(|pair| match &*pair.value {
            Node::Scalar(scalar) if scalar.span.of(text).contains('\n') => Some(scalar.span),
            _ => None,
        })
        .collect();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let body = line.trim_end_matches(['\n', '\r']);
        // within a value of several lines the value's own edit speaks
        let inside = values.iter().any(|span| span.start < start && start < span.end);
        if !inside {
            let blanks = body.len() - body.trim_start().len();
            let leading = if body.trim().is_empty() || body.trim_start().starts_with('#') { blanks } else { 0 };
            if leading > 0 {
                edits.push((Span::new(start, start + leading), Secret::default()));
            }
        }
        let ends = Span::new(start + body.len(), at);
        let within = values.iter().any(|span| span.start <= ends.start && ends.end <= span.end && !ends.is_empty());
        if !within && line.ends_with("\r\n") {
            edits.push((ends, Secret::copy_of("\n")));
        }
    }
    edits
}
