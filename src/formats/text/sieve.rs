//! Where in a program or a document anything can stand that matters: one pass over its bytes, for all texts that announce it at once.
//!
//! Most lines of source name nothing that is looked for. What [`Sieve`] lets through is read as closely as ever; what it holds back could
//! not have given a finding. It errs to the other side: a line may pass that holds nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::page::{is_constant, is_name};
use super::{commands, fallbacks, switch_names, url};
use crate::keys;
use crate::model::memory::Memory;
use crate::model::span::Span;
use crate::search::name_part::{Bounds, NamePart};
use crate::search::signs::Signs;
use crate::tokens;

/// What the name before a value has to do with what is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// It may announce a secret: in a program that is a text in quotes.
    Secret,
    /// Something is asked of the value, whatever it is.
    Setting,
}

/// Says what a name has to do with what is looked for; `None`: nothing.
type Judge = dyn Fn(&str) -> Option<Concern> + Send + Sync;

/// Tells the parts of a text that matter. Shared by all threads.
pub struct Sieve {
    signs: Signs<Sign>,
    concern: Box<Judge>,
    /// Tells it from others in [`MEMORY`].
    id: usize,
    /// Whether it is for programs; for any other text, else.
    code: bool,
}

/// What is known of the names that were met.
type Names = Memory<Option<Concern>, 15>;

thread_local! {
    /// What each sieve knows of names: those of one project come again in all of its files.
    static MEMORY: RefCell<HashMap<usize, Names>> = RefCell::default();
}

/// Both kinds.
pub struct Sieves {
    /// For programs.
    pub code: Sieve,
    /// For all other texts that no format reads.
    pub prose: Sieve,
}

/// What a fixed text announces.
#[derive(Clone, Copy)]
enum Sign {
    /// A name that may bear on something.
    Name,
    /// A URL.
    Url,
    /// A program that may be given a secret, if an option follows.
    Program,
    /// Something on its line.
    Line,
    /// A provider's token, by its place among [`tokens::marks`].
    Token(usize),
    /// Key material, by its place among [`keys::marks`].
    Key(usize),
}

/// What a text holds that matters.
pub(in crate::formats) struct Sifted {
    /// The parts to be read, in order and apart.
    pub(in crate::formats) parts: Vec<Span>,
    /// The providers' tokens in the text.
    pub(in crate::formats) tokens: Vec<tokens::Token>,
    /// The key material in the text.
    pub(in crate::formats) keys: Vec<keys::Block>,
}

/// How far around a name, in bytes, its value and what joins the two may stand.
const REACH: usize = 512;
/// How far behind a `name="x"` the `value="y"` that belongs to it may begin, with the name's own end.
const PAIR: usize = 320;
/// Texts whose line is read, whatever else stands there.
const LINES: &[&str] = &[
    "-asplaintext",
    "alias set ",
    "host add ",
    "add_user ",
    "identified ",
    "chpasswd",
    "debconf-set-selections",
    "d-i passwd/",
    "envdefault",
    "default_value",
    "default:\"",
    "jdbc:",
    "setx ",
    "-item ",
    "-skipcertificatecheck",
    "--no-check-certificate",
    "strict-ssl",
    "strictssl",
    "http.sslverify",
    "getbytes(",
    "[]byte(",
];
/// Escapes that a token may be written with, or behind: of signs, blanks and ends of lines.
const ESCAPES: &[&str] = &[
    "\\u00", "\\x2", "\\x3", "\\x5", "%09", "%0a", "%0d", "%20", "%21", "%22", "%23", "%24", "%25", "%26", "%27", "%28", "%29", "%2a",
    "%2b", "%2c", "%2d", "%2e", "%2f", "%3a", "%3b", "%3c", "%3d", "%3e", "%3f", "%40", "%5b", "%5d", "%5f", "%7b", "%7c", "%7d",
];
/// How far before a token, in bytes, what reads it may begin: a call whose last argument it is, on a line of its own.
const LEAD: usize = 160;

