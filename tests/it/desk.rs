//! A home folder and a project for tests that run the program, thrown away at the end.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::harness::{assert_code, command};

pub(crate) struct Desk {
    _dir: tempfile::TempDir,
    pub(crate) home: PathBuf,
    pub(crate) project: PathBuf,
}

impl Desk {
    /// An empty project that git does not know.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (home, project) = (dir.path().join("home"), dir.path().join("project"));
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(&project).unwrap();
        // so that no project above it counts
        fs::create_dir_all(project.join(".git")).unwrap();
        Self { _dir: dir, home, project }
    }

    /// With an identity and recipients.
    pub(crate) fn ready() -> Self {
        let desk = Self::new();
        assert_code(&desk.harden(&["init"]), 0);
        desk
    }

    /// The same in a repository.
    pub(crate) fn tracked() -> Self {
        let desk = Self::new();
        fs::remove_dir(desk.project.join(".git")).unwrap();
        desk.git(&["init", "-q", "-b", "main"]);
        desk.git(&["config", "user.email", "ada@example.com"]);
        desk.git(&["config", "user.name", "Ada"]);
        assert_code(&desk.harden(&["init"]), 0);
        desk
    }

    pub(crate) fn command(&self, program: &str) -> Command {
        command(program, &self.home, &self.project)
    }

    pub(crate) fn program(&self) -> Command {
        self.command(env!("CARGO_BIN_EXE_harden"))
    }

    pub(crate) fn harden(&self, args: &[&str]) -> Output {
        self.program().args(args).output().unwrap()
    }

    /// With `stdin` on standard input.
    pub(crate) fn fed(&self, stdin: &[u8], args: &[&str]) -> Output {
        let mut command = self.program();
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // who has refused does not read
        let _ = child.stdin.take().unwrap().write_all(stdin);
        child.wait_with_output().unwrap()
    }

    /// What git answers; it must succeed.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = self.command("git").args(args).output().unwrap();
        assert_code(&output, 0);
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.project.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(&path).unwrap().write_all(bytes.as_ref()).unwrap();
        path
    }

    /// A script in the home folder.
    pub(crate) fn script(&self, name: &str, body: &str) -> String {
        let path = self.home.join(name);
        File::create(&path).unwrap().write_all(format!("#!/bin/sh\n{body}\n").as_bytes()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.project.join(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.project.join(name).symlink_metadata().is_ok()
    }

    /// What a sealed file holds.
    #[track_caller]
    pub(crate) fn opened(&self, name: &str) -> String {
        let output = self.harden(&["decrypt", name]);
        assert_code(&output, 0);
        String::from_utf8(output.stdout).unwrap()
    }

    /// A new identity in the home folder: its file, and its recipient.
    pub(crate) fn keygen(&self, name: &str) -> (String, String) {
        let path = self.home.join(name).to_str().unwrap().to_owned();
        assert_code(&self.harden(&["keygen", "-o", &path]), 0);
        (path.clone(), public_key(&fs::read_to_string(path).unwrap()))
    }

    /// The recipient of the identity that `init` made.
    pub(crate) fn public_key(&self) -> String {
        public_key(&fs::read_to_string(self.home.join(".config/harden/identity.txt")).unwrap())
    }
}

fn public_key(identity: &str) -> String {
    identity.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned()
}
