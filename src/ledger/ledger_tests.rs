//! A ledger that is added to, cut, changed, merged and forged.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::{any, prop, prop_assert, proptest};

use super::super::chain::{Ledger, Writer};
use super::super::entry::{Entry, Subject};
use super::{Verdict, verify};
use crate::disk::MacKey;

fn vouch(byte: u8) -> impl Fn(&[u8]) -> String {
    move |line| MacKey::of_bytes(&[byte; 32]).unwrap().mac(line).iter().map(|b| format!("{b:02x}")).collect()
}

fn entry(n: usize) -> Entry {
    let subjects = vec![Subject { file: ".env".into(), key: format!("K{n}"), old: Some("0".repeat(32)), ..Subject::default() }];
    let time = format!("2026-01-{:02}T00:00:00Z", n + 1);
    Entry { schema: 1, time, action: "fix".into(), who: "Ada \",\"hmac\":\"x".into(), harden: "1".into(), subjects, ..Entry::default() }
}

fn writer(n: u8) -> Writer {
    Writer::parse(&format!("{n:016x}")).unwrap()
}

/// Adds `entry` for `writer`; the file and the new head.
fn add(root: &Path, who: u8, n: usize, key: Option<u8>) -> (PathBuf, String) {
    let (own, ledger) = (writer(who), Ledger::load(root).unwrap());
    let by = key.map(vouch);
    let grown = ledger.grown(root, &own, &entry(n), by.as_ref().map(|v| v as &dyn Fn(&[u8]) -> String));
    fs::create_dir_all(grown.path.parent().unwrap()).unwrap();
    put(&grown.path, &grown.bytes);
    (grown.path, grown.head)
}

fn put(path: &Path, bytes: &[u8]) {
    File::create(path).unwrap().write_all(bytes).unwrap();
}

fn judge(root: &Path, heads: &[String]) -> super::Judgement {
    verify(&Ledger::load(root).unwrap(), Some(&vouch(7)), heads)
}

/// A project with a ledger of some lines.
fn some(count: usize) -> (tempfile::TempDir, PathBuf, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let mut heads = Vec::new();
    let mut path = PathBuf::new();
    for n in 0..count {
        let (file, head) = add(dir.path(), 1, n, Some(7));
        path = file;
        heads.push(head);
    }
    (dir, path, heads)
}

#[test]
fn lines_follow_each_other_and_are_vouched_for() {
    let (dir, _, heads) = some(3);
    let found = judge(dir.path(), &heads);
    assert_eq!((found.verdict, found.lines, found.authentic), (Verdict::Authentic, 3, 3), "{:?}", found.faults);
    assert_eq!(found.heads, [(writer(1), heads[2].clone())]);
    let ledger = Ledger::load(dir.path()).unwrap();
    assert_eq!(ledger.chains[0].lines[1].entry.as_ref(), Some(&entry(1)), "what was written is read");
    assert_eq!(ledger.chains[0].lines[2].prev, [heads[1].clone()]);
    let blind = verify(&ledger, None, &[]);
    assert_eq!((blind.verdict, blind.authentic), (Verdict::Consistent, 0));
    add(dir.path(), 1, 3, None);
    let found = judge(dir.path(), &[]);
    assert_eq!((found.verdict, found.unauthenticated), (Verdict::Consistent, 1), "written where the key was not open");
    let other = verify(&Ledger::load(dir.path()).unwrap(), Some(&vouch(8)), &[]);
    assert_eq!((other.verdict, other.faults.len()), (Verdict::Broken, 3), "another key");
}

#[test]
fn every_line_that_is_taken_out_of_the_middle_is_missed_and_the_end_by_its_hash() {
    let (dir, path, heads) = some(4);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for gone in 0..4 {
        let left: String = lines.iter().enumerate().filter(|(i, _)| *i != gone).map(|(_, l)| format!("{l}\n")).collect();
        put(&path, left.as_bytes());
        assert_eq!(judge(dir.path(), &[]).verdict == Verdict::Broken, gone < 3, "line {gone}");
        assert_eq!(judge(dir.path(), &heads).verdict, Verdict::Broken, "line {gone}");
    }
    put(&path, format!("{}\n{}\n", lines[1], lines[0]).as_bytes());
    assert_eq!(judge(dir.path(), &[]).verdict, Verdict::Broken, "another order");
    fs::remove_file(&path).unwrap();
    assert_eq!(judge(dir.path(), &heads[3..]).verdict, Verdict::Broken, "all of it gone");
}

