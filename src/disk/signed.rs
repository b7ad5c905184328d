//! A small text in the state folder that only this user's harden wrote: atomic, durable, with an HMAC (RFC 2104) as its last line.
//!
//! A repository can bring a file of this name: without a fitting HMAC it is refused, as a journal is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::atomic::{ModePolicy, write_atomic};
use super::error::DiskError;
use super::lock::Lock;
use super::read::{Links, read_raw};
use super::record::{Key, same, unhex};
use super::temp::{hex, sync_folder, unique};

/// Most bytes of such a text.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Writes `text` (which ends in a line break) as `name` in the state folder of `lock`'s project; durable when this returns.
///
/// # Errors
/// [`DiskError`]; the former text stands then.
pub fn write(lock: &Lock, name: &str, text: &str) -> Result<(), DiskError> {
    let mac = hex(&Key::of_user()?.mac(text.as_bytes()));
    write_atomic(&path(lock, name), format!("{text}hmac {mac}\n").as_bytes(), ModePolicy::Exactly(0o600))
}

/// The text at `path`; `None` where there is no such file.
///
/// # Errors
/// [`DiskError::Journal`] for one that is not this user's, or was changed.
pub fn read(path: &Path) -> Result<Option<String>, DiskError> {
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let refuse = |reason| DiskError::Journal { path: path.to_owned(), reason };
    let raw = read_raw(path, Links::Refuse, LIMIT)?.ok_or_else(|| refuse("it is no regular file"))?;
    let text = std::str::from_utf8(&raw.bytes).map_err(|_| refuse("it is not complete"))?;
    let (body, mac) = text.strip_suffix('\n').and_then(|t| t.rsplit_once('\n')).ok_or_else(|| refuse("it is not complete"))?;
    let body = text.get(..=body.len()).unwrap_or_default();
    let mac = mac.strip_prefix("hmac ").and_then(unhex).ok_or_else(|| refuse("it is not complete"))?;
    if !same(&mac, &Key::of_user()?.mac(body.as_bytes())) {
        return Err(refuse("another user or machine wrote it, or it was changed"));
    }
    Ok(Some(body.to_owned()))
}

/// A name for what is about to be written: sixteen hex digits from the operating system's generator.
///
/// # Errors
/// When that has none to give.
pub fn new_id() -> Result<String, DiskError> {
    unique().map_err(|e| DiskError::io("name", Path::new("a rotation"), &e, "nothing was written"))
}

/// Removes `name` from the state folder of `lock`'s project, durably; nothing happens where it is not there.
///
/// # Errors
/// [`DiskError`] when it cannot be removed.
pub fn remove(lock: &Lock, name: &str) -> Result<(), DiskError> {
    let path = path(lock, name);
    let failed = |e: io::Error| DiskError::io("remove", &path, &e, "it is still there");
    match fs::remove_file(&path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(failed(e)),
        Ok(()) => sync_folder(&path).map_err(failed),
    }
}

fn path(lock: &Lock, name: &str) -> PathBuf {
    debug_assert!(!name.contains('/'), "a file of the state folder itself");
    lock.state().join(name)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{read, remove, write};
    use crate::disk::atomic::{ModePolicy, write_atomic};
    use crate::disk::lock::Lock;

    #[test]
    fn only_what_this_user_wrote_is_read() {
        let dir = tempfile::tempdir().expect("dir");
        let lock = Lock::of_rotation(dir.path()).expect("lock");
        let path = lock.state().join("rotation");
        assert_eq!(read(&path).expect("none"), None);
        write(&lock, "rotation", "state set\n").expect("written");
        assert_eq!(read(&path).expect("read").as_deref(), Some("state set\n"));
        let text = fs::read_to_string(&path).expect("text");
        for changed in [text.replace("set", "sets"), text.replacen("state", "", 1), String::new(), "state set\n".to_owned()] {
            write_atomic(&path, changed.as_bytes(), ModePolicy::Keep).expect("write");
            assert!(read(&path).is_err());
        }
        remove(&lock, "rotation").expect("gone");
        remove(&lock, "rotation").expect("gone already");
        assert_eq!(read(&path).expect("none"), None);
    }
}
