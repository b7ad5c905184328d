//! What may start programs: the command line, the user, and a harden.toml that the user trusts as it is, to the byte.

use std::fs;

use crate::harness::{assert_code, stderr, stdout};
use crate::repository::Repository;

#[test]
fn trust_is_for_the_file_as_it_is() {
    let r = Repository::new();
    let path = r.put("harden.toml", "fail-on = \"high\"\n");
    let list = || stdout(&r.harden(&["trust", "--list"]));
    assert_eq!(list(), "");
    let said = r.harden(&["trust"]);
    assert_code(&said, 0);
    let digest = std::process::Command::new("sha256sum").arg(&path).output().unwrap();
    let digest = stdout(&digest).split(' ').next().unwrap().to_owned();
    assert!(stdout(&said).contains(&digest), "as sha256sum prints it: {}", stdout(&said));
    assert_eq!(list(), format!("{}  trusted\n", path.display()));
    r.put("harden.toml", "fail-on = \"high\"\n\n");
    assert_eq!(list(), format!("{}  changed since, no longer trusted\n", path.display()));
    r.put("harden.toml", "no toml");
    assert_eq!(list(), format!("{}  changed since, no longer trusted\n", path.display()));
    r.put("harden.toml", "fail-on = \"low\"\n");
    assert!(stdout(&r.harden(&["trust"])).starts_with("trusted again:"));
    assert_eq!(list(), format!("{}  trusted\n", path.display()));
    // the note lies with the user, not in the project, and another place is another project
    assert!(!r.top.join(".harden").exists());
    let copy = r.beside("copy");
    fs::create_dir(&copy).unwrap();
    fs::copy(&path, copy.join("harden.toml")).unwrap();
    assert!(!list().contains("copy"));
    fs::remove_file(&path).unwrap();
    assert_eq!(list(), format!("{}  gone\n", path.display()));
    assert_code(&r.harden(&["trust", "--forget"]), 0);
    assert_eq!(list(), "");
}

#[test]
fn there_is_something_to_trust_or_it_is_said() {
    let r = Repository::new();
    for (args, told) in [
        (&["trust"][..], "there is no harden.toml"),
        (&["trust", "--forget"], "is trusted; nothing was changed"),
        (&["trust", "no/such/folder"], "cannot read"),
    ] {
        let said = r.harden(args);
        assert_code(&said, 2);
        assert!(stderr(&said).contains(told), "{args:?}: {}", stderr(&said));
    }
    r.put("harden.toml", "");
    assert_code(&r.harden(&["trust", "--no-config"]), 2);
    assert_code(&r.harden(&["trust", "--list", "--forget"]), 2);
    assert_eq!(stdout(&r.harden(&["trust", "--list"])), "");
    let mut command = r.harden_command(&r.top);
    let said = command.env_remove("HOME").arg("trust").output().unwrap();
    assert_code(&said, 2);
    assert!(stderr(&said).contains("XDG_STATE_HOME"), "{}", stderr(&said));
}
