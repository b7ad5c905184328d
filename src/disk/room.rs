//! A private folder in memory, for a text that must not be on a disk: an editor needs a file.
//!
//! Only file systems without a disk beneath them count ([tmpfs](https://docs.kernel.org/filesystems/tmpfs.html), ramfs), and none that a repository
//! or `/tmp` is on. Such memory may still be swapped out; how a system swaps is its owner's business.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, OFlags};
use zeroize::Zeroizing;

use super::error::{DiskError, reason};
use super::read::{Links, Raw, read_raw};
use super::temp::unique;

/// How the folders are called.
const PREFIX: &str = "harden-edit-";
/// A folder of this age that nobody holds was left by a process that was killed.
const STALE: Duration = Duration::from_secs(60);
/// Folders within folders that an editor may leave.
const DEEPEST: usize = 8;
const UNTOUCHED: &str = "nothing was opened";

/// A folder that only this user enters; all that is in it is overwritten and removed when it is dropped.
#[derive(Debug)]
pub struct Room {
    path: PathBuf,
    /// Held, so that no other run takes the folder for a leftover.
    _lock: File,
}

impl Room {
    /// Where this process may have one: `$XDG_RUNTIME_DIR`, then `/dev/shm`.
    #[must_use]
    pub fn candidates() -> Vec<PathBuf> {
        let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        own.into_iter().chain([PathBuf::from("/dev/shm")]).collect()
    }

    /// A new folder in the first of `candidates` that is private, and in memory. Removes there what killed runs of this user left.
    ///
    /// # Errors
    /// [`DiskError::NoRoom`] with what is wrong with each.
    pub fn open(candidates: &[PathBuf]) -> Result<Self, DiskError> {
        let mut looked = Vec::new();
        for folder in candidates {
            match usable(folder) {
                Ok(()) => {
                    sweep(folder);
                    return Self::make(folder).map_err(|e| DiskError::io("make a folder in", folder, &e, UNTOUCHED));
                }
                Err(why) => looked.push(format!("`{}`: {why}", folder.display())),
            }
        }
        Err(DiskError::NoRoom { looked: looked.join(", ") })
    }

    fn make(folder: &Path) -> io::Result<Self> {
        let path = folder.join(format!("{PREFIX}{}", unique()?));
        DirBuilder::new().mode(0o700).create(&path)?;
        let lock = hold(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file `name`, which only this user reads.
    ///
    /// # Errors
    /// [`DiskError::Io`].
    pub fn put(&self, name: &OsStr, bytes: &[u8]) -> Result<PathBuf, DiskError> {
        let path = self.path.join(name);
        let written = || File::options().write(true).create_new(true).mode(0o600).open(&path)?.write_all(bytes);
        written().map_err(|e| DiskError::io("write", &path, &e, UNTOUCHED))?;
        Ok(path)
    }

    /// The bytes of the file `path` as they are now; `None` where there is no regular file any more.
    ///
    /// # Errors
    /// [`DiskError::Io`].
    pub fn take(&self, path: &Path, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, DiskError> {
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        Ok(read_raw(path, Links::Refuse, limit)?.map(|Raw { bytes, .. }| bytes))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        clear(&self.path, DEEPEST);
    }
}

/// Why `folder` is no place; in words that follow its name.
fn usable(folder: &Path) -> Result<(), String> {
    let meta = fs::symlink_metadata(folder).map_err(|error| reason(&error))?;
    if !meta.is_dir() {
        return Err("it is no folder".to_owned());
    }
    let own = rustix::process::geteuid().as_raw();
    let private = meta.uid() == own && meta.mode() & 0o077 == 0;
    // anyone may make a folder there, and nobody may rename another's
    let shared = meta.uid() == 0 && meta.mode() & 0o1000 != 0;
    if !private && !shared {
        return Err("others may enter it".to_owned());
    }
    let real = fs::canonicalize(folder).map_err(|error| reason(&error))?;
    if ["/tmp", "/var/tmp"].iter().any(|temp| real.starts_with(temp)) {
        return Err("it is below a folder for temporary files".to_owned());
    }
    if real.ancestors().any(|above| above.join(".git").symlink_metadata().is_ok()) {
        return Err("it lies in a repository".to_owned());
    }
    if in_memory(&real) { Ok(()) } else { Err("it is not in memory".to_owned()) }
}

/// Whether the file system of `folder` has no disk beneath it: the magic numbers of statfs(2).
#[cfg(target_os = "linux")]
fn in_memory(folder: &Path) -> bool {
    const TMPFS: u64 = 0x0102_1994;
    const RAMFS: u64 = 0x8584_58f6;
    rustix::fs::statfs(folder).is_ok_and(|stat| [TMPFS, RAMFS].iter().any(|magic| u64::try_from(stat.f_type).is_ok_and(|t| t == *magic)))
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
fn in_memory(_: &Path) -> bool {
    false
}

/// The lock of a folder.
fn hold(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive)?;
    Ok(folder)
}

/// Removes the rooms of this user that nobody holds any more.
fn sweep(folder: &Path) {
    let own = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let Some(meta) = fs::symlink_metadata(&path).ok().filter(|meta| ours && meta.is_dir() && meta.uid() == own) else { continue };
        let old = meta.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > STALE));
        if old && hold(&path).is_ok() {
            clear(&path, DEEPEST);
        }
    }
}

