//! What a commit has already, so that only the rest is told.

use std::path::{Path, PathBuf};

use super::source::{LIMIT, content};
use crate::disk::read::Content;
use crate::disk::walk::Candidate;
use crate::git::{GitError, Repository, Tree};

/// The option that names the commit.
pub(super) const OPTION: &str = "`--new-only`";

/// The files of the commit that `revision` names, in the repository that holds the first of `paths`.
pub(super) fn load(paths: &[PathBuf], revision: &str) -> Result<Tree, GitError> {
    let start = paths.iter().find(|p| p.exists()).map_or(Path::new("."), PathBuf::as_path);
    let folder = start.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("."));
    Tree::of_commit(Repository::discover(folder).ok_or(GitError::NoRepository)?, revision, OPTION)
}

/// What the commit has in place of `file`; `None` where that is nothing, or no text.
pub(super) fn before(tree: &Tree, file: &Candidate) -> Option<Content> {
    content(tree.get(&file.path, LIMIT).ok()??)?.ok()
}
