//! What is accepted is told apart from what is new: entries of a baseline against the findings of a scan.
//!
//! An entry speaks for the finding at its own place, and for no other. When its file is gone, and exactly one other file can be that file under
//! another name, it speaks for the same place there. All of it is decided here, once for a scan, whatever the findings come from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use super::accepted::Accepted;
use crate::model::date::Date;
use crate::model::finding::Finding;
use crate::model::severity::Severity;

/// A baseline and where it came from.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The entries, in any order.
    pub entries: Vec<Accepted>,
    /// The folder that their paths are relative to, without links.
    pub root: PathBuf,
    /// The file, for people.
    pub file: String,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It spoke for a finding.
    Used,
    /// It spoke for the finding of this index: its file has another name.
    Follows(usize),
    /// Its finding is there, and its last day has passed.
    Expired,
    /// Its finding is there, and is worse than what was accepted.
    Worse(Severity),
    /// Its file was looked at and there is no such finding, or its file is gone.
    Stale,
    /// Its file was not looked at.
    Unseen,
}

/// What a baseline says of the findings of a scan.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// For each finding, the entry that speaks for it.
    pub by: Vec<Option<usize>>,
    /// For each entry, what became of it.
    pub fates: Vec<Fate>,
}

/// What was looked at.
#[derive(Debug)]
pub struct Extent<'a> {
    /// Files that were looked at from end to end and understood, below the root.
    pub files: BTreeSet<&'a str>,
    /// Whether everything below the root was to be looked at: only then is "exactly one" known.
    pub whole: bool,
    /// The day.
    pub today: Date,
}

/// Rule, key and place without a file.
type Spot<'a> = (&'a str, &'a str, &'a str);

/// Files that may be one that is gone, each with the entries and findings that fit.
type Heirs<'a> = BTreeMap<&'a str, Vec<(usize, usize)>>;

/// A finding, with its file below the root; `None` outside of it, or where the path does not name one file for sure.
pub type Placed<'a> = (Option<&'a str>, &'a Finding);

