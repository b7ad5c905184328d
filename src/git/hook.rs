//! Installing, renewing and taking away the hooks of a repository.
//!
//! A hook that is there already is moved aside with all that belongs to it and called by ours; it is never edited. At every moment one of the
//! two stands under the hook's name, whole. Only the repository's own folder is written to: what `core.hooksPath` names otherwise belongs to
//! the project, to all repositories of the user, or to nobody that we know.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::GitError;
use super::hook_script::{CHAINED, Hook, is_ours, script};
use super::repo::Repository;
use crate::disk::atomic::{self, ModePolicy};
use crate::disk::read::{Links, read_raw};

/// What is larger is no script of ours.
const LIMIT: u64 = 1024 * 1024;

/// Where git takes the hooks of a repository from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// A folder of the repository itself: in its `.git`, also that of the main work tree or of the superproject.
    Own(PathBuf),
    /// `core.hooksPath` names a folder of the work tree, which others share.
    Project(PathBuf),
    /// `core.hooksPath` names a folder outside; `scope` is where that is written, as git calls it.
    Elsewhere {
        /// The folder.
        path: PathBuf,
        /// `system`, `global`, `local` or `worktree`.
        scope: String,
    },
}

impl Folder {
    /// The folder of `repository`. Nothing in it is run.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn of(repository: &Repository) -> Result<Self, GitError> {
        let git = repository.common_folder()?;
        let own = git.join("hooks");
        let Some((scope, value)) = repository.hooks_path()? else { return Ok(Self::Own(own)) };
        // git takes it from the top of the work tree
        let told = repository.root().join(value);
        let real = fs::canonicalize(&told).unwrap_or(told);
        Ok(if real == own || real.starts_with(&git) {
            Self::Own(real)
        } else if real.starts_with(repository.root()) {
            Self::Project(real)
        } else {
            Self::Elsewhere { path: real, scope }
        })
    }

    /// The folder that holds where nothing is configured.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn default_of(repository: &Repository) -> Result<PathBuf, GitError> {
        Ok(repository.common_folder()?.join("hooks"))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Own(path) | Self::Project(path) | Self::Elsewhere { path, .. } => path,
        }
    }
}

/// What stands under the name of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Nothing,
    /// Our script.
    Ours,
    /// Somebody else's: its bytes, as far as they are few.
    Foreign(Vec<u8>),
}

/// What stands in `folder` as `hook`.
///
/// # Errors
/// [`GitError::Hook`] for what is no regular file, a link above all.
pub fn standing(folder: &Path, hook: Hook) -> Result<Standing, GitError> {
    let path = folder.join(hook.name());
    let Some(meta) = meta_of(&path)? else { return Ok(Standing::Nothing) };
    if meta.is_symlink() {
        let target = fs::read_link(&path).unwrap_or_default();
        return Err(refused(&path, format!("is a link to `{}`, which is not followed", target.display())));
    }
    if !meta.is_file() {
        return Err(refused(&path, "is no regular file"));
    }
    let bytes = read_raw(&path, Links::Refuse, LIMIT)?.map(|raw| raw.bytes.to_vec()).unwrap_or_default();
    Ok(if is_ours(&bytes) { Standing::Ours } else { Standing::Foreign(bytes) })
}

/// What installing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// There was no hook.
    New,
    /// A hook was there; ours runs it first.
    Chained,
    /// Ours was there and called another harden, or was of another version.
    Renewed,
    /// Everything was as it should be.
    Unchanged,
}

/// A hook that can be installed: everything that could be refused was looked at.
#[derive(Debug)]
pub struct Plan {
    path: PathBuf,
    aside: PathBuf,
    script: Vec<u8>,
    outcome: Installed,
}

impl Plan {
    /// Looks at what is in `folder`, which is [`Folder::Own`]. `program` is where harden is; without it the script asks `PATH`.
    ///
    /// # Errors
    /// [`GitError::Hook`] when a link, a file of several names or the rest of an earlier chain is in the way.
    pub fn new(folder: &Path, hook: Hook, program: Option<&Path>) -> Result<Self, GitError> {
        if let Some(meta) = meta_of(folder)?
            && !meta.is_dir()
        {
            return Err(refused(folder, "is a link or a file where the folder of the hooks should be"));
        }
        let (path, aside) = paths(folder, hook);
        let script = script(hook, program);
        let kept = meta_of(&aside)?;
        if kept.as_ref().is_some_and(|meta| !meta.is_file()) {
            return Err(refused(&aside, "is no regular file"));
        }
        let outcome = match standing(folder, hook)? {
            Standing::Nothing if kept.is_some() => Installed::Chained,
            Standing::Nothing => Installed::New,
            Standing::Ours if is_same(&path, &script) => Installed::Unchanged,
            Standing::Ours => Installed::Renewed,
            Standing::Foreign(_) => {
                let names = fs::symlink_metadata(&path).map(|meta| (meta.ino(), meta.nlink())).unwrap_or_default();
                match kept {
                    // an earlier run ended between its two steps
                    Some(kept) if (kept.ino(), 2) == names => {}
                    Some(_) => return Err(refused(&aside, "is left from an earlier hook, and another one stands here now")),
                    None if names.1 > 1 => return Err(refused(&path, "has several names (hard links)")),
                    None => {}
                }
                Installed::Chained
            }
        };
        Ok(Self { path, aside, script, outcome })
    }

    /// What it will do.
    #[must_use]
    pub fn outcome(&self) -> Installed {
        self.outcome
    }

