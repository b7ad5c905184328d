//! `harden undo`: takes back the last plan that was applied, or one of those before it, as a transaction of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harden::disk::journal::{self, Recovered, Transaction, pending};
use harden::disk::read::{self, Links, sha256};
use harden::disk::undo::{self, Change, Content, Kind, Numbered, Past};
use harden::model::date;
use harden::seal::{self, Identities, Index, Recipients, SealError};
use zeroize::Zeroizing;

use super::args::{Global, UndoArgs};
use super::exit::{Exit, Failure};
use super::interrupted;
use super::project::Project;
use super::recording::{Recording, is_record};
use super::sealing::{self, about};
use super::ui;
use super::way_back;

/// Lists, forgets, or takes back.
pub(crate) fn run(args: &UndoArgs, global: &Global) -> Result<Exit, Failure> {
    if !args.dir.is_dir() {
        return Err(Failure::new(format!("{}: expected a folder; nothing was written", args.dir.display())));
    }
    let project = Project::bare(sealing::project(&args.dir, global.no_config)?);
    let roots = interrupted::roots(&project, std::slice::from_ref(&args.dir));
    if args.list {
        return list(&roots);
    }
    if let Some(half) = roots.iter().find(|root| pending(root))
        && let Some(exit) = interrupted_run(args, half)?
    {
        return Ok(exit);
    }
    let Some((root, copies)) = first(&roots)? else {
        return Err(Failure::new("there is nothing to take back; nothing was written").hint(
            "what `fix --apply`, `set`, `edit` and `rekey` wrote can be taken back, where there are recipients; what git holds, `git checkout -- FILE` brings back",
        ));
    };
    let known = |number| copies.iter().any(|(known, _)| *known == number);
    if let Some(number) = args.number.filter(|number| !known(*number)) {
        return Err(Failure::new(format!("there is no plan {number} to take back; nothing was written"))
            .hint("`harden undo --list` shows those that there are"));
    }
    if args.forget {
        let gone = undo::forget(&root, args.number)?;
        ui::say(&format!("forgotten: {gone}; there is no way back for {}", if gone == 1 { "it" } else { "them" }));
        return Ok(Exit::Clean);
    }
    let Some(past) = chosen(args.number, copies)? else {
        return Err(
            Failure::new("the last plan is taken back already; nothing was written").hint("`harden undo --list` shows what else there is")
        );
    };
    interrupted::guard(&[undo::sealed(&root, past.number).with_extension("")])?;
    take_back(&root, &past, args, &project)
}

/// The first of `roots` with something to take back, and all of that, the newest first.
fn first(roots: &[PathBuf]) -> Result<Option<(PathBuf, Vec<Numbered>)>, Failure> {
    for root in roots {
        let copies = undo::list(root)?;
        if !copies.is_empty() {
            return Ok(Some((root.clone(), copies)));
        }
    }
    Ok(None)
}

/// The one with that number, else the newest that is no undo itself.
fn chosen(number: Option<u32>, copies: Vec<Numbered>) -> Result<Option<Past>, Failure> {
    for (known, past) in copies {
        let wanted = number.map_or_else(|| !past.as_ref().is_ok_and(|p| matches!(p.kind, Kind::Undo(_))), |number| number == known);
        if wanted {
            let hint = format!("`harden undo --forget {known}` removes it; the way back is git then");
            return past.map(Some).map_err(|e| Failure::from(e).hint(hint));
        }
    }
    Ok(None)
}

fn list(roots: &[PathBuf]) -> Result<Exit, Failure> {
    let Some((root, copies)) = first(roots)? else {
        ui::note("there is nothing to take back");
        return Ok(Exit::Clean);
    };
    for (number, past) in copies {
        match past {
            Ok(past) => {
                let what = match past.kind {
                    Kind::Plan => "plan".to_owned(),
                    Kind::Undo(taken) => format!("took back {taken}"),
                    Kind::Redo(taken) => format!("took back {taken}, the plan holds again"),
                };
                let files: Vec<String> =
                    past.changes.iter().filter(|change| !is_record(&change.path)).map(|change| shown(&root, &change.path)).collect();
                ui::say(&format!("{number}  {}  {what}: {}", date::date_time(past.time), files.join(", ")));
            }
            Err(error) => ui::warn(&format!("{number}: {error}")),
        }
    }
    Ok(Exit::Clean)
}

