//! YAML text to the tree of sops, with the bytes of each value; and a value to YAML.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, Tag};

use super::cipher::Kind;
use super::form::{Fault, fault};
use super::resolve::{Plain, plain};
use super::tree::{Doc, META, Node, Pair, Scalar, Tree};
use crate::model::secret::Secret;
use crate::model::setting::Quoting;
use crate::model::span::Span;

/// Collections inside each other, as `formats` has it.
const DEEPEST: usize = 100;

/// Reads `text`.
pub(super) fn read(text: &str) -> Result<Tree, Fault> {
    let options = granit_parser::options! { emit_comments: true, flow_nesting_limit: DEEPEST, block_nesting_limit: DEEPEST };
    let mut builder = Builder { text, open: Vec::new(), anchored: HashMap::new(), tree: Tree::default(), root: None, last: 0 };
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| Fault { line: error.marker().line().max(1), what: "not valid YAML" })?;
        builder.take(event, span.byte_range().map(Span::from).unwrap_or_default())?;
    }
    if builder.tree.docs.is_empty() { Err(fault(text, 0, "nothing to seal: expected names and values")) } else { Ok(builder.tree) }
}

struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    anchored: HashMap<usize, Rc<Node>>,
    tree: Tree,
    root: Option<(Rc<Node>, usize)>,
    /// One past the last byte of the last node.
    last: usize,
}

/// A collection whose end has not come yet.
struct Open {
    map: bool,
    flow: bool,
    anchor: usize,
    start: usize,
    nodes: Vec<(Rc<Node>, Span)>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let flow = self.open.last().is_some_and(|open| open.flow);
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let scalar = self.scalar(Secret::new(value.into_owned()), style, tag.as_deref(), span, flow)?;
                self.last = self.last.max(scalar.span.end);
                let span = scalar.span;
                self.place(Rc::new(Node::Scalar(scalar)), anchor, span);
            }
            Event::Alias(anchor) => {
                let target = self.anchored.get(&anchor).cloned();
                let target = target.ok_or_else(|| fault(self.text, span.start, "an alias of what it stands in, which sops cannot read"))?;
                self.last = self.last.max(span.end);
                self.place(Rc::new(Node::Alias(span, target)), 0, span);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.begin(false, flow || style == StructureStyle::Flow, anchor, tag.as_deref(), span)?
            }
            Event::MappingStart(style, anchor, tag) => {
                self.begin(true, flow || style == StructureStyle::Flow, anchor, tag.as_deref(), span)?
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                if open.flow {
                    self.last = self.last.max(span.end);
                }
                let whole = Span::new(open.start, self.last.max(open.start));
                let (anchor, map) = (open.anchor, open.map);
                let node =
                    if map { Node::Map(self.pairs(open)?) } else { Node::List(open.nodes.into_iter().map(|(node, _)| node).collect()) };
                self.place(Rc::new(node), anchor, whole);
            }
            Event::Comment(..) => self.tree.comments.push(span),
            Event::DocumentEnd => {
                self.anchored.clear();
                let Some((root, start)) = self.root.take() else { return Ok(()) };
                self.document(&root, start)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, map: bool, flow: bool, anchor: usize, tag: Option<&Tag>, span: Span) -> Result<(), Fault> {
        if tag.is_some_and(|tag| tag.handle() == CORE && !matches!(tag.suffix(), "map" | "seq")) {
            return Err(fault(self.text, span.start, "a tag that sops would not keep"));
        }
        self.open.push(Open { map, flow, anchor, start: span.start, nodes: Vec::new() });
        Ok(())
    }

    fn place(&mut self, node: Rc<Node>, anchor: usize, span: Span) {
        if anchor != 0 {
            self.anchored.insert(anchor, Rc::clone(&node));
        }
        match self.open.last_mut() {
            Some(open) => open.nodes.push((node, span)),
            None => self.root = Some((node, span.start)),
        }
    }

    fn pairs(&self, open: Open) -> Result<Vec<Pair>, Fault> {
        let mut pairs = Vec::with_capacity(open.nodes.len() / 2);
        let mut seen = HashSet::new();
        let mut nodes = open.nodes.into_iter();
        while let (Some((key, key_span)), Some((value, _))) = (nodes.next(), nodes.next()) {
            let Node::Scalar(Scalar { value: name, kind: Some(Kind::Text), .. }) = &*key else {
                return Err(fault(self.text, key_span.start, "a name that is no text, which sops refuses; put it in quotes"));
            };
            let name = name.expose().to_owned();
            if !seen.insert(name.clone()) {
                return Err(fault(self.text, key_span.start, "a name stands here twice, which sops refuses"));
            }
            pairs.push(Pair { key: name, key_span, value });
        }
        Ok(pairs)
    }

    fn scalar(&self, value: Secret, style: ScalarStyle, tag: Option<&Tag>, span: Span, flow: bool) -> Result<Scalar, Fault> {
        let quoting = match style {
            ScalarStyle::SingleQuoted => Quoting::Single,
            ScalarStyle::DoubleQuoted => Quoting::Double,
            ScalarStyle::Literal => Quoting::Literal,
            ScalarStyle::Folded => Quoting::Folded,
            _ => Quoting::Plain,
        };
        let core = tag.filter(|tag| tag.handle() == CORE || tag.handle() == "!" && tag.suffix().is_empty());
        let merges = value.expose() == "<<" && core.is_some_and(|tag| tag.suffix() == "merge");
        if !merges && core.is_some_and(|tag| !matches!(tag.suffix(), "str" | "")) {
            return Err(fault(self.text, span.start, "a tag that sops would resolve"));
        }
        // the parser reports a missing value as `~` without bytes
        let missing = quoting == Quoting::Plain && span.is_empty();
        let read = match (quoting, core) {
            (Quoting::Plain, _) if missing => Plain::Null,
            (Quoting::Plain, None) => plain(value.expose()),
            _ => Plain::Text,
        };
        if tag.is_some() && core.is_none() && !matches!(read, Plain::Text | Plain::Null) {
            return Err(fault(self.text, span.start, "a tag before a number, which sops may refuse"));
        }
        let span = match quoting {
            Quoting::Literal | Quoting::Folded => self.block(span),
            _ => span,
        };
        let (value, kind) = match read {
            Plain::Null => (Secret::default(), None),
            Plain::Text => (value, Some(Kind::Text)),
            Plain::Other(kind, text) => (Secret::new(text), Some(kind)),
            Plain::Unknown(what) => return Err(fault(self.text, span.start, what)),
        };
        Ok(Scalar { value, kind, span, quoting, flow, unfit: None })
    }

    /// A block with its header; the parser tells the bytes of the body alone.
    fn block(&self, body: Span) -> Span {
        let before = self.text.get(self.last..body.start).unwrap_or_default();
        let start = before.find(['|', '>']).map_or(body.start, |at| self.last + at);
        let written = Span::new(start, body.end).of(self.text);
        Span::new(start, start + written.trim_end().len())
    }

    fn document(&mut self, root: &Rc<Node>, start: usize) -> Result<(), Fault> {
        if matches!(&**root, Node::Scalar(scalar) if scalar.kind.is_none()) {
            if self.tree.docs.is_empty() {
                return Err(fault(self.text, start, "the first document is empty, where sops keeps its own data"));
            }
            return Ok(());
        }
        let Node::Map(pairs) = &**root else {
            return Err(fault(self.text, start, "a document that is no map at its top, which sops refuses"));
        };
        let at_line_start = |at: usize| at == 0 || self.text.get(..at).is_some_and(|t| t.ends_with(['\n', '\u{feff}']));
        if let Some(pair) = pairs.iter().find(|pair| !at_line_start(pair.key_span.start)) {
            return Err(fault(self.text, pair.key_span.start, "a name of the top level that does not begin its line"));
        }
        let line_after = |at: usize| self.text.get(at..).and_then(|t| t.find('\n')).map_or(self.text.len(), |n| at + n + 1);
        let mut end = line_after(self.last);
        while !["---", "..."].iter().any(|mark| self.text.get(end..).is_some_and(|t| t.starts_with(mark))) && end < self.text.len() {
            end = line_after(end);
        }
        let mut meta = Vec::new();
        let mut root = Vec::new();
        for (i, pair) in pairs.iter().enumerate() {
            if pair.key == META {
                let from = pair.key_span.start;
                let to = pairs.get(i + 1).map_or_else(|| line_after(last_byte(&pair.value).max(from)), |next| next.key_span.start);
                meta.push(Span::new(from, to));
            }
            root.push(Pair { key: pair.key.clone(), key_span: pair.key_span, value: Rc::clone(&pair.value) });
        }
        self.tree.docs.push(Doc { root, end, meta });
        Ok(())
    }
}

