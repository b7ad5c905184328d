//! One sealed file that is opened to be sealed again: to whom it was, by age or in the way of sops.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harden::config::environment;
use harden::disk::journal::Transaction;
use harden::disk::read::sha256;
use harden::disk::undo::Kind;
use harden::model::date::now;
use harden::model::document::Document;
use harden::model::span::Span;
use harden::scan::examine;
use harden::seal::sops::{self, Opened};
use harden::seal::{self, Identities, Index, Passphrase, Recipient, Recipients, SealError};
use zeroize::Zeroizing;

use super::args::SealArgs;
use super::exit::Failure;
use super::interrupted;
use super::pinned;
use super::project::Project;
use super::recording::Recording;
use super::sealing::{self, Terminal, about, folder_of, name_in, twin_of};
use super::sops::{existing_twin, request_for, secrets};
use super::way_back;

/// A sealed file, open.
pub(crate) struct SealedFile {
    /// Without links on the way.
    pub(crate) path: PathBuf,
    /// Name of the plain file; it tells the format.
    pub(crate) plain_name: String,
    /// SHA-256 of the sealed bytes that were read.
    pub(crate) digest: [u8; 32],
    pub(crate) plain: Zeroizing<Vec<u8>>,
    how: How,
}

enum How {
    Age { recipients: Recipients, identities: Identities },
    Passphrase(Zeroizing<String>),
    Sops { opened: Box<Opened>, identities: Identities },
}

/// The sealed file that `file` means: itself, or its twin, which is the truth for it. `None` where it is a plain file without a twin.
pub(crate) fn meant(file: &Path) -> Result<Option<PathBuf>, Failure> {
    let twin = [Some(twin_of(file)), existing_twin(file)].into_iter().flatten().find(|twin| twin.symlink_metadata().is_ok());
    if let Some(twin) = twin {
        return Ok(Some(twin));
    }
    let bytes = sealing::read(file)?;
    let sealed = seal::is_sealed(&bytes) || sops::form_of(&bytes).is_some();
    if !sealed && file.extension().is_some_and(|end| end == "age") {
        return Err(about(file, &SealError::NotSealed).untouched());
    }
    Ok(sealed.then(|| file.to_owned()))
}

/// `path` with its folder's real name: what is written is no other file than the one that was named.
pub(crate) fn real(path: &Path) -> Result<PathBuf, Failure> {
    let folder = folder_of(path);
    let folder = folder.canonicalize().map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    let name = path.file_name().ok_or_else(|| Failure::new(format!("{}: expected a file", path.display())))?;
    Ok(folder.join(name))
}

impl SealedFile {
    /// Opens the sealed file at `path`, and learns to whom it is sealed: from `-r`, from the list of sealed files where that knows these bytes,
    /// or from harden.toml where as many recipients stand there as in the file's header.
    pub(crate) fn open(path: &Path, args: &SealArgs, project: &Project) -> Result<Self, Failure> {
        let sealed = sealing::read(path).map_err(Failure::untouched)?;
        let path = real(path)?;
        let named = |error: SealError| about(&path, &error).untouched();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plain_name = name.strip_suffix(".age").filter(|n| !n.is_empty()).unwrap_or(&name).to_owned();
        let digest = sha256(&sealed);
        if seal::is_passphrase_sealed(&sealed) {
            let passphrase = Terminal.ask(&format!("`{}`", path.display()));
            let passphrase = passphrase.ok_or_else(|| named(SealError::NobodyToAsk { path: path.clone() }))?;
            let plain = seal::open_with_passphrase(&sealed, &passphrase).map_err(named)?;
            return Ok(Self { path, plain_name, digest, plain, how: How::Passphrase(passphrase) });
        }
        let identities = sealing::identities(&args.identity).map_err(Failure::untouched)?;
        if sops::form_of(&sealed).is_some() {
            let opened = sops::open(&sealed, &identities).map_err(named)?;
            let plain = Zeroizing::new(opened.text().as_bytes().to_vec());
            return Ok(Self { path, plain_name, digest, plain, how: How::Sops { opened: Box::new(opened), identities } });
        }
        let plain = seal::open(&sealed, &identities).map_err(named)?;
        let recipients = recipients(&path, &sealed, args, project)?;
        if !recipients.iter().any(|recipient| identities.recipients().contains(recipient)) {
            return Err(Failure::new(format!(
                "{} would be sealed to others only, and {} would not open it any more; nothing was written",
                path.display(),
                identities.origin()
            )));
        }
        Ok(Self { path, plain_name, digest, plain, how: How::Age { recipients, identities } })
    }

