//! `scan --staged` and `--new-only` against the real git: what the next commit adds, and nothing else, whatever the state of the repository.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::harness::{assert_code, stderr, stdout};
use super::repository::Repository;

const WEAK: &str = "DB_PASSWORD=changeme\n";
const NOTHING: [&str; 0] = [];

#[test]
fn the_index_counts_and_not_the_work_tree() {
    let r = Repository::new();
    r.put("a.env", WEAK);
    r.git(&["add", "a.env"]);
    r.put("a.env", "DB_PASSWORD=${DB_PASSWORD}\n");
    r.put("b.env", WEAK);
    assert_eq!(r.found(&["--staged"]), ["a.env:1"], "before the first commit; b.env is not staged");
    fs::remove_file(r.top.join("a.env")).unwrap();
    assert_eq!(r.found(&["--staged"]), ["a.env:1"], "gone from the work tree");
}

#[test]
fn nothing_staged_is_no_mistake() {
    let r = Repository::new();
    let said = r.harden(&["scan", "--staged"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("no file was read"), "{}", stdout(&said));
    r.put("a.env", WEAK);
    r.commit();
    assert_code(&r.harden(&["scan", "--staged"]), 0);
    r.git(&["rm", "-q", "--cached", "a.env"]);
    assert_code(&r.harden(&["scan", "--staged"]), 0);
}

#[test]
fn only_added_lines_are_new_and_the_rest_is_context() {
    let r = Repository::new();
    let before = "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: changeme\n      A: b\n";
    r.put("compose.yml", before);
    r.commit();
    r.put("compose.yml", format!("{before}  cache:\n    environment:\n      REDIS_PASSWORD: changeme\n"));
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), ["compose.yml:8"]);
    assert_eq!(r.found(&["--staged", "--all-lines"]), ["compose.yml:4", "compose.yml:8"]);
    // another value in the old place is new
    r.put("compose.yml", before.replace("changeme", "hunter2"));
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), ["compose.yml:4"]);
    r.commit();
    r.put("compose.yml", before.replace("changeme", "hunter2").replace("A: b", "A: c"));
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), NOTHING, "a line beside it");
}

#[test]
fn what_is_staged_in_part_is_looked_at_in_part() {
    let r = Repository::new();
    r.put("a.env", "A=1\nB=2\nC=3\nD=4\nE=5\nF=6\nG=7\nH=8\n");
    r.commit();
    r.put("a.env", "X_PASSWORD=changeme\nA=1\nB=2\nC=3\nD=4\nE=5\nF=6\nG=7\nH=8\nY_PASSWORD=changeme\n");
    // the second of two hunks, as `git add -p` applies it
    let patch = "--- a/a.env\n+++ b/a.env\n@@ -6,3 +6,4 @@\n F=6\n G=7\n H=8\n+Y_PASSWORD=changeme\n";
    let file = r.beside("patch");
    fs::copy(r.put("patch", patch), &file).unwrap();
    r.git(&["apply", "--cached", file.to_str().unwrap()]);
    assert_eq!(r.found(&["--staged"]), ["a.env:9"], "the line as the index counts it");
}

#[test]
fn hooks_are_handed_another_index_and_it_counts() {
    let r = Repository::new();
    r.put("a.env", "A=1\n");
    r.put("b.env", "A=1\n");
    r.commit();
    r.hook();
    r.put("a.env", WEAK);
    assert!(!r.try_git(&r.top, &["commit", "-qam", "all"]).status.success());
    assert_eq!(r.hook_found(), ["a.env:1"], "commit -a: nothing was staged before");
    r.git(&["add", "a.env"]);
    r.put("b.env", "A=2\n");
    assert!(r.try_git(&r.top, &["commit", "-qm", "one", "b.env"]).status.success(), "commit PATH leaves a.env out");
    assert_eq!(r.hook_found(), NOTHING);
    fs::create_dir(r.top.join("below")).unwrap();
    assert!(!r.try_git(&r.top.join("below"), &["commit", "-qam", "from below"]).status.success());
    assert_eq!(r.hook_found(), ["a.env:1"]);
}

