//! What may be computed again at any time, kept for the next run: below `$XDG_CACHE_HOME/harden`.
//!
//! One file for each name, with an HMAC (RFC 2104) before its content, under a key that is made of this user's own (`$XDG_STATE_HOME`): what
//! anybody else wrote, a repository that has the folder in it among them, and what is damaged counts as not there. Of a folder that others may
//! write to nothing is read, and nothing in it is changed. A file that was not used for a month goes with the next one that is written, and so do
//! those that were used longest ago where there are many.

use std::ffi::{CStr, CString};
use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags};

use super::error::DiskError;
use super::home::cache_home;
use super::record::{Key, same};
use super::temp::{hex, unique};

const UNTOUCHED: &str = "nothing was written";
/// Files that are kept.
const MOST: usize = 64;
/// How long a file is kept that nobody uses, in days.
const LONGEST: u32 = 30;
/// How old a file is that a run has left half written; how exactly it is known when one was used.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Bytes of a name, and of the HMAC.
const DIGEST: usize = 32;

/// A folder of such files.
#[derive(Clone, Debug)]
pub struct Cache {
    home: PathBuf,
    subject: &'static str,
}

impl Cache {
    /// This user's cache on `subject`, the name of a folder. Nothing is opened or made yet.
    ///
    /// # Errors
    /// [`DiskError::NoHome`]
    pub fn of_user(subject: &'static str) -> Result<Self, DiskError> {
        Ok(Self { home: cache_home()?, subject })
    }

    /// Opens it, and makes it where it is not there.
    ///
    /// # Errors
    /// [`DiskError`] where it cannot be made or is not this user's alone, and where there is no key.
    pub fn open(&self) -> Result<Opened, DiskError> {
        let opened = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.home)?;
            let home = own_folder(CWD, &self.home)?;
            match rustix::fs::mkdirat(&home, self.subject, Mode::RWXU) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => own_folder(&home, Path::new(self.subject)),
                Err(e) => Err(e.into()),
            }
        };
        let folder = opened().map_err(|e: io::Error| DiskError::io("use", &self.home.join(self.subject), &e, UNTOUCHED))?;
        Ok(Opened { folder, key: Key::of_user()?.derived(b"harden cache\n") })
    }
}

/// Opens a folder that is no link, belongs to this user, and that nobody else can write to.
fn own_folder(at: impl std::os::fd::AsFd, path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::openat(at, path, flags, Mode::empty())?;
    let file = File::from(folder);
    if !is_own(&file)? {
        return Err(io::Error::other("it is not yours alone"));
    }
    Ok(file.into())
}

/// Whether it belongs to this user, and nobody else can write to it.
fn is_own(file: &File) -> io::Result<bool> {
    let meta = file.metadata()?;
    Ok(meta.uid() == rustix::process::geteuid().as_raw() && meta.mode() & 0o022 == 0)
}

/// A folder of such files, and this user's key for it.
pub struct Opened {
    folder: OwnedFd,
    key: Key,
}

impl Opened {
    /// Bytes that nobody else knows: what is hashed with them cannot be guessed from its hash.
    #[must_use]
    pub fn seed(&self) -> [u8; DIGEST] {
        self.key.mac(b"harden cache seed\n")
    }

