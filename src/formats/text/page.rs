//! Looking around in a text: what stands before and behind a place, and what was found there.

use std::cell::Cell;

use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;

/// The longest value that is looked at, in bytes.
pub(super) const LONGEST: usize = 4096;

/// A name and a value that were seen together.
pub(super) struct Hit {
    pub(super) name: String,
    pub(super) key: Span,
    pub(super) value: Span,
    pub(super) quoting: Quoting,
}

impl Hit {
    pub(super) fn into_setting(self, text: &str) -> Setting {
        let key = if self.name.is_empty() { KeyPath::default() } else { KeyPath::of(&self.name) };
        let raw = self.value.of(text);
        let mut value = String::with_capacity(raw.len());
        let mut chars = raw.chars().peekable();
        while let Some(c) = chars.next() {
            match (self.quoting, c, chars.peek()) {
                (Quoting::Double | Quoting::Single, '\\', Some(next @ ('"' | '\'' | '\\' | '/'))) => {
                    value.push(*next);
                    chars.next();
                }
                _ => value.push(c),
            }
        }
        let mut setting = Setting::new(key, self.key, Secret::new(value), self.value, self.quoting);
        setting.role = Role::Prose;
        setting.editable = false;
        setting
    }
}

/// A text to look around in. All places are bytes; all steps stop at ASCII, so that spans never split a character.
#[derive(Clone, Copy)]
pub(super) struct Page<'t> {
    pub(super) text: &'t str,
    pub(super) far: &'t Far,
}

/// The last places from which no end of a word was found within reach, by what ends it, and how far was looked: one long line without any
/// would otherwise be looked through for each of its signs.
#[derive(Default)]
pub(super) struct Far(Cell<[Option<Run>; 3]>);

/// What would end the word, and where no end is.
type Run = (&'static [u8], Span);

impl Far {
    /// How far ahead of `at` there is no end.
    fn known(&self, at: usize, stops: &'static [u8]) -> Option<usize> {
        let mut known = self.0.get().into_iter().flatten();
        known.find(|(own, run)| *own == stops && run.start <= at && at < run.end).map(|(_, run)| run.end)
    }

    fn remember(&self, run: Span, stops: &'static [u8]) {
        let mut all = self.0.get();
        let same = all.iter().position(|one| one.is_none_or(|(own, _)| own == stops));
        let slot = same.unwrap_or_default();
        if let Some(one) = all.get_mut(slot) {
            *one = Some((stops, run));
        }
        self.0.set(all);
    }
}

impl Page<'_> {
    /// The byte at `at`; 0 outside.
    pub(super) fn byte(self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// The byte before `at`; 0 at the start.
    pub(super) fn before(self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |i| self.byte(i))
    }

    /// Whether `word` stands at `at`, in any case.
    pub(super) fn is_at(self, at: usize, word: &str) -> bool {
        self.text.as_bytes().get(at..at + word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// The first place from `at` on without a blank, at most 128 further.
    pub(super) fn ahead(self, at: usize) -> usize {
        (at..at + 128).find(|&i| !matches!(self.byte(i), b' ' | b'\t')).unwrap_or(at)
    }

    /// The last place before `at` behind something that is no blank, at most 128 back.
    pub(super) fn back(self, at: usize) -> usize {
        (at.saturating_sub(128)..=at).rev().find(|&i| !matches!(self.before(i), b' ' | b'\t')).unwrap_or(at)
    }

    /// The run of bytes that `fits` ending at `end`, at most 128 long.
    pub(super) fn run_back(self, end: usize, fits: impl Fn(u8) -> bool) -> Span {
        let start = (end.saturating_sub(128)..=end).rev().take_while(|&i| i == end || fits(self.byte(i))).last().unwrap_or(end);
        Span::new(start, end)
    }

    /// The name that ends at `end`: letters, digits, `_ . -`, starting with a letter or `_`.
    pub(super) fn name_back(self, end: usize) -> Option<Span> {
        let run = self.run_back(end, is_name);
        let skip = run.of(self.text).find(|c: char| c.is_ascii_alphabetic() || c == '_')?;
        Some(Span::new(run.start + skip, end))
    }

    /// The inside of the quotes that open at `at`, closed on the same line; the quote may have an escape before it on both sides.
    pub(super) fn in_quotes(self, at: usize) -> Option<(Span, Quoting)> {
        let escaped = self.byte(at) == b'\\';
        let open = at + usize::from(escaped);
        let quote = self.byte(open);
        let quoting = match quote {
            b'"' => Quoting::Double,
            b'\'' => Quoting::Single,
            b'`' => Quoting::Backtick,
            _ => return None,
        };
        let start = open + 1;
        let mut i = start;
        while i <= start + LONGEST {
            match self.byte(i) {
                0 | b'\n' => return None,
                b'\\' if escaped && self.byte(i + 1) == quote => return Some((Span::new(start, i), quoting)),
                b'\\' if quote != b'`' => i += 2,
                b if b == quote => return if escaped { None } else { Some((Span::new(start, i), quoting)) },
                _ => i += 1,
            }
        }
        None
    }

    /// The end of the word that begins at `at`: the first blank, quote or byte of `stops`; `${..}` and `$(..)` are kept whole.
    pub(super) fn word_end(self, at: usize, stops: &'static [u8]) -> Option<usize> {
        let mut i = self.far.known(at, stops).unwrap_or(at);
        let mut depth = 0_usize;
        let mut plain = true;
        while i <= at + LONGEST {
            let b = self.byte(i);
            match b {
                0 | b'\n' | b'\r' => return Some(i),
                b'$' if matches!(self.byte(i + 1), b'{' | b'(') => {
                    depth += 1;
                    plain = false;
                    i += 1;
                }
                b'}' | b')' if depth > 0 => depth -= 1,
                _ if depth > 0 => {}
                b' ' | b'\t' | b'"' | b'\'' | b'`' => return Some(i),
                _ if stops.contains(&b) => return Some(i),
                _ => {}
            }
            i += 1;
        }
        if plain {
            self.far.remember(Span::new(at, i), stops);
        }
        None
    }
}

/// Bytes that names are made of.
pub(in crate::formats) fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')
}

/// Whether a bare word of a program is a value and no variable: `true`, `0`, `ssl.CERT_NONE`.
pub(in crate::formats) fn is_constant(word: &str) -> bool {
    matches!(word, "true" | "false" | "True" | "False" | "None" | "null" | "nil")
        || word.bytes().all(|b| b.is_ascii_digit())
        || word.rsplit(['.', ':']).next().is_some_and(|last| last.contains('_') && !last.chars().any(char::is_lowercase))
}
