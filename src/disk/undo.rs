//! The way back after a transaction is done: copies of the old contents, sealed by whoever asks for one, under `.harden/state`.
//!
//! `undo-7.age` is the sealed copy, `undo-7` the list of what was changed: the journal of that transaction, under the same HMAC. The list has a
//! hash of each old content, so a copy that was exchanged is noticed, whoever it is sealed to. The last [`KEPT`] stay.
//!
//! Unsealed, a copy is text and bytes, for those who open it by hand:
//! ```text
//! harden undo 1
//! 644 21 app/.env
//! JWT_SECRET=changeme
//! ```
//! Permission bits, number of bytes, path, escaped as in the journal; then the bytes and a line break, for each file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::DiskError;
use super::lock::{FOLDER, Lock};
use super::read::{Links, read_raw};
use super::record::{Entry, Key, Record, escape, unescape};

pub use super::record::Kind;

/// How many copies are kept.
pub const KEPT: usize = 3;

const TITLE: &[u8] = b"harden undo 1\n";

/// A transaction that can be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its number, counted up in each project.
    pub number: u32,
    /// When, in seconds since 1970.
    pub time: u64,
    /// Whether it was a plan, or took one back.
    pub kind: Kind,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// What became of one file, by the SHA-256 of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// From the project's root.
    pub path: PathBuf,
    /// Before; `None` for a file that was made.
    pub old: Option<[u8; 32]>,
    /// After; `None` for a file that was removed.
    pub new: Option<[u8; 32]>,
}

/// A number, and what it stands for; the reason where its list is refused.
pub type Numbered = (u32, Result<Past, DiskError>);

/// An old content.
pub struct Content {
    /// From the project's root.
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// The bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// The transactions of the project at `root` that have a copy, the newest first; in the place of one whose list is refused, the reason. Looks
/// only.
///
/// # Errors
/// [`DiskError::NoHome`] and the like: nothing can be checked.
pub fn list(root: &Path) -> Result<Vec<Numbered>, DiskError> {
    let state = state_of(root);
    let complete = complete(&numbers(&state).map_err(|e| DiskError::io("read", &state, &e, ""))?);
    if complete.is_empty() {
        return Ok(Vec::new());
    }
    let key = Key::of_user()?;
    Ok(complete.into_iter().rev().map(|number| (number, load(&state, number, &key))).collect())
}

/// Where the sealed copy of transaction `number` is.
#[must_use]
pub fn sealed(root: &Path, number: u32) -> PathBuf {
    copy_in(&state_of(root), number)
}

/// Removes the copy `number`, or all; how many there were.
///
/// # Errors
/// [`DiskError::Busy`], or one that cannot be removed.
pub fn forget(root: &Path, number: Option<u32>) -> Result<usize, DiskError> {
    let state = state_of(root);
    let all = numbers(&state).map_err(|e| DiskError::io("read", &state, &e, "nothing was removed"))?;
    let doomed: Vec<u32> = all.into_keys().filter(|n| number.is_none_or(|number| number == *n)).collect();
    if doomed.is_empty() {
        return Ok(0);
    }
    let lock = Lock::acquire(root)?;
    for number in &doomed {
        drop_copy(lock.state(), *number).map_err(|e| DiskError::io("remove", &copy_in(lock.state(), *number), &e, "others may be gone"))?;
    }
    Ok(doomed.len())
}

/// The old contents as the bytes to seal.
#[must_use]
pub fn pack(contents: &[Content]) -> Zeroizing<Vec<u8>> {
    let heads: Vec<String> = contents.iter().map(|c| format!("{:o} {} {}\n", c.mode, c.bytes.len(), escape(&c.path))).collect();
    let size = heads.iter().zip(contents).map(|(head, c)| head.len() + c.bytes.len() + 1).sum::<usize>();
    let mut out = Zeroizing::new(Vec::with_capacity(TITLE.len() + size));
    out.extend_from_slice(TITLE);
    for (head, content) in heads.iter().zip(contents) {
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&content.bytes);
        out.push(b'\n');
    }
    out
}

/// What [`pack`] packed; `None` for other bytes.
#[must_use]
pub fn unpack(bytes: &[u8]) -> Option<Vec<Content>> {
    let mut rest = bytes.strip_prefix(TITLE)?;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == b'\n')?;
        let (head, after) = (std::str::from_utf8(rest.get(..end)?).ok()?, rest.get(end + 1..)?);
        let mut fields = head.splitn(3, ' ');
        let mode = u32::from_str_radix(fields.next()?, 8).ok().filter(|mode| *mode <= 0o7777)?;
        let (content, after) = after.split_at_checked(fields.next()?.parse().ok()?)?;
        out.push(Content { path: unescape(fields.next()?)?, mode, bytes: Zeroizing::new(content.to_vec()) });
        rest = after.strip_prefix(b"\n")?;
    }
    Some(out)
}

