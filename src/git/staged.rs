//! Blobs of the index, not of the work tree: what the next commit will hold, and what its parents hold in their place.
//!
//! One `git diff-index --cached` for each parent (git-diff-index(1), raw output with `-z`); it reads no file of the work tree. A merge has
//! several parents, and only what differs from all of them is the merge's own.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use super::error::GitError;
use super::id::Id;
use super::objects::Shared;
use super::repo::{Answer, Repository};

/// A file that the next commit adds or changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path below the root of the repository.
    pub path: PathBuf,
    /// Its content in the index.
    pub blob: Id,
    /// What each parent has there (or, for a renamed file, where it came from); `None` where a parent has nothing.
    pub before: Vec<Option<Id>>,
}

/// What is staged.
pub struct Staged {
    /// The repository.
    pub repository: Repository,
    /// Files that are added or changed, by path.
    pub changes: Vec<Change>,
    /// Links and submodules among them, which have no content of their own.
    pub special: usize,
    /// Reads the blobs.
    pub objects: Shared,
}

const DIFF: &str = "diff-index";

/// `-l`: with more files than this on either side, renames with changes are not looked for; such a file then counts as new.
const ARGUMENTS: &[&str] = &[
    "--cached",
    "--raw",
    "-z",
    "-M",
    "-l400",
    "--no-abbrev",
    "--ignore-submodules=none",
    "--no-ext-diff",
    "--no-textconv",
    "--diff-filter=ACMRT",
];

/// A question that git is answering. It is put before anything else is done, by the only thread there is yet, so that git works while the rules
/// are made ready.
pub struct Asked {
    repository: Repository,
    git: Child,
}

