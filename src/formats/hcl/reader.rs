//! HCL to settings: attributes of blocks by the block's type and labels, objects, lists, heredocs.
//!
//! Only literals are settings. What stands without quotes is an expression that takes its value from elsewhere (`var.x`, a function), but
//! the objects handed to functions (`jsonencode({..})`) are read. `variable "x" { default = "v" }` is a setting `x`. Two attributes `name`
//! (or `key`) and `value` of one block or object are one setting of that name. Nothing recurses: what is open lies on a list of bounded length.

use std::collections::HashMap;

use super::literal::{decoded, heredoc, is_bare, string_end};
use crate::formats::lines::{byte, fault, line_at};
use crate::formats::text::pseudo_settings;
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;

/// Blocks and brackets within each other.
const DEEPEST: usize = 256;

/// The settings of `text`, in file order.
pub(super) fn read(text: &str) -> Result<Vec<Setting>, Fault> {
    let mut reader = Reader { text, at: 0, open: vec![Open::new(Kind::Body, KeyPath::default(), 0)], settings: Vec::new() };
    reader.run().map_err(|(kind, at)| fault(text, kind, at))?;
    reader.settings.sort_by_key(|s| s.span.start);
    Ok(reader.settings)
}

type Wrong = (&'static str, usize);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The file, or a block: attributes and blocks.
    Body,
    /// `{ a = 1 }`
    Object,
    /// `[ 1, 2 ]`
    List,
    /// `f( .. )`, or the brackets of an index: literals in them are no settings.
    Call(u8),
}

/// A block or bracket that is open.
struct Open {
    kind: Kind,
    path: KeyPath,
    /// Where it opens.
    start: usize,
    items: usize,
    blocks: HashMap<KeyPath, usize>,
    /// Its settings `name` and `value`.
    name: Option<usize>,
    value: Option<usize>,
    /// The label of a `variable` block.
    variable: bool,
}

impl Open {
    fn new(kind: Kind, path: KeyPath, start: usize) -> Self {
        Self { kind, path, start, items: 0, blocks: HashMap::new(), name: None, value: None, variable: false }
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open>,
    settings: Vec<Setting>,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), Wrong> {
        while let Some(top) = self.open.last() {
            let kind = top.kind;
            self.gap(true)?;
            if self.at >= self.text.len() {
                return if self.open.len() == 1 { Ok(()) } else { Err(("a bracket is not closed", self.start())) };
            }
            match (kind, byte(self.text, self.at)) {
                (_, b',') => self.at += 1,
                (Kind::Body, b'}') if self.open.len() > 1 => self.close(),
                (Kind::Object, b'}') | (Kind::List, b']') => {
                    let path = self.path();
                    self.close();
                    self.expression(&path)?;
                }
                (Kind::Call(end), b) if b == end => {
                    let path = self.path();
                    self.close();
                    self.expression(&path)?;
                }
                (Kind::Body, _) => self.statement()?,
                (Kind::Object, _) => self.entry()?,
                (Kind::List, _) => self.item()?,
                (Kind::Call(_), _) => self.argument()?,
            }
        }
        Ok(())
    }

    fn start(&self) -> usize {
        self.open.last().map_or(0, |o| o.start)
    }

    fn path(&self) -> KeyPath {
        self.open.last().map_or_else(KeyPath::default, |o| o.path.clone())
    }

    fn push(&mut self, kind: Kind, path: KeyPath) -> Result<(), Wrong> {
        if self.open.len() >= DEEPEST {
            return Err(("brackets are nested too deeply", self.at));
        }
        self.open.push(Open::new(kind, path, self.at));
        self.at += 1;
        Ok(())
    }

    /// Leaves what is open; its `name` names its `value`.
    fn close(&mut self) {
        self.at += 1;
        let Some(done) = self.open.pop() else { return };
        let (Some(name), Some(value)) = (done.name, done.value) else { return };
        let Some((said, span)) = self.settings.get(name).map(|s| (s.value.expose().to_owned(), s.span)) else { return };
        if said.is_empty() || said.len() > 128 || said.contains(char::is_whitespace) {
            return;
        }
        if let Some(setting) = self.settings.get_mut(value) {
            setting.key = done.path.child(&said);
            setting.key_span = span;
        }
        if let Some(setting) = self.settings.get_mut(name) {
            setting.editable = false;
        }
    }

