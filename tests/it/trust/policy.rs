//! Which version of harden.toml, of the project's rules, its baseline and its comments counts: the one that lies there, the one that is staged,
//! or that of a commit that is trusted.

use std::fs;

use crate::harness::{assert_code, stderr, stdout};
use crate::repository::Repository;

const WEAK: &str = "REDIS_PASSWORD=changeme\n";
const ALLOW: &str = "[[allow]]\nrule = \"placeholder-secret\"\npath = \"**\"\nreason = \"known\"\n";
const NOTHING: [&str; 0] = [];
const OFF: &str = "schema = 1\n[[override]]\nid = \"placeholder-secret\"\nenabled = false\nreason = \"x\"\n";

/// A repository with a first commit, and a finding that is staged.
fn staged() -> Repository {
    let r = Repository::new();
    r.put("README.md", "x\n");
    r.commit();
    r.put("a.env", WEAK);
    r.git(&["add", "a.env"]);
    r
}

#[test]
fn a_staged_change_of_harden_toml_counts_and_one_that_is_not_staged_does_not() {
    let r = staged();
    assert_eq!(r.found(&["--staged"]), ["a.env:1"]);
    r.put("harden.toml", ALLOW);
    assert_eq!(r.found(&["--staged"]), ["a.env:1"], "new and not staged");
    let said = stderr(&r.harden(&["scan", "--staged"]));
    assert!(said.contains("`git add harden.toml`"), "{said}");
    r.git(&["add", "harden.toml"]);
    assert_eq!(r.found(&["--staged"]), NOTHING);
    let said = r.harden(&["scan", "--staged"]);
    assert!(stdout(&said).contains("1 suppressed by the repository"), "{}", stdout(&said));
    r.put("harden.toml", "fail-on = \"none\"\n");
    assert_eq!(r.found(&["--staged"]), NOTHING, "still as it is staged");
    r.put("harden.toml", "this is no TOML");
    assert_eq!(r.found(&["--staged"]), NOTHING, "half typed, and not staged");
    fs::remove_file(r.top.join("harden.toml")).unwrap();
    assert_eq!(r.found(&["--staged"]), NOTHING, "gone from the work tree only");
    r.git(&["rm", "-q", "--cached", "harden.toml"]);
    assert_eq!(r.found(&["--staged"]), ["a.env:1"], "gone from the index");
}

#[test]
fn a_staged_fault_is_said_to_be_staged() {
    let r = staged();
    r.put("harden.toml", "fail-on = \"hihg\"\n");
    r.git(&["add", "harden.toml"]);
    r.put("harden.toml", "fail-on = \"high\"\n");
    for command in [&["scan", "--staged"][..], &["hook", "run", "pre-commit"]] {
        let said = r.harden(command);
        assert_code(&said, 2);
        assert!(stderr(&said).contains("harden.toml") && stderr(&said).contains("as it is staged"), "{}", stderr(&said));
    }
    assert_code(&r.harden(&["scan", "--staged", "--no-config"]), 1);
}

#[test]
fn the_hook_and_folders_below_take_the_staged_one_too() {
    let r = staged();
    r.put("harden.toml", ALLOW);
    let stopped = r.harden(&["hook", "run", "pre-commit"]);
    assert_code(&stopped, 1);
    assert!(stderr(&stopped).contains("`git add harden.toml`"), "{}", stderr(&stopped));
    r.git(&["add", "harden.toml"]);
    r.put("harden.toml", "");
    assert_code(&r.harden(&["hook", "run", "pre-commit"]), 0);
    fs::create_dir_all(r.top.join("sub/deep")).unwrap();
    assert_eq!(r.found_in(&r.top.join("sub/deep"), &["--staged", "../.."]), NOTHING);
}

#[test]
fn rules_and_baseline_count_as_they_are_staged() {
    let r = staged();
    r.put(".harden/rules/own.toml", OFF);
    assert!(r.found(&["--staged"]).contains(&"a.env:1".to_owned()), "not staged");
    r.git(&["add", ".harden/rules"]);
    r.put(".harden/rules/own.toml", "");
    let rules = |r: &Repository| {
        let lines = stdout(&r.harden(&["scan", "--staged", "--format", "jsonl"]));
        lines.lines().filter(|line| line.contains("\"placeholder-secret\"")).count()
    };
    assert_eq!(rules(&r), 0, "switched off by what is staged");
    r.git(&["rm", "-qrf", "--cached", ".harden/rules"]);
    fs::remove_dir_all(r.top.join(".harden/rules")).unwrap();
    assert_eq!(rules(&r), 1);
    assert_code(&r.harden(&["baseline", "--reason", "known"]), 0);
    assert_eq!(r.found(&["--staged"]), ["a.env:1"], "a baseline that is not staged");
    r.git(&["add", ".harden/baseline.jsonl"]);
    fs::remove_file(r.top.join(".harden/baseline.jsonl")).unwrap();
    assert_eq!(r.found(&["--staged"]), NOTHING);
}

#[test]
fn what_git_ignores_is_this_users_alone_and_counts_as_it_lies_there() {
    let r = staged();
    r.put("harden.toml", ALLOW);
    r.put(".git/info/exclude", "harden.toml\n.harden/\n");
    assert_eq!(r.found(&["--staged"]), NOTHING);
    r.put("harden.toml", "");
    r.put(".harden/rules/own.toml", OFF);
    assert!(!stdout(&r.harden(&["scan", "--staged", "--format", "jsonl"])).contains("\"placeholder-secret\""));
}

