//! The project's key: 32 random bytes in `.harden/key.age`, sealed to the recipients. Who can open the project's sealed files can recognise a value that
//! it had, and vouch for a line of its ledger; nobody else can do either.
//!
//! It is never used as it is: each purpose has an HMAC-SHA-256 of its own (RFC 2104), whose key is the HMAC of the purpose's name.

use std::path::{Path, PathBuf};

use super::error::SealError;
use super::file;
use super::identities::Identities;
use super::recipients::Recipients;
use crate::disk::read::{Links, is_missing, read_raw};
use crate::disk::{MacKey, hex};
use crate::model::secret::Secret;

/// More recipients than anybody has.
const LIMIT: u64 = 1024 * 1024;

/// The purpose of tags in a diff; of a user's own key, where a project has none, too.
pub const VIEWS: &[u8] = b"harden view 1";

/// The key of one project.
pub struct ProjectKey {
    root: MacKey,
    ledger: MacKey,
    values: MacKey,
}

impl ProjectKey {
    /// A new one.
    ///
    /// # Errors
    /// [`SealError::Disk`] when the system has no random numbers.
    pub fn generate() -> Result<Self, SealError> {
        Ok(Self::of(MacKey::random()?))
    }

    /// Where the key of the project at `root` is kept.
    #[must_use]
    pub fn path(root: &Path) -> PathBuf {
        root.join(".harden").join("key.age")
    }

    /// Whether the project at `root` has one; it need not be one that can be opened.
    #[must_use]
    pub fn is_there(root: &Path) -> bool {
        !is_missing(&Self::path(root))
    }

    /// Opens the key of the project at `root`.
    ///
    /// # Errors
    /// What [`crate::seal::open`] says; [`SealError::Damaged`] for what is no key.
    pub fn open(root: &Path, identities: &Identities) -> Result<Self, SealError> {
        let raw = read_raw(&Self::path(root), Links::Refuse, LIMIT)?.ok_or(SealError::NotSealed)?;
        let bytes = file::open(&raw.bytes, identities)?;
        MacKey::of_bytes(&bytes).map(Self::of).ok_or(SealError::Damaged)
    }

    /// The bytes of its file, sealed to `recipients`.
    ///
    /// # Errors
    /// What [`crate::seal::seal`] says.
    pub fn sealed(&self, recipients: &Recipients) -> Result<Vec<u8>, SealError> {
        file::seal(self.root.expose(), recipients)
    }

    /// By what a value is known again: 32 hex digits, the same for the same value, and nothing to guess from without the key.
    #[must_use]
    pub fn tag(&self, value: &Secret) -> String {
        hex(self.values.mac(value.expose().as_bytes()).get(..16).unwrap_or_default())
    }

    /// The HMAC of a line of the ledger, in hex digits.
    #[must_use]
    pub fn vouch(&self, line: &[u8]) -> String {
        hex(&self.ledger.mac(line))
    }

    /// The key of the tags by which a diff tells that a value is another.
    #[must_use]
    pub fn for_views(&self) -> MacKey {
        self.root.derived(VIEWS)
    }

    fn of(root: MacKey) -> Self {
        let derived = |purpose: &[u8]| root.derived(purpose);
        let (ledger, values) = (derived(b"harden ledger 1"), derived(b"harden value 1"));
        Self { root, ledger, values }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pair::KeyPair;
    use super::{Identities, ProjectKey, Recipients};
    use crate::model::secret::Secret;

    #[test]
    fn who_opens_it_knows_values_again_and_others_do_not() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".harden")).unwrap();
        let (pair, stranger) = (KeyPair::generate(), KeyPair::generate());
        let key = ProjectKey::generate().unwrap();
        let sealed = key.sealed(&Recipients::new(vec![pair.recipient().clone()]).unwrap()).unwrap();
        assert!(!ProjectKey::is_there(dir.path()));
        crate::disk::atomic::create_new(&ProjectKey::path(dir.path()), &sealed, 0o644).unwrap();
        assert!(ProjectKey::is_there(dir.path()));
        let again = ProjectKey::open(dir.path(), &Identities::of_pair(&pair)).unwrap();
        let value = Secret::copy_of("hunter2-quokka");
        assert_eq!(key.tag(&value), again.tag(&value));
        assert_ne!(key.tag(&value), key.tag(&Secret::copy_of("hunter2-quokkb")));
        assert_ne!(key.tag(&value), ProjectKey::generate().unwrap().tag(&value));
        // a value is no line and a line no value
        assert!(!key.vouch(b"hunter2-quokka").starts_with(&key.tag(&value)));
        assert!(ProjectKey::open(dir.path(), &Identities::of_pair(&stranger)).is_err());
    }

    /// hmac.new(hmac.new(b"\x07" * 32, b"harden value 1", "sha256").digest(), b"hunter2", "sha256").hexdigest()[:32] and its like in Python.
    #[test]
    fn tags_are_what_the_documentation_says() {
        let key = ProjectKey::of(crate::disk::MacKey::of_bytes(&[7; 32]).unwrap());
        assert_eq!(key.tag(&Secret::copy_of("hunter2")), TAG);
        assert_eq!(key.vouch(b"{}"), LINE);
    }

    const TAG: &str = "2efc3cc7da7a73b28f9ae8e1ce52d3e4";
    const LINE: &str = "b1fd08d4d19fc7e9aec60eebea0d7e476f03f802f2fae319f86743e305169d17";
}