impl Baseline {
    /// Tells which of `findings` are accepted.
    #[must_use]
    pub fn apply(&self, findings: &[Placed<'_>], extent: &Extent<'_>) -> Applied {
        let by_place: HashMap<&str, usize> = self.entries.iter().enumerate().map(|(i, e)| (e.fingerprint.as_str(), i)).collect();
        let mut applied = Applied { by: vec![None; findings.len()], fates: vec![Fate::Unseen; self.entries.len()] };
        for (i, (path, finding)) in findings.iter().enumerate() {
            let Some((n, entry)) = by_place.get(finding.fingerprint.as_str()).and_then(|n| self.entries.get(*n).map(|e| (*n, e))) else {
                continue;
            };
            // what the line says for people is what it means: an entry that names another place than its fingerprint does is none
            if *path != Some(entry.path.as_str()) || entry.rule != finding.rule || entry.key != finding.key {
                continue;
            }
            let fate = fate(entry, finding, Fate::Used, extent.today);
            if fate == Fate::Used {
                set(&mut applied.by, i, Some(n));
            }
            set(&mut applied.fates, n, fate);
        }
        if extent.whole {
            self.follow(findings, extent, &mut applied);
        }
        for (n, entry) in self.entries.iter().enumerate() {
            let looked_at = extent.files.contains(entry.path.as_str()) || (extent.whole && self.is_gone(&entry.path));
            if looked_at && applied.fates.get(n) == Some(&Fate::Unseen) {
                set(&mut applied.fates, n, Fate::Stale);
            }
        }
        applied
    }

    /// Lets the entries of a file that is gone speak for the file that took its place. That is a file of the same name or in the same folder,
    /// of which the baseline knew nothing, that has a finding at the same place; where two could be meant, none is.
    fn follow(&self, findings: &[Placed<'_>], extent: &Extent<'_>, applied: &mut Applied) {
        let known: BTreeSet<&str> = self.entries.iter().map(|e| e.path.as_str()).collect();
        let mut new: HashMap<Spot<'_>, Vec<(usize, &str)>> = HashMap::new();
        for (i, (path, finding)) in findings.iter().enumerate() {
            if let Some(path) = path.filter(|path| !known.contains(path)) {
                new.entry((&finding.rule, &finding.key, &finding.place)).or_default().push((i, path));
            }
        }
        if new.is_empty() {
            return;
        }
        let gone: BTreeSet<&str> = known.into_iter().filter(|path| !extent.files.contains(path) && self.is_gone(path)).collect();
        // for each file that is gone, the files that may be it, with what fits in them
        let mut heirs: BTreeMap<&str, Heirs<'_>> = BTreeMap::new();
        for (n, entry) in self.entries.iter().enumerate().filter(|(_, e)| gone.contains(e.path.as_str())) {
            for (i, path) in new.get(&(entry.rule.as_str(), entry.key.as_str(), entry.place.as_str())).into_iter().flatten() {
                if akin(&entry.path, path) {
                    heirs.entry(&entry.path).or_default().entry(path).or_default().push((n, *i));
                }
            }
        }
        let mut claims: BTreeMap<&str, usize> = BTreeMap::new();
        for heir in heirs.values().flat_map(BTreeMap::keys) {
            *claims.entry(heir).or_default() += 1;
        }
        for candidates in heirs.values().filter(|candidates| candidates.len() == 1) {
            for (_, pairs) in candidates.iter().filter(|(heir, _)| claims.get(*heir) == Some(&1)) {
                for (n, i) in pairs {
                    let (Some(entry), Some((_, finding))) = (self.entries.get(*n), findings.get(*i)) else { continue };
                    let fate = fate(entry, finding, Fate::Follows(*i), extent.today);
                    if fate == Fate::Follows(*i) {
                        set(&mut applied.by, *i, Some(*n));
                    }
                    set(&mut applied.fates, *n, fate);
                }
            }
        }
    }

    /// Whether there is nothing at `path` any more.
    fn is_gone(&self, path: &str) -> bool {
        let found = self.root.join(path).symlink_metadata();
        found.is_err_and(|e| matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory))
    }
}

/// What `entry` comes to where it fits `finding`: `otherwise`, unless its day has passed or what it fits is worse than what was accepted.
fn fate(entry: &Accepted, finding: &Finding, otherwise: Fate, today: Date) -> Fate {
    if entry.until.is_some_and(|last| last < today) {
        Fate::Expired
    } else if finding.severity > entry.severity {
        Fate::Worse(finding.severity)
    } else {
        otherwise
    }
}

/// Whether `b` can be `a` under another name: the same name in another folder, or another name in the same folder.
fn akin(a: &str, b: &str) -> bool {
    let split = |path: &'_ str| path.rsplit_once('/').map_or((String::new(), path.to_owned()), |(f, n)| (f.to_owned(), n.to_owned()));
    let ((folder, name), (other_folder, other_name)) = (split(a), split(b));
    name == other_name || folder == other_folder
}

fn set<T>(list: &mut [T], at: usize, value: T) {
    if let Some(slot) = list.get_mut(at) {
        *slot = value;
    }
}

impl Applied {
    /// A warning for each entry that did not simply speak for its finding: its index and the sentence. `looks` says whether a rule looked,
    /// `None` where there is none of that name; `file_of` names the file of a finding.
    #[must_use]
    pub fn warnings(
        &self,
        baseline: &Baseline,
        looks: impl Fn(&str) -> Option<bool>,
        file_of: impl Fn(usize) -> String,
    ) -> Vec<(usize, String)> {
        let say = |n: usize, fate: &Fate| {
            let entry = baseline.entries.get(n)?;
            // what is no rule is not repeated: it may be anything
            let about = if looks(&entry.rule).is_some() { format!("the entry for `{}`", entry.rule) } else { "the entry".to_owned() };
            match fate {
                Fate::Used | Fate::Unseen => None,
                Fate::Follows(i) => Some(format!(
                    "{about} is taken for `{}`, since its own file is gone; `harden baseline --prune` writes that down",
                    file_of(*i)
                )),
                Fate::Expired => Some(format!("{about} has passed its date and no longer counts")),
                Fate::Worse(now) => Some(format!("{about} was accepted as {} and is {now} now: it no longer counts", entry.severity)),
                Fate::Stale if looks(&entry.rule) == Some(false) => None,
                Fate::Stale => Some(format!("{about} matches nothing any more; `harden baseline --prune` takes it out")),
            }
        };
        self.fates.iter().enumerate().filter_map(|(n, fate)| say(n, fate).map(|message| (n, message))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::accepted::tests::accepted;
    use super::{Baseline, Extent, Fate, akin};
    use crate::model::date::Date;
    use crate::model::finding::Finding;
    use crate::model::severity::{Class, Severity};
    use crate::report::{fingerprint, sample};

    fn found(path: &str, key: &str) -> Finding {
        Finding {
            fingerprint: fingerprint::fingerprint("weak-password", path, key, 0),
            place: fingerprint::place("weak-password", key, 0),
            ..sample::finding("weak-password", Class::DevSecret, Severity::High, path, 1, key)
        }
    }

    /// Fates and who is accepted; in an empty folder every file of the baseline that was not looked at is gone.
    fn judge(entries: &[(&str, &str)], findings: &[(&str, &str)], files: &[&str], whole: bool) -> (Vec<Fate>, Vec<Option<usize>>) {
        let dir = tempfile::tempdir().unwrap();
        let entries = entries.iter().map(|(path, key)| accepted(path, key)).collect();
        let baseline = Baseline { entries, root: dir.path().to_owned(), file: String::new() };
        let all: Vec<Finding> = findings.iter().map(|(path, key)| found(path, key)).collect();
        let placed: Vec<_> = findings.iter().zip(&all).map(|((path, _), finding)| (Some(*path), finding)).collect();
        let extent = Extent { files: files.iter().copied().collect(), whole, today: Date::parse("2026-11-25").unwrap() };
        let applied = baseline.apply(&placed, &extent);
        (applied.fates, applied.by)
    }

    #[test]
    fn an_entry_speaks_for_its_own_place_only() {
        let (fates, by) = judge(&[("a/.env", "K")], &[("a/.env", "K"), ("a/.env", "L"), ("b/.env", "K")], &["a/.env", "b/.env"], true);
        assert_eq!((fates, by), (vec![Fate::Used], vec![Some(0), None, None]));
    }

    #[test]
    fn entries_follow_a_file_that_was_renamed_or_moved() {
        for to in ["b/.env", "a/.env.production", ".env"] {
            let (fates, by) = judge(&[("a/.env", "K"), ("a/.env", "L")], &[(to, "K"), (to, "L"), (to, "M")], &[to], true);
            assert_eq!((fates, by), (vec![Fate::Follows(0), Fate::Follows(1)], vec![Some(0), Some(1), None]), "{to}");
        }
    }

    #[test]
    fn nothing_is_followed_where_it_could_be_another_secret() {
        let gone = &[("a/.env", "K")][..];
        // the file is still there
        assert_eq!(judge(gone, &[("b/.env", "K")], &["a/.env", "b/.env"], true).1, [None]);
        // two files could be it
        assert_eq!(judge(gone, &[("b/.env", "K"), ("c/.env", "K")], &["b/.env", "c/.env"], true).1, [None, None]);
        // another name in another folder
        assert_eq!(judge(gone, &[("b/app.env", "K")], &["b/app.env"], true).1, [None]);
        // another key
        assert_eq!(judge(gone, &[("b/.env", "L")], &["b/.env"], true), (vec![Fate::Stale], vec![None]));
        // a part of the tree: there may be a second one elsewhere
        assert_eq!(judge(gone, &[("b/.env", "K")], &["b/.env"], false), (vec![Fate::Unseen], vec![None]));
        // the other file has entries of its own
        let known = &[("a/.env", "K"), ("b/.env", "L")];
        assert_eq!(judge(known, &[("b/.env", "K"), ("b/.env", "L")], &["b/.env"], true).1, [None, Some(1)]);
        // two files that are gone claim one
        assert_eq!(judge(&[("a/.env", "K"), ("c/.env", "K")], &[("b/.env", "K")], &["b/.env"], true).1, [None]);
    }

    #[test]
    fn what_was_not_looked_at_is_not_stale() {
        assert_eq!(judge(&[("a/.env", "K")], &[], &["a/.env"], false).0, [Fate::Stale]);
        assert_eq!(judge(&[("a/.env", "K")], &[], &[], false).0, [Fate::Unseen]);
        assert_eq!(judge(&[("a/.env", "K")], &[], &[], true).0, [Fate::Stale], "gone");
    }

    #[test]
    fn a_day_that_has_passed_and_a_worse_finding_end_it() {
        let finding = found(".env", "K");
        let extent = Extent { files: [".env"].into(), whole: false, today: Date::parse("2026-11-25").unwrap() };
        let with = |change: fn(&mut super::Accepted)| {
            let mut entry = accepted(".env", "K");
            change(&mut entry);
            let baseline = Baseline { entries: vec![entry], root: "/nonexistent".into(), file: String::new() };
            let applied = baseline.apply(&[(Some(".env"), &finding)], &extent);
            (applied.fates[0].clone(), applied.by[0])
        };
        assert_eq!(with(|e| e.until = Date::parse("2026-11-25")), (Fate::Used, Some(0)), "its last day");
        assert_eq!(with(|e| e.until = Date::parse("2026-11-24")), (Fate::Expired, None));
        assert_eq!(with(|e| e.severity = Severity::Medium), (Fate::Worse(Severity::High), None));
        assert_eq!(with(|e| e.severity = Severity::Critical), (Fate::Used, Some(0)));
        // a line that says one place for people and another by its fingerprint
        assert_eq!(with(|e| e.key = "OTHER".to_owned()).1, None);
        assert_eq!(with(|e| e.path = "tests/.env".to_owned()).1, None);
    }

    #[test]
    fn names_and_folders() {
        assert!(akin("a/x", "b/x") && akin("a/x", "a/y") && akin("x", "y") && akin("x", "a/x"));
        assert!(!akin("a/x", "b/y") && !akin("x", "a/y"));
    }
}
