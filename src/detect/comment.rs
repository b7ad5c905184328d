//! Whether a place is part of a comment, in the signs that configuration files use for them.

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
