//! What tells, without reading it, that a file is what it was.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the file system says of a regular file. As long as it says the same, its content is the same: no program can set the time of the last
/// change (`st_ctime`, POSIX.1-2024 4.12, "File Times Update"). Git knows by this which files of a work tree it need not read. Two things escape
/// it, as they do git: what a program writes into memory that it has mapped shows only when the system says so, and on some network file
/// systems the times are not the server's ([`keeps_times`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    dev: u64,
    ino: u64,
    len: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl State {
    /// That of the file at `path`; `None` for anything but a regular file.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        path.symlink_metadata().ok().filter(Metadata::is_file).map(|meta| Self::from(&meta))
    }

    /// The number of its device.
    #[must_use]
    pub fn device(&self) -> u64 {
        self.dev
    }

    /// Whether its times lie so far before `now` that a change since would show: no file system is coarser than two seconds, and one more.
    #[must_use]
    pub fn has_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_secs()).ok());
        now.is_some_and(|now| self.modified.0.max(self.changed.0) < now.saturating_sub(COARSEST))
    }

    /// All of it in bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 56] {
        let (modified, changed) = (self.modified, self.changed);
        let times = [modified.0, modified.1, changed.0, changed.1].map(i64::to_le_bytes);
        let mut bytes = [0; 56];
        let all = [self.dev, self.ino, self.len].map(u64::to_le_bytes).into_iter().chain(times);
        bytes.iter_mut().zip(all.flatten()).for_each(|(to, from)| *to = from);
        bytes
    }
}

/// Seconds: FAT tells times of modification to two, and what is rounded may be off by one more.
const COARSEST: i64 = 3;

impl From<&Metadata> for State {
    fn from(meta: &Metadata) -> Self {
        let (modified, changed) = ((meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec()));
        Self { dev: meta.dev(), ino: meta.ino(), len: meta.len(), modified, changed }
    }
}

/// The number of the device that `path` is on, where it is known to tell times as [`State`] needs them: local file systems of Linux.
#[must_use]
pub fn keeps_times(path: &Path) -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        // magic numbers of ext4, XFS, Btrfs, F2FS, bcachefs, ZFS, tmpfs and overlayfs (statfs(2), linux/magic.h)
        const LOCAL: &[u64] = &[0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0xca45_1a4e, 0x2fc1_2fc1, 0x0102_1994, 0x794c_7630];
        let kind = rustix::fs::statfs(path).ok()?.f_type;
        path.metadata().ok().filter(|_| u64::try_from(kind).is_ok_and(|kind| LOCAL.contains(&kind))).map(|meta| meta.dev())
    }
    #[cfg(not(target_os = "linux"))]
    {
        _ = path;
        None
    }
}

/// The user and the groups by which this process may read files, as numbers.
#[must_use]
pub fn reading_as() -> Vec<u32> {
    let groups = rustix::process::getgroups().unwrap_or_default();
    let own = [rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw()];
    own.into_iter().chain(groups.into_iter().map(rustix::process::Gid::as_raw)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use super::State;

    fn put(path: &Path, text: &str) {
        File::create(path).and_then(|mut f| f.write_all(text.as_bytes())).expect("test file");
    }

    #[test]
    fn a_state_is_another_after_each_change_and_counts_when_it_is_old_enough() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("a");
        assert_eq!(State::of(&path), None);
        assert_eq!(State::of(dir.path()), None, "a folder");
        put(&path, "kettle");
        symlink(&path, dir.path().join("link")).expect("link");
        assert_eq!(State::of(&dir.path().join("link")), None, "a link");
        let state = State::of(&path).expect("a file");
        assert_eq!(State::of(&path), Some(state));
        let now = SystemTime::now();
        assert!(!state.has_settled(now) && state.has_settled(now + Duration::from_secs(60)));
        assert!(!state.has_settled(now - Duration::from_secs(60)), "written in the future");
        let long_ago = now - Duration::from_secs(1_000_000);
        let age = || File::options().write(true).open(&path).and_then(|f| f.set_modified(long_ago)).expect("aged");
        age();
        let aged = State::of(&path).expect("a file");
        assert!(aged != state && !aged.has_settled(SystemTime::now()), "it was changed just now, whatever it says of its content");
        std::thread::sleep(Duration::from_millis(20));
        put(&path, "teapot");
        age();
        let other = State::of(&path).expect("a file");
        assert!(other != aged && other.to_bytes() != aged.to_bytes(), "the same length and time of modification");
    }
}