#[test]
fn a_renamed_file_is_compared_with_what_it_was() {
    let r = Repository::new();
    let body: String = (0..20).map(|n| format!("KEY{n}={n}\n")).collect();
    r.put("old/a.env", format!("{WEAK}{body}"));
    r.commit();
    fs::create_dir(r.top.join("new")).unwrap();
    r.git(&["mv", "old/a.env", "new/b.env"]);
    assert_eq!(r.found(&["--staged"]), NOTHING, "renamed only");
    r.put("new/b.env", format!("{WEAK}{body}REDIS_PASSWORD=changeme\n"));
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), ["new/b.env:22"]);
}

#[test]
fn a_merge_adds_what_no_parent_has() {
    let r = Repository::new();
    let body: String = (0..9).map(|n| format!("K{n}={n}\n")).collect();
    r.put("a.env", &body);
    r.commit();
    r.git(&["checkout", "-qb", "topic"]);
    r.put("a.env", format!("{body}T_PASSWORD=changeme\n"));
    r.put("topic.env", WEAK);
    r.commit();
    r.git(&["checkout", "-q", "main"]);
    r.put("a.env", format!("M_PASSWORD=changeme\n{body}"));
    r.commit();
    r.git(&["merge", "-q", "--no-commit", "--no-ff", "topic"]);
    assert_eq!(r.found(&["--staged"]), NOTHING, "all of it was looked at when it was committed");
    let merged = fs::read_to_string(r.top.join("a.env")).unwrap();
    r.put("a.env", merged.replace("K5=5\n", "K5=5\nE_PASSWORD=changeme\n"));
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), ["a.env:8"], "only what the merge itself adds");
}

#[test]
fn names_of_every_kind() {
    let r = Repository::new();
    for name in [
        &b"with space.env"[..],
        b"\"quoted\".env",
        b"new\nline.env",
        b"tab\t.env",
        b":(glob)x.env",
        b"b\xff\xfe.env",
        "\u{fc}.env".as_bytes(),
    ] {
        r.put(OsStr::from_bytes(name), WEAK);
    }
    r.git(&["add", "-A"]);
    let found = r.found(&["--staged"]);
    assert_eq!(found.len(), 7, "{found:?}");
    for name in ["with space.env:1", "\"quoted\".env:1", "new\nline.env:1", "b\u{fffd}\u{fffd}.env:1", "\u{fc}.env:1"] {
        assert!(found.iter().any(|f| f == name), "{name:?} in {found:?}");
    }
    r.commit();
    r.put(OsStr::from_bytes(b"b\xff\xfe.env"), format!("A=1\n{WEAK}X_PASSWORD=changeme\n"));
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), ["b\u{fffd}\u{fffd}.env:3"]);
}

#[test]
fn texts_that_git_calls_binary() {
    let r = Repository::new();
    let utf16 = |text: &str| [vec![0xFF, 0xFE], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat();
    r.put("a.env", utf16("A=1\nDB_PASSWORD=changeme\n"));
    r.put("image.png", b"\x89PNG\0\0password=changeme");
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), ["a.env:2"]);
    r.commit();
    r.put("a.env", utf16("A=1\nDB_PASSWORD=changeme\nX_PASSWORD=changeme\n"));
    r.put("b.env", b"NAME=caf\xe9\nDB_PASSWORD=changeme\n");
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), ["a.env:3", "b.env:2"]);
    r.commit();
    r.put("b.env", b"NAME=caf\xe9\nDB_PASSWORD=changeme\nA=1\n");
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), NOTHING, "an old line in Latin-1 is an old line");
}

