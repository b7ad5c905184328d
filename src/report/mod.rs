//! All that a renderer may know: findings with masked excerpts, counts, and the grade.
//!
//! Renderers get no document and no secret, so they cannot leak one.

pub mod advice;
pub mod area;
mod card;
pub mod controls;
pub mod excerpt;
pub mod fingerprint;
pub mod grade;
mod grading;
pub mod inventory;
mod mask;
mod mask_words;
pub mod printable;
pub mod redacted;
#[cfg(test)]
pub(crate) mod sample;

pub use card::RuleCard;

use crate::model::finding::Finding;
use crate::model::severity::Severity;
use crate::model::span::Position;
use excerpt::Excerpt;
use grade::Grade;

/// The result of one scan.
#[derive(Clone, Debug)]
pub struct Report {
    /// Findings by file, then byte, then rule.
    pub entries: Vec<Entry>,
    /// What was read, skipped and left out.
    pub totals: Totals,
    /// Letter, percentage, caps.
    pub grade: Grade,
    /// Things the user should know that are no findings: a file that does not parse, an allow entry that matches nothing.
    pub notices: Vec<Notice>,
    /// Rules that occur in `entries`, by id.
    pub rules: Vec<RuleCard>,
    /// Findings at or above this severity decide the exit code; `None` means that none does.
    pub fail_on: Option<Severity>,
    /// Whether people get the grade and the counts only. Machine formats carry everything either way.
    pub quiet: bool,
    /// What was looked at.
    pub scope: Scope,
}

/// One finding and the lines around it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The finding.
    pub finding: Finding,
    /// The lines, every value on them masked.
    pub excerpt: Excerpt,
    /// Where in the history it comes from; only a scan of the history tells.
    pub origin: Option<Origin>,
    /// How the file itself could be put right, where that shows no secret; only where it was asked for.
    pub proposal: Option<Proposal>,
}

impl Entry {
    /// A finding of a file as it is.
    #[must_use]
    pub fn new(finding: Finding, excerpt: Excerpt) -> Self {
        Self { finding, excerpt, origin: None, proposal: None }
    }
}

/// An edit of a file that holds nothing of a value that is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// What it does, in words.
    pub what: String,
    /// Texts in the place of others, in order and apart.
    pub replacements: Vec<Replacement>,
}

/// One text in the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The first character that goes.
    pub from: Position,
    /// The first one that stays.
    pub to: Position,
    /// What comes; may be empty.
    pub text: String,
}

/// Which commit brought a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The first commit that has it, in hex digits.
    pub commit: String,
    /// The author's date of that commit, RFC 3339.
    pub date: String,
    /// Whether it is in HEAD still.
    pub in_head: bool,
    /// In how many versions of files it stands.
    pub versions: usize,
}

impl Origin {
    /// The first digits of the commit, as many as people are shown.
    #[must_use]
    pub fn short(&self) -> &str {
        self.commit.get(..12).unwrap_or(&self.commit)
    }
}

/// What of a project a report is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The files as they are; only these are graded.
    #[default]
    Files,
    /// What is new against a commit: what is staged, or with `--new-only`.
    Changes,
    /// The versions of files in the history.
    History,
}

/// What was looked at, and what was not. Every skip is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files read.
    pub files: usize,
    /// Of these, files in a known format.
    pub parsed: usize,
    /// Of these, files searched as text because no format claims them.
    pub as_text: usize,
    /// Of these, files that their format could not read, searched as text.
    pub faulty: usize,
    /// Settings read.
    pub settings: usize,
    /// Bytes read.
    pub bytes: u64,
    /// Files left out because they are too large.
    pub skipped_large: usize,
    /// Files left out because they are binary.
    pub skipped_binary: usize,
    /// Links that lead out of the root or nowhere, and files that are no regular files.
    pub skipped_special: usize,
    /// Files and folders that could not be read.
    pub unreadable: usize,
    /// Of the files read, those that were not judged again, because an earlier scan of the same content found nothing.
    pub recalled: usize,
    /// Findings suppressed by comments in files.
    pub suppressed_inline: usize,
    /// Findings suppressed by harden.toml.
    pub suppressed_config: usize,
    /// Findings that the baseline accepts.
    pub suppressed_baseline: usize,
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        // every field by name: one that is forgotten does not compile
        let Self {
            files,
            parsed,
            as_text,
            faulty,
            settings,
            bytes,
            skipped_large,
            skipped_binary,
            skipped_special,
            unreadable,
            recalled,
            suppressed_inline,
            suppressed_config,
            suppressed_baseline,
        } = other;
        self.files += files;
        self.parsed += parsed;
        self.as_text += as_text;
        self.faulty += faulty;
        self.settings += settings;
        self.bytes += bytes;
        self.skipped_large += skipped_large;
        self.skipped_binary += skipped_binary;
        self.skipped_special += skipped_special;
        self.unreadable += unreadable;
        self.recalled += recalled;
        self.suppressed_inline += suppressed_inline;
        self.suppressed_config += suppressed_config;
        self.suppressed_baseline += suppressed_baseline;
    }
}

impl Totals {
    /// Files that were seen and not read on purpose.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.skipped_large + self.skipped_binary + self.skipped_special
    }

    /// Findings that comments in files and harden.toml took out: the repository's own word.
    #[must_use]
    pub fn suppressed(&self) -> usize {
        self.suppressed_inline + self.suppressed_config
    }
}

/// A line for stderr, and for the notices of machine formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The file it is about; may be empty.
    pub file: String,
    /// Line, from 1; 0 when it is about the whole file.
    pub line: usize,
    /// One sentence without the text of the file.
    pub message: String,
}

impl Report {
    /// Number of findings at or above the threshold.
    #[must_use]
    pub fn failing(&self) -> usize {
        self.entries.iter().filter(|e| self.fails(&e.finding)).count()
    }

    /// Whether `finding` is at or above the threshold.
    #[must_use]
    pub fn fails(&self, finding: &Finding) -> bool {
        self.fail_on.is_some_and(|least| finding.severity >= least)
    }

    /// Number of findings of exactly this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.entries.iter().filter(|e| e.finding.severity == severity).count()
    }

    /// What is known of the rule `id`; `None` when no card was handed over.
    #[must_use]
    pub fn card(&self, id: &str) -> Option<&RuleCard> {
        self.rules.iter().find(|card| card.id == id)
    }
}
