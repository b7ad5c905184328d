//! What a push brings: the findings that the commits which the remote lacks bring first.

use std::collections::BTreeSet;

use harden::git::{Commits, Sent};
use harden::report::Report;
use harden::scan::{Request, Scan, Wanted, history};

use super::exit::Failure;

/// Looks at all that is sent; `None` when that is nothing.
pub(crate) fn pushed(request: &Request<'_>, sent: &[Sent]) -> Result<Option<Scan>, Failure> {
    let mut all: Option<Scan> = None;
    for sent in sent {
        let commits = Commits { range: sent.range.clone(), since: None, branch: None };
        let mut scan =
            history(request, &Wanted { commits, progress: &|_, _| {} }).map_err(|e| Failure::new(e).hint("nothing was looked at"))?;
        // the range may reach further back than what is sent
        scan.report.entries.retain(|entry| entry.origin.as_ref().is_some_and(|origin| sent.commits.contains(&origin.commit)));
        match &mut all {
            Some(all) => add(all, scan),
            None => all = Some(scan),
        }
    }
    Ok(all)
}

fn add(all: &mut Scan, one: Scan) {
    let Report { entries, totals, notices, rules, .. } = one.report;
    // two branches may send one commit
    let known: BTreeSet<String> = all.report.entries.iter().map(|e| e.finding.fingerprint.clone()).collect();
    all.report.entries.extend(entries.into_iter().filter(|e| !known.contains(&e.finding.fingerprint)));
    all.report.totals += totals;
    all.report.notices.extend(notices);
    let known: BTreeSet<String> = all.report.rules.iter().map(|card| card.id.clone()).collect();
    all.report.rules.extend(rules.into_iter().filter(|card| !known.contains(&card.id)));
    all.problems.extend(one.problems);
}
