//! `--promote production`: what `.env` is to become.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Desk, after, differing, stderr};

const ENV: &str = "# the portal\nNODE_ENV=production\nJWT_SECRET=changeme   # old\n\nPOSTGRES_PASSWORD='postgres'\nPORT=3000\n";
const STRONG: &str = "tQ7v9KfZr2LxW4nB8sYc1MdHg6PjUa3EoIk5Rw0XpNm2";

#[test]
fn a_new_production_file_is_written_sealed_and_env_stays() {
    let desk = Desk::with(&[(".env", ENV)]).ready();
    assert!(desk.refused(&["fix", "--promote", "production"], 1).contains("harden fix"));
    desk.ok(&["fix", "--promote", "production", "--apply"]);
    assert_eq!(desk.text(".env"), ENV);
    assert!(!desk.has(".env.production") && !desk.has(".env.age"));
    let new = desk.opened(".env.production");
    assert_eq!(differing(ENV, &new), [3, 5].into());
    assert!(after(&new, "JWT_SECRET=").strip_suffix("   # old").is_some_and(|v| v.len() >= 43));
    let before = desk.tree();
    desk.ok(&["fix", "--promote", "production", "--apply"]);
    assert!(desk.tree() == before, "a second run writes nothing");
}

#[test]
fn a_new_production_file_in_the_open_is_its_owners_alone() {
    let desk = Desk::with(&[(".env", ENV)]);
    desk.ok(&["fix", "--promote", "production", "--apply", "--emit", "plain"]);
    assert_eq!(desk.text(".env"), ENV);
    assert_eq!(differing(ENV, &desk.text(".env.production")), [3, 5].into());
    assert_eq!(fs::metadata(desk.project.join(".env.production")).unwrap().permissions().mode() & 0o777, 0o600);
    let before = desk.tree();
    desk.ok(&["fix", "--promote", "production", "--apply", "--emit", "plain", "--allow-dirty"]);
    assert!(desk.tree() == before, "a second run writes nothing");
}

/// What the target holds stays in its order and bytes, weak values apart; what only `.env` has comes behind it.
#[track_caller]
fn assert_merged(new: &str) {
    let lines: Vec<&str> = new.lines().collect();
    assert_eq!(lines[0], "# for real");
    assert_eq!(lines[1], format!("JWT_SECRET={STRONG}"), "a strong value stays");
    assert_eq!(lines[2], "PORT=80", "the target's own value wins");
    assert!(lines[3].strip_prefix("SESSION_SECRET=").is_some_and(|v| v.len() >= 43), "a weak value of the target is replaced");
    assert_eq!(lines[4], "NODE_ENV=production");
    let password = lines[5].strip_prefix("POSTGRES_PASSWORD='").and_then(|v| v.strip_suffix('\''));
    assert!(password.is_some_and(|v| v.len() >= 24), "{}", lines[5].len());
    assert_eq!(lines.len(), 6);
}

fn target() -> String {
    format!("# for real\nJWT_SECRET={STRONG}\nPORT=80\nSESSION_SECRET=changeme\n")
}

#[test]
fn an_existing_target_is_merged_by_key_in_the_open() {
    let desk = Desk::with(&[(".env", ENV), (".env.production", &target())]);
    let said = desk.refused(&["fix", "--promote", "production", "--apply", "--emit", "plain"], 2);
    assert!(said.contains(".env.production could not be restored"), "{said}");
    let desk = desk.committed();
    desk.ok(&["fix", "--promote", "production", "--apply", "--emit", "plain"]);
    assert_eq!(desk.text(".env"), ENV);
    assert_merged(&desk.text(".env.production"));
}

#[test]
fn an_existing_target_is_merged_by_key_sealed() {
    let desk = Desk::with(&[(".env", ENV), (".env.production", &target())]).ready();
    desk.ok(&["fix", "--promote", "production", "--apply"]);
    assert_eq!((desk.text(".env"), desk.text(".env.production")), (ENV.to_owned(), target()));
    assert_merged(&desk.opened(".env.production"));
}

#[test]
fn a_sealed_target_is_merged_whether_its_plain_file_is_there_or_not() {
    for plain in [true, false] {
        let desk = Desk::with(&[(".env", ENV)]).ready();
        if plain {
            desk.put(".env.production", "PORT=1\n");
        }
        desk.seal_as(".env.production", &target());
        desk.ok(&["fix", "--promote", "production", "--apply"]);
        assert_merged(&desk.opened(".env.production"));
        let before = desk.tree();
        desk.ok(&["fix", "--promote", "production", "--apply"]);
        assert!(desk.tree() == before, "a second run writes nothing");
        desk.refused(&["fix", "--promote", "production", "--apply", "--emit", "plain", "--allow-dirty"], 2);
    }
}

#[test]
fn without_an_env_or_with_several_it_says_so() {
    let none = Desk::with(&[(".env.production", "PORT=80\n")]).ready();
    assert!(none.refused(&["fix", "--promote", "production", "--apply"], 2).contains("no .env"));
    let several = Desk::with(&[("a/.env", ENV), ("b/.env", ENV)]).ready();
    assert!(several.refused(&["fix", "--promote", "production", "--apply"], 2).contains("several .env"));
    let output = several.ok(&["fix", "a", "--promote", "production", "--apply"]);
    assert!(several.has("a/.env.production.age") && !several.has("b/.env.production.age"), "{}", stderr(&output));
}