#[test]
fn submodules_are_passed_by_and_looked_at_from_within() {
    let (r, other) = (Repository::new(), Repository::new());
    other.put("a.env", "A=1\n");
    other.commit();
    r.put("x", "x\n");
    r.commit();
    r.git(&["submodule", "--quiet", "add", other.top.to_str().unwrap(), "sub"]);
    let said = r.harden(&["scan", "--staged"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("1 skipped as no regular file"), "{}", stdout(&said));
    let inside = r.put("sub/b.env", WEAK).parent().unwrap().to_owned();
    r.git_in(&inside, &["add", "-A"]);
    assert_eq!(r.found_in(&inside, &["--staged"]), ["b.env:1"]);
    assert_eq!(r.found(&["--staged"]), NOTHING, "the outer index has no file of it");
}

#[test]
fn a_linked_work_tree_has_an_index_of_its_own() {
    let r = Repository::new();
    r.put("a.env", "A=1\n");
    r.commit();
    let linked = r.beside("linked");
    r.git(&["worktree", "add", "-q", linked.to_str().unwrap()]);
    fs::copy(r.put("../weak", WEAK), linked.join("b.env")).unwrap();
    r.git_in(&linked, &["add", "-A"]);
    assert_eq!(r.found_in(&linked, &["--staged"]), ["b.env:1"]);
    assert_eq!(r.found(&["--staged"]), NOTHING);
    r.hook();
    assert!(!r.try_git(&linked, &["commit", "-qm", "x"]).status.success());
    assert_eq!(r.hook_found(), ["b.env:1"], "git names the linked repository to the hook");
}

#[test]
fn what_is_not_checked_out_is_in_the_index_all_the_same() {
    let r = Repository::new();
    r.put("in/a.env", "A=1\n");
    r.put("out/b.env", "A=1\n");
    r.commit();
    r.git(&["checkout", "-qb", "topic"]);
    r.put("out/b.env", WEAK);
    r.commit();
    r.git(&["checkout", "-q", "main"]);
    r.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "in"]);
    assert!(!r.top.join("out").exists());
    r.git(&["reset", "-q", "--soft", "topic"]);
    r.git(&["read-tree", "topic"]);
    r.git(&["reset", "-q", "--soft", "topic~"]);
    assert_eq!(r.found(&["--staged"]), ["out/b.env:1"]);
}

#[test]
fn paths_limit_and_names_are_seen_from_here() {
    let r = Repository::new();
    r.put("a/x.env", WEAK);
    r.put("b/y.env", WEAK);
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged", "b"]), ["b/y.env:1"]);
    assert_eq!(r.found_in(&r.top.join("a"), &["--staged"]), ["../b/y.env:1", "x.env:1"]);
    assert_eq!(r.found_in(&r.top.join("a"), &["--staged", "../b"]), ["../b/y.env:1"]);
    fs::remove_dir_all(r.top.join("b")).unwrap();
    assert_eq!(r.found(&["--staged", "b/y.env"]), ["b/y.env:1"], "it need not be there any more");
    let outside = r.harden(&["scan", "--staged", ".."]);
    assert_code(&outside, 2);
    let plain = tempfile::tempdir().unwrap();
    for args in [&["scan", "--staged"][..], &["scan", "--history"], &["scan", "--new-only", "HEAD"]] {
        let said = r.harden_in(plain.path(), args);
        assert_code(&said, 2);
        assert!(stderr(&said).contains("no git repository"), "{}", stderr(&said));
    }
}

