//! The manifests above a file (package.json, go.mod, ...), read only when a plan needs to know a driver.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use harden::disk::read::{Links, Outcome, read};
use harden::dsn::drivers::manifest;

use super::project::Project;

/// Larger ones are no manifests that a person keeps.
const LIMIT: u64 = 1 << 20;

/// Folders between a file and the root of the project that are looked at.
const LEVELS: usize = 12;

/// Manifests of one folder that are read.
const MOST: usize = 16;

/// The manifests of a project, each folder read once.
pub(crate) struct Manifests<'p> {
    project: &'p Project,
    files: &'p [PathBuf],
    /// By folder, and the one that names are shown from.
    known: RefCell<HashMap<(PathBuf, PathBuf), Listed>>,
}

/// Path and text of the manifests of a folder.
type Listed = Vec<(String, String)>;

impl<'p> Manifests<'p> {
    /// Those above `files` of `project`; none is read yet.
    pub(crate) fn of(project: &'p Project, files: &'p [PathBuf]) -> Self {
        Self { project, files, known: RefCell::default() }
    }

    /// Path and text of the manifests in the folder of the file `index` and in those above it, the nearest folder first. The way ends at the folder of
    /// harden.toml or of `.git`; in a project that has neither, only the file's own folder is looked at.
    pub(crate) fn above(&self, index: usize) -> Vec<Listed> {
        let Some(folder) = self
            .files
            .get(index)
            .and_then(|file| file.parent())
            .and_then(|f| if f.as_os_str().is_empty() { Path::new(".") } else { f }.canonicalize().ok())
        else {
            return Vec::new();
        };
        let root = self.project.config.as_ref().map(|c| c.root.as_path());
        let is_root = |f: &Path| Some(f) == root || f.join(".git").symlink_metadata().is_ok();
        let Some(depth) = folder.ancestors().take(LEVELS).position(is_root) else { return vec![self.listed(&folder, &folder)] };
        let top = folder.ancestors().nth(depth).unwrap_or(&folder);
        folder.ancestors().take(depth + 1).map(|f| self.listed(f, top)).collect()
    }

    fn listed(&self, folder: &Path, top: &Path) -> Listed {
        self.known.borrow_mut().entry((folder.to_owned(), top.to_owned())).or_insert_with(|| of(folder, top)).clone()
    }
}

fn of(folder: &Path, top: &Path) -> Listed {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let known = |path: &PathBuf| path.file_name().and_then(|n| n.to_str()).is_some_and(|n| manifest(n).is_some());
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(known).collect();
    paths.sort();
    paths.truncate(MOST);
    paths.iter().filter_map(|path| Some((shown(path, top), text(path)?))).collect()
}

fn shown(path: &Path, top: &Path) -> String {
    path.strip_prefix(top).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The text of a regular file; links are not followed.
fn text(path: &Path) -> Option<String> {
    match read(path, Links::Refuse, LIMIT).ok()? {
        Outcome::Content(content, _) => String::from_utf8(content.bytes.to_vec()).ok(),
        Outcome::Skipped(_) => None,
    }
}
