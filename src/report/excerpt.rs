//! The lines about a finding, with every value on them masked (`mask` decides which bytes; this file turns them into text).
//!
//! An excerpt is all that a renderer sees of a file. What it shows is harmless by construction: names, punctuation, switches.

use super::mask::{Index, masks};
use super::printable::{escape, is_hidden};
use crate::model::document::Document;
use crate::model::finding::Finding;
use crate::model::secret::MASK;
use crate::model::span::Span;

/// Lines to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// In file order; usually one.
    pub lines: Vec<ExcerptLine>,
}

/// One masked line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExcerptLine {
    /// Line number, from 1.
    pub number: usize,
    /// The text, values replaced by eight bullets, control characters escaped, at most 160 characters.
    pub text: String,
    /// Columns (characters, from 0, end exclusive) of what the finding is about; empty when it is not on this line.
    pub mark: std::ops::Range<usize>,
}

/// Characters of a shown line, ellipses included.
const WIDTH: usize = 160;
/// Characters shown before the mark where a line must be cut.
const LEAD: usize = 60;
/// Bytes of a line that are looked at. A longer one (minified JSON) is shown from the setting's name on, so that the cost of an excerpt
/// does not grow with the line.
const VIEW: usize = 4096;
/// Lines of a value of several lines.
const LINES: usize = 2;

/// The excerpt of one finding. For many findings of one document, [`Excerpts`] sorts the settings once.
#[must_use]
pub fn excerpt(document: &Document, finding: &Finding) -> Excerpt {
    Excerpts::new(document).of(finding)
}

/// Makes the excerpts of one document.
pub struct Excerpts<'d> {
    document: &'d Document,
    index: Index<'d>,
}

impl<'d> Excerpts<'d> {
    /// Prepares `document`, to which all findings handed to [`Self::of`] must belong.
    #[must_use]
    pub fn new(document: &'d Document) -> Self {
        Self { document, index: Index::new(document) }
    }

    /// The line on which `finding` starts, and the next one if it goes on and shows more than a mask.
    #[must_use]
    pub fn of(&self, finding: &Finding) -> Excerpt {
        let (text, lines) = (self.document.text.as_str(), &self.document.lines);
        let span = Span::new(finding.span.start.min(text.len()), finding.span.end.min(text.len()));
        let first = lines.line(span.start);
        let last = lines.line(span.end.saturating_sub(1).max(span.start)).min(first + LINES - 1);
        let mut shown: Vec<ExcerptLine> = (first..=last).map(|number| self.line(finding, number)).collect();
        if shown.len() > 1 {
            shown.retain(|line| line.number == first || line.text.trim() != MASK);
        }
        Excerpt { lines: shown }
    }

    fn line(&self, finding: &Finding, number: usize) -> ExcerptLine {
        let text = self.document.text.as_str();
        let whole = self.document.lines.span(text, number);
        let view = self.view(finding, whole);
        let masks = masks(self.document, &self.index, finding, view);
        let about = Span::new(finding.span.start.clamp(view.start, view.end), finding.span.end.clamp(view.start, view.end));
        let on_line = finding.span.start <= whole.end && finding.span.end >= whole.start;
        let (chars, mark) = spell(text, view, &masks, about);
        let cut = (view.start > whole.start, view.end < whole.end);
        let (text, mark) = window(&chars, mark, cut);
        ExcerptLine { number, text, mark: if on_line { mark } else { 0..0 } }
    }

    /// The part of a long line that is looked at.
    fn view(&self, finding: &Finding, line: Span) -> Span {
        if line.len() <= VIEW {
            return line;
        }
        let text = self.document.text.as_str();
        let name = finding.setting.and_then(|i| self.document.settings.get(i)).map(|s| s.key_span.start);
        let at = finding.span.start.clamp(line.start, line.end);
        let start = name.filter(|n| *n >= line.start && *n <= at && at - n < VIEW / 16).unwrap_or(at);
        let end = finding.span.end.clamp(start, line.end).min(start + VIEW);
        Span::new(floor(text, start), floor(text, end))
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// `view` of `text` as characters, each mask as eight bullets; and the columns that `about` takes among them, at least one.
fn spell(text: &str, view: Span, masks: &[Span], about: Span) -> (Vec<char>, std::ops::Range<usize>) {
    let mut chars: Vec<char> = Vec::new();
    let (mut start, mut end) = (None, None);
    let mut masks = masks.iter().peekable();
    let mut at = view.start;
    while at < view.end {
        let column = chars.len();
        let next = if let Some(mask) = masks.next_if(|m| m.start <= at) {
            chars.extend(MASK.chars());
            mask.end.max(at + 1)
        } else {
            let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
            match c {
                '\t' => chars.extend([' '; 4]),
                _ if is_hidden(c) => chars.extend(escape(c)),
                _ => chars.push(c),
            }
            at + c.len_utf8()
        };
        if start.is_none() && about.start < next {
            start = Some(column);
        }
        if end.is_none() && about.end <= next && about.end > at {
            end = Some(chars.len());
        }
        at = next;
    }
    let start = start.unwrap_or(chars.len());
    // an empty place (a value that is missing) is marked where it would stand
    let end = end.filter(|_| !about.is_empty()).unwrap_or(if about.is_empty() { start + 1 } else { chars.len() });
    (chars, start..end.max(start + 1))
}

/// At most [`WIDTH`] characters with the start of `mark` among them; `cut` says whether the line goes on to the left and to the right.
fn window(chars: &[char], mark: std::ops::Range<usize>, cut: (bool, bool)) -> (String, std::ops::Range<usize>) {
    let room = WIDTH - 2;
    let from = if chars.len() <= room { 0 } else { mark.start.saturating_sub(LEAD).min(chars.len() - room) };
    let to = (from + room).min(chars.len());
    let (left, right) = (cut.0 || from > 0, cut.1 || to < chars.len());
    let mut text = String::new();
    if left {
        text.push('…');
    }
    text.extend(chars.get(from..to).unwrap_or_default());
    if right {
        text.push('…');
    }
    let shift = usize::from(left);
    let place = |column: usize| column.clamp(from, to + 1) - from + shift;
    (text, place(mark.start)..place(mark.end))
}

#[cfg(test)]
#[path = "excerpt_tests.rs"]
mod tests;
