//! What a commit has already, so that only the rest is told.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::engine::{Engine, name_places};
use super::source::{LIMIT, content};
use crate::detect::Circumstances;
use crate::disk::walk::Candidate;
use crate::formats;
use crate::git::{GitError, Id, Repository, Shared, files_of};
use crate::model::document::Document;
use crate::model::finding::Finding;
use crate::report::excerpt::Excerpts;

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

    /// Removes from `findings` of `document`, which is `file` as it is now, what its version in the commit has with the same value at the same
    /// place. What shows only across files is known where its text stands in that version.
    pub(super) fn remove(&self, engine: &Engine<'_>, file: &Candidate, document: &Document, findings: &mut Vec<Finding>) {
        let id = file.path.strip_prefix(&self.root).ok().and_then(|below| self.files.get(below));
        let object = id.and_then(|id| self.objects.get(id, LIMIT).ok());
        let Some(Ok(before)) = object.and_then(content) else { return };
        let before = formats::parse(&document.path, &before.bytes, document.environment);
        let mut old = engine.detectors.run(&before, Circumstances::default()).findings;
        let within = engine.within(file);
        name_places(&Excerpts::new(&before), within.as_deref().unwrap_or(&before.path), &mut old);
        let known: HashSet<(&str, &str)> = old.iter().map(|f| (f.fingerprint.as_str(), f.span.of(&before.text))).collect();
        let across = |finding: &Finding| !finding.related.is_empty() || finding.setting.is_none() && !finding.key.is_empty();
        findings.retain(|finding| {
            let value = finding.span.of(&document.text);
            let same = known.contains(&(finding.fingerprint.as_str(), value));
            !same && !(across(finding) && !value.is_empty() && before.text.contains(value))
        });
    }
}
