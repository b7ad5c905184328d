//! `encrypt --remove-plain`: a plain file goes once its sealed copy was read back from the disk, opened, and found to hold every byte of it.

use std::path::PathBuf;

use harden::disk::journal::Transaction;
use harden::disk::read::{Links, read_raw, sha256};
use harden::disk::undo::Kind;
use harden::git::Repository;
use harden::seal::{Identities, Recipients};

use super::args::IdentityArgs;
use super::exit::{Exit, Failure};
use super::interrupted;
use super::project::Project;
use super::recording::Recording;
use super::sealed_file::real;
use super::sealing::{self, about, folder_of, shown};
use super::sops::open_any;
use super::ui;
use super::way_back;

/// The identities that will read the sealed copies back, asked for before anything is written.
pub(crate) fn identities<'r>(args: &IdentityArgs, all: impl IntoIterator<Item = &'r Recipients>) -> Result<Identities, Failure> {
    let identities = sealing::identities(args).map_err(Failure::untouched)?;
    let opens = |recipients: &Recipients| recipients.iter().any(|one| identities.recipients().contains(one));
    if all.into_iter().all(opens) {
        return Ok(identities);
    }
    let own = identities.origin();
    Err(Failure::new(format!("{own} would not open the sealed file, which could not be read back then; nothing was written"))
        .hint("without `--remove-plain` it is sealed to others only, and the plain file stays"))
}

/// A plain file and its sealed copy.
pub(crate) struct Pair {
    pub(crate) plain: PathBuf,
    pub(crate) sealed: PathBuf,
}

/// Removes all plain files, or none.
pub(crate) fn remove(pairs: &[Pair], identities: &Identities, keepers: &Recipients, project: &Project) -> Result<Exit, Failure> {
    let stays = |failure: Failure| {
        let failure = Failure { message: format!("{}; no plain file was removed", failure.message), ..failure };
        failure.code(Exit::Findings)
    };
    let mut files = Vec::new();
    for Pair { plain, sealed } in pairs {
        let file = real(plain).map_err(stays)?;
        let back = sealing::read(sealed).map_err(stays)?;
        let back = open_any(&back, identities).map_err(|error| stays(about(sealed, &error)))?;
        let held = read_raw(&file, Links::Refuse, u64::MAX).map_err(|error| stays(Failure::new(error)))?;
        let held = held.ok_or_else(|| stays(Failure::new(format!("{}: expected a regular file, and no link", plain.display()))))?;
        if held.bytes != back {
            return Err(stays(Failure::new(format!("{} does not give back {} byte for byte", sealed.display(), plain.display())))
                .hint("sops keeps values, not every quote, block and line end; without `--emit sops` every byte is sealed"));
        }
        files.push((file, sha256(&held.bytes)));
    }
    let paths: Vec<PathBuf> = files.iter().map(|(file, _)| file.clone()).collect();
    let root = interrupted::root_for(project, &paths, &paths);
    let mut transaction = Transaction::new(&root);
    for (file, held) in &files {
        transaction = transaction.remove(file, *held);
    }
    if let Some(mut line) = Recording::begin("remove-plain", project.config.as_ref(), &IdentityArgs::default(), Some(identities))? {
        paths.iter().for_each(|path| line.wrote(path));
        transaction = line.into(transaction, &root)?;
    }
    way_back::keep(transaction, &root, &paths, keepers, Kind::Plan)?
        .commit()
        .map_err(interrupted::failure)
        .map_err(|failure| if failure.exit == Exit::HalfDone { failure } else { stays(failure) })?;
    for (Pair { plain, sealed }, (file, _)) in pairs.iter().zip(&files) {
        ui::say(&format!("removed: {} (read back from {})", plain.display(), sealed.display()));
        if let Some(repository) = Repository::discover(folder_of(file))
            && let Ok(inside) = file.strip_prefix(repository.root())
            && repository.indexed(&[inside.to_owned()]).is_ok_and(|found| !found.is_empty())
        {
            ui::note(&format!(
                "git has it, too: `git rm --cached -- {}` keeps it out of the next commit",
                ui::word(&PathBuf::from(shown(file)))
            ));
            ui::note("its history keeps the old values: whoever has the repository has them, until they are changed");
        }
    }
    ui::hint("`harden undo` brings the plain file back");
    Ok(Exit::Clean)
}
