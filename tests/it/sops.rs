//! Sops files through the program: those that sops made (`fixtures/sops/make.sh`), and those that harden makes. `live.rs` asks sops itself.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harden::formats;
use harden::model::environment::Environment;

use crate::harness::{assert_code, command, stderr, stdout};

/// A home with the identity of the fixtures, and a project.
struct Desk {
    _dir: tempfile::TempDir,
    home: PathBuf,
    project: PathBuf,
}

const MADE: &[&str] = &["all.yaml", "part.yaml", "hand.yaml", "types.json", "app.env"];

fn fixture(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sops").join(name)).unwrap()
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (home, project) = (dir.path().join("home"), dir.path().join("project"));
        fs::create_dir_all(home.join(".config/harden")).unwrap();
        fs::create_dir_all(project.join(".git")).unwrap();
        let desk = Self { _dir: dir, home, project };
        let identity = desk.home.join(".config/harden/identity.txt");
        File::create(&identity).unwrap().write_all(fixture("identity.txt").replace("~|~", "").as_bytes()).unwrap();
        fs::set_permissions(&identity, fs::Permissions::from_mode(0o600)).unwrap();
        desk
    }

    /// With the fixtures in the project, and the recipient in harden.toml.
    fn ready() -> Self {
        let desk = Self::new();
        let recipient = fixture("identity.txt").lines().find_map(|l| l.strip_prefix("# public key: ").map(str::to_owned)).unwrap();
        desk.put("harden.toml", &format!("[seal]\nrecipients = [\"{recipient}\"]\n"));
        desk
    }

    fn command(&self, program: &str) -> Command {
        command(program, &self.home, &self.project)
    }

    fn harden(&self, args: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_harden")).args(args).output().unwrap()
    }

    #[track_caller]
    fn ok(&self, args: &[&str]) -> String {
        let output = self.harden(args);
        assert_code(&output, 0);
        stdout(&output)
    }

    /// What was said by a run that must end with `code`, print nothing and write nothing.
    #[track_caller]
    fn refused(&self, args: &[&str], code: i32) -> String {
        let before = self.files();
        let output = self.harden(args);
        assert_code(&output, code);
        assert_eq!(self.files(), before, "{args:?} wrote something");
        stderr(&output)
    }

    fn put(&self, name: &str, text: &str) {
        File::create(self.project.join(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.project.join(name)).unwrap()
    }

    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(&self.project).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file());
        let mut files: Vec<_> = entries.map(|p| (p.clone(), fs::read(p).unwrap())).collect();
        files.sort();
        files
    }
}

/// Key, value and document of every setting.
fn settings(name: &str, text: &str) -> Vec<(String, String, usize)> {
    let document = formats::parse(name, text.as_bytes(), Environment::Production);
    assert_eq!(document.fault, None, "{name}");
    document.settings.iter().map(|s| (s.key.to_string(), s.value.expose().to_owned(), s.part)).collect()
}

#[test]
fn files_made_by_sops_open_to_the_same_values() {
    let desk = Desk::new();
    for name in MADE {
        desk.put(name, &fixture(name));
        let opened = desk.ok(&["decrypt", name]);
        let expected = fixture(&format!("{name}.opened"));
        assert_eq!(settings(name, &opened), settings(name, &expected), "{name}");
        // comments come back too
        let comments = |text: &str| text.lines().filter(|l| l.trim_start().starts_with('#')).map(str::trim).collect::<Vec<_>>().join("\n");
        assert_eq!(comments(&opened), comments(&expected), "{name}");
    }
}

#[test]
fn a_scan_finds_nothing_in_a_sops_file_and_run_hands_its_values_on() {
    let desk = Desk::new();
    for name in MADE {
        desk.put(name, &fixture(name));
    }
    let said = desk.ok(&["scan", "--format", "jsonl"]);
    assert!(!said.contains("\"kind\":\"finding\"") && !said.contains("\"rule\""), "{said}");
    let child = desk.ok(&["run", "--env-file", "app.env", "--", "sh", "-c", "echo \"$USER/$PASSWORD/$LINES/$EMPTY\""]);
    assert_eq!(child, "app/kettle-drum-7/a\nb/\n");
}

#[test]
fn the_one_sops_env_file_beside_harden_toml_is_the_default_of_run() {
    let desk = Desk::ready();
    desk.put("prod.env", "API_PASSWORD=kettle-drum-7\nUSER=app\n");
    desk.ok(&["encrypt", "--emit", "sops", "prod.env"]);
    fs::remove_file(desk.project.join("prod.env")).unwrap();
    assert_eq!(desk.ok(&["run", "--", "sh", "-c", "echo $API_PASSWORD $USER"]), "kettle-drum-7 app\n");
}

