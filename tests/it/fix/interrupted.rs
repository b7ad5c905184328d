//! The run after one that was interrupted: it deals with what was left before it reads anything.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use harden::disk::read::sha256;

use super::{Desk, assert_code, stderr, stdout};

pub(super) const OLD: &str = "POSTGRES_PASSWORD=postgres\nJWT_SECRET=changeme\n";
pub(super) const NEW: &str = "POSTGRES_PASSWORD=qX7vN2mK9pL4wR8tY3bH6jF1dS5gA0cE\nJWT_SECRET=hT5kP8zW2xQ9vB4nM7rJ1fL6yD3gS0aUcEqXwVtRnZb\n";
pub(super) const ID: &str = "0123456789abcdef";

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    File::create(path)?.write_all(bytes.as_ref())
}

/// HMAC-SHA-256 with a key of 32 bytes (RFC 2104).
fn mac(key: [u8; 32], text: &str) -> [u8; 32] {
    let pad = |with: u8| -> Vec<u8> { (0..64).map(|i| with ^ key.get(i).copied().unwrap_or(0)).collect() };
    let inner = sha256(&[pad(0x36), text.as_bytes().to_vec()].concat());
    sha256(&[pad(0x5c), inner.to_vec()].concat())
}

/// A journal of this user in `root`, named `stage`, about `a/.env.production` and `b/.env.production`.
pub(super) fn journal(desk: &Desk, root: &Path, stage: &str) {
    let own = desk.home.join(".local/state/harden");
    fs::create_dir_all(&own).unwrap();
    write(own.join("journal.key"), [7; 32]).unwrap();
    let state = root.join(".harden/state");
    fs::create_dir_all(&state).unwrap();
    write(root.join(".harden/.gitignore"), "state/\n").unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    let below = |name: &str| desk.project.join(name).strip_prefix(root).unwrap().to_str().unwrap().to_owned();
    let (old, new) = (hex(sha256(OLD.as_bytes())), hex(sha256(NEW.as_bytes())));
    let line = |name: &str| format!("replace {old} {new} {}\n", below(name));
    let body = format!("harden journal 1 {ID}\n{}{}", line("a/.env.production"), line("b/.env.production"));
    let text = format!("{body}hmac {}\n", hex(mac([7; 32], &body)));
    write(state.join(stage), text).unwrap();
}

pub(super) fn temp(folder: &str) -> String {
    format!("{folder}/..env.production.harden-{ID}")
}

/// Killed after the commit point, with one of two files changed.
pub(super) fn half_done() -> Desk {
    let desk = Desk::with(&[("a/.env.production", OLD), ("b/.env.production", OLD)]).committed();
    desk.put("a/.env.production", NEW);
    desk.put(&temp("a"), OLD);
    desk.put(&temp("b"), NEW);
    journal(&desk, &desk.project, "committed");
    desk
}

#[track_caller]
fn assert_whole(desk: &Desk, text: &str) {
    assert_eq!((desk.text("a/.env.production").as_str(), desk.text("b/.env.production").as_str()), (text, text));
    assert!(!desk.has(&temp("a")) && !desk.has(&temp("b")), "temporary files are left");
    assert!(!desk.has(".harden/state/committed") && !desk.has(".harden/state/prepared"), "the journal is left");
}

#[test]
fn a_run_that_was_killed_half_way_is_finished_before_the_next_one_looks() {
    let desk = half_done();
    // git does not hold a/.env.production as it is, nor the temporary files: a plan made first would be refused for that
    let output = desk.ok(&["fix", "--apply", "--emit", "plain"]);
    assert!(stderr(&output).contains("its changes are finished now"), "{}", stderr(&output));
    assert!(!stdout(&output).contains(ID), "{}", stdout(&output));
    assert_whole(&desk, NEW);
}

