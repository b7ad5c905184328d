//! Files of a repository as a scan names them: limits from the command line, names for people, what is never looked at.

use std::path::{Component, Path, PathBuf};

use crate::config::Loaded;
use crate::disk::walk::Candidate;
use crate::git::{GitError, Repository};

/// Which files of a repository are meant, and how they are called.
pub(super) struct Track<'c> {
    root: PathBuf,
    /// The folder that names are seen from; `None`: from the root.
    from: Option<PathBuf>,
    absolute: bool,
    /// Paths below the root; empty: everything.
    limits: Vec<PathBuf>,
    config: Option<&'c Loaded>,
}

/// What becomes of a file.
pub(super) enum Kind {
    /// It is looked at.
    File(Candidate),
    /// It is sealed: there is no text in it.
    Sealed(PathBuf),
    /// It was not meant.
    Out,
}

impl<'c> Track<'c> {
    /// Takes the arguments of the command line. `.` alone is the whole repository, from wherever it is asked; a path need not be there any more.
    pub(super) fn new(repository: &Repository, paths: &[PathBuf], config: Option<&'c Loaded>) -> Result<Self, GitError> {
        let root = repository.root().to_owned();
        let here = std::env::current_dir().and_then(|dir| dir.canonicalize()).ok();
        let mut limits = Vec::new();
        for path in paths.iter().filter(|p| p.as_os_str() != ".") {
            let outside = || GitError::Outside { path: path.display().to_string() };
            let whole = path.canonicalize().ok().unwrap_or_else(|| normal(&here.clone().unwrap_or_default().join(path)));
            let limit = whole.strip_prefix(&root).map_err(|_| outside())?;
            limits.push(limit.to_owned());
        }
        if limits.iter().any(|l| l.as_os_str().is_empty()) {
            limits.clear();
        }
        let absolute = paths.first().is_some_and(|p| p.is_absolute());
        let from = here.filter(|_| !repository.is_bare());
        Ok(Self { root, from, absolute, limits, config })
    }

    /// Judges the file at `path` below the root.
    pub(super) fn judge(&self, path: &Path) -> Kind {
        let ours = path.components().any(|c| matches!(c.as_os_str().to_str(), Some(".git" | ".harden")));
        let meant = self.limits.is_empty() || self.limits.iter().any(|limit| path.starts_with(limit));
        let whole = self.root.join(path);
        if ours || !meant || self.excluded(&whole) {
            return Kind::Out;
        }
        if path.extension().is_some_and(|e| e == "age") {
            return Kind::Sealed(whole);
        }
        Kind::File(Candidate { display: self.display(path, &whole), path: whole })
    }

    fn excluded(&self, whole: &Path) -> bool {
        let Some(config) = self.config else { return false };
        let below = |path: &Path| {
            path.strip_prefix(&config.root).is_ok_and(|b| !b.as_os_str().is_empty() && config.config.exclude.set().is_match(b))
        };
        whole.ancestors().any(below)
    }

    /// The path as git would print it from here.
    fn display(&self, path: &Path, whole: &Path) -> String {
        let Some(from) = &self.from else { return path.to_string_lossy().into_owned() };
        if self.absolute {
            return whole.to_string_lossy().into_owned();
        }
        let shared = from.components().zip(whole.components()).take_while(|(a, b)| a == b).count();
        let up = from.components().count() - shared;
        let mut shown = PathBuf::new();
        (0..up).for_each(|_| shown.push(".."));
        whole.components().skip(shared).for_each(|part| shown.push(part));
        shown.to_string_lossy().into_owned()
    }
}

/// `path` without `.` and `..`, by its words alone: it may not be there.
fn normal(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = whole.pop(),
            other => whole.push(other),
        }
    }
    whole
}
