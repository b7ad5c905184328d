//! Many files as one: all are changed or none, also when the power fails in between.
//!
//! 1. `prepared`: the journal (paths and hashes) is on disk before the first temp file, so that recovery knows every name to remove.
//! 2. Each new content is written beside its target and synced; then every target is compared with what was planned on, once more.
//! 3. `committed`: one rename of the journal is the commit point. Before it recovery goes back, after it forward.
//! 4. Each temp changes places with its target (`renameat2`, `RENAME_EXCHANGE`), and what came out is compared again: somebody else's change
//!    in that instant goes back to its place, and the journal stands.
//! 5. Who still writes into an old content is waited for, and what they wrote goes back, too.
//! 6. The temps, now the old contents, are removed, then the journal; where a sealed copy of the old contents was asked for, the journal becomes its
//!    list of files instead ([`super::undo`]). Nothing else is left behind.
//!
//! Recovery is for commands that write; reading commands ask [`pending`] only.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::atomic::plain;
use super::error::DiskError;
use super::lock::{FOLDER, Lock};
use super::open::wait_for_writers;
use super::read::sha256;
use super::record::{Copy, Entry, Hash, Key, Kind, Record, is_inside};
use super::steps::{COMMITTED, DRAFT, Machine, Now, PREPARED, UNDOING, UNTOUCHED, Work, is_missing, now, remove};
use super::temp::{Like, sync_folder, unique, write_nameless, write_temp};
use super::undo;

pub use super::steps::Recovered;

/// Changes to files below one root, to be made together.
pub struct Transaction {
    root: PathBuf,
    targets: Vec<Target>,
    copy: Option<(Vec<u8>, u64, Kind)>,
}

struct Target {
    path: PathBuf,
    old: Option<Hash>,
    /// None for a file that goes.
    bytes: Option<Zeroizing<Vec<u8>>>,
    mode: u32,
}

impl Transaction {
    /// Nothing to do yet, for files below `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), targets: Vec::new(), copy: None }
    }

    /// Plans to replace the content of `path` (below the root, or relative to it), whose bytes had the SHA-256 `old` when they were read. Mode
    /// and owner stay.
    #[must_use]
    pub fn replace(mut self, path: &Path, old: [u8; 32], bytes: Zeroizing<Vec<u8>>) -> Self {
        self.targets.push(Target { path: path.to_owned(), old: Some(old), bytes: Some(bytes), mode: 0 });
        self
    }

    /// Plans to make `path`, which must not exist.
    #[must_use]
    pub fn create(mut self, path: &Path, bytes: Zeroizing<Vec<u8>>, mode: u32) -> Self {
        self.targets.push(Target { path: path.to_owned(), old: None, bytes: Some(bytes), mode });
        self
    }

    /// Plans to remove `path`, whose bytes had the SHA-256 `old` when they were read.
    #[must_use]
    pub fn remove(mut self, path: &Path, old: [u8; 32]) -> Self {
        self.targets.push(Target { path: path.to_owned(), old: Some(old), bytes: None, mode: 0 });
        self
    }

    /// Keeps `sealed`, the old contents as [`undo::pack`] packs them and the caller sealed them, as the way back: durable before the first file
    /// changes, gone if none does. `time` is in seconds since 1970.
    #[must_use]
    pub fn keep(mut self, sealed: Vec<u8>, time: u64, kind: Kind) -> Self {
        self.copy = Some((sealed, time, kind));
        self
    }

    /// Makes all changes or none; gives the number of the copy that was kept. What an earlier run left half done is finished or undone first.
    ///
    /// # Errors
    /// [`DiskError::HalfDone`] after the commit point; every other error means that no file was changed.
    pub fn commit(self) -> Result<Option<u32>, DiskError> {
        self.commit_with(&Key::of_user()?, &mut Machine::real())
    }

    fn commit_with(self, key: &Key, machine: &mut Machine<'_>) -> Result<Option<u32>, DiskError> {
        let root = fs::canonicalize(&self.root).map_err(|e| DiskError::io("use", &self.root, &e, UNTOUCHED))?;
        let lock = Lock::acquire(&root)?;
        let mut work = Work { root: &root, state: lock.state(), key, machine };
        work.recover()?;
        let mut planned = Vec::new();
        for mut target in self.targets {
            if let Ok(below) = target.path.strip_prefix(&self.root) {
                target.path = below.to_owned();
            }
            if target.old != target.bytes.as_ref().map(|bytes| sha256(bytes)) {
                planned.push(work.check(target)?);
            }
        }
        let mut entries: Vec<Entry> = Vec::new();
        for (_, entry, _) in &planned {
            if entries.iter().any(|e| e.path == entry.path) {
                return Err(DiskError::Target { path: entry.path.clone(), reason: "it is named twice" });
            }
            entries.push(entry.clone());
        }
        if entries.is_empty() {
            return Ok(None);
        }
        let (sealed, copy) = match self.copy {
            Some((sealed, time, kind)) => {
                let number = undo::next(lock.state()).map_err(|e| DiskError::io("read", lock.state(), &e, UNTOUCHED))?;
                (Some(sealed), Some(Copy { number, time, kind }))
            }
            None => (None, None),
        };
        let record = Record { id: unique().map_err(|e| DiskError::io("write", &root, &e, UNTOUCHED))?, copy, entries };
        match work.prepare(&record, &planned, sealed.as_deref()) {
            // where the commit point was passed all the same (a network file system), there is no way back
            Err(e) if now(&lock.state().join(COMMITTED)).is_ok_and(|n| n == Now::Missing) => {
                // what cannot be removed now is named by the journal, and removed by the next run
                _ = work.roll_back(&record);
                Err(e)
            }
            _ => work.forward(&record).map(|()| copy.map(|copy| copy.number)),
        }
    }
}

