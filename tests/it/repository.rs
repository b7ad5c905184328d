//! A repository of the real git, a home of its own, and the program in it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::harness::{command, stdout};

pub(crate) struct Repository {
    dir: tempfile::TempDir,
    /// The work tree.
    pub(crate) top: PathBuf,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap().join("top");
        fs::create_dir_all(dir.path().join("home")).unwrap();
        fs::create_dir_all(&top).unwrap();
        let repository = Self { dir, top };
        repository.git(&["init", "-q", "-b", "main", "."]);
        repository
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// A path beside the work tree.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn put(&self, name: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.top.join(Path::new(name.as_ref()));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(&path).unwrap().write_all(bytes.as_ref()).unwrap();
        path
    }

    /// git in `folder`, which must succeed; what it said.
    #[track_caller]
    pub(crate) fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        let output = self.try_git(folder, args);
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        stdout(&output)
    }

    pub(crate) fn try_git(&self, folder: &Path, args: &[&str]) -> Output {
        let mut git = command("git", &self.home(), folder);
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
        // later commits are younger, so that nothing depends on how fast the test is
        let n = fs::read_dir(self.home()).unwrap().count();
        File::create(self.home().join(format!("tick{n}"))).unwrap();
        let date = format!("2024-01-01T{:02}:{:02}:00+02:00", n / 60, n % 60);
        git.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"]);
        git.args(args).output().unwrap()
    }

    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.top, args)
    }

    /// Commits everything; the commit's name.
    pub(crate) fn commit(&self) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--no-verify", "-m", "x"]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    pub(crate) fn harden_command(&self, folder: &Path) -> Command {
        command(env!("CARGO_BIN_EXE_harden"), &self.home(), folder)
    }

    pub(crate) fn harden_in(&self, folder: &Path, args: &[&str]) -> Output {
        self.harden_command(folder).args(args).output().unwrap()
    }

    pub(crate) fn harden(&self, args: &[&str]) -> Output {
        self.harden_in(&self.top, args)
    }

    /// `FILE:LINE` of each finding of `scan` with these arguments.
    #[track_caller]
    pub(crate) fn found_in(&self, folder: &Path, args: &[&str]) -> Vec<String> {
        let output = self.harden_in(folder, &[&["scan", "--format", "jsonl"], args].concat());
        assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        let places = places(&stdout(&output));
        assert_eq!(output.status.code() == Some(1), !places.is_empty(), "the code is that of the findings");
        places
    }

    #[track_caller]
    pub(crate) fn found(&self, args: &[&str]) -> Vec<String> {
        self.found_in(&self.top, args)
    }

    /// A hook that writes what `scan --staged` finds to `found` beside the work tree, and ends with its code.
    pub(crate) fn hook(&self) {
        let found = self.beside("found");
        let text = format!("#!/bin/sh\n'{}' scan --staged --format jsonl > '{}'\n", env!("CARGO_BIN_EXE_harden"), found.display());
        self.script(".git/hooks/pre-commit", &text);
    }

    /// A program in the work tree.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.put(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// What the hook found the last time.
    pub(crate) fn hook_found(&self) -> Vec<String> {
        places(&fs::read_to_string(self.beside("found")).unwrap())
    }
}

/// `FILE:LINE` of each line of jsonl.
pub(crate) fn places(jsonl: &str) -> Vec<String> {
    let place = |line: &str| {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap();
        format!("{}:{}", finding["file"].as_str().unwrap(), finding["line"])
    };
    jsonl.lines().map(place).collect()
}
