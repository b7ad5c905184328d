//! `harden ledger`: shows the record of what was changed, checks it, and hands it on. Nothing here writes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use harden::ledger::{Entry, Judgement, Ledger, Line, Subject, Verdict, Writer, verify};
use harden::seal::ProjectKey;

use super::args::{Global, IdentityArgs};
use super::exit::{Exit, Failure};
use super::interrupted;
use super::ledger_args::LedgerCommand;
use super::project::Project;
use super::recording::quietly;
use super::sealing;
use super::ui;

/// Does one of the three.
pub(crate) fn run(command: &LedgerCommand, global: &Global) -> Result<Exit, Failure> {
    match command {
        LedgerCommand::Show { dir, format } => show(dir, format, global),
        LedgerCommand::Verify { dir, head, identity } => check(dir, head, identity, global),
        LedgerCommand::Export { dir, identity } => export(dir, identity, global),
    }
}

/// The record of the project around `dir`, and where that is.
fn load(dir: &Path, global: &Global) -> Result<(PathBuf, Ledger), Failure> {
    if !dir.is_dir() {
        return Err(Failure::new(format!("{}: expected a folder", dir.display())));
    }
    if global.no_config {
        return Err(Failure::new("the ledger is a part of what `--no-config` ignores"));
    }
    let paths = [dir.to_owned()];
    let project = Project::bare(sealing::project(dir, false)?);
    interrupted::mention(&project, &paths);
    let roots = interrupted::roots(&project, &paths);
    let root = roots.iter().find(|root| root.join(harden::ledger::FOLDER).symlink_metadata().is_ok()).or(roots.first());
    let root = root.ok_or_else(|| Failure::new(format!("{}: expected a folder", dir.display())))?;
    Ok((root.clone(), Ledger::load(root).map_err(Failure::new)?))
}

fn nothing(root: &Path) -> Exit {
    ui::note(&format!(
        "there is no ledger in {}: `harden fix --apply` and `harden encrypt` begin one, where there are recipients",
        root.display()
    ));
    Exit::NothingThere
}

fn show(dir: &Path, format: &str, global: &Global) -> Result<Exit, Failure> {
    let (root, ledger) = load(dir, global)?;
    let lines = ledger.by_time();
    if lines.is_empty() {
        return Ok(nothing(&root));
    }
    let mut out = String::new();
    if format == "json" {
        let entries: Vec<serde_json::Value> = lines.iter().map(|(writer, line)| as_json(writer, line)).collect();
        out = serde_json::to_string_pretty(&serde_json::json!({ "schema": 1, "entries": entries })).unwrap_or_default() + "\n";
    } else {
        lines.iter().for_each(|(_, line)| human(&mut out, line));
    }
    answer(&if format == "json" { out } else { ui::printable(&out) })
}

fn as_json(writer: &Writer, line: &Line) -> serde_json::Value {
    let mut value = line.entry.as_ref().and_then(|entry| serde_json::to_value(entry).ok()).unwrap_or_else(|| serde_json::json!({}));
    if let Some(fields) = value.as_object_mut() {
        fields.insert("writer".to_owned(), writer.as_str().into());
        fields.insert("line".to_owned(), line.number.into());
        fields.insert("hash".to_owned(), line.hash.clone().into());
        fields.insert("authenticated".to_owned(), line.hmac.is_some().into());
    }
    value
}

/// One action: when, who, what; then its settings, or its files.
fn human(out: &mut String, line: &Line) {
    let Some(Entry { time, who, action, files, subjects, note, .. }) = &line.entry else {
        let _ = writeln!(out, "line {} cannot be read: `harden ledger verify`", line.number);
        return;
    };
    let who = if who.is_empty() { "somebody" } else { who };
    let note = if note.is_empty() { String::new() } else { format!("  ({note})") };
    let _ = writeln!(out, "{time}  {who}  {action}: {}{note}", files.join(", "));
    for (file, key, rule) in places(subjects) {
        let rule = if rule.is_empty() { String::new() } else { format!("  {rule}") };
        let _ = writeln!(out, "    {file}  {key}{rule}");
    }
}

/// File, key and rule of what a line is about, each once: what was replaced and tried is there twice.
fn places(subjects: &[Subject]) -> Vec<(&str, &str, &str)> {
    let mut seen = BTreeSet::new();
    let all = subjects.iter().map(|s| (s.file.as_str(), s.key.as_str(), s.rule.as_str()));
    all.filter(|place| seen.insert(*place)).collect()
}

