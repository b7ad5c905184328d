//! What a hook is asked about: the files that the index changes, those that the pushed commits bring, and the bytes of both.
//!
//! Plumbing only, NUL-separated, renames off: a renamed file is a new file. The index is the one that git hands the hook (`GIT_INDEX_FILE`):
//! for `commit -a` and `commit PATH` that is another one than the repository's own.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use zeroize::Zeroizing;

use super::error::GitError;
use super::repo::{Repository, talk};

/// Commits of one push that are looked at; more are the history of a repository, not a piece of work.
const MOST_COMMITS: usize = 10_000;

/// A file that a commit changes, or is about to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// From the top of the work tree.
    pub path: PathBuf,
    /// Object before; `None` for a new file.
    pub old: Option<String>,
    /// Object after; `None` for a file that goes, and for what is no regular file.
    pub new: Option<String>,
    /// The commit; `None` for the index.
    pub commit: Option<String>,
}

/// One line that git hands to `pre-push`, as in [githooks(5)](https://git-scm.com/docs/githooks).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// What is pushed; `None` for a branch that is deleted.
    pub local: Option<String>,
    /// What the remote has under that name; `None` for a new one.
    pub remote: Option<String>,
}

impl Push {
    /// Reads a line; `None` when it is of another form.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (_, local, _, remote) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let object = |text: &str| is_object(text).then(|| Some(text.to_owned()).filter(|t| t.bytes().any(|b| b != b'0')));
        Some(Self { local: object(local)?, remote: object(remote)? }).filter(|_| words.next().is_none())
    }
}

impl Repository {
    /// The files that the index changes against HEAD, or all of it where there is no commit yet.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn staged_changes(&self) -> Result<Vec<Brought>, GitError> {
        let base = match self.object("HEAD^{commit}")? {
            Some(commit) => commit,
            None => self.empty_tree()?,
        };
        let args = ["--cached", "--raw", "-z", "-r", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv"];
        let mut command = self.on_index("diff-index", &args);
        command.arg(base).arg("--");
        Ok(raw(&answer(command, &[], "diff-index")?))
    }

    /// Objects of those of `paths` that the index has as regular files.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn indexed(&self, paths: &[PathBuf]) -> Result<HashMap<PathBuf, String>, GitError> {
        let mut found = HashMap::new();
        // an argument list has its limits
        for some in paths.chunks(500) {
            let mut command = self.on_index("ls-files", &["-z", "--stage", "--full-name", "--"]);
            command.env("GIT_LITERAL_PATHSPECS", "1").args(some);
            for record in answer(command, &[], "ls-files")?.split(|b| *b == 0) {
                // `100644 OBJECT STAGE<TAB>PATH`
                let Some((head, path)) = split_once(record, b'\t') else { continue };
                let mut fields = head.split(|b| *b == b' ');
                if let (Some(mode), Some(object)) = (fields.next(), fields.next())
                    && mode.starts_with(b"100")
                {
                    found.insert(PathBuf::from(OsStr::from_bytes(path)), text(object));
                }
            }
        }
        Ok(found)
    }

    /// The bytes of `objects`, by object. What is missing or larger than `limit` is left out.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn blobs<'o>(&self, objects: &[&'o str], limit: u64) -> Result<HashMap<&'o str, Zeroizing<Vec<u8>>>, GitError> {
        let mut wanted: Vec<&str> = objects.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let sizes = self.batch("--batch-check", &wanted)?;
        let fits = |line: &[u8]| {
            let mut words = line.split(|b| *b == b' ');
            let (object, kind, size) = (words.next()?, words.next()?, words.next()?);
            (kind == b"blob" && text(size).parse::<u64>().is_ok_and(|size| size <= limit)).then(|| text(object))
        };
        let small: Vec<String> = sizes.split(|b| *b == b'\n').filter_map(fits).collect();
        let wanted: Vec<&'o str> = wanted.into_iter().filter(|object| small.iter().any(|s| s == object)).collect();
        let all = self.batch("--batch", &wanted)?;
        let mut rest = all.as_slice();
        let mut blobs = HashMap::new();
        for object in wanted {
            let Some((head, after)) = split_once(rest, b'\n') else { break };
            let size = head.rsplit(|b| *b == b' ').next().and_then(|size| text(size).parse::<usize>().ok());
            let Some((bytes, after)) = size.and_then(|size| after.split_at_checked(size)) else { break };
            blobs.insert(object, Zeroizing::new(bytes.to_vec()));
            rest = after.get(1..).unwrap_or_default();
        }
        Ok(blobs)
    }

    /// The files that the commits of `pushes` bring which `remote` does not have, oldest commit first. A merge counts with what it changes
    /// against all its parents.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn pushed_changes(&self, pushes: &[Push], remote: &str) -> Result<Vec<Brought>, GitError> {
        let mut asked = Vec::new();
        for push in pushes {
            let Some(local) = &push.local else { continue };
            asked.push(local.clone());
            // what the remote has, this repository need not have
            if let Some(known) = push.remote.as_deref().map(|r| self.object(&format!("{r}^{{commit}}"))).transpose()?.flatten() {
                asked.push(format!("^{known}"));
            }
        }
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = self.command("rev-list", &["--reverse", "--topo-order"]);
        // not by `--stdin`: older versions of git read no options there
        command.args(&asked).arg("--not").arg(remotes(remote)).arg("--");
        let commits = answer(command, &[], "rev-list")?;
        let count = commits.iter().filter(|b| **b == b'\n').count();
        if count > MOST_COMMITS {
            return Err(GitError::TooMany { count, most: MOST_COMMITS });
        }
        self.changes_of(&commits)
    }

    /// The files that the commits between two bring.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer, or does not know one of them.
    pub fn changes_between(&self, from: &str, to: &str) -> Result<Vec<Brought>, GitError> {
        let unknown = || GitError::Failed { command: "rev-parse", code: 1 };
        let from = self.object(&format!("{from}^{{commit}}"))?.ok_or_else(unknown)?;
        let to = self.object(&format!("{to}^{{commit}}"))?.ok_or_else(unknown)?;
        let input = format!("{to}\n^{from}\n");
        let commits = answer(self.command("rev-list", &["--reverse", "--topo-order", "--stdin"]), input.as_bytes(), "rev-list")?;
        self.changes_of(&commits)
    }

    fn changes_of(&self, commits: &[u8]) -> Result<Vec<Brought>, GitError> {
        let args = ["--stdin", "--raw", "-z", "-r", "--root", "-c", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv"];
        Ok(raw(&answer(self.command("diff-tree", &args), commits, "diff-tree")?))
    }

    /// The object that `name` leads to; `None` where it leads nowhere.
    fn object(&self, name: &str) -> Result<Option<String>, GitError> {
        let answer = self.ask("rev-parse", &["--verify", "--quiet", "--end-of-options", name], &[])?;
        Ok((answer.code == 0).then(|| text(answer.out.trim_ascii())))
    }

    /// The tree without files, in this repository's hash.
    fn empty_tree(&self) -> Result<String, GitError> {
        Ok(text(answer(self.command("hash-object", &["-t", "tree", "--stdin"]), &[], "hash-object")?.trim_ascii()))
    }

    fn batch(&self, how: &'static str, objects: &[&str]) -> Result<Zeroizing<Vec<u8>>, GitError> {
        let input: Vec<u8> = objects.iter().flat_map(|object| [object.as_bytes(), b"\n"].concat()).collect();
        answer(self.command("cat-file", &[how]), &input, "cat-file")
    }

    /// A command on the index that git handed to the hook.
    fn on_index(&self, name: &'static str, args: &[&str]) -> Command {
        let mut command = self.command(name, args);
        if let Some(index) = std::env::var_os("GIT_INDEX_FILE") {
            // relative to where the hook runs, which is the top of the work tree
            command.env("GIT_INDEX_FILE", std::env::current_dir().unwrap_or_default().join(index));
        }
        command
    }
}

