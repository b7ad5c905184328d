//! Pairs of keys: Ed25519 ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)), P-256 ([SEC 1](https://www.secg.org/sec1-v2.pdf)) and RSA,
//! with the private half in PEM (PKCS#8, SEC1, PKCS#1), as `d` of a JSON web key or as the 32 bytes of a VAPID key
//! ([RFC 8292](https://www.rfc-editor.org/rfc/rfc8292)).
//!
//! A pair is known by its public half, which is computed from the private one: 32 bytes in base64 are a key only if the point that belongs
//! to them is found elsewhere.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use zeroize::Zeroizing;

use super::encoded::{Base64, base64_bytes};
use super::error::KeygenError;
use super::frame::{Frame, frames};
use super::generator::Entropy;
use super::made::Made;
use crate::model::secret::Secret;

/// A private key and how it is written.
pub struct KeyPair {
    key: Key,
    form: Form,
    /// The parts of its public half: computed once, since many texts are compared with them.
    public: Vec<(Part, Vec<u8>)>,
}

enum Key {
    Ed25519(SigningKey),
    P256(p256::SecretKey),
    Rsa(Box<RsaPrivateKey>),
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Ed25519,
    P256,
    Rsa,
}

enum Form {
    Framed(Frame),
    /// The private bytes alone.
    Bare(Base64),
}

/// Bits of a new RSA key, if the old one has not more, and the most that are made.
const RSA_BITS: usize = 3072;
const RSA_MOST: usize = 4096;

/// The fixed part of DER before what differs, and behind it: RFC 8410 section 7; RFC 5915; RFC 5480.
mod der {
    pub(super) const ED25519_PRIVATE: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    pub(super) const ED25519_PUBLIC: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
    pub(super) const P256_PKCS8: &[u8] = b"\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x6d\x30\x6b\x02\x01\x01\x04\x20";
    pub(super) const P256_PKCS8_POINT: &[u8] = b"\xa1\x44\x03\x42\x00";
    pub(super) const P256_SEC1: &[u8] = b"\x30\x77\x02\x01\x01\x04\x20";
    pub(super) const P256_SEC1_POINT: &[u8] = b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\xa1\x44\x03\x42\x00";
    pub(super) const P256_PUBLIC: &[u8] =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
}

