//! Finding a repository, and asking its plumbing.
//!
//! A repository under scan may be hostile: its configuration can name programs for file system monitors, filters, hooks and transports. Only
//! commands that run none of them are used, and what could start one is switched off on top: hooks, fsmonitor, every transport, lazy fetching,
//! replaced objects, bare repositories inside the tree. The user's own configuration stays: it holds `safe.directory` and the global excludes.
//! `GIT_*` of the caller is cleared, since within a hook it points at another index; where just that index is meant (`git::staged`), the few
//! variables that say where things lie are handed on, and none that names a program.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::GitError;
use crate::disk::read::{DEFAULT_LIMIT, Links, read_raw};

/// A work tree and the git that answers for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    root: PathBuf,
    git: PathBuf,
    /// What of the caller's environment git is told.
    handed: Vec<(OsString, OsString)>,
    /// Whether it has no work tree.
    bare: bool,
}

/// Where git's things lie, as git itself tells its hooks: another index for `git commit -a`, the folder of a linked work tree, objects in
/// quarantine before a push is taken. And where the user's own configuration lies, which holds `safe.directory`.
const HANDED_ON: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
];

impl Repository {
    /// The repository whose work tree holds `dir`. `None` where there is none, where git is not installed, or where git does not trust the
    /// owner of the folder.
    #[must_use]
    pub fn discover(dir: &Path) -> Option<Self> {
        let dir = fs::canonicalize(dir).ok()?;
        // starting a process costs more than the whole scan of a small tree: only where there is something to ask about
        let named = std::env::var_os("GIT_DIR").is_some();
        if !named && !dir.ancestors().any(|folder| folder.join(".git").symlink_metadata().is_ok()) {
            return None;
        }
        let git = on_path("git")?;
        let here = Self { root: dir.clone(), git, handed: Vec::new(), bare: false };
        let answer = here.ask("rev-parse", &["--show-toplevel"], &[]).ok()?;
        let root = answer.out.strip_suffix(b"\n").filter(|_| answer.code == 0)?;
        let root = fs::canonicalize(OsStr::from_bytes(root)).ok()?;
        // `core.worktree` of a repository may name any folder
        dir.starts_with(&root).then_some(Self { root, ..here })
    }

    /// The repository that `dir` lies in, with a work tree or without, found without asking git. With `handed`, what git handed to the hook
    /// that calls counts: another index, another place of the repository.
    ///
    /// # Errors
    /// [`GitError::NoRepository`], [`GitError::NoGit`].
    pub(super) fn at(dir: &Path, handed: bool) -> Result<Self, GitError> {
        let dir = fs::canonicalize(dir).map_err(|_| GitError::NoRepository)?;
        let handed: Vec<_> = HANDED_ON.iter().filter(|_| handed).filter_map(|name| Some((name.into(), std::env::var_os(name)?))).collect();
        let git = on_path("git").ok_or(GitError::NoGit)?;
        let there = |folder: &Path, name: &str| folder.join(name).symlink_metadata().is_ok();
        let is_bare = |folder: &&Path| ["HEAD", "objects", "refs"].iter().all(|name| there(folder, name));
        let named = handed.iter().any(|(name, _)| name == "GIT_DIR");
        if named && !there(&dir, ".git") {
            let here = Self { root: dir, git, handed, bare: false };
            let answer = here.ask("rev-parse", &["--show-toplevel"], &[])?;
            let root =
                answer.out.strip_suffix(b"\n").filter(|_| answer.code == 0).and_then(|r| fs::canonicalize(OsStr::from_bytes(r)).ok());
            let bare = root.is_none();
            return Ok(Self { root: root.unwrap_or_else(|| here.root.clone()), bare, ..here });
        }
        let nearest = dir.ancestors().find(|folder| there(folder, ".git") || is_bare(folder)).ok_or(GitError::NoRepository)?;
        Ok(Self { root: nearest.to_owned(), git, handed, bare: !there(nearest, ".git") })
    }

    /// Where its loose objects lie, in the plain case.
    pub(super) fn loose_objects(&self) -> Option<PathBuf> {
        let named = self.handed.iter().any(|(name, _)| name == "GIT_OBJECT_DIRECTORY");
        self.plain_folder().filter(|_| !named).map(|folder| folder.join("objects"))
    }

    /// Its index, in the plain case.
    pub(super) fn index(&self) -> Option<PathBuf> {
        let folder = self.plain_folder()?;
        match self.handed.iter().find(|(name, _)| name == "GIT_INDEX_FILE") {
            Some((_, named)) => std::path::absolute(named).ok().filter(|index| index.parent() == Some(&folder)),
            None => Some(folder.join("index")),
        }
    }

