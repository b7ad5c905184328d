//! `harden rekey`: sealed files to the recipients that harden.toml lists now. Says what would change; `--apply` does it, as one transaction.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use harden::config::Loaded;
use harden::disk::read::sha256;
use harden::disk::walk::{Exclude, Options, walk};
use harden::model::date::now;
use harden::seal::{self, Identities, Index, ProjectKey, Recipients, SealError, sops};
use zeroize::Zeroizing;

use super::args::Global;
use super::exit::{Exit, Failure};
use super::interrupted;
use super::pinned;
use super::project::Project;
use super::recording::Recording;
use super::sealed_args::RekeyArgs;
use super::sealed_file::{Change, commit, names_of, real, recorded};
use super::sealing::{self, about, shown, warn_if_single};
use super::ui;

/// Lists what differs, and seals it again with `--apply`.
pub(crate) fn run(args: &RekeyArgs, global: &Global) -> Result<Exit, Failure> {
    let start = if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths.clone() };
    let project = Project::load(&start, global.no_config)?;
    let config = project.config.as_ref().ok_or_else(|| {
        Failure::new("no harden.toml here or above that lists recipients; nothing was written").hint("`harden init` makes one")
    })?;
    let recipients = sealing::listed(&[], Some(config)).map_err(|failure| Failure {
        hints: failure.hints.into_iter().map(|hint| hint.replace(", or name one with `-r age1...`", "")).collect(),
        ..Failure::new(failure.message).untouched()
    })?;
    if args.apply {
        interrupted::settle(&project, &start)?;
    } else {
        interrupted::mention(&project, &start);
    }
    let wanted: BTreeSet<String> = names_of(&recipients).into_iter().collect();
    let mut files = Vec::new();
    for path in targets(args, config)? {
        files.extend(Sealed::look(&path, &project, &wanted)?);
    }
    let mut different: Vec<&Sealed> = files.iter().filter(|file| file.differs()).collect();
    // the project's key is made with the ledger and in no list at first: it goes along with the others, and alone says nothing
    if let [only] = different[..]
        && only.known.is_none()
        && only.path.ends_with(".harden/key.age")
        && files.len() > 1
    {
        different.clear();
    }
    different.iter().for_each(|file| file.tell());
    if different.is_empty() {
        ui::say(&match files.len() {
            0 => "nothing is sealed here".to_owned(),
            1 => "1 sealed file, sealed to the recipients of harden.toml".to_owned(),
            count => format!("{count} sealed files, all sealed to the recipients of harden.toml"),
        });
        return Ok(Exit::Clean);
    }
    if !args.apply {
        pinned::foretell(&recipients, config);
        ui::hint("`harden rekey --apply` seals them to the recipients of harden.toml");
        return Ok(Exit::Findings);
    }
    pinned::check(&recipients, config, args.accept_recipients)?;
    apply(args, &project, &different, &recipients)
}

/// The files to look at: those of the list, and the project's key; with paths, what lies there.
fn targets(args: &RekeyArgs, config: &Loaded) -> Result<BTreeSet<PathBuf>, Failure> {
    let index = Index::load(&config.root)?;
    let mut listed: BTreeSet<PathBuf> = index.files().map(|name| config.root.join(name)).collect();
    let key = ProjectKey::path(&config.root);
    listed.insert(key.clone());
    if let Some(gone) = listed.iter().find(|path| !path.is_file() && **path != key) {
        ui::warn(&format!("{} is on the list of sealed files, and is not there", shown(gone)));
    }
    listed.retain(|path| path.is_file());
    if args.paths.is_empty() {
        let more: Vec<String> =
            found(std::slice::from_ref(&config.root), config).iter().filter(|p| !listed.contains(*p)).map(|p| shown(p)).collect();
        if !more.is_empty() {
            ui::note(&format!("not on the list of sealed files, and left alone unless named: {}", more.join(", ")));
        }
        return Ok(listed);
    }
    let mut out = BTreeSet::new();
    for path in &args.paths {
        let path =
            if path.is_dir() { path.canonicalize().map_err(|e| Failure::new(format!("{}: {e}", path.display())))? } else { real(path)? };
        out.extend(listed.iter().filter(|file| file.starts_with(&path)).cloned());
        if path.is_dir() {
            out.extend(found(&[path], config));
        } else {
            out.insert(path);
        }
    }
    Ok(out)
}

/// Sealed files by their names and content.
fn found(paths: &[PathBuf], config: &Loaded) -> BTreeSet<PathBuf> {
    let exclude = Exclude { base: config.root.clone(), globs: config.config.exclude.set().clone() };
    let found = walk(paths, &Options { no_ignore: false, exclude: Some(exclude) });
    let files = found.files.into_iter().chain(found.sealed).map(|file| file.path);
    let named =
        |path: &Path| path.file_name().is_some_and(|n| n.to_string_lossy().ends_with(".age") || n.to_string_lossy().contains(".sops."));
    let sealed = |path: &Path| sealing::read(path).is_ok_and(|bytes| seal::is_sealed(&bytes) || sops::form_of(&bytes).is_some());
    files.filter(|path| named(path) && sealed(path)).collect()
}