impl KeyPair {
    /// The pairs that `text` may be the private half of: one for a block of PEM, two for 32 bytes in base64, of which any may be a key.
    #[must_use]
    pub fn read(text: &str) -> Vec<Self> {
        if let Some((frame, der)) = Frame::read(text) {
            return Key::read(&der).into_iter().map(|key| Self::of(key, Form::Framed(frame.clone()))).collect();
        }
        let seed = Some(text).filter(|t| (43..=44).contains(&t.len())).and_then(base64_bytes);
        let Some(seed) = seed.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()).map(Zeroizing::new) else { return Vec::new() };
        let keys = [p256::SecretKey::from_slice(&*seed).ok().map(Key::P256), Some(Key::Ed25519(SigningKey::from_bytes(&seed)))];
        keys.into_iter().flatten().map(|key| Self::of(key, Form::Bare(Base64::of(text, true)))).collect()
    }

    fn of(key: Key, form: Form) -> Self {
        let public = Part::ALL.iter().filter_map(|part| Some((*part, key.public(*part)?))).collect();
        Self { key, form, public }
    }

    /// Which part of the public half `bytes` are, if it is one of `parts`.
    fn part(&self, bytes: &[u8], parts: &[Part]) -> Option<Part> {
        self.public.iter().find(|(part, own)| parts.contains(part) && own == bytes).map(|(part, _)| *part)
    }

    /// `text` as the public half, in any of the forms that it is handed on in.
    #[must_use]
    pub fn public_half(&self, text: &str) -> Option<PublicHalf> {
        let algorithm = self.key.algorithm();
        let text = text.trim();
        if let Some((frame, der)) = Frame::read(text) {
            let part = self.part(&der, &[Part::Info, Part::Pkcs1])?;
            return Some(PublicHalf { algorithm, part, form: Form::Framed(frame) });
        }
        let bytes = Some(text).filter(|t| (43..=1400).contains(&t.len())).and_then(base64_bytes)?;
        let part = self.part(&bytes, Part::ALL)?;
        Some(PublicHalf { algorithm, part, form: Form::Bare(Base64::of(text, true)) })
    }

    /// Where in a file's text a block begins that holds the public half: as itself, or within a certificate. `true` for a certificate.
    #[must_use]
    pub fn blocks(&self, text: &str) -> Vec<(usize, bool)> {
        let Some((_, info)) = self.public.iter().find(|(part, _)| *part == Part::Info && text.contains("-----BEGIN ")) else {
            return Vec::new();
        };
        let holds = |label: &str, der: &[u8]| match label {
            "CERTIFICATE" => der.windows(info.len()).any(|window| window == info),
            _ => self.part(der, &[Part::Info, Part::Pkcs1]).is_some(),
        };
        frames(text).filter(|(_, frame, der)| holds(&frame.label, der)).map(|(at, frame, _)| (at, frame.label == "CERTIFICATE")).collect()
    }

    /// The private half of a new pair, written as the old one is.
    ///
    /// # Errors
    /// When no random bytes are to be had.
    pub fn fresh(&self, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        let key = self.key.fresh(entropy)?;
        match &self.form {
            Form::Framed(frame) => key.private(&frame.label).map(|der| frame.around(&der)).ok_or(KeygenError::NoRandomness),
            Form::Bare(form) => key.seed().map(|seed| form.encode(&*seed)).ok_or(KeygenError::NoRandomness),
        }
    }

    /// What kind of key a new one will be: `Ed25519`, `RSA of 3072 bits`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.key {
            Key::Rsa(old) => format!("RSA of {} bits", rsa_bits(old)),
            key => key.algorithm().name().to_owned(),
        }
    }
}

/// A text that is the public half of a pair.
pub struct PublicHalf {
    algorithm: Algorithm,
    part: Part,
    form: Form,
}

/// What of the public half stands somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// SubjectPublicKeyInfo.
    Info,
    /// RSAPublicKey (RFC 8017), or the uncompressed point (SEC 1, section 2.3.3).
    Pkcs1,
    Point,
    /// The first coordinate, or the key of Ed25519: `x` of a JSON web key.
    X,
    Y,
}

impl Part {
    const ALL: &'static [Self] = &[Self::Info, Self::Pkcs1, Self::Point, Self::X, Self::Y];
}

impl Made for PublicHalf {
    fn how(&self) -> String {
        format!("the public half of it ({}), of the new pair", self.algorithm.name())
    }

    fn again(&self, new: &Secret, _entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        let pair = KeyPair::read(new.expose()).into_iter().find(|pair| pair.key.algorithm() == self.algorithm);
        let bytes = pair.and_then(|pair| pair.key.public(self.part)).ok_or(KeygenError::Unfit("the new value is no private key"))?;
        Ok(match &self.form {
            Form::Framed(frame) => frame.around(&bytes),
            Form::Bare(form) => form.encode(&bytes),
        })
    }
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "P-256",
            Self::Rsa => "RSA",
        }
    }
}

fn rsa_bits(old: &RsaPrivateKey) -> usize {
    (old.size() * 8).clamp(RSA_BITS, RSA_MOST)
}

