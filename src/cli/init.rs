//! `harden init`: an identity, recipients in harden.toml, and `.harden/.gitignore`, in one step that asks nothing; with `--hook` the hook, too.
//! A second run changes nothing.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use harden::config::{Config, FILE_NAME};
use harden::disk::atomic::{self, ModePolicy};
use harden::disk::read::{self, Links};
use harden::git::Hook;
use harden::seal::{Identities, KeyPair, Nobody, OpenFile, Places, Recipient, Recipients, SealError};

use super::args::InitArgs;
use super::exit::{Exit, Failure};
use super::hook::{Wanted, repository};
use super::pinned;
use super::seal_table;
use super::sealing::{create_private, warn_if_single};
use super::ui;

/// Keeps locks, journals and undo copies out of git.
const IGNORED: &str = "state/";

/// Makes what is missing and prints each thing made.
pub(crate) fn run(args: &InitArgs) -> Result<Exit, Failure> {
    if !args.dir.is_dir() {
        return Err(Failure::new(format!("{}: expected a folder; nothing was written", args.dir.display())));
    }
    let mut wanted = args.recipients.iter().map(|text| text.parse()).collect::<Result<Vec<Recipient>, _>>()?;
    // everything that can be refused is looked at before anything is written
    let config = Toml::read(&args.dir.join(FILE_NAME))?;
    let own = Own::find(&args.recipients)?;
    let ignore = Ignore::read(&args.dir.join(".harden").join(".gitignore"))?;
    let hook = args.hook.then(|| Wanted::new(&repository(&args.dir)?, Hook::PreCommit, false)).transpose()?;
    wanted.splice(0..0, own.recipients().iter().cloned());
    let (toml, recipients) = config.with(wanted.clone())?;

    let mut done = Vec::new();
    done.extend(own.write()?);
    done.extend(config.write(toml.as_deref())?);
    done.extend(ignore.write()?);
    done.iter().for_each(|line| ui::say(line));
    if done.is_empty() {
        ui::say("nothing to do: identity, recipients and `.harden/.gitignore` are there");
    }
    let root = args.dir.canonicalize().map_err(|error| Failure::new(format!("{}: {}", args.dir.display(), error.kind())))?;
    pinned::init(&root, &recipients, &wanted)?;
    warn_if_single(&recipients);
    hook.map_or(Ok(Exit::Clean), Wanted::install)
}

/// The user's own identity: found, to be made, or none that can be named without a passphrase.
enum Own {
    Found(Vec<Recipient>),
    New(Box<KeyPair>, PathBuf),
}

