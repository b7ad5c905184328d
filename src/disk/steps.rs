//! The steps of a transaction, each of which may be the last before a crash: back before the commit point, forward after it, or undone.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};

use super::error::{DiskError, reason};
use super::open::wait_for_writers;
use super::read::{Links, read_raw, sha256};
use super::record::{Entry, Hash, Key, Record};
use super::temp::{beside, rename_new, sync_folder, unsupported};
use super::undo;

/// Names of the journal: which one it has decides where recovery goes.
pub(super) const PREPARED: &str = "prepared";
pub(super) const COMMITTED: &str = "committed";
pub(super) const UNDOING: &str = "undoing";
/// Where the journal is written before it gets its first name.
pub(super) const DRAFT: &str = "prepared.tmp";

const CONFLICT: &str = "it was changed by somebody else";
pub(super) const UNTOUCHED: &str = "nothing was written";

/// What recovery did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// There was no journal.
    Nothing,
    /// Every file is as it was before.
    Undone,
    /// Every file is as it was planned.
    Finished,
}

/// The machine underneath, which tests make fail: `step` is called before every change, `exchange` says whether the file system can swap,
/// `others` whether other programs' open files are looked at.
pub(super) struct Machine<'a> {
    pub(super) step: Box<dyn FnMut(&'static str) -> io::Result<()> + 'a>,
    pub(super) exchange: bool,
    pub(super) others: bool,
}

impl Machine<'_> {
    pub(super) fn real() -> Self {
        Self { step: Box::new(|_| Ok(())), exchange: true, others: true }
    }
}

/// What stands at a path.
#[derive(PartialEq, Eq)]
pub(super) enum Now {
    Missing,
    Is(Hash),
    /// A link, a folder, a pipe.
    Other,
}

/// One transaction at work; the lock is held.
pub(super) struct Work<'a, 'm> {
    pub(super) root: &'a Path,
    pub(super) state: &'a Path,
    pub(super) key: &'a Key,
    pub(super) machine: &'a mut Machine<'m>,
}