    /// The folder of its own: no linked work tree, no other place named by the caller.
    fn plain_folder(&self) -> Option<PathBuf> {
        let folder = self.root.join(".git");
        let elsewhere = |name: &OsString, value: &OsString| {
            matches!(name.to_str(), Some("GIT_DIR" | "GIT_COMMON_DIR")) && fs::canonicalize(value).ok().as_ref() != Some(&folder)
        };
        let plain = !self.handed.iter().any(|(name, value)| elsewhere(name, value)) && folder.symlink_metadata().is_ok_and(|m| m.is_dir());
        plain.then_some(folder)
    }

    /// Whether it has no work tree.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// The top folder of the work tree, without links; of a repository without one, its own.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether git could bring back the file at `path` as it is now: HEAD has it with exactly these bytes, compared without filters. `false`
    /// wherever that cannot be shown.
    #[must_use]
    pub fn tracks_unchanged(&self, path: &Path) -> bool {
        read_raw(path, Links::Refuse, DEFAULT_LIMIT).ok().flatten().is_some_and(|raw| self.tracks(path, &raw.bytes))
    }

    /// The commit that is checked out, in hex digits; `None` before the first one.
    #[must_use]
    pub fn head(&self) -> Option<String> {
        let answer = self.ask("rev-parse", &["--verify", "--quiet", "HEAD^{commit}"], &[]).ok().filter(|a| a.code == 0)?;
        String::from_utf8(answer.out).ok().map(|id| id.trim().to_owned())
    }

    /// Whether git's index has a file at `path`, whatever is in it.
    #[must_use]
    pub fn lists(&self, path: &Path) -> bool {
        let Some(below) = self.below(path) else { return false };
        let mut command = self.command("ls-files", &["-z", "--cached", "--"]);
        command.env("GIT_LITERAL_PATHSPECS", "1").arg(below);
        talk(command, &[]).is_ok_and(|answer| answer.code == 0 && !answer.out.is_empty())
    }

    /// Whether HEAD holds exactly `bytes` at `path`.
    #[must_use]
    pub fn tracks(&self, path: &Path, bytes: &[u8]) -> bool {
        let Some(below) = self.below(path) else { return false };
        let in_head = self.blob_in_head(&below);
        in_head.is_some() && in_head == self.blob_of(bytes)
    }

