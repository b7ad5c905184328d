//! What the next commit adds: blobs of the index, the whole of each read for its context, and told what stands on added lines.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::added::added;
use super::error::ScanError;
use super::facts::{Surroundings, list};
use super::known;
use super::project::Project;
use super::source::{LIMIT, Source, content};
use super::track::{Kind, Track};
use super::{Request, Scan, detectors, engine, gather};
use crate::disk::read::{Content, Skip, Spare};
use crate::disk::walk::Candidate;
use crate::formats::decode;
use crate::git::{Asked, Change, GitError, Id, Staged, Tree};
use crate::model::span::Span;
use crate::report::Scope;

/// Asks git what is staged in the repository around the current folder (or, where it is in none, around the first of `paths`). What git hands
/// to a hook is heeded: another index, another place of the repository. For [`staged`], before anything else is made ready: git answers
/// meanwhile.
///
/// # Errors
/// [`ScanError::Git`]: no repository, no git.
pub fn ask_staged(paths: &[PathBuf]) -> Result<Asked, ScanError> {
    let there = || paths.iter().find(|p| p.exists()).and_then(|p| p.ancestors().find(|p| p.is_dir()));
    Ok(match (Asked::begin(Path::new(".")), there()) {
        (Err(GitError::NoRepository), Some(folder)) => Asked::begin(folder),
        (asked, _) => asked,
    }?)
}

/// Looks at what is staged where it was `asked` for ([`ask_staged`]). The paths limit what is looked at; `.` is everything.
///
/// Findings count that stand on lines which the commit adds; `all_lines` counts those of the whole files.
///
/// # Errors
/// [`ScanError`]; nothing was looked at then.
pub fn staged(request: &Request<'_>, asked: Asked, all_lines: bool) -> Result<Scan, ScanError> {
    let detectors = detectors(request);
    let (staged, detectors) = (asked.staged()?, detectors?);
    let root = staged.repository.root();
    let known = request.new_only.map(|revision| Tree::of_commit(staged.repository.clone(), revision, known::OPTION)).transpose()?;
    let track = Track::new(&staged.repository, request.paths, request.config)?;
    let (mut files, mut sealed, mut by_path) = (Vec::new(), Vec::new(), HashMap::new());
    for change in &staged.changes {
        match track.judge(&change.path) {
            Kind::File(file) => {
                by_path.insert(file.path.clone(), change);
                files.push(file);
            }
            Kind::Sealed(path) => sealed.push(path),
            Kind::Out => {}
        }
    }
    files.sort();
    let staged_names = |folder: &Path| {
        by_path.keys().filter(|p| p.parent() == Some(folder)).filter_map(|p| p.file_name()?.to_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let beside = |folder: &Path| list(folder).into_iter().chain(staged_names(folder)).collect();
    let around = Surroundings::tracked(root, &files, beside, request.config);
    let source = Index { staged: &staged, by_path, all_lines };
    let engine = engine(request, &detectors, &source, known.as_ref());
    let mut looked = engine.run(&files, &around);
    let mut links: Vec<_> = looked.iter_mut().map(|l| std::mem::take(&mut l.links)).collect();
    // what a file needs may stand in any of those that are not staged
    links.iter_mut().for_each(|l| l.wants.clear());
    engine.second_pass(&files, &around, &Project::new(request.rules.rules(), links), &mut looked);
    let mut scan = gather(request, &detectors, looked, Scope::Changes);
    scan.report.totals.skipped_special += staged.special;
    scan.sealed = sealed;
    Ok(scan)
}

/// The index as a source of files.
struct Index<'s> {
    staged: &'s Staged,
    by_path: HashMap<PathBuf, &'s Change>,
    all_lines: bool,
}

impl Index<'_> {
    fn blob(&self, id: &Id) -> Result<Option<Result<Content, Skip>>, GitError> {
        self.staged.objects.get(id, LIMIT).map(content)
    }
}

impl Source for Index<'_> {
    fn read(&self, file: &Candidate, _spare: &mut Spare) -> Result<Result<Content, Skip>, String> {
        let missing = || format!("`{}`: its staged content is not in the repository", file.display);
        let change = self.by_path.get(&file.path).ok_or_else(missing)?;
        self.blob(&change.blob).map_err(|e| e.to_string())?.ok_or_else(missing)
    }

    /// Few files of few lines, and somebody waits: a thread takes longer to begin than they do.
    fn worth(&self) -> usize {
        16
    }

    /// A line is new that no parent has.
    fn added(&self, file: &Candidate, text: &[u8]) -> Option<Vec<Span>> {
        let change = self.by_path.get(&file.path).filter(|_| !self.all_lines)?;
        let parents: HashSet<&Id> = change.before.iter().flatten().collect();
        let mut all: Option<Vec<Span>> = None;
        for id in parents {
            // what was no text, or is not here, has no line to compare with
            let Ok(Some(Ok(before))) = self.blob(id) else { continue };
            // as the text is made of its bytes
            let own = added(decode(&before.bytes).0.as_bytes(), text);
            all = Some(all.map_or_else(|| own.clone(), |all| shared(&all, &own)));
        }
        all
    }
}

/// The bytes that are in both lists, which are in order.
fn shared(a: &[Span], b: &[Span]) -> Vec<Span> {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut both = Vec::new();
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        let (start, end) = (x.start.max(y.start), x.end.min(y.end));
        if start < end {
            both.push(Span::new(start, end));
        }
        if x.end <= y.end { _ = a.next() } else { _ = b.next() }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::shared;
    use crate::model::span::Span;

    #[test]
    fn what_is_new_to_both_parents_is_new() {
        let spans = |list: &[(usize, usize)]| list.iter().map(|(a, b)| Span::new(*a, *b)).collect::<Vec<_>>();
        assert_eq!(
            shared(&spans(&[(0, 10), (20, 30)]), &spans(&[(5, 22), (25, 26), (29, 40)])),
            spans(&[(5, 10), (20, 22), (25, 26), (29, 30)])
        );
        assert_eq!(shared(&spans(&[(0, 10)]), &[]), []);
    }
}