impl Own {
    fn find(typed: &[String]) -> Result<Self, Failure> {
        let places = Places::of_process();
        let source = match places.find(None) {
            Ok(source) => source,
            Err(SealError::NoIdentity { .. }) => {
                let path = places.default_file().ok_or_else(|| {
                    Failure::new("no home folder to put an identity in: neither XDG_CONFIG_HOME nor HOME is set; nothing was written")
                        .hint("set `HARDEN_IDENTITY_FILE` to an identity file")
                })?;
                return Ok(Self::New(Box::new(KeyPair::generate()), path));
            }
            Err(error) => return Err(error.into()),
        };
        match Identities::load(&source, OpenFile::Refuse, &Nobody) {
            Ok(identities) => Ok(Self::Found(identities.recipients().to_vec())),
            Err(SealError::NobodyToAsk { .. }) if !typed.is_empty() => Ok(Self::Found(Vec::new())),
            Err(SealError::NobodyToAsk { path }) => {
                let failure = Failure::new(format!("{}: the identity has a passphrase, and `init` asks nothing", path.display()));
                Err(failure.hint("name its public key: `harden init -r age1...` or `-r \"ssh-ed25519 AAAA...\"`"))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn recipients(&self) -> &[Recipient] {
        match self {
            Self::Found(recipients) => recipients,
            Self::New(pair, _) => std::slice::from_ref(pair.recipient()),
        }
    }

    fn write(&self) -> Result<Option<String>, Failure> {
        let Self::New(pair, path) = self else { return Ok(None) };
        create_private(path, pair.to_file(SystemTime::now()).as_bytes())?;
        Ok(Some(format!("made an identity: {} (keep a copy; nobody can restore it)", path.display())))
    }
}

/// harden.toml as it is; `None` when there is none.
struct Toml {
    path: PathBuf,
    text: Option<String>,
    listed: Vec<String>,
}

impl Toml {
    fn read(path: &Path) -> Result<Self, Failure> {
        let text = text_of(path)?;
        let listed = Config::parse(text.as_deref().unwrap_or_default(), path).map_err(Failure::new)?.recipients;
        Ok(Self { path: path.to_owned(), text, listed })
    }

    /// The text with those of `wanted` that are not listed yet, `None` when all are; and everyone listed then.
    fn with(&self, wanted: Vec<Recipient>) -> Result<(Option<String>, Recipients), Failure> {
        let mut all = self.listed.iter().map(|text| text.parse()).collect::<Result<Vec<Recipient>, _>>()?;
        let before = Recipients::new(all.clone()).ok();
        all.extend(wanted);
        let recipients = Recipients::new(all)?;
        let known = |one: &Recipient| before.as_ref().is_some_and(|list| list.iter().any(|other| other == one));
        let new: Vec<&str> = recipients.iter().filter(|one| !known(one)).map(Recipient::as_str).collect();
        if new.is_empty() {
            return Ok((None, recipients));
        }
        let by_hand = || {
            let failure = Failure::new(format!(
                "{}: `seal` is written in a way that has no place for a list; nothing was written",
                self.path.display()
            ));
            failure.hint("write `[seal]` as a table with `recipients = []`, and run it again")
        };
        let text = seal_table::with_recipients(self.text.as_deref().unwrap_or_default(), &new).ok_or_else(by_hand)?;
        // parsed again: exactly the planned list, or nothing is written
        let now = Config::parse(&text, &self.path).map_err(|_| by_hand())?.recipients;
        let planned = self.listed.iter().map(String::as_str).chain(new);
        if now.iter().map(String::as_str).eq(planned) { Ok((Some(text), recipients)) } else { Err(by_hand()) }
    }

    fn write(&self, text: Option<&str>) -> Result<Option<String>, Failure> {
        let Some(text) = text else { return Ok(None) };
        let done = if self.text.is_some() {
            atomic::write_atomic(&self.path, text.as_bytes(), ModePolicy::Keep)?;
            "added to the recipients in"
        } else {
            atomic::create_new(&self.path, text.as_bytes(), 0o644)?;
            "listed the recipients in"
        };
        Ok(Some(format!("{done} {}: commit it", shown(&self.path))))
    }
}

/// `.harden/.gitignore` as it is.
struct Ignore {
    path: PathBuf,
    text: Option<String>,
}

impl Ignore {
    fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), text: text_of(path)? })
    }

    fn write(&self) -> Result<Option<String>, Failure> {
        let old = self.text.as_deref().unwrap_or_default();
        if old.lines().any(|line| line.trim() == IGNORED) {
            return Ok(None);
        }
        let gap = if old.is_empty() || old.ends_with('\n') { "" } else { "\n" };
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Failure::new(format!("{}: the folder cannot be made: {error}", folder.display())))?;
        }
        atomic::write_atomic(&self.path, format!("{old}{gap}{IGNORED}\n").as_bytes(), ModePolicy::Exactly(0o644))?;
        Ok(Some(format!("wrote {}: commit it", shown(&self.path))))
    }
}

/// Without the `./` of the default folder.
fn shown(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(".").unwrap_or(path).display()
}

/// The text of a small file of ours; `None` when there is none.
fn text_of(path: &Path) -> Result<Option<String>, Failure> {
    const LIMIT: u64 = 1024 * 1024;
    if matches!(path.symlink_metadata(), Err(error) if error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let refused = || Failure::new(format!("{}: expected a text file of at most 1 MiB; nothing was written", path.display()));
    let raw = read::read_raw(path, Links::Refuse, LIMIT)?.ok_or_else(refused)?;
    std::str::from_utf8(&raw.bytes).map(|text| Some(text.to_owned())).map_err(|_| refused())
}
