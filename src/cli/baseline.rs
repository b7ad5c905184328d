//! `harden baseline`: accepts the findings of today, so that those of tomorrow stand out.

use std::collections::BTreeSet;

use harden::disk::atomic::{ModePolicy, create_new, write_atomic};
use harden::disk::lock::Lock;
use harden::model::date::Date;
use harden::model::finding::Finding;
use harden::model::secret::Secret;
use harden::model::severity::{Class, Profile, Severity};
use harden::rules::load::RuleSet;
use harden::scan::accepted::{self, Accepted, says_something};
use harden::scan::baseline::{Baseline, Fate};
use harden::scan::{Keep, Request, Scan, scan};

use super::args::Global;
use super::baseline_args::BaselineArgs;
use super::baseline_file::File;
use super::exit::{Exit, Failure};
use super::interrupted;
use super::project::Project;
use super::recording::whoever;
use super::retired::Replaced;
use super::ui;

/// Two branches that both accept something are merged line by line.
const MERGE: &str = "baseline.jsonl merge=union\n";

/// Looks, accepts what is open, and writes.
pub(crate) fn run(args: &BaselineArgs, global: &Global) -> Result<Exit, Failure> {
    check(args, global)?;
    let project = Project::load(&args.paths, global.no_config)?;
    interrupted::mention(&project, &args.paths);
    let file = File::of(args.file.as_deref().map(std::path::Path::as_os_str), &project, &args.paths)?;
    let before = file.bytes()?;
    let old = file.baseline(before.as_deref().unwrap_or_default())?;
    let told = project.config.as_ref().and_then(|c| c.config.profile);
    let replaced = Replaced::of(project.config.as_ref());
    let day = |value: &Secret| replaced.day(value);
    let request = Request {
        paths: &args.paths,
        no_ignore: args.no_ignore,
        profile: args.profile.or(told).unwrap_or(Profile::Production),
        fail_on: None,
        config: project.config.as_ref(),
        rules: &project.rules,
        honour: true,
        keep: Keep::All,
        baseline: Some(&old),
        twins: None,
        new_only: None,
        retired: replaced.is_known().then_some(&day),
        spoken: None,
        cache: None,
    };
    let scan = scan(&request).map_err(|e| Failure::new(e).hint("no file was looked at"))?;
    if let Some(problem) = scan.problems.first() {
        return Err(Failure::new(problem).hint("nothing was accepted"));
    }
    if scan.report.totals.files == 0 && before.is_none() {
        ui::note("no file to look at");
        return Ok(Exit::NothingThere);
    }
    let new = match &args.reason {
        Some(reason) => accept(args, reason, &scan, &project.rules)?,
        None => Vec::new(),
    };
    let (entries, done) = merged(&old, new, &scan, args.prune);
    let text = accepted::write(&entries);
    if done.is_empty() && (before.is_none() || before.as_deref() == Some(text.as_bytes())) {
        ui::say(if args.reason.is_some() { "nothing to accept: no finding is open" } else { "nothing to take out" });
        return Ok(Exit::Clean);
    }
    write(&file, before.as_deref(), &text)?;
    done.iter().for_each(|line| ui::say(line));
    ui::say(&format!("wrote {} ({}): commit it", file.shown(), counted(entries.len(), "entry", "entries")));
    Ok(Exit::Clean)
}

/// What can be refused before anything is read.
fn check(args: &BaselineArgs, global: &Global) -> Result<(), Failure> {
    let refused = |message: &str| Err(Failure::new(format!("{message}; nothing was written")));
    if global.no_config {
        return refused("`harden baseline` writes what `--no-config` ignores");
    }
    if args.paths.iter().any(|p| p.as_os_str() == "-") {
        return refused("a baseline is about files, and standard input is none");
    }
    match args.reason.as_deref() {
        None if !args.prune => {
            let failure = Failure::new("to accept findings takes a reason; nothing was written");
            Err(failure.hint("`harden baseline --reason \"why\"`; `harden baseline --prune` by itself only takes entries out"))
        }
        Some(reason) if !says_something(reason) => refused("`--reason` is empty"),
        _ if args.until.is_some_and(|last| last < Date::today()) => refused("`--until` has passed already"),
        _ => Ok(()),
    }
}

