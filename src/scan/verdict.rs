//! What the baseline says of a whole scan: findings that it speaks for leave the report and are counted.

use std::collections::{BTreeSet, HashMap};

use super::accepted::Accepted;
use super::baseline::{Applied, Baseline, Extent, Fate, Placed};
use super::looked::Looked;
use crate::model::date::Date;
use crate::model::environment::Environment;
use crate::report::{Entry, Notice, Scope};

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
pub(super) struct Files {
    within: HashMap<String, String>,
    complete: BTreeSet<String>,
    doubtful: BTreeSet<String>,
}

impl Files {
    pub(super) fn add(&mut self, looked: &Looked) {
        for (name, path) in &looked.places {
            // what is not UTF-8 is replaced in both: such a name may be that of two files
            if path.contains(char::REPLACEMENT_CHARACTER) {
                continue;
            }
            if looked.complete {
                self.complete.insert(path.clone());
            }
            if self.within.insert(name.clone(), path.clone()).is_some_and(|old| old != *path) {
                self.doubtful.insert(name.clone());
            }
        }
    }

    /// Takes what `baseline` accepts out of `entries`; the warnings about it go to `notices`. `all` says whether everything below its root was
    /// looked at, `looks` whether a rule looked. Of a part of the files, or of their lines, is not known what is not there any more.
    ///
    /// Of the history only what stands in HEAD still is accepted: an older value at the same place was never what was looked at.
    pub(super) fn judge(
        mut self,
        baseline: Option<&Baseline>,
        (scope, all): (Scope, bool),
        looks: impl Fn(&str) -> Option<bool>,
        entries: &mut Vec<Entry>,
        notices: &mut Vec<Notice>,
    ) -> Judged {
        self.within.retain(|name, _| !self.doubtful.contains(name));
        let Some(baseline) = baseline else { return Judged { within: self.within, ..Judged::default() } };
        let stands = |entry: &Entry| scope != Scope::History || entry.origin.as_ref().is_some_and(|origin| origin.in_head);
        let path = |entry: &Entry| self.within.get(&entry.finding.file).map(String::as_str).filter(|_| stands(entry));
        let placed: Vec<Placed<'_>> = entries.iter().map(|entry| (path(entry), &entry.finding)).collect();
        let whole_files = || self.complete.iter().map(String::as_str).collect();
        let files = if scope == Scope::Files { whole_files() } else { BTreeSet::new() };
        let extent = Extent { files, whole: all && scope == Scope::Files, today: Date::today() };
        let applied = baseline.apply(&placed, &extent);
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
