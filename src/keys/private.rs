//! Private keys in DER: PKCS#1 (RFC 8017), PKCS#8 (RFC 5958), SEC1 (RFC 5915) and the DSA form of OpenSSL; and openssh-key-v1.

use super::block::Kind;
use super::der::{Der, bits, tag};
use super::material::digest;
use super::material::{Algorithm, Encrypted, Key, Material};
use super::public::{Announced, Fields, announced, ec, modern, rsa, ssh};

/// A key in DER, whatever its label said: labels are often wrong.
pub(super) fn private(der: &[u8]) -> Option<Key> {
    pkcs8(der).or_else(|| sec1(der, None)).or_else(|| pkcs1(der)).or_else(|| dsa(der))
}

fn pkcs1(der: &[u8]) -> Option<Key> {
    let mut key = Der(der).sequence_or_rest()?;
    // the version; with several primes it is 1
    key.next(tag::INTEGER).filter(|v| matches!(v, [0 | 1]))?;
    let modulus = key.next(tag::INTEGER)?;
    let exponent = key.next(tag::INTEGER)?;
    // the p of DSA stands in the same place, and no exponent is as long as its q
    let plausible = bits(exponent) <= 64 && bits(modulus) >= 64;
    plausible.then(|| rsa(modulus, exponent, key.next(tag::INTEGER)))
}

/// Version, p, q, g, y, x.
fn dsa(der: &[u8]) -> Option<Key> {
    let mut key = Der(der).sequence_or_rest()?;
    key.next(tag::INTEGER).filter(|v| matches!(v, [0]))?;
    let prime = key.next(tag::INTEGER)?;
    let order = key.next(tag::INTEGER)?;
    let private = [(); 3].into_iter().filter_map(|()| key.next(tag::INTEGER)).nth(2);
    let plausible = (160..=256).contains(&bits(order));
    plausible.then(|| Key { algorithm: Algorithm::Dsa, bits: Some(bits(prime)), public: None, private: private.map(digest) })
}

/// `curve` is what the outer structure says.
fn sec1(der: &[u8], curve: Option<&[u8]>) -> Option<Key> {
    let mut key = Der(der).sequence_or_rest()?;
    key.next(tag::INTEGER).filter(|v| matches!(v, [1]))?;
    let private = key.next(tag::OCTET_STRING)?;
    let own = key.next(tag::FIRST).and_then(|c| Der(c).next(tag::OID));
    let point = key.next(tag::SECOND).and_then(|p| Der(p).next(tag::BIT_STRING)).and_then(|b| b.get(1..));
    let oid = own.or(curve).unwrap_or_default();
    let mut key = ec(oid, point.filter(|_| !oid.is_empty()), Some(private));
    // a curve that is spelled out, or not in the table: the private half is as long as the curve's order
    key.bits = key.bits.or_else(|| u32::try_from(private.len() * 8).ok());
    Some(key)
}

fn pkcs8(der: &[u8]) -> Option<Key> {
    let mut info = Der(der).sequence_or_rest()?;
    info.next(tag::INTEGER).filter(|v| matches!(v, [0 | 1]))?;
    let identifier = info.sequence()?;
    let inner = info.next(tag::OCTET_STRING).unwrap_or_default();
    match announced(identifier)? {
        Announced::Rsa => pkcs1(inner).or(Some(Key { algorithm: Algorithm::Rsa, bits: None, public: None, private: None })),
        Announced::Dsa(bits) => {
            let private = Der(inner).next(tag::INTEGER).map(digest);
            Some(Key { algorithm: Algorithm::Dsa, bits, public: None, private })
        }
        Announced::Dh(bits) => Some(Key { algorithm: Algorithm::Dh, bits, public: None, private: None }),
        Announced::Ec(curve) => sec1(inner, Some(curve)).or_else(|| Some(ec(curve, None, None))),
        Announced::Modern(algorithm, _) => {
            // attributes may come before the public half
            let mut rest = info;
            let point = std::iter::from_fn(|| rest.any()).find(|e| e.tag == 0x81).and_then(|e| e.content.get(1..));
            modern(algorithm, point, Der(inner).next(tag::OCTET_STRING))
        }
    }
}

/// 1.2.840.113549.1.5.13, PBES2
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
/// 1.2.840.113549.1.5.12, PBKDF2
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
/// DES and RC2
const OLD_CIPHERS: &[&[u8]] = &[&[0x2b, 0x0e, 0x03, 0x02, 0x07], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x02]];
/// What OpenSSL does when nobody asks for more.
const LEAST_ROUNDS: u64 = 2048;

/// EncryptedPrivateKeyInfo: whether the passphrase is protected weakly. One that cannot be read is given the benefit of the doubt.
pub(super) fn is_weakly_encrypted(der: &[u8]) -> bool {
    let read = || {
        let mut algorithm = Der(der).sequence_or_rest()?.sequence()?;
        if algorithm.next(tag::OID)? != PBES2 {
            // PBES1 and the schemes of PKCS#12: one of MD5, SHA-1, DES, RC2 and RC4 in each
            return Some(true);
        }
        let mut parameters = algorithm.sequence()?;
        let mut derivation = parameters.sequence()?;
        let function = derivation.next(tag::OID)?;
        let mut derivation = derivation.sequence()?;
        derivation.next(tag::OCTET_STRING)?;
        let rounds = derivation.next(tag::INTEGER)?.iter().take(8).fold(0_u64, |n, b| (n << 8) | u64::from(*b));
        let cipher = parameters.sequence()?.next(tag::OID)?;
        Some(function == PBKDF2 && rounds < LEAST_ROUNDS || OLD_CIPHERS.contains(&cipher))
    };
    read().unwrap_or(false)
}

/// openssh-key-v1, as PROTOCOL.key of OpenSSH describes it.
pub(super) fn openssh(bytes: &[u8]) -> Option<Material> {
    let mut fields = Fields(bytes.strip_prefix(b"openssh-key-v1\0")?);
    let cipher = fields.next()?;
    fields.next()?;
    fields.next()?;
    fields.number()?;
    let blob = fields.next()?;
    let mut key = ssh(blob)?;
    // the private half stays in the security key
    let handle = blob.get(4..).is_some_and(|b| b.starts_with(b"sk-"));
    let open = cipher == b"none" && !handle;
    if open && key.algorithm == Algorithm::Ed25519 {
        key.private = fields.next().and_then(seed).map(digest);
    }
    Some(Material { encrypted: if open { Encrypted::No } else { Encrypted::Yes }, ..Material::of(Kind::Pem, key) })
}

/// The 32 bytes that an Ed25519 key is made from, in the private part: two check numbers, the type, the public and the private half.
fn seed(private: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields(private.get(8..)?);
    fields.next()?;
    fields.next()?;
    fields.next()?.get(..32)
}
