//! The sealed copy of the old contents that goes along with a transaction, so that `harden undo` can take it back.

use std::path::{Path, PathBuf};

use harden::config::Loaded;
use harden::disk::journal::Transaction;
use harden::disk::read::{self, Links};
use harden::disk::undo::{Content, Kind, pack};
use harden::model::date;
use harden::seal::{self, Index, Recipients};
use zeroize::Zeroizing;

use super::args::SealArgs;
use super::exit::Failure;
use super::pinned;
use super::sealing;

/// Those that were typed, else those of the project; none where there are none yet.
pub(crate) fn recipients(args: &SealArgs, project: Option<&Loaded>) -> Result<Option<Recipients>, Failure> {
    match sealing::listed(&args.recipients, project) {
        Ok(_) => sealing::recipients(args, project).map(Some),
        Err(failure) if !args.recipients.is_empty() => Err(failure.untouched()),
        Err(_) => Ok(None),
    }
}

/// Those of the project whom this user has accepted; none where there are none: for the copy that goes along with an undo, which nobody is to
/// be kept from.
pub(crate) fn accepted(project: Option<&Loaded>) -> Result<Option<Recipients>, Failure> {
    match (project, sealing::listed(&[], project)) {
        (Some(project), Ok(listed)) => pinned::accepted(&listed, project),
        _ => Ok(None),
    }
}

/// `transaction` with a copy of `files` as they are now, from `root`, sealed to `recipients`.
pub(crate) fn keep(
    transaction: Transaction,
    root: &Path,
    files: &[PathBuf],
    recipients: &Recipients,
    kind: Kind,
) -> Result<Transaction, Failure> {
    let mut contents = Vec::new();
    for file in files {
        let Some(raw) = read::read_raw(file, Links::Refuse, u64::MAX)? else { continue };
        let path = file.strip_prefix(root).unwrap_or(file).to_owned();
        contents.push(Content { path, mode: raw.stamp.mode, bytes: raw.bytes });
    }
    Ok(transaction.keep(seal::seal(&pack(&contents), recipients)?, date::now(), kind))
}

/// `transaction` that also writes the list of sealed files of the project at `root`, where that says something new; and the list's path, if it is there already.
pub(crate) fn with_index(transaction: Transaction, root: &Path, index: &Index) -> Result<(Transaction, Option<PathBuf>), Failure> {
    let (path, text) = (Index::path(root), Zeroizing::new(index.to_toml().into_bytes()));
    let old = if read::is_missing(&path) { None } else { read::read_raw(&path, Links::Refuse, read::DEFAULT_LIMIT)? };
    Ok(match old {
        Some(raw) if raw.bytes == text => (transaction, None),
        Some(raw) => (transaction.replace(&path, read::sha256(&raw.bytes), text), Some(path)),
        // public: it holds paths and public keys
        None => (transaction.create(&path, text, 0o644), None),
    })
}
