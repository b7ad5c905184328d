//! `harden undo`: the way back from what was applied, and when there is none.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Desk, assert_code, stderr, stdout};

const ENV: &str = "JWT_SECRET=changeme\nPORT=80\n";
const YAML: &str = "app:\n  session_secret: changeme\n";
const PLAIN: [&str; 4] = ["fix", "--apply", "--emit", "plain"];

/// Two files, of different modes, patched in place; git holds neither.
fn patched() -> Desk {
    let desk = Desk::with(&[(".env.production", ENV), ("sub/app.yml", YAML)]).ready();
    mode(&desk, ".env.production", 0o640);
    mode(&desk, "sub/app.yml", 0o600);
    let output = desk.ok(&PLAIN);
    assert!(stderr(&output).contains("`harden undo` takes it back"), "{}", stderr(&output));
    assert!(!desk.text(".env.production").contains("changeme") && !desk.text("sub/app.yml").contains("changeme"));
    desk
}

fn mode(desk: &Desk, name: &str, mode: u32) {
    fs::set_permissions(desk.project.join(name), fs::Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn assert_old(desk: &Desk) {
    assert_eq!((desk.text(".env.production").as_str(), desk.text("sub/app.yml").as_str()), (ENV, YAML));
    let modes = [".env.production", "sub/app.yml"].map(|n| fs::metadata(desk.project.join(n)).unwrap().permissions().mode() & 0o777);
    assert_eq!(modes, [0o640, 0o600]);
}

#[test]
fn the_last_plan_is_taken_back_byte_for_byte_and_the_undo_in_turn() {
    let desk = patched();
    let new = desk.text(".env.production");
    let output = desk.ok(&["undo"]);
    assert_eq!(stdout(&output), "restored: .env.production\nrestored: sub/app.yml\n");
    assert!(stderr(&output).contains("`harden undo 2` takes that back"), "{}", stderr(&output));
    assert_old(&desk);
    // not round and round: it is taken back already
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("the last plan is taken back already"), "{said}");
    desk.ok(&["undo", "2"]);
    assert_eq!(desk.text(".env.production"), new);
    let list = stdout(&desk.ok(&["undo", "--list"]));
    assert!(list.starts_with("3  20") && list.ends_with("took back 2, the plan holds again: .env.production, sub/app.yml\n"), "{list}");
    desk.ok(&["undo"]);
    assert_old(&desk);
}

#[test]
fn no_old_value_is_on_disk_in_the_open() {
    let desk = patched();
    let state = desk.project.join(".harden/state");
    let mut names = Vec::new();
    for entry in fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        assert!(!String::from_utf8_lossy(&fs::read(&path).unwrap()).contains("changeme"), "{}", path.display());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["lock", "undo-1", "undo-1.age"]);
    let shown = desk.ok(&["decrypt", ".harden/state/undo-1.age"]);
    assert!(stdout(&shown).contains(ENV) && stdout(&shown).contains(YAML));
}

#[test]
fn sealed_copies_that_were_made_go_and_those_that_were_replaced_come_back_with_their_list() {
    let desk = Desk::with(&[(".env.production", ENV), ("sub/app.yml", YAML)]).ready();
    desk.ok(&["encrypt", ".env.production"]);
    let (sealed, list) = (desk.text(".env.production.age"), desk.text(".harden/sealed.toml"));
    desk.ok(&["fix", "--apply"]);
    assert_ne!(desk.text(".env.production.age"), sealed);
    assert!(desk.has("sub/app.yml.age") && desk.text(".harden/sealed.toml").contains("sub/app.yml.age"));
    // somebody else's line in the list is none of the plan's business
    desk.put("other.env", "A=1\n");
    desk.ok(&["encrypt", "other.env"]);
    let output = desk.ok(&["undo"]);
    assert_eq!(stdout(&output), "restored: .env.production.age\nremoved: sub/app.yml.age\n");
    assert_eq!(desk.text(".env.production.age"), sealed);
    assert!(!desk.has("sub/app.yml.age"));
    let now = desk.text(".harden/sealed.toml");
    assert!(now.contains("other.env.age") && !now.contains("sub/app.yml.age") && list.lines().all(|line| now.contains(line)), "{now}");
    desk.ok(&["undo", "2"]);
    assert!(desk.has("sub/app.yml.age") && desk.text(".harden/sealed.toml").contains("sub/app.yml.age"));
    assert!(desk.opened("sub/app.yml").contains("session_secret"));
}

