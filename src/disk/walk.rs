//! Which files to look at: below the named paths, as git would list them, and env files in any case.
//!
//! - `.gitignore`, `.git/info/exclude`, `.ignore` and the user's global excludes are respected; hidden files are walked; `.git` and `.harden`
//!   never are.
//! - Env files are what gets deployed, so they are looked at even where they are ignored, in every folder that is walked itself. Ignored folders
//!   are not entered for that.
//! - Links are not followed. One to a regular file inside the named paths is that file, under its own name; any other is counted.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use globset::GlobSet;
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::error::reason;

/// How to walk.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Look at what git ignores, too.
    pub no_ignore: bool,
    /// What to leave out in any case.
    pub exclude: Option<Exclude>,
}

/// Patterns of paths to leave out.
#[derive(Clone, Debug)]
pub struct Exclude {
    /// The folder that the patterns are relative to.
    pub base: PathBuf,
    /// The patterns; one that matches a folder leaves out all that is in it.
    pub globs: GlobSet,
}

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The path for people: the argument joined with the path below it, `/` between; what is not UTF-8 is replaced.
    pub display: String,
    /// The path to open, free of links when it was found.
    pub path: PathBuf,
}

/// A path that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The path for people.
    pub display: String,
    /// Why, in lower case.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.display.is_empty() {
            write!(f, "`{}`: ", self.display)?;
        }
        f.write_str(&self.reason)
    }
}

/// What was found. Every list is sorted by `display` and holds each file once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Files to read.
    pub files: Vec<Candidate>,
    /// Sealed files (`NAME.age`): there is no text in them to look at.
    pub sealed: Vec<Candidate>,
    /// Links that lead out of the named paths or nowhere, pipes, sockets, devices.
    pub special: usize,
    /// Named paths that the exclusions, or `.git` and `.harden`, leave out.
    pub excluded: usize,
    /// Named paths that do not exist, folders that cannot be listed.
    pub problems: Vec<Problem>,
}

/// Lists the files at and below `paths`. The result depends on the tree only, not on the order in which the system lists it.
#[must_use]
pub fn walk(paths: &[PathBuf], options: &Options) -> Found {
    let filter = Filter::new(options);
    let mut found = Collected::default();
    let mut roots = Vec::new();
    for argument in paths {
        match Root::open(argument) {
            Ok(root) if filter.leaves_out(argument, &root.real) => found.excluded += 1,
            Ok(root) => roots.push(root),
            Err(reason) => found.problem(argument.to_string_lossy().into_owned(), reason),
        }
    }
    for root in &roots {
        if root.is_dir {
            for seen in list(root, options, &filter) {
                found.take(seen, root, &roots, &filter);
            }
        } else {
            found.file(root.real.clone().into_os_string(), root.display(&root.real));
        }
    }
    found.into_found()
}

/// Whether a file of this name is an env file by its name alone: `.env*` and `*.env`.
#[must_use]
pub fn is_env_name(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b".env") || name.ends_with(b".env")
}

/// Whether the `.gitignore` files from `root` down to the folder of `path` ignore it, there or not: for trees that are no repository.
#[must_use]
pub fn ignored_below(root: &Path, path: &Path) -> bool {
    let folders = path.ancestors().skip(1).take_while(|f| f.starts_with(root));
    // the one nearest to the file has the last word
    let mut said = folders.filter_map(|folder| {
        let file = folder.join(".gitignore");
        let regular = fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_file());
        let (rules, _) = regular.then(|| ignore::gitignore::Gitignore::new(&file))?;
        let answer = rules.matched_path_or_any_parents(path, false);
        (!answer.is_none()).then(|| answer.is_ignore())
    });
    said.next().unwrap_or(false)
}

/// A named path, its links resolved.
struct Root {
    argument: PathBuf,
    real: PathBuf,
    is_dir: bool,
}