#[test]
fn every_changed_part_of_a_file_is_refused() {
    let desk = Desk::new();
    for name in MADE {
        let text = fixture(name);
        let flip = |at: usize| {
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &text[..at], &text[at + 1..])
        };
        // comments are no part of what sops proves
        let values: Vec<usize> = text
            .match_indices("ENC[AES256_GCM,")
            .map(|(at, _)| at)
            .filter(|at| !text[*at..].split_once(']').unwrap().0.ends_with("type:comment"))
            .collect();
        let mut changed = Vec::new();
        for value in &values {
            for part in ["data:", "iv:", "tag:"] {
                changed.push((part, flip(value + text[*value..].find(part).unwrap() + part.len())));
            }
        }
        let key = text.find("YWdlLWVuY3J5cHRpb24").unwrap();
        changed.push(("key", flip(key + 40)));
        changed.push(("time", text.replacen("T20:", "T21:", 1)));
        changed.push(("a value in the open", {
            let end = values[0] + text[values[0]..].find(']').unwrap() + 1;
            format!("{}x{}", &text[..values[0]], &text[end..])
        }));
        if *name != "hand.yaml" {
            changed.push((
                "a new value",
                match *name {
                    "types.json" => text.replacen('{', "{\"new\": \"x\",", 1),
                    "app.env" => format!("NEW=x\n{text}"),
                    _ => format!("new: x\n{text}"),
                },
            ));
        }
        for (what, changed) in changed.iter().filter(|(_, changed)| *changed != text) {
            desk.put(name, changed);
            let said = desk.refused(&["decrypt", name], 2);
            assert!(said.starts_with(&format!("error: {name}: ")) && !said.contains("kettle"), "{name}, {what}: {said}");
        }
    }
}

#[test]
fn a_file_that_may_be_edited_by_hand_stays_good_when_its_open_lines_change() {
    let desk = Desk::ready();
    desk.put("hand.yaml", &fixture("hand.yaml").replace("user: app", "user: other"));
    assert!(desk.ok(&["decrypt", "hand.yaml"]).starts_with("user: other\n"));
    for (words, code) in
        [(&["encrypt", "--emit", "sops", "app.yml"][..], 2), (&["encrypt", "--emit", "sops", "--hand-editable", "app.yml"], 0)]
    {
        desk.put("app.yml", "user: app\npassword: kettle-drum-7\n");
        desk.ok(words);
        let sealed = desk.text("app.sops.yml");
        assert_eq!(sealed.contains("mac_only_encrypted: true"), code == 0);
        desk.put("app.sops.yml", &sealed.replace("user: app", "user: other"));
        assert_code(&desk.harden(&["decrypt", "app.sops.yml"]), code);
        fs::remove_file(desk.project.join("app.sops.yml")).unwrap();
    }
}

#[test]
fn what_harden_cannot_open_is_named_and_left_alone() {
    let desk = Desk::new();
    desk.put("kms.yaml", &fixture("kms.yaml"));
    desk.put("part.yaml", &fixture("part.yaml"));
    let said = desk.refused(&["decrypt", "kms.yaml"], 2);
    assert!(said.contains("kms.yaml: it is a sops file that harden cannot open: it has no age recipient"), "{said}");
    assert!(desk.refused(&["fix", "--emit", "sops", "--apply", "kms.yaml"], 2).contains("nothing was written"));
    desk.put("app.env", &fixture("app.env").replace("sops_age__list_0__map_enc", "sops_pgp__list_0__map_enc"));
    assert_code(&desk.harden(&["run", "--env-file", "app.env", "--", "true"]), 125);
    let other = stdout(&desk.harden(&["keygen", "-o", "other.txt"]));
    assert!(other.starts_with("age1"));
    let said = desk.refused(&["decrypt", "-i", "other.txt", "part.yaml"], 2);
    assert!(said.contains("none of the identities in `other.txt` opens it"), "{said}");
    let said = desk.refused(&["fix", "--emit", "sops", "--apply", "-i", "other.txt", "part.yaml"], 2);
    assert!(said.contains("part.yaml exists and cannot be opened; nothing was written"), "{said}");
}

#[test]
fn sealing_keeps_every_byte_but_the_secret_values() {
    let desk = Desk::ready();
    let text = "# top\r\ndb:   {user: app,  password: 'kettle-drum-7'} # beside\r\n\r\nports: [1,2]\r\ntoken: &t kettle\r\nagain: *t\r\n";
    desk.put("app.yml", text);
    desk.ok(&["encrypt", "--emit", "sops", "app.yml"]);
    let sealed = desk.text("app.sops.yml");
    assert!(!sealed.contains("kettle") && !sealed.replace("\r\n", "").contains('\n'));
    let masked = regex::Regex::new(r"ENC\[[^\]]*\]").unwrap().replace_all(&sealed, "?").into_owned();
    let (open, block) = masked.split_once("sops:\r\n").unwrap();
    assert_eq!(open, text.replace("kettle-drum-7", "?").replace("&t kettle", "&t ?").replace("*t", "\"?\""));
    assert!(block.contains("encrypted_regex: \"^(again|password|token)$\""));
    assert_eq!(desk.ok(&["decrypt", "app.sops.yml"]), text.replace("*t", "\"kettle\""));
    assert_eq!(desk.text("app.yml"), text);
}

