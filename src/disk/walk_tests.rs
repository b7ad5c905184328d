//! Walking: ignore files, env files, links, exclusions, names.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Exclude, Found, Options, walk};

/// A tree that git would recognise, with an ignored folder and ignored files.
fn tree(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("dir");
    fs::create_dir(dir.path().join(".git")).expect("git");
    for file in files {
        put(&dir.path().join(file), "x");
    }
    dir
}

fn put(path: &Path, text: &str) {
    use std::io::Write;
    fs::create_dir_all(path.parent().expect("has a parent")).expect("folders");
    File::create(path).and_then(|mut f| f.write_all(text.as_bytes())).expect("file");
}

/// What is found at `dir`, its own path taken off the displays.
fn names(dir: &Path, options: &Options) -> Vec<String> {
    below(dir, &walk(&[dir.to_owned()], options))
}

fn below(dir: &Path, found: &Found) -> Vec<String> {
    let head = format!("{}/", dir.display());
    found.files.iter().map(|f| f.display.strip_prefix(&head).unwrap_or(&f.display).to_owned()).collect()
}

fn globs(patterns: &[&str]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    patterns.iter().for_each(|p| _ = set.add(GlobBuilder::new(p).literal_separator(true).build().expect("glob")));
    set.build().expect("globs")
}

#[test]
fn hidden_files_are_walked_and_git_and_harden_are_not() {
    let dir = tree(&[".git/config", ".harden/rules/a.toml", "sub/.harden/x", "sub/.git", ".github/ci.yml", "b.yml", "a.yml"]);
    assert_eq!(names(dir.path(), &Options::default()), [".github/ci.yml", "a.yml", "b.yml"]);
    let all = Options { no_ignore: true, ..Options::default() };
    assert_eq!(names(dir.path(), &all), [".github/ci.yml", "a.yml", "b.yml"]);
}

#[test]
fn ignored_files_are_left_out_but_for_env_files_of_walked_folders() {
    let dir = tree(&[
        ".env",
        ".env.local",
        "app/prod.env",
        "app/secret.yml",
        "app/main.py",
        "node_modules/.env",
        "node_modules/x/.env",
        ".ignored",
    ]);
    put(&dir.path().join(".gitignore"), "*.env\n.env*\nsecret.yml\nnode_modules/\n");
    put(&dir.path().join(".ignore"), ".ignored\n");
    assert_eq!(names(dir.path(), &Options::default()), [".env", ".env.local", ".gitignore", ".ignore", "app/main.py", "app/prod.env"]);
    let all = names(dir.path(), &Options { no_ignore: true, ..Options::default() });
    assert_eq!(all.len(), 10, "{all:?}");
}

#[test]
fn a_named_file_is_looked_at_though_git_ignores_it() {
    let dir = tree(&["secret.yml"]);
    put(&dir.path().join(".gitignore"), "secret.yml\n");
    let found = walk(&[dir.path().join("secret.yml")], &Options::default());
    assert_eq!(below(dir.path(), &found), ["secret.yml"]);
}

#[test]
fn exclusions_hold_for_folders_files_env_files_and_named_paths() {
    let dir = tree(&["vendor/a.yml", "vendor/.env", "src/a.yml", "src/gen/b.yml", ".env.ci", "c.lock", "src/d.lock"]);
    put(&dir.path().join(".gitignore"), ".env*\n");
    let exclude = Exclude { base: dir.path().to_owned(), globs: globs(&["vendor/**", "src/gen", ".env.ci", "**/*.lock"]) };
    let options = Options { exclude: Some(exclude), no_ignore: false };
    assert_eq!(names(dir.path(), &options), [".gitignore", "src/a.yml"]);
    let found = walk(&[dir.path().join("src/gen/b.yml"), dir.path().join("vendor/.env")], &options);
    assert_eq!((found.files.len(), found.excluded), (0, 2));
    let found = walk(&[dir.path().join(".harden/rules"), dir.path().join("src")], &options);
    assert_eq!((found.files.len(), found.problems.len()), (1, 1), "a path that does not exist is a problem");
}