/// The revisions that `remote` is known to have, as an option of `rev-list`; those of all remotes for a URL.
fn remotes(remote: &str) -> String {
    let plain = !remote.is_empty() && remote.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if plain { format!("--remotes={remote}") } else { "--remotes".to_owned() }
}

fn answer(command: Command, input: &[u8], name: &'static str) -> Result<Zeroizing<Vec<u8>>, GitError> {
    let answer = talk(command, input)?;
    if answer.code == 0 { Ok(Zeroizing::new(answer.out)) } else { Err(GitError::Failed { command: name, code: answer.code }) }
}

/// Reads `:100644 100644 OLD NEW M<NUL>PATH<NUL>`, with `COMMIT<NUL>` before those of a commit, and `::` with a mode and an object for each
/// parent of a merge.
fn raw(out: &[u8]) -> Vec<Brought> {
    let mut changes = Vec::new();
    let mut commit = None;
    let mut fields = out.split(|b| *b == 0);
    while let Some(field) = fields.next() {
        let parents = field.iter().take_while(|b| **b == b':').count();
        if parents == 0 {
            commit = Some(text(field)).filter(|t| is_object(t)).or(commit);
            continue;
        }
        let Some(path) = fields.next() else { break };
        let words: Vec<&[u8]> = field.get(parents..).unwrap_or_default().split(|b| *b == b' ').collect();
        let mode = words.get(parents).copied().unwrap_or_default();
        let object = |i: usize| words.get(parents + 1 + i).map(|w| text(w)).filter(|t| t.bytes().any(|b| b != b'0'));
        changes.push(Brought {
            path: Path::new(OsStr::from_bytes(path)).to_owned(),
            old: object(0),
            new: object(parents).filter(|_| mode.starts_with(b"100")),
            commit: commit.clone(),
        });
    }
    changes
}

fn is_object(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = bytes.iter().position(|b| *b == at)?;
    Some((bytes.get(..place)?, bytes.get(place + 1..)?))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Brought, Push, raw};

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";
    const Z: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn lines_of_a_push() {
        let push = |line: &str| Push::parse(line);
        let sent = Push { local: Some(A.into()), remote: None };
        assert_eq!(push(&format!("refs/heads/a {A} refs/heads/a {Z}")), Some(sent));
        assert_eq!(push(&format!("(delete) {Z} refs/heads/a {B}")), Some(Push { local: None, remote: Some(B.into()) }));
        assert_eq!(push("refs/heads/a --all refs/heads/a -x"), None);
        assert_eq!(push(&format!("a {A} b {B} more")), None);
        assert_eq!(push(""), None);
    }

    #[test]
    fn raw_records_of_commits_and_merges() {
        let one = format!("{A}\0:100644 100644 {A} {B} M\0a b\n\0:000000 120000 {Z} {B} A\0link\0");
        let merge = format!("{B}\0::100644 100644 100755 {A} {A} {B} MM\0x\0:100644 000000 {A} {Z} D\0gone\0");
        let some = |t: &str| Some(t.to_owned());
        let change = |path: &str, old, new, commit| Brought { path: path.into(), old, new, commit: some(commit) };
        assert_eq!(
            raw(format!("{one}{merge}").as_bytes()),
            [
                change("a b\n", some(A), some(B), A),
                change("link", None, None, A),
                change("x", some(A), some(B), B),
                change("gone", some(A), None, B),
            ]
        );
        assert!(raw(b"").is_empty());
    }
}
