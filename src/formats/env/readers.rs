//! The six readers behind `dialects.rs`, each after the program it is named for. Buffers are wiped where a reader gives up half-way.

use zeroize::Zeroizing;

use super::reading::Reading;
use crate::formats::lines::{closing, skip_blanks};
use crate::model::secret::Secret;
use crate::model::span::Span;

/// The regular expression of dotenv for Node.js, by hand. <https://github.com/motdotla/dotenv/blob/master/lib/main.js>
pub(super) fn node(statement: &str) -> Reading {
    let Some((value, end)) = split(statement, &NODE) else { return Reading::Unset };
    let text = statement.get(..end).unwrap_or(statement);
    let quote = value.chars().next().unwrap_or(' ');
    if matches!(quote, '"' | '\'' | '`') {
        let open = text.len() - value.len();
        let ends = |at: usize| {
            let rest = statement.get(at + 1..).unwrap_or("");
            let line = rest.split(['\n', '\r']).next().unwrap_or("").trim_start();
            line.is_empty() || line.starts_with('#')
        };
        // A backslash hides the quote only if another one follows
        let first = statement.get(open + 1..).and_then(|r| r.find(quote)).map(|i| open + 1 + i);
        let mark = u8::try_from(quote).unwrap_or(b'"');
        let close = closing_of(statement, open + 1, mark).filter(|at| ends(*at)).or(first.filter(|at| ends(*at)));
        if let Some(close) = close {
            let inner = statement.get(open + 1..close).unwrap_or("");
            let read = if quote == '"' { replace(inner, &[("\\n", "\n"), ("\\r", "\r")]) } else { Secret::copy_of(inner) };
            return Reading::Value(read);
        }
    }
    let bare = value.split(['#', '\n', '\r']).next().unwrap_or("");
    Reading::Value(Secret::copy_of(bare.trim()))
}

/// python-dotenv. <https://github.com/theskumar/python-dotenv/blob/main/src/dotenv/parser.py>
pub(super) fn python(statement: &str) -> Reading {
    let Some((value, end)) = split(statement, &PYTHON) else { return Reading::Unset };
    let read = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let open = end - value.len();
            let mark = u8::try_from(quote).unwrap_or(b'"');
            let Some(close) = closing_of(statement, open + 1, mark) else { return Reading::Unset };
            let rest = statement.get(close + 1..).unwrap_or("").split(['\n', '\r']).next().unwrap_or("").trim_start();
            if !(rest.is_empty() || rest.starts_with('#')) {
                return Reading::Unset;
            }
            let inner = statement.get(open + 1..close).unwrap_or("");
            if quote == '"' { unescape(inner, "\\'\"", true) } else { unescape(inner, "\\'", false) }
        }
        _ => Secret::copy_of(uncommented(value, char::is_whitespace).trim_end()),
    };
    // Only `${NAME}` is resolved, in any quotes
    Reading::Value(expand(read.expose(), &PYTHON_NAMES).unwrap_or_default())
}

/// compose-go. <https://github.com/compose-spec/compose-go/blob/main/dotenv/parser.go>
pub(super) fn compose(statement: &str) -> Reading {
    if !has_sign(statement, &['=', ':']) {
        return Reading::Unset;
    }
    let Some((value, end)) = split(statement, &COMPOSE) else { return Reading::Refused };
    let read = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let open = end - value.len();
            let mark = u8::try_from(quote).unwrap_or(b'"');
            let Some(close) = closing_of(statement, open + 1, mark) else { return Reading::Refused };
            let inner = statement.get(open + 1..close).unwrap_or("");
            if quote == '\'' {
                return Reading::Value(unescape(inner, "'", false));
            }
            // An escaped dollar sign is doubled so that it is not resolved
            let doubled = replace(inner, &[("\\$", "$$")]);
            unescape(doubled.expose(), "\\\"", true)
        }
        _ => Secret::copy_of(uncommented(value, |c| c == ' ').trim_end()),
    };
    expand(read.expose(), &COMPOSE_NAMES).map_or(Reading::Refused, Reading::Value)
}