impl Root {
    fn open(argument: &Path) -> Result<Self, String> {
        let real = fs::canonicalize(argument).map_err(|e| reason(&e))?;
        let kind = fs::metadata(&real).map_err(|e| reason(&e))?;
        if !kind.is_dir() && !kind.is_file() {
            return Err("neither a file nor a folder".to_owned());
        }
        Ok(Self { argument: argument.to_owned(), real, is_dir: kind.is_dir() })
    }

    /// The argument joined with what of `path` is below it. `.` alone leaves no trace, as in git's own lists.
    fn display(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.real).unwrap_or(path);
        if below.as_os_str().is_empty() {
            return self.argument.to_string_lossy().into_owned();
        }
        let below = below.to_string_lossy();
        let argument = self.argument.to_string_lossy();
        match argument.trim_end_matches('/') {
            "." => below.into_owned(),
            "" if argument.is_empty() => below.into_owned(),
            head => format!("{head}/{below}"),
        }
    }

    fn holds(&self, path: &Path) -> bool {
        if self.is_dir { path.starts_with(&self.real) } else { path == self.real }
    }
}

/// What is left out whatever the ignore files say.
#[derive(Clone)]
struct Filter {
    exclude: Option<Exclude>,
}

impl Filter {
    fn new(options: &Options) -> Self {
        let exclude = options.exclude.clone().map(|e| Exclude { base: fs::canonicalize(&e.base).unwrap_or(e.base), globs: e.globs });
        Self { exclude }
    }

    /// Judges one step of a walk, whose steps above were judged before.
    fn keeps(&self, path: &Path) -> bool {
        !path.file_name().is_some_and(is_ours_or_gits) && !self.matches(path)
    }

    fn matches(&self, path: &Path) -> bool {
        let Some(exclude) = &self.exclude else { return false };
        path.strip_prefix(&exclude.base).is_ok_and(|below| !below.as_os_str().is_empty() && exclude.globs.is_match(below))
    }

    /// Judges `real` with every folder above it, up to the base; and `.git` and `.harden` in the argument as it was typed.
    fn leaves_out(&self, argument: &Path, real: &Path) -> bool {
        argument.components().any(|c| is_ours_or_gits(c.as_os_str()))
            || real.file_name().is_some_and(is_ours_or_gits)
            || real.ancestors().any(|path| self.matches(path))
    }
}

fn is_ours_or_gits(name: &OsStr) -> bool {
    name == ".git" || name == ".harden"
}

/// One step of a walk, before its links are resolved. The paths are kept as their bytes: to compare paths costs the more the longer they are
/// alike.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    File(OsString),
    Link(OsString),
    Special(OsString),
    Problem(OsString, String),
}

/// Everything below `root`, in parallel; sorted, so that the order of threads does not show.
fn list(root: &Root, options: &Options, filter: &Filter) -> Vec<Seen> {
    let mut builder = WalkBuilder::new(&root.real);
    builder.standard_filters(!options.no_ignore).hidden(false).follow_links(false);
    let own = filter.clone();
    builder.filter_entry(move |entry| entry.depth() == 0 || own.keeps(entry.path()));
    let all = Mutex::new(Vec::new());
    builder.build_parallel().run(|| {
        let mut batch = Batch { seen: Vec::new(), all: &all };
        Box::new(move |entry| {
            match entry {
                Ok(entry) => {
                    if !options.no_ignore && entry.file_type().is_some_and(|t| t.is_dir()) {
                        batch.seen.extend(env_files(entry.path(), filter));
                    }
                    batch.seen.extend(classify(&entry));
                }
                Err(error) => batch.seen.extend(complaint(&error, &root.real)),
            }
            WalkState::Continue
        })
    });
    let mut all = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    all.sort_unstable();
    all.dedup();
    all
}

/// What one thread saw; handed over when the thread is done, so that threads do not wait for each other at every file.
struct Batch<'a> {
    seen: Vec<Seen>,
    all: &'a Mutex<Vec<Seen>>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).append(&mut self.seen);
    }
}

