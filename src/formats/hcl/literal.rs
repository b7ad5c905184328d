//! Quoted strings and heredocs of HCL: where they end, what they say, how another value is written
//! (<https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>).

use crate::formats::lines::{byte, line_at};
use crate::model::span::Span;

/// Templates within strings within templates.
const DEEPEST: usize = 64;

/// One past the quote that closes the string whose opening quote is at `open`; `None` if nothing does. `${..}` and `%{..}` may hold
/// strings and line ends of their own.
pub(super) fn string_end(text: &str, open: usize) -> Option<usize> {
    // what is open: a string, or the braces of a template
    let mut stack = vec![b'"'];
    let mut at = open + 1;
    while let Some(inner) = stack.last().copied() {
        let b = byte(text, at);
        if at >= text.len() || stack.len() > DEEPEST {
            return None;
        }
        let template = matches!(b, b'$' | b'%') && byte(text, at + 1) == b'{';
        let escaped = template && byte(text, at.wrapping_sub(1)) == b && at > open + 1;
        match (inner, b) {
            (b'"', b'\\') => at += 1,
            (b'"', b'\n') => return None,
            (b'"', b'"') => drop(stack.pop()),
            (b'"', _) if template && !escaped => {
                stack.push(b'{');
                at += 1;
            }
            (b'{', b'"') => stack.push(b'"'),
            (b'{', b'{') => stack.push(b'{'),
            (b'{', b'}') => drop(stack.pop()),
            _ => {}
        }
        at += 1;
    }
    Some(at)
}

/// A heredoc.
pub(super) struct Heredoc {
    /// Its lines, without the last line's end.
    pub(super) body: Span,
    /// One past its closing word.
    pub(super) end: usize,
}

/// The heredoc whose `<<` is at `at`; `None` if it is none, or not closed.
pub(super) fn heredoc(text: &str, at: usize) -> Option<Heredoc> {
    let from = at + 2 + usize::from(byte(text, at + 2) == b'-');
    let (line, first) = line_at(text, from);
    let word = Span::new(from, line.end).of(text);
    let is_word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if !is_word(word) || first >= text.len() {
        return None;
    }
    let mut start = first;
    while start < text.len() {
        let (line, next) = line_at(text, start);
        let said = line.of(text);
        if said.trim_matches([' ', '\t']) == word {
            let end = start + (said.len() - said.trim_start_matches([' ', '\t']).len()) + word.len();
            let body = Span::new(first, first.max(start.saturating_sub(1)));
            return Some(Heredoc { body, end });
        }
        start = next;
    }
    None
}

/// Whether `raw` takes text from elsewhere.
pub(super) fn has_template(raw: &str) -> bool {
    ["${", "%{"].iter().any(|sign| raw.match_indices(sign).any(|(i, _)| i == 0 || raw.as_bytes().get(i - 1) != sign.as_bytes().first()))
}

/// What the string `raw` says, escapes undone; one with templates stays as it is written.
pub(super) fn decoded(raw: &str) -> String {
    if has_template(raw) || !raw.contains(['\\', '$', '%']) {
        return raw.to_owned();
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let (said, len) = match rest.as_bytes() {
            [b'$', b'$', b'{', ..] => ("${", 3),
            [b'%', b'%', b'{', ..] => ("%{", 3),
            [b'\\', b'n', ..] => ("\n", 2),
            [b'\\', b'r', ..] => ("\r", 2),
            [b'\\', b't', ..] => ("\t", 2),
            [b'\\', b'"', ..] => ("\"", 2),
            [b'\\', b'\\', ..] => ("\\", 2),
            [b'\\', b'u' | b'U', ..] => {
                let digits = if rest.starts_with("\\u") { 4 } else { 8 };
                let code = rest.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
                match code {
                    Some(code) => {
                        out.push(code);
                        ("", 2 + digits)
                    }
                    None => ("\\", 1),
                }
            }
            _ => (rest.get(..c.len_utf8()).unwrap_or(""), c.len_utf8()),
        };
        out.push_str(said);
        rest = rest.get(len..).unwrap_or("");
    }
    out
}

/// `value` for a quoted string.
pub(super) fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len() * 8);
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => out.extend([c, c]),
            c if c.is_control() => {
                out.push_str("\\u");
                out.extend([12, 8, 4, 0].iter().filter_map(|shift| char::from_digit((u32::from(c) >> shift) & 15, 16)));
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether `text` is a number or a truth value as HCL writes them.
pub(super) fn is_bare(text: &str) -> bool {
    matches!(text, "true" | "false") || is_number(text)
}

/// Whether `text` is a number without an exponent.
pub(super) fn is_number(text: &str) -> bool {
    let (whole, part) = text.strip_prefix('-').unwrap_or(text).split_once('.').unwrap_or((text.strip_prefix('-').unwrap_or(text), "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(part)
}
