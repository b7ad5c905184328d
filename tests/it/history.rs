//! `scan --history` against the real git: every version once, each finding with the commit that brought it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::harness::{assert_code, stderr, stdout};
use super::repository::Repository;

const WEAK: &str = "DB_PASSWORD=changeme\n";
const NOTHING: [&str; 0] = [];

fn told(r: &Repository, folder: &Path, args: &[&str]) -> Vec<Value> {
    let output = r.harden_in(folder, &[&["scan", "--format", "jsonl"], args].concat());
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    assert_eq!(stderr(&output), "", "progress is for terminals");
    stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_finding_is_told_once_with_its_first_commit() {
    let r = Repository::new();
    r.put("readme", "x\n");
    r.commit();
    r.put("a.env", WEAK);
    let first = r.commit();
    r.put("a.env", format!("A=1\n{WEAK}"));
    r.commit();
    r.put("gone.env", "REDIS_PASSWORD=changeme\n");
    let gone = r.commit();
    fs::remove_file(r.top.join("gone.env")).unwrap();
    r.put("a.env", format!("A=1\n{WEAK}B=2\n"));
    r.commit();
    let found = told(&r, &r.top, &["--history"]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((&found[0]["file"], &found[0]["line"]), (&json!("a.env"), &json!(1)), "as it was in the first version");
    let history = &found[0]["history"];
    assert_eq!((&history["commit"], &history["in_head"], &history["versions"]), (&json!(first), &json!(true), &json!(3)));
    assert!(history["date"].as_str().unwrap().starts_with("2024-01-01T") && history["date"].as_str().unwrap().ends_with("+02:00"));
    assert_eq!((&found[1]["file"], &found[1]["history"]["commit"]), (&json!("gone.env"), &json!(gone)));
    assert_eq!(found[1]["history"]["in_head"], false);
    for (format, words) in [
        ("human", &["came with commit", "in 3 versions; still in HEAD", "no longer in HEAD"][..]),
        ("json", &["\"in_head\": true", "\"versions\": 3", &first]),
        ("sarif", &["\"inHead\": false", &gone]),
        ("markdown", &["not in HEAD", &gone[..12]]),
    ] {
        let out = stdout(&r.harden(&["scan", "--history", "--format", format]));
        assert!(words.iter().all(|word| out.contains(word)) && !out.contains("changeme"), "{format}: {out}");
    }
}

#[test]
fn another_value_and_another_role_are_other_findings() {
    let r = Repository::new();
    r.put("a.env", WEAK);
    r.commit();
    r.put("a.env", "DB_PASSWORD=hunter2\n");
    r.commit();
    r.put("a.env", WEAK);
    r.commit();
    let found = told(&r, &r.top, &["--history"]);
    assert_eq!(found.iter().map(|f| &f["history"]["versions"]).collect::<Vec<_>>(), [&json!(1), &json!(1)], "one content, one version");
    assert_eq!(r.found(&["--history"]).len(), 2);
    // the same bytes as an example first, in force later
    let r = Repository::new();
    r.put("example.env", WEAK);
    r.commit();
    r.put("live.env", WEAK);
    r.commit();
    let files: Vec<_> = told(&r, &r.top, &["--history"]).iter().map(|f| (f["file"].clone(), f["environment"].clone())).collect();
    assert_eq!(files, [(json!("example.env"), json!("example")), (json!("live.env"), json!("production"))]);
}

#[test]
fn ranges_dates_and_branches_leave_out_what_they_did_not_bring() {
    let r = Repository::new();
    r.put("a.env", WEAK);
    let first = r.commit();
    r.git(&["checkout", "-qb", "topic"]);
    r.put("a.env", format!("{WEAK}T_PASSWORD=changeme\n"));
    r.commit();
    r.git(&["checkout", "-q", "main"]);
    r.put("b.env", WEAK);
    r.commit();
    assert_eq!(r.found(&["--history"]), ["a.env:1", "a.env:2", "b.env:1"]);
    assert_eq!(r.found(&[&format!("--history={first}..topic")]), ["a.env:2"], "line 1 was there before");
    assert_eq!(r.found(&["--history=main"]), ["a.env:1", "b.env:1"]);
    assert_eq!(r.found(&["--history", "--branch", "topic"]), ["a.env:1", "a.env:2"]);
    assert_eq!(r.found(&["--history", "b.env"]), ["b.env:1"]);
    let since = r.git(&["show", "-s", "--format=%cI", "main"]);
    assert_eq!(r.found(&["--history", &format!("--since={}", since.trim())]), ["b.env:1"]);
    for wrong in ["--history=no-such", "--history=--all", "--history=--output=x"] {
        assert_code(&r.harden(&["scan", wrong]), 2);
    }
    assert_code(&r.harden(&["scan", "--history=main", "--branch", "topic"]), 2);
    assert_code(&r.harden(&["scan", "--since", "2024-01-01"]), 2);
}

#[test]
fn a_merge_brings_what_none_of_its_parents_has_and_a_stash_counts() {
    let r = Repository::new();
    r.put("a.env", "A=1\nB=2\nC=3\nD=4\n");
    r.commit();
    r.git(&["checkout", "-qb", "topic"]);
    r.put("a.env", "A=1\nB=2\nC=3\nD=4\nT=1\n");
    r.commit();
    r.git(&["checkout", "-q", "main"]);
    r.put("a.env", "M=1\nA=1\nB=2\nC=3\nD=4\n");
    r.commit();
    r.git(&["merge", "-q", "--no-commit", "topic"]);
    r.put("a.env", format!("M=1\nA=1\nB=2\n{WEAK}C=3\nD=4\nT=1\n"));
    let merge = r.commit();
    r.put("a.env", "STASHED_PASSWORD=changeme\n");
    r.git(&["stash", "-q"]);
    let found = told(&r, &r.top, &["--history"]);
    assert_eq!(found.len(), 2, "{found:?}");
    let by_merge = found.iter().find(|f| f["key"] == "DB_PASSWORD").unwrap();
    assert_eq!(by_merge["history"]["commit"], json!(merge));
}

#[test]
fn bare_and_shallow_repositories() {
    let r = Repository::new();
    r.put("dir/a.env", WEAK);
    r.commit();
    r.put("dir/a.env", "A=1\n");
    r.commit();
    let (bare, shallow) = (r.beside("bare.git"), r.beside("shallow"));
    r.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    assert_eq!(r.found_in(&bare, &["--history"]), ["dir/a.env:1"], "from within");
    assert_eq!(r.found(&["--history", "../bare.git"]), ["dir/a.env:1"], "by its name");
    assert_code(&r.harden_in(&bare, &["scan", "--staged"]), 2);
    r.put("dir/a.env", WEAK);
    r.commit();
    r.git(&["clone", "-q", "--depth", "1", &format!("file://{}", r.top.display()), shallow.to_str().unwrap()]);
    let said = r.harden_in(&shallow, &["scan", "--history"]);
    assert_code(&said, 1);
    assert!(stderr(&said).contains("shallow") && stdout(&said).contains("--> dir/a.env:1:13"), "{}", stderr(&said));
    let empty = Repository::new();
    assert_code(&empty.harden(&["scan", "--history"]), 0);
    assert_code(&r.harden(&["scan", "--history", "no-such"]), 3);
}

#[test]
fn what_the_project_says_holds_for_the_past() {
    let r = Repository::new();
    r.put("harden.toml", "[[allow]]\nrule = \"placeholder-secret\"\npath = \"ok.env\"\nreason = \"a toy\"\n");
    r.put("ok.env", WEAK);
    r.put("inline.env", "DB_PASSWORD=changeme # harden:ignore placeholder-secret a toy\n");
    r.commit();
    let said = r.harden(&["scan", "--history"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("2 suppressed by the repository") && !stdout(&said).contains("grade"), "{}", stdout(&said));
    assert_eq!(r.found(&["--history", "--no-config"]).len(), 2);
    r.git(&["commit", "-q", "--allow-empty", "-m", "nothing"]);
    assert_eq!(r.found(&["--history=HEAD~1..HEAD", "--no-config"]), NOTHING);
}

/// A hook before a push is about the range that it is told, wherever git says that the repository is.
#[test]
fn a_hook_may_ask_for_a_range() {
    let r = Repository::new();
    r.put("a.env", "A=1\n");
    let base = r.commit();
    let linked = r.beside("linked");
    r.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    fs::copy(r.put("../weak", WEAK), linked.join("b.env")).unwrap();
    r.git_in(&linked, &["add", "-A"]);
    let found = r.beside("found");
    let hook =
        format!("#!/bin/sh\n'{}' scan '--history={base}..HEAD' --format jsonl > '{}'\n", env!("CARGO_BIN_EXE_harden"), found.display());
    r.script(".git/hooks/post-commit", &hook);
    r.git_in(&linked, &["commit", "-q", "-m", "x"]);
    assert_eq!(r.hook_found(), ["b.env:1"]);
}

#[test]
fn objects_that_are_not_here_are_told_and_not_fetched() {
    let r = Repository::new();
    r.put("a.env", WEAK);
    r.commit();
    r.put("a.env", "A=1\n");
    r.commit();
    r.git(&["config", "uploadpack.allowFilter", "true"]);
    let part = r.beside("part");
    r.git(&["clone", "-q", "--filter=blob:none", &format!("file://{}", r.top.display()), part.to_str().unwrap()]);
    let said = r.harden_in(&part, &["scan", "--history"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("1 versions of files are not in the repository"), "{}", stderr(&said));
}