    /// The file that git will run.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the hook.
    ///
    /// # Errors
    /// [`GitError`]; the hook that was there stands and runs then.
    pub fn write(&self) -> Result<Installed, GitError> {
        let failed = |e: io::Error| refused(&self.path, format!("cannot be written: {}", e.kind()));
        match self.outcome {
            Installed::Unchanged => return Ok(self.outcome),
            Installed::Renewed => atomic::write_atomic(&self.path, &self.script, ModePolicy::Exactly(0o755))?,
            Installed::New | Installed::Chained => {
                if let Some(folder) = self.path.parent() {
                    fs::create_dir_all(folder).map_err(failed)?;
                }
                if meta_of(&self.path)?.is_none() {
                    atomic::create_new(&self.path, &self.script, 0o755)?;
                } else {
                    self.chain()?;
                }
            }
        }
        Ok(self.outcome)
    }

    /// Gives the hook that is there a second name, then takes the first one from it.
    fn chain(&self) -> Result<(), GitError> {
        let failed = |e: io::Error| refused(&self.path, format!("cannot be moved aside: {}", e.kind()));
        if meta_of(&self.aside)?.is_none() && fs::hard_link(&self.path, &self.aside).is_err() {
            // no file system for hard links: for a moment no hook stands there
            fs::rename(&self.path, &self.aside).map_err(failed)?;
            return atomic::create_new(&self.path, &self.script, 0o755).map_err(|error| {
                _ = fs::rename(&self.aside, &self.path);
                error.into()
            });
        }
        let mut new = self.path.clone().into_os_string();
        new.push(".harden-new");
        let new = PathBuf::from(new);
        _ = fs::remove_file(&new);
        let done = atomic::create_new(&new, &self.script, 0o755)
            .map_err(GitError::from)
            .and_then(|()| fs::rename(&new, &self.path).map_err(failed));
        if done.is_err() {
            _ = fs::remove_file(&new);
            _ = fs::remove_file(&self.aside);
        }
        sync(&self.path);
        done
    }
}

/// What taking away did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// No hook of ours was there.
    Nothing,
    /// Ours is gone, and no hook stands there.
    Gone,
    /// The hook that was there before stands there again.
    Restored,
    /// A hook that is not ours stands there, and one that was moved aside lies beside it: which one is right only the user knows.
    Undecided,
}

/// Takes our hook out of `folder` and puts back what was there before, with its bytes, mode and owner.
///
/// # Errors
/// [`GitError`]; nothing was changed then.
pub fn remove(folder: &Path, hook: Hook) -> Result<Removed, GitError> {
    let (path, aside) = paths(folder, hook);
    let failed = |e: io::Error| refused(&path, format!("cannot be taken away: {}", e.kind()));
    let kept = meta_of(&aside)?.is_some();
    let removed = match standing(folder, hook) {
        Ok(Standing::Foreign(_)) | Err(GitError::Hook { .. }) if kept => return Ok(Removed::Undecided),
        Ok(Standing::Foreign(_)) | Err(GitError::Hook { .. }) => return Ok(Removed::Nothing),
        Err(other) => return Err(other),
        Ok(_) if kept => {
            fs::rename(&aside, &path).map_err(failed)?;
            Removed::Restored
        }
        Ok(Standing::Nothing) => return Ok(Removed::Nothing),
        Ok(Standing::Ours) => {
            fs::remove_file(&path).map_err(failed)?;
            Removed::Gone
        }
    };
    sync(&path);
    Ok(removed)
}

/// The path of a hook, and where one that was there before lies.
fn paths(folder: &Path, hook: Hook) -> (PathBuf, PathBuf) {
    (folder.join(hook.name()), folder.join(format!("{}{CHAINED}", hook.name())))
}

/// Whether the file at `path` is exactly `script` and can be run.
fn is_same(path: &Path, script: &[u8]) -> bool {
    let raw = read_raw(path, Links::Refuse, LIMIT).ok().flatten();
    raw.is_some_and(|raw| raw.bytes.as_slice() == script && raw.stamp.mode & 0o111 == 0o111)
}

fn meta_of(path: &Path) -> Result<Option<Metadata>, GitError> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(refused(path, format!("cannot be looked at: {}", e.kind()))),
    }
}

/// Makes the names in the folder durable, where that can be had.
fn sync(path: &Path) {
    _ = path.parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
}

fn refused(path: &Path, reason: impl Into<String>) -> GitError {
    GitError::Hook { path: path.to_owned(), reason: reason.into() }
}

impl Repository {
    /// The folder that all work trees of the repository share, without links.
    fn common_folder(&self) -> Result<PathBuf, GitError> {
        let failed = || GitError::Failed { command: "rev-parse", code: -1 };
        let answer = self.ask("rev-parse", &["--path-format=absolute", "--git-common-dir"], &[])?;
        let path = answer.out.strip_suffix(b"\n").filter(|_| answer.code == 0).ok_or_else(failed)?;
        fs::canonicalize(std::ffi::OsStr::from_bytes(path)).map_err(|_| failed())
    }

    /// What `core.hooksPath` says in the user's and the repository's configuration, and where that is written. Only looked at.
    fn hooks_path(&self) -> Result<Option<(String, PathBuf)>, GitError> {
        let answer = self.ask("config", &["-z", "--show-scope", "--type=path", "--get-all", "core.hooksPath"], &[])?;
        match answer.code {
            0 => {}
            1 => return Ok(None),
            code => return Err(GitError::Failed { command: "config", code }),
        }
        let mut fields = answer.out.split(|b| *b == 0);
        let mut last = None;
        while let (Some(scope), Some(value)) = (fields.next(), fields.next()) {
            // the last one holds; our own, which switches hooks off, is no answer
            if scope != b"command" {
                last = Some((String::from_utf8_lossy(scope).into_owned(), PathBuf::from(std::ffi::OsStr::from_bytes(value))));
            }
        }
        // git takes an empty value for none
        Ok(last.filter(|(_, value)| !value.as_os_str().is_empty()))
    }
}
