//! The record of what was changed: that it is kept, that it holds no value, that what is cut, changed or forged shows, and that a value which comes
//! back is known again.

use std::fs;

use crate::harness::{assert_code, stderr, stdout};
use crate::repository::Repository;

const OLD: &str = "Qv8fT2mKzR9wLx3y";

/// A project with recipients, and a secret in it that is strong but in the open.
fn project() -> Repository {
    let r = Repository::new();
    assert_code(&r.harden(&["init"]), 0);
    r.put(".env.production", format!("JWT_SECRET=changeme\nAPP_NAME=shop\nSESSION_SECRET={OLD}\n"));
    r
}

/// The text of all ledgers.
fn text(r: &Repository) -> String {
    let Ok(folder) = fs::read_dir(r.top.join(".harden/ledger")) else { return String::new() };
    folder.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

fn actions(r: &Repository) -> Vec<String> {
    let shown = stdout(&r.harden(&["ledger", "show", "--format", "json"]));
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    shown["entries"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap().to_owned()).collect()
}

fn verified(r: &Repository, args: &[&str], code: i32, word: &str) -> String {
    let said = r.harden(&[&["ledger", "verify"], args].concat());
    assert_code(&said, code);
    assert!(stdout(&said).starts_with(word), "{}{}", stdout(&said), stderr(&said));
    stdout(&said)
}

fn head(said: &str) -> String {
    said.lines().find_map(|line| line.strip_prefix("head ")).unwrap().split(' ').next().unwrap().to_owned()
}

#[test]
fn what_is_changed_is_recorded_without_a_value() {
    let r = project();
    assert_code(&r.harden(&["fix", "--apply", "--emit", "plain"]), 0);
    let new = fs::read_to_string(r.top.join(".env.production")).unwrap();
    let value = new.lines().find_map(|line| line.strip_prefix("JWT_SECRET=")).unwrap().to_owned();
    assert_code(&r.harden(&["encrypt", ".env.production"]), 0);
    r.put("b.env", "COOKIE_SECRET=changeme\n");
    assert_code(&r.harden(&["fix", "--apply", "b.env"]), 0);
    assert_code(&r.harden(&["undo"]), 0);
    assert_eq!(actions(&r), ["fix", "encrypt", "fix", "undo"]);
    let text = text(&r);
    for value in ["changeme", OLD, &value] {
        assert!(!text.contains(value), "{text}");
    }
    let shown = stdout(&r.harden(&["ledger", "show"]));
    assert!(shown.contains(".env.production  JWT_SECRET  placeholder-secret"), "{shown}");
    assert!(!shown.contains("APP_NAME") && !shown.contains("sealed.toml"), "{shown}");
    let said = verified(&r, &[], 0, "authentic: 4 lines");
    verified(&r, &["--head", &head(&said)], 0, "authentic");
    let table = stdout(&r.harden(&["ledger", "export"]));
    assert!(
        table.starts_with("time,who,action,file,key,rule,commit,") && table.contains("\"fix\",\".env.production\",\"JWT_SECRET\""),
        "{table}"
    );
    assert_eq!(table.lines().filter(|line| line.contains(",\"yes\",")).count(), 5, "{table}");
}

#[test]
fn a_project_without_set_up_has_no_ledger() {
    let r = Repository::new();
    r.put(".env.production", "JWT_SECRET=changeme\n");
    r.commit();
    assert_code(&r.harden(&["fix", "--apply", "--emit", "plain"]), 0);
    assert!(!r.top.join(".harden/ledger").exists() && !r.top.join(".harden/key.age").exists());
    for command in [&["ledger", "show"][..], &["ledger", "verify"], &["ledger", "export"]] {
        let said = r.harden(command);
        assert_code(&said, 3);
        assert!(stderr(&said).contains("there is no ledger"), "{}", stderr(&said));
    }
    assert_code(&r.harden(&["ledger", "verify", "--head", &"0".repeat(64)]), 1);
    assert_code(&r.harden(&["ledger", "verify", "--head", "abc"]), 2);
    assert_code(&r.harden(&["ledger", "show", "no/such/folder"]), 2);
    assert_code(&r.harden(&["ledger", "show", "--no-config"]), 2);
}

#[test]
fn what_is_cut_changed_or_forged_is_broken() {
    let r = project();
    assert_code(&r.harden(&["fix", "--apply"]), 0);
    assert_code(&r.harden(&["undo"]), 0);
    assert_code(&r.harden(&["encrypt", ".env.production"]), 0);
    let end = head(&verified(&r, &[], 0, "authentic"));
    let path = fs::read_dir(r.top.join(".harden/ledger")).unwrap().next().unwrap().unwrap().path();
    let put = |text: &str| drop(r.put(path.strip_prefix(&r.top).unwrap(), text));
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    put(&format!("{}\n{}\n", lines[0], lines[1]));
    verified(&r, &[], 0, "authentic: 2 lines");
    verified(&r, &["--head", &end], 1, "broken");
    put(&format!("{}\n{}\n", lines[0], lines[2]));
    verified(&r, &[], 1, "broken");
    put(&whole.replace("\"action\":\"undo\"", "\"action\":\"none\""));
    verified(&r, &[], 1, "broken");
    let forged = lines[2].rsplit_once(",\"hmac\":").unwrap().0.to_owned() + ",\"hmac\":null}";
    put(&format!("{}\n{}\n{forged}\n", lines[0], lines[1]));
    verified(&r, &[], 0, "consistent only: 3 lines");
    put("kettle\n");
    let said = r.harden(&["ledger", "verify"]);
    assert_code(&said, 1);
    assert!(stderr(&said).contains(".jsonl:1: it is no line of a ledger") && !stderr(&said).contains("kettle"), "{}", stderr(&said));
    assert!(stdout(&r.harden(&["ledger", "show"])).contains("cannot be read"));
    // nothing is added to what cannot be read as text, and nothing is sealed over it
    put("\u{0}");
    fs::File::create(&path).and_then(|mut file| std::io::Write::write_all(&mut file, b"\xff\n")).unwrap();
    r.put("b.env", "COOKIE_SECRET=changeme\n");
    assert_code(&r.harden(&["fix", "--apply", "b.env"]), 2);
    assert!(!r.top.join("b.env.age").exists());
}

#[test]
fn without_the_key_a_line_is_written_and_marked() {
    let r = project();
    assert_code(&r.harden(&["fix", "--apply"]), 0);
    let identity = r.home().join(".config/harden/identity.txt");
    fs::rename(&identity, r.beside("kept.txt")).unwrap();
    r.put("b.env", "COOKIE_SECRET=changeme\n");
    let said = r.harden(&["fix", "--apply", "b.env"]);
    assert_code(&said, 0);
    assert!(stderr(&said).contains("without an HMAC"), "{}", stderr(&said));
    let said = verified(&r, &[], 0, "consistent only: 2 lines");
    assert!(said.contains("key.age cannot be opened here"), "{said}");
    fs::rename(r.beside("kept.txt"), &identity).unwrap();
    let said = verified(&r, &[], 0, "consistent only: 2 lines");
    assert!(said.contains("1 was written where the project's key could not be opened"), "{said}");
    let last = text(&r).lines().last().unwrap().to_owned();
    assert!(last.ends_with("\"hmac\":null}") && !last.contains("\"old\""), "{last}");
}

#[test]
fn two_people_and_two_branches_merge_by_themselves() {
    let r = project();
    assert_code(&r.harden(&["fix", "--apply"]), 0);
    r.commit();
    let work = |name: &str, home: &std::path::Path| {
        r.put(format!("{name}.env"), "COOKIE_SECRET=changeme\n");
        let said = r.harden_command(&r.top).env("HOME", home).args(["fix", "--apply", &format!("{name}.env")]).output().unwrap();
        assert_code(&said, 0);
        r.commit();
    };
    r.git(&["checkout", "-qb", "one"]);
    work("one", &r.home());
    r.git(&["checkout", "-q", "main"]);
    work("two", &r.home());
    r.git(&["checkout", "-qb", "other", "main"]);
    // somebody else, with the same identity on another machine
    let other = r.beside("other");
    fs::create_dir_all(other.join(".config/harden")).unwrap();
    fs::copy(r.home().join(".config/harden/identity.txt"), other.join(".config/harden/identity.txt")).unwrap();
    work("three", &other);
    r.git(&["checkout", "-q", "main"]);
    // of the list of sealed files both sides add to the end
    let merge = |branch: &str| {
        if !r.try_git(&r.top, &["merge", "-q", "--no-edit", branch]).status.success() {
            r.git(&["checkout", "-q", "--ours", ".harden/sealed.toml"]);
            let left = r.git(&["diff", "--name-only", "--diff-filter=U"]);
            assert_eq!(left.trim(), ".harden/sealed.toml", "the ledger merges by itself");
            r.commit();
        }
    };
    merge("one");
    merge("other");
    verified(&r, &[], 0, "authentic: 4 lines");
    assert_eq!(fs::read_dir(r.top.join(".harden/ledger")).unwrap().count(), 2);
}

#[test]
fn a_secret_that_was_replaced_is_known_again() {
    let r = project();
    // too short for a key that signs, and long enough for a password
    assert_code(&r.harden(&["fix", "--apply", "--emit", "plain"]), 0);
    assert!(!fs::read_to_string(r.top.join(".env.production")).unwrap().contains(OLD));
    r.commit();
    let back = |r: &Repository, args: &[&str]| {
        let lines = stdout(&r.harden(&[&["scan", "--format", "jsonl"], args].concat()));
        let places = lines.lines().filter(|line| line.contains("\"retired-secret\""));
        places.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["file"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(back(&r, &[]), [""; 0]);
    r.put(
        "compose.yml",
        format!("services:\n  app:\n    image: app:1\n    environment:\n      DATABASE_URL: postgres://app:{OLD}@db/app\n"),
    );
    r.put("notes.env", format!("# OLD_SECRET={OLD}\nA_TOKEN=changeme\n"));
    r.git(&["add", "-A"]);
    for args in [&[][..], &["--staged"]] {
        let found = back(&r, args);
        assert_eq!(found, ["compose.yml", "notes.env"], "{args:?}");
    }
    assert_code(&r.harden(&["hook", "run", "pre-commit"]), 1);
    // the history holds it by right
    assert_eq!(back(&r, &["--history"]), [""; 0]);
    // without an identity nobody is asked, and that the check did not run is said
    fs::remove_file(r.home().join(".config/harden/identity.txt")).unwrap();
    assert_eq!(back(&r, &[]), [""; 0]);
    let said = stderr(&r.harden(&["scan"]));
    assert!(said.contains("values that were replaced once were not looked for"), "{said}");
    let said = stderr(&r.harden(&["hook", "run", "pre-commit"]));
    assert!(said.contains("values that were replaced once were not looked for"), "{said}");
    assert!(!stderr(&r.harden(&["scan", "--no-config"])).contains("replaced once"));
}

#[test]
fn what_is_taken_back_is_no_longer_replaced() {
    let r = Repository::new();
    assert_code(&r.harden(&["init"]), 0);
    r.put(".env.production", "SESSION_SECRET=quokka-kettle\n");
    r.put("old.env", "# OLD_SECRET=quokka-kettle\n");
    let back = |r: &Repository| stdout(&r.harden(&["scan", "--format", "jsonl", "old.env"])).contains("\"retired-secret\"");
    assert_code(&r.harden(&["fix", "--apply", "--emit", "plain", ".env.production"]), 0);
    assert!(back(&r));
    assert_code(&r.harden(&["undo"]), 0);
    assert!(!back(&r));
    let redo = r.harden(&["undo", "2"]);
    assert_code(&redo, 0);
    assert!(back(&r), "the plan holds again: {}", stdout(&r.harden(&["ledger", "show"])));
    // a line that nobody vouches for replaces nothing
    let path = fs::read_dir(r.top.join(".harden/ledger")).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read_to_string(&path).unwrap();
    let forged: String = whole.lines().map(|line| line.rsplit_once(",\"hmac\":").unwrap().0.to_owned() + ",\"hmac\":null}\n").collect();
    r.put(path.strip_prefix(&r.top).unwrap(), forged);
    assert!(!back(&r));
}

#[test]
fn every_command_that_changes_a_secret_is_in_it() {
    let r = project();
    assert_code(&r.harden(&["encrypt", "--remove-plain", ".env.production"]), 0);
    let set = |args: &[&str], value: &str| {
        let mut command = r.harden_command(&r.top);
        let mut child = command.args(args).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), value.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    };
    set(&["set", "SESSION_SECRET", ".env.production.age"], "Zk2vQ8rT5wXy1LmN7pBdQv8fT2mKzR9wLx3yAb");
    let other = stdout(&r.harden(&["keygen", "-o", r.beside("other.txt").to_str().unwrap()]));
    let other = other.split_whitespace().find(|word| word.starts_with("age1")).unwrap().to_owned();
    assert_code(&r.harden(&["init", "-r", &other]), 0);
    assert_code(&r.harden(&["rekey", "--apply"]), 0);
    let said = r.harden_command(&r.top).env("EDITOR", "sed -i s/shop/store/").args(["edit", ".env.production.age"]).output().unwrap();
    assert_code(&said, 0);
    assert_eq!(actions(&r), ["encrypt", "remove-plain", "set", "rekey", "edit"]);
    assert!(text(&r).contains("\"key\":\"SESSION_SECRET\",\"old\":") && !text(&r).contains("Zk2vQ8rT5wXy1LmN7pBd"));
    // the one who came can vouch, too
    let own = r.home().join(".config/harden/identity.txt");
    fs::remove_file(&own).unwrap();
    fs::copy(r.beside("other.txt"), &own).unwrap();
    std::os::unix::fs::PermissionsExt::set_mode(&mut fs::metadata(&own).unwrap().permissions(), 0o600);
    verified(&r, &[], 0, "authentic: 5 lines");
    // what was set before is known again
    r.put("old.env", format!("# OLD_SECRET={OLD}\n"));
    assert!(stdout(&r.harden(&["scan", "--format", "jsonl", "old.env"])).contains("\"retired-secret\""));
}

#[test]
fn a_rotation_is_in_it_and_the_age_of_a_secret_is_taken_from_it() {
    let r = project();
    r.put(".env.production", format!("SESSION_SECRET={}\nAPP_NAME=shop\n", "Zk2vQ8rT5wXy1LmN7pBdQv8fT2mKzR9wLx3yAb"));
    r.commit();
    let said = r.harden(&["rotate", "SESSION_SECRET", "--apply", "--yes"]);
    assert_code(&said, 0);
    assert_eq!(actions(&r), ["rotate"]);
    assert!(text(&r).contains("\"key\":\"SESSION_SECRET\",\"old\":"), "{}", text(&r));
    let status = stdout(&r.harden(&["status", "--format", "json"]));
    assert!(status.contains("\"ledger\""), "{status}");
    r.put("old.env", "# OLD_SECRET=Zk2vQ8rT5wXy1LmN7pBdQv8fT2mKzR9wLx3yAb\n");
    let back = || stdout(&r.harden(&["scan", "--format", "jsonl", "old.env"])).contains("\"retired-secret\"");
    assert!(back());
    assert_code(&r.harden(&["rotate", "--undo"]), 0);
    assert_eq!(actions(&r), ["rotate", "rotate --undo"]);
    assert!(!back(), "it is in use again");
    verified(&r, &[], 0, "authentic: 2 lines");
}