    /// What it holds, as the file that it stands for.
    pub(crate) fn document(&self, bytes: &[u8]) -> Document {
        let facts = environment::Facts::default();
        harden::formats::parse(&self.plain_name, bytes, environment::of(&self.plain_name, &facts))
    }

    /// `new` in the place of what it holds, sealed in the same way, and opened again. `planned` are settings that are secret, whatever they look
    /// like, by their index in [`Self::document`].
    pub(crate) fn seal_again(&self, new: &[u8], planned: &[usize], project: &Project) -> Result<Vec<u8>, Failure> {
        let named = |error: SealError| about(&self.path, &error).untouched();
        let (sealed, back) = match &self.how {
            How::Age { recipients, identities } => {
                let sealed = seal::seal(new, recipients).map_err(named)?;
                let back = seal::open(&sealed, identities).map_err(named)?;
                (sealed, back)
            }
            How::Passphrase(passphrase) => {
                let sealed = seal::seal_with_passphrase(new, passphrase).map_err(named)?;
                let back = seal::open_with_passphrase(&sealed, passphrase).map_err(named)?;
                (sealed, back)
            }
            How::Sops { opened, identities } => {
                let text = std::str::from_utf8(new)
                    .map_err(|_| Failure::new(format!("{}: expected UTF-8 text; nothing was written", self.path.display())))?;
                let spans = self.secret_spans(new, planned, project)?;
                let sealed = opened.seal_again(text, &spans, now()).map_err(named)?;
                // values are compared while it is sealed; of the bytes, quotes and blocks may differ
                sops::open(&sealed, identities).map_err(named)?;
                return Ok(sealed);
            }
        };
        if back.as_slice() != new {
            return Err(named(SealError::NotSealable));
        }
        Ok(sealed)
    }

    fn secret_spans(&self, new: &[u8], planned: &[usize], project: &Project) -> Result<Vec<Span>, Failure> {
        let request = request_for(&[], project);
        let facts = environment::Facts::default();
        let looked = examine(&request, &self.plain_name, new, environment::of(&self.plain_name, &facts));
        let (document, findings) = looked.map_err(Failure::new)?;
        Ok(secrets(&document, &findings, planned))
    }

    /// To whom it is sealed, as the list of sealed files has it; none for a passphrase.
    fn names(&self) -> Option<Vec<String>> {
        match &self.how {
            How::Age { recipients, .. } => Some(recipients.iter().map(ToString::to_string).collect()),
            How::Passphrase(_) => None,
            How::Sops { opened, .. } => Some(opened.recipients().to_vec()),
        }
    }

    /// Who opens the copy that `undo` needs: whoever opens the file.
    fn keepers(&self, args: &SealArgs, project: &Project) -> Result<Option<Recipients>, Failure> {
        if let Some(recipients) = way_back::recipients(args, project.config.as_ref())? {
            return Ok(Some(recipients));
        }
        Ok(match &self.how {
            How::Age { recipients, .. } => Some(recipients.clone()),
            How::Passphrase(_) => None,
            How::Sops { identities, .. } => Recipients::new(identities.recipients().to_vec()).ok(),
        })
    }

    /// Writes `sealed` in its place, the list of sealed files along with it. Whether `harden undo` takes it back.
    /// `action` is what the ledger calls it.
    pub(crate) fn write(&self, sealed: Vec<u8>, action: &str, args: &SealArgs, project: &Project) -> Result<bool, Failure> {
        let keepers = self.keepers(args, project)?;
        let mut line = Recording::begin(action, project.config.as_ref(), &args.identity, self.identities())?;
        if let Some(line) = &mut line {
            let plain = self.path.with_file_name(&self.plain_name);
            line.changed(&plain, &self.document(&self.plain), &self.open_again(&sealed)?, &BTreeMap::new());
        }
        let change = Change { path: self.path.clone(), old: self.digest, new: Zeroizing::new(sealed), recipients: self.names() };
        commit(project, vec![change], keepers.as_ref(), line)
    }

    fn identities(&self) -> Option<&Identities> {
        match &self.how {
            How::Age { identities, .. } | How::Sops { identities, .. } => Some(identities),
            How::Passphrase(_) => None,
        }
    }

    /// What `sealed`, which [`Self::seal_again`] made, holds.
    fn open_again(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let opened = match &self.how {
            How::Age { identities, .. } => seal::open(sealed, identities),
            How::Passphrase(passphrase) => seal::open_with_passphrase(sealed, passphrase),
            How::Sops { identities, .. } => sops::open(sealed, identities).map(|o| Zeroizing::new(o.text().as_bytes().to_vec())),
        };
        opened.map_err(|error| about(&self.path, &error).untouched())
    }

