//! A YAML tree to settings. What is special to compose and Kubernetes files hooks in as a [`View`].

use super::node::{Kind, Node, Scalar};
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;

/// A reading of some nodes that differs from plain YAML's.
pub(super) trait View {
    /// Reads `node` at `at` wholly and returns true, or leaves it to the plain reading and returns false.
    fn take(&self, reader: &mut Reader<'_>, at: &At, node: &Node) -> bool;
}

/// Where a node stands.
#[derive(Clone)]
pub(super) struct At {
    /// Its path.
    pub(super) path: KeyPath,
    /// The bytes of its key, without quotes; `None` for list items and the root.
    pub(super) key: Option<Span>,
    /// One past its key as written, where its `:` must follow.
    after_key: usize,
}

impl At {
    fn root() -> Self {
        Self { path: KeyPath::default(), key: None, after_key: 0 }
    }

    /// The value of `key` below.
    pub(super) fn child(&self, key: &Node) -> Self {
        let (span, after_key) = key.scalar().map_or((Span::default(), 0), |scalar| (inner(scalar), scalar.span.end));
        Self { path: self.path.child(key.text().unwrap_or("?")), key: Some(span), after_key }
    }

    /// The item `index` below.
    pub(super) fn item(&self, index: usize) -> Self {
        Self { path: self.path.item(index), key: None, after_key: 0 }
    }
}

/// Collects the settings of one text.
pub(super) struct Reader<'a> {
    /// The text that the tree was made of.
    pub(super) text: &'a str,
    part: usize,
    out: Vec<Setting>,
}

/// The settings of `documents`, made of `text`, as `view` reads them, in file order.
pub(super) fn read(text: &str, documents: &[Node], view: &dyn View) -> Vec<Setting> {
    let mut reader = Reader { text, part: 0, out: Vec::new() };
    for (part, root) in documents.iter().enumerate() {
        reader.part = part;
        // A document without content is no setting that somebody forgot.
        if !root.scalar().is_some_and(|scalar| scalar.null) {
            reader.walk(view, &At::root(), root);
        }
    }
    let mut settings = reader.out;
    settings.sort_by_key(|setting| setting.span.start);
    settings
}

impl Reader<'_> {
    /// Reads `node` and all below it.
    pub(super) fn walk(&mut self, view: &dyn View, at: &At, node: &Node) {
        if view.take(self, at, node) {
            return;
        }
        match &node.kind {
            Kind::Scalar(scalar) => {
                let setting = self.leaf(at, node, scalar);
                self.push(setting);
            }
            Kind::Map(pairs) => pairs.iter().for_each(|(key, value)| self.walk(view, &at.child(key), value)),
            Kind::List(items) => items.iter().enumerate().for_each(|(i, item)| self.walk(view, &at.item(i), item)),
            Kind::Alias(_, span) => self.alias(at, *span),
        }
    }

    /// What an alias stands for is not read a second time, but that the key is there is known.
    fn alias(&mut self, at: &At, span: Span) {
        let place = Span::new(span.start, span.start);
        let mut setting = Setting::new(at.path.clone(), at.key.unwrap_or(place), Secret::copy_of(""), place, Quoting::Plain);
        setting.part = self.part;
        setting.role = Role::Alias;
        setting.editable = false;
        self.push(setting);
    }

    /// Adds a setting.
    pub(super) fn push(&mut self, setting: Setting) {
        self.out.push(setting);
    }

    /// The setting of a scalar.
    pub(super) fn leaf(&self, at: &At, node: &Node, scalar: &Scalar) -> Setting {
        let block = matches!(scalar.quoting, Quoting::Literal | Quoting::Folded);
        let (span, writable) = match scalar.quoting {
            Quoting::Literal | Quoting::Folded => (body(self.text, scalar), true),
            Quoting::Plain if scalar.span.is_empty() => missing(self.text, at, node.flow, scalar.span.start),
            _ => (inner(scalar), true),
        };
        let key = at.key.unwrap_or(Span::new(span.start, span.start));
        let mut setting = Setting::new(at.path.clone(), key, scalar.value.clone(), span, scalar.quoting);
        setting.part = self.part;
        setting.around.flow = node.flow;
        if scalar.elsewhere {
            setting.role = Role::Reference;
            setting.editable = false;
            return setting;
        }
        if block {
            let value = scalar.value.expose();
            let before = self.text.get(..span.start).unwrap_or("");
            setting.around.indent = scalar.indent;
            setting.around.tail = value.len() - value.trim_end_matches('\n').len();
            setting.around.crlf = before.rfind('\n').is_some_and(|at| before.get(..at).is_some_and(|line| line.ends_with('\r')));
            // A body at the margin may meet `---`; one that begins with empty lines does not begin where its value does.
            setting.editable = !span.is_empty() && scalar.indent > 0 && !value.starts_with('\n');
        } else if scalar.quoting == Quoting::Plain && span.is_empty() {
            let before = self.text.get(..span.start).unwrap_or("");
            setting.around.gap = !before.ends_with([' ', '\t']);
            setting.editable = writable;
        }
        setting
    }
}

