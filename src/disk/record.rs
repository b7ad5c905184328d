//! The journal's own file: paths and hashes, under an HMAC of this user. Never contents.
//!
//! ```text
//! harden journal 1 5f3a09c2d41b7e86
//! copy 7 1764446000 plan -
//! replace OLD-SHA256 NEW-SHA256 app/.env
//! create - NEW-SHA256 app/.env.age
//! remove OLD-SHA256 - app/.env.bak
//! hmac HMAC-SHA256
//! ```
//! `copy` says under which number the old contents are kept, the time, and whether this is a plan, or takes one back (`undo 5`), or takes that back (`redo 6`). When all is
//! done, the journal of a transaction with a copy becomes that copy's list of files.
//!
//! Bytes of a path that are not printable ASCII, and `%`, are written as `%XX`. A repository can bring a file of this name: the key (RFC 2104)
//! lies in the user's own state folder, so only what this user's harden wrote is obeyed, and its paths are checked all the same.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::atomic::create_new;
use super::error::DiskError;
use super::home::state_home;
use super::read::{Links, read_raw};
use super::temp::hex;

/// SHA-256 of a file's bytes.
pub(super) type Hash = [u8; 32];

/// A key for HMACs: that of the journals of one user on one machine, or another.
pub struct Key(Zeroizing<[u8; 32]>);

/// What is to become of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Relative to the root; see [`is_inside`].
    pub(super) path: PathBuf,
    /// Hash of the content that is replaced; `None` for a new file.
    pub(super) old: Option<Hash>,
    /// Hash of the content that comes; `None` for a file that goes. One of the two there always is.
    pub(super) new: Option<Hash>,
}

/// The copy of the old contents that a transaction makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copy {
    /// `undo-NUMBER.age` holds the contents, `undo-NUMBER` the list of files.
    pub(super) number: u32,
    /// Seconds since 1970.
    pub(super) time: u64,
    /// What it is the copy of.
    pub(super) kind: Kind,
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A plan.
    Plan,
    /// It takes back the plan of this number.
    Undo(u32),
    /// It takes back the [`Kind::Undo`] of this number: the plan holds again.
    Redo(u32),
}

impl Kind {
    /// What is taken back, if anything.
    #[must_use]
    pub fn takes(self) -> Option<u32> {
        match self {
            Self::Plan => None,
            Self::Undo(number) | Self::Redo(number) => Some(number),
        }
    }
}

/// One transaction, as recovery must know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Sixteen hex digits: part of the names of the temp files.
    pub(super) id: String,
    /// The way back, where there is one.
    pub(super) copy: Option<Copy>,
    /// The files, in the order in which they are changed.
    pub(super) entries: Vec<Entry>,
}

/// Whether `path` can only lie below the root that it is joined to, and is neither git's nor our state's.
pub(super) fn is_inside(path: &Path) -> bool {
    let mut names = path.components().map(|c| if let Component::Normal(name) = c { Some(name) } else { None });
    path.file_name().is_some() && names.all(|name| name.is_some_and(|n| n != ".git")) && !path.starts_with(".harden/state")
}

const TITLE: &str = "harden journal 1 ";
const COPY: &str = "copy ";

impl Record {
    pub(super) fn encode(&self, key: &Key) -> String {
        let mut text = format!("{TITLE}{}\n", self.id);
        if let Some(Copy { number, time, kind }) = self.copy {
            let (word, taken) = match kind {
                Kind::Plan => ("plan", "-".to_owned()),
                Kind::Undo(taken) => ("undo", taken.to_string()),
                Kind::Redo(taken) => ("redo", taken.to_string()),
            };
            text.push_str(&format!("{COPY}{number} {time} {word} {taken}\n"));
        }
        for Entry { path, old, new } in &self.entries {
            let verb = if old.is_none() { "create" } else { new.map_or("remove", |_| "replace") };
            let [old, new] = [old, new].map(|hash| hash.as_ref().map_or("-".to_owned(), |hash| hex(hash)));
            text.push_str(&format!("{verb} {old} {new} {}\n", escape(path)));
        }
        let mac = hex(&key.mac(text.as_bytes()));
        text + "hmac " + &mac + "\n"
    }