impl Sieve {
    /// A sieve for programs (`code`) or other texts, for names that hold one of `names`, of which `concern` tells more, and for lines with
    /// one of `texts` in any case.
    #[must_use]
    pub fn new(
        code: bool,
        names: Vec<NamePart>,
        texts: &[String],
        concern: impl Fn(&str) -> Option<Concern> + Send + Sync + 'static,
    ) -> Self {
        let telling = fallbacks::telling_names().map(|name| NamePart::new(name, Bounds::End));
        let mut names: Vec<NamePart> = names.into_iter().chain(telling).collect();
        names.sort_by_key(|name| (name.text.len(), name.bounds));
        let mut least: Vec<NamePart> = Vec::new();
        for name in names {
            if !least.iter().any(|known| known.is_in(&name)) {
                least.push(name);
            }
        }
        let mut signs: Vec<(NamePart, Sign)> = least.into_iter().map(|name| (name, Sign::Name)).collect();
        signs.extend(commands::programs().map(|program| (NamePart::new(program, Bounds::Word), Sign::Program)));
        let mut anywhere = |text: &str, sign: Sign| signs.push((NamePart::new(text, Bounds::Nowhere), sign));
        LINES.iter().chain(ESCAPES).for_each(|text| anywhere(text, Sign::Line));
        texts.iter().for_each(|text| anywhere(text, Sign::Line));
        if code {
            switch_names::signs().for_each(|text| anywhere(&text, Sign::Line));
        }
        anywhere("://", Sign::Url);
        tokens::marks().enumerate().for_each(|(i, mark)| anywhere(mark, Sign::Token(i)));
        keys::marks().enumerate().for_each(|(i, mark)| anywhere(mark, Sign::Key(i)));
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self { signs: Signs::new(signs), concern: Box::new(concern), id: NEXT.fetch_add(1, Ordering::Relaxed), code }
    }

    /// What of `text` has to be read.
    pub(in crate::formats) fn sift(&self, text: &str) -> Sifted {
        let mut sifting = Sifting {
            text,
            code: self.code,
            concern: &self.concern,
            known: MEMORY.with_borrow_mut(|all| all.remove(&self.id)).unwrap_or_default(),
            wanted: Vec::new(),
            done: 0,
            tokens: Vec::new(),
            keys: Vec::new(),
        };
        self.signs.find(text.as_bytes(), &mut |sign, at| sifting.hit(sign, at));
        sifting.stars();
        let names = std::mem::take(&mut sifting.known);
        MEMORY.with_borrow_mut(|all| all.insert(self.id, names));
        sifting.end()
    }
}

/// One text on its way through the sieve.
struct Sifting<'t> {
    text: &'t str,
    code: bool,
    concern: &'t Judge,
    /// What is known of names that were met, in this text and in others.
    known: Names,
    /// What has to be read.
    wanted: Vec<Span>,
    /// Up to where names have been looked at.
    done: usize,
    tokens: Vec<(usize, usize)>,
    keys: Vec<(usize, usize)>,
}

impl<'t> Sifting<'t> {
    fn hit(&mut self, sign: Sign, at: Span) {
        match sign {
            Sign::Name => {
                if at.end > self.done {
                    self.name(at);
                }
            }
            Sign::Line => {
                // the name may end the line before: `HASH: &str =`
                let line = self.around(at);
                let before = self.around(Span::new(line.start.saturating_sub(1), line.start));
                self.wanted.push(Span::new(before.start, line.end));
            }
            Sign::Program => {
                let begins = !at.start.checked_sub(1).is_some_and(|i| self.byte(i).is_ascii_alphanumeric());
                let line = self.around(at);
                if begins && !is_name(self.byte(at.end)) && Span::new(at.end, line.end).of(self.text).contains(" -") {
                    self.wanted.push(line);
                }
            }
            Sign::Url => {
                if self.is_connection(at.start) {
                    self.wanted.push(self.around(at));
                }
            }
            Sign::Token(mark) => self.tokens.push((mark, at.start)),
            Sign::Key(mark) => self.keys.push((mark, at.start)),
        }
    }

    /// What MySQL keeps of a password, under whatever name: a star and forty hexadecimal digits.
    fn stars(&mut self) {
        let bytes = self.text.as_bytes();
        let digits = |at: usize| bytes.get(at + 1..at + 41).is_some_and(|run| run.iter().all(u8::is_ascii_hexdigit));
        for at in memchr::memchr_iter(b'*', bytes).filter(|at| digits(*at)) {
            self.wanted.push(self.around(Span::new(at, at + 41)));
        }
    }

    fn end(mut self) -> Sifted {
        self.keys.sort_unstable_by_key(|(_, start)| *start);
        let tokens = tokens::find_at(self.text, &self.tokens);
        let keys = keys::find_at(self.text, self.keys.iter().copied());
        let found = tokens.iter().map(|token| token.span).chain(keys.iter().map(|block| block.whole));
        let led = |span: Span| Span::new(span.start.saturating_sub(LEAD), span.end).narrowed(self.text);
        let lines: Vec<Span> = found.map(|span| self.around(led(span))).collect();
        self.wanted.extend(lines);
        self.wanted.sort_unstable_by_key(|span| span.start);
        let mut parts: Vec<Span> = Vec::with_capacity(self.wanted.len());
        for span in self.wanted {
            match parts.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => parts.push(span),
            }
        }
        Sifted { parts, tokens, keys }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// `span` with the rest of its lines, up to [`REACH`] on both sides.
    fn around(&self, span: Span) -> Span {
        let bytes = self.text.as_bytes();
        let from = span.start.saturating_sub(REACH);
        let start = bytes.get(from..span.start).and_then(|b| memchr::memrchr(b'\n', b)).map_or(from, |i| from + i + 1);
        Span::new(start, self.line_end(span.end))
    }

