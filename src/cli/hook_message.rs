//! What stops a commit or a push, for the person who is about to make it: what, where, why, and what to type. On stderr, where git and hook
//! managers show it; masks only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use harden::model::finding::Finding;
use harden::model::severity::{Class, Fix};
use harden::report::{Entry, Report, advice};

use super::args::Cli;
use super::hook_guard::Refusal;
use super::ui::{self, word};

/// What the hook stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// A commit.
    Commit,
    /// A push.
    Push,
    /// Nothing: files were named, or a manager runs over the whole tree.
    Files,
}

/// More are counted and not shown: nobody reads on.
const MOST_SHOWN: usize = 20;

/// Files in one pasteable command.
const MOST_FILES: usize = 6;

/// Prints all that stops it; nothing when nothing does.
pub(crate) fn print(report: &Report, refusals: &[Refusal], before: Before) {
    let failing: Vec<&Entry> = report.entries.iter().filter(|e| report.fails(&e.finding)).collect();
    let count = failing.len() + refusals.len();
    if count == 0 {
        return;
    }
    let (things, verb) = if count == 1 { ("1 finding", "stops") } else { (&*format!("{count} findings"), "stop") };
    ui::error(&match before {
        Before::Commit => format!("{things} {verb} this commit"),
        Before::Push => format!("{things} {verb} this push"),
        Before::Files => things.to_owned(),
    });
    for refusal in refusals.iter().take(MOST_SHOWN) {
        ui::note(&format!("{}: {}\n  why: {}\n  fix: {}", refusal.file.display(), refusal.what, refusal.why, refusal.fix));
    }
    let room = MOST_SHOWN.saturating_sub(refusals.len());
    let mut told = BTreeSet::new();
    for entry in failing.iter().take(room) {
        show(report, entry, &mut told);
    }
    if count > MOST_SHOWN {
        ui::note(&format!("and {} more", count - MOST_SHOWN));
    }
    let findings: Vec<&Finding> = failing.iter().map(|e| &e.finding).collect();
    if let Some(first) = findings.first() {
        fixes(&findings, before);
        // what is accepted counts as it is staged
        let staged = if before == Before::Commit { ", then `git add .harden`" } else { "" };
        let more = if findings.len() == 1 { "" } else { ", and so on" };
        ui::hint(&format!("to accept: a comment on that line, `harden:ignore {} REASON`{more}; or {}{staged}", first.rule, kept(first)));
    }
    match before {
        Before::Commit => ui::hint("past it, this once: git commit --no-verify"),
        Before::Push => ui::hint("past it, this once: git push --no-verify"),
        Before::Files => {}
    }
}

fn show<'a>(report: &'a Report, entry: &'a Entry, told: &mut BTreeSet<&'a str>) {
    let finding = &entry.finding;
    let commit = entry.origin.as_ref().and_then(|o| o.commit.get(..10)).map(|c| format!(" in commit {c}")).unwrap_or_default();
    ui::note(&format!("{}:{}: {}[{}]{commit}: {}", finding.file, finding.start.line, finding.severity, finding.rule, finding.message));
    for line in entry.excerpt.lines.iter().filter(|line| !line.mark.is_empty()).take(1) {
        ui::note(&format!("  {} | {}", line.number, line.text.trim()));
    }
    if told.insert(&finding.rule)
        && let Some(card) = report.card(&finding.rule).filter(|card| !card.why.is_empty())
    {
        ui::note(&format!("  why: {}", card.why));
    }
}

/// Where a finding is accepted without touching its file.
fn kept(finding: &Finding) -> String {
    // as long as there is such a command
    if Cli::command().find_subcommand("baseline").is_none() {
        return "[[allow]] in harden.toml".to_owned();
    }
    format!("`harden baseline {} --only {} --reason \"WHY\"`", word(Path::new(&finding.file)), finding.rule)
}

/// The command that puts most of it right, and in words what no command does.
fn fixes(findings: &[&Finding], before: Before) {
    let files = |wanted: &dyn Fn(&Finding) -> bool| {
        let files: BTreeSet<PathBuf> = findings.iter().filter(|f| wanted(f)).map(|f| PathBuf::from(&f.file)).collect();
        files
    };
    let again = match before {
        Before::Commit => ", then `git add` what it changed",
        Before::Push => ", then amend or rebase the commits; what was pushed before has to be replaced as well",
        Before::Files => "",
    };
    let plan = files(&|f| matches!(f.fix, Fix::Safe | Fix::Review));
    if !plan.is_empty() {
        ui::hint(&format!("to fix: `harden fix{}` shows the plan, with --apply makes it{again}", list(&plan)));
    }
    let sealable = |f: &Finding| f.class == Class::HardcodedSecret && f.fix == Fix::Manual && is_env(Path::new(&f.file));
    let seal = files(&sealable);
    if !seal.is_empty() {
        ui::hint(&format!("to fix: `harden encrypt{0} && git rm --cached --{0}`, and commit the sealed file", list(&seal)));
    }
    let mut said = BTreeSet::new();
    for finding in findings.iter().filter(|f| !matches!(f.fix, Fix::Safe | Fix::Review) && !sealable(f)) {
        if said.insert(advice::help(finding)) && said.len() <= 3 {
            ui::hint(&format!("by hand ({}): {}", finding.rule, advice::help(finding)));
        }
    }
}

/// The files as words of a command; none where they are too many to be typed.
fn list(files: &BTreeSet<PathBuf>) -> String {
    if files.len() > MOST_FILES {
        return String::new();
    }
    files.iter().map(|file| format!(" {}", word(file))).collect()
}

fn is_env(path: &Path) -> bool {
    path.file_name().and_then(|n| n.to_str()).is_some_and(|name| name == ".env" || name.starts_with(".env.") || name.ends_with(".env"))
}