fn check(dir: &Path, heads: &[String], identity: &IdentityArgs, global: &Global) -> Result<Exit, Failure> {
    if let Some(bad) = heads.iter().position(|head| head.len() != 64 || !head.bytes().all(|b| b.is_ascii_hexdigit())) {
        return Err(Failure::new(format!("`--head` number {} is no hash of a line: 64 hex digits", bad + 1)));
    }
    let heads: Vec<String> = heads.iter().map(|head| head.to_ascii_lowercase()).collect();
    let (root, ledger) = load(dir, global)?;
    if ledger.chains.is_empty() && heads.is_empty() {
        return Ok(nothing(&root));
    }
    let key = quietly(&root, identity, None);
    let judged = judge(&ledger, key.as_ref(), &heads);
    for fault in &judged.faults {
        let place = match (&fault.writer, fault.line) {
            (Some(writer), line) => format!("{}/{}.jsonl:{line}: ", harden::ledger::FOLDER, writer.as_str()),
            (None, _) => String::new(),
        };
        ui::error(&format!("{place}{}", fault.what));
    }
    tell(&judged, key.is_some(), &root);
    Ok(if judged.verdict == Verdict::Broken { Exit::Findings } else { Exit::Clean })
}

fn tell(judged: &Judgement, open: bool, root: &Path) {
    let lines = |count: usize| if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
    let all = lines(judged.lines);
    match judged.verdict {
        Verdict::Authentic => ui::say(&format!("authentic: {all}, each in its place and written by somebody who has the project's key")),
        Verdict::Consistent if !open => {
            let why = if ProjectKey::is_there(root) { "cannot be opened here" } else { "is not there" };
            ui::say(&format!("consistent only: {all}, each in its place; who wrote them cannot be told, for .harden/key.age {why}"));
        }
        Verdict::Consistent => ui::say(&format!(
            "consistent only: {all}, each in its place; {} written where the project's key could not be opened, and anybody could have",
            if judged.unauthenticated == 1 { "1 was".to_owned() } else { format!("{} were", judged.unauthenticated) }
        )),
        Verdict::Broken => ui::say(&format!(
            "broken: {all}, {} of them not as written, or missing what they follow",
            judged.faults.len().min(judged.lines.max(1))
        )),
    }
    judged.heads.iter().for_each(|(writer, head)| ui::say(&format!("head {head}  {}", writer.as_str())));
    if judged.verdict != Verdict::Broken && !judged.heads.is_empty() {
        ui::hint("keep these elsewhere: `harden ledger verify --head HASH` then shows whether lines were cut off at the end");
    }
}

/// A table for a spreadsheet (RFC 4180): one row for each setting, or for an action without any.
fn export(dir: &Path, identity: &IdentityArgs, global: &Global) -> Result<Exit, Failure> {
    let (root, ledger) = load(dir, global)?;
    if ledger.chains.is_empty() {
        return Ok(nothing(&root));
    }
    let key = quietly(&root, identity, None);
    let judged = judge(&ledger, key.as_ref(), &[]);
    let mut out = String::from("time,who,action,file,key,rule,commit,writer,line,hash,authentic,note\r\n");
    for (writer, line) in ledger.by_time() {
        let faulty = judged.faults.iter().any(|f| f.line == line.number && f.writer.as_ref() == Some(writer));
        let authentic = match (&line.hmac, &key) {
            _ if faulty => "no",
            (Some(_), Some(_)) => "yes",
            _ => "unknown",
        };
        let unread = Entry::default();
        let entry = line.entry.as_ref().unwrap_or(&unread);
        let mut places = places(&entry.subjects);
        if places.is_empty() {
            places = entry.files.iter().map(|file| (file.as_str(), "", "")).collect();
        }
        for (file, key, rule) in places {
            let commit = entry.commit.as_deref().unwrap_or_default();
            let number = line.number.to_string();
            let row = [
                &entry.time,
                &entry.who,
                &entry.action,
                file,
                key,
                rule,
                commit,
                writer.as_str(),
                &number,
                &line.hash,
                authentic,
                &entry.note,
            ];
            out += &row.map(cell).join(",");
            out += "\r\n";
        }
    }
    answer(&out)?;
    if judged.verdict == Verdict::Broken {
        ui::error("lines of it are missing or were changed: `harden ledger verify` names them");
        return Ok(Exit::Findings);
    }
    Ok(Exit::Clean)
}

/// A cell that a spreadsheet takes for text: names come from a repository, and none is to be a formula.
fn cell(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn judge(ledger: &Ledger, key: Option<&ProjectKey>, heads: &[String]) -> Judgement {
    let vouch = key.map(|key| |line: &[u8]| key.vouch(line));
    verify(ledger, vouch.as_ref().map(|vouch| vouch as &dyn Fn(&[u8]) -> String), heads)
}

fn answer(text: &str) -> Result<Exit, Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(format!("the answer cannot be written: {}", e.kind()))),
        _ => Ok(Exit::Clean),
    }
}
