//! What the sealing commands share: whom to seal to, who opens, passphrases from the terminal, errors with their advice.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use harden::config::{Config, Loaded};
use harden::disk::read::{self, Links};
use harden::disk::{DiskError, atomic};
use harden::seal::{Identities, OpenFile, Passphrase, Places, Recipients, SealError, Source};
use zeroize::Zeroizing;

use super::args::{IdentityArgs, SealArgs};
use super::exit::Failure;
use super::pinned;
use super::ui;

/// Asks on the controlling terminal, whatever stdin and stdout are; without one, nobody is asked.
pub(crate) struct Terminal;

impl Passphrase for Terminal {
    fn ask(&self, what: &str) -> Option<Zeroizing<String>> {
        let question = format!("Passphrase of {}: ", ui::printable(what));
        rpassword::prompt_password(question).ok().map(Zeroizing::new).filter(|answer| !answer.is_empty())
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        error.hints().iter().fold(Self::new(&error), Self::hint)
    }
}

impl From<DiskError> for Failure {
    fn from(error: DiskError) -> Self {
        Self::new(error)
    }
}

/// The failure of one sealed file, named.
pub(crate) fn about(file: &Path, error: &SealError) -> Failure {
    error.hints().iter().fold(Failure::new(format!("{}: {error}", file.display())), Failure::hint)
}

/// The identities to open with, from the first of the documented places that has one.
pub(crate) fn identities(args: &IdentityArgs) -> Result<Identities, Failure> {
    let source = Places::of_process().find(args.identity.as_deref())?;
    let open_file = if args.allow_open_identity { OpenFile::Accept } else { OpenFile::Refuse };
    if source == Source::Stdin && io::stdin().is_terminal() {
        return Err(Failure::new("`-i -` reads the identity from standard input, which is a terminal").hint("name a file, `-i FILE`"));
    }
    Ok(Identities::load(&source, open_file, &Terminal)?)
}

/// The project that `start` lies in; `None` without a harden.toml, or with `--no-config`.
pub(crate) fn project(start: &Path, no_config: bool) -> Result<Option<Loaded>, Failure> {
    if no_config {
        return Ok(None);
    }
    Config::load(start).map_err(Failure::new)
}

/// Those that were typed, else those of the project, whom this user has accepted: for a command that seals.
pub(crate) fn recipients(args: &SealArgs, project: Option<&Loaded>) -> Result<Recipients, Failure> {
    let recipients = listed(&args.recipients, project)?;
    if let Some(project) = project.filter(|_| args.recipients.is_empty()) {
        pinned::check(&recipients, project, args.accept_recipients)?;
    }
    Ok(recipients)
}

/// Those that were typed, else those of the project, whoever they are: to look at.
pub(crate) fn listed(typed: &[String], project: Option<&Loaded>) -> Result<Recipients, Failure> {
    if !typed.is_empty() {
        return Ok(Recipients::parse(typed)?);
    }
    let Some(project) = project else { return Err(SealError::NoRecipients.into()) };
    Recipients::parse(&project.config.recipients).map_err(|error| match error {
        SealError::NoRecipients => error.into(),
        bad => about(&project.path, &bad),
    })
}

/// Says what losing the only key means, and what to do.
pub(crate) fn warn_if_single(recipients: &Recipients) {
    if recipients.is_single() {
        ui::warn("there is one recipient only: if its key is lost, everything sealed to it is lost");
        ui::hint("make a second key to keep elsewhere, `harden keygen --recovery -o FILE`, and add it: `harden init -r age1...`");
    }
}

/// The bytes of a file that was named on the command line.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    const LIMIT: u64 = 64 * 1024 * 1024;
    match read::read_raw(path, Links::Follow, LIMIT)? {
        Some(raw) => Ok(raw.bytes),
        None => Err(Failure::new(format!("{}: expected a regular file of at most 64 MiB", path.display()))),
    }
}

/// The folder that holds `file`; `.` for a bare name.
pub(crate) fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A path as it is seen from here.
pub(crate) fn shown(path: &Path) -> String {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// `NAME.age` beside NAME.
pub(crate) fn twin_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".age");
    name.into()
}

/// Makes a file that only its owner reads, with its folders, which only their owner enters. Never replaces one.
pub(crate) fn create_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = folder_of(path);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Failure::new(format!("{}: the folder cannot be made: {error}", folder.display())))?;
    Ok(atomic::create_new(path, bytes, 0o600)?)
}

/// The path from the root, with `/`; `None` when it is not text.
pub(crate) fn name_in(root: &Path, file: &Path) -> Option<String> {
    let folder = folder_of(file).canonicalize().ok()?;
    let path = folder.join(file.file_name()?);
    let parts = path.strip_prefix(root).ok()?.components().map(|part| part.as_os_str().to_str());
    Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
}