/// `None` where there turns out to be none.
fn interrupted_run(args: &UndoArgs, root: &Path) -> Result<Option<Exit>, Failure> {
    if args.number.is_some() || args.forget {
        return Err(Failure::new("an earlier run was interrupted while it wrote; nothing was written")
            .hint("`harden undo` takes it back, `harden fix --apply` finishes it")
            .code(Exit::HalfDone));
    }
    interrupted::guard(&journal::standing(root))?;
    match journal::undo(root).map_err(interrupted::failure)? {
        Recovered::Nothing => return Ok(None),
        Recovered::Finished => {
            ui::say("the run that was interrupted was all but done, and is finished now; `harden undo` again takes it back");
        }
        Recovered::Undone => ui::say("the run that was interrupted is taken back"),
    }
    Ok(Some(Exit::Clean))
}

fn take_back(root: &Path, past: &Past, args: &UndoArgs, project: &Project) -> Result<Exit, Failure> {
    let index = Index::path(root);
    // the record of what was done stays, and goes on
    let changes: Vec<&Change> = past.changes.iter().filter(|change| !is_record(&change.path)).collect();
    let now =
        changes.iter().copied().map(|change| Ok((change, current(&root.join(&change.path))?))).collect::<Result<Vec<_>, Failure>>()?;
    // the list of sealed files is put together anew, whoever wrote it since
    let edited = |(change, now): &&(&Change, Option<Found>)| {
        let now = now.as_ref().map(|found| found.bytes.as_ref().map(|bytes| sha256(bytes)));
        root.join(&change.path) != index && now != change.new.map(Some)
    };
    let edited: Vec<String> = now.iter().filter(edited).map(|(change, _)| shown(root, &change.path)).collect();
    let copy = undo::sealed(root, past.number);
    if !edited.is_empty() {
        let was = if edited.len() == 1 { "was" } else { "were" };
        return Err(Failure::new(format!("{} {was} changed since the plan was applied; nothing was written", edited.join(", ")))
            .hint(format!("what stood there before: `harden decrypt --reveal {}`", ui::word(Path::new(&shown(root, &copy))))));
    }
    let (identities, contents) = open(&copy, args, past)?;
    let mut transaction = Transaction::new(root);
    let mut held = Vec::new();
    for (change, now) in &now {
        let file = root.join(&change.path);
        let old = || contents.get(&change.path).ok_or_else(|| other(&copy, past));
        if file == index {
            continue;
        }
        held.extend(now.iter().map(|_| file.clone()));
        transaction = match (change.old, change.new) {
            (Some(_), Some(new)) => transaction.replace(&file, new, old()?.bytes.clone()),
            (Some(_), None) => transaction.create(&file, old()?.bytes.clone(), old()?.mode),
            (None, Some(new)) => transaction.remove(&file, new),
            (None, None) => transaction,
        };
    }
    if past.changes.iter().any(|change| root.join(&change.path) == index) {
        let (with, changed) = old_index(transaction, root, past, &contents)?;
        transaction = with;
        held.extend(changed);
    }
    let recipients = match way_back::accepted(project.config.as_ref())? {
        Some(recipients) => recipients,
        None => Recipients::new(identities.recipients().to_vec())?,
    };
    let kind = if matches!(past.kind, Kind::Undo(_)) { Kind::Redo(past.number) } else { Kind::Undo(past.number) };
    if let Some(mut line) = Recording::begin("undo", project.config.as_ref(), &args.identity, Some(&identities))? {
        changes.iter().map(|change| root.join(&change.path)).filter(|file| *file != index).for_each(|file| line.wrote(&file));
        line.takes_back(past.time);
        transaction = line.into(transaction, root)?;
    }
    let number = way_back::keep(transaction, root, &held, &recipients, kind)?.commit().map_err(interrupted::failure)?;
    for change in &changes {
        let verb = if change.old.is_none() { "removed" } else { "restored" };
        if root.join(&change.path) != index {
            ui::say(&format!("{verb}: {}", shown(root, &change.path)));
        }
    }
    if let Some(number) = number {
        ui::hint(&format!("`harden undo {number}` takes that back"));
    }
    Ok(Exit::Clean)
}

