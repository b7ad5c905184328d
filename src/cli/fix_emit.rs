//! Patched bytes to files: encrypted twins, or the files themselves. All or none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harden::disk::journal::Transaction;
use harden::disk::read::sha256;
use harden::disk::undo::Kind;
use harden::git::Repository;
use harden::plan::Planned;
use harden::seal::{self, Index};
use zeroize::Zeroizing;

use super::args::FixArgs;
use super::exit::{Exit, Failure};
use super::fix_ignore::with_ignored;
use super::fix_work::{Target, Work};
use super::interrupted;
use super::pinned;
use super::project::Project;
use super::recording::Recording;
use super::sealing::{self, name_in, twin_of, warn_if_single};
use super::sops::existing_twin;
use super::ui;
use super::way_back;

/// Says what `--apply` would write, and what it still needs.
pub(crate) fn foretell(args: &FixArgs, work: &Work, edits: &BTreeMap<usize, Planned>, project: &Project) {
    if let Some(config) = project.config.as_ref().filter(|_| args.seal.recipients.is_empty() && !args.seal.accept_recipients)
        && let Ok(listed) = sealing::listed(&[], Some(config))
    {
        pinned::foretell(&listed, config);
    }
    if args.emit == "plain" {
        let kept = sealing::listed(&args.seal.recipients, project.config.as_ref()).is_ok();
        let lost = |i: &&usize| !kept && work.held(**i).zip(work.files.get(**i)).is_some_and(|(held, file)| !is_restorable(held, file));
        if let Some(path) = edits.keys().find(lost).and_then(|i| work.documents.get(*i)).map(|d| &d.path) {
            ui::warn(&format!("there is no way back for {path}: git does not hold it as it is; `--apply` needs `--allow-dirty` for it"));
        }
        ui::hint("`harden fix --emit plain --apply` patches these files in place");
        return;
    }
    if sealing::listed(&args.seal.recipients, project.config.as_ref()).is_err() {
        ui::hint("there are no recipients yet: `harden init` makes an identity and names it in harden.toml");
    }
    if args.emit == "sops" {
        ui::hint(
            "`harden fix --emit sops --apply` writes sops files, as NAME.sops.EXT beside these; a file that is one already is written again",
        );
        return;
    }
    ui::hint("`harden fix --apply` writes encrypted copies beside these files, as NAME.age; NAME stays as it is");
}

