//! One file, written whole or not at all: a temp file in the same folder, the old mode and owner, fsync, rename, fsync of the folder.
//!
//! Not for several files that belong together: see `journal`. Links and files with several names are refused, because a rename would replace the
//! name and leave the old content where the others lead.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::error::DiskError;
use super::temp::{Like, beside, rename_new, sync_folder, unique, write_nameless, write_temp};

/// Which permissions a written file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModePolicy {
    /// Those of the file that is replaced; a new file is for its owner only (0600).
    Keep,
    /// These, whatever was there.
    Exactly(u32),
}

const UNTOUCHED: &str = "nothing was written";
const MAY_BE_LOST: &str = "the file is written, but a power cut now could undo it";

/// Replaces the content of `path`, or makes it. Owner and group stay; a reader sees the old bytes or the new ones, never a part.
///
/// # Errors
/// [`DiskError`]; the old file is untouched, except where the message says that it is written.
pub fn write_atomic(path: &Path, bytes: &[u8], mode: ModePolicy) -> Result<(), DiskError> {
    let failed = |e: io::Error| DiskError::io("write", path, &e, UNTOUCHED);
    let old = match fs::symlink_metadata(path) {
        Ok(meta) => Some(plain(path, meta)?),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(failed(e)),
    };
    let kept = old.as_ref().map_or(0o600, |m| m.mode() & 0o7777);
    let mode = if let ModePolicy::Exactly(mode) = mode { mode } else { kept };
    let temp = Temp::new(path).map_err(failed)?;
    let like = old.as_ref().map(|meta| Like { path, meta });
    write_temp(&temp.0, bytes, mode, like.as_ref()).and_then(|()| fs::rename(&temp.0, path)).map_err(failed)?;
    sync_folder(path).map_err(|e| DiskError::io("write", path, &e, MAY_BE_LOST))
}

/// Makes `path` with `mode`, and never replaces anything: identities, sealed files, outputs that the user named.
///
/// # Errors
/// [`DiskError::Exists`] when there is something already, dangling links included; others as in [`write_atomic`].
pub fn create_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DiskError> {
    let failed = |e: io::Error| match e.kind() {
        io::ErrorKind::AlreadyExists => DiskError::Exists { path: path.to_owned() },
        _ => DiskError::io("create", path, &e, UNTOUCHED),
    };
    if fs::symlink_metadata(path).is_ok() {
        return Err(DiskError::Exists { path: path.to_owned() });
    }
    if write_nameless(path, bytes, mode).map_err(failed)?.is_none() {
        let temp = Temp::new(path).map_err(failed)?;
        write_temp(&temp.0, bytes, mode, None).and_then(|()| rename_new(&temp.0, path)).map_err(failed)?;
    }
    sync_folder(path).map_err(|e| DiskError::io("create", path, &e, MAY_BE_LOST))
}

/// The metadata of a file that may be replaced: regular, no link, one name.
pub(super) fn plain(path: &Path, meta: Metadata) -> Result<Metadata, DiskError> {
    let path = path.to_owned();
    if meta.is_symlink() {
        let target = fs::canonicalize(&path).or_else(|_| fs::read_link(&path)).unwrap_or_default();
        return Err(DiskError::Link { path, target });
    }
    match meta.nlink() {
        _ if !meta.is_file() => Err(DiskError::NotRegular { path }),
        0 | 1 => Ok(meta),
        links => Err(DiskError::HardLink { path, links }),
    }
}

/// A temp file that goes when its owner fails; after the rename there is nothing to remove.
struct Temp(PathBuf);

impl Temp {
    fn new(path: &Path) -> io::Result<Self> {
        Ok(Self(beside(path, &unique()?, "")?))
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::io::Write;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::Path;

    use super::{ModePolicy, create_new, rename_new, write_atomic};
    use crate::disk::DiskError;

    fn put(path: &Path, text: &str, mode: u32) {
        File::create(path).and_then(|mut f| f.write_all(text.as_bytes())).expect("file");
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("mode");
    }

    fn state(path: &Path) -> (String, u32) {
        (fs::read_to_string(path).expect("text"), fs::metadata(path).expect("meta").mode() & 0o7777)
    }

    /// Names in `dir`: no temp file may be among them.
    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(dir).expect("dir").flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn content_changes_and_mode_stays() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("a.env");
        put(&path, "OLD", 0o640);
        write_atomic(&path, b"NEW", ModePolicy::Keep).expect("written");
        assert_eq!(state(&path), ("NEW".into(), 0o640));
        write_atomic(&path, b"SAFE", ModePolicy::Exactly(0o600)).expect("written");
        assert_eq!(state(&path), ("SAFE".into(), 0o600));
        let fresh = dir.path().join("fresh");
        write_atomic(&fresh, b"x", ModePolicy::Keep).expect("written");
        assert_eq!(state(&fresh), ("x".into(), 0o600));
        assert_eq!(names(dir.path()), ["a.env", "fresh"]);
    }