/// One sealed file, not opened.
struct Sealed {
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
    /// Who opens it and should not; `None` where nobody can tell who does.
    known: Option<Vec<String>>,
    /// Who should and cannot.
    missing: Vec<String>,
}

impl Sealed {
    /// `None` for a file behind a passphrase, which has no recipients.
    fn look(path: &Path, project: &Project, wanted: &BTreeSet<String>) -> Result<Option<Self>, Failure> {
        let bytes = sealing::read(path).map_err(Failure::untouched)?;
        let (path, named) = (path.to_owned(), |error: SealError| about(path, &error).untouched());
        let has = if sops::form_of(&bytes).is_some() {
            Some(sops::recipients(&bytes).map_err(named)?)
        } else if seal::is_passphrase_sealed(&bytes) {
            ui::note(&format!("{} is sealed with a passphrase, and has no recipients", shown(&path)));
            return Ok(None);
        } else if seal::is_sealed(&bytes) {
            recorded(&path, &bytes, project)?.filter(|names| seal::count_recipients(&bytes) == Some(names.len()))
        } else {
            return Err(named(SealError::NotSealed));
        };
        let missing = match &has {
            Some(has) => wanted.iter().filter(|name| !has.contains(name)).cloned().collect(),
            None => Vec::new(),
        };
        let known = has.map(|has| has.into_iter().filter(|name| !wanted.contains(name)).collect());
        Ok(Some(Self { path, bytes, known, missing }))
    }

    fn differs(&self) -> bool {
        !self.missing.is_empty() || self.known.as_ref().is_none_or(|more| !more.is_empty())
    }

    fn tell(&self) {
        ui::say(&shown(&self.path));
        match &self.known {
            Some(more) => {
                self.missing.iter().for_each(|name| ui::say(&format!("  + {name}")));
                more.iter().for_each(|name| ui::say(&format!("  - {name}")));
            }
            None => ui::say("  ? nobody can tell to whom it is sealed: the list of sealed files does not know it as it is"),
        }
    }

    /// The same content, sealed to `recipients`, and opened again.
    fn again(&self, recipients: &Recipients, identities: &Identities) -> Result<Vec<u8>, SealError> {
        if sops::form_of(&self.bytes).is_some() {
            let opened = sops::open(&self.bytes, identities)?;
            let sealed = opened.seal_anew(recipients, now())?;
            let same = sops::open(&sealed, identities)?.text() == opened.text();
            return if same { Ok(sealed) } else { Err(SealError::NotSealable) };
        }
        let plain = seal::open(&self.bytes, identities)?;
        let sealed = seal::seal(&plain, recipients)?;
        if seal::open(&sealed, identities)? == plain { Ok(sealed) } else { Err(SealError::NotSealable) }
    }
}

fn apply(args: &RekeyArgs, project: &Project, files: &[&Sealed], recipients: &Recipients) -> Result<Exit, Failure> {
    let identities = sealing::identities(&args.identity).map_err(Failure::untouched)?;
    if !recipients.iter().any(|one| identities.recipients().contains(one)) {
        let own = identities.origin();
        return Err(Failure::new(format!("{own} would not open the files any more: it is not in harden.toml; nothing was written"))
            .hint("let somebody who stays do it, or list your own recipient: `harden init`"));
    }
    let (mut changes, mut left) = (Vec::new(), false);
    for file in files {
        match file.again(recipients, &identities) {
            Ok(new) => changes.push(Change {
                path: file.path.clone(),
                old: sha256(&file.bytes),
                new: Zeroizing::new(new),
                recipients: Some(names_of(recipients)),
            }),
            Err(error @ SealError::SopsForeign(_)) => {
                ui::warn(&format!("{} is left as it is: {error}", shown(&file.path)));
                left = true;
            }
            Err(error) => {
                let failure = about(Path::new(&shown(&file.path)), &error).untouched();
                return Err(
                    failure.hint("name the files that you can open, `harden rekey --apply FILE...`, or let somebody do it who opens all")
                );
            }
        }
    }
    let written: Vec<String> = changes.iter().map(|change| shown(&change.path)).collect();
    let line = Recording::begin("rekey", project.config.as_ref(), &args.identity, Some(&identities))?.filter(|_| !changes.is_empty());
    let undo = !changes.is_empty() && commit(project, changes, Some(recipients), line)?;
    written.iter().for_each(|name| ui::say(&format!("sealed again: {name}")));
    if undo {
        ui::hint("`harden undo` takes it back");
    }
    warn_if_single(recipients);
    if files.iter().any(|file| file.known.as_ref().is_none_or(|more| !more.is_empty())) {
        ui::note("who was taken off the list still opens what git's history holds, and keeps what they have read:");
        ui::note(
            "change those secrets themselves: `harden rotate` gives a running server a new one, `harden set KEY` takes one that a provider issued",
        );
    }
    Ok(if left { Exit::Findings } else { Exit::Clean })
}