/// Writes all targets or none.
pub(crate) fn write(args: &FixArgs, project: &Project, targets: &[Target<'_>]) -> Result<Exit, Failure> {
    if args.emit == "plain" { plain(args, project, targets) } else { sealed(args, project, targets) }
}

fn sealed(args: &FixArgs, project: &Project, targets: &[Target<'_>]) -> Result<Exit, Failure> {
    let recipients = sealing::recipients(&args.seal, project.config.as_ref()).map_err(Failure::untouched)?;
    let mut index = match &project.config {
        Some(config) => Some((config.root.clone(), Index::load(&config.root)?)),
        None => None,
    };
    let root = root(args, project, targets);
    let mut transaction = Transaction::new(&root);
    let mut replaced = Vec::new();
    for target in targets {
        let twin = twin_of(target.file);
        let bytes = seal::seal(&target.bytes, &recipients)?;
        if let Some((root, index)) = &mut index
            && let Some(name) = name_in(root, &twin)
        {
            index.record(&name, &bytes, &recipients);
        }
        transaction = if let Some(read) = target.twin {
            replaced.push(twin.clone());
            transaction.replace(&twin, read, Zeroizing::new(bytes))
        } else {
            // ciphertext, to be committed: readable like any other source file
            transaction.create(&twin, Zeroizing::new(bytes), 0o644)
        };
    }
    if let Some((root, index)) = &index {
        let (with, list) = way_back::with_index(transaction, root, index)?;
        transaction = with;
        replaced.extend(list);
    }
    transaction = record(transaction, &root, args, project, targets, twin_of)?;
    way_back::keep(transaction, &root, &replaced, &recipients, Kind::Plan)?.commit().map_err(interrupted::failure)?;
    targets.iter().for_each(|t| ui::say(&format!("sealed: {}.age", t.document.path)));
    ui::hint("`harden undo` takes it back");
    warn_if_single(&recipients);
    let open: Vec<&str> = targets.iter().filter(|t| t.held.is_some() && t.file.exists()).map(|t| t.document.path.as_str()).collect();
    match open[..] {
        [] => {}
        [one] => ui::note(&format!("{one} still holds the old values; {}", next(one))),
        [first, ..] => ui::note(&format!("{} still hold the old values; {}", open.join(", "), next(first))),
    }
    Ok(Exit::Clean)
}

fn next(path: &str) -> String {
    let env = path.rsplit('/').next().is_some_and(|name| name.contains("env"));
    if env {
        format!("start with the new ones: `harden run --env-file {path}.age -- CMD`")
    } else {
        format!("take out the new one: `harden decrypt {path}.age`")
    }
}

fn plain(args: &FixArgs, project: &Project, targets: &[Target<'_>]) -> Result<Exit, Failure> {
    let recipients = way_back::recipients(&args.seal, project.config.as_ref())?;
    for target in targets {
        let path = &target.document.path;
        if let Some(other) = existing_twin(target.file) {
            return Err(
                Failure::new(format!("{} is the truth for {path}; nothing was written", other.display())).hint("run with `--emit sops`")
            );
        }
        if twin_of(target.file).symlink_metadata().is_ok() {
            return Err(Failure::new(format!("{path}.age is the truth for {path}; nothing was written")).hint("run without `--emit plain`"));
        }
        if !args.allow_dirty && recipients.is_none() && target.held.is_some_and(|held| !is_restorable(held, target.file)) {
            return Err(Failure::new(format!("{path} could not be restored: git does not hold it as it is; nothing was written"))
                .hint("commit it first, or run `harden init` so that an undo copy can be sealed, or say `--allow-dirty`"));
        }
    }
    let root = root(args, project, targets);
    let mut transaction = Transaction::new(&root);
    for target in targets {
        let bytes = target.bytes.clone();
        transaction = match target.held {
            Some(held) => transaction.replace(target.file, sha256(held.as_bytes()), bytes),
            None => transaction.create(target.file, bytes, 0o600),
        };
    }
    let (with, ignored) = with_ignored(transaction, targets);
    transaction = with;
    let replaced: Vec<PathBuf> = targets.iter().filter(|t| t.held.is_some()).map(|t| t.file.clone()).chain(ignored.replaced).collect();
    transaction = record(transaction, &root, args, project, targets, Path::to_owned)?;
    if let Some(recipients) = &recipients {
        transaction = way_back::keep(transaction, &root, &replaced, recipients, Kind::Plan)?;
    }
    transaction.commit().map_err(interrupted::failure)?;
    targets.iter().for_each(|t| ui::say(&format!("{}: {}", if t.held.is_none() { "written" } else { "patched" }, t.document.path)));
    ignored.notes.iter().for_each(|note| ui::note(note));
    if recipients.is_some() {
        ui::hint("`harden undo` takes it back");
    } else {
        ui::note("`harden undo` cannot take this back: there are no recipients to seal the old contents to (`harden init` makes them)");
    }
    Ok(Exit::Clean)
}

/// `transaction` with a line of the ledger about `targets`, each of which is written to what `written` says.
fn record(
    transaction: Transaction,
    root: &Path,
    args: &FixArgs,
    project: &Project,
    targets: &[Target<'_>],
    written: impl Fn(&Path) -> PathBuf,
) -> Result<Transaction, Failure> {
    let Some(mut line) = Recording::begin("fix", project.config.as_ref(), &args.seal.identity, None)? else { return Ok(transaction) };
    for target in targets {
        line.wrote(&written(target.file));
        line.changed(target.file, target.document, &target.bytes, &target.rules);
    }
    line.into(transaction, root)
}

/// Whether git holds `file` with these bytes.
pub(crate) fn is_restorable(held: &str, file: &Path) -> bool {
    let folder = file.parent().unwrap_or(file);
    Repository::discover(folder).is_some_and(|r| r.tracks(file, held.as_bytes()))
}

/// The folder where the journal is kept.
pub(crate) fn root(args: &FixArgs, project: &Project, targets: &[Target<'_>]) -> PathBuf {
    let files: Vec<PathBuf> = targets.iter().map(|t| t.file.clone()).collect();
    interrupted::root_for(project, &args.paths, &files)
}
