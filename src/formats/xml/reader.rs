//! XML to settings: attributes, and the text of elements that hold nothing else.
//!
//! The path is that of the elements; a second element of a name is `name[1]`. Where one attribute or element names another (`key` and
//! `value`, `<param-name>` and `<param-value>`, the keys of property lists), the name that it gives comes last on the path. Prefixes of
//! namespaces are left out. HTML and other markup for people is no configuration and stays with `code.rs` and `text`.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::lexer::{Attribute, Lexer, Token, Wrong, decoded};
use crate::formats::format::{Claim, EncodeError, Format};
use crate::formats::lines::{base_name, fault, trim};
use crate::formats::text::pseudo_settings;
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Quoting, Role, Setting};
use crate::model::span::Span;

/// Elements within elements: no configuration needs as many, and each costs a path.
const DEEPEST: usize = 256;

/// XML files.
pub(in crate::formats) struct Xml;

impl Format for Xml {
    fn name(&self) -> &'static str {
        "xml"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        const EXTENSIONS: &[&str] =
            &["xml", "config", "settings", "csproj", "fsproj", "vbproj", "props", "targets", "pubxml", "nuspec", "plist", "jelly"];
        let name = file_name.to_ascii_lowercase();
        let extension = base_name(&name).rsplit_once('.').map_or("", |(_, e)| e);
        let head = head.trim_start();
        let page = head.get(..512).unwrap_or(head).contains("<html");
        if !head.starts_with('<') || page {
            Claim::No
        } else if EXTENSIONS.contains(&extension) {
            Claim::Name
        } else if head.starts_with("<?xml") && extension != "resx" {
            Claim::Content
        } else {
            Claim::No
        }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let mut reader = Reader { text, open: Vec::new(), root: Counts::new(), localised: false, settings: Vec::new() };
        reader.run().map_err(|(kind, at)| fault(text, kind, at))?;
        reader.settings.sort_by_key(|s| s.span.start);
        Ok(reader.settings)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        let text = value.expose();
        if place.layer == Layer::Base64 {
            return Ok(Secret::new(STANDARD.encode(text)));
        }
        if text.contains(|c: char| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}')) {
            return Err(EncodeError("XML cannot hold control characters"));
        }
        let element = matches!(place.quoting, Quoting::Plain | Quoting::Literal);
        if element && is_program(text) {
            return Err(EncodeError("it would be read as a program with settings of its own"));
        }
        match place.quoting {
            Quoting::Literal if text.contains("]]>") || text.contains('\r') || text.is_empty() => {
                Err(EncodeError("a CDATA section cannot hold it"))
            }
            Quoting::Literal => Ok(value.clone()),
            Quoting::Plain if text.trim() != text => Err(EncodeError("blanks round the text of an element are not part of it")),
            _ => Ok(escaped(text)),
        }
    }
}

/// `text` for an attribute in either quotes, or between tags.
fn escaped(text: &str) -> Secret {
    let mut out = String::with_capacity(text.len() * 6);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
    Secret::new(out)
}

/// Whether the text of an element is looked into: a script, the arguments of a program.
fn is_program(text: &str) -> bool {
    text.contains('\n') || text.starts_with('-') || text.contains(" -")
}

type Counts = HashMap<String, usize>;

/// An element that is open.
struct Element {
    tag: Span,
    local: String,
    path: KeyPath,
    /// Where its text is put, and the bytes that name it, if an attribute of its own does.
    named: Option<(KeyPath, Span)>,
    /// What a child has said that the next one is called.
    announced: Option<(String, Span)>,
    base64: bool,
    has_attributes: bool,
    /// An attribute `value` holds what its text otherwise would.
    has_value: bool,
    has_children: bool,
    /// Its text, and which of it is CDATA.
    text: Vec<(Span, bool)>,
    /// One past its opening tag.
    inside: usize,
    children: Counts,
}