    /// Steps over blanks and comments; over line ends too if `lines`.
    fn gap(&mut self, lines: bool) -> Result<(), Wrong> {
        loop {
            let (b, next) = (byte(self.text, self.at), byte(self.text, self.at + 1));
            match (b, next) {
                (b' ' | b'\t' | b'\r', _) => self.at += 1,
                (b'\n', _) if lines => self.at += 1,
                (b'#', _) | (b'/', b'/') => {
                    let (line, _) = line_at(self.text, self.at);
                    self.comment(line);
                    self.at = line.end;
                }
                (b'/', b'*') => {
                    let rest = self.text.get(self.at..).unwrap_or("");
                    let len = rest.get(2..).and_then(|r| r.find("*/")).ok_or(("a comment is not closed", self.at))?;
                    self.comment(Span::new(self.at, self.at + 2 + len));
                    self.at += len + 4;
                }
                _ => return Ok(()),
            }
        }
    }

    /// What is commented out is kept as such.
    fn comment(&mut self, span: Span) {
        for mut setting in pseudo_settings(span.of(self.text)) {
            setting.role = Role::Commented;
            self.settings.push(setting.shifted(span.start));
        }
    }

    fn word(&mut self) -> Option<Span> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let len = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(rest.len());
        let span = Span::new(self.at, self.at + len);
        let fits = len > 0 && !rest.starts_with(['-', '.']);
        fits.then(|| {
            self.at = span.end;
            span
        })
    }

    /// A string in quotes, as a name.
    fn quoted(&mut self) -> Result<Span, Wrong> {
        let end = string_end(self.text, self.at).ok_or(("a string is not closed", self.at))?;
        let span = Span::new(self.at + 1, end - 1);
        self.at = end;
        Ok(span)
    }

    /// An attribute, or the head of a block.
    fn statement(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        let key = if byte(self.text, start) == b'"' { self.quoted()? } else { self.word().ok_or(("a name was expected", start))? };
        self.gap(false)?;
        let name = decoded(key.of(self.text));
        if byte(self.text, self.at) == b'=' && byte(self.text, self.at + 1) != b'=' {
            self.at += 1;
            let own = self.open.last().is_some_and(|o| o.variable) && name == "default";
            let path = if own { self.path() } else { self.path().child(&name) };
            return self.value(path, Some(key));
        }
        let mut path = self.path().child(&name);
        let mut labels = 0;
        loop {
            match byte(self.text, self.at) {
                b'{' => break,
                b'"' => {
                    let label = self.quoted()?;
                    path = path.child(&decoded(label.of(self.text)));
                }
                _ => {
                    let label = self.word().ok_or(("`=` or `{` was expected", self.at))?;
                    path = path.child(label.of(self.text));
                }
            }
            labels += 1;
            if labels > 8 {
                return Err(("`=` or `{` was expected", self.at));
            }
            self.gap(false)?;
        }
        let count = self.open.last_mut().map_or(0, |o| *o.blocks.entry(path.clone()).and_modify(|n| *n += 1).or_insert(0));
        self.push(Kind::Body, if count == 0 { path } else { path.item(count) })?;
        if let Some(block) = self.open.last_mut() {
            block.variable = name == "variable" && labels == 1;
        }
        Ok(())
    }

    /// `key = value` or `key : value` in an object.
    fn entry(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        let key = match byte(self.text, start) {
            b'"' => Some(self.quoted()?),
            _ => self.word().filter(|word| word.of(self.text) != "for"),
        };
        self.gap(false)?;
        let sign = byte(self.text, self.at);
        let arrow = matches!((sign, byte(self.text, self.at + 1)), (b'=', b'>' | b'='));
        match key {
            Some(key) if matches!(sign, b'=' | b':') && !arrow => {
                self.at += 1;
                let name = decoded(key.of(self.text));
                let path = self.path().child(&name);
                self.value(path, Some(key))
            }
            // a `for`, or a key that is computed
            _ => {
                let path = self.path();
                self.expression(&path)?;
                if matches!(byte(self.text, self.at), b'=' | b':') {
                    self.at += 1;
                }
                self.progress(start)
            }
        }
    }

    fn item(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        let index = self.open.last_mut().map_or(0, |o| {
            o.items += 1;
            o.items - 1
        });
        let path = self.path().item(index);
        self.value(path, None)?;
        self.progress(start)
    }

    /// An argument of a function: a literal says nothing by itself, an object does.
    fn argument(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        let path = self.path();
        match byte(self.text, start) {
            b'{' => self.push(Kind::Object, path),
            b'[' => self.push(Kind::List, path),
            _ => {
                let path = self.path();
                self.expression(&path)?;
                if matches!(byte(self.text, self.at), b'=' | b':') {
                    self.at += 1;
                }
                self.progress(start)
            }
        }
    }

    /// Something that is no part of anything must not hold the reader up.
    fn progress(&mut self, start: usize) -> Result<(), Wrong> {
        if self.at > start { Ok(()) } else { Err(("something else was expected", start)) }
    }

    /// The value at `path`.
    fn value(&mut self, path: KeyPath, key: Option<Span>) -> Result<(), Wrong> {
        self.gap(self.open.last().is_some_and(|o| o.kind != Kind::Body))?;
        let start = self.at;
        match byte(self.text, start) {
            b'{' => return self.push(Kind::Object, path),
            b'[' => return self.push(Kind::List, path),
            b'"' => {
                let inner = self.quoted()?;
                if self.ends() {
                    let read = Secret::new(decoded(inner.of(self.text)));
                    self.emit(&path, key, read, inner, Quoting::Double);
                }
            }
            b'<' if byte(self.text, start + 1) == b'<' => self.heredoc(&path, key)?,
            b if b.is_ascii_alphanumeric() || b == b'-' => {
                let rest = self.text.get(start + 1..).unwrap_or("");
                let len = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(rest.len()) + 1;
                let span = Span::new(start, start + len);
                let bare = is_bare(span.of(self.text));
                if bare {
                    self.at = span.end;
                }
                if bare && self.ends() {
                    self.emit(&path, key, Secret::copy_of(span.of(self.text)), span, Quoting::Plain);
                }
            }
            _ => {}
        }
        self.expression(&path)
    }

    fn heredoc(&mut self, path: &KeyPath, key: Option<Span>) -> Result<(), Wrong> {
        let found = heredoc(self.text, self.at).ok_or(("a heredoc is not closed", self.at))?;
        self.at = found.end;
        self.emit(path, key, Secret::copy_of(found.body.of(self.text)), found.body, Quoting::Literal);
        if let Some(last) = self.settings.last_mut() {
            last.editable = false;
        }
        self.prose(found.body);
        Ok(())
    }

    /// What a script or a file in a heredoc holds.
    fn prose(&mut self, body: Span) {
        self.settings.extend(pseudo_settings(body.of(self.text)).into_iter().map(|s| s.shifted(body.start)));
    }

    fn emit(&mut self, path: &KeyPath, key: Option<Span>, value: Secret, span: Span, quoting: Quoting) {
        let index = self.settings.len();
        if let Some(open) = self.open.last_mut().filter(|_| key.is_some() && quoting != Quoting::Literal) {
            match path.name() {
                "name" if quoting == Quoting::Double => open.name = Some(index),
                "key" if quoting == Quoting::Double && open.name.is_none() => open.name = Some(index),
                "value" => open.value = Some(index),
                _ => {}
            }
        }
        let key = key.unwrap_or(Span::new(span.start, span.start));
        self.settings.push(Setting::new(path.clone(), key, value, span, quoting));
    }

    /// Whether the value ends here.
    fn ends(&self) -> bool {
        let mut at = self.at;
        while matches!(byte(self.text, at), b' ' | b'\t') {
            at += 1;
        }
        let comment = matches!((byte(self.text, at), byte(self.text, at + 1)), (b'#', _) | (b'/', b'/' | b'*'));
        at >= self.text.len() || comment || matches!(byte(self.text, at), b'\n' | b'\r' | b',' | b'}' | b']' | b')')
    }

    /// Steps over the rest of an expression, up to what ends it, or into the brackets that it opens.
    fn expression(&mut self, path: &KeyPath) -> Result<(), Wrong> {
        let inside = self.open.last().is_some_and(|o| matches!(o.kind, Kind::Call(_)));
        loop {
            self.gap(inside)?;
            match byte(self.text, self.at) {
                0 if self.at >= self.text.len() => return Ok(()),
                b'\n' | b',' | b'}' | b']' | b')' => return Ok(()),
                b'"' => drop(self.quoted()?),
                b'<' if byte(self.text, self.at + 1) == b'<' => {
                    let found = heredoc(self.text, self.at).ok_or(("a heredoc is not closed", self.at))?;
                    self.at = found.end;
                    self.prose(found.body);
                }
                b'(' => return self.push(Kind::Call(b')'), path.clone()),
                b'[' => return self.push(Kind::Call(b']'), path.clone()),
                b'{' => return self.push(Kind::Object, path.clone()),
                b'=' if byte(self.text, self.at + 1) == b'>' => self.at += 2,
                b'=' | b'!' | b'<' | b'>' if byte(self.text, self.at + 1) == b'=' => self.at += 2,
                b'=' => return Ok(()),
                b if b < 0x80 => self.at += 1,
                _ => self.at += self.text.get(self.at..).and_then(|r| r.chars().next()).map_or(1, char::len_utf8),
            }
        }
    }
}