#[test]
fn what_sops_would_not_keep_is_refused_with_its_line() {
    let desk = Desk::ready();
    for (name, text, line) in [
        ("list.yml", "- password: kettle-drum-7\n", 1),
        ("number.yml", "password: kettle-drum-7\nmap:\n  1: x\n", 3),
        ("twice.yml", "password: kettle-drum-7\nuser: x\nuser: y\n", 3),
        ("comment.yml", "password: kettle-drum-7\n# it was kettle-drum-7\n", 2),
        ("flow.yml", "{password: kettle-drum-7}\n", 1),
        ("comment.json", "{\n  // why\n  \"password\": \"kettle-drum-7\"}\n", 2),
        ("big.json", "{\n\"password\": 12345678901234567890}\n", 2),
        ("lines.env", "USER=x\nPASSWORD='kettle\ndrum-7'\n", 2),
        ("old.env", "PASSWORD=kettle\n# OLD_PASSWORD=kettle\n", 2),
    ] {
        desk.put(name, text);
        let said = desk.refused(&["encrypt", "--emit", "sops", name], 2);
        assert!(said.contains(&format!("{name}: line {line}: ")) && said.contains("nothing was written"), "{name}: {said}");
        assert!(!said.contains("kettle"), "{said}");
    }
    desk.put("app.toml", "password = \"kettle-drum-7\"\n");
    assert!(desk.refused(&["encrypt", "--emit", "sops", "app.toml"], 2).contains("YAML, JSON or env"));
}

#[test]
fn fix_writes_sops_files_and_plans_over_those_that_are_there() {
    let desk = Desk::ready();
    desk.put(".env.production", "APP=x\nPOSTGRES_PASSWORD=changeme\nJWT_SECRET='dev-secret' # of the app\n");
    let plain = desk.text(".env.production");
    desk.ok(&["fix", "--emit", "sops", "--apply", "--include", "review"]);
    assert_eq!(desk.text(".env.production"), plain);
    let first = desk.ok(&["decrypt", ".env.production.sops.env"]);
    assert!(first.starts_with("APP=x\nPOSTGRES_PASSWORD=") && !first.contains("changeme") && first.contains("# of the app"));
    // a second run has nothing to do, and writes nothing
    assert!(desk.refused(&["fix", "--emit", "sops", "--apply", "--include", "review"], 0).contains("nothing to change"));
    // two truths are one too many
    let said = desk.refused(&["fix", "--apply", "--include", "review"], 2);
    assert!(said.contains(".env.production.sops.env is the truth for") && said.contains("--emit sops"), "{said}");
    desk.refused(&["fix", "--emit", "plain", "--allow-dirty", "--apply", "--include", "review"], 2);
    // the sops file alone is planned over, too: only what is weak changes, all else keeps its bytes
    fs::remove_file(desk.project.join(".env.production")).unwrap();
    assert!(desk.refused(&["fix", "--emit", "sops", "--apply", "--include", "review"], 0).contains("nothing to change"));
    desk.put("part.yaml", &fixture("part.yaml"));
    desk.ok(&["fix", "--emit", "sops", "--apply", "--include", "review"]);
    let (old, new) = (fixture("part.yaml"), desk.text("part.yaml"));
    let changed: Vec<&str> =
        old.lines().zip(new.lines()).filter(|(a, b)| a != b).map(|(a, _)| a.trim().split(':').next().unwrap()).collect();
    assert!(changed.contains(&"mac") && changed.contains(&"lastmodified"), "{changed:?}");
    assert!(changed.iter().all(|name| ["password", "token", "mac", "lastmodified"].contains(name)), "{changed:?}");
    assert_eq!(old.lines().count(), new.lines().count());
    let opened = desk.ok(&["decrypt", "part.yaml"]);
    assert!(!opened.contains("kettle-drum-7") || !changed.contains(&"password"));
}

#[test]
fn a_plan_that_is_not_for_sops_leaves_sops_files_alone() {
    let desk = Desk::ready();
    desk.put("hand.yaml", &fixture("hand.yaml").replace("user: app", "debug: true"));
    for words in [&["fix", "--apply"][..], &["fix", "--emit", "plain", "--allow-dirty", "--include", "review", "--apply"]] {
        assert!(desk.refused(words, 0).contains("hand.yaml is a sops file and stays as it is"));
    }
}
