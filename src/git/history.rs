//! Every version of every file in a range of commits, each once, with the first commit that brought it.
//!
//! `git rev-list` lists commits, children before parents; `git diff-tree --stdin` (raw output with `-z`) tells what each changed. A merge tells
//! only what differs from all of its parents (`-c`). No patch is made and no blob is read for that.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::GitError;
use super::id::{Id, Object};
use super::objects::Objects;
use super::repo::{Repository, talk};
use super::staged::{commit, files_of, refused};

/// Which commits.
#[derive(Clone, Debug, Default)]
pub struct Commits {
    /// A range as `git rev-list` takes it (`main..topic`, `v1.0`); empty: all branches, tags and stashes.
    pub range: String,
    /// Only commits after this date, as git reads dates.
    pub since: Option<String>,
    /// Only commits of this branch.
    pub branch: Option<String>,
}

/// A version of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its content.
    pub blob: Id,
    /// Index of its path in [`History::paths`].
    pub path: u32,
    /// Index in [`History::commits`] of the first commit that brought it; a larger one is older, [`BEFORE`] is older than all of them.
    pub first: u32,
}

/// The versions of all files in some commits.
pub struct History {
    /// The repository.
    pub repository: Repository,
    /// The commits, children before parents.
    pub commits: Vec<Id>,
    /// All paths, below the root of the repository.
    pub paths: Vec<PathBuf>,
    /// Each pair of path and content once, those of the latest commits first.
    pub versions: Vec<Version>,
    /// The files of HEAD.
    pub head: HashMap<PathBuf, Id>,
    /// Whether the repository was cloned with a part of its history only.
    pub shallow: bool,
}

/// Of a version that was there before the first of the commits.
pub const BEFORE: u32 = u32::MAX;

const DIFF: &str = "diff-tree";
const ARGUMENTS: &[&str] = &[
    "--stdin",
    "-r",
    "-z",
    "-c",
    "--root",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=none",
];

/// Fewer commits than this are not worth a second process.
const WORTH_SPLITTING: usize = 500;

impl History {
    /// Lists the versions. `handed`: whether the caller's `GIT_DIR` and its like count.
    ///
    /// # Errors
    /// [`GitError`]: no repository, no git, one that git does not trust, a range that names nothing.
    pub fn list(dir: &Path, handed: bool, which: &Commits) -> Result<Self, GitError> {
        let repository = Repository::at(dir, handed)?;
        let shallow = repository.ask("rev-parse", &["--is-shallow-repository"], &[])?;
        if shallow.code != 0 {
            return Err(refused(&repository));
        }
        let commits = commits(&repository, which)?;
        let has_head = commit(&repository, "HEAD")?.is_some();
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let size = if commits.len() < WORTH_SPLITTING { commits.len() } else { commits.len().div_ceil(threads) }.max(1);
        let (changes, head) = std::thread::scope(|scope| {
            let parts: Vec<_> = commits.chunks(size).map(|part| scope.spawn(|| changes(&repository, part))).collect();
            let head = if has_head { files_of(&repository, "HEAD", "HEAD") } else { Ok(HashMap::new()) };
            let parts: Vec<_> = parts.into_iter().map(|p| p.join().unwrap_or(Err(GitError::Answer { command: DIFF }))).collect();
            (parts, head)
        });
        let mut list = List::default();
        for (part, out) in commits.chunks(size).zip(changes) {
            list.read(&out?, part).ok_or(GitError::Answer { command: DIFF })?;
            list.base += part.len();
        }
        let shallow = shallow.out.starts_with(b"true");
        Ok(Self { repository, commits, paths: list.paths, versions: list.versions, head: head?, shallow })
    }

    /// The author dates of `commits`, in seconds since 1970 and minutes east of Greenwich.
    ///
    /// # Errors
    /// [`GitError`] when git ends.
    pub fn author_dates(&self, commits: &[Id]) -> Result<HashMap<Id, (i64, i32)>, GitError> {
        let mut objects = Objects::start(&self.repository)?;
        let mut dates = HashMap::new();
        for id in commits {
            let Object::Bytes(bytes) = objects.get(id, 1 << 20)? else { continue };
            dates.extend(author_date(&bytes).map(|date| (*id, date)));
        }
        Ok(dates)
    }
}

/// `author NAME <MAIL> SECONDS +ZONE`
fn author_date(commit: &[u8]) -> Option<(i64, i32)> {
    let line = commit.split(|b| *b == b'\n').take_while(|l| !l.is_empty()).find(|l| l.starts_with(b"author "))?;
    let text = std::str::from_utf8(line.get(line.iter().rposition(|b| *b == b'>')? + 1..)?).ok()?;
    let mut words = text.split_whitespace();
    let seconds: i64 = words.next()?.parse().ok()?;
    let zone: i32 = words.next()?.parse().ok()?;
    Some((seconds, zone / 100 * 60 + zone % 100))
}

/// The commits that `which` means, children before parents.
fn commits(repository: &Repository, which: &Commits) -> Result<Vec<Id>, GitError> {
    let mut command = repository.command("rev-list", &["--topo-order"]);
    if let Some(since) = &which.since {
        command.arg(format!("--since={since}"));
    }
    let option = if which.branch.is_some() { "--branch" } else { "--history" };
    match (&which.branch, which.range.as_str()) {
        (None, "") => _ = command.args(["--all", "HEAD", "--"]),
        (Some(branch), _) => _ = command.args(["--end-of-options", branch, "--"]),
        (None, range) => _ = command.args(["--end-of-options", range, "--"]),
    }
    let mut answer = talk(command, &[])?;
    if answer.code != 0 && which.branch.is_none() && which.range.is_empty() {
        // no HEAD yet, or a broken one: the rest can be told all the same
        answer = repository.ask("rev-list", &["--topo-order", "--all", "--"], &[])?;
    }
    if answer.code != 0 {
        return Err(GitError::NoCommit { option, path: repository.root().display().to_string() });
    }
    Ok(answer.out.split(|b| *b == b'\n').filter_map(Id::parse).collect())
}