/// A trusted commit `main`, and a branch of a stranger on top of it.
fn proposed() -> Repository {
    let r = Repository::new();
    r.put("harden.toml", "fail-on = \"low\"\n");
    r.put("old.env", "# harden:ignore placeholder-secret agreed\nA_PASSWORD=changeme\n");
    r.commit();
    r.git(&["checkout", "-qb", "stranger"]);
    r
}

#[test]
fn a_pull_request_does_not_speak_for_itself() {
    let r = proposed();
    let base = ["--policy-ref", "main"];
    r.put("new.env", WEAK);
    r.put("harden.toml", format!("fail-on = \"none\"\n{ALLOW}[scan]\nexclude = [\"new.env\"]\n"));
    r.put(".harden/rules/own.toml", OFF);
    r.put("own.env", "# harden:ignore all mine\nB_PASSWORD=changeme\n");
    r.commit();
    assert_eq!(r.found(&[]), NOTHING);
    assert_eq!(r.found(&base), ["new.env:1", "own.env:2"], "what was agreed before still is");
    let said = r.harden(&[&["scan"][..], &base].concat());
    assert_code(&said, 1);
    assert!(stderr(&said).contains("own.env:1") && stderr(&said).contains("suppresses nothing"), "{}", stderr(&said));
    assert!(stdout(&said).contains("1 suppressed by the repository"), "the one of old.env: {}", stdout(&said));
    r.put("harden.toml", "");
    fs::remove_dir_all(r.top.join(".harden/rules")).unwrap();
    assert_code(&r.harden(&["baseline", "--reason", "mine"]), 0);
    r.commit();
    assert_eq!(r.found(&[]), NOTHING);
    assert_eq!(r.found(&base), ["new.env:1", "own.env:2"], "nor by its baseline");
    for mode in [&["--new-only", "main"][..], &["--history=main..HEAD"]] {
        let found = r.found(&[mode, &base].concat());
        assert!(["new.env:1", "own.env:2"].iter().all(|place| found.iter().any(|f| f == place)), "{mode:?}: {found:?}");
    }
    r.put("staged.env", WEAK);
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged", "--policy-ref", "main"]), ["staged.env:1"]);
}

#[test]
fn rules_and_baseline_of_the_trusted_commit_count() {
    let r = Repository::new();
    r.put("a.env", WEAK);
    r.put("b.env", "PROXY_PORT=3128\n");
    fs::create_dir_all(r.top.join(".harden/rules")).unwrap();
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/rules-own.in/.harden/rules/own.toml"), r.top.join(".harden/rules/own.toml"))
        .unwrap();
    assert_code(&r.harden(&["baseline", "a.env", "--reason", "agreed"]), 0);
    r.commit();
    let before = r.found(&["--policy-ref", "HEAD"]);
    assert_eq!(before, ["b.env:1"]);
    fs::remove_dir_all(r.top.join(".harden")).unwrap();
    assert_eq!(r.found(&["--policy-ref", "HEAD"]), before);
    assert_eq!(r.found(&[]), ["a.env:1"]);
}

#[test]
fn a_policy_that_cannot_be_had_is_no_policy() {
    let r = proposed();
    for wrong in ["nowhere", "--output=x", "", "main:harden.toml"] {
        let said = r.harden(&["scan", &format!("--policy-ref={wrong}")]);
        assert_code(&said, 2);
        assert!(stderr(&said).contains("--policy-ref"), "{}", stderr(&said));
    }
    assert_code(&r.harden(&["scan", "--policy-ref", "main", "--no-config"]), 2);
    r.git(&["checkout", "-q", "main"]);
    r.put("harden.toml", "fail-on = 7\n");
    r.commit();
    r.put("harden.toml", "");
    let said = r.harden(&["scan", "--policy-ref", "main"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("as the commit of `--policy-ref` has it"), "{}", stderr(&said));
    let outside = tempfile::tempdir().unwrap();
    let said = r.harden_in(outside.path(), &["scan", "--policy-ref", "main"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("no git repository"), "{}", stderr(&said));
}

#[test]
fn no_config_ignores_what_the_repository_suppresses() {
    let r = Repository::new();
    r.put("harden.toml", ALLOW);
    r.put("a.env", WEAK);
    r.put("b.env", "# harden:ignore all mine\nB_PASSWORD=changeme\n");
    let said = stdout(&r.harden(&["scan"]));
    assert!(said.contains("suppressed by the repository"), "{said}");
    assert_eq!(r.found(&[]), NOTHING);
    assert_eq!(r.found(&["--no-config"]), ["a.env:1", "b.env:2"]);
    let said = stdout(&r.harden(&["scan", "--no-config"]));
    assert!(!said.contains("suppressed"), "{said}");
}

/// Two runs at once: what one accepts, the other does not undo.
#[test]
fn two_runs_of_baseline_lose_nothing() {
    let r = Repository::new();
    let names: Vec<String> = (0..6).map(|n| format!("f{n}.env")).collect();
    names.iter().for_each(|name| drop(r.put(name, WEAK)));
    let accept = |name: &String| {
        // a run that finds the other at work says so, and is typed again
        for _ in 0..200 {
            let said = r.harden(&["baseline", name, "--reason", "known"]);
            match said.status.code() {
                Some(0) => return,
                _ => assert!(stderr(&said).contains("another harden") || stderr(&said).contains("changed meanwhile"), "{}", stderr(&said)),
            }
        }
        panic!("never its turn");
    };
    std::thread::scope(|scope| names.iter().for_each(|name| drop(scope.spawn(|| accept(name)))));
    let text = fs::read_to_string(r.top.join(".harden/baseline.jsonl")).unwrap();
    for name in &names {
        assert!(text.contains(name.as_str()), "{name} is lost:\n{text}");
    }
}
