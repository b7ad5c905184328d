//! What a look at one file gave, on its way to the report.

use std::collections::BTreeSet;

use crate::detect::{Links, Mark, Seen};
use crate::disk::read::Skip;
use crate::model::document::Document;
use crate::report::{Entry, Notice, Totals};

/// What one file gave.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) entries: Vec<Entry>,
    pub(super) seen: Vec<Seen>,
    pub(super) totals: Totals,
    pub(super) notices: Vec<Notice>,
    /// Which entries of `[[allow]]` it used.
    pub(super) allowed: Vec<usize>,
    pub(super) document: Option<Document>,
    /// Whether the content is that of the sealed twin.
    pub(super) twin: bool,
    pub(super) problem: Option<String>,
    /// Comments in it that take findings out.
    pub(super) marks: Vec<Mark>,
    /// What it has to do with other files.
    pub(super) links: Links,
    /// Its path for people.
    pub(super) name: String,
    /// Suppressed findings in production files.
    pub(super) waived: usize,
    /// Its name for people, and its path below the project's folder, where it lies in there. Of a history: those of all files.
    pub(super) places: BTreeSet<(String, String)>,
    /// Whether all of the file was looked at and understood: what a baseline says of it and is not found is not there.
    pub(super) complete: bool,
    /// Whether another day may find more.
    pub(super) dated: bool,
    /// For each entry a hash of its value, keyed for this run; only where it was asked for.
    pub(super) values: Vec<u64>,
}

impl Looked {
    /// Whether it is nothing but numbers.
    pub(super) fn gave_nothing(&self) -> bool {
        // every field by name: one that is forgotten does not compile
        let Self {
            entries,
            seen,
            totals: _,
            notices,
            allowed,
            document,
            twin,
            problem,
            marks,
            links,
            name: _,
            waived,
            places: _,
            complete: _,
            dated,
            values,
        } = self;
        let Links { live, wants, objects, more, folder: _ } = links;
        let none =
            entries.is_empty() && seen.is_empty() && notices.is_empty() && allowed.is_empty() && marks.is_empty() && values.is_empty();
        let alone = live.is_empty() && wants.is_empty() && objects.is_empty() && !more;
        none && alone && document.is_none() && !twin && problem.is_none() && *waived == 0 && !dated
    }

    /// Counts what was left out.
    pub(super) fn skip(&mut self, skip: Skip) {
        match skip {
            Skip::TooLarge => self.totals.skipped_large += 1,
            Skip::Binary => self.totals.skipped_binary += 1,
            Skip::Special => self.totals.skipped_special += 1,
        }
    }

    /// Counts a file that was read as `format`; as none, where its own could not read it.
    pub(super) fn count(&mut self, format: &str) {
        self.totals.faulty += usize::from(format.is_empty());
        self.totals.as_text += usize::from(format == "text");
        self.totals.parsed += usize::from(!matches!(format, "" | "text"));
    }

    /// What is known of a file of which nothing was left out.
    pub(super) fn complete(mut self) -> Self {
        self.complete = self.totals.faulty == 0;
        self
    }
}
