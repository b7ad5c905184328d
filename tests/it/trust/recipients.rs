//! Recipients are pinned at the first use: who is added to harden.toml later opens nothing until that is accepted on this machine.

use std::fs;

use crate::harness::{assert_code, stderr, stdout};
use crate::repository::Repository;

/// A project with one identity, an env file and a second key beside it; the second key's recipient.
fn project() -> (Repository, String) {
    let r = Repository::new();
    assert_code(&r.harden(&["init"]), 0);
    r.put(".env", "JWT_SECRET=changeme\n");
    let made = r.harden(&["keygen", "-o", r.beside("other.txt").to_str().unwrap()]);
    assert_code(&made, 0);
    let key = stdout(&made).split_whitespace().find(|word| word.starts_with("age1")).unwrap().to_owned();
    (r, key)
}

/// Adds a recipient as a commit of somebody else would.
fn added(r: &Repository, key: &str) {
    let text = fs::read_to_string(r.top.join("harden.toml")).unwrap();
    r.put("harden.toml", text.replace("recipients = [\n", &format!("recipients = [\n  \"{key}\",\n")));
}

fn opens(r: &Repository, file: &str) -> bool {
    r.harden(&["decrypt", "-i", r.beside("other.txt").to_str().unwrap(), file]).status.code() == Some(0)
}

#[test]
fn an_added_recipient_stops_every_command_that_seals_until_it_is_accepted() {
    let (r, key) = project();
    r.put("b.env", "SESSION_SECRET=changeme\n");
    assert_code(&r.harden(&["fix", "--apply", "b.env"]), 0);
    added(&r, &key);
    let commands: [&[&str]; 5] = [
        &["encrypt", ".env"],
        &["encrypt", "--emit", "sops", ".env"],
        &["fix", "--apply", ".env"],
        &["fix", "--apply", "--emit", "sops", ".env"],
        &["fix", "--apply", "--emit", "plain", ".env"],
    ];
    for command in commands {
        let said = r.harden(command);
        assert_code(&said, 2);
        let told = stderr(&said);
        assert!(told.contains(&key) && told.contains("--accept-recipients"), "{command:?}: {told}");
        assert_eq!(told.matches("nothing was written").count(), 1, "{command:?}: {told}");
        assert!(!r.top.join(".env.age").exists() && !r.top.join(".env.sops.env").exists(), "{command:?} sealed");
        assert_eq!(fs::read_to_string(r.top.join(".env")).unwrap(), "JWT_SECRET=changeme\n", "{command:?} wrote");
    }
    let told = stderr(&r.harden(&["fix", ".env"]));
    assert!(told.contains(&key) && told.contains("`--apply` stops there"), "the plan says so before: {told}");
    // an undo keeps nobody waiting: its copy goes to those who are accepted
    let undone = r.harden(&["undo"]);
    assert_code(&undone, 0);
    assert!(stderr(&undone).contains("the copy is not sealed to"), "{}", stderr(&undone));
    let copy = fs::read_dir(r.top.join(".harden/state")).unwrap().flatten().map(|e| e.path());
    for copy in copy.filter(|path| path.extension().is_some_and(|e| e == "age")) {
        assert!(!opens(&r, copy.to_str().unwrap()), "{}", copy.display());
    }
    let accepted = r.harden(&["encrypt", "--accept-recipients", ".env"]);
    assert_code(&accepted, 0);
    assert!(stderr(&accepted).contains("accepted:") && opens(&r, ".env.age"), "{}", stderr(&accepted));
    // accepted once is accepted
    r.put("c.env", "X_TOKEN=changeme\n");
    let again = r.harden(&["encrypt", "c.env"]);
    assert_code(&again, 0);
    assert!(!stderr(&again).contains("accepted"), "{}", stderr(&again));
}

#[test]
fn a_removed_recipient_is_said_once_and_is_a_stranger_when_it_comes_back() {
    let (r, key) = project();
    added(&r, &key);
    assert_code(&r.harden(&["encrypt", "--accept-recipients", ".env"]), 0);
    let both = fs::read_to_string(r.top.join("harden.toml")).unwrap();
    r.put("harden.toml", both.lines().filter(|line| !line.contains(&key)).map(|line| format!("{line}\n")).collect::<String>());
    r.put("b.env", "B_TOKEN=changeme\n");
    r.put("c.env", "C_TOKEN=changeme\n");
    let said = stderr(&r.harden(&["encrypt", "b.env"]));
    assert!(said.contains("no longer among the recipients") && said.contains(&key), "{said}");
    assert!(!opens(&r, "b.env.age"));
    let said = stderr(&r.harden(&["encrypt", "c.env"]));
    assert!(!said.contains("no longer among"), "once is enough: {said}");
    r.put("harden.toml", both);
    r.put("d.env", "D_TOKEN=changeme\n");
    assert_code(&r.harden(&["encrypt", "d.env"]), 2);
}

