//! Where old and new values are on disk afterwards: in the files that they belong to, and nowhere else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::interrupted::{ID, NEW, OLD, half_done, journal, temp};
use super::{Desk, after, assert_code};

const FILES: [(&str, &str); 3] = [
    (".env.production", "POSTGRES_USER=portal\nPOSTGRES_PASSWORD=portal-prod-db-2031\nJWT_SECRET=portal-session-secret-2031\n"),
    ("config/app.yml", "database:\n  postgres_password: portal-prod-db-2031\n"),
    ("config/app.json", "{\"database\": {\"postgres_password\": \"portal-prod-db-2031\"}}\n"),
];
const OLDS: [&str; 2] = ["portal-prod-db-2031", "portal-session-secret-2031"];

/// Everything below `folder` whose bytes, or name, hold `needle`; from `top`.
fn holding(folder: &Path, top: &Path, needle: &str, out: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(top).unwrap().to_string_lossy().into_owned();
        let link = path.symlink_metadata().unwrap().is_symlink();
        if path.is_dir() && !link {
            holding(&path, top, needle, out);
        } else if name.contains(needle)
            || fs::read(&path).is_ok_and(|bytes| bytes.windows(needle.len()).any(|w| w == needle.as_bytes()))
            || link && path.read_link().unwrap().to_string_lossy().contains(needle)
        {
            out.insert(name);
        }
    }
}

impl Desk {
    /// As a user whose temporary files go to a folder of their own on the desk.
    fn traced(&self, args: &[&str]) {
        let tmp = self.dir.path().join("tmp");
        fs::create_dir_all(&tmp).unwrap();
        let output = self.command(env!("CARGO_BIN_EXE_harden")).env("TMPDIR", &tmp).args(args).output().unwrap();
        assert_code(&output, 0);
        assert_eq!(fs::read_dir(&tmp).unwrap().count(), 0, "{args:?} leaves something in the folder for temporary files");
        assert!(OLDS.iter().all(|old| !String::from_utf8_lossy(&output.stdout).contains(old)));
    }

    /// The files of home, project and temporary folder that hold a value.
    fn holding(&self, value: &str) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        holding(self.dir.path(), self.dir.path(), value, &mut out);
        // and what anybody left on the top of the real one since the desk was made; only a value that others do not use tells something
        let begun = self.dir.path().metadata().unwrap().created().unwrap();
        let is_new = |e: &fs::DirEntry| e.metadata().is_ok_and(|m| m.is_file() && m.modified().is_ok_and(|at| at >= begun));
        for entry in fs::read_dir("/tmp").unwrap().flatten().filter(|e| value.len() >= 16 && is_new(e)) {
            if fs::read(entry.path()).is_ok_and(|bytes| bytes.windows(value.len()).any(|w| w == value.as_bytes())) {
                out.insert(entry.path().to_string_lossy().into_owned());
            }
        }
        out
    }

    #[track_caller]
    fn assert_only_in(&self, value: &str, names: &[&str]) {
        assert_eq!(self.holding(value), names.iter().map(|name| format!("project/{name}")).collect(), "where a value is");
    }
}

const ALL: [&str; 3] = [".env.production", "config/app.json", "config/app.yml"];

#[test]
fn sealing_leaves_the_old_values_where_they_were_and_the_new_ones_nowhere_in_the_open() {
    let desk = Desk::with(&FILES).ready();
    desk.traced(&["fix", "--apply"]);
    let opened = desk.opened(".env.production");
    let [password, key] = ["POSTGRES_PASSWORD=", "JWT_SECRET="].map(|name| after(&opened, name).to_owned());
    assert_eq!(after(&desk.opened("config/app.yml"), "postgres_password: "), password);
    desk.assert_only_in(&password, &[]);
    desk.assert_only_in(&key, &[]);
    desk.assert_only_in(OLDS[0], &ALL);
    desk.assert_only_in(OLDS[1], &ALL[..1]);
}

#[test]
fn after_a_fix_in_place_old_values_are_nowhere_and_after_its_undo_new_ones() {
    let desk = Desk::with(&FILES).ready();
    desk.traced(&["fix", "--apply", "--emit", "plain"]);
    let new = desk.text(".env.production");
    let [password, key] = ["POSTGRES_PASSWORD=", "JWT_SECRET="].map(|name| after(&new, name).to_owned());
    OLDS.iter().for_each(|old| desk.assert_only_in(old, &[]));
    desk.assert_only_in(&password, &ALL);
    desk.assert_only_in(&key, &ALL[..1]);
    desk.traced(&["undo"]);
    desk.assert_only_in(&password, &[]);
    desk.assert_only_in(&key, &[]);
    desk.assert_only_in(OLDS[0], &ALL);
    desk.traced(&["undo", "--forget"]);
    desk.traced(&["fix", "--apply", "--emit", "sops"]);
    desk.assert_only_in(OLDS[0], &ALL);
}

#[test]
fn recovery_leaves_old_values_nowhere_or_new_ones() {
    let [old, new] = [OLD, NEW].map(|text| after(text, "JWT_SECRET="));
    let desk = half_done();
    desk.traced(&["fix", "--apply", "--emit", "plain"]);
    desk.assert_only_in(old, &[]);
    desk.assert_only_in(new, &["a/.env.production", "b/.env.production"]);

    let desk = Desk::with(&[("a/.env.production", OLD), ("b/.env.production", OLD)]).committed();
    desk.put(&temp("a"), NEW);
    journal(&desk, &desk.project, "prepared");
    desk.traced(&["fix", "--apply", "--emit", "plain"]);
    desk.assert_only_in(new, &[]);
    desk.assert_only_in(old, &[]);
    assert!(desk.holding(ID).is_empty());
}
