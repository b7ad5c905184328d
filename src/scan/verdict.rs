//! What the baseline says of a whole scan: findings that it speaks for leave the report and are counted.

use std::collections::{BTreeSet, HashMap};

use super::accepted::Accepted;
use super::baseline::{Applied, Baseline, Fate, Placed, Scope};
use super::engine::Looked;
use crate::model::date::Date;
use crate::model::environment::Environment;
use crate::report::{Entry, Notice};

/// What a baseline said of a scan.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// For each entry, what became of it.
    pub fates: Vec<Fate>,
    /// Entries by their index, as they are for the file that took the place of theirs.
    pub moved: HashMap<usize, Accepted>,
    /// The path below the root of each file that was looked at, by its name for people.
    pub within: HashMap<String, String>,
    /// How many findings are accepted.
    pub taken: usize,
    /// How many of them are in production files.
    pub waived: usize,
}

/// Which files were looked at.
#[derive(Default)]
pub(super) struct Known {
    within: HashMap<String, String>,
    complete: BTreeSet<String>,
    doubtful: BTreeSet<String>,
}

impl Known {
    pub(super) fn add(&mut self, looked: &Looked) {
        // what is not UTF-8 is replaced in both: such a name may be that of two files
        let Some(within) = looked.within.as_ref().filter(|path| !path.contains(char::REPLACEMENT_CHARACTER)) else { return };
        if looked.complete {
            self.complete.insert(within.clone());
        }
        if self.within.insert(looked.name.clone(), within.clone()).is_some_and(|old| old != *within) {
            self.doubtful.insert(looked.name.clone());
        }
    }

    /// Takes what `baseline` accepts out of `entries`; the warnings about it go to `notices`. `whole` says whether everything below its root
    /// was looked at, `looks` whether a rule looked.
    pub(super) fn judge(
        mut self,
        baseline: Option<&Baseline>,
        scope: (bool, Date),
        looks: impl Fn(&str) -> Option<bool>,
        entries: &mut Vec<Entry>,
        notices: &mut Vec<Notice>,
    ) -> Judged {
        self.within.retain(|name, _| !self.doubtful.contains(name));
        let Some(baseline) = baseline else { return Judged { within: self.within, ..Judged::default() } };
        let placed: Vec<Placed<'_>> =
            entries.iter().map(|entry| (self.within.get(&entry.finding.file).map(String::as_str), &entry.finding)).collect();
        let scope = Scope { files: self.complete.iter().map(String::as_str).collect(), whole: scope.0, today: scope.1 };
        let applied = baseline.apply(&placed, &scope);
        let file_of = |i: usize| entries.get(i).map(|entry| entry.finding.file.clone()).unwrap_or_default();
        for (n, message) in applied.warnings(baseline, looks, file_of) {
            let line = baseline.entries.get(n).map_or(0, |entry| entry.line);
            notices.push(Notice { file: baseline.file.clone(), line, message });
        }
        let moved = moved(baseline, &applied, &placed);
        let mut by = applied.by.iter();
        let (before, mut waived) = (entries.len(), 0);
        entries.retain(|entry| {
            let taken = by.next().is_some_and(Option::is_some);
            waived += usize::from(taken && entry.finding.environment == Environment::Production);
            !taken
        });
        Judged { fates: applied.fates, moved, within: self.within, taken: before - entries.len(), waived }
    }
}

/// Entries as they are for the file that took the place of theirs.
fn moved(baseline: &Baseline, applied: &Applied, placed: &[Placed<'_>]) -> HashMap<usize, Accepted> {
    let at = |(n, fate): (usize, &Fate)| {
        let Fate::Follows(i) = fate else { return None };
        let (path, finding) = placed.get(*i)?;
        let now = Accepted { path: (*path)?.to_owned(), fingerprint: finding.fingerprint.clone(), ..baseline.entries.get(n)?.clone() };
        Some((n, now))
    };
    applied.fates.iter().enumerate().filter_map(at).collect()
}
