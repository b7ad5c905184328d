//! Where known secrets still stand, as they are or encoded: in a tree, and in the history of its repository. For what has just been replaced.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::hunt::Hunt;
use super::source::LIMIT;
use crate::config::Loaded;
use crate::disk::read::{Links, Outcome, read};
use crate::disk::walk::{Exclude, Options, walk};
use crate::git::{BEFORE, Commits, GitError, History, Object, Objects};
use crate::model::secret::Secret;
use crate::model::span::{LineIndex, Span};

/// A file of the tree that holds at least one of the secrets.
pub struct InTree {
    /// The path for people.
    pub display: String,
    /// The path to open.
    pub path: PathBuf,
    /// Line (from 1), bytes and index of the secret, in order.
    pub places: Vec<(usize, Span, usize)>,
}

/// A file of the history that holds one of the secrets.
pub struct InHistory {
    /// The path below the root of the repository.
    pub path: PathBuf,
    /// Index of the secret.
    pub secret: usize,
    /// The first commit with it, in hex; `None` where that is older than what a shallow clone has.
    pub commit: Option<String>,
    /// In how many versions of the file.
    pub versions: usize,
    /// Whether HEAD still has one of them.
    pub in_head: bool,
}

/// The shortest secret that is looked for, in bytes: shorter ones stand in other words by chance.
pub const SHORTEST: usize = super::hunt::WINDOW;

/// Looks through the files at and below `paths`, those that git ignores, too: what is deployed is often ignored.
#[must_use]
pub fn in_tree(paths: &[PathBuf], config: Option<&Loaded>, secrets: &[&Secret]) -> Vec<InTree> {
    let hunt = Hunt::new(secrets.iter().copied());
    if hunt.is_empty() {
        return Vec::new();
    }
    let exclude = config.map(|c| Exclude { base: c.root.clone(), globs: c.config.exclude.set().clone() });
    let mut out = Vec::new();
    for file in walk(paths, &Options { no_ignore: true, exclude }).files {
        let Ok(Outcome::Content(content, _)) = read(&file.path, Links::Refuse, LIMIT) else { continue };
        let hits = hunt.hits(&content.bytes);
        if hits.is_empty() {
            continue;
        }
        let text = String::from_utf8_lossy(&content.bytes);
        let lines = LineIndex::new(&text);
        let places = hits.iter().map(|hit| (lines.line(hit.span.start), hit.span, hit.secret)).collect();
        out.push(InTree { display: file.display, path: file.path, places });
    }
    out
}

/// Looks through every version of every file in the history of the repository that `folder` lies in. `progress` is told versions looked at,
/// and all of them.
///
/// # Errors
/// [`GitError`]; `folder` may lie in no repository.
pub fn in_history(folder: &Path, secrets: &[&Secret], progress: &dyn Fn(usize, usize)) -> Result<Vec<InHistory>, GitError> {
    let hunt = Hunt::new(secrets.iter().copied());
    if hunt.is_empty() {
        return Ok(Vec::new());
    }
    let history = History::list(folder, false, &Commits { range: String::new(), since: None, branch: None })?;
    let mut objects = Objects::start(&history.repository)?;
    let mut found: BTreeMap<(usize, u32), (u32, usize, bool)> = BTreeMap::new();
    let in_head: std::collections::HashSet<_> = history.head.values().copied().collect();
    for (done, version) in history.versions.iter().enumerate() {
        if done % 64 == 0 {
            progress(done, history.versions.len());
        }
        let Object::Bytes(bytes) = objects.get(&version.blob, LIMIT)? else { continue };
        let mut secrets: Vec<usize> = hunt.hits(&bytes).iter().map(|hit| hit.secret).collect();
        secrets.sort_unstable();
        secrets.dedup();
        for secret in secrets {
            let (first, versions, head) = found.entry((secret, version.path)).or_insert((version.first, 0, false));
            // a larger number is an older commit
            *first = (*first).max(version.first);
            *versions += 1;
            *head |= in_head.contains(&version.blob);
        }
    }
    let told = found.into_iter().filter_map(|((secret, path), (first, versions, in_head))| {
        let commit = if first == BEFORE { None } else { history.commits.get(first as usize).map(ToString::to_string) };
        Some(InHistory { path: history.paths.get(path as usize)?.clone(), secret, commit, versions, in_head })
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{in_history, in_tree};
    use crate::disk::atomic::create_new;
    use crate::model::secret::Secret;

    fn put(path: PathBuf, text: &str) {
        create_new(&path, text.as_bytes(), 0o600).expect("written");
    }

    #[test]
    fn copies_are_found_encoded_and_ignored_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let old = Secret::copy_of("Zk3vQp8sLmX2tRw9");
        put(dir.path().join("notes.md"), "first\nuse Zk3vQp8sLmX2tRw9 here\n");
        put(dir.path().join("secret.yaml"), "data:\n  k: WmszdlFwOHNMbVgydFJ3OQ==\n");
        put(dir.path().join("other.md"), "Zk3vQp8sLmX2tRw9x and Zk3vQp8s\n");
        let found = in_tree(&[dir.path().to_owned()], None, &[&old]);
        let told: Vec<(String, usize)> =
            found.iter().map(|f| (f.path.file_name().unwrap().to_string_lossy().into_owned(), f.places[0].0)).collect();
        assert_eq!(told, [("notes.md".to_owned(), 2), ("secret.yaml".to_owned(), 2)]);
        assert!(in_history(dir.path(), &[&old], &|_, _| {}).is_err(), "no repository");
        assert!(in_tree(&[dir.path().to_owned()], None, &[&Secret::copy_of("first")]).is_empty(), "too short to tell");
    }
}