#[test]
fn a_first_sealing_leaves_nothing_behind_when_it_is_taken_back() {
    let desk = Desk::with(&[(".env.production", ENV)]).ready();
    let before = desk.tree();
    desk.ok(&["fix", "--apply"]);
    desk.ok(&["undo"]);
    // but the record of both
    let mut after = desk.tree();
    after.retain(|name, _| !name.starts_with(".harden/ledger/") && !matches!(name.as_str(), ".harden/key.age" | ".harden/.gitattributes"));
    assert!(after == before);
}

#[test]
fn what_was_changed_since_is_named_and_nothing_is_written() {
    let desk = patched();
    desk.put("sub/app.yml", "app:\n  session_secret: mine\n");
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("error: sub/app.yml was changed since the plan was applied; nothing was written"), "{said}");
    assert!(said.contains("`harden decrypt --reveal .harden/state/undo-1.age`") && !said.contains(".env.production"), "{said}");
    fs::remove_file(desk.project.join(".env.production")).unwrap();
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains(".env.production, sub/app.yml were changed"), "{said}");
}

#[test]
fn without_an_identity_or_with_another_there_is_no_way_back() {
    let desk = patched();
    let own = desk.home.join(".config/harden/identity.txt");
    let kept = desk.home.join("kept");
    fs::rename(&own, &kept).unwrap();
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("no identity was found") && said.contains("nothing was written") && said.contains("`-i FILE`"), "{said}");
    desk.ok(&["keygen", "-o", own.to_str().unwrap()]);
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("undo-1.age: none of the identities in") && said.contains("nothing was written"), "{said}");
    desk.ok(&["undo", "-i", kept.to_str().unwrap()]);
    assert_old(&desk);
}

#[test]
fn a_copy_that_is_damaged_or_another_is_refused() {
    let desk = patched();
    let copy = ".harden/state/undo-1.age";
    let good = desk.text(copy);
    desk.put(copy, &good[..good.len() / 2]);
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("undo-1.age: the sealed file is") && said.contains("nothing was written"), "{said}");
    assert!(said.contains("`harden undo --forget 1` removes it"), "{said}");
    // sealed to the same people, by anybody
    desk.put("evil", "harden undo 1\n644 7 .env.production\nX=evil\n\n600 0 sub/app.yml\n\n");
    desk.ok(&["encrypt", "evil"]);
    desk.put(copy, desk.text("evil.age"));
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("undo-1.age does not hold what was changed; nothing was written"), "{said}");
    desk.put(copy, good);
    desk.ok(&["undo"]);
    assert_old(&desk);
}

#[test]
fn a_list_that_another_user_wrote_or_somebody_changed_is_refused() {
    let desk = patched();
    let list = desk.text(".harden/state/undo-1");
    desk.put(".harden/state/undo-1", list.replace("sub/app.yml", "sub/bpp.yml"));
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("undo-1` is refused: another user or machine wrote it, or it was changed; nothing was written"), "{said}");
    let output = desk.ok(&["undo", "--list"]);
    assert!(stdout(&output).is_empty() && stderr(&output).contains("warning: 1: "), "{}", stderr(&output));
    desk.put(".harden/state/undo-1", list);
    let key = desk.home.join(".local/state/harden/journal.key");
    let own = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("another user or machine wrote it"), "{said}");
    fs::remove_file(&key).unwrap();
    fs::rename(desk.project.join(".harden/state/undo-1.age"), desk.project.join(".harden/state/undo-4.age")).unwrap();
    fs::rename(desk.project.join(".harden/state/undo-1"), desk.project.join(".harden/state/undo-4")).unwrap();
    std::io::Write::write_all(&mut fs::File::create(&key).unwrap(), &own).unwrap();
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("it is the list of something else"), "{said}");
}