/// The CLI's kvfile. <https://github.com/docker/cli/blob/master/pkg/kvfile/kvfile.go>
pub(super) fn docker(statement: &str) -> Reading {
    let line = unmarked(statement).lines().next().unwrap_or("").trim_start();
    let (name, value) = line.split_once('=').map_or((line, None), |(n, v)| (n, Some(v)));
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Reading::Refused;
    }
    value.map_or(Reading::Unset, |v| Reading::Value(Secret::copy_of(v)))
}

/// A POSIX shell that sources the line.
pub(super) fn shell(statement: &str) -> Reading {
    let line = statement.trim_start_matches([' ', '\t']);
    let line = line.strip_prefix("export").and_then(|r| r.starts_with([' ', '\t']).then(|| r.trim_start())).unwrap_or(line);
    let len = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(line.len());
    let Some(word) = line.get(len..).and_then(|r| r.strip_prefix('=')) else { return Reading::Refused };
    if len == 0 || line.starts_with(|c: char| c.is_ascii_digit()) {
        return Reading::Refused;
    }
    // The line end is no part of the word, a carriage return before it is
    shell_word(word.strip_suffix('\n').unwrap_or(word))
}

/// dotenvy 0.15. <https://github.com/allan2/dotenvy/blob/v0.15.7/dotenv/src/parse.rs>
pub(super) fn dotenvy(statement: &str) -> Reading {
    let Some(statement) = dotenvy_line(statement) else { return Reading::Refused };
    let line = statement.trim();
    let name_len = |s: &str| s.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(s.len());
    let named = |s: &str| s.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !named(line) {
        return Reading::Refused;
    }
    let len = name_len(line);
    let mut rest = line.get(len..).unwrap_or("").trim_start();
    if line.get(..len) == Some("export") && !rest.starts_with('=') {
        if !named(rest) {
            return Reading::Refused;
        }
        rest = rest.get(name_len(rest)..).unwrap_or("").trim_start();
    }
    match rest.strip_prefix('=').map(str::trim_start) {
        None => Reading::Refused,
        Some(value) if value.is_empty() || value.starts_with('#') => Reading::Value(Secret::default()),
        Some(value) => dotenvy_value(value),
    }
}

/// What dotenvy takes for one line, the comment cut: it goes on to the file's end where a quote is open, whatever the quote stands for,
/// and where the last line ends in a blank without a line end.
fn dotenvy_line(statement: &str) -> Option<&str> {
    let (mut quote, mut blank, mut escaped) = ('\0', false, false);
    for (at, c) in statement.char_indices() {
        let was_blank = std::mem::replace(&mut blank, false);
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if quote != '\0' => quote = if c == quote { '\0' } else { quote },
            '#' if was_blank => return statement.get(..at),
            '"' | '\'' => quote = c,
            _ if !was_blank => blank = c.is_whitespace() && !matches!(c, '\n' | '\r'),
            _ => {}
        }
    }
    (quote == '\0' && !blank && !escaped).then_some(statement)
}

fn dotenvy_value(value: &str) -> Reading {
    let mut out = Zeroizing::new(String::with_capacity(value.len()));
    let (mut strong, mut weak, mut escaped) = (false, false, false);
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            _ if escaped => {
                match c {
                    '\\' | '\'' | '"' | '$' | ' ' => out.push(c),
                    'n' => out.push('\n'),
                    _ => return Reading::Refused,
                }
                escaped = false;
            }
            '\'' if strong => strong = false,
            _ if strong => out.push(c),
            '$' => {
                if chars.next_if_eq(&'{').is_some() {
                    if !chars.any(|c| c == '}') {
                        return Reading::Refused;
                    }
                } else {
                    while chars.next_if(|c| c.is_alphanumeric()).is_some() {}
                    // What ends a name is taken as it is, a quote too
                    if let Some(next) = chars.next_if(|c| *c != '$') {
                        out.push(next);
                    }
                }
            }
            '"' => weak = !weak,
            '\\' => escaped = true,
            _ if weak => out.push(c),
            '\'' => strong = true,
            ' ' | '\t' => {
                let rest = chars.find(|c| !matches!(c, ' ' | '\t'));
                return if rest.is_none_or(|c| c == '#') {
                    Reading::Value(Secret::new(std::mem::take(&mut *out)))
                } else {
                    Reading::Refused
                };
            }
            _ => out.push(c),
        }
    }
    if strong || weak { Reading::Refused } else { Reading::Value(Secret::new(std::mem::take(&mut *out))) }
}

