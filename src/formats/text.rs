//! Any other text: documents, source code, logs, and files whose own format could not read them.
//!
//! Such text has no settings, but it holds text that has the form of one. What is found here has the role `Prose`: it is reported and
//! never edited. One pass over the bytes stops at the few that can join a name and a value; from there it looks a bounded way back and
//! ahead and never leaves the line, so a minified file of one line costs no more than another.

use super::format::{Claim, EncodeError, Format};
use super::{text_code, text_pairs};
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;

/// The longest value that is looked at, in bytes; a private key may be four times as long.
pub(super) const LONGEST: usize = 4096;

/// Any text that no other format wants.
pub(super) struct Text;

impl Format for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn claims(&self, _path: &str, _file_name: &str, _head: &str) -> Claim {
        Claim::No
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let mut hits = pseudo_settings(text);
        if text.trim_start().starts_with('<') {
            let comments = markup_comments(text);
            hits.retain(|s| !comments.iter().any(|c| c.start <= s.span.start && s.span.end <= c.end));
        }
        Ok(hits)
    }

    fn encode(&self, _value: &Secret, _place: &Setting) -> Result<Secret, EncodeError> {
        Err(EncodeError("documents and source code are reported, never edited"))
    }
}

/// The comments of XML and HTML: what stands there is switched off.
fn markup_comments(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|rest| rest.find("<!--")).map(|i| at + i) {
        let close = text.get(open..).and_then(|rest| rest.find("-->")).map_or(text.len(), |i| open + i);
        found.push(Span::new(open, close));
        at = close.max(open + 4);
    }
    found
}

/// Everything in `text` that has the form of a setting, in file order; role `Prose`, not editable.
pub(super) fn pseudo_settings(text: &str) -> Vec<Setting> {
    let page = Page { text };
    let mut found: Vec<Setting> = Vec::new();
    let mut covered = Span::default();
    let mut at = 0;
    while let Some(&b) = text.as_bytes().get(at) {
        let hits = match b {
            b'=' | b':' => page.url(at, covered).map(|hit| vec![hit]).or_else(|| text_pairs::pair(page, at, &found).map(|hit| vec![hit])),
            b'(' => text_code::call(page, at),
            b'|' | b'?' => text_code::fallback(page, at).map(|hit| vec![hit]),
            b'@' => text_code::annotation(page, at),
            b'-' => text_code::private_key(page, at, covered).or_else(|| text_code::flag(page, at)).map(|hit| vec![hit]),
            b'\'' => text_code::statement(page, at).map(|hit| vec![hit]),
            b'<' => text_pairs::element(page, at).map(|hit| vec![hit]),
            b'`' => text_pairs::quoted_word(page, at).map(|hit| vec![hit]),
            b'E' => text_pairs::docker_variable(page, at).map(|hit| vec![hit]),
            _ => None,
        };
        at += 1;
        for hit in hits.into_iter().flatten() {
            // Inside a text of several words there may be more; a single word is done with
            if !hit.value.of(text).contains([' ', '\t']) || hit.value.of(text).contains('\n') {
                at = at.max(hit.value.end);
            }
            covered = hit.value;
            found.push(hit.into_setting(text));
        }
    }
    found.sort_by_key(|s| (s.span.start, s.span.end));
    found.dedup_by(|b, a| a.span == b.span && (b.name().is_empty() || a.name() == b.name()));
    found
}

/// A name and a value that were seen together.
pub(super) struct Hit {
    pub(super) name: String,
    pub(super) key: Span,
    pub(super) value: Span,
    pub(super) quoting: Quoting,
}

impl Hit {
    fn into_setting(self, text: &str) -> Setting {
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
    pub(super) fn word_end(self, at: usize, stops: &[u8]) -> Option<usize> {
        let mut i = at;
        let mut depth = 0_usize;
        while i <= at + LONGEST {
            let b = self.byte(i);
            match b {
                0 | b'\n' | b'\r' => return Some(i),
                b'$' if matches!(self.byte(i + 1), b'{' | b'(') => {
                    depth += 1;
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
        None
    }

    /// A connection URL whose scheme ends at the colon at `at`, unless it begins inside `covered`.
    fn url(self, at: usize, covered: Span) -> Option<Hit> {
        if self.byte(at) != b':' {
            return None;
        }
        let scheme = self.run_back(at, |b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'));
        let java = scheme.of(self.text).eq_ignore_ascii_case("jdbc");
        if !java && !self.is_at(at, "://") {
            return None;
        }
        let many = |s: &str| ["mongodb", "kafka", "nats", "amqp"].iter().any(|p| s.starts_with(p));
        let name = scheme.of(self.text).to_ascii_lowercase();
        let stops: &[u8] = if java || many(&name) { b"<>)" } else { b"<>)," };
        let end = self.word_end(at + 1, stops)?;
        let whole = Span::new(scheme.start, end).of(self.text);
        let whole = whole.trim_end_matches(['.', ';', ':', '!', '?', '*', ',', ']', '|', '\\']);
        let whole =
            if whole.matches("${").count() > whole.matches('}').count() { Span::new(scheme.start, end).of(self.text) } else { whole };
        // A Java URL names its driver: `jdbc:script` is the name of an XML element
        let rest = whole.get(name.len() + 1..).filter(|r| !java || r.contains(':'))?;
        let rest = if java { rest } else { rest.get(2..).filter(|r| !r.is_empty())? };
        let value = Span::new(scheme.start, scheme.start + whole.len());
        let known = java || is_connection(&name) || (matches!(name.as_str(), "http" | "https") && has_password(rest));
        let free = !(covered.start <= value.start && value.start < covered.end && covered.end >= value.end && covered.start == value.start);
        (known && free).then(|| Hit { name: String::new(), key: Span::new(value.start, value.start), value, quoting: Quoting::Plain })
    }
}

fn is_connection(scheme: &str) -> bool {
    let base = scheme.split('+').next().unwrap_or(scheme);
    matches!(
        base,
        "postgres"
            | "postgresql"
            | "mysql"
            | "mysql2"
            | "mariadb"
            | "mongodb"
            | "redis"
            | "rediss"
            | "valkey"
            | "valkeys"
            | "amqp"
            | "amqps"
            | "nats"
            | "tls"
            | "ldap"
            | "ldaps"
            | "smtp"
            | "smtps"
            | "clickhouse"
            | "sqlserver"
            | "mssql"
            | "oracle"
            | "cockroachdb"
            | "kafka"
            | "mqtt"
            | "mqtts"
            | "ftp"
            | "sftp"
    )
}

/// Whether the authority of a URL says `user:password@`.
fn has_password(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    authority.rsplit_once('@').is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()))
}

/// Bytes that names are made of.
pub(super) fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
