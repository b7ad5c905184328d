//! What must be known of a file before its content is judged: its deployment, and whether git hands it round.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::config::Loaded;
use crate::config::environment::{self, Facts, Verdict};
use crate::detect::{Circumstances, Kept};
use crate::disk::walk::Candidate;
use crate::git::Repository;

/// Facts about the files of one scan, gathered once.
pub(super) struct Surroundings<'c> {
    config: Option<&'c Loaded>,
    roots: Vec<PathBuf>,
    names: HashMap<PathBuf, Vec<String>>,
    ignored: HashSet<PathBuf>,
    in_repository: bool,
}

impl<'c> Surroundings<'c> {
    /// Gathers them for `files`, found below the arguments `paths`.
    pub(super) fn new(paths: &[PathBuf], files: &[Candidate], config: Option<&'c Loaded>) -> Self {
        let mut names: HashMap<PathBuf, Vec<String>> = HashMap::new();
        for file in files {
            if let (Some(folder), Some(name)) = (file.path.parent(), file.path.file_name()) {
                names.entry(folder.to_owned()).or_default().push(name.to_string_lossy().into_owned());
            }
        }
        let roots = paths.iter().filter_map(|p| p.canonicalize().ok()).collect::<Vec<_>>();
        let repository =
            roots.first().and_then(|root| Repository::discover(if root.is_dir() { root } else { root.parent().unwrap_or(root) }));
        let listed: Vec<PathBuf> = files.iter().map(|f| f.path.clone()).collect();
        let ignored = repository.as_ref().and_then(|r| r.ignores(&listed).ok()).unwrap_or_default();
        let ignored = ignored.into_iter().map(Path::to_owned).collect();
        Self { config, roots, names, ignored, in_repository: repository.is_some() }
    }

    /// The path of `file` below the argument that it was found by; the file's name where the argument is the file itself.
    pub(super) fn below(&self, file: &Candidate) -> String {
        let rest = self.roots.iter().filter_map(|root| file.path.strip_prefix(root).ok()).min_by_key(|rest| rest.as_os_str().len());
        match rest {
            Some(rest) if !rest.as_os_str().is_empty() => rest.to_string_lossy().into_owned(),
            _ => file.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }

    /// The deployment that `file` speaks for, and why.
    pub(super) fn environment(&self, file: &Candidate, below: &str) -> Verdict {
        let none = Vec::new();
        let names = file.path.parent().and_then(|folder| self.names.get(folder)).unwrap_or(&none);
        let siblings: Vec<&str> = names.iter().map(String::as_str).collect();
        let told = self.config.and_then(|c| c.config.environment(&file.path.strip_prefix(&c.root).ok()?.to_string_lossy()));
        environment::judge(below, &Facts { told, siblings: &siblings, ignored: self.ignored.contains(&file.path) })
    }

    /// Whether git hands `file` round.
    pub(super) fn circumstances(&self, file: &Candidate) -> Circumstances {
        let kept = match (self.in_repository, self.ignored.contains(&file.path)) {
            (false, _) => Kept::Unknown,
            (true, true) => Kept::Private,
            (true, false) => Kept::Shared,
        };
        Circumstances { kept }
    }
}