fn state_of(root: &Path) -> PathBuf {
    root.join(FOLDER).join("state")
}

pub(super) fn list_in(state: &Path, number: u32) -> PathBuf {
    state.join(format!("undo-{number}"))
}

pub(super) fn copy_in(state: &Path, number: u32) -> PathBuf {
    state.join(format!("undo-{number}.age"))
}

/// Each number in `state`, and which of its two files there are: the list, the copy. Nothing behind links.
fn numbers(state: &Path) -> io::Result<BTreeMap<u32, (bool, bool)>> {
    let mut out = BTreeMap::new();
    for folder in [state.parent().unwrap_or(state), state] {
        match fs::symlink_metadata(folder) {
            Ok(meta) if meta.is_dir() => {}
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => return Ok(out),
        }
    }
    for entry in fs::read_dir(state)? {
        let name = entry?.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix("undo-")) else { continue };
        let (digits, is_copy) = rest.strip_suffix(".age").map_or((rest, false), |digits| (digits, true));
        if let Some(number) = digits.parse().ok().filter(|n: &u32| n.to_string() == digits) {
            let (list, copy) = out.entry(number).or_insert((false, false));
            *if is_copy { copy } else { list } = true;
        }
    }
    Ok(out)
}

fn complete(numbers: &BTreeMap<u32, (bool, bool)>) -> BTreeSet<u32> {
    numbers.iter().filter(|(_, there)| **there == (true, true)).map(|(number, _)| *number).collect()
}

/// The number of the next copy.
pub(super) fn next(state: &Path) -> io::Result<u32> {
    Ok(numbers(state)?.last_key_value().map_or(1, |(number, _)| number.saturating_add(1)))
}

/// Removes all but the newest, `number` among them, and whatever is only half there; `taken` was taken back, and cannot be once more.
pub(super) fn keep_newest(state: &Path, number: u32, taken: Option<u32>) -> io::Result<()> {
    let all = numbers(state)?;
    let kept: BTreeSet<u32> =
        complete(&all).into_iter().rev().filter(|n| *n != number && Some(*n) != taken).take(KEPT - 1).chain([number]).collect();
    all.keys().filter(|n| !kept.contains(n)).try_for_each(|n| drop_copy(state, *n))
}

fn drop_copy(state: &Path, number: u32) -> io::Result<()> {
    for path in [copy_in(state, number), list_in(state, number)] {
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    File::open(state)?.sync_all()
}

fn load(state: &Path, number: u32, key: &Key) -> Result<Past, DiskError> {
    let path = list_in(state, number);
    let refuse = |reason| DiskError::Journal { path: path.clone(), reason };
    let raw = read_raw(&path, Links::Refuse, 64 << 20)?.ok_or_else(|| refuse("it is not a regular file"))?;
    let record = Record::decode(&raw.bytes, key).map_err(refuse)?;
    let copy = record.copy.filter(|copy| copy.number == number).ok_or_else(|| refuse("it is the list of something else"))?;
    let changes = record.entries.into_iter().map(|Entry { path, old, new }| Change { path, old, new }).collect();
    Ok(Past { number, time: copy.time, kind: copy.kind, changes })
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::{Content, pack, unpack};

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(files in prop::collection::vec((prop::collection::vec(1_u8.., 1..20), 0..0o10000_u32, any::<Vec<u8>>()), 0..4)) {
            let contents: Vec<Content> = files
                .iter()
                .map(|(path, mode, bytes)| Content { path: std::ffi::OsStr::from_bytes(path).into(), mode: *mode, bytes: bytes.clone().into() })
                .collect();
            let packed = pack(&contents);
            let back = unpack(&packed).expect("unpacks");
            prop_assert_eq!(back.len(), contents.len());
            for (a, b) in back.iter().zip(&contents) {
                prop_assert!(a.path == b.path && a.mode == b.mode && a.bytes == b.bytes);
            }
            for end in 1..packed.len() {
                prop_assert!(unpack(&packed[..end]).is_none_or(|cut| cut.len() < contents.len()));
            }
        }

        #[test]
        fn other_bytes_are_nothing(bytes in any::<Vec<u8>>()) {
            prop_assert!(unpack(&[b"harden undo 1\n".as_slice(), &bytes].concat()).is_none_or(|all| all.is_empty() || bytes.contains(&b'\n')));
            prop_assert!(unpack(&bytes).is_none());
        }
    }
}
