//! Stored password hashes: which password they are of, and the same function over another one.
//!
//! argon2 in the [PHC string format](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md), bcrypt, the SHA-crypt of
//! crypt(3), Django's `pbkdf2_sha256` and the SCRAM verifiers of PostgreSQL ([RFC 5803](https://www.rfc-editor.org/rfc/rfc5803)). Nothing
//! made with MD5 or SHA-1 is verified: no new hash of that kind is made here.
//!
//! One guess costs what the hash was made to cost, so hashes that cost more than is usual are left alone ([`Hash::is_affordable`]).

use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use regex::Regex;
use sha_crypt::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use sha_crypt::{PasswordHashRef, ShaCrypt};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::KeygenError;
use super::generator::Entropy;
use super::made::Made;
use crate::model::secret::Secret;
use crate::model::span::Span;
use crate::strength::phc::{BCRYPT_LEAST, PBKDF2_SHA256_LEAST, argon2_is_enough};

/// A stored hash whose password is not known yet.
#[derive(Clone)]
pub struct Hash {
    function: Function,
    salt: Vec<u8>,
    digest: Vec<u8>,
    /// The text with single dollar signs.
    text: String,
    /// Whether each `$` is written twice, as compose files have it.
    doubled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Argon2 {
        algorithm: Algorithm,
        memory: u32,
        passes: u32,
        lanes: u32,
    },
    /// The letter behind the 2, and the cost.
    Bcrypt {
        version: char,
        cost: u32,
    },
    /// Reads and writes its own text.
    ShaCrypt {
        id: char,
        rounds: u32,
    },
    Django {
        rounds: u32,
    },
    Scram {
        rounds: u32,
    },
}

static FORMS: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        r"\$\$?argon2(?:id|i|d)\$\$?v=19\$\$?m=\d{1,8},t=\d{1,4},p=\d{1,3}\$\$?[A-Za-z0-9+/]{8,90}\$\$?[A-Za-z0-9+/]{16,90}",
        r"\$\$?2[abxy]\$\$?\d\d\$\$?[./A-Za-z0-9]{53}",
        r"\$\$?[56]\$\$?(?:rounds=\d{1,9}\$\$?)?[./A-Za-z0-9]{1,16}\$\$?[./A-Za-z0-9]{43,86}",
        r"pbkdf2_sha256\$\$?\d{1,9}\$\$?[A-Za-z0-9]{1,64}\$\$?[A-Za-z0-9+/]{43}=",
        r"SCRAM-SHA-256\$\$?\d{1,9}:[A-Za-z0-9+/=]{8,64}\$\$?[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=",
    ];
    Regex::new(&forms.join("|")).expect("the forms are constant and small")
});

/// The places of all hashes of a known form in `value`, at most sixteen.
#[must_use]
pub fn hashes(value: &str) -> Vec<Span> {
    if !value.contains('$') {
        return Vec::new();
    }
    FORMS.find_iter(value).take(16).map(|m| Span::new(m.start(), m.end())).collect()
}

