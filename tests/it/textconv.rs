//! `git diff` by `harden git-textconv`: what changed, and nothing of it.

use std::fs;

use crate::desk::Desk;
use crate::harness::{assert_code, stderr, stdout};

const ENV: &str = "# db\nDB_PASSWORD=kettle-drum-41\nexport PORT=5432\n";

/// The lines of a diff that were added or taken away.
fn changed(diff: &str) -> Vec<&str> {
    diff.lines()
        .filter(|line| (line.starts_with('+') || line.starts_with('-')) && !line.starts_with("+++") && !line.starts_with("---"))
        .collect()
}

/// A repository with the driver, and with `files` committed.
fn repository(files: &[(&str, &str)]) -> Desk {
    let desk = Desk::tracked();
    let output = desk.harden(&["hook", "install", "--diff"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("wrote .gitattributes: commit it"), "{}", stdout(&output));
    files.iter().for_each(|(name, text)| drop(desk.put(name, text)));
    desk.git(&["add", "-f", "."]);
    desk.git(&["commit", "-q", "--no-verify", "-m", "first"]);
    desk
}

#[test]
fn git_diff_shows_which_values_of_an_env_file_changed_and_none_of_them() {
    let desk = repository(&[(".env", ENV), ("deploy/prod.env", ENV), (".env.example", "A=example\n")]);
    assert_eq!(desk.git(&["diff"]), "");
    desk.put(".env", ENV.replace("kettle-drum-41", "whistle-pot-52").replace("# db\n", ""));
    desk.put("deploy/prod.env", format!("{ENV}NEW=copper-lid-63\n"));
    desk.put(".env.example", "A=other-example\n");
    let diff = desk.git(&["diff"]);
    for value in ["kettle", "whistle", "copper", "5432"] {
        assert!(!diff.contains(value), "{diff}");
    }
    let (env, prod) = diff.split_once("diff --git a/deploy").unwrap();
    let (example, env) = env.split_once("diff --git a/.env b/").map_or((env, env), |(_, env)| (env, env));
    let lines = changed(env);
    assert!(lines.iter().filter(|line| line.contains("DB_PASSWORD = •••••••• ")).count() == 2, "{env}");
    assert!(lines.iter().filter(|line| line.contains("(all other text)")).count() == 2, "{env}");
    assert!(env.contains("\n PORT = •••••••• "), "{env}");
    let lines = changed(prod);
    assert!(lines.iter().any(|line| line.starts_with("+NEW = •••••••• ")) && !lines.concat().contains("DB_PASSWORD"), "{prod}");
    // what is made to be read is shown as it is
    assert!(diff.contains("-A=example") && diff.contains("+A=other-example"), "{diff} {example}");
    // a value that comes back has its tag again
    desk.put(".env", ENV);
    desk.put("deploy/prod.env", ENV);
    assert_eq!(changed(&desk.git(&["diff"])).len(), 2);
    // the history, too; and who asks for the text gets it
    desk.put(".env", ENV.replace("kettle-drum-41", "whistle-pot-52"));
    desk.git(&["commit", "-q", "--no-verify", "-a", "-m", "second"]);
    let log = desk.git(&["log", "-p", "--", ".env"]);
    assert!(!log.contains("kettle") && log.contains("DB_PASSWORD = ••••••••"), "{log}");
    assert!(desk.git(&["log", "-p", "--no-textconv", "--", ".env"]).contains("+DB_PASSWORD=whistle-pot-52"));
    assert!(desk.git(&["format-patch", "--stdout", "-1"]).contains("+DB_PASSWORD=whistle-pot-52"));
}

#[test]
fn a_sealed_file_tells_its_changes_to_those_who_open_it() {
    let desk = repository(&[]);
    desk.put(".env.production", ENV);
    desk.put("app.yaml", "user: app\npassword: kettle-drum-41\ntoken: drum-kettle-14\n");
    assert_code(&desk.harden(&["encrypt", "--remove-plain", ".env.production"]), 0);
    assert_code(&desk.harden(&["encrypt", "--emit", "sops", "--remove-plain", "app.yaml"]), 0);
    desk.git(&["add", "."]);
    desk.git(&["commit", "-q", "--no-verify", "-m", "sealed"]);
    assert_code(&desk.fed(b"whistle-pot-52", &["set", "DB_PASSWORD", ".env.production.age"]), 0);
    assert_code(&desk.fed(b"whistle-pot-52", &["set", "password", "app.sops.yaml"]), 0);
    let diff = desk.git(&["diff", "--", ".env.production.age", "app.sops.yaml"]);
    let lines = changed(&diff);
    assert_eq!(lines.iter().filter(|line| line.contains("DB_PASSWORD = ")).count(), 2, "{diff}");
    assert_eq!(lines.iter().filter(|line| line[1..].starts_with("password = ")).count(), 2, "{diff}");
    assert_eq!(lines.len(), 4, "{diff}");
    assert!(!diff.contains("kettle") && !diff.contains("whistle") && diff.contains(" (sealed: 1 recipient)"), "{diff}");
    // without the identity: that it changed; of a sops file, where
    fs::remove_file(desk.home.join(".config/harden/identity.txt")).unwrap();
    let diff = desk.git(&["diff", "--", ".env.production.age", "app.sops.yaml"]);
    let lines = changed(&diff);
    assert_eq!(lines.iter().filter(|line| line[1..].starts_with("(all) ")).count(), 2, "{diff}");
    assert_eq!(lines.iter().filter(|line| line[1..].starts_with("password = ")).count(), 2, "{diff}");
    assert_eq!(lines.len(), 4, "{diff}");
    assert!(diff.contains(" (sealed, and not opened here: 1 recipient)"), "{diff}");
}

#[test]
fn what_can_be_guessed_is_not_confirmed_without_the_key() {
    let desk = Desk::ready();
    desk.put(".env", "PIN=1234\n");
    let view = |desk: &Desk| stdout(&desk.harden(&["git-textconv", ".env"]));
    let first = view(&desk);
    assert_eq!(first, view(&desk));
    let other = Desk::ready();
    other.put(".env", "PIN=1234\n");
    assert_ne!(first, view(&other), "a tag that everybody can compute");
    // the project's key makes the tags of all who open it the same
    for (desk, recipients) in [(&desk, other.public_key()), (&other, desk.public_key())] {
        assert_code(&desk.harden(&["init", "-r", &recipients]), 0);
    }
    desk.put(".harden/key", [7; 32]);
    assert_code(&desk.harden(&["encrypt", ".harden/key"]), 0);
    other.put(".harden/key.age", desk.bytes(".harden/key.age"));
    assert_ne!(first, view(&desk));
    assert_eq!(view(&desk), view(&other));
    // nowhere to keep one: every value looks changed, and that is said
    let alone = Desk::new();
    alone.put(".env", "PIN=1234\n");
    let run = || alone.program().env_remove("HOME").args(["git-textconv", ".env"]).output().unwrap();
    let (first, second) = (run(), run());
    assert_code(&first, 0);
    assert!(stderr(&first).contains("every value looks changed"), "{}", stderr(&first));
    assert_ne!(first.stdout, second.stdout);
}

#[test]
fn every_file_has_a_view() {
    let desk = Desk::ready();
    desk.put("other.age", "-----BEGIN AGE ENCRYPTED FILE-----\nkettle\n");
    desk.put("a.env", b"A=\xff\xfekettle\nB=\n");
    desk.put("b.env", b"A=\0kettle\n");
    desk.put("bad.sops.yaml", "password: kettle\nsops:\n  mac: kettle\n  lastmodified: kettle\n");
    desk.put("bad.env", "A=\"kettle\n");
    desk.put("empty.env", "");
    desk.put("n.env", "# harden:ignore\n# OLD_PASSWORD=kettle\n");
    for name in ["other.age", "a.env", "b.env", "bad.sops.yaml", "bad.env", "empty.env", "n.env"] {
        let output = desk.harden(&["git-textconv", name]);
        assert_code(&output, 0);
        assert!(!stdout(&output).is_empty() && !stdout(&output).contains("kettle"), "{name}: {}", stdout(&output));
    }
    assert!(stdout(&desk.harden(&["git-textconv", "a.env"])).contains("B = (empty)\n"));
    assert!(stdout(&desk.harden(&["git-textconv", "n.env"])).contains("# OLD_PASSWORD = ••••••••"));
    assert_code(&desk.harden(&["git-textconv", "gone.env"]), 2);
}

#[test]
fn it_is_installed_once_and_taken_away_again() {
    let desk = Desk::tracked();
    desk.put(".gitattributes", "*.sh text eol=lf\n*.sops.* diff=sopsdiffer\n");
    let output = desk.harden(&["hook", "install", "--diff"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("added to .gitattributes: commit it") && stdout(&output).contains("configured: git diff"));
    let text = desk.text(".gitattributes");
    assert!(text.starts_with("*.sh text eol=lf\n*.sops.* diff=sopsdiffer\n\n#") && text.contains("\n.env diff=harden\n"), "{text}");
    assert!(!text.contains("*.sops.* diff=harden"), "{text}");
    let output = desk.harden(&["hook", "install", "--diff"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("nothing to do: git diff") && !stdout(&output).contains(".gitattributes"), "{}", stdout(&output));
    assert_eq!(desk.text(".gitattributes"), text);
    let output = desk.harden(&["hook", "remove"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("git diff shows values again"), "{}", stdout(&output));
    let left = desk.command("git").args(["config", "--get-regexp", "^diff\\."]).output().unwrap();
    assert_code(&left, 1);
    // git passes over a driver that it does not know
    desk.put("a.env", "A=1\n");
    desk.git(&["add", "-f", "a.env"]);
    assert!(desk.git(&["diff", "--cached", "a.env"]).contains("+A=1"));
    // a link is not written through
    fs::remove_file(desk.project.join(".gitattributes")).unwrap();
    std::os::unix::fs::symlink("elsewhere", desk.project.join(".gitattributes")).unwrap();
    let output = desk.harden(&["hook", "install", "--diff"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("nothing was written") && !desk.has("elsewhere"), "{}", stderr(&output));
}

/// A driver that has gone shows nothing, rather than the values.
#[test]
fn without_the_program_nothing_is_shown() {
    let desk = repository(&[(".env", ENV)]);
    let gone = desk.git(&["config", "diff.harden.textconv"]).replace(env!("CARGO_BIN_EXE_harden"), "/nowhere/harden");
    desk.git(&["config", "diff.harden.textconv", gone.trim()]);
    desk.put(".env", ENV.replace("kettle-drum-41", "whistle-pot-52"));
    let output = desk.command("git").arg("diff").output().unwrap();
    assert_ne!(output.status.code(), Some(0));
    assert!(!stdout(&output).contains("kettle") && !stdout(&output).contains("whistle"), "{}", stdout(&output));
}
