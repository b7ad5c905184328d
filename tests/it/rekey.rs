//! `harden rekey`, and `encrypt --remove-plain`: who opens, and what goes.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::fs;

use crate::desk::Desk;
use crate::harness::{assert_code, stderr, stdout};

const ENV: &str = "# db\nDB_PASSWORD=kettle-drum-41\nPORT=5432\n";
const YAML: &str = "user: app # who\npassword: kettle-drum-41\ncount: 3\n";

/// An age file, a sops file and a key of the project, sealed to the owner and to somebody who is about to leave: their identity.
fn shared() -> (Desk, String, String) {
    let desk = Desk::ready();
    let (leaver, recipient) = desk.keygen("leaver.txt");
    assert_code(&desk.harden(&["init", "-r", &recipient]), 0);
    desk.put(".env.production", ENV);
    desk.put("app.yaml", YAML);
    assert_code(&desk.harden(&["encrypt", ".env.production"]), 0);
    assert_code(&desk.harden(&["encrypt", "--emit", "sops", "app.yaml"]), 0);
    for name in [".env.production", "app.yaml"] {
        fs::remove_file(desk.project.join(name)).unwrap();
    }
    (desk, leaver, recipient)
}

const SEALED: [&str; 3] = [".env.production.age", ".harden/key.age", "app.sops.yaml"];

/// harden.toml without `recipient`.
fn drop_recipient(desk: &Desk, recipient: &str) {
    let text = desk.text("harden.toml");
    let text: String = text.lines().filter(|line| !line.contains(recipient)).map(|line| format!("{line}\n")).collect();
    desk.put("harden.toml", text);
}

#[test]
fn nothing_differs_until_the_list_changes() {
    let (desk, _, recipient) = shared();
    for args in [&["rekey"][..], &["rekey", "--check"], &["rekey", "--apply"], &["rekey", "--check", "app.sops.yaml"]] {
        let output = desk.harden(args);
        assert_code(&output, 0);
        assert!(stdout(&output).contains("sealed to the recipients of harden.toml"), "{}", stdout(&output));
    }
    drop_recipient(&desk, &recipient);
    let before = SEALED.map(|name| desk.bytes(name));
    // who has no identity sees it, too
    let output = desk.program().env_remove("HOME").args(["rekey", "--check"]).output().unwrap();
    assert_code(&output, 1);
    let said = stdout(&output);
    assert!(SEALED.iter().all(|name| said.contains(name)), "{said}");
    // the project's key is made with the first line of the ledger, and in no list until it is sealed again
    assert_eq!((said.matches(&format!("  - {recipient}")).count(), said.matches("  ? ").count()), (2, 1), "{said}");
    assert_code(&desk.harden(&["rekey"]), 1);
    assert_eq!(SEALED.map(|name| desk.bytes(name)), before);
}

#[test]
fn who_left_opens_nothing_any_more_and_who_came_does() {
    let (desk, leaver, recipient) = shared();
    let (comer, new) = desk.keygen("comer.txt");
    drop_recipient(&desk, &recipient);
    assert_code(&desk.harden(&["init", "-r", &new]), 0);
    let before = SEALED.map(|name| desk.bytes(name));
    let key = desk.harden(&["decrypt", SEALED[1]]).stdout;
    let list = desk.text(".harden/sealed.toml");
    let output = desk.harden(&["rekey", "--apply"]);
    assert_code(&output, 0);
    assert!(SEALED.iter().all(|name| stdout(&output).contains(&format!("sealed again: {name}"))), "{}", stdout(&output));
    assert!(stderr(&output).contains("git's history") && stderr(&output).contains("harden rotate"), "{}", stderr(&output));
    for (name, holds) in [(SEALED[0], ENV.as_bytes()), (SEALED[1], &key), (SEALED[2], YAML.as_bytes())] {
        assert_code(&desk.harden(&["decrypt", "-i", &leaver, name]), 2);
        for args in [&["decrypt", name][..], &["decrypt", "-i", &comer, name]] {
            let output = desk.harden(args);
            assert_code(&output, 0);
            assert_eq!(output.stdout, holds, "{name}");
        }
    }
    // age itself
    if std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|folder| folder.join("age").is_file()) {
        for (identity, holds) in [(&leaver, &[][..]), (&comer, ENV.as_bytes())] {
            let output = desk.command("age").args(["-d", "-i", identity, SEALED[0]]).output().unwrap();
            assert_eq!((output.status.success(), output.stdout.as_slice()), (!holds.is_empty(), holds));
        }
    }
    assert!(!desk.text(".harden/sealed.toml").contains(&recipient));
    assert_code(&desk.harden(&["rekey", "--check"]), 0);
    // the way back is sealed to those who are on the list
    assert_code(&desk.harden(&["undo", "-i", &leaver]), 2);
    assert_code(&desk.harden(&["undo", "-i", &comer]), 0);
    assert_eq!((desk.bytes(SEALED[0]), desk.bytes(SEALED[2])), (before[0].clone(), before[2].clone()));
    // the record goes on, and who left does not get its key back
    assert_code(&desk.harden(&["decrypt", "-i", &leaver, SEALED[1]]), 2);
    assert_eq!(desk.text(".harden/sealed.toml"), list);
}

