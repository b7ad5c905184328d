//! What a hook is asked about: the files that the index changes, those that the pushed commits bring, and the bytes of both.
//!
//! Plumbing only, NUL-separated, renames off: a renamed file is a new file. The index is the one that git hands the hook (`GIT_INDEX_FILE`):
//! for `commit -a` and `commit PATH` that is another one than the repository's own.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use zeroize::Zeroizing;

use super::error::GitError;
use super::id::{Id, Object};
use super::index::possible;
use super::objects::Objects;
use super::repo::{Repository, talk};
use super::staged::{before_tab, commit, empty_tree};

/// A file that the index changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// From the top of the work tree.
    pub path: PathBuf,
    /// Object after; `None` for a file that goes, and for what is no regular file.
    pub new: Option<Id>,
}

/// One line that git hands to `pre-push`, as in [githooks(5)](https://git-scm.com/docs/githooks).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// What is pushed; `None` for a branch that is deleted.
    pub local: Option<Id>,
    /// What the remote has under that name; `None` for a new one.
    pub remote: Option<Id>,
}

impl Push {
    /// Reads a line; `None` when it is of another form.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (_, local, _, remote) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let object = |text: &str| Id::parse(text.as_bytes()).map(|id| Some(id).filter(|id| !id.is_null()));
        Some(Self { local: object(local)?, remote: object(remote)? }).filter(|_| words.next().is_none())
    }
}

/// What one line of a push sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// A range, as git takes it, that holds all of `commits` and may hold more.
    pub range: String,
    /// The commits that the remote does not have.
    pub commits: BTreeSet<String>,
}

impl Repository {
    /// The repository that a hook runs in, with the index that git handed to it.
    ///
    /// # Errors
    /// [`GitError::NoRepository`], [`GitError::NoGit`].
    pub fn of_hook(dir: &Path) -> Result<Self, GitError> {
        Self::at(dir, true)
    }

    /// The files that the index changes against HEAD, or all of it where there is no commit yet.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn staged_changes(&self) -> Result<Vec<Tracked>, GitError> {
        let ask = |base: &str| {
            let args = ["--cached", "--raw", "-z", "-r", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv", base, "--"];
            self.ask("diff-index", &args, &[])
        };
        let mut answer = ask("HEAD")?;
        if answer.code != 0 && commit(self, "HEAD")?.is_none() {
            // before the first commit everything is new
            answer = ask(&empty_tree(self)?.to_string())?;
        }
        if answer.code == 0 { Ok(raw(&answer.out)) } else { Err(GitError::Failed { command: "diff-index", code: answer.code }) }
    }

    /// Objects of those of `paths` that the index has as regular files.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn indexed(&self, paths: &[PathBuf]) -> Result<HashMap<PathBuf, Id>, GitError> {
        let mut found = HashMap::new();
        if paths.is_empty() {
            return Ok(found);
        }
        let paths = self.index().map_or_else(|| paths.iter().collect(), |index| possible(&index, paths));
        // an argument list has its limits
        for some in paths.chunks(500) {
            let mut command = self.command("ls-files", &["-z", "--stage", "--full-name", "--"]);
            command.env("GIT_LITERAL_PATHSPECS", "1").args(some);
            for record in answer(command, &[], "ls-files")?.split(|b| *b == 0) {
                // `100644 OBJECT STAGE<TAB>PATH`
                let Some((head, path)) = before_tab(record) else { continue };
                let mut fields = head.split(|b| *b == b' ');
                if let (Some(mode), Some(object)) = (fields.next(), fields.next().and_then(Id::parse))
                    && mode.starts_with(b"100")
                {
                    found.insert(path, object);
                }
            }
        }
        Ok(found)
    }

    /// The bytes of `objects`, by object. What is missing or larger than `limit` is left out.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn blobs(&self, objects: &[Id], limit: u64) -> Result<HashMap<Id, Zeroizing<Vec<u8>>>, GitError> {
        let mut blobs = HashMap::new();
        if objects.is_empty() {
            return Ok(blobs);
        }
        let mut reader = Objects::start(self)?;
        for object in objects {
            if !blobs.contains_key(object)
                && let Object::Bytes(bytes) = reader.get(object, limit)?
            {
                blobs.insert(*object, bytes);
            }
        }
        Ok(blobs)
    }

    /// What `push` sends that `remote` does not have; `None` when it sends nothing new.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn sent(&self, push: &Push, remote: &str) -> Result<Option<Sent>, GitError> {
        let Some(local) = &push.local else { return Ok(None) };
        // a tag may lead to something else than a commit
        let Some(local) = commit(self, &local.to_string())? else { return Ok(None) };
        // what the remote has, this repository need not have
        let known = push.remote.map(|r| commit(self, &r.to_string())).transpose()?.flatten();
        self.listed(local, known, remotes(remote).as_deref())
    }

    /// What is in `to` and not in `from`.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer, or does not know one of them.
    pub fn sent_between(&self, from: &str, to: &str) -> Result<Option<Sent>, GitError> {
        let unknown = || GitError::Failed { command: "rev-parse", code: 1 };
        let from = commit(self, from)?.ok_or_else(unknown)?;
        let to = commit(self, to)?.ok_or_else(unknown)?;
        self.listed(to, Some(from), None)
    }

    fn listed(&self, local: Id, known: Option<Id>, remotes: Option<&str>) -> Result<Option<Sent>, GitError> {
        let mut command = self.command("rev-list", &["--boundary", &local.to_string(), "--not"]);
        // not by `--stdin`: older versions of git read no options there
        command.args(known.map(|id| id.to_string())).args(remotes).arg("--");
        let out = answer(command, &[], "rev-list")?;
        let lines: Vec<String> = out.split(|b| *b == b'\n').map(text).collect();
        let commits: BTreeSet<String> = lines.iter().filter(|line| Id::parse(line.as_bytes()).is_some()).cloned().collect();
        let edge = lines.iter().find_map(|line| line.strip_prefix('-'));
        let range = edge.map_or_else(|| local.to_string(), |edge| format!("{edge}..{local}"));
        Ok((!commits.is_empty()).then_some(Sent { range, commits }))
    }
}