#[test]
fn the_first_use_names_whom_it_seals_to_and_a_clone_is_a_first_use() {
    let (r, key) = project();
    added(&r, &key);
    assert_code(&r.harden(&["encrypt", "--accept-recipients", ".env"]), 0);
    r.git(&["add", "-f", "harden.toml"]);
    r.git(&["commit", "-qm", "x", "--no-verify"]);
    let clone = r.beside("clone");
    r.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    fs::copy(r.top.join(".env"), clone.join(".env")).unwrap();
    let said = r.harden_in(&clone, &["encrypt", ".env"]);
    assert_code(&said, 0);
    assert!(stderr(&said).contains("first sealing here, to the 2 recipients") && stderr(&said).contains(&key), "{}", stderr(&said));
    // the note is in the user's own folder, for nobody else, and not in the project
    let notes = r.home().join(".local/state/harden/recipients");
    assert_eq!(fs::read_dir(&notes).unwrap().count(), 2);
}

#[test]
fn who_is_named_on_the_command_line_is_named_by_the_user() {
    let (r, key) = project();
    assert_code(&r.harden(&["encrypt", "-r", &key, ".env"]), 0);
    assert!(opens(&r, ".env.age"));
    // and so is who is named to init, unlike who was added meanwhile by somebody else
    let third = stdout(&r.harden(&["keygen", "-o", r.beside("third.txt").to_str().unwrap()]));
    let third = third.split_whitespace().find(|word| word.starts_with("age1")).unwrap().to_owned();
    added(&r, &third);
    let said = r.harden(&["init", "-r", &key]);
    assert_code(&said, 0);
    assert!(stderr(&said).contains("not accepted by you") && stderr(&said).contains(&third), "{}", stderr(&said));
    r.put("b.env", "B_TOKEN=changeme\n");
    let refused = r.harden(&["encrypt", "b.env"]);
    assert_code(&refused, 2);
    assert!(stderr(&refused).contains(&third) && !stderr(&refused).contains(&key), "{}", stderr(&refused));
}

#[test]
fn keys_of_ssh_are_shown_by_the_fingerprint_that_ssh_keygen_prints() {
    let (r, _) = project();
    let file = r.beside("ssh");
    let made = std::process::Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&file).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("no ssh-keygen: not tested");
        return;
    }
    let public = fs::read_to_string(file.with_extension("pub")).unwrap();
    added(&r, public.split_whitespace().take(2).collect::<Vec<_>>().join(" ").as_str());
    let printed = std::process::Command::new("ssh-keygen").arg("-lf").arg(&file).output().unwrap();
    let fingerprint = stdout(&printed).split_whitespace().find(|word| word.starts_with("SHA256:")).unwrap().to_owned();
    let said = stderr(&r.harden(&["encrypt", ".env"]));
    assert!(said.contains(&format!("ssh-ed25519 {fingerprint}")), "{said}");
}

#[test]
fn without_a_place_for_notes_it_is_said_and_nobody_is_kept_from_sealing() {
    let (r, _) = project();
    let identity = r.home().join(".config/harden/identity.txt");
    let mut command = r.harden_command(&r.top);
    let said = command.env_remove("HOME").env("HARDEN_IDENTITY_FILE", identity).args(["encrypt", ".env"]).output().unwrap();
    assert_code(&said, 0);
    assert!(stderr(&said).contains("cannot be compared"), "{}", stderr(&said));
    // a note that cannot be understood is no first use
    let notes = r.home().join(".local/state/harden/recipients");
    for note in fs::read_dir(notes).unwrap().flatten() {
        fs::File::create(note.path()).unwrap();
    }
    r.put("b.env", "B_TOKEN=changeme\n");
    assert_code(&r.harden(&["encrypt", "b.env"]), 2);
    assert!(!r.top.join("b.env.age").exists());
}
