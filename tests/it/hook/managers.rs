//! Hook managers and `core.hooksPath`: nothing of theirs is touched, and the line for them is printed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::harness::{assert_code, stderr, stdout};

use super::{Desk, WEAK};

/// Nothing is written, and `line` is what is printed, by itself, to be pasted into `config`.
#[track_caller]
fn pasteable(desk: &Desk, config: &str, line: &str) {
    let before = hooks(desk);
    let said = desk.harden(&["hook", "install"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("nothing was written") && stderr(&said).contains(config), "{}", stderr(&said));
    assert!(stdout(&said).contains(line) && !stdout(&said).contains("hint"), "{}", stdout(&said));
    assert_eq!(hooks(desk), before);
}

fn hooks(desk: &Desk) -> Vec<String> {
    let mut names: Vec<String> = ["hooks", "../.husky", "../.husky/_", "../.githooks"]
        .iter()
        .filter_map(|folder| fs::read_dir(desk.root.join(".git").join(folder)).ok())
        .flat_map(|entries| entries.map(|e| e.unwrap().path().display().to_string()))
        .collect();
    names.sort();
    names
}

#[track_caller]
fn there(desk: &Desk) {
    let said = desk.harden(&["hook", "install"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("calls harden already"), "{}", stdout(&said));
}

#[test]
fn managers_are_known_by_their_files() {
    for (config, text, line) in [
        ("lefthook.yml", "pre-commit:\n  parallel: true\n", "run: harden hook run pre-commit"),
        (".pre-commit-config.yaml", "repos: []\n", "entry: harden hook run pre-commit --"),
        (".overcommit.yml", "PreCommit:\n", "command: ['harden', 'hook', 'run', 'pre-commit', '--']"),
        (".simple-git-hooks.json", "{}\n", "harden hook run pre-commit"),
    ] {
        let desk = Desk::new();
        desk.put(config, text);
        pasteable(&desk, config, line);
        // as configured and not in use
        let said = desk.harden(&["hook", "install", "--ignore-manager"]);
        assert_code(&said, 0);
        assert!(desk.root.join(".git/hooks/pre-commit").exists());
        assert_code(&desk.harden(&["hook", "remove"]), 0);
        // and with the line in it
        let lines = stdout(&desk.harden(&["hook", "install"]));
        desk.put(config, format!("{text}{lines}"));
        there(&desk);
    }
}

#[test]
fn a_hook_that_a_manager_wrote_is_left_alone() {
    let desk = Desk::new();
    desk.script(".git/hooks/pre-commit", "# generated\ncall_lefthook run \"pre-commit\" \"$@\"\n");
    let said = desk.harden(&["hook", "install", "--ignore-manager"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("lefthook runs the hooks here (.git/hooks/pre-commit)"), "{}", stderr(&said));
    assert!(stdout(&said).contains("run: harden hook run pre-commit"));
    assert!(!desk.read(".git/hooks/pre-commit").contains("harden"));
}

#[test]
fn husky_gets_a_line_in_its_own_file() {
    let desk = Desk::hooked();
    assert_code(&desk.harden(&["hook", "remove"]), 0);
    // as husky 9 sets itself up
    desk.script(".husky/_/pre-commit", ". \"$(dirname \"$0\")/h\"\n");
    desk.put(
        ".husky/_/h",
        "s=$(dirname \"$(dirname \"$0\")\")/$(basename \"$0\")\n[ ! -f \"$s\" ] && exit 0\nsh -e \"$s\" \"$@\"\nexit $?\n",
    );
    desk.put(".husky/_/.gitignore", "*\n");
    desk.git(&["config", "core.hooksPath", ".husky/_"]);
    pasteable(&desk, ".husky/pre-commit", "harden hook run pre-commit");
    let line = stdout(&desk.harden(&["hook", "install"]));
    desk.put(".husky/pre-commit", line);
    there(&desk);
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", desk.home("bin").display());
    let said = desk.command_in(&desk.root, "git").env("PATH", path).args(["commit", "-m", "x"]).output().unwrap();
    assert_code(&said, 1);
    assert!(stderr(&said).contains(".env.production:1") && !stderr(&said).contains(WEAK), "{}", stderr(&said));
}

#[test]
fn a_configured_folder_is_only_looked_at() {
    let desk = Desk::new();
    desk.git(&["config", "core.hooksPath", ".githooks"]);
    pasteable(&desk, ".githooks/pre-commit", "harden hook run pre-commit || exit");
    desk.script(".githooks/pre-commit", "harden hook run pre-commit || exit\n");
    there(&desk);
    // the user's own, for all repositories
    desk.git(&["config", "--unset", "core.hooksPath"]);
    fs::create_dir(desk.home("home/hooks")).unwrap();
    desk.git(&["config", "--global", "core.hooksPath", "~/hooks"]);
    pasteable(&desk, "holds for all repositories of the global configuration", "harden hook run pre-commit || exit");
    assert_eq!(fs::read_dir(desk.home("home/hooks")).unwrap().count(), 0);
    // one that the repository names, outside of it
    desk.git(&["config", "core.hooksPath", desk.home("home").to_str().unwrap()]);
    pasteable(&desk, "is outside of the repository, whose own configuration names it", "harden hook run pre-commit || exit");
    // in .git it is the repository's own
    fs::create_dir(desk.root.join(".git/checks")).unwrap();
    desk.git(&["config", "core.hooksPath", ".git/checks"]);
    assert_code(&desk.harden(&["hook", "install"]), 0);
    assert!(desk.root.join(".git/checks/pre-commit").exists());
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    assert_code(&desk.try_git(&["commit", "-m", "x"]), 1);
    assert_code(&desk.harden(&["hook", "remove"]), 0);
    assert!(!desk.root.join(".git/checks/pre-commit").exists());
}

/// What managers hand on: names of files, within a commit and outside of one.
#[test]
fn named_files_are_looked_at_whole_outside_of_a_commit() {
    let desk = Desk::hooked();
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\nMODE=a\n"));
    desk.git(&["add", "-A"]);
    desk.git(&["commit", "-q", "--no-verify", "-m", "old sins"]);
    let said = desk.harden(&["hook", "run", "pre-commit", "--", "README.md", ".env.production"]);
    assert_code(&said, 1);
    assert!(stderr(&said).contains(".env.production:1") && stderr(&said).contains("looked at 2 files"), "{}", stderr(&said));
    assert!(!stderr(&said).contains("--no-verify"), "there is no commit to get past: {}", stderr(&said));
    let said = desk.harden(&["hook", "run", "pre-commit", "--", "README.md"]);
    assert_code(&said, 0);
    // a manager that hands on no names, and nothing is staged
    let said = desk.command_in(&desk.root, desk.home("bin/harden")).env("PRE_COMMIT", "1").args(["hook", "run"]).output().unwrap();
    assert_code(&said, 1);
    // within a commit: of the named files, what is staged
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\nMODE=b\n"));
    desk.weak("other.env");
    desk.git(&["add", "-A"]);
    let commit = |names: &[&str]| {
        let mut command = desk.command_in(&desk.root, desk.home("bin/harden"));
        command.env("GIT_INDEX_FILE", ".git/index").args(["hook", "run", "pre-commit", "--"]).args(names).output().unwrap()
    };
    assert_code(&commit(&[".env.production"]), 0);
    assert_code(&commit(&[".env.production", "other.env"]), 1);
}

/// The real pre-commit, where `./test` has found it.
fn pre_commit() -> Option<PathBuf> {
    std::env::var_os("HARDEN_TEST_PRE_COMMIT").map(PathBuf::from)
}

struct Framework {
    desk: Desk,
    program: PathBuf,
}

impl Framework {
    fn run(&self, args: &[&str]) -> std::process::Output {
        self.command(&self.program).args(args).output().unwrap()
    }

    /// The user's own environment, where cargo is, with the program on PATH.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.desk.command_in(&self.desk.root, program);
        let path = std::env::var_os("PATH").unwrap();
        let path = format!("{}:{}", self.desk.home("bin").display(), path.display());
        command.env("PATH", path).env("PRE_COMMIT_HOME", self.desk.home("pre-commit"));
        command
    }
}

#[test]
fn the_real_pre_commit_runs_the_system_hook() {
    let Some(program) = pre_commit() else {
        println!("left out: `./test --live` installs pre-commit and runs it");
        return;
    };
    let framework = Framework { desk: Desk::hooked(), program };
    let desk = &framework.desk;
    assert_code(&desk.harden(&["hook", "remove"]), 0);
    // the hooks of this very repository, as others would name it
    let source = desk.home("source");
    fs::create_dir(&source).unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml");
    fs::copy(manifest, source.join(".pre-commit-hooks.yaml")).unwrap();
    for args in [&["init", "-q", "-b", "main", "."][..], &["add", "-A"], &["commit", "-q", "-m", "x"]] {
        assert_code(&desk.try_git_in(&source, args), 0);
    }
    let revision = stdout(&desk.try_git_in(&source, &["rev-parse", "HEAD"]));
    desk.put(
        ".pre-commit-config.yaml",
        format!("repos:\n  - repo: {}\n    rev: {}\n    hooks:\n      - id: harden-system\n", source.display(), revision.trim()),
    );
    assert_code(&framework.run(&["install"]), 0);
    there(desk);
    desk.put("a.txt", "a\n");
    desk.git(&["add", "-A"]);
    let said = framework.command("git").args(["commit", "-m", "clean"]).output().unwrap();
    assert_code(&said, 0);
    assert!(stderr(&said).contains("Passed"), "{}", stderr(&said));
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    // unstaged changes are put aside by pre-commit, and what is staged is looked at
    desk.put(".env.production", "DB_PASSWORD=${DB_PASSWORD:?}\n");
    let said = framework.command("git").args(["commit", "-m", "x"]).output().unwrap();
    assert_code(&said, 1);
    assert!(stderr(&said).contains(".env.production:1") && stderr(&said).contains("this commit"), "{}", stderr(&said));
    desk.git(&["commit", "-q", "--no-verify", "-m", "x"]);
    desk.git(&["checkout", "-q", "."]);
    // nothing is staged now, and both of these must see the file
    for args in [&["run", "--all-files"][..], &["run", "--files", ".env.production"]] {
        let said = framework.run(args);
        assert_code(&said, 1);
        assert!(stdout(&said).contains(".env.production:1") && !stdout(&said).contains(WEAK), "{}", stdout(&said));
    }
    assert_code(&framework.run(&["run", "--files", "a.txt"]), 0);
}

/// Builds harden from this work tree as pre-commit does; slow.
#[test]
fn the_real_pre_commit_builds_the_rust_hook() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    let Some(program) = pre_commit() else {
        println!("left out: `./test --live` installs pre-commit and runs it");
        return;
    };
    let framework = Framework { desk: Desk::hooked(), program };
    let desk = &framework.desk;
    fs::remove_file(desk.home("bin/harden")).unwrap();
    // what git knows of this work tree, as a repository of its own: the tests may run from an archive
    let source = desk.home("source");
    fs::create_dir(&source).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    for name in ["src", "rules", "docs", "Cargo.toml", "Cargo.lock", "build.rs", "build", "README.md", ".pre-commit-hooks.yaml"] {
        assert!(Command::new("cp").args(["-r", &format!("{root}/{name}")]).arg(&source).status().unwrap().success());
    }
    for args in [&["init", "-q", "-b", "main", "."][..], &["add", "-A"], &["commit", "-q", "-m", "x"]] {
        assert_code(&desk.try_git_in(&source, args), 0);
    }
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    let mut command = framework.command(&framework.program);
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from(root).join("target"), PathBuf::from).join("pre-commit");
    command.env("CARGO_TARGET_DIR", target);
    // that it builds and installs is to be seen, not how fast it then is
    for (name, value) in [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "0")] {
        command.env(format!("CARGO_PROFILE_RELEASE_{name}"), value);
    }
    for name in ["CARGO_HOME", "RUSTUP_HOME"] {
        let default =
            std::env::var_os("HOME").map(|home| PathBuf::from(home).join(if name == "CARGO_HOME" { ".cargo" } else { ".rustup" }));
        command.env(name, std::env::var_os(name).map(PathBuf::from).or(default).unwrap());
    }
    let said = command.args(["try-repo", source.to_str().unwrap(), "harden", "--all-files"]).output().unwrap();
    assert_code(&said, 1);
    assert!(stdout(&said).contains(".env.production:1") && !stdout(&said).contains(WEAK), "{}{}", stdout(&said), stderr(&said));
}
