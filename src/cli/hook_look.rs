//! What a push brings: the versions of files in its commits, and of their findings those on lines that the commits add.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use harden::git::{Brought, Commits, Repository, Sent};
use harden::report::{Entry, Report};
use harden::scan::{LIMIT, Request, Scan, Wanted, history};

use super::exit::Failure;

/// Looks at all that is sent; `None` when that is nothing.
pub(crate) fn pushed(request: &Request<'_>, repository: &Repository, sent: &[Sent]) -> Result<Option<Scan>, Failure> {
    let mut all: Option<Scan> = None;
    for sent in sent {
        let commits = Commits { range: sent.range.clone(), since: None, branch: None };
        let mut scan =
            history(request, &Wanted { commits, progress: &|_, _| {} }).map_err(|e| Failure::new(e).hint("nothing was looked at"))?;
        scan.report.entries.retain(|entry| entry.origin.as_ref().is_some_and(|origin| sent.commits.contains(&origin.commit)));
        only_added(repository, &mut scan.report.entries)?;
        match &mut all {
            Some(all) => add(all, scan),
            None => all = Some(scan),
        }
    }
    Ok(all)
}

/// Keeps the findings on lines that no parent of their commit has in that file. What cannot be compared is kept.
fn only_added(repository: &Repository, entries: &mut Vec<Entry>) -> Result<(), Failure> {
    let commit = |entry: &Entry| entry.origin.as_ref().map(|origin| origin.commit.clone()).unwrap_or_default();
    let commits: BTreeSet<String> = entries.iter().map(commit).collect();
    let commits: Vec<&str> = commits.iter().map(String::as_str).collect();
    let named: BTreeSet<(String, PathBuf)> = entries.iter().map(|e| (commit(e), PathBuf::from(&e.finding.file))).collect();
    let brought = repository.brought_by(&commits)?;
    let key = |b: &Brought| (b.commit.clone().unwrap_or_default(), b.path.clone());
    let brought: HashMap<_, Brought> = brought.into_iter().map(|b| (key(&b), b)).filter(|(key, _)| named.contains(key)).collect();
    let objects: Vec<&str> = brought.values().flat_map(|b| b.new.iter().chain(&b.old)).map(String::as_str).collect();
    let blobs = repository.blobs(&objects, LIMIT)?;
    let lines = |object: &String| blobs.get(object.as_str()).map(|bytes| bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end));
    entries.retain(|entry| {
        let Some(change) = brought.get(&(commit(entry), PathBuf::from(&entry.finding.file))) else { return true };
        let Some(new) = change.new.as_ref().and_then(lines) else { return true };
        let finding = &entry.finding;
        let (first, last) = (finding.start.line, finding.end_line.max(finding.start.line));
        let own: Vec<&[u8]> = new.skip(first.saturating_sub(1)).take(last + 1 - first).collect();
        !change.old.iter().filter_map(lines).any(|old| {
            let old: HashSet<&[u8]> = old.collect();
            !own.is_empty() && own.iter().all(|line| old.contains(line))
        })
    });
    Ok(())
}

fn add(all: &mut Scan, one: Scan) {
    let Report { entries, totals, notices, rules, .. } = one.report;
    // two branches may send one commit
    let known: BTreeSet<String> = all.report.entries.iter().map(|e| e.finding.fingerprint.clone()).collect();
    all.report.entries.extend(entries.into_iter().filter(|e| !known.contains(&e.finding.fingerprint)));
    all.report.totals += totals;
    all.report.notices.extend(notices);
    let known: BTreeMap<String, ()> = all.report.rules.iter().map(|card| (card.id.clone(), ())).collect();
    all.report.rules.extend(rules.into_iter().filter(|card| !known.contains_key(&card.id)));
    all.problems.extend(one.problems);
}
