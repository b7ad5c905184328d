//! A document as sops sees it: names, values and their order, with the bytes of each value in the text.

use std::ops::ControlFlow;
use std::rc::Rc;

use sha2::{Digest, Sha512};

use super::cipher::Kind;
use crate::model::secret::Secret;
use crate::model::setting::Quoting;
use crate::model::span::Span;

/// Visits of values within aliases: a small file may stand for a large one.
const MOST_VISITS: usize = 200_000;

/// A node of a document.
pub(super) enum Node {
    Scalar(Scalar),
    Map(Vec<Pair>),
    List(Vec<Rc<Node>>),
    /// A use of an anchor: sops takes it for a copy.
    Alias(Span, Rc<Node>),
}

/// A name and what it names.
pub(super) struct Pair {
    pub(super) key: String,
    /// The bytes of the name, quotes included.
    pub(super) key_span: Span,
    pub(super) value: Rc<Node>,
}

/// A value.
pub(super) struct Scalar {
    /// The text that sops hashes and encrypts.
    pub(super) value: Secret,
    /// `None` for a null, which sops leaves alone.
    pub(super) kind: Option<Kind>,
    /// All of its bytes: quotes, the header of a block.
    pub(super) span: Span,
    pub(super) quoting: Quoting,
    /// Inside `[]` or `{}`.
    pub(super) flow: bool,
    /// Why sops would not keep this value, if it were sealed.
    pub(super) unfit: Option<&'static str>,
}

/// One document of a file.
pub(super) struct Doc {
    pub(super) root: Vec<Pair>,
    /// Where the metadata goes.
    pub(super) end: usize,
    /// The metadata: bytes to remove to have none.
    pub(super) meta: Vec<Span>,
}

/// A file, read.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) docs: Vec<Doc>,
    /// `#` and the text of each comment.
    pub(super) comments: Vec<Span>,
}

/// One value, visited.
pub(super) struct Visit<'a> {
    /// Names above it; items of lists have none.
    pub(super) path: &'a [&'a str],
    pub(super) scalar: &'a Scalar,
    /// The outermost alias that it is a copy by.
    pub(super) alias: Option<Span>,
}

impl Visit<'_> {
    /// What the cipher binds the value to.
    pub(super) fn bound(&self) -> String {
        bound(self.path)
    }
}

/// What the cipher binds a value at `path` to.
pub(super) fn bound(path: &[&str]) -> String {
    let mut out = path.join(":");
    out.push(':');
    out
}

impl Tree {
    /// All values that are not null, in the order of sops. Breaks when there are too many.
    pub(super) fn visit<'a>(&'a self, see: &mut dyn FnMut(&Visit<'_>)) -> Result<(), &'static str> {
        let mut left = MOST_VISITS;
        for doc in &self.docs {
            let mut path: Vec<&'a str> = Vec::new();
            for pair in doc.root.iter().filter(|pair| pair.key != META) {
                path.push(&pair.key);
                if walk(&pair.value, &mut path, None, &mut left, see).is_break() {
                    return Err("its aliases stand for too many values");
                }
                path.pop();
            }
        }
        Ok(())
    }
}

/// The name of the metadata at the top of a document.
pub(super) const META: &str = "sops";

fn walk<'a>(
    node: &'a Node,
    path: &mut Vec<&'a str>,
    alias: Option<Span>,
    left: &mut usize,
    see: &mut dyn FnMut(&Visit<'_>),
) -> ControlFlow<()> {
    if alias.is_some() {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return ControlFlow::Break(());
        }
    }
    match node {
        Node::Scalar(scalar) if scalar.kind.is_none() => {}
        Node::Scalar(scalar) => see(&Visit { path, scalar, alias }),
        Node::Map(pairs) => {
            for pair in pairs {
                path.push(&pair.key);
                walk(&pair.value, path, alias, left, see)?;
                path.pop();
            }
        }
        Node::List(items) => items.iter().try_for_each(|item| walk(item, path, alias, left, see))?,
        Node::Alias(span, target) => walk(target, path, alias.or(Some(*span)), left, see)?,
    }
    ControlFlow::Continue(())
}

/// The hash over values, in order.
pub(super) struct Mac(Sha512);

impl Mac {
    /// `only_sealed`: over sealed values alone, which begins with a constant of sops so that the two kinds are never mistaken.
    pub(super) fn new(only_sealed: bool) -> Self {
        const ONLY_SEALED: [u8; 32] = [
            0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b, 0x97, 0x5b, 0x3b, 0xf4,
            0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
        ];
        let mut hash = Sha512::new();
        if only_sealed {
            hash.update(ONLY_SEALED);
        }
        Self(hash)
    }

    pub(super) fn add(&mut self, value: &str) {
        self.0.update(value.as_bytes());
    }

    /// Hexadecimal, in capitals.
    pub(super) fn text(self) -> Secret {
        Secret::new(self.0.finalize().iter().map(|byte| format!("{byte:02X}")).collect())
    }
}

/// `text` with the bytes of each span replaced; spans are sorted here and must be apart.
pub(super) fn splice(text: &str, mut edits: Vec<(Span, Secret)>) -> Option<Secret> {
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let size = text.len() + edits.iter().map(|(_, new)| new.len()).sum::<usize>();
    let mut out = String::with_capacity(size);
    let mut from = 0;
    for (span, new) in &edits {
        let Some(kept) = text.get(from..span.start) else {
            drop(Secret::new(out));
            return None;
        };
        out.push_str(kept);
        out.push_str(new.expose());
        from = span.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Some(Secret::new(out))
}
