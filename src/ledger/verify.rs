//! Whether the record is what was written: each line follows a line that is there, and was vouched for by somebody who has the project's key.

use std::collections::BTreeSet;

use super::chain::{Chain, Ledger, Line, Writer};
use super::entry::Vouch;
use crate::disk::read::sha256;

/// What came of it, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every line is in its place and carries a fitting HMAC.
    Authentic,
    /// Every line is in its place; who wrote some of them cannot be told.
    Consistent,
    /// Lines are missing, changed or from somebody else.
    Broken,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The ledger's writer; `None` for what is missing everywhere.
    pub writer: Option<Writer>,
    /// The line, from 1; 0 for what is missing.
    pub line: usize,
    /// What is the matter, in our own words.
    pub what: String,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// In one word.
    pub verdict: Verdict,
    /// Lines.
    pub lines: usize,
    /// Lines with a fitting HMAC.
    pub authentic: usize,
    /// Lines that were written where the project's key could not be opened.
    pub unauthenticated: usize,
    /// Places where two branches were merged.
    pub forks: usize,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// The last line of each ledger, by its hash: kept elsewhere, it shows whether anything was cut off.
    pub heads: Vec<(Writer, String)>,
}

/// Checks all of `ledger`. `vouch` is the HMAC under the project's key, where that is open; `heads` are hashes of lines that must be there.
#[must_use]
pub fn verify(ledger: &Ledger, vouch: Option<&Vouch<'_>>, heads: &[String]) -> Judgement {
    let mut out = Judgement {
        verdict: Verdict::Authentic,
        lines: 0,
        authentic: 0,
        unauthenticated: 0,
        forks: 0,
        faults: Vec::new(),
        heads: Vec::new(),
    };
    for chain in &ledger.chains {
        one(chain, vouch, &mut out);
    }
    let all: BTreeSet<&str> = ledger.chains.iter().flat_map(|c| &c.lines).map(|line| line.hash.as_str()).collect();
    for head in heads.iter().filter(|head| !all.contains(head.as_str())) {
        let what = format!("no line has the hash {head}: what ended there was cut off, or changed");
        out.faults.push(Fault { writer: None, line: 0, what });
    }
    out.verdict = if !out.faults.is_empty() {
        Verdict::Broken
    } else if out.authentic == out.lines && out.lines > 0 {
        Verdict::Authentic
    } else {
        Verdict::Consistent
    };
    out
}

fn one(chain: &Chain, vouch: Option<&Vouch<'_>>, out: &mut Judgement) {
    let fault = |line: &Line, what: &str| Fault { writer: Some(chain.writer.clone()), line: line.number, what: what.to_owned() };
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut followed: BTreeSet<&str> = BTreeSet::new();
    let mut begun = false;
    for line in &chain.lines {
        out.lines += 1;
        if line.entry.is_none() {
            out.faults.push(fault(line, "it is no line of a ledger"));
            seen.insert(&line.hash);
            continue;
        }
        if line.prev.is_empty() && begun {
            out.faults.push(fault(line, "it follows no line, and is not the first"));
        }
        begun = true;
        for prev in &line.prev {
            if !seen.contains(prev.as_str()) {
                out.faults.push(fault(line, "the line that it follows is missing, or was changed"));
            }
            out.forks += usize::from(!followed.insert(prev));
        }
        if !seen.insert(&line.hash) {
            out.faults.push(fault(line, "it stands there twice"));
        }
        match (&line.hmac, vouch) {
            (None, _) => out.unauthenticated += 1,
            (Some(_), None) => {}
            (Some(hmac), Some(vouch)) if same(hmac, &vouch(line.vouched.as_bytes())) => out.authentic += 1,
            (Some(_), Some(_)) => out.faults.push(fault(line, "its HMAC does not fit: it was changed, or written with another key")),
        }
    }
    out.heads.extend(chain.heads().into_iter().map(|head| (chain.writer.clone(), head)));
}

/// Equality of hex digits without an early exit.
fn same(a: &str, b: &str) -> bool {
    sha256(a.as_bytes()) == sha256(b.as_bytes())
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
