//! The nodes of a YAML document.

use crate::model::secret::Secret;
use crate::model::setting::Quoting;
use crate::model::span::Span;

/// One node of a document.
pub(super) struct Node {
    /// What it is.
    pub(super) kind: Kind,
    /// Whether it stands inside `[]` or `{}`.
    pub(super) flow: bool,
}

/// The kinds of node.
pub(super) enum Kind {
    /// A value.
    Scalar(Scalar),
    /// Pairs in file order, duplicates included.
    Map(Vec<(Node, Node)>),
    /// Items in order.
    List(Vec<Node>),
    /// A use of an anchor, and where; holds the text of the anchored scalar, for use as a key.
    Alias(Option<Secret>, Span),
}

/// A scalar as written.
pub(super) struct Scalar {
    /// The text it is read as; empty for a null.
    pub(super) value: Secret,
    /// Its bytes, quotes included, anchor, tag and block header not.
    pub(super) span: Span,
    /// How it is written.
    pub(super) quoting: Quoting,
    /// Blanks before each line of a block.
    pub(super) indent: usize,
    /// Read as null: nothing, `~` or `null`, without a tag.
    pub(super) null: bool,
    /// A tag says that the text names the place of the value: `!Ref X`.
    pub(super) elsewhere: bool,
}

impl Node {
    /// The scalar, if it is one.
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar or of the scalar that an alias stands for.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar.value.expose()),
            Kind::Alias(text, _) => text.as_ref().map(Secret::expose),
            _ => None,
        }
    }

    /// The value at `name` of a map; the first of duplicates.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Map(pairs) => pairs.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value),
            _ => None,
        }
    }
}
