//! One writer for each project: an advisory lock on `.harden/state/lock`.
//!
//! `.harden/state` is for this machine only (0700, kept out of git by `.harden/.gitignore`). A repository can bring links of these names, to have
//! us write elsewhere: they are refused.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags};

use super::atomic::create_new;
use super::error::DiskError;
use super::temp::sync_folder;

/// harden's folder in a project.
pub const FOLDER: &str = ".harden";

const UNTOUCHED: &str = "nothing was written";

/// The lock of one project; let go when dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct Lock {
    state: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock of the project at `root`, and makes `.harden/state` and `.harden/.gitignore` where they are missing.
    ///
    /// # Errors
    /// [`DiskError::Busy`] when another process holds it; it is not waited for.
    pub fn acquire(root: &Path) -> Result<Self, DiskError> {
        Self::take(root, "lock")
    }

    /// Takes the lock of the one rotation that a project at `root` may have; file transactions within it take [`Self::acquire`]'s.
    ///
    /// # Errors
    /// As [`Self::acquire`].
    pub fn of_rotation(root: &Path) -> Result<Self, DiskError> {
        Self::take(root, "rotation.lock")
    }

    fn take(root: &Path, name: &str) -> Result<Self, DiskError> {
        let own = root.join(FOLDER);
        folder(&own, 0o755)?;
        let ignore = own.join(".gitignore");
        match create_new(&ignore, b"state/\n", 0o644) {
            Ok(()) | Err(DiskError::Exists { .. }) => {}
            Err(e) => return Err(e),
        }
        let state = own.join("state");
        folder(&state, 0o700)?;
        let path = state.join(name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let failed = |e: rustix::io::Errno| DiskError::io("lock", &path, &e.into(), UNTOUCHED);
        let file = File::from(rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR).map_err(failed)?);
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { state, _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(DiskError::Busy { path }),
            Err(e) => Err(failed(e)),
        }
    }

    /// `.harden/state` of the project.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }
}

/// Makes a folder, or checks the one that is there: no link, and not open wider than `mode` if that is private.
fn folder(path: &Path, mode: u32) -> Result<(), DiskError> {
    let failed = |e: io::Error| DiskError::io("use", path, &e, UNTOUCHED);
    match DirBuilder::new().mode(mode).create(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        // a journal is worth nothing in a folder whose name a power cut takes away
        Ok(()) => return sync_folder(path).map_err(failed),
        Err(e) => return Err(failed(e)),
    }
    let meta = fs::symlink_metadata(path).map_err(failed)?;
    if meta.is_symlink() {
        let target = fs::canonicalize(path).or_else(|_| fs::read_link(path)).unwrap_or_default();
        return Err(DiskError::Link { path: path.to_owned(), target });
    }
    if !meta.is_dir() {
        return Err(failed(io::Error::other("not a folder")));
    }
    if mode == 0o700 && meta.mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::Lock;
    use crate::disk::DiskError;

    #[test]
    fn the_second_writer_is_refused_until_the_first_is_done() {
        let dir = tempfile::tempdir().expect("dir");
        let lock = Lock::acquire(dir.path()).expect("free");
        assert!(matches!(Lock::acquire(dir.path()), Err(DiskError::Busy { .. })));
        drop(lock);
        assert!(Lock::acquire(dir.path()).is_ok());
    }

    #[test]
    fn the_state_is_private_and_kept_out_of_git() {
        let dir = tempfile::tempdir().expect("dir");
        drop(Lock::acquire(dir.path()).expect("free"));
        let state = dir.path().join(".harden/state");
        let mode = || fs::metadata(&state).expect("meta").mode() & 0o777;
        assert_eq!(mode(), 0o700);
        fs::set_permissions(&state, Permissions::from_mode(0o755)).expect("mode");
        drop(Lock::acquire(dir.path()).expect("free"));
        assert_eq!(mode(), 0o700);
        assert_eq!(fs::read_to_string(dir.path().join(".harden/.gitignore")).expect("text"), "state/\n");
    }

    #[test]
    fn links_that_a_repository_brings_are_refused() {
        let (dir, elsewhere) = (tempfile::tempdir().expect("dir"), tempfile::tempdir().expect("dir"));
        symlink(elsewhere.path(), dir.path().join(".harden")).expect("link");
        assert!(matches!(Lock::acquire(dir.path()), Err(DiskError::Link { .. })));
        fs::remove_file(dir.path().join(".harden")).expect("gone");
        fs::create_dir(dir.path().join(".harden")).expect("folder");
        symlink(elsewhere.path(), dir.path().join(".harden/state")).expect("link");
        assert!(matches!(Lock::acquire(dir.path()), Err(DiskError::Link { .. })));
        assert_eq!(fs::read_dir(elsewhere.path()).expect("dir").count(), 0);
    }
}