struct Reader<'t> {
    text: &'t str,
    open: Vec<Element>,
    root: Counts,
    /// The file holds the texts of a program.
    localised: bool,
    settings: Vec<Setting>,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), Wrong> {
        let mut lexer = Lexer::new(self.text);
        while let Some(token) = lexer.next()? {
            match token {
                Token::Open { name, attributes, closed, end } => {
                    self.begin(name, &attributes, end, closed)?;
                    if closed {
                        self.end(true);
                    }
                }
                Token::Close { name } => {
                    let fits = self.open.last().is_some_and(|e| e.tag.of(self.text) == name.of(self.text));
                    if !fits {
                        return Err(("a closing tag does not fit the open one", name.start.saturating_sub(2)));
                    }
                    self.end(false);
                }
                Token::Text(span) => self.text(trim(self.text, span), false)?,
                Token::Data(span) => self.text(span, true)?,
                Token::Comment(span) => self.comment(span),
            }
        }
        match self.open.last() {
            Some(element) => Err(("an element is not closed", element.tag.start.saturating_sub(1))),
            None => Ok(()),
        }
    }

    fn begin(&mut self, tag: Span, attributes: &[Attribute], end: usize, closed: bool) -> Result<(), Wrong> {
        if self.open.len() >= DEEPEST {
            return Err(("elements are nested too deeply", tag.start.saturating_sub(1)));
        }
        let own = local(tag.of(self.text)).to_owned();
        let parent = self.open.last_mut();
        if parent.is_none() {
            self.localised = own == "resources";
        }
        let above = parent.as_ref().map_or_else(KeyPath::default, |p| p.path.clone());
        let counts = match parent {
            Some(parent) => {
                parent.has_children = true;
                &mut parent.children
            }
            None => &mut self.root,
        };
        let count = counts.entry(own.clone()).and_modify(|n| *n += 1).or_insert(0);
        let plain = above.child(&own);
        let path = if *count == 0 { plain.clone() } else { plain.item(*count) };
        let has_value = attributes.iter().any(|a| local(a.name.of(self.text)).eq_ignore_ascii_case("value"));
        // `<maps key="x"/>` holds a key, and names nothing
        let naming = naming(self.text, attributes).filter(|_| !self.localised && (has_value || !closed));
        let mut element = Element {
            tag,
            named: naming.as_ref().map(|(name, span)| (plain.child(name), *span)),
            local: own,
            path,
            announced: None,
            base64: false,
            has_attributes: !attributes.is_empty(),
            has_value,
            has_children: false,
            text: Vec::new(),
            inside: end,
            children: Counts::new(),
        };
        for attribute in attributes {
            self.attribute(attribute, &mut element);
        }
        self.open.push(element);
        Ok(())
    }

    fn attribute(&mut self, attribute: &Attribute, element: &mut Element) {
        let full = attribute.name.of(self.text);
        if full == "xmlns" || full.starts_with("xmlns:") || full.starts_with("xsi:") {
            return;
        }
        let local = local(full);
        let value = decoded(attribute.value.of(self.text));
        let encoded = local.eq_ignore_ascii_case("encoding");
        element.base64 |= encoded && value.eq_ignore_ascii_case("base64");
        let (path, key) = match &element.named {
            Some((_, naming)) if *naming == attribute.value => return,
            Some((path, key)) if local.eq_ignore_ascii_case("value") => (path.clone(), *key),
            _ => (element.path.child(local), attribute.name),
        };
        let quoting = if attribute.single { Quoting::Single } else { Quoting::Double };
        let mut setting = Setting::new(path, key, Secret::new(value), attribute.value, quoting);
        // another value would be another name, or another reading, of others
        setting.editable = !encoded && !is_naming(local);
        self.settings.push(setting);
    }

    fn text(&mut self, span: Span, data: bool) -> Result<(), Wrong> {
        if span.is_empty() && !data {
            return Ok(());
        }
        match self.open.last_mut() {
            Some(element) => {
                element.text.push((span, data));
                Ok(())
            }
            None => Err(("there is text outside of all elements", span.start)),
        }
    }

    /// What is commented out is kept as such.
    fn comment(&mut self, span: Span) {
        for mut setting in pseudo_settings(span.of(self.text)) {
            setting.role = Role::Commented;
            self.settings.push(setting.shifted(span.start));
        }
    }

    fn end(&mut self, closed: bool) {
        let Some(element) = self.open.pop() else { return };
        let bare = element.text.is_empty() && (element.has_value || closed && element.has_attributes);
        if element.has_children || bare {
            return;
        }
        let (span, quoting) = match element.text[..] {
            [(span, false)] => (span, Quoting::Plain),
            [(span, true)] => (span, Quoting::Literal),
            [(first, _), .., (last, _)] => (Span::new(first.start, last.end), Quoting::Plain),
            [] => (Span::new(element.inside, element.inside), Quoting::Plain),
        };
        let mut value = Zeroizing::new(String::with_capacity(span.len()));
        for (piece, data) in &element.text {
            if *data { value.push_str(piece.of(self.text)) } else { value.push_str(&decoded(piece.of(self.text))) }
        }
        let in_list = self.open.last().is_some_and(|p| p.local == "dict");
        let announces = is_announcing(&element.local) && (in_list || element.local != "key");
        let announced = self.announced(&element);
        let (path, key) = announced
            .or_else(|| element.named.clone().filter(|_| !element.has_value))
            .unwrap_or_else(|| (element.path.clone(), element.tag));
        let whole = value.as_str().to_owned();
        let mut setting = Setting::new(path, key, Secret::new(whole), span, quoting);
        setting.editable = !closed && element.text.len() <= 1 && !announces && !element.has_value;
        if element.base64
            && let Some(inner) = STANDARD.decode(value.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok())
        {
            setting.value = Secret::new(inner);
            setting.layer = Layer::Base64;
            setting.quoting = Quoting::Plain;
        }
        if is_program(&value) && setting.layer == Layer::None {
            setting.editable = false;
            self.settings.extend(pseudo_settings(span.of(self.text)).into_iter().map(|s| s.shifted(span.start)));
        }
        if announces
            && !self.localised
            && let Some(parent) = self.open.last_mut()
            && is_name(&value)
        {
            parent.announced = Some((value.as_str().to_owned(), span));
        }
        // the keys of a property list are names, and no keys
        if !(announces && in_list) {
            self.settings.push(setting);
        }
    }

    /// The path of an element whose name its elder sibling, or the element that holds it, has given.
    fn announced(&mut self, element: &Element) -> Option<(KeyPath, Span)> {
        let parent = self.open.last_mut()?;
        let takes = matches!(element.local.as_str(), "value" | "param-value" | "env-entry-value");
        if takes && let Some(named) = &parent.named {
            return Some(named.clone());
        }
        let in_list = parent.local == "dict" && element.local != "key";
        if !takes && !in_list {
            return None;
        }
        let (name, span) = parent.announced.take()?;
        Some((parent.path.child(&name), span))
    }
}

/// The part of a name behind the prefix of its namespace.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Attributes that say what their element is called.
fn is_naming(local: &str) -> bool {
    ["name", "key"].iter().any(|n| local.eq_ignore_ascii_case(n))
}

/// Elements that say what the next one is called.
fn is_announcing(local: &str) -> bool {
    matches!(local, "name" | "key" | "param-name" | "env-entry-name")
}

/// Whether a text can be a name.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 128 && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// The name that an element gives itself, and where.
fn naming(text: &str, attributes: &[Attribute]) -> Option<(String, Span)> {
    let found = attributes.iter().find(|a| is_naming(local(a.name.of(text))))?;
    let name = decoded(found.value.of(text));
    is_name(&name).then_some((name, found.value))
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
