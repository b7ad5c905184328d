//! What may be computed again at any time, kept for the next run: below `$XDG_CACHE_HOME/harden`, outside of every project.
//!
//! One file for each name, with its SHA-256 before its content. What anybody else could have written, and what is damaged, counts as not there.
//! A file that nobody wrote for a month goes with the next one that is written, and so do the oldest where there are many.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::atomic::{ModePolicy, write_atomic};
use super::error::DiskError;
use super::home::cache_home;
use super::read::{Links, open_regular, read_raw, sha256};

const UNTOUCHED: &str = "nothing was written";
/// The largest file that is read, in bytes.
const LIMIT: u64 = 64 * 1024 * 1024;
/// Files that are kept.
const MOST: usize = 64;
/// How long a file is kept that nobody writes.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const DIGEST: usize = 32;

/// A folder of such files.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// This user's cache on `subject`, the name of a folder.
    ///
    /// # Errors
    /// [`DiskError::NoHome`]
    pub fn of_user(subject: &str) -> Result<Self, DiskError> {
        Ok(Self { folder: cache_home()?.join(subject) })
    }

    /// What was kept as `name`; `None` where that is not known for certain.
    #[must_use]
    pub fn read(&self, name: &[u8; DIGEST]) -> Option<Vec<u8>> {
        let path = self.file(name);
        let (_, meta) = open_regular(&path, Links::Refuse).ok()??;
        if meta.uid() != rustix::process::geteuid().as_raw() || meta.mode() & 0o022 != 0 {
            return None;
        }
        let raw = read_raw(&path, Links::Refuse, LIMIT).ok()??;
        let (digest, content) = raw.bytes.split_first_chunk::<DIGEST>()?;
        // between the two looks another may have taken its place
        let same = raw.stamp.dev == meta.dev() && raw.stamp.ino == meta.ino();
        (same && sha256(content) == *digest).then(|| content.to_vec())
    }

    /// Keeps `content` as `name`, in place of what was kept before.
    ///
    /// # Errors
    /// [`DiskError`]; what was kept before stands then.
    pub fn write(&self, name: &[u8; DIGEST], content: &[u8]) -> Result<(), DiskError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|e| DiskError::io("make", &self.folder, &e, UNTOUCHED))?;
        let path = self.file(name);
        write_atomic(&path, &[&sha256(content), content].concat(), ModePolicy::Exactly(0o600))?;
        self.prune(&path);
        Ok(())
    }

    /// Removes what is old or too much, but for `kept`.
    fn prune(&self, kept: &std::path::Path) {
        let is_ours = |name: &str| name.len() == 2 * DIGEST && name.bytes().all(|b| b.is_ascii_hexdigit());
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut all: Vec<(SystemTime, PathBuf)> = entries
            .filter(|entry| entry.file_name().to_str().is_some_and(is_ours))
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .filter(|(_, path)| path != kept)
            .collect();
        all.sort_by(|a, b| b.cmp(a));
        let now = SystemTime::now();
        let old = |time: SystemTime| now.duration_since(time).is_ok_and(|age| age > LONGEST);
        for (_, path) in all.iter().enumerate().filter(|(n, (time, _))| *n + 1 >= MOST || old(*time)).map(|(_, entry)| entry) {
            _ = fs::remove_file(path);
        }
    }

    fn file(&self, name: &[u8; DIGEST]) -> PathBuf {
        self.folder.join(super::hex(name))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::io::{Seek, SeekFrom, Write};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::time::{Duration, SystemTime};

    use super::{Cache, MOST};

    fn cache(dir: &tempfile::TempDir) -> Cache {
        Cache { folder: dir.path().join("harden/clean") }
    }

    #[test]
    fn what_is_kept_is_its_users_alone() {
        let dir = tempfile::tempdir().expect("dir");
        let cache = cache(&dir);
        assert_eq!(cache.read(&[1; 32]), None);
        cache.write(&[1; 32], b"kettle").expect("written");
        cache.write(&[2; 32], b"").expect("written");
        assert_eq!((cache.read(&[1; 32]), cache.read(&[2; 32])), (Some(b"kettle".to_vec()), Some(Vec::new())));
        assert_eq!(cache.file(&[1; 32]).metadata().expect("meta").mode() & 0o777, 0o600);
        assert_eq!(cache.folder.metadata().expect("meta").mode() & 0o777, 0o700);
    }

    #[test]
    fn what_others_could_have_written_and_what_is_damaged_does_not_count() {
        let dir = tempfile::tempdir().expect("dir");
        let cache = cache(&dir);
        cache.write(&[1; 32], b"kettle").expect("written");
        let path = cache.file(&[1; 32]);
        fs::set_permissions(&path, Permissions::from_mode(0o620)).expect("mode");
        assert_eq!(cache.read(&[1; 32]), None, "a group may write");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("mode");
        assert!(cache.read(&[1; 32]).is_some());
        symlink(&path, cache.file(&[2; 32])).expect("link");
        assert_eq!(cache.read(&[2; 32]), None, "a link");
        let mut file = File::options().write(true).open(&path).expect("open");
        file.seek(SeekFrom::End(-1)).expect("seek");
        file.write_all(b"E").expect("write");
        assert_eq!(cache.read(&[1; 32]), None, "another byte");
        file.set_len(20).expect("cut");
        assert_eq!(cache.read(&[1; 32]), None, "cut short");
    }

    #[test]
    fn what_is_old_or_too_much_goes_and_nothing_else() {
        let dir = tempfile::tempdir().expect("dir");
        let cache = cache(&dir);
        let age = |name: &[u8; 32], days: u64| {
            let then = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
            File::options().write(true).open(cache.file(name)).and_then(|f| f.set_modified(then)).expect("aged");
        };
        cache.write(&[1; 32], b"x").expect("written");
        File::create(cache.folder.join("note")).expect("foreign");
        age(&[1; 32], 31);
        for n in 2..100 {
            cache.write(&[n; 32], b"x").expect("written");
            age(&[n; 32], 1);
        }
        assert_eq!(cache.read(&[1; 32]), None, "a month old");
        assert_eq!((2..100).filter(|n| cache.read(&[*n; 32]).is_some()).count(), MOST);
        assert!(cache.read(&[99; 32]).is_some() && cache.folder.join("note").exists());
    }
}