/// Whether a journal of an interrupted run lies in the project at `root`. Looks only.
#[must_use]
pub fn pending(root: &Path) -> bool {
    !standing(root).is_empty()
}

/// The journals of interrupted runs in the project at `root`. Looks only.
#[must_use]
pub fn standing(root: &Path) -> Vec<PathBuf> {
    let state = root.join(FOLDER).join("state");
    [PREPARED, COMMITTED, UNDOING].iter().map(|name| state.join(name)).filter(|path| !is_missing(path)).collect()
}

/// Finishes or undoes what an interrupted run left: back before its commit point, forward after it.
///
/// # Errors
/// [`DiskError::HalfDone`] when a file is neither as it was nor as it should become; [`DiskError::Journal`] for a journal that is not ours.
pub fn recover(root: &Path) -> Result<Recovered, DiskError> {
    with_journal(root, |work| work.recover())
}

/// Undoes what an interrupted run left, also after its commit point. Files that were changed by somebody else meanwhile stay as they are.
///
/// # Errors
/// As [`recover`].
pub fn undo(root: &Path) -> Result<Recovered, DiskError> {
    with_journal(root, |work| work.undo())
}

fn with_journal(root: &Path, act: impl Fn(&mut Work<'_, '_>) -> Result<Recovered, DiskError>) -> Result<Recovered, DiskError> {
    // a journal that did not get its name yet says nothing to others, and is removed all the same
    if !pending(root) && is_missing(&root.join(FOLDER).join("state").join(DRAFT)) {
        return Ok(Recovered::Nothing);
    }
    let root = fs::canonicalize(root).map_err(|e| DiskError::io("use", root, &e, UNTOUCHED))?;
    let lock = Lock::acquire(&root)?;
    act(&mut Work { root: &root, state: lock.state(), key: &Key::of_user()?, machine: &mut Machine::real() })
}

/// A target that was looked at: what to write, what to note, and the file that is there.
type Planned = (Target, Entry, Option<Metadata>);

