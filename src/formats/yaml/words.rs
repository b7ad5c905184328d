//! The words of a command line, with the bytes of each character.
//!
//! Words are split by the rules of the POSIX shell as far as words go; expansions stay as they are written.
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>

use zeroize::Zeroizing;

use super::reader::Letter;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Portion, Role, Setting};
use crate::model::span::Span;

/// Who splits a command text into words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Splitter {
    /// A shell: `;`, `|`, `&`, brackets and line breaks end a command.
    Shell,
    /// A mere splitter of words, as compose has for `command`.
    Words,
}

/// How a character of a word is written in its command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// It stands for itself in a word without quotes.
    Bare,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// After a backslash.
    Escaped,
    /// The word is an item of a list, not cut out of a text.
    Item,
}

/// A character of a command.
#[derive(Clone, Copy)]
pub(super) struct Char {
    c: char,
    how: How,
    span: Span,
    exact: bool,
}

/// A word of a command.
pub(super) struct Word {
    /// Its characters.
    chars: Vec<Char>,
    /// Its text.
    text: Zeroizing<String>,
    /// The bytes it takes, its quotes included.
    span: Span,
    /// The scalar that it is, or is part of.
    base: usize,
    /// Where an empty value within it would be written, and how.
    empty: (usize, How),
    /// Cut out of a text within quotes of another command, so that two rounds of quoting apply.
    nested: bool,
}

impl Char {
    /// The characters of a scalar, as written `how`.
    pub(super) fn all(letters: &[Letter], how: How) -> Vec<Self> {
        letters.iter().map(|letter| Self { c: letter.c, how, span: letter.span, exact: letter.exact }).collect()
    }
}

impl Word {
    /// The item `base` of a list: `text`, at `span`; `letters` are empty where they cannot be followed.
    pub(super) fn item(letters: &[Letter], text: &str, span: Span, base: usize) -> Self {
        let text = Zeroizing::new(text.to_owned());
        Self { chars: Char::all(letters, How::Item), text, span, base, empty: (span.end, How::Item), nested: false }
    }

    /// The commands in a word that is itself a text for a shell. Text for a shell in such a text in yet another is left alone.
    pub(super) fn commands(&self) -> Vec<Vec<Word>> {
        let nested = !self.chars.iter().all(|char| char.how == How::Item);
        if self.nested { Vec::new() } else { split(&self.chars, self.base, Splitter::Shell, nested) }
    }

    /// The word as the program gets it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The scalar that holds it.
    pub(super) fn base(&self) -> usize {
        self.base
    }

    /// The bytes of its first `len` bytes.
    pub(super) fn head(&self, len: usize) -> Span {
        let count = self.text.get(..len).map_or(0, |head| head.chars().count());
        match (self.chars.first(), count.checked_sub(1).and_then(|last| self.chars.get(last))) {
            (Some(first), Some(last)) => Span::new(first.span.start, last.span.end),
            _ => self.span,
        }
    }

    /// The setting `path` whose value is the word from byte `from` on.
    pub(super) fn value(&self, from: usize, path: KeyPath, key: Span, bases: &[Setting]) -> Option<Setting> {
        let base = bases.get(self.base)?;
        let text = self.text.get(from..)?;
        let chars = self.chars.get(self.text.get(..from)?.chars().count()..).unwrap_or_default();
        if self.empty.1 == How::Item && from == 0 {
            return Some(Setting { key: path, key_span: key, role: Role::Argument, ..base.clone() });
        }
        // Not a copy of `base`: its value may be a long text with many arguments.
        let mut own = Setting::new(path, key, Secret::copy_of(text), base.span, base.quoting);
        (own.role, own.part, own.editable, own.around) = (Role::Argument, base.part, base.editable, base.around);
        let how = chars.first().map_or(self.empty.1, |first| first.how);
        own.span = match (chars.first(), chars.last()) {
            (Some(first), Some(last)) => Span::new(first.span.start, last.span.end),
            _ if text.is_empty() => Span::new(self.empty.0, self.empty.0),
            _ => base.span,
        };
        own.around.gap = false;
        own.around.portion = match how {
            How::Item => Portion::Rest,
            How::Single if !self.nested => Portion::SingleWord,
            How::Double if !self.nested => Portion::DoubleWord,
            _ => Portion::Word,
        };
        if how != How::Item {
            own.around.tail = 0;
        }
        let gapless = chars.windows(2).all(|pair| matches!(pair, [a, b] if a.span.end == b.span.start || (!b.exact && a.span == b.span)));
        let even = chars.iter().all(|char| char.how == how) && how != How::Escaped;
        let ends = chars.first().is_none_or(|first| first.exact) && chars.last().is_none_or(|last| last.exact);
        let followed = !chars.is_empty() || text.is_empty();
        own.editable &= followed && even && ends && (how == How::Item || gapless);
        Some(own)
    }
}

