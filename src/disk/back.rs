//! The way back after the commit point, for a run that was stopped there: every file as it was, but those that somebody else changed meanwhile.

use std::fs;
use std::io;

use super::error::DiskError;
use super::record::{Entry, Record};
use super::steps::{COMMITTED, Now, Recovered, UNDOING, Work, half_done, is_ours, now, remove, second};
use super::temp::{rename_new, sync_folder};

impl Work<'_, '_> {
    pub(super) fn undo(&mut self) -> Result<Recovered, DiskError> {
        let Some(record) = self.journal(COMMITTED)? else { return self.recover() };
        let there = record.entries.iter().try_fold(true, |all, entry| Ok(all && self.has_old(&record, entry)?));
        if !there.map_err(|e| half_done(self.root, &e))? {
            // it was all but done, and some of the old contents are gone: the way back is the undo copy, after the end
            return self.forward(&record).map(|()| Recovered::Finished);
        }
        let (from, to) = (self.state.join(COMMITTED), self.state.join(UNDOING));
        // from here recovery goes back, not forward
        let turned = (self.machine.step)("turn round").and_then(|()| fs::rename(&from, &to)).and_then(|()| self.sync_state());
        turned.map_err(|e| half_done(&from, &e))?;
        self.back(&record).map(|()| Recovered::Undone)
    }

    /// Whether the old content is where it was, or beside it, or in nobody's way.
    fn has_old(&self, record: &Record, entry: &Entry) -> io::Result<bool> {
        let Some(old) = entry.old else { return Ok(true) };
        let (path, temp) = self.both(record, entry)?;
        let (here, old) = (now(&path)?, Now::Is(old));
        let changed = here != entry.new.map_or(Now::Missing, Now::Is);
        Ok(changed || now(&temp)? == old || now(&second(&temp))? == old)
    }

    /// Undoes a committed transaction; may be repeated at any point.
    pub(super) fn back(&mut self, record: &Record) -> Result<(), DiskError> {
        for entry in record.entries.iter().rev() {
            self.take_back(record, entry).map_err(|e| half_done(&self.root.join(&entry.path), &e))?;
        }
        self.wait(record)?;
        self.clean(record, UNDOING)
    }

    fn take_back(&mut self, record: &Record, entry: &Entry) -> io::Result<()> {
        let (path, temp) = self.both(record, entry)?;
        if now(&path)? != entry.new.map_or(Now::Missing, Now::Is) {
            return Ok(());
        }
        match (entry.old, entry.new) {
            (None, _) => {
                (self.machine.step)("remove new file")?;
                remove(&temp)?;
                rename_new(&path, &temp)?;
                if !is_ours(&temp, entry)? {
                    // somebody saved in that moment
                    rename_new(&temp, &path)?;
                }
            }
            (Some(old), new) => {
                let kept = second(&temp);
                if now(&temp)? == Now::Missing && now(&kept)? == Now::Is(old) {
                    // a swap by second names was interrupted before its last step
                    (self.machine.step)("name old")?;
                    fs::rename(&kept, &temp)?;
                }
                if now(&temp)? != Now::Is(old) {
                    return Err(io::Error::other("the old content is gone"));
                }
                (self.machine.step)("swap old back")?;
                if new.is_some() { self.swap(&temp, &path)? } else { rename_new(&temp, &path)? }
            }
        }
        (self.machine.step)("sync target")?;
        sync_folder(&path)
    }
}