impl Work<'_, '_> {
    /// Looks at a target: inside the root, no links on the way, as it was when it was read.
    fn check(&self, target: Target) -> Result<Planned, DiskError> {
        let path = target.path.strip_prefix(self.root).unwrap_or(&target.path).to_owned();
        let refuse = |reason| DiskError::Target { path: path.clone(), reason };
        if !is_inside(&path) {
            return Err(refuse("it is outside the project, or belongs to git or to harden"));
        }
        if !self.reached_without_links(&path) {
            return Err(refuse("a folder on the way to it is missing or a link"));
        }
        let whole = self.root.join(&path);
        let meta = match fs::symlink_metadata(&whole) {
            Ok(meta) if target.old.is_some() => Some(plain(&whole, meta)?),
            Ok(_) => return Err(DiskError::Exists { path: whole }),
            Err(e) if e.kind() == io::ErrorKind::NotFound && target.old.is_none() => None,
            Err(e) => return Err(DiskError::io("change", &whole, &e, UNTOUCHED)),
        };
        let new = target.bytes.as_ref().map(|bytes| sha256(bytes));
        let entry = Entry { path, old: target.old, new };
        self.still_planned(&entry)?;
        Ok((target, entry, meta))
    }

    fn still_planned(&self, entry: &Entry) -> Result<(), DiskError> {
        let whole = self.root.join(&entry.path);
        let now = now(&whole).map_err(|e| DiskError::io("read", &whole, &e, UNTOUCHED))?;
        if now == entry.old.map_or(Now::Missing, Now::Is) { Ok(()) } else { Err(DiskError::Changed { path: whole }) }
    }

    /// Up to and with the commit point. After an error nothing is committed.
    fn prepare(&mut self, record: &Record, planned: &[Planned], sealed: Option<&[u8]>) -> Result<(), DiskError> {
        let prepared = self.state.join(PREPARED);
        self.put_journal(record).map_err(|e| DiskError::io("write", &prepared, &e, UNTOUCHED))?;
        for (target, entry, meta) in planned {
            let whole = self.root.join(&entry.path);
            let failed = |e: io::Error| DiskError::io("write", &whole, &e, UNTOUCHED);
            let Some(bytes) = &target.bytes else { continue };
            (self.machine.step)("temp").map_err(failed)?;
            let temp = self.temp(record, entry).map_err(failed)?;
            let mode = meta.as_ref().map_or(target.mode, |m| m.mode() & 0o7777);
            let like = meta.as_ref().map(|meta| Like { path: &whole, meta });
            write_temp(&temp, bytes, mode, like.as_ref()).map_err(failed)?;
            (self.machine.step)("sync temps").map_err(failed)?;
            sync_folder(&temp).map_err(failed)?;
        }
        if let Some((sealed, copy)) = sealed.zip(record.copy) {
            let path = undo::copy_in(self.state, copy.number);
            let failed = |e: io::Error| DiskError::io("write", &path, &e, UNTOUCHED);
            (self.machine.step)("copy").map_err(failed)?;
            write_temp(&path, sealed, 0o600, None).map_err(failed)?;
            (self.machine.step)("sync copy").map_err(failed)?;
            sync_folder(&path).map_err(failed)?;
        }
        let changed: Vec<PathBuf> = record.entries.iter().filter(|e| e.old.is_some()).map(|e| self.root.join(&e.path)).collect();
        if self.machine.others
            && let Some(path) = wait_for_writers(&changed)
        {
            return Err(DiskError::InUse { path });
        }
        for entry in &record.entries {
            self.still_planned(entry)?;
        }
        let committed = self.state.join(COMMITTED);
        let failed = |e: io::Error| DiskError::io("write", &committed, &e, UNTOUCHED);
        (self.machine.step)("commit").map_err(failed)?;
        fs::rename(&prepared, &committed).map_err(failed)
    }

    fn put_journal(&mut self, record: &Record) -> io::Result<()> {
        let (temp, path) = (self.state.join(DRAFT), self.state.join(PREPARED));
        remove(&temp)?;
        (self.machine.step)("journal")?;
        let text = record.encode(self.key);
        if write_nameless(&path, text.as_bytes(), 0o600)?.is_none() {
            write_temp(&temp, text.as_bytes(), 0o600, None)?;
            (self.machine.step)("name journal")?;
            fs::rename(&temp, &path)?;
        }
        (self.machine.step)("sync journal")?;
        File::open(self.state)?.sync_all()
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