/// Where to write a value that is missing at `found`, and whether that is simple: after the `:` of a key, or after the `-` of an item.
fn missing(text: &str, at: &At, flow: bool, found: usize) -> (Span, bool) {
    if at.key.is_none() {
        let dash = text.get(..found).is_some_and(|before| before.trim_end_matches([' ', '\t']).ends_with('-'));
        return (Span::new(found, found), dash && !flow);
    }
    let after = text.get(at.after_key..).unwrap_or("");
    let blanks = after.len() - after.trim_start().len();
    if at.after_key == 0 || !after.trim_start().starts_with(':') {
        return (Span::new(found, found), false);
    }
    // The parser's place is before the `:`, unless an anchor or a tag follows it.
    let place = found.max(at.after_key + blanks + 1);
    (Span::new(place, place), true)
}

/// The bytes between the quotes.
fn inner(scalar: &Scalar) -> Span {
    match scalar.quoting {
        Quoting::Single | Quoting::Double => Span::new(scalar.span.start + 1, scalar.span.end.saturating_sub(1)),
        _ => scalar.span,
    }
}

/// A block's bytes up to its last line with content: the parser's span may run on into the blank lines and the indentation that follow.
fn body(text: &str, scalar: &Scalar) -> Span {
    let (start, mut end, mut at) = (scalar.span.start, scalar.span.start, scalar.span.start);
    for (i, line) in scalar.span.of(text).split_inclusive('\n').enumerate() {
        let content = line.trim_end_matches('\n').trim_end_matches('\r');
        let blanks = content.len() - content.trim_start_matches(' ').len();
        let indent = if i == 0 { 0 } else { scalar.indent };
        if content.len() > indent && blanks >= indent {
            end = at + content.len();
        }
        at += line.len();
    }
    Span::new(start, end)
}

/// The characters of a written value with the bytes of each.
pub(super) struct Letter {
    /// The character as read.
    pub(super) c: char,
    /// Its bytes as written; for blanks that the format folds, those of all of them.
    pub(super) span: Span,
    /// Whether `span` is of this character alone.
    pub(super) exact: bool,
}

/// The characters of `setting` with their bytes in `text`; `None` where they are written in a way that this does not follow.
pub(super) fn letters(text: &str, setting: &Setting) -> Option<Vec<Letter>> {
    let raw = setting.span.of(text);
    let value = setting.value.expose();
    let value = value.get(..value.len() - setting.around.tail)?;
    let mut out = Vec::with_capacity(value.len());
    let (mut rest, mut at) = (value, 0);
    while let Some(c) = rest.chars().next() {
        let start = at;
        if c.is_ascii_whitespace() {
            let run = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
            at += blanks(raw.get(at..)?, setting.quoting);
            let same = raw.get(start..at) == rest.get(..run);
            for (i, blank) in rest.get(..run)?.chars().enumerate() {
                let span = if same { Span::new(start + i, start + i + 1) } else { Span::new(start, at) };
                out.push(Letter { c: blank, span: span.shift(setting.span.start), exact: same });
            }
            rest = rest.get(run..)?;
            continue;
        }
        let (skip, len) = written(raw.get(at..)?, c, setting.quoting)?;
        at += skip + len;
        out.push(Letter { c, span: Span::new(start + skip, at).shift(setting.span.start), exact: true });
        rest = rest.get(c.len_utf8()..)?;
    }
    (blanks(raw.get(at..)?, setting.quoting) == raw.len() - at).then_some(out)
}

/// The length of the blanks that `raw` begins with, as written.
fn blanks(raw: &str, quoting: Quoting) -> usize {
    let mut rest = raw;
    loop {
        let trimmed = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let escape = quoting == Quoting::Double && ["\\n", "\\t", "\\r", "\\ ", "\\\n", "\\\r\n"].iter().any(|e| trimmed.starts_with(e));
        rest = if escape { trimmed.get(2..).unwrap_or("") } else { trimmed };
        if !escape {
            return raw.len() - rest.len();
        }
    }
}

/// How many bytes of `raw` to skip before `c`, and the length of `c` as written there.
fn written(raw: &str, c: char, quoting: Quoting) -> Option<(usize, usize)> {
    // An escaped line break joins two lines without a blank.
    let joined = quoting == Quoting::Double && (raw.starts_with("\\\n") || raw.starts_with("\\\r\n"));
    let skip = if joined { blanks(raw, quoting) } else { 0 };
    let raw = raw.get(skip..)?;
    let len = match (quoting, c) {
        (Quoting::Single, '\'') => raw.starts_with("''").then_some(2),
        (Quoting::Double, '"' | '\\' | '/') if raw.starts_with('\\') => raw.get(1..)?.starts_with(c).then_some(2),
        (Quoting::Double, '\\' | '"') => None,
        _ => raw.starts_with(c).then_some(c.len_utf8()),
    }?;
    Some((skip, len))
}

/// The part of `setting` from character `from` of its `letters` to its end, as the setting `path`.
pub(super) fn rest(setting: &Setting, letters: &[Letter], from: usize, path: KeyPath) -> Setting {
    let start = letters.get(from).map_or(setting.span.end, |letter| letter.span.start);
    let offset: usize = letters.iter().take(from).map(|letter| letter.c.len_utf8()).sum();
    let mut own = setting.clone();
    own.key = path;
    own.value = Secret::copy_of(setting.value.expose().get(offset..).unwrap_or(""));
    own.span = Span::new(start, setting.span.end);
    own.editable &= letters.get(from).is_none_or(|letter| letter.exact) && letters.last().is_none_or(|letter| letter.exact);
    own
}