#[test]
fn a_run_that_was_killed_before_it_changed_anything_is_taken_back() {
    let desk = Desk::with(&[("a/.env.production", OLD), ("b/.env.production", OLD)]).committed();
    desk.put(&temp("a"), NEW);
    journal(&desk, &desk.project, "prepared");
    let output = desk.ok(&["fix", "--apply", "--emit", "plain"]);
    assert!(stderr(&output).contains("what it left is removed"), "{}", stderr(&output));
    assert!(!desk.has(&temp("a")) && !desk.has(".harden/state/prepared"));
    assert!(!desk.text("a/.env.production").contains("changeme"), "the new plan was not made");
    assert_eq!(desk.text("a/.env.production").lines().next(), desk.text("b/.env.production").lines().next(), "one login, two values");
}

#[test]
fn the_journal_is_found_from_the_folder_that_was_named_then() {
    // no repository, no harden.toml: the folder on the command line is all there is
    let desk = Desk::with(&[("a/.env.production", NEW), ("b/.env.production", OLD)]);
    desk.put(&temp("a"), OLD);
    desk.put(&temp("b"), NEW);
    journal(&desk, &desk.project, "committed");
    desk.ok(&["fix", "--apply", "--emit", "plain", "--allow-dirty", "a", "b"]);
    assert_whole(&desk, NEW);
}

#[test]
fn commands_that_only_read_say_so_and_touch_nothing() {
    let desk = half_done();
    for args in [&["scan"][..], &["fix"]] {
        let said = desk.refused(args, 1);
        assert!(said.contains("an earlier run was interrupted"), "{args:?}: {said}");
    }
}

#[test]
fn what_cannot_be_finished_is_4_and_replaces_nothing() {
    let desk = half_done();
    desk.put("b/.env.production", "POSTGRES_PASSWORD=edited-by-hand\n");
    let output = desk.harden(&["fix", "--apply", "--emit", "plain"]);
    assert_code(&output, 4);
    assert!(stderr(&output).contains("b/.env.production"), "{}", stderr(&output));
    assert_eq!(desk.text("b/.env.production"), "POSTGRES_PASSWORD=edited-by-hand\n");
    // the file is what the journal knows again, and the run goes to its end
    desk.put("b/.env.production", OLD);
    desk.ok(&["fix", "--apply", "--emit", "plain"]);
    assert_whole(&desk, NEW);
}

#[test]
fn an_interrupted_run_is_taken_back_by_undo_and_by_nothing_else() {
    let desk = half_done();
    for args in [&["undo", "1"][..], &["undo", "--forget"]] {
        let said = desk.refused(args, 4);
        assert!(said.contains("an earlier run was interrupted") && said.contains("`harden undo` takes it back"), "{args:?}: {said}");
    }
    let output = desk.ok(&["undo"]);
    assert_eq!(stdout(&output), "the run that was interrupted is taken back\n");
    assert_whole(&desk, OLD);
}

#[test]
fn a_conflict_names_the_way_back_which_spares_the_file_that_was_edited() {
    let desk = half_done();
    desk.put("b/.env.production", "POSTGRES_PASSWORD=edited-by-hand\n");
    let output = desk.harden(&["fix", "--apply", "--emit", "plain"]);
    assert_code(&output, 4);
    assert!(stderr(&output).contains("take back what was written: `harden undo`"), "{}", stderr(&output));
    desk.ok(&["undo"]);
    assert_eq!(desk.text("a/.env.production"), OLD);
    assert_eq!(desk.text("b/.env.production"), "POSTGRES_PASSWORD=edited-by-hand\n");
    assert!(!desk.has(&temp("a")) && !desk.has(&temp("b")) && !desk.has(".harden/state/committed"));
}

#[test]
fn encrypt_deals_with_it_before_it_seals_a_file_half_old_and_half_new() {
    let desk = half_done();
    desk.ok(&["init"]);
    let output = desk.ok(&["encrypt", "b/.env.production"]);
    assert!(stderr(&output).contains("its changes are finished now"), "{}", stderr(&output));
    assert_whole(&desk, NEW);
    assert_eq!(desk.opened("b/.env.production"), NEW);
}

#[test]
fn a_journal_that_the_repository_brought_is_refused() {
    let desk = half_done();
    write(desk.home.join(".local/state/harden/journal.key"), [8; 32]).unwrap();
    let said = desk.refused(&["fix", "--apply", "--emit", "plain"], 2);
    assert!(said.contains("another user or machine wrote it"), "{said}");
}