const CORE: &str = "tag:yaml.org,2002:";

fn last_byte(node: &Node) -> usize {
    match node {
        Node::Scalar(scalar) => scalar.span.end,
        Node::Alias(span, _) => span.end,
        Node::Map(pairs) => pairs.iter().map(|pair| pair.key_span.end.max(last_byte(&pair.value))).max().unwrap_or(0),
        Node::List(items) => items.iter().map(|item| last_byte(item)).max().unwrap_or(0),
    }
}

/// A sealed value in place of `scalar`: in its quotes; brackets and commas need some in a flow collection.
pub(super) fn sealed(value: &str, scalar: &Scalar) -> String {
    match scalar.quoting {
        Quoting::Single => format!("'{value}'"),
        Quoting::Double => format!("\"{value}\""),
        _ if scalar.flow => format!("\"{value}\""),
        _ => value.to_owned(),
    }
}

/// An opened value in place of the sealed `scalar`: in its quotes where they can hold it.
pub(super) fn opened(value: &str, kind: Kind, scalar: &Scalar) -> Secret {
    if kind == Kind::Truth {
        return Secret::new(value.to_ascii_lowercase());
    }
    if kind != Kind::Text {
        return Secret::copy_of(if matches!(value, "+Inf" | "-Inf" | "NaN") { infinite(value) } else { value });
    }
    let printable = value.chars().all(|c| !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'));
    match scalar.quoting {
        Quoting::Plain if is_bare(value) => Secret::copy_of(value),
        Quoting::Single if printable => Secret::concat(&["'", &zeroize::Zeroizing::new(value.replace('\'', "''")), "'"]),
        _ => double(value),
    }
}

fn infinite(value: &str) -> &'static str {
    match value {
        "NaN" => ".nan",
        "-Inf" => "-.inf",
        _ => ".inf",
    }
}

/// Whether `text` needs no quotes anywhere, to any reader.
fn is_bare(text: &str) -> bool {
    const WORDS: &[&str] = &["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./@+=-".contains(c))
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// `text` in double quotes.
pub(super) fn double(text: &str) -> Secret {
    // ten bytes is the longest escape
    let mut out = String::with_capacity(text.len() * 6 + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    Secret::new(out)
}