impl Key {
    fn read(der: &[u8]) -> Option<Self> {
        let p256 = || p256::SecretKey::from_pkcs8_der(der).ok().or_else(|| p256::SecretKey::from_sec1_der(der).ok()).map(Self::P256);
        let rsa = || RsaPrivateKey::from_pkcs8_der(der).ok().or_else(|| RsaPrivateKey::from_pkcs1_der(der).ok());
        let ed25519 = || SigningKey::from_pkcs8_der(der).ok().map(Self::Ed25519);
        ed25519().or_else(p256).or_else(|| rsa().map(Box::new).map(Self::Rsa))
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::P256(_) => Algorithm::P256,
            Self::Rsa(_) => Algorithm::Rsa,
        }
    }

    fn fresh(&self, entropy: &mut dyn Entropy) -> Result<Self, KeygenError> {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(seed.as_mut_slice())?;
        match self {
            Self::Ed25519(_) => Ok(Self::Ed25519(SigningKey::from_bytes(&seed))),
            Self::P256(_) => loop {
                // about one in 2^32 is no scalar of the curve
                if let Ok(key) = p256::SecretKey::from_slice(&*seed) {
                    return Ok(Self::P256(key));
                }
                entropy.fill(seed.as_mut_slice())?;
            },
            Self::Rsa(old) => {
                let made = RsaPrivateKey::new(&mut ChaCha20Rng::from_seed(*seed), rsa_bits(old));
                made.map(|key| Self::Rsa(Box::new(key))).map_err(|_| KeygenError::NoRandomness)
            }
        }
    }

    fn seed(&self) -> Option<Zeroizing<[u8; 32]>> {
        match self {
            Self::Ed25519(key) => Some(Zeroizing::new(key.to_bytes())),
            Self::P256(key) => Some(Zeroizing::new(key.to_bytes().into())),
            Self::Rsa(_) => None,
        }
    }

    /// The private half in DER, as the label of its frame says.
    fn private(&self, label: &str) -> Option<Zeroizing<Vec<u8>>> {
        let joined = |parts: &[&[u8]]| Zeroizing::new(parts.concat());
        match self {
            Self::Ed25519(_) => Some(joined(&[der::ED25519_PRIVATE, &*self.seed()?])),
            Self::P256(_) => {
                let (before, between) = if label == "EC PRIVATE KEY" {
                    (der::P256_SEC1, der::P256_SEC1_POINT)
                } else {
                    (der::P256_PKCS8, der::P256_PKCS8_POINT)
                };
                Some(joined(&[before, &*self.seed()?, between, &self.public(Part::Point)?]))
            }
            Self::Rsa(key) if label == "RSA PRIVATE KEY" => key.to_pkcs1_der().ok().map(|der| Zeroizing::new(der.as_bytes().to_vec())),
            Self::Rsa(key) => key.to_pkcs8_der().ok().map(|der| Zeroizing::new(der.as_bytes().to_vec())),
        }
    }

    /// A part of the public half; `None` where the algorithm has none of that name.
    fn public(&self, part: Part) -> Option<Vec<u8>> {
        match (self, part) {
            (Self::Ed25519(key), Part::Info) => Some([der::ED25519_PUBLIC, key.verifying_key().as_bytes()].concat()),
            (Self::Ed25519(key), Part::X) => Some(key.verifying_key().as_bytes().to_vec()),
            (Self::P256(key), Part::Info) => Some([der::P256_PUBLIC, point(key).as_slice()].concat()),
            (Self::P256(key), Part::Point) => Some(point(key)),
            (Self::P256(key), Part::X) => point(key).get(1..33).map(<[u8]>::to_vec),
            (Self::P256(key), Part::Y) => point(key).get(33..).map(<[u8]>::to_vec),
            (Self::Rsa(key), Part::Info) => key.to_public_key().to_public_key_der().ok().map(|der| der.as_bytes().to_vec()),
            (Self::Rsa(key), Part::Pkcs1) => key.to_public_key().to_pkcs1_der().ok().map(|der| der.as_bytes().to_vec()),
            _ => None,
        }
    }
}

/// `04`, x, y.
fn point(key: &p256::SecretKey) -> Vec<u8> {
    key.public_key().to_encoded_point(false).as_bytes().to_vec()
}

#[cfg(test)]
#[path = "keypair_tests.rs"]
mod tests;
