//! What this user noted about a project, kept outside of it: below `$XDG_STATE_HOME/harden`, where no repository can bring or change anything.
//!
//! One small text file for each project and subject: `SUBJECT/HASH`, the hash being SHA-256 of the project's path. Its first line names the path
//! (escaped as in a journal), each further one is an entry, in order. A project that is moved or cloned again is another project.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::atomic::{ModePolicy, write_atomic};
use super::error::DiskError;
use super::home::state_home;
use super::read::{Links, read_raw, sha256};
use super::record::{escape, unescape};
use super::temp::{hex, sync_folder};

const UNTOUCHED: &str = "nothing was written";
const TITLE: &str = "project ";
/// More than a thousand keys of SSH.
const LIMIT: u64 = 1024 * 1024;

/// The notes on one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notes {
    folder: PathBuf,
}

impl Notes {
    /// This user's notes on `subject`, the name of a folder.
    ///
    /// # Errors
    /// [`DiskError::NoHome`].
    pub fn of_user(subject: &str) -> Result<Self, DiskError> {
        Ok(Self { folder: state_home()?.join(subject) })
    }

    /// The entries for the project at `root` (without links); `None` where nothing was noted.
    ///
    /// # Errors
    /// [`DiskError`] where a note is there and cannot be read.
    pub fn read(&self, root: &Path) -> Result<Option<Vec<String>>, DiskError> {
        let path = self.file(root);
        match fs::symlink_metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => match load(&path)? {
                (project, entries) if project == root => Ok(Some(entries)),
                _ => Err(broken(&path)),
            },
        }
    }

    /// Notes `entries`, of one line each, in place of what was noted before.
    ///
    /// # Errors
    /// [`DiskError`]; the former note stands then.
    pub fn write(&self, root: &Path, entries: &[String]) -> Result<(), DiskError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|e| DiskError::io("make", &self.folder, &e, UNTOUCHED))?;
        let lines = entries.iter().filter(|entry| !entry.contains('\n'));
        let text: String = std::iter::once(format!("{TITLE}{}\n", escape(root))).chain(lines.map(|entry| format!("{entry}\n"))).collect();
        write_atomic(&self.file(root), text.as_bytes(), ModePolicy::Exactly(0o600))
    }

    /// Removes the note on the project at `root`; whether there was one.
    ///
    /// # Errors
    /// [`DiskError`] where it cannot be removed.
    pub fn forget(&self, root: &Path) -> Result<bool, DiskError> {
        let path = self.file(root);
        let failed = |e: io::Error| DiskError::io("remove", &path, &e, "it is still there");
        match fs::remove_file(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(failed(e)),
            Ok(()) => sync_folder(&path).map(|()| true).map_err(failed),
        }
    }

    /// All projects with a note, by path.
    ///
    /// # Errors
    /// [`DiskError`] where the folder or a note cannot be read.
    pub fn all(&self) -> Result<Vec<(PathBuf, Vec<String>)>, DiskError> {
        let failed = |e: io::Error| DiskError::io("read", &self.folder, &e, "");
        let entries = match fs::read_dir(&self.folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            // a temporary file of a write that was cut short is none
            if entry.file_name().to_str().is_some_and(|name| name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())) {
                all.push(load(&entry.path())?);
            }
        }
        all.sort();
        Ok(all)
    }

    fn file(&self, root: &Path) -> PathBuf {
        self.folder.join(hex(&sha256(root.as_os_str().as_bytes())))
    }
}

fn load(path: &Path) -> Result<(PathBuf, Vec<String>), DiskError> {
    let raw = read_raw(path, Links::Refuse, LIMIT)?.ok_or_else(|| broken(path))?;
    let text = std::str::from_utf8(&raw.bytes).map_err(|_| broken(path))?;
    let mut lines = text.lines();
    let project = lines.next().and_then(|line| line.strip_prefix(TITLE)).and_then(unescape).ok_or_else(|| broken(path))?;
    Ok((project, lines.map(str::to_owned).collect()))
}

fn broken(path: &Path) -> DiskError {
    DiskError::Journal { path: path.to_owned(), reason: "it is no note of harden; remove it to begin anew" }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::Notes;

    #[test]
    fn each_project_has_its_own_and_nobody_else_reads_it() {
        let dir = tempfile::tempdir().expect("dir");
        let notes = Notes { folder: dir.path().join("harden/recipients") };
        let (a, b) = (Path::new("/home/ada/a b"), Path::new("/home/ada/\u{e4}\n"));
        assert_eq!(notes.read(a), Ok(None));
        assert_eq!(notes.all(), Ok(Vec::new()));
        notes.write(a, &["x".to_owned(), "y z".to_owned()]).expect("written");
        notes.write(b, &[]).expect("written");
        notes.write(a, &["x".to_owned()]).expect("written");
        assert_eq!(notes.read(a), Ok(Some(vec!["x".to_owned()])));
        assert_eq!(notes.read(b), Ok(Some(Vec::new())));
        assert_eq!(notes.all(), Ok(vec![(a.to_owned(), vec!["x".to_owned()]), (b.to_owned(), Vec::new())]));
        assert_eq!(notes.file(a).metadata().expect("meta").mode() & 0o777, 0o600);
        assert_eq!(dir.path().join("harden").metadata().expect("meta").mode() & 0o777, 0o700);
        assert_eq!((notes.forget(a), notes.forget(a), notes.read(a)), (Ok(true), Ok(false), Ok(None)));
    }

    #[test]
    fn what_is_no_note_is_refused_and_not_taken_for_a_first_use() {
        let dir = tempfile::tempdir().expect("dir");
        let notes = Notes { folder: dir.path().to_owned() };
        let (a, b) = (Path::new("/a"), Path::new("/b"));
        notes.write(a, &["x".to_owned()]).expect("written");
        std::fs::copy(notes.file(a), notes.file(b)).expect("copied");
        assert!(notes.read(b).is_err(), "the note of another project");
        std::fs::remove_file(notes.file(b)).expect("gone");
        std::os::unix::fs::symlink(notes.file(a), notes.file(b)).expect("link");
        assert!(notes.read(b).is_err());
    }
}