/// Overwrites every file in `folder`, and removes all of it. What cannot be removed is not waited for: nobody is left to be told.
fn clear(folder: &Path, depth: usize) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() && depth > 0 => clear(&path, depth - 1),
            Ok(meta) => {
                if meta.is_file() {
                    let _ = overwrite(&path, meta.len());
                }
                let _ = fs::remove_file(&path);
            }
            Err(_) => {}
        }
    }
    let _ = fs::remove_dir(folder);
}

/// Writes zeros over the bytes of a file.
fn overwrite(path: &Path, len: u64) -> io::Result<()> {
    // an editor may have taken the right to write away
    let _ = fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600));
    let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    io::copy(&mut io::Read::take(io::repeat(0), len), &mut file)?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::{Path, PathBuf};

    use super::{DiskError, PREFIX, Room, clear, in_memory, overwrite, sweep};

    fn shm() -> Option<PathBuf> {
        let shm = PathBuf::from("/dev/shm");
        in_memory(&shm).then_some(shm)
    }

    #[test]
    fn nobody_else_enters_and_nothing_is_left() {
        let Some(shm) = shm() else { return };
        let room = Room::open(&[shm]).expect("a room");
        let file = room.put(OsStr::new(".env"), b"A=kettle").expect("a file");
        let mode = |path: &Path| fs::metadata(path).expect("meta").mode() & 0o777;
        assert_eq!((mode(room.path()), mode(&file)), (0o700, 0o600));
        assert_eq!(room.take(&file, 100).expect("read").as_deref().map(Vec::as_slice), Some(&b"A=kettle"[..]));
        // what editors leave
        fs::create_dir(room.path().join("undo")).expect("folder");
        for name in [".env.swp", ".env~", "undo/%dev%shm"] {
            room.put(OsStr::new(name), b"kettle").expect("a file");
        }
        let path = room.path().to_owned();
        drop(room);
        assert!(path.symlink_metadata().is_err());
    }

    #[test]
    fn disks_repositories_temporary_folders_and_open_doors_are_refused() {
        let dir = tempfile::tempdir().expect("dir");
        let refused = |path: &Path| match Room::open(&[path.to_owned()]) {
            Err(DiskError::NoRoom { looked }) => looked,
            other => panic!("{other:?}"),
        };
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("mode");
        let why = refused(dir.path());
        assert!(why.contains("not in memory") || why.contains("temporary files"), "{why}");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("mode");
        assert!(refused(dir.path()).contains("others may enter"));
        assert!(refused(Path::new("/nowhere/at/all")).contains("no such file"));
        let Some(shm) = shm() else { return };
        let own = tempfile::tempdir_in(shm).expect("dir");
        fs::set_permissions(own.path(), Permissions::from_mode(0o700)).expect("mode");
        fs::create_dir(own.path().join(".git")).expect("folder");
        let why = refused(own.path());
        assert!(why.contains("repository"), "{why}");
    }

    #[test]
    fn what_a_killed_run_left_is_swept_once_it_is_old_and_nobody_holds_it() {
        let dir = tempfile::tempdir().expect("dir");
        let make = |name: &str, age: u64| {
            let path = dir.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&path).expect("folder");
            fs::File::create(path.join("x")).expect("file");
            let then = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
            fs::File::open(&path).and_then(|f| f.set_modified(then)).expect("time");
            path
        };
        let (old, young, held) = (make("old", 600), make("young", 1), make("held", 600));
        let _lock = super::hold(&held).expect("lock");
        sweep(dir.path());
        assert_eq!((old.exists(), young.exists(), held.exists()), (false, true, true));
    }

    #[test]
    fn the_bytes_are_overwritten_before_they_go() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("a");
        let second = dir.path().join("b");
        fs::File::create(&path).and_then(|mut f| std::io::Write::write_all(&mut f, b"kettle")).expect("file");
        fs::hard_link(&path, &second).expect("link");
        overwrite(&path, 6).expect("overwritten");
        assert_eq!(fs::read(&second).expect("bytes"), [0; 6]);
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).expect("link");
        clear(dir.path(), 2);
        assert!(Path::new("/etc/passwd").exists() && !dir.path().exists());
    }
}