fn classify(entry: &DirEntry) -> Option<Seen> {
    let kind = entry.file_type()?;
    seen(entry.path().to_owned(), kind)
}

fn seen(path: PathBuf, kind: fs::FileType) -> Option<Seen> {
    let path = path.into_os_string();
    if kind.is_dir() {
        None
    } else if kind.is_file() {
        Some(Seen::File(path))
    } else if kind.is_symlink() {
        Some(Seen::Link(path))
    } else {
        Some(Seen::Special(path))
    }
}

/// The env files right in `folder`, ignored or not. A folder that cannot be listed is reported by the walk itself.
fn env_files(folder: &Path, filter: &Filter) -> Vec<Seen> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| is_env_name(&entry.file_name()))
        .filter_map(|entry| seen(entry.path(), entry.file_type().ok()?))
        .filter(|seen| !matches!(seen, Seen::File(path) | Seen::Link(path) if !filter.keeps(Path::new(path))))
        .collect()
}

/// The path and reason of a walk's error; `None` for a faulty pattern in an ignore file, which hides no file.
fn complaint(error: &ignore::Error, root: &Path) -> Option<Seen> {
    fn path_of(error: &ignore::Error) -> Option<&Path> {
        match error {
            ignore::Error::WithPath { path, .. } => Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
            _ => None,
        }
    }
    let words = reason(error.io_error()?);
    Some(Seen::Problem(path_of(error).unwrap_or(root).into(), words))
}

/// Files by the path that opens them, so that overlapping arguments give each once, under the first argument's name.
#[derive(Default)]
struct Collected {
    files: HashMap<OsString, String>,
    special: BTreeSet<OsString>,
    problems: BTreeSet<Problem>,
    excluded: usize,
}

impl Collected {
    fn take(&mut self, seen: Seen, root: &Root, roots: &[Root], filter: &Filter) {
        match seen {
            Seen::File(path) => {
                let display = root.display(Path::new(&path));
                self.file(path, display);
            }
            Seen::Special(path) => _ = self.special.insert(path),
            Seen::Problem(path, reason) => self.problem(root.display(Path::new(&path)), reason),
            Seen::Link(path) => self.link(path, roots, filter),
        }
    }

    fn file(&mut self, path: OsString, display: String) {
        self.files.entry(path).or_insert(display);
    }

    fn problem(&mut self, display: String, reason: String) {
        self.problems.insert(Problem { display, reason });
    }

    /// A link to a folder inside needs no word: the folder is walked under its own name.
    fn link(&mut self, path: OsString, roots: &[Root], filter: &Filter) {
        let target = fs::canonicalize(&path).and_then(|target| fs::metadata(&target).map(|meta| (target, meta)));
        let Some((target, meta, root)) = target.ok().and_then(|(t, m)| roots.iter().find(|r| r.holds(&t)).map(|r| (t, m, r))) else {
            self.special.insert(path);
            return;
        };
        let below = target.strip_prefix(&root.real).unwrap_or(&target);
        if below.components().any(|c| is_ours_or_gits(c.as_os_str())) {
            self.special.insert(path);
        } else if meta.is_file() && !filter.leaves_out(below, &target) {
            let display = root.display(&target);
            self.file(target.into_os_string(), display);
        } else if !meta.is_file() && !meta.is_dir() {
            self.special.insert(path);
        }
    }

    fn into_found(self) -> Found {
        let mut found = Found {
            special: self.special.len(),
            excluded: self.excluded,
            problems: self.problems.into_iter().collect(),
            ..Found::default()
        };
        for (path, display) in self.files {
            let path = PathBuf::from(path);
            let sealed = path.extension().is_some_and(|e| e == "age");
            let list = if sealed { &mut found.sealed } else { &mut found.files };
            list.push(Candidate { display, path });
        }
        found.files.sort();
        found.sealed.sort();
        found
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