#[test]
fn one_that_cannot_be_opened_stops_all() {
    let (desk, leaver, recipient) = shared();
    desk.put("other.env", ENV);
    assert_code(&desk.harden(&["encrypt", "-r", &recipient, "other.env"]), 0);
    drop_recipient(&desk, &recipient);
    let before = SEALED.map(|name| desk.bytes(name));
    let output = desk.harden(&["rekey", "--apply"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("other.env.age: none of the identities") && stderr(&output).contains("nothing was written"));
    // who is off the list would lock themselves out
    let output = desk.harden(&["rekey", "--apply", "-i", &leaver]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("would not open the files any more"), "{}", stderr(&output));
    assert_eq!(SEALED.map(|name| desk.bytes(name)), before);
    // the others can be named
    assert_code(&desk.harden(&["rekey", "--apply", ".env.production.age"]), 0);
    assert_code(&desk.harden(&["decrypt", "-i", &leaver, ".env.production.age"]), 2);
    assert_eq!(desk.bytes("app.sops.yaml"), before[2]);
}

#[test]
fn what_the_list_does_not_know_is_named_and_taken_on_when_asked_for() {
    let (desk, ..) = shared();
    let list = desk.project.join(".harden/sealed.toml");
    fs::remove_file(&list).unwrap();
    let output = desk.harden(&["rekey"]);
    assert_code(&output, 1);
    let (said, noted) = (stdout(&output), stderr(&output));
    assert!(said.contains(".harden/key.age") && said.contains("nobody can tell"), "{said}");
    assert!(noted.contains("left alone unless named: .env.production.age, app.sops.yaml"), "{noted}");
    assert_code(&desk.harden(&["rekey", "--apply", "."]), 0);
    let text = desk.text(".harden/sealed.toml");
    // the sops file says itself to whom it is sealed, and is left as it is
    assert!(text.contains(".env.production.age") && text.contains(".harden/key.age"), "{text}");
    // changed by other means: nobody can tell any more
    desk.put("other", ENV);
    assert_code(&desk.harden(&["encrypt", "other"]), 0);
    fs::rename(desk.project.join("other.age"), desk.project.join(".env.production.age")).unwrap();
    let output = desk.harden(&["rekey", "--check", ".env.production.age"]);
    assert_code(&output, 1);
    assert!(stdout(&output).contains("  ? nobody can tell"), "{}", stdout(&output));
}

#[test]
fn who_was_added_by_others_has_to_be_accepted() {
    let (desk, _, leaver) = shared();
    let (stranger, recipient) = desk.keygen("stranger.txt");
    desk.put("harden.toml", desk.text("harden.toml").replace(&leaver, &recipient));
    let before = SEALED.map(|name| desk.bytes(name));
    let output = desk.harden(&["rekey"]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("whom you have not accepted"), "{}", stderr(&output));
    let output = desk.harden(&["rekey", "--apply"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("whom you have not accepted"), "{}", stderr(&output));
    assert_eq!(SEALED.map(|name| desk.bytes(name)), before);
    assert_code(&desk.harden(&["rekey", "--apply", "--accept-recipients"]), 0);
    assert_code(&desk.harden(&["decrypt", "-i", &stranger, SEALED[0]]), 0);
}

#[test]
fn there_must_be_a_list_to_seal_to() {
    let desk = Desk::new();
    let output = desk.harden(&["rekey"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("no harden.toml"), "{}", stderr(&output));
    let desk = Desk::ready();
    let output = desk.harden(&["rekey"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("nothing is sealed here"));
    desk.put("plain.env", ENV);
    assert_code(&desk.harden(&["rekey", "plain.env"]), 2);
    assert_code(&desk.harden(&["rekey", "gone.age"]), 2);
}

#[test]
fn the_plain_file_goes_once_its_copy_was_read_back() {
    let desk = Desk::tracked();
    desk.put(".env.production", ENV);
    desk.put("two.env", ENV);
    desk.git(&["add", "-f", ".env.production"]);
    let output = desk.harden(&["encrypt", "--remove-plain", ".env.production", "two.env"]);
    assert_code(&output, 0);
    assert!(!desk.has(".env.production") && !desk.has("two.env"));
    assert_eq!(desk.opened(".env.production.age"), ENV);
    let noted = stderr(&output);
    assert!(noted.contains("`git rm --cached -- .env.production`") && !noted.contains("rm --cached -- two.env"), "{noted}");
    assert_code(&desk.harden(&["undo"]), 0);
    assert_eq!((desk.text(".env.production"), desk.text("two.env")), (ENV.to_owned(), ENV.to_owned()));
    // a twin that is there already and holds the same will do
    assert_code(&desk.harden(&["encrypt", "--remove-plain", "two.env"]), 0);
    assert!(!desk.has("two.env"));
    // one that holds other text will not
    desk.put("two.env", "A=other\n");
    assert_code(&desk.harden(&["encrypt", "--remove-plain", "two.env"]), 2);
    assert_eq!(desk.text("two.env"), "A=other\n");
}

#[test]
fn what_nobody_here_can_read_back_stays() {
    let desk = Desk::ready();
    desk.put(".env", ENV);
    let (_, recipient) = desk.keygen("other.txt");
    let output = desk.harden(&["encrypt", "--remove-plain", "-r", &recipient, ".env"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("could not be read back") && !desk.has(".env.age"), "{}", stderr(&output));
    let output = desk.harden(&["encrypt", "--remove-plain", "-i", "gone.txt", ".env"]);
    assert_code(&output, 2);
    assert!(!desk.has(".env.age"));
    std::os::unix::fs::symlink(".env", desk.project.join("link.env")).unwrap();
    let output = desk.harden(&["encrypt", "--remove-plain", "link.env"]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("no plain file was removed"), "{}", stderr(&output));
    assert_eq!(desk.text("link.env"), ENV);
}

#[test]
fn a_sops_file_gives_every_byte_back_or_the_plain_one_stays() {
    let desk = Desk::ready();
    desk.put("app.yaml", YAML);
    assert_code(&desk.harden(&["encrypt", "--emit", "sops", "--remove-plain", "app.yaml"]), 0);
    assert!(!desk.has("app.yaml"));
    assert_eq!(desk.opened("app.sops.yaml"), YAML);
    let block = "password: |\n  kettle-drum-41\n  more\nuser: app\n";
    desk.put("block.yaml", block);
    let output = desk.harden(&["encrypt", "--emit", "sops", "--remove-plain", "block.yaml"]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("byte for byte; no plain file was removed"), "{}", stderr(&output));
    assert_eq!(desk.text("block.yaml"), block);
    // both are on the list, as age files are
    let list = desk.text(".harden/sealed.toml");
    assert!(list.contains("app.sops.yaml") && list.contains("block.sops.yaml") && list.contains(&desk.public_key()), "{list}");
}
