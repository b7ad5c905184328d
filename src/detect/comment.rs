//! Whether a place is part of a comment, and what the comment behind a value says, in the signs that configuration files use for them.

use crate::model::document::Document;
use crate::model::span::Span;

/// Signs that begin a comment at the start of a line.
const OPENING: &[&str] = &["#", "//", ";", "--", "<!--", "/*", "*", "%", "rem ", "REM "];
/// Signs that begin one behind a blank.
const BEHIND: &[&str] = &["#", "//", "<!--", "/*", ";"];

/// Whether the line of `span` is a comment up to it: from its start, or from a sign behind a blank.
pub(super) fn stands_in_comment(document: &Document, span: Span) -> bool {
    let line = document.lines.span(&document.text, document.lines.line(span.start));
    let before = Span::new(line.start.min(span.start), span.start).of(&document.text);
    // a long line is data
    if before.len() > 4096 {
        return false;
    }
    let text = before.trim_start();
    OPENING.iter().any(|sign| text.starts_with(sign))
        || BEHIND
            .iter()
            .any(|sign| before.match_indices(sign).any(|(at, _)| before.get(..at).is_some_and(|head| head.ends_with([' ', '\t']))))
}

/// Whether the comment behind `span` on its line says that something must stand there.
pub(super) fn is_said_to_be_required(document: &Document, span: Span) -> bool {
    let line = document.lines.span(&document.text, document.lines.line(span.end));
    let rest = Span::new(span.end.min(line.end), line.end).of(&document.text);
    if rest.len() > 1024 {
        return false;
    }
    let begun = |sign: &&str| rest.find(*sign).filter(|at| rest.get(..*at).is_some_and(|head| head.ends_with([' ', '\t'])));
    BEHIND.iter().filter_map(begun).min().is_some_and(|at| demands(rest.get(at..).unwrap_or("")))
}

/// Whether a comment says `required`, `mandatory` or `must be set`, without a condition or a `not`.
fn demands(comment: &str) -> bool {
    const OPEN: &[&str] = &["if", "when", "unless", "only", "not", "for", "optional", "needn't", "isn't"];
    let lower = comment.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|w| !w.is_empty()).take(40).collect();
    let open = |at: Option<usize>| at.and_then(|i| words.get(i)).is_some_and(|w| OPEN.contains(w));
    let firm = |from: usize, to: usize| !open(from.checked_sub(1)) && !open(Some(to));
    let single = |i: usize| words.get(i).is_some_and(|w| matches!(*w, "required" | "mandatory")) && firm(i, i + 1);
    let phrase =
        |i: usize| words.get(i..i + 3).is_some_and(|w| matches!(w, ["must", "be", "set" | "provided" | "changed"])) && firm(i, i + 3);
    (0..words.len()).any(|i| single(i) || phrase(i))
}

#[cfg(test)]
mod tests {
    use super::demands;

    #[test]
    fn a_demand_has_no_condition() {
        for text in ["# REQUIRED - set via --set", "# (required)", "# must be set", "// Mandatory: a long text", "# this is required."] {
            assert!(demands(text), "{text}");
        }
        for text in
            ["# optional", "# not required", "# required if auth is on", "# required for smtp", "# must be set when x", "# must", "#"]
        {
            assert!(!demands(text), "{text}");
        }
    }
}