    /// # Errors
    /// Why it is refused, in our own words.
    pub(super) fn decode(text: &[u8], key: &Key) -> Result<Self, &'static str> {
        const BROKEN: &str = "it is not complete";
        let text = std::str::from_utf8(text).map_err(|_| BROKEN)?;
        let (body, mac) = text.strip_suffix('\n').and_then(|t| t.rsplit_once('\n')).ok_or(BROKEN)?;
        let (body, mac) = (&text[..=body.len()], mac.strip_prefix("hmac ").and_then(unhex).ok_or(BROKEN)?);
        if !same(&mac, &key.mac(body.as_bytes())) {
            return Err("another user or machine wrote it, or it was changed");
        }
        let mut lines = body.lines().peekable();
        let id = lines.next().and_then(|l| l.strip_prefix(TITLE)).ok_or("it is of another version")?;
        if id.len() != 16 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(BROKEN);
        }
        let copy = match lines.next_if(|line| line.starts_with(COPY)) {
            Some(line) => Some(copy(line).ok_or(BROKEN)?),
            None => None,
        };
        let entries = lines.map(|line| entry(line).ok_or(BROKEN)).collect::<Result<Vec<_>, _>>()?;
        if entries.iter().all(|e| is_inside(&e.path)) {
            Ok(Self { id: id.to_owned(), copy, entries })
        } else {
            Err("it names a path outside the project")
        }
    }
}

fn entry(line: &str) -> Option<Entry> {
    let mut fields = line.splitn(4, ' ');
    let (verb, old, new, path) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let (old, new) = match (verb, old, new) {
        ("replace", old, new) => (Some(unhex(old)?), Some(unhex(new)?)),
        ("create", "-", new) => (None, Some(unhex(new)?)),
        ("remove", old, "-") => (Some(unhex(old)?), None),
        _ => return None,
    };
    Some(Entry { path: unescape(path)?, old, new })
}

fn copy(line: &str) -> Option<Copy> {
    let mut fields = line.strip_prefix(COPY)?.splitn(4, ' ');
    let (number, time) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let kind = match (fields.next()?, fields.next()?) {
        ("plan", "-") => Kind::Plan,
        ("undo", taken) => Kind::Undo(taken.parse().ok()?),
        ("redo", taken) => Kind::Redo(taken.parse().ok()?),
        _ => return None,
    };
    Some(Copy { number, time, kind })
}

pub(super) fn escape(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().fold(String::new(), |mut out, &b| {
        if b.is_ascii_graphic() && b != b'%' {
            out.push(char::from(b));
        } else {
            out.push('%');
            out.push_str(&hex(&[b]));
        }
        out
    })
}

pub(super) fn unescape(text: &str) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        rest = after;
        if b == b'%' {
            let (pair, after) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(b);
        }
    }
    Some(PathBuf::from(OsStr::from_bytes(&bytes)))
}

/// The 32 bytes of 64 hexadecimal digits, of either case; `None` for any other text.
#[must_use]
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut hash = Hash::default();
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (i, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(hash)
}

/// Equality without an early exit.
pub(super) fn same(a: &Hash, b: &Hash) -> bool {
    a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
}

impl Key {
    /// The key in the user's state folder, `$XDG_STATE_HOME/harden` or `~/.local/state/harden`; made on first use.
    ///
    /// # Errors
    /// [`DiskError::NoHome`], or what keeps it from being read or made.
    pub fn of_user() -> Result<Self, DiskError> {
        Self::in_folder(&state_home()?)
    }

    /// One that only this process knows.
    ///
    /// # Errors
    /// [`DiskError::Io`] when the system has no random numbers.
    pub fn random() -> Result<Self, DiskError> {
        let mut fresh = Zeroizing::new([0; 32]);
        let filled = SysRng.try_fill_bytes(&mut fresh[..]);
        filled.map_err(|_| DiskError::io("make", Path::new("key"), &std::io::Error::other("the system has no random numbers"), ""))?;
        Ok(Self(fresh))
    }

