//! The lines about a finding, with every value on them masked.

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