    /// Where the line of `at` ends, [`REACH`] further at the most.
    fn line_end(&self, at: usize) -> usize {
        let to = (at + REACH).min(self.text.len());
        self.text.as_bytes().get(at..to).and_then(|b| memchr::memchr(b'\n', b)).map_or(to, |i| at + i)
    }

    /// Looks at the name that holds `sign`.
    fn name(&mut self, sign: Span) {
        const LONGEST: usize = 128;
        let bytes = self.text.as_bytes();
        let before = bytes.get(sign.start.saturating_sub(LONGEST)..sign.start).unwrap_or_default();
        let start = sign.start - before.iter().rev().take_while(|b| is_name(**b)).count();
        let after = bytes.get(sign.end..(sign.end + LONGEST).min(bytes.len())).unwrap_or_default();
        let whole = Span::new(start, sign.end + after.iter().take_while(|b| is_name(**b)).count());
        self.done = whole.end;
        let said = whole.of(self.text).trim_start_matches(|c: char| !(c.is_ascii_alphabetic() || c == '_'));
        let name = Span::new(whole.end - said.len(), whole.end);
        // a digit or dash before it may be the beginning of it
        let paired = self.is_value_of_name(name.start) || whole.start < name.start && self.is_value_of_name(whole.start);
        let joined = self.joins(whole, name);
        if joined.is_none() && !paired {
            return;
        }
        // readers differ in how much of it they take for the name: `db.password`, `2fa_password`
        let last = name.of(self.text).rfind('.').map(|dot| Span::new(name.start + dot + 1, name.end));
        let lead = whole.of(self.text).trim_start_matches(['-', '.']).len();
        let led = Some(Span::new(whole.end - lead, whole.end)).filter(|led| *led != name);
        let concerns = [Some(name), last, led].into_iter().flatten().filter_map(|name| self.concern(name));
        let fits = match concerns.max_by_key(|concern| *concern == Concern::Setting) {
            None => false,
            Some(Concern::Secret) if self.code => paired || joined != Some(Joined::Plain),
            Some(_) => true,
        };
        if !fits {
            return;
        }
        let mut part = self.around(name);
        part.start = part.start.min(self.call_before(name.start));
        if paired {
            part.end = part.end.max((name.end + PAIR).min(self.text.len()));
        }
        self.wanted.push(part);
    }

    fn concern(&mut self, name: Span) -> Option<Concern> {
        let text = name.of(self.text);
        if let Some(known) = self.known.get(text) {
            return known;
        }
        let told = if fallbacks::is_telling(text) { Some(Concern::Setting) } else { (self.concern)(text) };
        self.known.keep(text, told);
        told
    }

    /// Whether the name in `name` is joined to a value behind it; `whole` has the dashes before it.
    fn joins(&self, whole: Span, name: Span) -> Option<Joined> {
        let dashes = name.start - whole.start;
        let mut at = whole.end;
        let limit = whole.end + 160;
        let mut called = false;
        let mut blank = false;
        while at < limit {
            match self.byte(at) {
                b'"' | b'\'' | b'`' | b'*' | b'\\' | b']' => {}
                b')' => called = true,
                b' ' | b'\t' => blank = true,
                b'\n' | b'\r' if called => {}
                _ => break,
            }
            at += 1;
        }
        // an option and its value
        if dashes > 0 && blank && self.byte(whole.end) <= b' ' && self.byte(at) > b' ' {
            return Some(if matches!(self.byte(at), b'"' | b'\'') { Joined::Quoted } else { Joined::Option });
        }
        let sign = self.byte(at);
        let quote_behind_blank = || blank && matches!(self.byte(at.saturating_sub(1)), b'\'' | b'`' | b'"');
        let joined = matches!(sign, b'=' | b':' | b',' | b'|' | b'?' | b'{' | b'(' | b'<' | b'>' | b'!')
            || called
            || quote_behind_blank()
            || (blank && self.is_instruction(name.start));
        if !joined {
            return None;
        }
        let from = if quote_behind_blank() { whole.end } else { at };
        let rest = self.rest(from);
        let quote = memchr::memchr3(b'"', b'\'', b'`', rest.of(self.text).as_bytes());
        if quote.is_some() || sign == b'>' && rest.of(self.text).contains("</") {
            return Some(Joined::Quoted);
        }
        if !matches!(sign, b'=' | b':' | b',') && !blank {
            return None;
        }
        // behind `ENV NAME` the value follows without a sign
        let signs = usize::from(matches!(sign, b'=' | b':' | b','));
        let behind = Span::new((at + signs).min(rest.end), rest.end).of(self.text);
        if self.code {
            let words = behind.split(|c: char| !(c.is_ascii() && is_name(c as u8) || c == ':')).filter(|w| !w.is_empty());
            return words.take(6).any(is_constant).then_some(Joined::Plain);
        }
        behind.contains(|c: char| c.is_alphanumeric() || c == '*').then_some(Joined::Plain)
    }

