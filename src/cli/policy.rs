//! Where the project's own word is read: `harden.toml`, `.harden/rules`, the baseline. As they lie there; as they are staged, for what looks at what
//! is staged; or as a commit has them, so that a pull request does not speak for itself.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use harden::config::{Config, FILE_NAME, Loaded};
use harden::disk::read::{Links, Outcome, read};
use harden::git::{GitError, Object, Repository, Tree};

use super::exit::Failure;

/// The folder of the project's own rules.
pub(crate) const RULES: &str = ".harden/rules";

/// The accepted findings.
pub(crate) const BASELINE: &str = ".harden/baseline.jsonl";

/// A page of rules; what is larger is something else.
const LIMIT: u64 = 1 << 20;

/// Which version of the project's own files counts.
pub(crate) enum Policy {
    /// As they lie there.
    Lying,
    /// As they are staged. What git ignores, and so is this user's alone, counts as it lies there.
    Staged(Box<Tree>),
    /// As a commit has them.
    Commit(Box<Tree>),
}

impl Policy {
    /// What is staged in the repository around `start`, or around the current folder, as git hands it to a hook.
    pub(crate) fn staged(start: &Path) -> Result<Self, Failure> {
        let repository = match Repository::of_hook(Path::new(".")) {
            Err(GitError::NoRepository) => Repository::of_hook(folder(start)),
            found => found,
        };
        let repository = repository.map_err(Failure::new)?;
        if repository.is_bare() {
            // who looks at its index will say that there is none
            return Ok(Self::Lying);
        }
        let own = |folder: &Path| [FILE_NAME, RULES, BASELINE].map(|name| folder.join(name));
        let start = start.canonicalize().unwrap_or_else(|_| repository.root().to_owned());
        let below = start.strip_prefix(repository.root()).unwrap_or(Path::new(""));
        let paths: Vec<PathBuf> = below.ancestors().flat_map(own).collect();
        Ok(Self::Staged(Box::new(Tree::of_index(repository, &paths).map_err(Failure::new)?)))
    }

    /// The commit that `--policy-ref` names, in the repository around `start`.
    pub(crate) fn commit(start: &Path, revision: &str) -> Result<Self, Failure> {
        let repository = Repository::discover(folder(start)).ok_or(GitError::NoRepository).map_err(Failure::new)?;
        Ok(Self::Commit(Box::new(Tree::of_commit(repository, revision, "`--policy-ref`").map_err(Failure::new)?)))
    }

    /// The harden.toml that holds for `start`.
    pub(crate) fn config(&self, start: &Path) -> Result<Option<Loaded>, Failure> {
        match self {
            Self::Lying => Config::load(start).map_err(Failure::new),
            _ => Config::load_by(start, &|path| self.text(path)).map_err(|error| self.named(Failure::new(error))),
        }
    }

    /// The text of a small file of the project's own; `None` where there is none, the reason where it cannot be read.
    pub(crate) fn text(&self, path: &Path) -> Result<Option<String>, String> {
        let bytes = self.bytes(path, LIMIT)?;
        bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())).transpose()
    }

    /// The bytes of a file of the project's own, at most `limit` of them.
    pub(crate) fn bytes(&self, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, String> {
        let lying = || match read(path, Links::Refuse, limit) {
            Ok(Outcome::Content(content, _)) => Ok(Some(content.bytes.to_vec())),
            Ok(Outcome::Skipped(_)) => Err("no regular text file, or too large".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let tree = match self {
            Self::Lying => return if missing(path) { Ok(None) } else { lying() },
            Self::Staged(tree) | Self::Commit(tree) => tree,
        };
        match tree.get(path, limit).map_err(|error| error.to_string())? {
            Some(Object::Bytes(bytes)) => Ok(Some(bytes.to_vec())),
            Some(Object::TooLarge) => Err("too large".to_owned()),
            Some(Object::Missing) => Err("its content is not in the repository".to_owned()),
            None if self.is_private(path) => lying(),
            None => Ok(None),
        }
    }

    /// The rule files directly in `folder`, by name.
    pub(crate) fn rule_files(&self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let is_rule = |path: &PathBuf| path.extension().is_some_and(|e| e == "toml");
        if let Self::Staged(tree) | Self::Commit(tree) = self {
            let files: Vec<PathBuf> = tree.files_in(folder).into_iter().filter(is_rule).collect();
            if !files.is_empty() || !self.is_private(folder) {
                return Ok(files);
            }
        }
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        if folder.canonicalize().ok().as_deref() != Some(folder) {
            return Err(Failure::new(format!("`{}` is reached through a link, which is not followed", folder.display())));
        }
        let unreadable = |_| Failure::new(format!("`{}` cannot be listed", folder.display()));
        let entries = folder.read_dir().map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(is_rule).collect();
        files.sort();
        Ok(files)
    }

    /// Whether what lies at `path` is in no commit because git ignores it: then it is this user's alone.
    fn is_private(&self, path: &Path) -> bool {
        let Self::Staged(tree) = self else { return false };
        let paths = [path.to_owned()];
        !missing(path) && tree.repository().ignores(&paths).is_ok_and(|ignored| !ignored.is_empty())
    }

    /// The commit whose comments count, where it is not for the files to speak for themselves.
    pub(crate) fn spoken(&self) -> Option<&Tree> {
        if let Self::Commit(tree) = self { Some(tree) } else { None }
    }

    /// Says of which version a fault is.
    pub(crate) fn named(&self, failure: Failure) -> Failure {
        match self {
            Self::Lying => failure,
            Self::Staged(_) => failure.hint("it was read as it is staged; `git add` it once it is right"),
            Self::Commit(_) => failure.hint("it was read as the commit of `--policy-ref` has it"),
        }
    }
}

fn missing(path: &Path) -> bool {
    matches!(path.symlink_metadata(), Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
}

fn folder(start: &Path) -> &Path {
    start.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("."))
}