#[test]
fn what_git_holds_is_not_obeyed() {
    let desk = patched();
    fs::remove_file(desk.project.join(".harden/.gitignore")).unwrap();
    let desk = desk.committed();
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("undo-1` is tracked by git, and not obeyed; nothing was written"), "{said}");
    fs::rename(desk.project.join(".harden/state/undo-1"), desk.project.join(".harden/state/committed")).unwrap();
    desk.commit();
    for args in [&["undo"][..], &PLAIN, &["encrypt", "sub/app.yml"]] {
        let said = desk.refused(args, 2);
        assert!(said.contains("committed` is tracked by git, and not obeyed"), "{args:?}: {said}");
    }
}

#[test]
fn what_git_only_has_in_its_index_is_not_obeyed_either() {
    let desk = patched();
    fs::remove_file(desk.project.join(".harden/.gitignore")).unwrap();
    let desk = desk.committed();
    let list = desk.project.join(".harden/state/undo-1");
    let text = fs::read(&list).unwrap();
    desk.put(".harden/state/undo-1", "something else");
    desk.commit();
    // as it was, and not as HEAD has it: what a filter of the repository could make of it
    std::io::Write::write_all(&mut fs::File::create(&list).unwrap(), &text).unwrap();
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("undo-1` is tracked by git, and not obeyed"), "{said}");
}

#[test]
fn three_plans_can_be_taken_back_and_forgotten_ones_cannot() {
    let desk = Desk::with(&[]).ready();
    for n in 1..=4 {
        desk.put(&format!("{n}.env"), format!("JWT_SECRET=changeme\nN={n}\n"));
        desk.ok(&PLAIN);
    }
    let list = stdout(&desk.ok(&["undo", "--list"]));
    assert_eq!(list.lines().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(), ["4", "3", "2"]);
    desk.ok(&["undo", "3"]);
    assert_eq!(desk.text("3.env"), "JWT_SECRET=changeme\nN=3\n");
    assert!(!desk.text("4.env").contains("changeme"));
    let said = desk.refused(&["undo", "1"], 2);
    assert!(said.contains("there is no plan 1 to take back") && said.contains("`harden undo --list`"), "{said}");
    assert_eq!(stdout(&desk.ok(&["undo", "--forget", "4"])), "forgotten: 1; there is no way back for it\n");
    desk.ok(&["undo", "--forget"]);
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("there is nothing to take back"), "{said}");
    assert_eq!(fs::read_dir(desk.project.join(".harden/state")).unwrap().count(), 1);
}

#[test]
fn without_recipients_it_says_that_there_is_no_way_back() {
    let desk = Desk::with(&[(".env.production", ENV)]).committed();
    let output = desk.ok(&PLAIN);
    assert!(stderr(&output).contains("`harden undo` cannot take this back: there are no recipients"), "{}", stderr(&output));
    let said = desk.refused(&["undo"], 2);
    assert!(said.contains("there is nothing to take back; nothing was written") && said.contains("`git checkout -- FILE`"), "{said}");
    // one that is typed will do, and the identity is what undo seals its own copy to
    let desk = Desk::with(&[(".env.production", ENV)]);
    let identity = desk.home.join("id");
    let made = desk.ok(&["keygen", "-o", identity.to_str().unwrap()]);
    let said = format!("{}{}", stdout(&made), stderr(&made));
    let recipient = said.split_whitespace().find(|word| word.starts_with("age1")).unwrap().to_owned();
    desk.ok(&[&PLAIN[..], &["-r", &recipient]].concat());
    desk.ok(&["undo", "-i", identity.to_str().unwrap()]);
    assert_eq!(desk.text(".env.production"), ENV);
    assert_code(&desk.harden(&["undo", "2", "-i", identity.to_str().unwrap()]), 0);
    assert!(!desk.text(".env.production").contains("changeme"));
}

#[test]
fn the_folder_that_was_named_is_named_again() {
    let desk = Desk::new();
    let identity = desk.home.join(".config/harden/identity.txt");
    desk.put("deploy/.env.production", ENV);
    desk.ok(&["init", "deploy"]);
    assert!(identity.exists());
    desk.ok(&[&PLAIN[..], &["deploy"]].concat());
    desk.refused(&["undo"], 2);
    let output = desk.ok(&["undo", "--dir", "deploy"]);
    assert_eq!(stdout(&output), "restored: deploy/.env.production\n");
    assert_eq!(desk.text("deploy/.env.production"), ENV);
}
