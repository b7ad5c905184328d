//! An env file that comes to hold secrets is kept out of git, by a line of the `.gitignore` beside it that is written in the same step.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harden::disk::journal::Transaction;
use harden::disk::read::{self, DEFAULT_LIMIT, Links, sha256};
use harden::git::Repository;
use zeroize::Zeroizing;

use super::fix_work::Target;
use super::ui;

const NAME: &str = ".gitignore";

/// What is to be ignored.
#[derive(Default)]
pub(crate) struct Ignored {
    /// Lists that are replaced.
    pub(crate) replaced: Vec<PathBuf>,
    /// What to say once it is done.
    pub(crate) notes: Vec<String>,
}

/// `transaction` that also writes what git is to ignore from now on. An env file that git holds already is warned about: a line changes
/// nothing there.
pub(crate) fn with_ignored(mut transaction: Transaction, targets: &[Target<'_>]) -> (Transaction, Ignored) {
    let mut wanted: BTreeMap<PathBuf, Vec<&Target<'_>>> = BTreeMap::new();
    let filled = targets.iter().filter(|t| t.document.format == "env" && t.planned.is_some_and(|p| !p.added.is_empty()));
    for target in filled {
        let Some(folder) = target.file.parent().filter(|f| is_open(target, f)) else { continue };
        wanted.entry(folder.join(NAME)).or_default().push(target);
    }
    let mut out = Ignored::default();
    for (list, targets) in wanted {
        let old = if list.symlink_metadata().is_err() {
            None
        } else if let Ok(Some(raw)) = read::read_raw(&list, Links::Refuse, DEFAULT_LIMIT) {
            Some(raw.bytes)
        } else {
            targets
                .iter()
                .for_each(|t| ui::warn(&format!("git does not ignore {}, and {} cannot be written", t.document.path, list.display())));
            continue;
        };
        let bytes = grown(old.as_deref().map_or(&[], Vec::as_slice), &targets);
        transaction = match &old {
            Some(old) => transaction.replace(&list, sha256(old), bytes),
            None => transaction.create(&list, bytes, 0o644),
        };
        out.replaced.extend(old.is_some().then_some(list));
        out.notes.extend(targets.iter().map(|t| format!("git ignores {} from now on", t.document.path)));
    }
    (transaction, out)
}

/// Whether git would take the file along with the next commit; says so where it has it already.
fn is_open(target: &Target<'_>, folder: &Path) -> bool {
    let Some(repository) = Repository::discover(folder) else { return false };
    let file = [target.file.clone()];
    if !repository.ignores(&file).is_ok_and(|ignored| ignored.is_empty()) {
        return false;
    }
    let held = target.held.is_some_and(|held| repository.tracks(target.file, held.as_bytes()));
    if held {
        let path = &target.document.path;
        ui::warn(&format!("git holds {path}, which gets secrets now: `git rm --cached {path}`, and have it ignored"));
    }
    !held
}

fn grown(old: &[u8], targets: &[&Target<'_>]) -> Zeroizing<Vec<u8>> {
    let end: &[u8] = if old.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let mut out = old.to_vec();
    if !old.is_empty() && !old.ends_with(b"\n") {
        out.extend_from_slice(end);
    }
    for target in targets {
        out.extend_from_slice(format!("/{}", target.document.file_name()).as_bytes());
        out.extend_from_slice(end);
    }
    Zeroizing::new(out)
}
