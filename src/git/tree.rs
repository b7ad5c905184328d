//! Files as a commit or the index has them, read without touching the work tree.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::error::GitError;
use super::id::{Id, Object};
use super::objects::Shared;
use super::repo::Repository;
use super::staged::{files_of, refused};

/// The regular files of one commit, or some of the index.
pub struct Tree {
    repository: Repository,
    files: HashMap<PathBuf, Id>,
    objects: Shared,
}

impl Tree {
    /// All files of the commit that `revision` names, as `option` of the command line gave it.
    ///
    /// # Errors
    /// [`GitError::NoCommit`] where there is none.
    pub fn of_commit(repository: Repository, revision: &str, option: &'static str) -> Result<Self, GitError> {
        let files = files_of(&repository, revision, option)?;
        Ok(Self { objects: Shared::new(repository.clone()), repository, files })
    }

    /// Those files of the index that lie at or below one of `paths`, from the top of the work tree.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn of_index(repository: Repository, paths: &[PathBuf]) -> Result<Self, GitError> {
        let files = repository.indexed(paths).map_err(|error| match error {
            GitError::Failed { .. } => refused(&repository),
            error => error,
        })?;
        Ok(Self { objects: Shared::new(repository.clone()), repository, files })
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The bytes of the file that lies at `path` in the work tree, at most `limit` of them; `None` where there is no such file here.
    ///
    /// # Errors
    /// [`GitError`] when git does not answer.
    pub fn get(&self, path: &Path, limit: u64) -> Result<Option<Object>, GitError> {
        let below = path.strip_prefix(self.repository.root()).ok();
        below.and_then(|below| self.files.get(below)).map(|id| self.objects.get(id, limit)).transpose()
    }

    /// The files directly in `folder` of the work tree, in order.
    #[must_use]
    pub fn files_in(&self, folder: &Path) -> Vec<PathBuf> {
        let root = self.repository.root();
        let mut files: Vec<PathBuf> =
            self.files.keys().map(|below| root.join(below)).filter(|path| path.parent() == Some(folder)).collect();
        files.sort();
        files
    }
}