fn shell_word(word: &str) -> Reading {
    let mut out = Zeroizing::new(String::with_capacity(word.len()));
    let mut at = 0;
    let mut quote = '\0';
    while let Some(c) = word.get(at..).and_then(|r| r.chars().next()) {
        let rest = word.get(at + c.len_utf8()..).unwrap_or("");
        at += c.len_utf8();
        match (quote, c) {
            ('\'', '\'') | ('"', '"') => quote = '\0',
            ('\'', _) => out.push(c),
            ('\0', '\'' | '"') => quote = c,
            (_, '\\') => {
                let Some(next) = rest.chars().next() else { return Reading::Refused };
                if quote == '"' && !matches!(next, '"' | '\\' | '$' | '`' | '\n') {
                    out.push('\\');
                }
                if next != '\n' {
                    out.push(next);
                }
                at += next.len_utf8();
            }
            (_, '`') => return Reading::Computed,
            ('\0', '~') if out.is_empty() || out.ends_with(':') => return Reading::Computed,
            (_, '$') => match reference(rest, &SHELL_NAMES) {
                Some((len, meant)) => {
                    out.push_str(meant);
                    at += len;
                }
                None if rest.starts_with(['$', '(', '!', '?', '#', '@', '*', '-']) || rest.starts_with(|c: char| c.is_ascii_digit()) => {
                    return Reading::Computed;
                }
                None if rest.starts_with('{') => return Reading::Refused,
                None => out.push(c),
            },
            ('\0', '&') => return Reading::Unset,
            ('\0', ';' | '(' | ')' | '<' | '>' | '|') => return Reading::Refused,
            ('\0', '\n') => {
                return if rest.trim().is_empty() { Reading::Value(Secret::new(std::mem::take(&mut *out))) } else { Reading::Refused };
            }
            ('\0', ' ' | '\t') => {
                let next = rest.trim_start_matches([' ', '\t']);
                let done = next.trim().is_empty() || next.starts_with('#');
                return if done { Reading::Value(Secret::new(std::mem::take(&mut *out))) } else { Reading::Refused };
            }
            _ => out.push(c),
        }
    }
    if quote == '\0' { Reading::Value(Secret::new(std::mem::take(&mut *out))) } else { Reading::Refused }
}

/// How a reader cuts an assignment.
struct Cut {
    name: fn(char) -> bool,
    /// Whether `name: value` is one.
    colon: bool,
    /// Whether the colon needs a blank behind it.
    colon_blank: bool,
}

const NODE: Cut = Cut { name: |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'), colon: true, colon_blank: true };
const PYTHON: Cut = Cut { name: |c| !matches!(c, '=' | '#') && !c.is_whitespace(), colon: false, colon_blank: false };
const COMPOSE: Cut = Cut { name: |c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']'), colon: true, colon_blank: false };

/// The value (to the end of its first line) and the place where that line ends.
fn split<'s>(statement: &'s str, cut: &Cut) -> Option<(&'s str, usize)> {
    let mark = statement.len() - unmarked(statement).len();
    let line_len = statement.find(['\n', '\r']).unwrap_or(statement.len());
    let line = statement.get(..line_len)?;
    let mut at = skip_blanks(line, mark, line.len());
    let exported = line.get(at..)?.strip_prefix("export").filter(|r| r.starts_with([' ', '\t']));
    if let Some(rest) = exported {
        at = skip_blanks(line, line.len() - rest.len(), line.len());
    }
    let rest = line.get(at..)?;
    let len = rest.find(|c| !(cut.name)(c)).unwrap_or(rest.len());
    if len == 0 {
        return None;
    }
    let sign = skip_blanks(line, at + len, line.len());
    let after = line.get(sign + 1..).unwrap_or("");
    let joined = match line.as_bytes().get(sign)? {
        b'=' => true,
        b':' => cut.colon && (!cut.colon_blank || after.starts_with([' ', '\t'])),
        _ => false,
    };
    joined.then(|| (line.get(skip_blanks(line, sign + 1, line.len())..).unwrap_or(""), line_len))
}