impl Work<'_, '_> {
    pub(super) fn reached_without_links(&self, path: &Path) -> bool {
        let folders = path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty());
        folders.into_iter().all(|folder| fs::symlink_metadata(self.root.join(folder)).is_ok_and(|m| m.is_dir()))
    }

    /// Before the commit point: no target was touched, so the temps and the journal go.
    pub(super) fn roll_back(&mut self, record: &Record) -> io::Result<()> {
        for entry in &record.entries {
            (self.machine.step)("remove temp")?;
            let temp = self.temp(record, entry)?;
            remove(&temp)?;
            sync_folder(&temp)?;
        }
        self.drop_copy(record)?;
        self.forget(PREPARED)?;
        remove(&self.state.join(DRAFT))
    }

    fn drop_copy(&mut self, record: &Record) -> io::Result<()> {
        let Some(copy) = record.copy else { return Ok(()) };
        (self.machine.step)("remove copy")?;
        remove(&undo::copy_in(self.state, copy.number))
    }

    /// The transaction is done: its journal goes, or becomes the list of its undo copy.
    fn file_away(&mut self, record: &Record) -> io::Result<()> {
        let Some(copy) = record.copy else { return self.forget(COMMITTED) };
        (self.machine.step)("remove old copies")?;
        undo::keep_newest(self.state, copy.number, copy.kind.takes())?;
        (self.machine.step)("keep journal")?;
        fs::rename(self.state.join(COMMITTED), undo::list_in(self.state, copy.number))?;
        (self.machine.step)("sync state")?;
        File::open(self.state)?.sync_all()
    }

    fn forget(&mut self, journal: &str) -> io::Result<()> {
        (self.machine.step)("remove journal")?;
        remove(&self.state.join(journal))?;
        (self.machine.step)("sync state")?;
        File::open(self.state)?.sync_all()
    }

    /// After the commit point: every target becomes new, or the journal stands. May be repeated at any point.
    pub(super) fn forward(&mut self, record: &Record) -> Result<(), DiskError> {
        // the journal's own name must be durable before the first target changes; whether it is, only the sync tells
        self.sync_state().map_err(|e| half_done(&self.state.join(COMMITTED), &e))?;
        let mut first: Option<DiskError> = None;
        for entry in &record.entries {
            if let Err(e) = self.place(record, entry) {
                // the others go on: the fewer old files remain, the fewer places still hold the old secret
                first.get_or_insert(half_done(&self.root.join(&entry.path), &e));
            }
        }
        if let Err(e) = self.settle(record) {
            first.get_or_insert(e);
        }
        first.map_or(Ok(()), Err)?;
        self.clean(record, COMMITTED)
    }

    pub(super) fn sync_state(&mut self) -> io::Result<()> {
        (self.machine.step)("sync commit")?;
        File::open(self.state)?.sync_all()
    }

    /// Who had a file open before it changed places may write into the old content still: they are waited for, and what they wrote goes back.
    fn settle(&mut self, record: &Record) -> Result<(), DiskError> {
        self.wait(record)?;
        let mut first = Ok(());
        for entry in record.entries.iter().filter(|e| e.old.is_some()) {
            let given = self.both(record, entry).and_then(|(path, temp)| self.give_back(entry, &temp, &path));
            // the others are looked at all the same
            first = first.and(given.map_err(|e| half_done(&self.root.join(&entry.path), &e)));
        }
        first
    }

    /// Waits for those who write into what is to go.
    pub(super) fn wait(&self, record: &Record) -> Result<(), DiskError> {
        let mut temps = Vec::new();
        for entry in &record.entries {
            temps.push(self.temp(record, entry).map_err(|e| half_done(&self.root.join(&entry.path), &e))?);
        }
        let Some(temp) = self.machine.others.then(|| wait_for_writers(&temps)).flatten() else { return Ok(()) };
        let entry = temps.iter().zip(&record.entries).find(|(t, _)| **t == temp);
        let path = entry.map_or(temp.clone(), |(_, entry)| self.root.join(&entry.path));
        Err(half_done(&path, &io::Error::other("another program has it open for writing, as it was before")))
    }

    pub(super) fn both(&self, record: &Record, entry: &Entry) -> io::Result<(PathBuf, PathBuf)> {
        Ok((self.safe(&entry.path)?, self.temp(record, entry)?))
    }

    /// Looks at what came out of its place; what nobody planned goes back there, and is a conflict.
    fn give_back(&mut self, entry: &Entry, temp: &Path, path: &Path) -> io::Result<()> {
        (self.machine.step)("look at what came out")?;
        if is_ours(temp, entry)? {
            return Ok(());
        }
        let mut placed = entry.new.map_or(Now::Missing, Now::Is);
        if now(path)? != placed {
            // what stands there is newer than what came out
            return Err(io::Error::other(CONFLICT));
        }
        // somebody who saves again in that moment is given way to once more
        for _ in 0..100 {
            (self.machine.step)("swap back")?;
            let foreign = now(temp)?;
            if placed == Now::Missing {
                rename_new(temp, path)?;
                break;
            }
            self.swap(temp, path)?;
            if now(temp)? == placed {
                break;
            }
            placed = foreign;
        }
        sync_folder(path)?;
        Err(io::Error::other(CONFLICT))
    }

    fn place(&mut self, record: &Record, entry: &Entry) -> io::Result<()> {
        let (path, temp) = self.both(record, entry)?;
        let here = now(&path)?;
        match (entry.old, entry.new) {
            (None, Some(new)) if here == Now::Is(new) => {}
            (None, Some(_)) if here == Now::Missing => {
                (self.machine.step)("place new file")?;
                rename_new(&temp, &path)?;
            }
            // an interrupted swap, whose outcome nobody looked at, is looked at here, too
            (Some(old), Some(new)) if here == Now::Is(old) || here == Now::Is(new) => {
                if here == Now::Is(old) {
                    (self.machine.step)("swap")?;
                    self.swap(&temp, &path)?;
                }
                self.give_back(entry, &temp, &path)?;
            }
            (Some(old), None) if here == Now::Is(old) && now(&temp)? == Now::Missing => {
                (self.machine.step)("take away")?;
                rename_new(&path, &temp)?;
                self.give_back(entry, &temp, &path)?;
            }
            (Some(_), None) if here == Now::Missing => self.give_back(entry, &temp, &path)?,
            // it was taken away, and somebody made another one since
            (Some(old), None) if now(&temp)? == Now::Is(old) => {}
            _ => return Err(io::Error::other(CONFLICT)),
        }
        (self.machine.step)("sync target")?;
        sync_folder(&path)
    }

    /// Exchanges two files. Where the file system cannot, a second name keeps the old content while the new one takes its place: the same
    /// outcome, but for a moment in which a foreign change would be lost.
    pub(super) fn swap(&mut self, temp: &Path, path: &Path) -> io::Result<()> {
        if self.machine.exchange {
            match rustix::fs::renameat_with(CWD, temp, CWD, path, RenameFlags::EXCHANGE) {
                Err(e) if unsupported(e) => {}
                result => return Ok(result?),
            }
        }
        let kept = second(temp);
        remove(&kept)?;
        (self.machine.step)("keep old")?;
        fs::hard_link(path, &kept)?;
        (self.machine.step)("replace")?;
        fs::rename(temp, path)?;
        (self.machine.step)("name old")?;
        fs::rename(&kept, temp)
    }

    /// Removes the temps and the journal `name`; a temp that holds what nobody planned is somebody's only copy and stays, on the way back under
    /// a name that is seen.
    pub(super) fn clean(&mut self, record: &Record, name: &str) -> Result<(), DiskError> {
        for entry in &record.entries {
            let whole = self.root.join(&entry.path);
            let temp = self.temp(record, entry).map_err(|e| half_done(&whole, &e))?;
            for path in [second(&temp), temp.clone()] {
                let gone = (self.machine.step)("remove old").and_then(|()| match is_ours(&path, entry)? {
                    true => remove(&path),
                    false if name == UNDOING => rename_new(&path, &rescued(&whole, &record.id)),
                    false => Err(io::Error::other("it holds a content that nobody planned")),
                });
                gone.map_err(|e| half_done(&path, &e))?;
            }
            sync_folder(&temp).map_err(|e| half_done(&temp, &e))?;
        }
        let done = if name == COMMITTED { self.file_away(record) } else { self.drop_copy(record).and_then(|()| self.forget(name)) };
        done.map_err(|e| half_done(&self.state.join(name), &e))
    }

    pub(super) fn recover(&mut self) -> Result<Recovered, DiskError> {
        if let Some(record) = self.journal(COMMITTED)? {
            return self.forward(&record).map(|()| Recovered::Finished);
        }
        if let Some(record) = self.journal(UNDOING)? {
            return self.back(&record).map(|()| Recovered::Undone);
        }
        let path = self.state.join(PREPARED);
        let Some(record) = self.journal(PREPARED)? else {
            let temp = self.state.join(DRAFT);
            remove(&temp).map_err(|e| DiskError::io("remove", &temp, &e, UNTOUCHED))?;
            return Ok(Recovered::Nothing);
        };
        self.roll_back(&record).map_err(|e| DiskError::io("undo", &path, &e, UNTOUCHED))?;
        Ok(Recovered::Undone)
    }

    /// The journal of this name, if there is one and it is ours.
    pub(super) fn journal(&self, name: &str) -> Result<Option<Record>, DiskError> {
        let path = self.state.join(name);
        if is_missing(&path) {
            return Ok(None);
        }
        let refuse = |reason| DiskError::Journal { path: path.clone(), reason };
        let raw = read_raw(&path, Links::Refuse, 64 << 20)?.ok_or_else(|| refuse("it is not a regular file"))?;
        Record::decode(&raw.bytes, self.key).map(Some).map_err(refuse)
    }

    pub(super) fn temp(&self, record: &Record, entry: &Entry) -> io::Result<PathBuf> {
        beside(&self.safe(&entry.path)?, &record.id, "")
    }

    /// The whole path, after looking again that no folder on the way became a link.
    fn safe(&self, path: &Path) -> io::Result<PathBuf> {
        if self.reached_without_links(path) {
            Ok(self.root.join(path))
        } else {
            Err(io::Error::other("a folder on the way to it is missing or a link"))
        }
    }
}