    #[test]
    fn owner_and_group_stay_where_that_is_allowed() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("a");
        put(&path, "OLD", 0o640);
        if std::os::unix::fs::chown(&path, Some(12_345), Some(23_456)).is_err() {
            return; // only root may give files away
        }
        write_atomic(&path, b"NEW", ModePolicy::Keep).expect("written");
        let meta = fs::metadata(&path).expect("meta");
        assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o777), (12_345, 23_456, 0o640));
    }

    #[test]
    fn links_and_second_names_are_refused_with_the_real_path() {
        let dir = tempfile::tempdir().expect("dir");
        let real = dir.path().join("real");
        put(&real, "OLD", 0o600);
        let link = dir.path().join("link");
        symlink("real", &link).expect("link");
        let error = write_atomic(&link, b"NEW", ModePolicy::Keep).expect_err("a link");
        assert_eq!(error, DiskError::Link { path: link.clone(), target: real.canonicalize().expect("real") });
        fs::hard_link(&real, dir.path().join("second")).expect("hard link");
        let error = write_atomic(&real, b"NEW", ModePolicy::Keep).expect_err("two names");
        assert_eq!(error, DiskError::HardLink { path: real.clone(), links: 2 });
        assert_eq!(write_atomic(dir.path(), b"", ModePolicy::Keep), Err(DiskError::NotRegular { path: dir.path().to_owned() }));
        assert_eq!(state(&real), ("OLD".into(), 0o600));
        assert_eq!(names(dir.path()), ["link", "real", "second"]);
    }

    #[test]
    fn a_new_file_never_replaces_anything() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("identity");
        create_new(&path, b"KEY", 0o600).expect("created");
        assert_eq!(state(&path), ("KEY".into(), 0o600));
        assert_eq!(create_new(&path, b"OTHER", 0o600), Err(DiskError::Exists { path: path.clone() }));
        let dangling = dir.path().join("dangling");
        symlink("nowhere", &dangling).expect("link");
        assert_eq!(create_new(&dangling, b"OTHER", 0o600), Err(DiskError::Exists { path: dangling.clone() }));
        assert_eq!(state(&path), ("KEY".into(), 0o600));
        assert_eq!(names(dir.path()), ["dangling", "identity"]);
    }

    #[test]
    fn a_rename_that_comes_second_fails() {
        let dir = tempfile::tempdir().expect("dir");
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        put(&a, "A", 0o600);
        put(&b, "B", 0o600);
        assert_eq!(rename_new(&a, &b).map_err(|e| e.kind()), Err(std::io::ErrorKind::AlreadyExists));
        assert_eq!(state(&b).0, "B");
    }

    #[test]
    fn a_failure_names_the_path_and_leaves_nothing() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("no/such/folder/a.env");
        let error = write_atomic(&path, b"x", ModePolicy::Keep).expect_err("no folder");
        assert_eq!(error.to_string(), format!("cannot write `{}`: no such file or directory; nothing was written", path.display()));
        assert_eq!(names(dir.path()), [""; 0]);
    }

    #[test]
    fn extended_attributes_stay() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("a.env");
        put(&path, "OLD", 0o600);
        if rustix::fs::setxattr(&path, "user.note", b"kept", rustix::fs::XattrFlags::empty()).is_err() {
            return; // no attributes on this file system
        }
        write_atomic(&path, b"NEW", ModePolicy::Keep).expect("written");
        let mut value = [0_u8; 16];
        let len = rustix::fs::getxattr(&path, "user.note", &mut value[..]).expect("attribute");
        assert_eq!(&value[..len], b"kept");
    }
}