    /// What was kept as `name`, of at most `limit` bytes; `None` where that is not known for certain.
    #[must_use]
    pub fn read(&self, name: &[u8; DIGEST], limit: usize) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.folder, hex(name), flags, Mode::empty()).ok()?);
        let meta = file.metadata().ok().filter(|meta| meta.is_file() && meta.len() <= (limit + DIGEST) as u64)?;
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).ok()?);
        (&file).take((limit + DIGEST) as u64).read_to_end(&mut bytes).ok().filter(|_| is_own(&file).unwrap_or(false))?;
        let (mac, content) = bytes.split_first_chunk::<DIGEST>()?;
        if !same(&self.mac(name, content), mac) {
            return None;
        }
        // those that are used stay longest
        if meta.modified().ok()?.elapsed().is_ok_and(|age| age > DAY) {
            _ = file.set_modified(SystemTime::now());
        }
        bytes.drain(..DIGEST);
        Some(bytes)
    }

    /// Keeps `content` as `name`, in place of what was kept before.
    ///
    /// # Errors
    /// What the system says; what was kept before stands then.
    pub fn write(&self, name: &[u8; DIGEST], content: &[u8]) -> io::Result<()> {
        let (name, mac) = (hex(name), self.mac(name, content));
        let temp = format!(".{name}.{}", unique()?);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&self.folder, temp.as_str(), flags, Mode::RUSR | Mode::WUSR)?);
        // what is lost by a power cut is computed again, and what is torn is not believed
        let written = file.write_all(&mac).and_then(|()| file.write_all(content));
        let named = written.and_then(|()| Ok(rustix::fs::renameat(&self.folder, temp.as_str(), &self.folder, name.as_str())?));
        if named.is_err() {
            _ = rustix::fs::unlinkat(&self.folder, temp.as_str(), AtFlags::empty());
        }
        self.prune(&name);
        named
    }

    /// The HMAC of `content` as `name`.
    fn mac(&self, name: &[u8; DIGEST], content: &[u8]) -> [u8; DIGEST] {
        self.key.mac(&[&b"harden cache file\n"[..], name, content].concat())
    }

    /// Removes what is old or too much, but for `kept`, and what runs that were killed have left.
    fn prune(&self, kept: &str) {
        let Ok(entries) = Dir::read_from(&self.folder) else { return };
        let mut all: Vec<(Duration, CString)> = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            if is_temp(name.to_bytes()) {
                if self.age(name).is_some_and(|age| age > DAY) {
                    self.remove(name);
                }
            } else if is_name(name.to_bytes()) && name.to_bytes() != kept.as_bytes() {
                all.extend(self.age(name).map(|age| (age, name.to_owned())));
            }
        }
        all.sort_unstable();
        for (_, name) in all.iter().enumerate().filter(|(n, (age, _))| *n + 1 >= MOST || *age > LONGEST * DAY).map(|(_, entry)| entry) {
            self.remove(name);
        }
    }

    /// How long ago a file was used.
    fn age(&self, name: &CStr) -> Option<Duration> {
        let stat = rustix::fs::statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(stat.st_mtime).ok()?);
        Some(then.elapsed().unwrap_or_default())
    }

    fn remove(&self, name: &CStr) {
        _ = rustix::fs::unlinkat(&self.folder, name, AtFlags::empty());
    }
}

/// Whether it is that of a file which was kept.
fn is_name(name: &[u8]) -> bool {
    name.len() == 2 * DIGEST && name.iter().all(u8::is_ascii_hexdigit)
}

