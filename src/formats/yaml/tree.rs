//! YAML 1.2 text to a tree of nodes with byte places; the one file that knows the parser crate.
//!
//! Aliases are not expanded, so a small file cannot grow; nesting is limited, so recursion over the tree is safe.
//! Follows <https://yaml.org/spec/1.2.2/>, read through `granit-parser`, whose spans leave out anchors and tags.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle, Tag};

use super::node::{Kind, Node, Scalar};
use super::tags;
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::Quoting;
use crate::model::span::Span;

/// Block and flow collections inside each other; real files stay under 30.
const DEEPEST: usize = 100;

/// The root node of each document in the stream; one without content is a null.
///
/// # Errors
/// [`Fault`] when `text` is no YAML, or is nested deeper than [`DEEPEST`].
pub(super) fn documents(text: &str) -> Result<Vec<Node>, Fault> {
    let options = granit_parser::options! { emit_comments: false, flow_nesting_limit: DEEPEST, block_nesting_limit: DEEPEST };
    let mut builder = Builder::default();
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| fault(error.kind(), error.marker()))?;
        let bytes = span.byte_range().map(Span::from).unwrap_or_default();
        builder.take(event, bytes, span.indent);
    }
    Ok(builder.documents)
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchored: HashMap<usize, Secret>,
}

/// A collection whose end has not come yet.
struct Open {
    map: bool,
    flow: bool,
    nodes: Vec<Node>,
    /// Handle and suffix of its tag.
    tag: Option<(String, String)>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span, indent: Option<usize>) {
        let flow = self.open.last().is_some_and(|open| open.flow);
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let value = Secret::new(value.into_owned());
                if anchor != 0 {
                    self.anchored.insert(anchor, value.clone());
                }
                let kind = Kind::Scalar(scalar(value, span, style, tag.is_some(), indent));
                let mut node = Node { kind, flow };
                if let Some(tag) = &tag {
                    tags::settle(&mut node, tag.handle(), tag.suffix());
                }
                self.place(node);
            }
            Event::Alias(anchor) => {
                let kind = Kind::Alias(self.anchored.get(&anchor).cloned(), span);
                self.place(Node { kind, flow });
            }
            Event::SequenceStart(style, _, tag) => {
                let tag = tag.map(|tag: std::borrow::Cow<'_, Tag>| (tag.handle().to_owned(), tag.suffix().to_owned()));
                self.open.push(Open { map: false, flow: flow || style == StructureStyle::Flow, nodes: Vec::new(), tag });
            }
            Event::MappingStart(style, ..) => {
                self.open.push(Open { map: true, flow: flow || style == StructureStyle::Flow, nodes: Vec::new(), tag: None });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let kind = if open.map { Kind::Map(pairs(open.nodes)) } else { Kind::List(open.nodes) };
                    let mut node = Node { kind, flow: open.flow };
                    if let Some((handle, suffix)) = &open.tag {
                        tags::settle(&mut node, handle, suffix);
                    }
                    self.place(node);
                }
            }
            // Anchors are names of one document.
            Event::DocumentEnd => self.anchored.clear(),
            _ => {}
        }
    }

    fn place(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(open) => open.nodes.push(node),
            None => self.documents.push(node),
        }
    }
}

fn pairs(nodes: Vec<Node>) -> Vec<(Node, Node)> {
    let mut pairs = Vec::with_capacity(nodes.len() / 2);
    let mut nodes = nodes.into_iter();
    while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
        pairs.push((key, value));
    }
    pairs
}

fn scalar(mut value: Secret, span: Span, style: ScalarStyle, tagged: bool, indent: Option<usize>) -> Scalar {
    let quoting = match style {
        ScalarStyle::SingleQuoted => Quoting::Single,
        ScalarStyle::DoubleQuoted => Quoting::Double,
        ScalarStyle::Literal => Quoting::Literal,
        ScalarStyle::Folded => Quoting::Folded,
        _ => Quoting::Plain,
    };
    // The parser reports a missing value as `~` without bytes.
    let missing = quoting == Quoting::Plain && span.is_empty();
    let null = quoting == Quoting::Plain && !tagged && matches!(value.expose(), "" | "~" | "null" | "Null" | "NULL");
    if null || missing {
        value.wipe();
    }
    Scalar { value, span, quoting, indent: indent.unwrap_or(0), null, elsewhere: false }
}

fn fault(kind: &ErrorKind, at: &granit_parser::Marker) -> Fault {
    let kind = match kind {
        ErrorKind::RecursionLimitExceeded => "nested too deeply",
        ErrorKind::UnknownAnchor => "alias without an anchor",
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => "tab where only spaces may indent",
        ErrorKind::UnclosedQuotedScalar => "quote without its closing quote",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => "bracket without its closing bracket",
        ErrorKind::UnknownQuotedScalarEscape | ErrorKind::InvalidQuotedScalarHexEscape | ErrorKind::InvalidUnicodeEscape => {
            "unknown escape in double quotes"
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => "a `key: value` where none may stand",
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            "indentation does not fit"
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => "a line without `:` among keys",
        _ => "not valid YAML",
    };
    Fault { kind, line: at.line().max(1), column: at.col() + 1 }
}
