//! Tags, text and comments of XML 1.0 with their byte places (<https://www.w3.org/TR/xml/>).
//!
//! A document type declaration is stepped over and its entities are never expanded: a file that multiplies itself stays as small as it is.
//! Only what the settings need is checked; what cannot be cut into tags at all is a fault.

use crate::model::span::Span;

/// An attribute.
pub(super) struct Attribute {
    /// The name, its prefix included.
    pub(super) name: Span,
    /// The bytes between the quotes.
    pub(super) value: Span,
    /// In single quotes rather than double ones.
    pub(super) single: bool,
}

/// A piece of a document.
pub(super) enum Token {
    /// `<name a="b">`; `closed` for `<name/>`. `end` is one past the `>`.
    Open { name: Span, attributes: Vec<Attribute>, closed: bool, end: usize },
    /// `</name>`.
    Close { name: Span },
    /// Text between tags, entities as written.
    Text(Span),
    /// The inside of `<![CDATA[..]]>`.
    Data(Span),
    /// The inside of a comment.
    Comment(Span),
}

/// What is wrong, and at which byte.
pub(super) type Wrong = (&'static str, usize);

/// Cuts a text into tokens, each byte looked at once.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Wrong> {
        loop {
            let start = self.at;
            if start >= self.text.len() {
                return Ok(None);
            }
            if self.byte(start) != b'<' {
                self.at = self.find(start, "<").unwrap_or(self.text.len());
                return Ok(Some(Token::Text(Span::new(start, self.at))));
            }
            if self.takes("<!--") {
                return self.until("-->", "a comment is not closed").map(|span| Some(Token::Comment(span)));
            }
            if self.takes("<![CDATA[") {
                return self.until("]]>", "a CDATA section is not closed").map(|span| Some(Token::Data(span)));
            }
            if self.takes("<?") {
                self.until("?>", "a processing instruction is not closed")?;
            } else if self.takes("<!") {
                self.declaration(start)?;
            } else if self.takes("</") {
                let name = self.name(start)?;
                self.skip_blanks();
                if !self.takes(">") {
                    return Err(("a closing tag is not closed", start));
                }
                return Ok(Some(Token::Close { name }));
            } else {
                self.at += 1;
                return self.open(start).map(Some);
            }
        }
    }

    fn open(&mut self, start: usize) -> Result<Token, Wrong> {
        let name = self.name(start)?;
        let mut attributes = Vec::new();
        loop {
            let before = self.at;
            self.skip_blanks();
            if self.takes(">") {
                return Ok(Token::Open { name, attributes, closed: false, end: self.at });
            }
            if self.takes("/>") {
                return Ok(Token::Open { name, attributes, closed: true, end: self.at });
            }
            if self.at == before || self.at >= self.text.len() {
                return Err(("a tag is not closed", start));
            }
            attributes.push(self.attribute()?);
        }
    }

    fn attribute(&mut self) -> Result<Attribute, Wrong> {
        let name = self.name(self.at)?;
        self.skip_blanks();
        if !self.takes("=") {
            return Err(("an attribute has no value", name.start));
        }
        self.skip_blanks();
        let quote = match self.byte(self.at) {
            b'"' => "\"",
            b'\'' => "'",
            _ => return Err(("the value of an attribute is not in quotes", self.at)),
        };
        self.at += 1;
        let value = self.until(quote, "the value of an attribute is not closed")?;
        Ok(Attribute { name, value, single: quote == "'" })
    }

    /// `<!DOCTYPE ..>`, with what its brackets hold.
    fn declaration(&mut self, start: usize) -> Result<(), Wrong> {
        const OPEN: &str = "a declaration is not closed";
        let mut depth = 0_usize;
        loop {
            if self.takes("<!--") {
                self.until("-->", OPEN)?;
                continue;
            }
            let b = self.byte(self.at);
            if self.at >= self.text.len() {
                return Err((OPEN, start));
            }
            self.at += 1;
            match b {
                b'"' => drop(self.until("\"", OPEN)?),
                b'\'' => drop(self.until("'", OPEN)?),
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                b'>' if depth == 0 => return Ok(()),
                _ => {}
            }
        }
    }

    fn name(&mut self, start: usize) -> Result<Span, Wrong> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let len = rest.find(|c: char| c.is_whitespace() || "/>=<\"'&;".contains(c)).unwrap_or(rest.len());
        let first = self.byte(self.at);
        if len == 0 || !(first.is_ascii_alphabetic() || matches!(first, b'_' | b':') || first >= 0x80) {
            return Err(("a name was expected", start));
        }
        let span = Span::new(self.at, self.at + len);
        self.at = span.end;
        Ok(span)
    }

    /// The bytes up to `end`, which is stepped over.
    fn until(&mut self, end: &str, otherwise: &'static str) -> Result<Span, Wrong> {
        let start = self.at;
        let close = self.find(start, end).ok_or((otherwise, start))?;
        self.at = close + end.len();
        Ok(Span::new(start, close))
    }

    fn find(&self, from: usize, what: &str) -> Option<usize> {
        self.text.get(from..)?.find(what).map(|i| from + i)
    }

    fn takes(&mut self, what: &str) -> bool {
        let there = self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(what.as_bytes()));
        self.at += if there { what.len() } else { 0 };
        there
    }

    fn skip_blanks(&mut self) {
        while self.byte(self.at).is_ascii_whitespace() {
            self.at += 1;
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }
}

/// `raw` with the five entities of XML and the numbered ones resolved; any other stays as it is written.
pub(super) fn decoded(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        // the longest is `&#x10FFFF;`; looking further would make a text of many signs slow
        let end = from.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| Some((entity(from.get(1..end)?)?, end + 1))) {
            Some((c, len)) => {
                out.push(c);
                rest = from.get(len..).unwrap_or("");
            }
            None => {
                out.push('&');
                rest = from.get(1..).unwrap_or("");
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}
