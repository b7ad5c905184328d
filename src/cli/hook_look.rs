//! What a hook looks at that lies in no file: objects of the index and of commits. In memory; nothing is written.

use std::collections::{BTreeMap, HashSet};

use harden::git::{Brought, Repository};
use harden::report::Report;
use harden::scan::{LIMIT, Request, Scan, scan_stream};

use super::exit::Failure;

/// Looks at what is staged; only lines that the commit adds count.
pub(crate) fn staged(request: &Request<'_>, repository: &Repository) -> Result<Scan, Failure> {
    Ok(pushed(request, repository, &repository.staged_changes()?)?.0)
}

/// Looks at what commits bring; only lines that they add count, each once. With each finding goes its commit.
pub(crate) fn pushed(request: &Request<'_>, repository: &Repository, changes: &[Brought]) -> Result<(Scan, Vec<String>), Failure> {
    let mut all: Option<Scan> = None;
    let mut commits = Vec::new();
    let mut seen = HashSet::new();
    // few at a time: the objects of a long push need not lie in memory together
    for some in changes.chunks(200) {
        let new: Vec<&Brought> = some.iter().filter(|c| wanted(request, repository, c)).collect();
        let objects: Vec<&str> = new.iter().flat_map(|c| c.new.iter().chain(&c.old)).map(String::as_str).collect();
        let blobs = repository.blobs(&objects, LIMIT)?;
        for change in new {
            let Some(object) = change.new.as_deref().filter(|object| seen.insert((change.path.clone(), (*object).to_owned()))) else {
                continue;
            };
            let Some(bytes) = blobs.get(object) else { continue };
            let name = change.path.to_string_lossy();
            let mut scan = scan_stream(request, &name, &mut bytes.as_slice()).map_err(Failure::new)?;
            let old = change.old.as_deref().and_then(|old| blobs.get(old));
            let known: HashSet<&[u8]> =
                old.map(|bytes| bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end).collect()).unwrap_or_default();
            let lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end).collect();
            scan.report.entries.retain(|entry| {
                let finding = &entry.finding;
                let own = lines.get(finding.start.line.saturating_sub(1)..finding.end_line.min(lines.len())).unwrap_or_default();
                old.is_none() || own.iter().any(|line| !known.contains(line))
            });
            commits.extend(scan.report.entries.iter().map(|_| change.commit.clone().unwrap_or_default()));
            match &mut all {
                Some(all) => add(all, scan),
                None => all = Some(scan),
            }
        }
    }
    let scan = match all {
        Some(scan) => scan,
        // nothing to look at is clean
        None => scan_stream(request, "nothing", &mut std::io::empty()).map_err(Failure::new)?,
    };
    Ok((scan, commits))
}

fn add(all: &mut Scan, one: Scan) {
    let Report { entries, totals, notices, rules, .. } = one.report;
    all.report.entries.extend(entries);
    all.report.totals += totals;
    all.report.notices.extend(notices);
    let known: BTreeMap<String, ()> = all.report.rules.iter().map(|card| (card.id.clone(), ())).collect();
    all.report.rules.extend(rules.into_iter().filter(|card| !known.contains_key(&card.id)));
    all.problems.extend(one.problems);
}

/// A file that is one of those to be looked at: not of `.harden/`, not excluded, not sealed.
fn wanted(request: &Request<'_>, repository: &Repository, change: &Brought) -> bool {
    if change.new.is_none() || change.path.components().any(|part| part.as_os_str() == ".harden") {
        return false;
    }
    let Some(loaded) = request.config else { return true };
    let whole = repository.root().join(&change.path);
    !whole.strip_prefix(&loaded.root).is_ok_and(|below| loaded.config.exclude.set().is_match(below))
}