/// A file as it is; without bytes where it is no regular file.
struct Found {
    bytes: Option<Zeroizing<Vec<u8>>>,
}

fn current(file: &Path) -> Result<Option<Found>, Failure> {
    if read::is_missing(file) {
        return Ok(None);
    }
    Ok(Some(Found { bytes: read::read_raw(file, Links::Refuse, u64::MAX)?.map(|raw| raw.bytes) }))
}

/// The old contents by path; each is what the list says.
fn open(copy: &Path, args: &UndoArgs, past: &Past) -> Result<(Identities, BTreeMap<PathBuf, Content>), Failure> {
    let untouched = |failure: Failure| Failure { message: format!("{}; nothing was written", failure.message), ..failure };
    let sealed = sealing::read(copy).map_err(untouched)?;
    let identities = sealing::identities(&args.identity).map_err(untouched)?;
    let packed = seal::open(&sealed, &identities).map_err(|error| match error {
        SealError::Damaged | SealError::Truncated | SealError::NotSealed => {
            Failure::new(format!("{}: {error}; nothing was written", copy.display())).hint(forget_hint(past))
        }
        error => untouched(about(copy, &error)),
    })?;
    let contents = undo::unpack(&packed).ok_or_else(|| other(copy, past))?;
    let contents: BTreeMap<PathBuf, Content> = contents.into_iter().map(|content| (content.path.clone(), content)).collect();
    let fits = |change: &Change| change.old == contents.get(&change.path).map(|content| sha256(&content.bytes));
    if past.changes.iter().filter(|change| !is_record(&change.path)).all(fits) {
        Ok((identities, contents))
    } else {
        Err(other(copy, past))
    }
}

fn other(copy: &Path, past: &Past) -> Failure {
    Failure::new(format!("{} does not hold what was changed; nothing was written", copy.display())).hint(forget_hint(past))
}

fn forget_hint(past: &Past) -> String {
    format!("`harden undo --forget {}` removes it; the way back is git then", past.number)
}

/// The list of sealed files with the lines of this plan as they were before it.
fn old_index(
    transaction: Transaction,
    root: &Path,
    past: &Past,
    contents: &BTreeMap<PathBuf, Content>,
) -> Result<(Transaction, Option<PathBuf>), Failure> {
    let path = Index::path(root);
    let before = path.strip_prefix(root).ok().and_then(|path| contents.get(path));
    let before = match before.map(|content| std::str::from_utf8(&content.bytes)) {
        Some(Ok(text)) => Index::parse(text, &path)?,
        _ => Index::default(),
    };
    let mut index = Index::load(root)?;
    for name in past.changes.iter().filter_map(|change| change.path.to_str()) {
        index.take(name, &before);
    }
    if index == Index::default() && before == Index::default() {
        return match current(&path)?.and_then(|found| found.bytes) {
            Some(bytes) => Ok((transaction.remove(&path, sha256(&bytes)), Some(path))),
            None => Ok((transaction, None)),
        };
    }
    way_back::with_index(transaction, root, &index)
}

/// A path of the project as it is seen from here.
fn shown(root: &Path, path: &Path) -> String {
    let whole = root.join(path);
    let here = Path::new(".").canonicalize().unwrap_or_default();
    whole.strip_prefix(here).unwrap_or(&whole).display().to_string()
}
