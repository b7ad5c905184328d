//! Byte places in a file, and their translation to lines and columns.

use std::ops::Range;

/// A half-open range of bytes: `start` inclusive, `end` exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte; never smaller than `start`.
    pub end: usize,
}

impl Span {
    /// A span from `start` to `end`; an `end` before `start` gives an empty span at `start`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The same span, `by` bytes further on: from a part of a file to the file.
    #[must_use]
    pub fn shift(self, by: usize) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    /// Whether the two spans share at least one byte, or an empty one lies strictly inside the other.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `other` lies wholly inside.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The same span without the blanks at both ends of the text under it.
    #[must_use]
    pub fn trimmed(self, text: &str) -> Self {
        let shown = self.of(text);
        let lead = shown.len() - shown.trim_start().len();
        Self::new(self.start + lead, self.start + lead + shown.trim().len())
    }

    /// The part of it that lies in `text`, without a character that an end of it cuts.
    #[must_use]
    pub fn narrowed(self, text: &str) -> Self {
        let (mut start, mut end) = (self.start.min(text.len()), self.end.min(text.len()));
        while !text.is_char_boundary(start) {
            start += 1;
        }
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self::new(start, end)
    }

    /// The part of it that lies in `text`, with the whole of a character that an end of it cuts.
    #[must_use]
    pub fn widened(self, text: &str) -> Self {
        let (mut start, mut end) = (self.start.min(text.len()), self.end.min(text.len()));
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Self::new(start, end)
    }

    /// The text under the span; empty when the span does not fit `text` or splits a character.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// The line of byte `at` of `text` up to it, at most its last 512 bytes.
#[must_use]
pub fn line_before(text: &str, at: usize) -> &str {
    let before = Span::new(at.saturating_sub(512), at).narrowed(text).of(text);
    before.rsplit('\n').next().unwrap_or(before)
}

/// A place as people and editors count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Where each line of one text begins. `\n` ends a line; a `\r` before it belongs to the line.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// In lines longer than [`STRIDE`]: a byte, and how many characters stand before it on its line. Without them a file of one long line
    /// with many findings would be counted through for each.
    marks: Vec<(usize, usize)>,
}

/// Bytes between two marks of a long line.
const STRIDE: usize = 4096;

impl LineIndex {
    /// Indexes `text` in one pass.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i + 1));
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let long = starts.iter().zip(ends).filter(|(start, end)| end - *start > STRIDE);
        let mut marks = Vec::new();
        for (&start, end) in long {
            let (mut at, mut chars) = (start, 0);
            while at + STRIDE < end {
                let next = (at + STRIDE..end).find(|i| text.is_char_boundary(*i)).unwrap_or(end);
                chars += text.get(at..next).map_or(0, |part| part.chars().count());
                at = next;
                marks.push((at, chars));
            }
        }
        Self { starts, marks }
    }

    /// The line (from 1) that holds byte `offset`.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// Line and column of byte `offset` in `text`, which must be the text that was indexed.
    #[must_use]
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let line = self.line(offset);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let marked = self.marks.partition_point(|(at, _)| *at <= offset).checked_sub(1).and_then(|i| self.marks.get(i));
        let (from, counted) = marked.copied().filter(|(at, _)| *at >= start).unwrap_or((start, 0));
        let before = text.get(from..offset.min(text.len())).unwrap_or("");
        Position { line, column: counted + before.chars().count() + 1 }
    }

    /// The bytes of line `line` (from 1) without its line end; empty for a line that does not exist.
    #[must_use]
    pub fn span(&self, text: &str, line: usize) -> Span {
        let Some(&start) = line.checked_sub(1).and_then(|i| self.starts.get(i)) else {
            return Span::default();
        };
        let end = self.starts.get(line).map_or(text.len(), |next| next - 1);
        let body = text.get(start..end).unwrap_or("");
        Span::new(start, start + body.strip_suffix('\r').unwrap_or(body).len())
    }

    /// Number of lines; a text without a line end has one.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.starts.len().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::{LineIndex, Position, Span, line_before};

    #[test]
    fn characters_that_are_cut_are_left_out_or_taken_in() {
        let text = "aéb";
        assert_eq!((Span::new(2, 9).narrowed(text), Span::new(2, 2).widened(text)), (Span::new(3, 4), Span::new(1, 3)));
        assert_eq!((Span::new(0, 2).narrowed(text), Span::new(9, 9).widened(text)), (Span::new(0, 1), Span::new(4, 4)));
    }

    #[test]
    fn the_line_before_is_bounded() {
        assert_eq!(line_before("a\nbc", 3), "b");
        let long = format!("{}x", "é".repeat(400));
        assert_eq!(line_before(&long, 800), "é".repeat(256));
        assert_eq!(line_before(&long, 801).len(), 511);
    }

    #[test]
    fn columns_of_long_lines_count_characters() {
        let text = format!("a\n{}b\n{}", "é".repeat(9000), "x".repeat(5000));
        let index = LineIndex::new(&text);
        for (line, head) in [(2, 0), (2, 2047), (2, 2048), (2, 5000), (2, 9000)] {
            assert_eq!(index.position(&text, 2 + 2 * head), Position { line, column: head + 1 });
        }
        assert_eq!(index.position(&text, 2 + 18_000 + 2 + 4500), Position { line: 3, column: 4501 });
    }

    #[test]
    fn columns_count_characters_and_lines_drop_their_ends() {
        let text = "aé=x\r\nb=y";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 4), Position { line: 1, column: 4 });
        assert_eq!(index.position(text, text.len()), Position { line: 2, column: 4 });
        assert_eq!(index.span(text, 1).of(text), "aé=x");
        assert_eq!(index.span(text, 2).of(text), "b=y");
        assert_eq!(index.span(text, 3), Span::default());
        assert_eq!(index.lines(), 2);
    }
}