impl Hash {
    /// Reads `text`, which is a hash and nothing else; `None` where its function is not known here.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let doubled = text.contains("$$");
        let text = if doubled { text.replace("$$", "$") } else { text.to_owned() };
        let fields: Vec<&str> = text.split('$').collect();
        let number = |text: &str, name: &str| text.strip_prefix(name)?.parse::<u32>().ok();
        let (function, salt, digest) = match fields[..] {
            ["", name @ ("argon2id" | "argon2i" | "argon2d"), "v=19", parameters, salt, digest] => {
                let mut each = parameters.split(',');
                let [memory, passes, lanes] = ["m=", "t=", "p="].map(|name| each.next().and_then(|p| number(p, name)));
                let algorithm = Algorithm::new(name).ok()?;
                let function = Function::Argon2 { algorithm, memory: memory?, passes: passes?, lanes: lanes? };
                (function, BARE.decode(salt).ok()?, BARE.decode(digest).ok()?)
            }
            ["", version, cost, both] if version.starts_with('2') && both.len() == 53 => {
                let function = Function::Bcrypt { version: version.chars().nth(1)?, cost: cost.parse().ok()? };
                let (salt, digest) = both.split_at_checked(22)?;
                (function, BCRYPT.decode(salt).ok()?, BCRYPT.decode(digest).ok()?)
            }
            ["", id @ ("5" | "6"), ref rest @ ..] => {
                let rounds = rest.first().and_then(|first| number(first, "rounds=")).unwrap_or(sha_crypt::Params::RECOMMENDED_ROUNDS);
                (Function::ShaCrypt { id: if id == "5" { '5' } else { '6' }, rounds }, Vec::new(), Vec::new())
            }
            ["pbkdf2_sha256", rounds, salt, digest] => {
                (Function::Django { rounds: rounds.parse().ok()? }, salt.as_bytes().to_vec(), STANDARD.decode(digest).ok()?)
            }
            ["SCRAM-SHA-256", first, keys] => {
                let (rounds, salt) = first.split_once(':')?;
                let (stored, server) = keys.split_once(':')?;
                let digest = [STANDARD.decode(stored).ok()?, STANDARD.decode(server).ok()?].concat();
                (Function::Scram { rounds: rounds.parse().ok()? }, STANDARD.decode(salt).ok()?, digest)
            }
            _ => return None,
        };
        Some(Self { function, salt, digest, text, doubled })
    }

    /// Whether a guess costs no more than about a second and 256 MiB.
    #[must_use]
    pub fn is_affordable(&self) -> bool {
        match self.function {
            Function::Argon2 { memory, passes, lanes, .. } => {
                memory <= 256 * 1024 && lanes <= 64 && u64::from(memory) * u64::from(passes) <= 1024 * 1024
            }
            Function::Bcrypt { cost, .. } => (4..=14).contains(&cost),
            Function::ShaCrypt { rounds, .. } => rounds <= 1_000_000,
            Function::Django { rounds } | Function::Scram { rounds } => (1..=2_000_000).contains(&rounds),
        }
    }

    /// The hash as one of `password`; `None` where it is of another, or costs too much to ask.
    #[must_use]
    pub fn made_of(&self, password: &Secret) -> Option<Hashed> {
        if password.is_empty() || !self.is_affordable() {
            return None;
        }
        let fits = match self.function {
            Function::ShaCrypt { .. } => {
                let hash = PasswordHashRef::new(&self.text).ok()?;
                PasswordVerifier::<PasswordHashRef>::verify_password(&ShaCrypt::default(), password.expose().as_bytes(), hash).is_ok()
            }
            function => function.digest(password, &self.salt, self.digest.len()).is_some_and(|made| same(&made, &self.digest)),
        };
        fits.then_some(Hashed { function: self.function, salt: self.salt.len(), digest: self.digest.len(), doubled: self.doubled })
    }
}

/// A stored hash whose password is known.
pub struct Hashed {
    function: Function,
    /// Bytes.
    salt: usize,
    /// Bytes.
    digest: usize,
    doubled: bool,
}

impl Made for Hashed {
    fn how(&self) -> String {
        let now = self.function.raised();
        let more = if now == self.function { "" } else { ", at the cost that is asked for today" };
        format!("a hash of it ({}), made again with a new salt{more}", self.function.name())
    }

    fn is_compared(&self) -> bool {
        // a SCRAM verifier in a file is a copy of the database's
        !matches!(self.function, Function::Scram { .. })
    }

    fn again(&self, new: &Secret, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        let function = self.function.raised();
        let mut salt = vec![0; if matches!(function, Function::ShaCrypt { .. }) { 12 } else { self.salt }];
        entropy.fill(&mut salt)?;
        if matches!(function, Function::Django { .. }) {
            // its salt is text
            salt.iter_mut().for_each(|b| *b = ALNUM.get(usize::from(*b) % ALNUM.len()).copied().unwrap_or(b'a'));
        }
        let text = function.text(new, &salt, self.digest).ok_or(KeygenError::Unfit("the new value cannot be hashed as the old one was"))?;
        Ok(Secret::new(if self.doubled { text.replace('$', "$$") } else { text }))
    }
}

/// 62 symbols of 256 byte values: the slight bias is harmless in a salt.
const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The base64 of bcrypt and of PHC strings, neither padded.
static BCRYPT: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::BCRYPT, LENIENT);
static BARE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_padding_mode(DecodePaddingMode::RequireNone)
    .with_decode_allow_trailing_bits(true);

/// The most bytes of a password that bcrypt reads.
const BCRYPT_MOST: usize = 72;

impl Function {
    fn name(self) -> String {
        match self {
            Self::Argon2 { algorithm, .. } => algorithm.as_str().to_owned(),
            Self::Bcrypt { .. } => "bcrypt".to_owned(),
            Self::ShaCrypt { id: '5', .. } => "SHA-256 of crypt".to_owned(),
            Self::ShaCrypt { .. } => "SHA-512 of crypt".to_owned(),
            Self::Django { .. } => "PBKDF2 of Django".to_owned(),
            Self::Scram { .. } => "SCRAM-SHA-256".to_owned(),
        }
    }