/// Whether a temp holds the old content or the new one, or is gone.
pub(super) fn is_ours(temp: &Path, entry: &Entry) -> io::Result<bool> {
    Ok(match now(temp)? {
        Now::Missing => true,
        Now::Is(hash) => Some(hash) == entry.new || Some(hash) == entry.old,
        Now::Other => false,
    })
}

pub(super) fn half_done(path: &Path, error: &io::Error) -> DiskError {
    DiskError::HalfDone { path: path.to_owned(), reason: reason(error) }
}

/// Where a content that nobody planned is left.
fn rescued(path: &Path, id: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".kept-{id}"));
    PathBuf::from(name)
}

/// The second name of [`Work::swap`].
pub(super) fn second(temp: &Path) -> PathBuf {
    let mut name = temp.as_os_str().to_owned();
    name.push(".old");
    PathBuf::from(name)
}

pub(super) fn now(path: &Path) -> io::Result<Now> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Ok(Now::Other),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Now::Missing),
        Err(e) => return Err(e),
    }
    match read_raw(path, Links::Refuse, u64::MAX) {
        Ok(raw) => Ok(raw.map_or(Now::Other, |raw| Now::Is(sha256(&raw.bytes)))),
        Err(_) => Err(io::Error::other("it cannot be read")),
    }
}

/// Whether there is surely nothing of that name for us: what cannot be looked at may be there. A folder that is not ours to enter is one where
/// nothing can be written, either.
pub(super) fn is_missing(path: &Path) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    fs::symlink_metadata(path).is_err_and(|e| [NotFound, NotADirectory, PermissionDenied].contains(&e.kind()))
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
