//! `harden fix` as a user types it, on copies of a whole project and on small ones: what it writes, what it leaves, when it refuses.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod derived;
mod drivers;
mod former;
mod groups;
mod interrupted;
mod kinds;
mod lift;
mod plain;
mod promote;
mod properties;
mod reach;
mod review;
mod running;
mod sealed;
mod traces;
mod undo;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use crate::harness::{assert_code, command, stderr, stdout};

/// A home folder and a project, both thrown away at the end.
struct Desk {
    dir: tempfile::TempDir,
    home: PathBuf,
    project: PathBuf,
}

/// Every file by its path from the project's root, with bytes and the time of the last change.
type Tree = BTreeMap<String, (Vec<u8>, SystemTime)>;

impl Desk {
    /// An empty project.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (home, project) = (dir.path().join("home"), dir.path().join("project"));
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(&project).unwrap();
        Self { dir, home, project }
    }

    /// A project of these files.
    fn with(files: &[(&str, &str)]) -> Self {
        let desk = Self::new();
        files.iter().for_each(|(name, text)| desk.put(name, text));
        desk
    }

    /// A copy of the media portal.
    fn portal() -> Self {
        let desk = Self::new();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/media-portal"), &desk.project);
        desk
    }

    /// With an identity and recipients.
    fn ready(self) -> Self {
        self.ok(&["init"]);
        self
    }

    /// Everything committed.
    fn committed(self) -> Self {
        self.git(&["init", "-q"]);
        self.commit();
        self
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "all"]);
    }

    fn git(&self, args: &[&str]) {
        let output = self.command("git").args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", stderr(&output));
    }

    fn command(&self, program: &str) -> Command {
        command(program, &self.home, &self.project)
    }

    fn harden(&self, args: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_harden")).args(args).output().unwrap()
    }

    /// A run that must end with 0.
    #[track_caller]
    fn ok(&self, args: &[&str]) -> Output {
        let output = self.harden(args);
        assert_code(&output, 0);
        output
    }

    /// A run that must end with `code` and leave every file as it is; gives what it said.
    #[track_caller]
    fn refused(&self, args: &[&str], code: i32) -> String {
        let before = self.tree();
        let output = self.harden(args);
        assert_code(&output, code);
        assert!(self.tree() == before, "{args:?} wrote something");
        stderr(&output)
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.project.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap().write_all(text.as_ref()).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.project.join(name)).unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.project.join(name).exists()
    }

    /// The content of `NAME.age`.
    #[track_caller]
    fn opened(&self, name: &str) -> String {
        let output = self.harden(&["decrypt", &format!("{name}.age")]);
        assert_code(&output, 0);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Seals `text` as `NAME.age`; NAME stays as it is.
    fn seal_as(&self, name: &str, text: &str) {
        let path = self.project.join(name);
        let old = fs::read(&path).ok();
        let twin = self.project.join(format!("{name}.age"));
        if twin.exists() {
            fs::remove_file(twin).unwrap();
        }
        self.put(name, text);
        self.ok(&["encrypt", name]);
        match old {
            Some(bytes) => self.put(name, bytes),
            None => fs::remove_file(path).unwrap(),
        }
    }

    /// Every file of the project but git's own and harden's lock, which nobody commits.
    fn tree(&self) -> Tree {
        let mut found = Tree::new();
        let mut folders = vec![self.project.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.ends_with(".git") && !path.ends_with(".harden/state") {
                    folders.push(path);
                } else if path.is_file() {
                    let name = path.strip_prefix(&self.project).unwrap().to_str().unwrap().to_owned();
                    found.insert(name, (fs::read(&path).unwrap(), path.metadata().unwrap().modified().unwrap()));
                }
            }
        }
        found
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The value behind the first `start` that begins a line (blanks before it do not count), up to the end of the line.
#[track_caller]
fn after<'t>(text: &'t str, start: &str) -> &'t str {
    text.lines().find_map(|line| line.trim_start().strip_prefix(start)).unwrap_or_else(|| panic!("no line starts with `{start}`"))
}

/// What stands between `start` and `end`, at the first place where both are on one line.
#[track_caller]
fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let found = text.lines().find_map(|line| line.split_once(start)?.1.split_once(end));
    found.unwrap_or_else(|| panic!("nothing between `{start}` and `{end}`")).0
}

/// Numbers, from 1, of the lines that differ. Lines keep their ends, and there are as many as before.
#[track_caller]
fn differing(old: &str, new: &str) -> BTreeSet<usize> {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    assert_eq!(a.len(), b.len(), "lines came or went");
    let end = |line: &str| line.trim_end_matches(['\r', '\n']).len()..line.len();
    let ends = |line: &str| line[end(line)].to_owned();
    assert!(a.iter().zip(&b).all(|(x, y)| ends(x) == ends(y)), "a line end changed");
    (1..=a.len()).filter(|i| a[i - 1] != b[i - 1]).collect()
}

/// What a plan says: the lines that change in each file. Only what is done without `--include review`, unless `review`.
fn planned(plan: &str, review: bool) -> BTreeMap<String, BTreeSet<usize>> {
    let mut out: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut counts = false;
    for line in plan.lines() {
        if !line.starts_with(' ') {
            counts = line.starts_with("safe") || review && line.starts_with("to review");
        }
        let Some(place) = line.strip_prefix("      ").filter(|_| counts) else { continue };
        let changes = place.contains(" -> ") || place.contains(" becomes ") || place.contains("://");
        if let Some((place, _)) = place.split_once("  ").filter(|_| changes) {
            let (file, line) = place.rsplit_once(':').unwrap();
            out.entry(file.to_owned()).or_default().insert(line.parse().unwrap());
        }
    }
    out
}