#[test]
fn two_branches_of_one_writer_are_merged_by_the_union_of_their_lines() {
    let (dir, path, _) = some(2);
    let base = fs::read(&path).unwrap();
    add(dir.path(), 1, 2, Some(7));
    let ours = fs::read_to_string(&path).unwrap();
    put(&path, &base);
    add(dir.path(), 1, 3, Some(7));
    let theirs = fs::read_to_string(&path).unwrap();
    let merged = format!("{ours}{}\n", theirs.lines().last().unwrap());
    put(&path, merged.as_bytes());
    let found = judge(dir.path(), &[]);
    assert_eq!((found.verdict, found.forks, found.heads.len()), (Verdict::Authentic, 1, 2), "{:?}", found.faults);
    let (_, head) = add(dir.path(), 1, 4, Some(7));
    let found = judge(dir.path(), &[]);
    assert_eq!((found.verdict, found.heads), (Verdict::Authentic, vec![(writer(1), head)]), "the next line follows both");
    // neither end of the branches can be cut off any more
    let text = fs::read_to_string(&path).unwrap();
    for gone in [2, 3] {
        let left: String = text.lines().enumerate().filter(|(i, _)| *i != gone).map(|(_, l)| format!("{l}\n")).collect();
        put(&path, left.as_bytes());
        assert_eq!(judge(dir.path(), &[]).verdict, Verdict::Broken, "line {gone}");
    }
}

#[test]
fn two_writers_have_two_files_and_lines_come_by_time() {
    let dir = tempfile::tempdir().unwrap();
    for (who, n) in [(1, 0), (2, 1), (1, 2), (2, 3)] {
        add(dir.path(), who, n, Some(7));
    }
    assert_eq!(judge(dir.path(), &[]).verdict, Verdict::Authentic);
    let ledger = Ledger::load(dir.path()).unwrap();
    let order: Vec<u8> = ledger.by_time().iter().map(|(who, _)| who.as_str().as_bytes()[15] - b'0').collect();
    assert_eq!(order, [1, 2, 1, 2]);
}

#[test]
fn links_and_other_things_are_no_ledger() {
    let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(Ledger::load(dir.path()).unwrap().chains.len(), 0);
    fs::create_dir(dir.path().join(".harden")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), dir.path().join(".harden/ledger")).unwrap();
    assert!(Ledger::load(dir.path()).is_err());
    fs::remove_file(dir.path().join(".harden/ledger")).unwrap();
    fs::create_dir(dir.path().join(".harden/ledger")).unwrap();
    put(&dir.path().join(".harden/ledger/README.md"), b"x");
    assert_eq!(Ledger::load(dir.path()).unwrap().chains.len(), 0);
    std::os::unix::fs::symlink("/etc/hostname", dir.path().join(".harden/ledger/0000000000000001.jsonl")).unwrap();
    assert!(Ledger::load(dir.path()).is_err());
}

proptest! {
    #[test]
    fn no_changed_byte_goes_unseen(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        let (dir, path, heads) = some(2);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len() - 1);
        bytes[at] ^= flip;
        put(&path, &bytes);
        let seen = Ledger::load(dir.path()).map_or(true, |ledger| verify(&ledger, Some(&vouch(7)), &heads).verdict == Verdict::Broken);
        prop_assert!(seen, "byte {at}");
    }

    #[test]
    fn any_text_is_read_and_none_is_authentic(text in any::<String>()) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(".harden/ledger")).unwrap();
        put(&dir.path().join(".harden/ledger/0000000000000001.jsonl"), text.as_bytes());
        prop_assert!(judge(dir.path(), &[]).verdict != Verdict::Authentic);
    }
}