#[test]
fn a_link_inside_is_its_target_and_others_are_counted() {
    let dir = tree(&["real/prod.conf", "real/hidden.conf", ".git/config"]);
    let outside = tempfile::tempdir().expect("dir");
    put(&outside.path().join("passwd"), "x");
    put(&dir.path().join(".gitignore"), "hidden.conf\n");
    let link = |target: &Path, name: &str| symlink(target, dir.path().join(name)).expect("link");
    link(Path::new("real/prod.conf"), "a.conf");
    link(Path::new("real/hidden.conf"), ".env");
    link(Path::new("real"), "folder");
    link(&outside.path().join("passwd"), "passwd");
    link(outside.path(), "out");
    link(Path::new("nowhere"), "broken");
    link(Path::new(".git/config"), "gitconfig");
    link(Path::new("loop"), "loop");
    rustix::fs::mknodat(rustix::fs::CWD, dir.path().join("fifo"), rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("fifo");
    let found = walk(&[dir.path().to_owned()], &Options::default());
    assert_eq!(below(dir.path(), &found), [".gitignore", "real/hidden.conf", "real/prod.conf"]);
    assert_eq!(found.special, 6, "passwd, out, broken, gitconfig, loop, fifo");
    assert!(found.files.iter().all(|f| fs::symlink_metadata(&f.path).is_ok_and(|m| m.is_file())));
}

#[test]
fn a_named_path_may_be_a_link() {
    let dir = tree(&["real/a.yml"]);
    symlink("real", dir.path().join("folder")).expect("link");
    symlink("real/a.yml", dir.path().join("file")).expect("link");
    assert_eq!(below(dir.path(), &walk(&[dir.path().join("folder")], &Options::default())), ["folder/a.yml"]);
    let found = walk(&[dir.path().join("file")], &Options::default());
    assert_eq!(below(dir.path(), &found), ["file"]);
    assert!(found.files.iter().all(|f| f.path.ends_with("real/a.yml")), "what is opened is no link");
}

#[test]
fn overlapping_arguments_give_each_file_once() {
    let dir = tree(&["sub/a.yml", "b.yml"]);
    let paths = [dir.path().join("sub"), dir.path().to_owned(), dir.path().join("sub/a.yml")];
    assert_eq!(below(dir.path(), &walk(&paths, &Options::default())), ["b.yml", "sub/a.yml"]);
}

#[test]
fn sealed_files_are_listed_apart() {
    let dir = tree(&[".env.production.age", "a.yml"]);
    let found = walk(&[dir.path().to_owned()], &Options::default());
    assert_eq!(below(dir.path(), &found), ["a.yml"]);
    assert!(found.sealed.iter().any(|f| f.display.ends_with("/.env.production.age")));
}

#[test]
fn names_that_are_not_utf8_are_opened_as_they_are() {
    let dir = tree(&[]);
    let path = dir.path().join(OsStr::from_bytes(b"caf\xE9.env"));
    put(&path, "x");
    let found = walk(&[dir.path().to_owned()], &Options::default());
    assert_eq!(below(dir.path(), &found), ["caf\u{FFFD}.env"]);
    assert!(found.files.iter().any(|f| f.path.file_name() == path.file_name()));
}

#[test]
fn a_missing_path_is_a_problem_with_its_reason() {
    let found = walk(&[PathBuf::from("no/such/path")], &Options::default());
    let [problem] = found.problems.as_slice() else { panic!("one problem") };
    assert_eq!((problem.display.as_str(), problem.reason.as_str()), ("no/such/path", "no such file or directory"));
}

#[test]
fn displays_join_the_argument_and_drop_a_bare_dot() {
    let root = |argument: &str| super::Root { argument: argument.into(), real: "/r".into(), is_dir: true };
    for (argument, display) in [(".", "a/b"), ("./", "a/b"), ("./x", "./x/a/b"), ("x/", "x/a/b"), ("..", "../a/b"), ("/", "/a/b")] {
        assert_eq!(root(argument).display(Path::new("/r/a/b")), display, "{argument}");
    }
}