    /// Which of `paths` git ignores. A tracked file is not ignored, whatever the patterns say; paths outside the work tree, and those that git
    /// refuses to judge (inside a submodule), are not.
    ///
    /// # Errors
    /// [`GitError`] when git cannot be run, or refuses everything.
    pub fn ignores<'p>(&self, paths: &'p [PathBuf]) -> Result<BTreeSet<&'p Path>, GitError> {
        let question = |path: &'p PathBuf| Some(Question { name: question(&self.below(path)?), path });
        let mut refusals = 0;
        let mut ignored = BTreeSet::new();
        self.ignored_among(&paths.iter().filter_map(question).collect::<Vec<_>>(), &mut refusals, &mut ignored)?;
        Ok(ignored)
    }

    /// git gives up on the whole list for one path that it refuses, so a list that fails is halved until that path is alone.
    fn ignored_among<'p>(&self, paths: &[Question<'p>], refusals: &mut usize, ignored: &mut BTreeSet<&'p Path>) -> Result<(), GitError> {
        if paths.is_empty() {
            return Ok(());
        }
        let list = paths.iter().flat_map(|q| [q.name.as_slice(), b"\0"]).collect::<Vec<_>>().concat();
        let answer = self.ask("check-ignore", &["-z", "--stdin"], &list)?;
        if answer.code == 0 || answer.code == 1 {
            let named: BTreeSet<&[u8]> = answer.out.split(|b| *b == 0).collect();
            ignored.extend(paths.iter().filter(|q| named.contains(q.name.as_slice())).map(|q| q.path));
            return Ok(());
        }
        *refusals += 1;
        if *refusals > MOST_REFUSALS {
            return Err(GitError::Failed { command: "check-ignore", code: answer.code });
        }
        let (first, second) = paths.split_at(paths.len() / 2);
        if !first.is_empty() {
            self.ignored_among(first, refusals, ignored)?;
            self.ignored_among(second, refusals, ignored)?;
        }
        Ok(())
    }

    /// The object id of a regular file in HEAD.
    fn blob_in_head(&self, below: &Path) -> Option<Vec<u8>> {
        let mut command = self.command("ls-tree", &["-z", "--full-tree", "HEAD", "--"]);
        command.env("GIT_LITERAL_PATHSPECS", "1").arg(below);
        let answer = talk(command, &[]).ok().filter(|a| a.code == 0)?;
        // `100644 blob OID<TAB>PATH<NUL>`; a link (120000) or a submodule (160000) has no bytes to compare
        let record = answer.out.split(|b| *b == 0).next()?;
        let tab = record.iter().position(|b| *b == b'\t')?;
        let (head, path) = record.split_at_checked(tab)?;
        let mut fields = head.split(|b| *b == b' ');
        let (mode, kind, id) = (fields.next()?, fields.next()?, fields.next()?);
        let regular = kind == b"blob" && mode.starts_with(b"100") && path.get(1..)? == below.as_os_str().as_bytes();
        regular.then(|| id.to_vec())
    }

    /// The object id that `bytes` would have, in this repository's hash.
    fn blob_of(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let answer = self.ask("hash-object", &["-t", "blob", "--no-filters", "--stdin"], bytes).ok().filter(|a| a.code == 0)?;
        answer.out.strip_suffix(b"\n").map(<[u8]>::to_vec)
    }

    /// `path` relative to the work tree. The folders on the way may be links; the file itself is not followed.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        let folder = path.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p })?;
        let whole = fs::canonicalize(folder).ok()?.join(path.file_name()?);
        whole.strip_prefix(&self.root).ok().map(Path::to_owned)
    }

    pub(super) fn ask(&self, name: &'static str, args: &[&str], input: &[u8]) -> Result<Answer, GitError> {
        talk(self.command(name, args), input)
    }

    /// A plumbing command with everything switched off that could run a program of the repository's choice.
    pub(super) fn command(&self, name: &'static str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.git);
        for (variable, _) in std::env::vars_os() {
            if variable.as_bytes().starts_with(b"GIT_") {
                command.env_remove(variable);
            }
        }
        // git takes a relative one as seen from where it is started, which may be another folder than ours
        let here = |value: &OsString| std::path::absolute(value).map_or_else(|_| value.clone(), PathBuf::into_os_string);
        for (name, value) in &self.handed {
            let path = name != "GIT_ALTERNATE_OBJECT_DIRECTORIES" && name != "GIT_CONFIG_NOSYSTEM" && !value.is_empty();
            command.env(name, if path { here(value) } else { value.clone() });
        }
        // a bare repository is only looked for where the user named it
        let bare = if self.bare { "safe.bareRepository=all" } else { "safe.bareRepository=explicit" };
        command
            .current_dir(&self.root)
            .env("LC_ALL", "C")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .args(["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never"])
            .args(["-c", bare, "-c", "core.quotePath=false"])
            .arg(name)
            .args(args);
        command
    }
}

/// After so many lists that git refused it is not the paths.
const MOST_REFUSALS: usize = 200;

/// A path to be judged, and how git is asked for it.
struct Question<'p> {
    name: Vec<u8>,
    path: &'p Path,
}

/// `./` keeps a name that begins with `:` from being read as magic; this command knows no `GIT_LITERAL_PATHSPECS`.
fn question(below: &Path) -> Vec<u8> {
    [b"./", below.as_os_str().as_bytes()].concat()
}

/// What git said and how it ended.
pub(super) struct Answer {
    pub(super) code: i32,
    pub(super) out: Vec<u8>,
}

/// Runs `command` with `input`. Both pipes are served at once: a long list would otherwise fill one while git waits on the other.
pub(super) fn talk(mut command: Command, input: &[u8]) -> Result<Answer, GitError> {
    let failed = |e: io::Error| GitError::Run { reason: e.kind().to_string() };
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(failed)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut out = Vec::new();
    std::thread::scope(|scope| {
        // git may end before it has read everything; what it then says counts, not the broken pipe
        scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(input)));
        stdout.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut out))
    })
    .map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    Ok(Answer { code: status.code().unwrap_or(-1), out })
}

/// The program of this name in an absolute folder of `PATH`: a relative one could lie in the repository.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let runs = |file: &PathBuf| fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    path.into_vec()
        .split(|b| *b == b':')
        .map(|folder| Path::new(OsStr::from_bytes(folder)))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(runs)
}

#[cfg(test)]
#[path = "repo_tests.rs"]
mod tests;