    /// The same function at the cost that is asked for today (OWASP; RFC 7677 for SCRAM), where it is below that.
    fn raised(self) -> Self {
        match self {
            Self::Argon2 { algorithm, memory, passes, lanes } if !argon2_is_enough(memory, passes) => {
                Self::Argon2 { algorithm, memory: memory.max(19_456), passes: passes.max(2), lanes }
            }
            Self::Bcrypt { version, cost } => Self::Bcrypt { version, cost: cost.max(BCRYPT_LEAST) },
            Self::Django { rounds } => Self::Django { rounds: rounds.max(PBKDF2_SHA256_LEAST) },
            Self::Scram { rounds } => Self::Scram { rounds: rounds.max(4096) },
            same => same,
        }
    }

    /// The raw digest of `length` bytes over `password`; `None` where the function cannot take them.
    fn digest(self, password: &Secret, salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let text = password.expose().as_bytes();
        let mut out = Zeroizing::new(vec![0; length]);
        match self {
            Self::Argon2 { algorithm, memory, passes, lanes } => {
                let params = Params::new(memory, passes, lanes, Some(length)).ok()?;
                Argon2::new(algorithm, Version::V0x13, params).hash_password_into(text, salt, &mut out).ok()?;
            }
            Self::Bcrypt { cost, .. } => {
                let mut ended = Zeroizing::new([text, &[0]].concat());
                ended.truncate(BCRYPT_MOST);
                let salt: [u8; 16] = salt.try_into().ok()?;
                let digest = (4..=31).contains(&cost).then(|| Zeroizing::new(bcrypt::bcrypt(cost, salt, &ended)))?;
                out.copy_from_slice(digest.get(..length)?);
            }
            Self::Django { rounds } => pbkdf2::pbkdf2::<Hmac<Sha256>>(text, salt, rounds, &mut out).ok()?,
            Self::Scram { rounds } => {
                // other letters would have to be prepared first (RFC 4013)
                password.expose().is_ascii().then_some(())?;
                let mut salted = Zeroizing::new([0; 32]);
                pbkdf2::pbkdf2::<Hmac<Sha256>>(text, salt, rounds, salted.as_mut_slice()).ok()?;
                let stored = Sha256::digest(keyed(&*salted, b"Client Key")?);
                out.get_mut(..32)?.copy_from_slice(&stored);
                out.get_mut(32..)?.copy_from_slice(&keyed(&*salted, b"Server Key")?);
            }
            Self::ShaCrypt { .. } => return None,
        }
        Some(out)
    }

    /// The hash of `password` as it is stored, with single dollar signs.
    fn text(self, password: &Secret, salt: &[u8], length: usize) -> Option<String> {
        if let Self::ShaCrypt { id, rounds } = self {
            let params = sha_crypt::Params::new(rounds).ok()?;
            let name = if id == '5' { "5" } else { "6" };
            let hash = ShaCrypt::default().hash_password_customized(password.expose().as_bytes(), salt, Some(name), None, params).ok()?;
            return Some(hash.as_str().to_owned());
        }
        // some readers cut a longer password off, others refuse it
        let fits = !matches!(self, Self::Bcrypt { .. }) || password.len() <= BCRYPT_MOST;
        let digest = self.digest(password, salt, length).filter(|_| fits)?;
        Some(match self {
            Self::Argon2 { algorithm, memory, passes, lanes } => format!(
                "${}$v=19$m={memory},t={passes},p={lanes}${}${}",
                algorithm.as_str(),
                STANDARD_NO_PAD.encode(salt),
                STANDARD_NO_PAD.encode(&*digest)
            ),
            Self::Bcrypt { version, cost } => format!("$2{version}${cost:02}${}{}", BCRYPT.encode(salt), BCRYPT.encode(&*digest)),
            Self::Django { rounds } => {
                format!("pbkdf2_sha256${rounds}${}${}", std::str::from_utf8(salt).ok()?, STANDARD.encode(&*digest))
            }
            Self::Scram { rounds } => {
                let (stored, server) = digest.split_at_checked(32)?;
                format!("SCRAM-SHA-256${rounds}:{}${}:{}", STANDARD.encode(salt), STANDARD.encode(stored), STANDARD.encode(server))
            }
            Self::ShaCrypt { .. } => return None,
        })
    }
}

fn keyed(key: &[u8], text: &[u8]) -> Option<[u8; 32]> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().into())
}

/// Equality without an early exit.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && !a.is_empty() && a.iter().zip(b).fold(0_u8, |acc, (x, y)| acc | (x ^ y)) == 0
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
