//! What a commit has already, so that only the rest is told.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::source::{LIMIT, content};
use crate::disk::read::Content;
use crate::disk::walk::Candidate;
use crate::git::{GitError, Id, Repository, Shared, files_of};

/// The files of one commit.
pub(super) struct Known {
    root: PathBuf,
    files: HashMap<PathBuf, Id>,
    objects: Shared,
}

impl Known {
    /// Lists the files of the commit that `revision` names, in the repository that holds the first of `paths`.
    pub(super) fn load(paths: &[PathBuf], revision: &str) -> Result<Self, GitError> {
        let start = paths.iter().find(|p| p.exists()).map_or(Path::new("."), PathBuf::as_path);
        let folder = start.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("."));
        Self::of(Repository::discover(folder).ok_or(GitError::NoRepository)?, revision)
    }

    /// Lists the files of the commit that `revision` names in `repository`.
    pub(super) fn of(repository: Repository, revision: &str) -> Result<Self, GitError> {
        let files = files_of(&repository, revision, "`--new-only`")?;
        Ok(Self { root: repository.root().to_owned(), files, objects: Shared::new(repository) })
    }

    /// What the commit has in place of `file`; `None` where that is nothing, or no text.
    pub(super) fn before(&self, file: &Candidate) -> Option<Content> {
        let id = self.files.get(file.path.strip_prefix(&self.root).ok()?)?;
        content(self.objects.get(id, LIMIT).ok()?)?.ok()
    }
}