fn unmarked(statement: &str) -> &str {
    statement.strip_prefix('\u{feff}').unwrap_or(statement)
}

fn has_sign(statement: &str, signs: &[char]) -> bool {
    statement.lines().next().is_some_and(|l| l.contains(signs))
}

/// The quote that closes the one before `from`.
fn closing_of(text: &str, from: usize, quote: u8) -> Option<usize> {
    closing(text, from, text.len(), quote)
}

/// `value` up to a `#` that stands behind a character that is `blank`.
fn uncommented(value: &str, blank: fn(char) -> bool) -> &str {
    let comment = value.match_indices('#').find(|(i, _)| value.get(..*i).is_some_and(|before| before.ends_with(blank)));
    comment.map_or(value, |(i, _)| value.get(..i).unwrap_or(value))
}

fn replace(text: &str, pairs: &[(&str, &str)]) -> Secret {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = pairs.iter().find(|(from, _)| rest.starts_with(from));
        match found {
            Some((from, to)) => {
                out.push_str(to);
                rest = rest.get(from.len()..).unwrap_or("");
            }
            None => {
                // A pair of backslashes is no start of anything else
                let len = if rest.starts_with("\\\\") { 2 } else { c.len_utf8() };
                out.push_str(rest.get(..len).unwrap_or(""));
                rest = rest.get(len..).unwrap_or("");
            }
        }
    }
    Secret::new(out)
}

/// Backslashes before any of `itself`, and with `letters` the escapes of C; others stay.
fn unescape(raw: &str, itself: &str, letters: bool) -> Secret {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some(next) if itself.contains(next) => out.push(next),
            Some(next) if letters && "abfnrtv".contains(next) => out.push(match next {
                'a' => '\x07',
                'b' => '\x08',
                'f' => '\x0c',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                _ => '\x0b',
            }),
            Some(next) => out.extend(['\\', next]),
            None => out.push('\\'),
        }
    }
    Secret::new(out)
}

/// Which references a reader knows.
struct Names {
    bare: bool,
    doubled: bool,
    /// Whether an unknown form is an error.
    strict: bool,
}

const PYTHON_NAMES: Names = Names { bare: false, doubled: false, strict: false };
const COMPOSE_NAMES: Names = Names { bare: true, doubled: true, strict: true };
const SHELL_NAMES: Names = Names { bare: true, doubled: false, strict: true };

/// `text` with all references resolved to nothing or their default; `None` where the reader stops.
fn expand(text: &str, names: &Names) -> Option<Secret> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|r| r.find('$')) {
        out.push_str(Span::new(at, at + found).of(text));
        let rest = text.get(at + found + 1..).unwrap_or("");
        at += found + 1;
        if names.doubled && rest.starts_with('$') {
            out.push('$');
            at += 1;
        } else if let Some((len, meant)) = reference(rest, names) {
            out.push_str(meant);
            at += len;
        } else if names.strict && rest.starts_with('{') {
            return None;
        } else {
            out.push('$');
        }
    }
    out.push_str(text.get(at..).unwrap_or(""));
    Some(Secret::new(std::mem::take(&mut *out)))
}

/// The reference behind a `$`: its length and what it means while its name is unset.
fn reference<'t>(rest: &'t str, names: &Names) -> Option<(usize, &'t str)> {
    let name_len = |s: &str| s.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(s.len());
    let Some(inner) = rest.strip_prefix('{') else {
        let named = names.bare && rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        return named.then(|| (name_len(rest), ""));
    };
    let close = inner.find('}')?;
    let inside = inner.get(..close)?;
    let operator = inside.get(name_len(inside)..)?;
    let meant = operator.strip_prefix(":-").or_else(|| operator.strip_prefix('-').filter(|_| names.strict)).unwrap_or("");
    Some((close + 2, meant))
}
