//! What key material is, as far as it can be read.

use sha2::{Digest, Sha256};

use super::block::Kind;

/// The algorithm of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA
    Rsa,
    /// DSA, which FIPS 186-5 no longer lets sign.
    Dsa,
    /// ECDSA or ECDH over a curve of its own size.
    Ec,
    /// EdDSA over Curve25519 (RFC 8032)
    Ed25519,
    /// EdDSA over Curve448
    Ed448,
    /// ECDH over Curve25519 (RFC 7748)
    X25519,
    /// ECDH over Curve448
    X448,
    /// Diffie-Hellman over a prime field
    Dh,
    /// A key that both sides hold.
    Symmetric,
}

impl Algorithm {
    /// Every algorithm with its word for rules and its name for people.
    pub const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Self::Rsa, "rsa", "RSA"),
        (Self::Dsa, "dsa", "DSA"),
        (Self::Ec, "ec", "elliptic curve"),
        (Self::Ed25519, "ed25519", "Ed25519"),
        (Self::Ed448, "ed448", "Ed448"),
        (Self::X25519, "x25519", "X25519"),
        (Self::X448, "x448", "X448"),
        (Self::Dh, "dh", "Diffie-Hellman"),
        (Self::Symmetric, "symmetric", "symmetric"),
    ];

    /// The word used in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(a, ..)| *a == self).map_or("", |(_, word, _)| word)
    }

    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(a, ..)| *a == self).map_or("", |(.., name)| name)
    }
}

/// What stands between a reader of the file and the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encrypted {
    /// Nothing.
    No,
    /// A passphrase that is guessed fast: the derivation or the cipher is an old one.
    Weakly,
    /// A passphrase, or hardware.
    Yes,
}

impl Encrypted {
    /// Every word, for rules.
    pub const WORDS: &'static [&'static str] = &["no", "weakly", "yes"];

    /// The word used in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Weakly => "weakly",
            Self::Yes => "yes",
        }
    }
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// First second that it is valid, since 1970 (UTC).
    pub not_before: i64,
    /// Last second that it is valid, since 1970 (UTC).
    pub not_after: i64,
    /// Whether it is issued to its own issuer.
    pub self_issued: bool,
    /// Whether it may issue others.
    pub is_ca: bool,
    /// Whether the signature uses MD5, MD2 or SHA-1.
    pub is_weakly_signed: bool,
    /// Whether its names are those that tools and tutorials fill in: `snakeoil`, `Internet Widgits Pty Ltd`, `localhost`.
    pub is_sample: bool,
}

/// What was read of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Material {
    /// In what form it is written.
    pub kind: Kind,
    /// The algorithm; `None` where it is hidden, damaged or not known here.
    pub algorithm: Option<Algorithm>,
    /// Bits of the modulus, the curve or the key; `None` as above.
    pub bits: Option<u32>,
    /// Bits that it should have by what it says itself to be for: a symmetric JSON web key with `alg` (RFC 7518).
    pub needs: Option<u32>,
    /// Whether a passphrase is needed to use it.
    pub encrypted: Encrypted,
    /// What a certificate says.
    pub certificate: Option<Certificate>,
    /// SHA-256 of the SubjectPublicKeyInfo, and of the private octets: what [`super::published`] is asked for.
    pub(super) identities: Vec<[u8; 32]>,
}

impl Material {
    /// Nothing known but the form.
    pub(super) fn unread(kind: Kind) -> Self {
        Self { kind, algorithm: None, bits: None, needs: None, encrypted: Encrypted::No, certificate: None, identities: Vec::new() }
    }

    /// The same under a passphrase, with nothing known of the key.
    pub(super) fn locked(kind: Kind, weakly: bool) -> Self {
        Self { encrypted: if weakly { Encrypted::Weakly } else { Encrypted::Yes }, ..Self::unread(kind) }
    }

    /// What `key` says.
    pub(super) fn of(kind: Kind, key: Key) -> Self {
        let identities = key.identities();
        Self { algorithm: Some(key.algorithm), bits: key.bits, identities, ..Self::unread(kind) }
    }

    /// A phrase that fits after "is": `an RSA key of 1024 bits`, `a private key that cannot be read`.
    #[must_use]
    pub fn phrase(&self) -> String {
        let name = match (self.algorithm, self.encrypted) {
            (Some(algorithm), _) => algorithm.name(),
            (None, Encrypted::No) if self.kind.is_private() => return "a private key that cannot be read".to_owned(),
            (None, _) if self.kind.is_private() => "private",
            _ => "",
        };
        let article = if name.starts_with(['E', 'e', 'R', 'X']) { "an" } else { "a" };
        let noun = match self.kind {
            Kind::Certificate => "certificate",
            Kind::DhParameters => "group",
            _ => "key",
        };
        let size = self.bits.map_or(String::new(), |bits| format!(" of {bits} bits"));
        format!("{article} {name} {noun}{size}").replace("  ", " ")
    }
}

/// SHA-256.
pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A key that was read.
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) bits: Option<u32>,
    /// Its SubjectPublicKeyInfo, where the public half is known.
    pub(super) public: Option<Vec<u8>>,
    /// SHA-256 of its private octets.
    pub(super) private: Option<[u8; 32]>,
}

impl Key {
    fn identities(&self) -> Vec<[u8; 32]> {
        self.public.as_deref().map(digest).into_iter().chain(self.private).collect()
    }
}