    /// What follows `from` where a value may stand: the rest of the line, and the next ones where that goes on there.
    fn rest(&self, from: usize) -> Span {
        let line = Span::new(from, self.line_end(from));
        let open =
            line.of(self.text).trim_end().bytes().last().is_none_or(|b| matches!(b, b'=' | b'(' | b',' | b'|' | b'?' | b'{' | b')' | b':'));
        let end = if open { Span::new(from, line.end + 256).narrowed(self.text).end } else { line.end };
        Span::new(from, end)
    }

    /// Whether the line of `at` is `ENV NAME value` up to there.
    fn is_instruction(&self, at: usize) -> bool {
        let before = self.text.as_bytes().get(at.saturating_sub(8)..at).unwrap_or_default();
        before.trim_ascii_end().ends_with(b"ENV")
    }

    /// Whether what begins at `at` is the value of `name=`, `key:` or `id=`: the value that it names stands behind it.
    fn is_value_of_name(&self, at: usize) -> bool {
        const QUOTES: [char; 6] = ['"', '\'', '`', ' ', '\t', '\\'];
        // behind most names stands nothing of the kind
        let lead = self.text.as_bytes().get(at.saturating_sub(32)..at).unwrap_or_default();
        let sign = lead.iter().rfind(|b| !matches!(b, b'"' | b'\'' | b'`' | b' ' | b'\t' | b'\\'));
        if !sign.is_some_and(|b| matches!(b, b'=' | b':' | b'b' | b'r' | b'f' | b'u' | b'L' | b'N' | b'@')) {
            return false;
        }
        let before = Span::new(at.saturating_sub(32), at).narrowed(self.text).of(self.text);
        let quoted = before.trim_end_matches(QUOTES);
        // literals of many languages have a letter before the quote
        let before = quoted.strip_suffix(['b', 'r', 'f', 'u', 'L', 'N', '@']).filter(|_| quoted.len() < before.len()).unwrap_or(quoted);
        let sign = [before, quoted].into_iter().find_map(|text| text.trim_end_matches([' ', '\t']).strip_suffix(['=', ':']));
        let Some(before) = sign else { return false };
        let before = before.trim_end_matches(QUOTES);
        ["name", "key", "id"].iter().any(|word| {
            let from = before.len().checked_sub(word.len());
            from.and_then(|i| before.get(i..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
        })
    }

    /// Where the call begins of which the text around `at` is the first argument, if it stands on a line before.
    fn call_before(&self, at: usize) -> usize {
        let before = Span::new(at.saturating_sub(REACH), at).narrowed(self.text).of(self.text);
        let trimmed = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/'));
        let Some(open) = trimmed.strip_suffix(['"', '\'', '`']) else { return at };
        let open = open.trim_end();
        if !open.ends_with('(') {
            return at;
        }
        let line = open.rfind('\n').map_or(0, |i| i + 1);
        at - before.len() + line
    }

    /// Whether the URL whose `://` stands at `at` may be a connection: by its scheme, or because it is a value.
    fn is_connection(&self, at: usize) -> bool {
        let before = Span::new(at.saturating_sub(32), at).narrowed(self.text).of(self.text);
        let head = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'));
        let scheme = before.get(head.len()..).unwrap_or("").to_ascii_lowercase();
        if url::is_connection(&scheme) {
            return true;
        }
        if !self.code && scheme == "http" && head.trim_end_matches(['"', '\'', ' ']).ends_with(['=', ':']) {
            return true;
        }
        let quoted = head.ends_with(['"', '\'', '`', '=', '(']);
        let rest = Span::new(at + 3, at + 3 + 256).narrowed(self.text).of(self.text);
        let authority = rest.split(|c: char| c <= ' ' || matches!(c, '/' | '"' | '\'' | '<' | '>' | '`')).next().unwrap_or("");
        authority.contains('@') || (quoted && scheme != "https")
    }
}

/// How a name is joined to its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    /// With a text in quotes.
    Quoted,
    /// With a bare word.
    Plain,
    /// As an option of a command.
    Option,
}