/// Entries for the open findings that were asked for. `info` counts nowhere, so there is nothing to accept.
fn accept(args: &BaselineArgs, reason: &str, scan: &Scan, rules: &RuleSet) -> Result<Vec<Accepted>, Failure> {
    let findings: Vec<&Finding> = scan.report.entries.iter().map(|e| &e.finding).collect();
    let known = |word: &str| Class::WORDS.contains(&word) || rules.get(word).is_some() || findings.iter().any(|f| f.key == word);
    if let Some((i, word)) = args.only.iter().enumerate().find(|(_, word)| !known(word)) {
        // what was typed for a key may be a value
        let which = if args.only.len() == 1 { String::new() } else { format!(" number {}", i + 1) };
        let failure = Failure::new(format!("`--only`{which} names no rule, class or key of a finding; nothing was written"));
        let near = rules.nearest(word).map(|near| format!("the nearest rule is `{near}`"));
        return Err(failure.hint(near.as_deref().unwrap_or("`harden rules list` shows rules and classes")));
    }
    let chosen = |f: &Finding| args.only.is_empty() || args.only.iter().any(|o| *o == f.rule || o == f.class.word() || *o == f.key);
    let wanted: Vec<&Finding> = findings.into_iter().filter(|f| f.severity > Severity::Info && chosen(f)).collect();
    if let Some(finding) = wanted.iter().find(|finding| says_value(reason, scan, finding)) {
        let failure = Failure::new(format!("the reason says the value at {}:{}; nothing was written", finding.file, finding.start.line));
        return Err(failure.hint("the baseline is committed: say it in other words"));
    }
    let by = args.by.clone().unwrap_or_else(whoever);
    let mut places = BTreeSet::new();
    let mut new = Vec::new();
    let mut outside = 0;
    for finding in wanted {
        let Some(path) = scan.accepted.within.get(&finding.file) else {
            outside += 1;
            continue;
        };
        if places.insert(finding.fingerprint.as_str()) {
            new.push(Accepted {
                path: path.clone(),
                key: finding.key.clone(),
                rule: finding.rule.clone(),
                severity: finding.severity,
                fingerprint: finding.fingerprint.clone(),
                place: finding.place.clone(),
                reason: reason.trim().to_owned(),
                by: by.clone(),
                on: Date::today(),
                until: args.until,
                line: 0,
            });
        }
    }
    if outside > 0 {
        let what = counted(outside, "finding is", "findings are");
        ui::warn(&format!("{what} not accepted: outside of the project's folder, or in a file whose name is not UTF-8"));
    }
    Ok(new)
}

/// Whether a reason repeats the value that it is about: then the baseline would be a place to read it.
fn says_value(reason: &str, scan: &Scan, finding: &Finding) -> bool {
    if matches!(finding.class, Class::InsecureSetting | Class::EmptySecret | Class::MissingVariable) {
        return false;
    }
    let document = scan.documents.iter().map(|kept| &kept.document).find(|document| document.path == finding.file);
    let value = document.and_then(|d| d.text.as_str().get(finding.span.start..finding.span.end)).unwrap_or_default().trim();
    let (reason, value) = (reason.to_lowercase(), value.to_lowercase());
    let is_part = |c: char| c.is_alphanumeric();
    // a short value may be a part of any word
    let whole = |at: usize| {
        let (before, after) = (reason.get(..at).unwrap_or_default(), reason.get(at + value.len()..).unwrap_or_default());
        !before.ends_with(is_part) && !after.starts_with(is_part)
    };
    value.chars().count() >= 4 && reason.match_indices(&value).any(|(at, _)| value.chars().count() >= 8 || whole(at))
}

/// The entries as they are to be, and what was done, in words.
fn merged(old: &Baseline, new: Vec<Accepted>, scan: &Scan, prune: bool) -> (Vec<Accepted>, Vec<String>) {
    let places: BTreeSet<&str> = new.iter().map(|entry| entry.fingerprint.as_str()).collect();
    let (mut kept, mut moved, mut out) = (Vec::new(), 0, 0);
    for (i, entry) in old.entries.iter().enumerate() {
        if places.contains(entry.fingerprint.as_str()) {
            continue;
        }
        let fate = scan.accepted.fates.get(i);
        if let Some(now) = scan.accepted.moved.get(&i) {
            moved += 1;
            kept.push(now.clone());
        } else if prune && matches!(fate, Some(Fate::Stale | Fate::Expired | Fate::Worse(_))) {
            out += 1;
        } else {
            kept.push(entry.clone());
        }
    }
    let mut done = Vec::new();
    if !new.is_empty() {
        let files: BTreeSet<&str> = new.iter().map(|entry| entry.path.as_str()).collect();
        let count = |severity| new.iter().filter(|entry| entry.severity == severity).count();
        let by_severity: Vec<String> = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low]
            .into_iter()
            .filter(|severity| count(*severity) > 0)
            .map(|severity| format!("{} {severity}", count(severity)))
            .collect();
        let until = new.first().and_then(|entry| entry.until).map(|day| format!(", until {day}")).unwrap_or_default();
        let (findings, files) = (counted(new.len(), "finding", "findings"), counted(files.len(), "file", "files"));
        done.push(format!("accepted {findings} in {files} ({}){until}", by_severity.join(", ")));
    }
    if moved > 0 {
        done.push(format!("{} the file to its new name", counted(moved, "entry follows", "entries follow")));
    }
    if out > 0 {
        done.push(format!("took out {} nothing or no longer count", counted(out, "entry that matches", "entries that match")));
    }
    kept.extend(new);
    (kept, done)
}

/// Writes the file whole, unless somebody else has changed it since it was read.
fn write(file: &File, before: Option<&[u8]>, text: &str) -> Result<(), Failure> {
    // one writer: of two that read the same entries, the later would undo what the earlier accepted
    let lock = file.own.then(|| Lock::acquire(&file.root)).transpose()?;
    if file.bytes()?.as_deref() != before {
        return Err(Failure::new(format!("{} was changed meanwhile; nothing was written", file.shown())).hint("run it again"));
    }
    if file.own {
        let folder = file.root.join(".harden");
        std::fs::create_dir_all(&folder)
            .map_err(|e| Failure::new(format!("{}: the folder cannot be made: {}", folder.display(), e.kind())))?;
        let attributes = folder.join(".gitattributes");
        if attributes.symlink_metadata().is_err() {
            create_new(&attributes, MERGE.as_bytes(), 0o644)?;
        }
    }
    let mode = if before.is_some() { ModePolicy::Keep } else { ModePolicy::Exactly(0o644) };
    write_atomic(&file.path, text.as_bytes(), mode)?;
    drop(lock);
    Ok(())
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
