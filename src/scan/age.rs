//! How long a value has stood in a file, by the history of the repository: the commit that brought it, and that all since have kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::source::LIMIT;
use crate::git::{BEFORE, Commits, GitError, History, Id, Object, Objects, Version};
use crate::model::secret::Secret;

/// A value, and the file that it stands in.
pub struct Standing<'a> {
    /// The file.
    pub path: &'a Path,
    /// The value.
    pub value: &'a Secret,
}

/// When each value came into its file, in seconds since 1970; `None` where the last commit does not have it, or git does not know the file.
///
/// # Errors
/// [`GitError`]; `folder` may lie in no repository.
pub fn since(folder: &Path, standing: &[Standing<'_>]) -> Result<Vec<Option<u64>>, GitError> {
    let history = History::list(folder, false, &Commits { range: "HEAD".to_owned(), since: None, branch: None })?;
    let root = history.repository.root().to_owned();
    let mut by_path: HashMap<PathBuf, Vec<usize>> = HashMap::new();
    for (index, one) in standing.iter().enumerate() {
        let whole = one.path.canonicalize().unwrap_or_else(|_| one.path.to_owned());
        if let Ok(below) = whole.strip_prefix(&root) {
            by_path.entry(below.to_owned()).or_default().push(index);
        }
    }
    let mut versions: HashMap<&PathBuf, Vec<Version>> = HashMap::new();
    for version in &history.versions {
        if let Some(path) = history.paths.get(version.path as usize).filter(|path| by_path.contains_key(*path)) {
            versions.entry(path).or_default().push(*version);
        }
    }
    let mut objects = Objects::start(&history.repository)?;
    let mut brought: Vec<Option<Id>> = vec![None; standing.len()];
    for (path, mut all) in versions {
        let Some(mut open) = by_path.get(path).cloned() else { continue };
        // the newest first
        all.sort_by_key(|version| version.first);
        let mut newest = true;
        for version in all {
            let Object::Bytes(bytes) = objects.get(&version.blob, LIMIT)? else { break };
            if newest && history.head.get(path) != Some(&version.blob) {
                break;
            }
            newest = false;
            let text = String::from_utf8_lossy(&bytes);
            open.retain(|index| standing.get(*index).is_some_and(|one| text.contains(one.value.expose())));
            // what a shallow clone does not have is at least as old as what it has
            let commit = if version.first == BEFORE { None } else { history.commits.get(version.first as usize) };
            for index in &open {
                if let Some(slot) = brought.get_mut(*index)
                    && commit.is_some()
                {
                    *slot = commit.copied();
                }
            }
            if open.is_empty() {
                break;
            }
        }
    }
    let commits: Vec<Id> = brought.iter().flatten().copied().collect();
    let dates = history.author_dates(&commits)?;
    Ok(brought.iter().map(|id| id.and_then(|id| dates.get(&id)).and_then(|(time, _)| u64::try_from(*time).ok())).collect())
}