#[test]
fn what_the_project_says_holds_as_for_the_tree() {
    let r = Repository::new();
    r.put("harden.toml", "[scan]\nexclude = [\"vendor\"]\n[[allow]]\nrule = \"placeholder-secret\"\npath = \"ok.env\"\nreason = \"a toy\"\n[[allow]]\nrule = \"placeholder-secret\"\npath = \"other.env\"\nreason = \"not staged\"\n[[environment]]\npath = \"laptop.env\"\nis = \"development\"\n");
    r.put("vendor/x.env", WEAK);
    r.put(".harden/x.env", WEAK);
    r.put("ok.env", WEAK);
    r.put("laptop.env", WEAK);
    r.put("inline.env", "# harden:ignore placeholder-secret a toy\nDB_PASSWORD=changeme\n");
    r.put("bad.env", WEAK);
    r.put("sealed.env.age", "age-encryption.org/v1\n");
    r.git(&["add", "-A"]);
    let said = r.harden(&["scan", "--staged"]);
    assert_code(&said, 1);
    let (out, err) = (stdout(&said), stderr(&said));
    assert!(out.contains("--> bad.env:1") && out.contains("2 suppressed by the repository") && out.contains("1 info"), "{out}");
    assert!(!out.contains("grade") && !err.contains("matches nothing"), "a part of the project is not graded: {out}{err}");
    for format in ["json", "sarif", "markdown"] {
        let out = stdout(&r.harden(&["scan", "--staged", "--format", format]));
        assert!(out.contains("bad.env") && !out.contains("changeme"), "{format}: {out}");
    }
    assert_eq!(r.found(&["--staged", "--no-config", "ok.env"]), ["ok.env:1"]);
}

#[test]
fn a_plain_env_is_judged_by_its_neighbours() {
    let r = Repository::new();
    r.put(".env.production", "A=1\n");
    r.commit();
    r.put(".env", WEAK);
    r.git(&["add", "-f", ".env"]);
    let said = r.harden(&["scan", "--staged"]);
    assert_code(&said, 0);
    assert!(stderr(&said).contains("taken for development"), "{}", stderr(&said));
}

#[test]
fn copies_among_what_is_staged_are_found() {
    let r = Repository::new();
    let strong = "qZ7vK2xW9jR4tB6nY8mD";
    r.put(".env.production", format!("SESSION_SECRET={strong}\n"));
    r.put("notes.txt", format!("the secret is {strong}, keep it\n"));
    r.put("compose.yml", "services:\n  a:\n    image: x\n    environment:\n      X: ${NOT_STAGED_PASSWORD:?}\n");
    r.git(&["add", "-A"]);
    let out = stdout(&r.harden(&["scan", "--staged", "--format", "jsonl"]));
    assert!(out.contains("\"live-secret-copied\"") && !out.contains("missing-variable"), "{out}");
    assert!(!out.contains(strong));
}

#[test]
fn new_only_tells_what_a_commit_does_not_have() {
    let r = Repository::new();
    r.put("a.env", format!("{WEAK}X=1\n"));
    let base = r.commit();
    r.put("a.env", "# a comment above\nDB_PASSWORD=changeme\nX=1\nREDIS_PASSWORD=changeme\n");
    assert_eq!(r.found(&["--new-only", "HEAD"]), ["a.env:4"], "lines may move");
    r.put("a.env", "DB_PASSWORD=hunter2\nX=1\n");
    assert_eq!(r.found(&["--new-only", &base]), ["a.env:1"], "another value is another finding");
    r.put("b.env", WEAK);
    r.git(&["add", "b.env"]);
    assert_eq!(r.found(&["--new-only", "main"]), ["a.env:1", "b.env:1"]);
    assert_eq!(r.found(&["--staged", "--new-only", "main"]), ["b.env:1"]);
    for wrong in ["no-such-branch", "--help", ""] {
        let said = r.harden(&["scan", &format!("--new-only={wrong}")]);
        assert_code(&said, 2);
    }
}