fn changes(repository: &Repository, commits: &[Id]) -> Result<Vec<u8>, GitError> {
    let list: String = commits.iter().map(|id| format!("{id}\n")).collect();
    let answer = repository.ask(DIFF, ARGUMENTS, list.as_bytes())?;
    if answer.code == 0 { Ok(answer.out) } else { Err(GitError::Failed { command: DIFF, code: answer.code }) }
}

/// Gathers versions from the answers of `git diff-tree`.
#[derive(Default)]
struct List {
    /// Commits before this part.
    base: usize,
    paths: Vec<PathBuf>,
    by_path: HashMap<PathBuf, u32>,
    versions: Vec<Version>,
    by_version: HashMap<(u32, Id), usize>,
}

impl List {
    /// `ID<NUL>` for a commit, then `:MODE MODE ID ID STATUS<NUL>PATH<NUL>` for each change; a merge has one more colon, mode and id for each
    /// further parent.
    fn read(&mut self, out: &[u8], commits: &[Id]) -> Option<()> {
        let mut next = 0;
        let mut parts = out.split(|b| *b == 0).filter(|part| !part.is_empty());
        while let Some(part) = parts.next() {
            let colons = part.iter().take_while(|b| **b == b':').count();
            if colons == 0 {
                // those without changes are not told
                let id = Id::parse(part)?;
                next += commits.get(next..)?.iter().position(|c| *c == id)?;
                continue;
            }
            let path = parts.next()?;
            let fields: Vec<&[u8]> = part.get(colons..)?.split(|b| *b == b' ').collect();
            // parents' modes, own mode, parents' ids, own id, status
            let number = |n: usize| fields.get(n).copied();
            let own = (number(colons)?, Id::parse(number(2 * colons + 1)?)?);
            if !is_file(own) {
                continue;
            }
            let path = self.path(Path::new(OsStr::from_bytes(path)));
            self.add(path, own.1, u32::try_from(self.base + next).unwrap_or(BEFORE));
            for parent in 0..colons {
                let old = (number(parent)?, Id::parse(number(colons + 1 + parent)?)?);
                if is_file(old) {
                    self.add(path, old.1, BEFORE);
                }
            }
        }
        Some(())
    }

    fn path(&mut self, path: &Path) -> u32 {
        if let Some(known) = self.by_path.get(path) {
            return *known;
        }
        let new = u32::try_from(self.paths.len()).unwrap_or(u32::MAX);
        self.paths.push(path.to_owned());
        self.by_path.insert(path.to_owned(), new);
        new
    }

    /// Notes that `first` brought a version, or that it was there before. Commits come in from the newest to the oldest, so the last word counts.
    fn add(&mut self, path: u32, blob: Id, first: u32) {
        match self.by_version.get(&(path, blob)).and_then(|i| self.versions.get_mut(*i)) {
            Some(known) => known.first = first,
            None => {
                self.by_version.insert((path, blob), self.versions.len());
                self.versions.push(Version { blob, path, first });
            }
        }
    }
}

fn is_file((mode, id): (&[u8], Id)) -> bool {
    mode.starts_with(b"100") && !id.is_null()
}

#[cfg(test)]
mod tests {
    use super::{BEFORE, Id, List, author_date};

    #[test]
    fn the_oldest_word_counts_and_what_was_there_before_is_known() {
        let id = |c: char| Id::parse(c.to_string().repeat(40).as_bytes()).expect("hex");
        let line = |old: char, new: char| format!(":100644 100644 {} {} M\0f\0", id(old), id(new));
        // the newest first: b -> a, then (nothing), then a -> b, in a range that begins in the middle
        let out = format!("{}\0{}{}\0{}", id('1'), line('b', 'a'), id('3'), line('a', 'b'));
        let mut list = List::default();
        list.read(out.as_bytes(), &[id('1'), id('2'), id('3')]).expect("as git writes it");
        let told: Vec<_> = list.versions.iter().map(|v| (v.blob, v.first)).collect();
        assert_eq!(told, [(id('a'), BEFORE), (id('b'), 2)]);
    }

    #[test]
    fn a_merge_has_more_parents_and_links_are_no_files() {
        let id = |c: char| Id::parse(c.to_string().repeat(40).as_bytes()).expect("hex");
        let merge = format!("::100644 100644 100644 {} {} {} MM\0f\n\0", id('a'), id('b'), id('c'));
        let link = format!(":000000 120000 {} {} A\0l\0", id('0'), id('d'));
        let mut list = List::default();
        list.read(format!("{}\0{merge}{link}", id('1')).as_bytes(), &[id('1')]).expect("as git writes it");
        assert_eq!((list.versions.len(), list.paths.len()), (3, 1));
        assert_eq!(list.versions.iter().filter(|v| v.first == 0).map(|v| v.blob).collect::<Vec<_>>(), [id('c')]);
        assert!(List::default().read(b"nonsense\0", &[]).is_none());
    }

    #[test]
    fn dates_are_read_behind_any_name() {
        let commit = b"tree x\nauthor A > B <a@b> 1600000000 -0230\ncommitter C <c> 1 +0000\n\nauthor X <x> 2 +0000\n";
        assert_eq!(author_date(commit), Some((1_600_000_000, -150)));
        assert_eq!(author_date(b"tree x\n\nauthor X <x> 2 +0000\n"), None);
    }
}
