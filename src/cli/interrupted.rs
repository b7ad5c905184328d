//! What an interrupted run left: it is dealt with before anything is read, since a plan made on files half old and half new gives one login
//! two values, and would take the journal's temporary files for files of the project.

use std::path::{Path, PathBuf};

use harden::disk::DiskError;
use harden::disk::journal::{Recovered, pending, recover, standing};
use harden::disk::lock::FOLDER;
use harden::disk::read::is_missing;
use harden::disk::signed;
use harden::git::Repository;
use harden::rotate::state::{JOURNAL as ROTATION, Journal};

use super::exit::{Exit, Failure};
use super::project::Project;
use super::ui;

/// The folders where a journal for files below `paths` may lie, best first: that of harden.toml, of the repository, then the paths themselves.
/// They are told from the paths alone, so that the next run looks where the interrupted one wrote.
pub(crate) fn roots(project: &Project, paths: &[PathBuf]) -> Vec<PathBuf> {
    let folders: Vec<PathBuf> = paths
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .filter_map(|path| if path.is_dir() { Some(path) } else { path.parent().map(Path::to_owned) })
        .collect();
    let common = folders.first().and_then(|first| first.ancestors().find(|a| folders.iter().all(|f| f.starts_with(a))));
    let configured = project.config.as_ref().map(|c| c.root.clone());
    let tracked = folders.iter().filter_map(|f| Repository::discover(f).map(|r| r.root().to_owned()));
    let all = configured.into_iter().chain(tracked).chain(folders.iter().cloned()).chain(common.map(Path::to_owned));
    let mut out: Vec<PathBuf> = Vec::new();
    for root in all.filter_map(|root| root.canonicalize().ok()) {
        if !out.contains(&root) {
            out.push(root);
        }
    }
    out
}

/// Refuses to change anything while a rotation stands between old and new: its files would be no longer what it knows.
pub(crate) fn refuse_rotation(roots: &[PathBuf]) -> Result<(), Failure> {
    for root in roots {
        let path = root.join(FOLDER).join("state").join(ROTATION);
        guard(&[path.clone()].into_iter().filter(|path| !is_missing(path)).collect::<Vec<_>>())?;
        let journal = signed::read(&path).map_err(failure)?;
        if let Some(journal) = journal.as_deref().and_then(Journal::decode).filter(|journal| !journal.is_over()) {
            return Err(crate::cli::rotate::stands(&journal));
        }
    }
    Ok(())
}

/// The folder where the journal of a change of `files` is kept: the first of the [`roots`] of `paths` that holds them all, else the nearest that does.
pub(crate) fn root_for(project: &Project, paths: &[PathBuf], files: &[PathBuf]) -> PathBuf {
    let holds = |root: &Path| files.iter().all(|file| file.starts_with(root));
    let first = files.first().and_then(|file| file.parent()).unwrap_or(Path::new("."));
    let common = || first.ancestors().find(|above| holds(above)).map(Path::to_owned);
    roots(project, paths).into_iter().find(|root| holds(root)).or_else(common).unwrap_or_else(|| first.to_owned())
}

/// Finishes or takes back what an interrupted run left below `paths`. For commands that write.
pub(crate) fn settle(project: &Project, paths: &[PathBuf]) -> Result<(), Failure> {
    let roots = roots(project, paths);
    refuse_rotation(&roots)?;
    for root in roots {
        guard(&standing(&root))?;
        match recover(&root).map_err(failure)? {
            Recovered::Nothing => {}
            Recovered::Finished => ui::note("an earlier run was interrupted while it wrote: its changes are finished now"),
            Recovered::Undone => ui::note("an earlier run was interrupted before it changed a file: what it left is removed"),
        }
    }
    Ok(())
}

/// Refuses journals that git holds: they came with the repository, whoever wrote them once.
pub(crate) fn guard(journals: &[PathBuf]) -> Result<(), Failure> {
    let tracked = |path: &&PathBuf| path.parent().and_then(Repository::discover).is_some_and(|r| r.lists(path) || r.tracks_unchanged(path));
    match journals.iter().find(tracked) {
        None => Ok(()),
        Some(path) => Err(Failure::new(format!("`{}` is tracked by git, and not obeyed; nothing was written", path.display())).hint(
            "it belongs to one machine: take it out, `git rm -r --cached .harden/state`, and look whether another run was interrupted",
        )),
    }
}

/// Says that an interrupted run left files half old and half new. For commands that only read.
pub(crate) fn mention(project: &Project, paths: &[PathBuf]) {
    // every root is a folder above or at a path: where none has a journal, git need not be asked for its own
    let any = paths.iter().filter_map(|path| path.canonicalize().ok()).any(|path| path.ancestors().any(pending));
    if any && roots(project, paths).iter().any(|root| pending(root)) {
        ui::warn(
            "an earlier run was interrupted while it wrote; the next `harden fix --apply` finishes it or takes it back, before it looks; \
             `harden undo` takes it back",
        );
    }
}

/// A failed transaction, with the code for how far it came.
pub(crate) fn failure(error: DiskError) -> Failure {
    let half = matches!(error, DiskError::HalfDone { .. });
    let refused = matches!(error, DiskError::Journal { .. });
    let failure = Failure::from(error);
    if refused {
        return failure.hint("it names files that a run was about to change: whoever ran it can take that back, `harden undo`; otherwise look at these files and remove it");
    }
    if !half {
        return failure;
    }
    failure
        .code(Exit::HalfDone)
        .hint("put that file right and run `harden fix --apply` again: the journal is followed to its end, and no file that others changed is replaced")
        .hint("or take back what was written: `harden undo`")
}