    /// Writes `sealed` beside it, as a new file: its place was taken by somebody else's change.
    pub(crate) fn write_aside(&self, sealed: &[u8]) -> Result<PathBuf, Failure> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let aside = match name.strip_suffix(".age") {
            Some(stem) => format!("{stem}.edited.age"),
            None => match name.split_once(".sops.") {
                Some((stem, end)) => format!("{stem}.edited.sops.{end}"),
                None => format!("edited.{name}"),
            },
        };
        let path = self.path.with_file_name(aside);
        harden::disk::atomic::create_new(&path, sealed, 0o644)?;
        Ok(path)
    }
}

/// To whom the age file at `path` is sealed.
fn recipients(path: &Path, sealed: &[u8], args: &SealArgs, project: &Project) -> Result<Recipients, Failure> {
    if !args.recipients.is_empty() {
        return Ok(Recipients::parse(&args.recipients)?);
    }
    let fits = |list: &Recipients| seal::count_recipients(sealed) == Some(list.iter().count());
    if let Some((names, config)) = recorded(path, sealed, project)?.zip(project.config.as_ref()) {
        let recipients = Recipients::parse(&names).map_err(|error| about(path, &error).untouched())?;
        if fits(&recipients) {
            // the list comes with the repository: whoever writes there may have put themselves into it
            pinned::recorded(&recipients, path, config, args.accept_recipients)?;
            return Ok(recipients);
        }
    }
    if sealing::listed(&[], project.config.as_ref()).is_ok_and(|list| fits(&list)) {
        return sealing::recipients(args, project.config.as_ref());
    }
    Err({
        let shown = path.display();
        Failure::new(format!("{shown}: nobody can tell to whom it is sealed; nothing was written"))
            .hint("an age file does not name its recipients, and `.harden/sealed.toml` does not know this one as it is")
            .hint(format!("name them, `-r age1...`, or seal it to those of harden.toml: `harden rekey --apply {shown}`"))
    })
}

/// The recipients that the list of sealed files has for these very bytes.
pub(crate) fn recorded(path: &Path, sealed: &[u8], project: &Project) -> Result<Option<Vec<String>>, Failure> {
    let Some(config) = &project.config else { return Ok(None) };
    let Some(name) = name_in(&config.root, path) else { return Ok(None) };
    let index = Index::load(&config.root)?;
    Ok(index.recipients(&name).filter(|_| index.is_current(&name, sealed)).map(<[String]>::to_vec))
}

/// One file that changes.
pub(crate) struct Change {
    pub(crate) path: PathBuf,
    /// SHA-256 of what was read.
    pub(crate) old: [u8; 32],
    pub(crate) new: Zeroizing<Vec<u8>>,
    /// What the list of sealed files says of it from now on; `None` for a plain file, or one behind a passphrase.
    pub(crate) recipients: Option<Vec<String>>,
}

/// All changes or none, with the list of sealed files, and a copy for `harden undo` where there is someone to seal it to. Whether there is one.
pub(crate) fn commit(
    project: &Project,
    changes: Vec<Change>,
    keepers: Option<&Recipients>,
    line: Option<Recording>,
) -> Result<bool, Failure> {
    let paths: Vec<PathBuf> = changes.iter().map(|change| change.path.clone()).collect();
    let root = interrupted::root_for(project, &paths, &paths);
    let mut transaction = Transaction::new(&root);
    let mut index = match &project.config {
        Some(config) => Some((config.root.clone(), Index::load(&config.root)?)),
        None => None,
    };
    let mut listed = false;
    for Change { path, old, new, recipients } in changes {
        if let (Some((root, index)), Some(recipients)) = (&mut index, recipients)
            && let Some(name) = name_in(root, &path)
        {
            index.record_names(&name, &new, recipients);
            listed = true;
        }
        transaction = transaction.replace(&path, old, new);
    }
    if let Some(mut line) = line {
        paths.iter().for_each(|path| line.wrote(path));
        transaction = line.into(transaction, &root)?;
    }
    let mut replaced = paths;
    if let Some((root, index)) = index.as_ref().filter(|_| listed) {
        let (with, list) = way_back::with_index(transaction, root, index)?;
        transaction = with;
        replaced.extend(list);
    }
    if let Some(keepers) = keepers {
        transaction = way_back::keep(transaction, &root, &replaced, keepers, Kind::Plan)?;
    }
    Ok(transaction.commit().map_err(interrupted::failure)?.is_some())
}

/// Names of `recipients`, as the list of sealed files has them.
pub(crate) fn names_of(recipients: &Recipients) -> Vec<String> {
    recipients.iter().map(Recipient::as_str).map(str::to_owned).collect()
}