/// Whether it is that of a file which is being written: `.NAME.`, and what no other process has.
fn is_temp(name: &[u8]) -> bool {
    let behind = name.strip_prefix(b".").and_then(|rest| rest.split_at_checked(2 * DIGEST));
    behind.is_some_and(|(name, unique)| is_name(name) && unique.starts_with(b"."))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::io::{Seek, SeekFrom, Write};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::{Path, PathBuf};
    use std::time::SystemTime;

    use super::{CWD, DAY, MOST, Opened, hex, own_folder};
    use crate::disk::record::Key;

    /// A folder with a key of its own.
    fn opened(folder: &Path, key: u8) -> Opened {
        fs::create_dir_all(folder).expect("folder");
        fs::set_permissions(folder, Permissions::from_mode(0o700)).expect("mode");
        Opened { folder: own_folder(CWD, folder).expect("own"), key: Key::fixed(key) }
    }

    fn file(folder: &Path, n: u8) -> PathBuf {
        folder.join(hex(&[n; 32]))
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).expect("folder").count()
    }

    #[test]
    fn what_is_kept_is_its_users_alone() {
        let dir = tempfile::tempdir().expect("dir");
        let cache = opened(dir.path(), 1);
        assert_eq!(cache.read(&[1; 32], 100), None);
        cache.write(&[1; 32], b"kettle").expect("written");
        cache.write(&[2; 32], b"").expect("written");
        assert_eq!((cache.read(&[1; 32], 6), cache.read(&[2; 32], 0)), (Some(b"kettle".to_vec()), Some(Vec::new())));
        assert_eq!(cache.read(&[1; 32], 5), None, "more than was asked for");
        assert_eq!((file(dir.path(), 1).metadata().expect("meta").permissions().mode() & 0o777, names(dir.path())), (0o600, 2));
        assert_ne!(cache.seed(), opened(dir.path(), 2).seed());
    }

    #[test]
    fn what_others_wrote_and_what_is_damaged_does_not_count() {
        let dir = tempfile::tempdir().expect("dir");
        let cache = opened(dir.path(), 1);
        cache.write(&[1; 32], b"kettle").expect("written");
        let path = file(dir.path(), 1);
        assert_eq!(opened(dir.path(), 2).read(&[1; 32], 100), None, "another user's key: a folder that a repository brought");
        fs::copy(&path, file(dir.path(), 3)).expect("copied");
        assert_eq!(cache.read(&[3; 32], 100), None, "under another name");
        fs::set_permissions(&path, Permissions::from_mode(0o620)).expect("mode");
        assert_eq!(cache.read(&[1; 32], 100), None, "a group may write");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("mode");
        assert!(cache.read(&[1; 32], 100).is_some());
        symlink(&path, file(dir.path(), 2)).expect("link");
        assert_eq!(cache.read(&[2; 32], 100), None, "a link");
        let mut damaged = File::options().write(true).open(&path).expect("open");
        damaged.seek(SeekFrom::End(-1)).expect("seek");
        damaged.write_all(b"E").expect("write");
        assert_eq!(cache.read(&[1; 32], 100), None, "another byte");
        damaged.set_len(20).expect("cut");
        assert_eq!(cache.read(&[1; 32], 100), None, "cut short");
    }

    #[test]
    fn a_folder_that_others_may_change_and_a_link_to_one_are_not_used() {
        let dir = tempfile::tempdir().expect("dir");
        let folder = dir.path().join("folder");
        drop(opened(&folder, 1));
        symlink(&folder, dir.path().join("link")).expect("link");
        assert!(own_folder(CWD, &dir.path().join("link")).is_err());
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).expect("mode");
        assert!(own_folder(CWD, &folder).is_err());
    }

    #[test]
    fn what_is_old_or_too_much_goes_and_nothing_else() {
        let dir = tempfile::tempdir().expect("dir");
        let cache = opened(dir.path(), 1);
        let age = |path: &Path, days: u32| {
            let then = SystemTime::now() - days * DAY;
            File::options().write(true).open(path).and_then(|f| f.set_modified(then)).expect("aged");
        };
        let left = dir.path().join(format!(".{}.0123456789abcdef", hex(&[1; 32])));
        for foreign in [&dir.path().join("note"), &dir.path().join(".note"), &left] {
            File::create(foreign).expect("foreign");
            age(foreign, 90);
        }
        let hot = [200; 32];
        cache.write(&hot, b"x").expect("written");
        cache.write(&[1; 32], b"x").expect("written");
        age(&file(dir.path(), 1), 31);
        for n in 2..100 {
            cache.write(&[n; 32], b"x").expect("written");
            age(&file(dir.path(), n), 2);
            // what is used stays
            age(&file(dir.path(), 200), 20);
            assert!(cache.read(&hot, 100).is_some(), "{n}");
        }
        assert_eq!(cache.read(&[1; 32], 100), None, "a month old");
        assert_eq!((2..100).filter(|n| file(dir.path(), *n).exists()).count(), MOST - 1);
        assert!(file(dir.path(), 99).exists() && dir.path().join("note").exists() && dir.path().join(".note").exists() && !left.exists());
    }
}
