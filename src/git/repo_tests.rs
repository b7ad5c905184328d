//! Against the real git, in repositories that want to run programs.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Repository;

struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().expect("dir"));
        tree.git(&["init", "-q", "-b", "main", "."]);
        tree
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("below the root")).expect("folder");
        File::create(&path).and_then(|mut f| f.write_all(text.as_bytes())).expect("file");
        path
    }

    /// git as its owner runs it, without the configuration of whoever runs the tests.
    fn git(&self, args: &[&str]) {
        let status = Command::new("git")
            .current_dir(self.0.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"])
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.is_ok_and(|s| s.success()), "git {args:?}");
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "x"]);
    }

    fn repository(&self) -> Repository {
        Repository::discover(self.0.path()).expect("a repository")
    }
}

#[test]
fn a_repository_is_found_from_any_folder_in_it() {
    let tree = Tree::new();
    tree.put("a/b/c", "x");
    let real = tree.0.path().canonicalize().expect("real");
    assert_eq!(Repository::discover(&tree.at("a/b")).map(|r| r.root().to_owned()), Some(real));
    let plain = tempfile::tempdir().expect("dir");
    assert_eq!(Repository::discover(plain.path()), None);
}

#[test]
fn restorable_is_what_head_has_byte_for_byte() {
    let tree = Tree::new();
    let path = tree.put("app/a.env", "A=1\n");
    let repository = tree.repository();
    assert!(!repository.tracks_unchanged(&path), "not committed, and no HEAD at all");
    tree.commit();
    assert!(repository.tracks_unchanged(&path));
    assert!(repository.tracks(&path, b"A=1\n") && !repository.tracks(&path, b"A=2\n"));
    tree.put("app/a.env", "A=2\n");
    assert!(!repository.tracks_unchanged(&path), "changed");
    tree.git(&["add", "-A"]);
    assert!(!repository.tracks_unchanged(&path), "staged only: HEAD has the old bytes");
    let fresh = tree.put("b.env", "A=1\n");
    assert!(!repository.tracks_unchanged(&fresh), "same bytes under another name");
    assert!(!repository.tracks_unchanged(Path::new("/etc/hostname")));
}

#[test]
fn names_are_taken_literally() {
    let tree = Tree::new();
    for name in ["*.env", ":(glob)x", "new\nline.env", "-z", "a b"] {
        tree.put(name, name);
    }
    tree.commit();
    let repository = tree.repository();
    for name in ["*.env", ":(glob)x", "new\nline.env", "-z", "a b"] {
        assert!(repository.tracks_unchanged(&tree.at(name)), "{name:?}");
    }
    assert!(!repository.tracks(&tree.at("x.env"), b"*.env"));
}

#[test]
fn links_are_not_restorable_files() {
    let tree = Tree::new();
    tree.put("real/a.env", "A=1\n");
    symlink("real/a.env", tree.at("link")).expect("link");
    symlink("real", tree.at("folder")).expect("link");
    tree.commit();
    let repository = tree.repository();
    assert!(!repository.tracks_unchanged(&tree.at("link")));
    assert!(repository.tracks_unchanged(&tree.at("folder/a.env")), "a folder on the way may be a link");
}

#[test]
fn ignored_files_are_named_and_others_are_not() {
    let tree = Tree::new();
    tree.put("tracked.env", "x");
    tree.commit();
    tree.put(".gitignore", "*.env\nbuild/\n");
    let paths: Vec<PathBuf> =
        ["tracked.env", ".env", "new\nline.env", "build/x", "main.py", ":(top)x.env", "*"].iter().map(|n| tree.put(n, "x")).collect();
    let outside = PathBuf::from("/etc/x.env");
    let all: Vec<PathBuf> = paths.iter().cloned().chain([outside]).collect();
    let ignored = tree.repository().ignores(&all).expect("answers");
    let expected: BTreeSet<&Path> = [1, 2, 3, 5].iter().filter_map(|i| paths.get(*i)).map(PathBuf::as_path).collect();
    assert_eq!(ignored, expected);
    assert!(tree.repository().ignores(&[]).expect("answers").is_empty());
}

#[test]
fn a_path_that_git_refuses_does_not_spoil_the_others() {
    let (inner, tree) = (Tree::new(), Tree::new());
    inner.put("f.env", "x");
    inner.commit();
    tree.git(&["submodule", "add", "-q", &inner.0.path().to_string_lossy(), "sub"]);
    tree.put(".gitignore", "*.env\n");
    let paths = [tree.at("sub/f.env"), tree.put("a.env", "x"), tree.put("b.txt", "x")];
    assert_eq!(tree.repository().ignores(&paths).expect("answers"), BTreeSet::from([tree.at("a.env").as_path()]));
}

#[test]
fn many_paths_do_not_fill_the_pipes() {
    let tree = Tree::new();
    tree.put(".gitignore", "*.env\n");
    let paths: Vec<PathBuf> = (0..20_000).map(|i| tree.at(&format!("a-long-name-to-fill-the-pipe-{i}.env"))).collect();
    assert_eq!(tree.repository().ignores(&paths).expect("answers").len(), paths.len());
}

#[test]
fn nothing_that_the_repository_names_is_run() {
    let tree = Tree::new();
    let outside = tempfile::tempdir().expect("dir");
    let trap = outside.path().join("trap");
    let proof = outside.path().join("proof");
    File::create(&trap).and_then(|mut f| write!(f, "#!/bin/sh\ntouch {}\ncat\n", proof.display())).expect("script");
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).expect("mode");
    tree.put(".gitattributes", "* filter=evil diff=evil\n");
    tree.put(".gitignore", "*.log\n");
    let path = tree.put("a.env", "A=1\n");
    tree.commit();
    let trap = trap.to_string_lossy();
    for key in [
        "core.fsmonitor",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "diff.external",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "credential.helper",
        "alias.ls-tree",
        "remote.origin.uploadpack",
    ] {
        tree.git(&["config", key, &trap]);
    }
    tree.git(&["config", "core.hooksPath", &outside.path().to_string_lossy()]);
    let repository = tree.repository();
    assert!(repository.tracks_unchanged(&path));
    tree.put("a.env", "A=2\n");
    assert!(!repository.tracks_unchanged(&path));
    assert_eq!(repository.ignores(&[tree.at("x.log"), path]).expect("answers").len(), 1);
    assert!(!proof.exists(), "a program of the repository was run");
    // the trap is a good one: plain `git status` steps into it
    tree.git(&["status", "--porcelain"]);
    assert!(proof.exists());
}

#[test]
fn a_bare_repository_inside_the_tree_is_not_entered() {
    let tree = Tree::new();
    tree.git(&["init", "-q", "--bare", "inner"]);
    let found = Repository::discover(&tree.at("inner"));
    assert!(found.is_none_or(|r| r.root() == tree.0.path().canonicalize().expect("real")));
}