/// Splits a text into commands and these into words.
pub(super) fn split(chars: &[Char], base: usize, splitter: Splitter, nested: bool) -> Vec<Vec<Word>> {
    let mut lexer = Lexer { chars, at: 0, base, nested, word: None, words: Vec::new(), commands: Vec::new() };
    lexer.run(splitter);
    lexer.commands
}

struct Lexer<'c> {
    chars: &'c [Char],
    at: usize,
    base: usize,
    nested: bool,
    word: Option<Word>,
    words: Vec<Word>,
    commands: Vec<Vec<Word>>,
}

impl Lexer<'_> {
    fn run(&mut self, splitter: Splitter) {
        let shell = splitter == Splitter::Shell;
        while let Some(char) = self.next() {
            match char.c {
                '\n' if shell => self.end_command(),
                ' ' | '\t' | '\r' | '\n' => self.end_word(),
                ';' | '|' | '&' | '(' | ')' if shell => self.end_command(),
                '<' | '>' if shell => self.end_word(),
                '#' if self.word.is_none() => while self.peek().is_some_and(|next| next.c != '\n') && self.next().is_some() {},
                '\\' => self.escaped(),
                '\'' => self.quoted(char, How::Single),
                '"' => self.quoted(char, How::Double),
                '`' if shell => self.until(char, '`'),
                '$' if self.peek().is_some_and(|next| next.c == '{') => self.until(char, '}'),
                '$' if self.peek().is_some_and(|next| next.c == '(') => self.until(char, ')'),
                _ => self.add(char, How::Bare),
            }
        }
        self.end_command();
    }

    fn peek(&self) -> Option<Char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Char> {
        let char = self.peek();
        self.at += 1;
        char
    }

    fn word(&mut self, at: usize) -> &mut Word {
        let (base, nested) = (self.base, self.nested);
        let new = || Word {
            chars: Vec::new(),
            text: Zeroizing::new(String::new()),
            span: Span::new(at, at),
            base,
            empty: (at, How::Bare),
            nested,
        };
        self.word.get_or_insert_with(new)
    }

    fn add(&mut self, char: Char, how: How) {
        let word = self.word(char.span.start);
        word.text.push(char.c);
        word.span.end = char.span.end;
        word.empty = (char.span.end, How::Bare);
        // The backslash before an escaped character stands outside its span.
        word.chars.push(Char { how, exact: char.exact && how != How::Escaped, ..char });
    }

    fn escaped(&mut self) {
        match self.next() {
            // A continued line, or one that YAML has folded.
            Some(next) if next.c.is_ascii_whitespace() => self.end_word(),
            Some(next) => self.add(next, How::Escaped),
            None => {}
        }
    }

    fn quoted(&mut self, open: Char, how: How) {
        self.word(open.span.start).empty = (open.span.end, how);
        while let Some(char) = self.next() {
            match (char.c, how) {
                ('\'', How::Single) | ('"', How::Double) => {
                    self.word(open.span.start).span.end = char.span.end;
                    return;
                }
                ('\\', How::Double) if self.peek().is_some_and(|next| "\"\\$`".contains(next.c)) => {
                    if let Some(next) = self.next() {
                        self.add(next, How::Escaped);
                    }
                }
                _ => self.add(char, how),
            }
        }
    }

    /// An expansion is part of its word, whatever it holds.
    fn until(&mut self, open: Char, close: char) {
        self.add(open, How::Bare);
        let mut depth = 0_usize;
        while let Some(char) = self.next() {
            self.add(char, How::Bare);
            depth += usize::from(matches!((char.c, close), ('{', '}') | ('(', ')')));
            if char.c == close {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return;
                }
            }
        }
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) {
        self.end_word();
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }
}