/// The revisions that `remote` is known to have, as an option of `rev-list`. `None` for a name that could mean others, too: then more is looked
/// at than is sent.
fn remotes(remote: &str) -> Option<String> {
    let plain = !remote.is_empty() && remote.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    plain.then(|| format!("--remotes={remote}"))
}

fn answer(command: Command, input: &[u8], name: &'static str) -> Result<Zeroizing<Vec<u8>>, GitError> {
    let answer = talk(command, input)?;
    if answer.code == 0 { Ok(Zeroizing::new(answer.out)) } else { Err(GitError::Failed { command: name, code: answer.code }) }
}

/// Reads `:100644 100644 OLD NEW M<NUL>PATH<NUL>`.
fn raw(out: &[u8]) -> Vec<Tracked> {
    let mut changes = Vec::new();
    let mut fields = out.split(|b| *b == 0);
    while let (Some(head), Some(path)) = (fields.next(), fields.next()) {
        let words: Vec<&[u8]> = head.split(|b| *b == b' ').collect();
        let (mode, object) = (words.get(1).copied().unwrap_or_default(), words.get(3).and_then(|w| Id::parse(w)));
        changes.push(Tracked { path: Path::new(OsStr::from_bytes(path)).to_owned(), new: object.filter(|_| mode.starts_with(b"100")) });
    }
    changes
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Id, Push, raw};

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";
    const Z: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn lines_of_a_push() {
        let push = |line: &str| Push::parse(line);
        let id = |hex: &str| Id::parse(hex.as_bytes());
        let sent = Push { local: id(A), remote: None };
        assert_eq!(push(&format!("refs/heads/a {A} refs/heads/a {Z}")), Some(sent));
        assert_eq!(push(&format!("(delete) {Z} refs/heads/a {B}")), Some(Push { local: None, remote: id(B) }));
        assert_eq!(push("refs/heads/a --all refs/heads/a -x"), None);
        assert_eq!(push(&format!("a {A} b {B} more")), None);
        assert_eq!(push(""), None);
    }

    #[test]
    fn raw_records() {
        let out = format!(
            ":100644 100644 {A} {B} M\0a b\n\0:000000 120000 {Z} {B} A\0link\0:100644 000000 {A} {Z} D\0gone\0:000000 160000 {Z} {A} A\0sub\0"
        );
        let told: Vec<(String, bool)> =
            raw(out.as_bytes()).into_iter().map(|c| (c.path.display().to_string(), c.new == Id::parse(B.as_bytes()))).collect();
        assert_eq!(told, [("a b\n".to_owned(), true), ("link".to_owned(), false), ("gone".to_owned(), false), ("sub".to_owned(), false)]);
        assert!(raw(b"").is_empty());
    }
}
