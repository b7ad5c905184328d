//! Files in the form that they have: plain, with an age twin, or for sops. What was opened to make the plan is sealed again in the same way.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use harden::disk::read::{self, Links, sha256};
use harden::model::date;
use harden::rotate::stage::File;
use harden::scan::Request;
use harden::seal::{self, Identities, Index, Recipients, sops};
use zeroize::Zeroizing;

use crate::cli::args::IdentityArgs;
use crate::cli::exit::Failure;
use crate::cli::fix_sops::to_seal;
use crate::cli::fix_work::Target;
use crate::cli::sealing::{self, about, name_in, twin_of};
use crate::cli::sops::Openers;

/// Opens what is sealed, and remembers how.
pub(crate) struct Forms<'a> {
    args: &'a IdentityArgs,
    identities: OnceLock<Result<Identities, String>>,
    openers: Openers<'a>,
    /// The ciphertext of age twins, by their plain files.
    aged: RefCell<BTreeMap<PathBuf, Zeroizing<Vec<u8>>>>,
}

/// A file on disk, and what becomes of it.
pub(super) struct Written {
    /// Its whole path.
    pub(super) path: PathBuf,
    /// Its bytes, before and after.
    pub(super) old: Zeroizing<Vec<u8>>,
    pub(super) new: Zeroizing<Vec<u8>>,
}

impl<'a> Forms<'a> {
    pub(crate) fn new(args: &'a IdentityArgs) -> Self {
        Self { args, identities: OnceLock::new(), openers: Openers::new(args), aged: RefCell::default() }
    }

    /// The identities, from the first of the documented places.
    pub(super) fn identities(&self) -> Result<&Identities, String> {
        self.identities.get_or_init(|| sealing::identities(self.args).map_err(|f| f.message)).as_ref().map_err(Clone::clone)
    }

    /// What is looked at in place of `file`: the content of its twin, or its own where it is a sops file.
    pub(crate) fn open(&self, file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        let twin = twin_of(file);
        if twin.symlink_metadata().is_err() {
            return self.openers.open(file);
        }
        let refused = |reason: String| format!("{} exists and cannot be opened; nothing was changed ({reason})", twin.display());
        let sealed = sealing::read(&twin).map_err(|f| refused(f.message))?;
        let identities = self.identities().map_err(refused)?;
        let text = seal::open(&sealed, identities).map_err(|e| refused(about(&twin, &e).message))?;
        self.aged.borrow_mut().insert(file.to_owned(), sealed);
        Ok(Some(text))
    }

    /// The file that holds a target, with its new bytes in the form that it has.
    pub(super) fn written(&self, target: &Target<'_>, request: &Request<'_>, recipients: &Recipients) -> Result<Written, Failure> {
        let path = &target.document.path;
        if let Some(old) = self.aged.borrow_mut().remove(target.file) {
            let new = Zeroizing::new(seal::seal(&target.bytes, recipients)?);
            return Ok(Written { path: twin_of(target.file), old, new });
        }
        if let Some(found) = self.openers.take(target.file) {
            let (text, spans, _) = to_seal(request, target)?;
            let new = found.opened.seal_again(text, &spans, date::now()).map_err(|error| about(&found.path, &error))?;
            let old = sealing::read(&found.path)?;
            if sha256(&old) != found.digest {
                return Err(Failure::new(format!("{path} was changed meanwhile; nothing was changed")));
            }
            return Ok(Written { path: found.path, old, new: Zeroizing::new(new) });
        }
        let held = target.held.unwrap_or_default();
        Ok(Written { path: target.file.clone(), old: Zeroizing::new(held.as_bytes().to_vec()), new: target.bytes.clone() })
    }
}

/// `files` as the stage holds them, below `root`; with the project's list of sealed files where one of them is in it.
pub(super) fn staged(files: Vec<Written>, root: &Path, recipients: &Recipients, config: Option<&Path>) -> Result<Vec<File>, Failure> {
    let mut index = match config {
        Some(root) => Some((root, Index::load(root)?)),
        None => None,
    };
    let (mut out, mut recorded) = (Vec::new(), false);
    for Written { path, old, new } in files {
        if let Some((root, index)) = &mut index
            && seal::is_sealed(&new)
            && sops::form_of(&new).is_none()
            && let Some(name) = name_in(root, &path)
        {
            index.record(&name, &new, recipients);
            recorded = true;
        }
        out.push(File { path: below(root, &path), old: Some(old), new, mode: 0o600 });
    }
    if let Some((config, index)) = index.filter(|_| recorded) {
        let path = Index::path(config);
        let old = if path.symlink_metadata().is_ok() { read::read_raw(&path, Links::Refuse, read::DEFAULT_LIMIT)? } else { None };
        let (old, new) = (old.map(|raw| raw.bytes), Zeroizing::new(index.to_toml().into_bytes()));
        if old.as_ref() != Some(&new) {
            out.push(File { path: below(root, &path), old, new, mode: 0o644 });
        }
    }
    Ok(out)
}

fn below(root: &Path, path: &Path) -> PathBuf {
    let whole = sealing::folder_of(path).canonicalize().unwrap_or_default().join(path.file_name().unwrap_or_default());
    whole.strip_prefix(root).map_or_else(|_| path.to_owned(), Path::to_owned)
}