impl Asked {
    /// Asks git what is staged in the repository that `dir` lies in. The variables that git hands to a hook are heeded.
    ///
    /// # Errors
    /// [`GitError`]: no repository, no git.
    pub fn begin(dir: &Path) -> Result<Self, GitError> {
        let repository = Repository::at(dir, true)?;
        if repository.is_bare() {
            return Err(GitError::NoIndex { path: repository.root().display().to_string() });
        }
        let mut command = repository.command(DIFF, &[ARGUMENTS, &["HEAD", "--"]].concat());
        let git = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let git = git.map_err(|e| GitError::Run { reason: e.kind().to_string() })?;
        Ok(Self { repository, git })
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// [`GitError`]: a repository that git does not trust.
    pub fn staged(self) -> Result<Staged, GitError> {
        let Self { repository, git } = self;
        let output = git.wait_with_output().map_err(|e| GitError::Run { reason: e.kind().to_string() })?;
        let answer = Answer { code: output.status.code().unwrap_or(-1), out: output.stdout };
        let (mut changes, special) = against(&repository, "HEAD", answer)?;
        for parent in merged(&repository).iter().map(Id::to_string) {
            let answer = repository.ask(DIFF, &[ARGUMENTS, &[&parent, "--"]].concat(), &[])?;
            let (found, _) = against(&repository, &parent, answer)?;
            let mut found: HashMap<PathBuf, Change> = found.into_iter().map(|c| (c.path.clone(), c)).collect();
            changes.retain_mut(|change| match found.remove(&change.path) {
                Some(other) => {
                    change.before.extend(other.before);
                    true
                }
                // as this parent has it
                None => false,
            });
        }
        let objects = Shared::new(repository.clone());
        Ok(Staged { repository, changes, special, objects })
    }
}

/// The files of the commit `revision`, as `--new-only` or another option named it: path and blob.
///
/// # Errors
/// [`GitError::NoCommit`] where there is none.
pub(super) fn files_of(repository: &Repository, revision: &str, option: &'static str) -> Result<HashMap<PathBuf, Id>, GitError> {
    let unknown = || GitError::NoCommit { option, path: repository.root().display().to_string() };
    let commit = commit(repository, revision)?.ok_or_else(unknown)?;
    let answer = repository.ask("ls-tree", &["-r", "-z", "--full-tree", &commit.to_string()], &[])?;
    if answer.code != 0 {
        return Err(unknown());
    }
    // `100644 blob ID<TAB>PATH`
    let file = |record: &[u8]| {
        let (head, path) = before_tab(record)?;
        let id = head.strip_prefix(b"100").and_then(|h| Id::parse(h.rsplit(|b| *b == b' ').next()?))?;
        Some((path, id))
    };
    Ok(answer.out.split(|b| *b == 0).filter_map(file).collect())
}

/// The commit that `revision` names, if it does.
pub(super) fn commit(repository: &Repository, revision: &str) -> Result<Option<Id>, GitError> {
    let asked = format!("{revision}^{{commit}}");
    let answer = repository.ask("rev-parse", &["--verify", "--quiet", "--end-of-options", &asked], &[])?;
    Ok(answer.out.strip_suffix(b"\n").filter(|_| answer.code == 0).and_then(Id::parse))
}

/// The tree without files, in this repository's hash.
pub(super) fn empty_tree(repository: &Repository) -> Result<Id, GitError> {
    let command = "hash-object";
    let answer = repository.ask(command, &["-t", "tree", "--stdin"], &[])?;
    answer.out.strip_suffix(b"\n").filter(|_| answer.code == 0).and_then(Id::parse).ok_or(GitError::Answer { command })
}

/// A record of `ls-tree` or `ls-files`: what stands before the tab, and the path behind it.
pub(super) fn before_tab(record: &[u8]) -> Option<(&[u8], PathBuf)> {
    let (head, path) = record.split_at_checked(record.iter().position(|b| *b == b'\t')?)?;
    Some((head, PathBuf::from(OsStr::from_bytes(path.get(1..)?))))
}

/// The error for a repository that git does not answer for.
pub(super) fn refused(repository: &Repository) -> GitError {
    GitError::Refused { path: repository.root().display().to_string() }
}

/// What differs between `parent` and the index, of which git said `answer`.
fn against(repository: &Repository, parent: &str, mut answer: Answer) -> Result<(Vec<Change>, usize), GitError> {
    if answer.code != 0 {
        // before the first commit everything is new
        let trusted = repository.ask("rev-parse", &["--git-dir"], &[])?.code == 0;
        if !trusted || commit(repository, parent)?.is_some() {
            return Err(refused(repository));
        }
        answer = repository.ask(DIFF, &[ARGUMENTS, &[&empty_tree(repository)?.to_string(), "--"]].concat(), &[])?;
    }
    if answer.code != 0 {
        return Err(GitError::Failed { command: DIFF, code: answer.code });
    }
    changes(&answer.out).ok_or(GitError::Answer { command: DIFF })
}

/// `:OLDMODE MODE OLDID ID STATUS<NUL>PATH<NUL>`, with two paths for a rename.
fn changes(out: &[u8]) -> Option<(Vec<Change>, usize)> {
    let (mut changes, mut special) = (Vec::new(), 0);
    let mut parts = out.split(|b| *b == 0).filter(|part| !part.is_empty());
    while let Some(head) = parts.next() {
        let mut fields = head.strip_prefix(b":")?.split(|b| *b == b' ');
        let (old_mode, mode, old, id, status) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let mut path = parts.next()?;
        if matches!(status.first(), Some(b'R' | b'C')) {
            path = parts.next()?;
        }
        if !mode.starts_with(b"100") {
            special += 1;
            continue;
        }
        let (old, blob) = (Id::parse(old)?, Id::parse(id)?);
        let before = Some(old).filter(|old| !old.is_null() && old_mode.starts_with(b"100"));
        // only the mode or the name changed, or the content is the old one
        if before != Some(blob) || status.first() == Some(&b'T') {
            changes.push(Change { path: PathBuf::from(OsStr::from_bytes(path)), blob, before: vec![before] });
        }
    }
    Some((changes, special))
}

/// The further parents of the merge that is under way.
fn merged(repository: &Repository) -> Vec<Id> {
    let Some(folder) = folder(repository) else { return Vec::new() };
    let Ok(text) = fs::read(folder.join("MERGE_HEAD")) else { return Vec::new() };
    text.split(|b| *b == b'\n').filter_map(Id::parse).collect()
}

/// The folder of the repository itself, or of the linked work tree (gitrepository-layout(5)).
fn folder(repository: &Repository) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("GIT_DIR") {
        return Some(named.into());
    }
    let own = repository.root().join(".git");
    let meta = own.symlink_metadata().ok()?;
    if !meta.is_file() {
        return Some(own);
    }
    let text = fs::read(&own).ok()?;
    let path = text.strip_prefix(b"gitdir: ")?.trim_ascii_end();
    Some(repository.root().join(OsStr::from_bytes(path)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::changes;

    #[test]
    fn raw_records_are_read_and_what_has_no_content_is_counted() {
        let (a, b, null) = ("a".repeat(40), "b".repeat(40), "0".repeat(40));
        let out = format!(
            ":000000 100644 {null} {a} A\0new \"x\"\n.env\0:100644 100644 {a} {b} R090\0old\0moved\0:100644 100644 {a} {a} R100\0x\0y\0\
             :000000 120000 {null} {a} A\0link\0:000000 160000 {null} {b} A\0module\0:120000 100644 {a} {b} T\0was-link\0"
        );
        let (found, special) = changes(out.as_bytes()).expect("as git writes it");
        let told: Vec<_> = found.iter().map(|c| (c.path.as_path(), c.before[0].is_some())).collect();
        assert_eq!(told, [(Path::new("new \"x\"\n.env"), false), (Path::new("moved"), true), (Path::new("was-link"), false)]);
        assert_eq!(special, 2);
        assert!(changes(b":100644 100644 abc def M\0x\0").is_none(), "abbreviated");
        assert!(changes(b"").is_some_and(|(c, s)| c.is_empty() && s == 0));
    }
}
