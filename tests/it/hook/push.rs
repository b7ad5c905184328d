//! What a push sends: the commits that the remote does not have, and the lines that they add.

use std::io::Write;
use std::process::Stdio;

use crate::harness::{assert_code, stderr, stdout};

use super::{Desk, STRONG, WEAK};

fn with_remote() -> Desk {
    let desk = Desk::hooked();
    desk.git(&["init", "-q", "--bare", "-b", "main", "../remote.git"]);
    desk.git(&["remote", "add", "origin", "../remote.git"]);
    let said = desk.harden(&["hook", "install", "--pre-push"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("hooks/pre-push"), "{}", stdout(&said));
    desk
}

fn commit(desk: &Desk, message: &str) {
    desk.git(&["add", "-A"]);
    desk.git(&["commit", "-q", "--no-verify", "-m", message]);
}

#[test]
fn a_push_is_stopped_by_what_its_commits_bring() {
    let desk = with_remote();
    assert_code(&desk.try_git(&["push", "-q", "origin", "main"]), 0);
    desk.weak(".env.production");
    commit(&desk, "bad");
    let bad = desk.git(&["rev-parse", "--short=10", "HEAD"]);
    desk.put(".env.production", "DB_PASSWORD=${DB_PASSWORD:?}\n");
    commit(&desk, "undone, and still sent");
    let said = desk.try_git(&["push", "origin", "main"]);
    assert_code(&said, 1);
    let text = stderr(&said);
    for part in [".env.production:1", &format!("in commit {}", bad.trim()), "this push", "why: ", "to fix: ", "git push --no-verify"] {
        assert!(text.contains(part), "`{part}` is missing: {text}");
    }
    assert!(!text.contains(WEAK) && !text.contains(STRONG), "{text}");
    assert_code(&desk.try_git(&["push", "-q", "--no-verify", "origin", "main"]), 0);
    // what the remote has is sent no more: another line, another branch, a deleted one
    desk.put("notes.txt", "a\n");
    commit(&desk, "notes");
    assert_code(&desk.try_git(&["push", "-q", "origin", "main", "main:topic"]), 0);
    assert_code(&desk.try_git(&["push", "-q", "origin", ":topic"]), 0);
}

#[test]
fn lines_that_the_remote_has_do_not_stop_a_push() {
    let desk = with_remote();
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\nMODE=a\n"));
    commit(&desk, "old sins");
    desk.git(&["push", "-q", "--no-verify", "origin", "main"]);
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\nMODE=b\n"));
    commit(&desk, "another line");
    assert_code(&desk.try_git(&["push", "-q", "origin", "main"]), 0);
    // a new branch, with a merge in it
    desk.git(&["checkout", "-q", "-b", "topic", "HEAD~1"]);
    desk.put("src/a.txt", "a\n");
    commit(&desk, "a");
    desk.git(&["merge", "-q", "--no-verify", "-m", "merge", "main"]);
    assert_code(&desk.try_git(&["push", "-q", "origin", "topic"]), 0);
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\nMODE=b\nADMIN_PASSWORD={WEAK}\n"));
    commit(&desk, "new sin");
    let said = desk.try_git(&["push", "-q", "origin", "topic"]);
    assert_code(&said, 1);
    assert!(stderr(&said).contains(".env.production:3") && !stderr(&said).contains(".env.production:1"), "{}", stderr(&said));
}

#[test]
fn both_hooks_hear_what_is_pushed() {
    let desk = Desk::hooked();
    desk.git(&["init", "-q", "--bare", "-b", "main", "../remote.git"]);
    desk.git(&["remote", "add", "origin", "../remote.git"]);
    desk.script(".git/hooks/pre-push", "cat > heard\necho \"$@\" >> heard\n");
    assert_code(&desk.harden(&["hook", "install", "--pre-push"]), 0);
    desk.weak(".env.production");
    commit(&desk, "bad");
    assert_code(&desk.try_git(&["push", "-q", "origin", "main"]), 1);
    let heard = desk.read("heard");
    assert!(heard.starts_with("refs/heads/main ") && heard.ends_with("origin ../remote.git\n") && heard.lines().count() == 2, "{heard}");
}

#[test]
fn what_is_no_line_of_a_push_is_refused() {
    let desk = with_remote();
    let mut command = desk.command_in(&desk.root, desk.home("bin/harden"));
    let mut child = command.args(["hook", "run", "pre-push", "--", "origin"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"refs/heads/main --upload-pack=evil x y\n").unwrap();
    let said = child.wait_with_output().unwrap();
    assert_code(&said, 2);
    assert!(stderr(&said).contains("nothing was looked at"), "{}", stderr(&said));
    // nothing pushed
    assert_code(&desk.harden(&["hook", "run", "pre-push"]), 0);
}