    /// One that is kept elsewhere; `None` for what has not 32 bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|key: [u8; 32]| Self(Zeroizing::new(key)))
    }

    pub(super) fn in_folder(folder: &Path) -> Result<Self, DiskError> {
        const UNTOUCHED: &str = "nothing was written";
        let path = folder.join("journal.key");
        if fs::symlink_metadata(&path).is_err() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|e| DiskError::io("make", folder, &e, UNTOUCHED))?;
            let mut fresh = Zeroizing::new([0; 32]);
            let filled = SysRng.try_fill_bytes(&mut fresh[..]);
            filled.map_err(|_| DiskError::io("make", &path, &std::io::Error::other("the system has no random numbers"), UNTOUCHED))?;
            match create_new(&path, &fresh[..], 0o600) {
                // another process was first: its key holds
                Ok(()) | Err(DiskError::Exists { .. }) => {}
                Err(e) => return Err(e),
            }
        }
        let bytes = read_raw(&path, Links::Refuse, 32)?.and_then(|raw| raw.bytes.as_slice().try_into().ok());
        bytes.map(|b| Self(Zeroizing::new(b))).ok_or(DiskError::Journal { path, reason: "it is no key of 32 bytes" })
    }

    /// The key itself, to be sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0[..]
    }

    /// The key for `purpose` that is made of this one.
    #[must_use]
    pub fn derived(&self, purpose: &[u8]) -> Self {
        Self(Zeroizing::new(self.mac(purpose)))
    }

    /// HMAC-SHA-256 (RFC 2104) of `text`, which begins with what it is for. The key is shorter than a block, so it is padded, not hashed.
    #[must_use]
    pub fn mac(&self, text: &[u8]) -> [u8; 32] {
        let pad = |with: u8| {
            let mut block = Zeroizing::new([with; 64]);
            block.iter_mut().zip(self.0.iter()).for_each(|(b, k)| *b ^= k);
            block
        };
        let inner = Sha256::new().chain_update(&pad(0x36)[..]).chain_update(text).finalize();
        Sha256::new().chain_update(&pad(0x5c)[..]).chain_update(inner).finalize().into()
    }
}

#[cfg(test)]
impl Key {
    pub(super) fn fixed(byte: u8) -> Self {
        Self(Zeroizing::new([byte; 32]))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};

    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::{Copy, Entry, Key, Kind, Record, hex, is_inside};

    fn record(path: PathBuf) -> Record {
        let entries = vec![
            Entry { path: path.clone(), old: Some([1; 32]), new: Some([2; 32]) },
            Entry { path: path.clone(), old: None, new: Some([3; 32]) },
            Entry { path, old: Some([4; 32]), new: None },
        ];
        Record { id: "0123456789abcdef".into(), copy: Some(Copy { number: 7, time: 9, kind: Kind::Undo(3) }), entries }
    }

    #[test]
    fn the_mac_is_hmac_sha256() {
        // from Python: hmac.new(b"\x0b" * 32, b"Hi There", "sha256").hexdigest()
        assert_eq!(hex(&Key::fixed(0x0b).mac(b"Hi There")), "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7");
    }

    #[test]
    fn paths_that_lead_out_are_refused_even_under_a_good_mac() {
        for bad in ["../x", "/etc/passwd", "a/../../x", "", ".", "a/..", ".git/config", "sub/.git/hooks/x", ".harden/state/lock"] {
            assert!(!is_inside(Path::new(bad)), "{bad}");
            let text = record(bad.into()).encode(&Key::fixed(1));
            assert!(Record::decode(text.as_bytes(), &Key::fixed(1)).is_err(), "{bad}");
        }
        assert!(is_inside(Path::new(".harden/sealed.toml")) && is_inside(Path::new("a/.env")));
    }

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().expect("dir");
        let folder = dir.path().join("state/harden");
        let first = Key::in_folder(&folder).expect("made");
        let second = Key::in_folder(&folder).expect("read");
        assert_eq!(first.0, second.0);
        assert_eq!(std::fs::metadata(folder.join("journal.key")).expect("meta").mode() & 0o777, 0o600);
    }

    proptest! {
        #[test]
        fn any_path_survives(bytes in prop::collection::vec(1_u8.., 1..40)) {
            let path = PathBuf::from(OsStr::from_bytes(&bytes));
            let record = record(path.clone());
            let back = Record::decode(record.encode(&Key::fixed(7)).as_bytes(), &Key::fixed(7));
            prop_assert_eq!(back.is_ok(), is_inside(&path));
            if let Ok(back) = back {
                prop_assert_eq!(back, record);
            }
        }

        #[test]
        fn no_changed_byte_is_obeyed(at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let mut text = record("app/.env".into()).encode(&Key::fixed(7)).into_bytes();
            let at = at.index(text.len());
            let before = text[at];
            text[at] ^= flip;
            // hex digits may be written in either case
            if !text[at].eq_ignore_ascii_case(&before) {
                prop_assert!(Record::decode(&text, &Key::fixed(7)).is_err());
            }
            prop_assert!(Record::decode(&text, &Key::fixed(8)).is_err());
        }

        #[test]
        fn any_bytes_are_refused(bytes in any::<Vec<u8>>()) {
            prop_assert!(Record::decode(&bytes, &Key::fixed(7)).is_err());
        }
    }
}