/// Each setting that could make git start a program names one; none may run.
#[test]
fn a_hostile_repository_starts_nothing() {
    let r = Repository::new();
    let ran = r.beside("ran");
    let canary = r.script("canary", &format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat 2>/dev/null\n", ran.display()));
    let canary = canary.to_str().unwrap().to_owned();
    r.put("a.env", "A=1\n");
    r.put(".gitattributes", "* filter=evil diff=evil merge=evil\n");
    r.commit();
    r.put("a.env", WEAK);
    r.put("new.env", WEAK);
    r.git(&["add", "-A"]);
    for (key, value) in [
        ("core.fsmonitor", canary.as_str()),
        ("core.hooksPath", r.top.to_str().unwrap()),
        ("core.pager", &canary),
        ("core.editor", &canary),
        ("core.sshCommand", &canary),
        ("core.gitProxy", &canary),
        ("core.askPass", &canary),
        ("core.alternateRefsCommand", &canary),
        ("diff.external", &canary),
        ("diff.evil.textconv", &canary),
        ("diff.evil.command", &canary),
        ("filter.evil.clean", &canary),
        ("filter.evil.smudge", &canary),
        ("filter.evil.process", &canary),
        ("merge.evil.driver", &canary),
        ("gpg.program", &canary),
        ("log.showSignature", "true"),
        ("credential.helper", &canary),
        ("uploadpack.packObjectsHook", &canary),
        ("alias.diff-index", &format!("!{canary}")),
        ("alias.cat-file", &format!("!{canary}")),
        ("alias.rev-list", &format!("!{canary}")),
        ("remote.evil.url", &format!("ext::{canary} %S")),
        ("remote.evil.promisor", "true"),
        ("extensions.partialClone", "evil"),
    ] {
        r.git(&["config", key, value]);
    }
    for hook in ["pre-commit", "post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"] {
        r.script(hook, &format!("#!/bin/sh\necho {hook} >> '{}'\n", ran.display()));
        fs::copy(r.top.join(hook), r.top.join(".git/hooks").join(hook)).unwrap();
    }
    // the trap works: git itself would fall into it
    r.try_git(&r.top, &["status"]);
    assert!(ran.exists(), "the canary never runs, so the test shows nothing");
    fs::remove_file(&ran).unwrap();
    assert_eq!(r.found(&["--staged"]), ["a.env:1", "new.env:1"]);
    assert_eq!(r.found(&["--new-only", "HEAD", "a.env"]), ["a.env:1"]);
    assert_eq!(r.found(&["--history"]), NOTHING);
    assert_code(&r.harden(&["scan"]), 1);
    // and in the environment that a hook has
    let mut as_hook = r.harden_command(&r.top);
    as_hook.args(["scan", "--staged"]).env("GIT_EXTERNAL_DIFF", &canary).env("GIT_PAGER", &canary).env("GIT_SSH_COMMAND", &canary);
    as_hook.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "core.fsmonitor").env("GIT_CONFIG_VALUE_0", &canary);
    as_hook.env("GIT_TRACE", &ran).env("GIT_EXEC_PATH", &r.top).env("GIT_INDEX_FILE", ".git/index");
    assert_code(&as_hook.output().unwrap(), 1);
    assert!(!ran.exists(), "ran: {}", fs::read_to_string(&ran).unwrap());
}

#[test]
fn a_repository_of_somebody_else_is_refused_until_it_is_called_safe() {
    let r = Repository::new();
    r.put("a.env", WEAK);
    r.commit();
    r.put("a.env", format!("{WEAK}X_PASSWORD=changeme\n"));
    r.git(&["add", "-A"]);
    let owned = std::process::Command::new("chown").args(["-R", "65534"]).arg(&r.top).output();
    if !owned.is_ok_and(|o| o.status.success()) {
        println!("skipped: only root can give a folder away");
        return;
    }
    for args in [&["scan", "--staged"][..], &["scan", "--history"]] {
        let said = r.harden(args);
        assert_code(&said, 2);
        assert!(stderr(&said).contains("safe.directory"), "{}", stderr(&said));
    }
    fs::copy(r.put("../config", format!("[safe]\n\tdirectory = {}\n", r.top.display())), r.home().join(".gitconfig")).unwrap();
    assert_eq!(r.found(&["--staged"]), ["a.env:2"]);
    assert_eq!(r.found(&["--history"]), ["a.env:1"]);
}
