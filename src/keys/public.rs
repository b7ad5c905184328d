//! Public halves: SubjectPublicKeyInfo (RFC 5280, 5480, 8410) read and written, and the public blobs of SSH (RFC 4253, 5656, 8709).

use super::der::{Der, bits, element, integer, tag};
use super::material::digest;
use super::material::{Algorithm, Key};

/// 1.2.840.113549.1.1.1
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.113549.1.1.10
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
/// 1.2.840.10040.4.1
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
/// 1.2.840.10045.2.1
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.113549.1.3.1 and 1.2.840.10046.2.1
const DH: &[&[u8]] = &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01], &[0x2a, 0x86, 0x48, 0xce, 0x3e, 0x02, 0x01]];
/// 1.3.101.110 to 113
const MODERN: &[(u8, Algorithm, u32)] =
    &[(0x6e, Algorithm::X25519, 256), (0x6f, Algorithm::X448, 448), (0x70, Algorithm::Ed25519, 256), (0x71, Algorithm::Ed448, 448)];

/// Curves: object identifier, bits, the names of JSON web keys and SSH.
const CURVES: &[(&[u8], u32, &str, &str)] = &[
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01], 192, "P-192", "nistp192"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], 256, "P-256", "nistp256"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x21], 224, "P-224", "nistp224"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], 384, "P-384", "nistp384"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], 521, "P-521", "nistp521"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x0a], 256, "secp256k1", "secp256k1"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x08], 160, "secp160r1", ""),
    (&[0x2b, 0x81, 0x04, 0x00, 0x1f], 192, "secp192k1", ""),
    (&[0x2b, 0x81, 0x04, 0x00, 0x20], 224, "secp224k1", ""),
    (&[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07], 256, "brainpoolP256r1", ""),
    (&[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0b], 384, "brainpoolP384r1", ""),
    (&[0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x0d], 512, "brainpoolP512r1", ""),
];

/// What an AlgorithmIdentifier announces.
pub(super) enum Announced<'d> {
    Rsa,
    Dsa(Option<u32>),
    Dh(Option<u32>),
    /// With the curve's identifier.
    Ec(&'d [u8]),
    Modern(Algorithm, u32),
}

/// Reads the inside of an AlgorithmIdentifier.
pub(super) fn announced(mut identifier: Der<'_>) -> Option<Announced<'_>> {
    let oid = identifier.next(tag::OID)?;
    let prime = |mut parameters: Der<'_>| parameters.sequence().and_then(|mut p| p.next(tag::INTEGER)).map(bits);
    Some(match oid {
        RSA | RSA_PSS => Announced::Rsa,
        DSA => Announced::Dsa(prime(identifier)),
        EC => Announced::Ec(identifier.next(tag::OID).unwrap_or_default()),
        _ if DH.contains(&oid) => Announced::Dh(prime(identifier)),
        [0x2b, 0x65, last] => {
            let (_, algorithm, bits) = MODERN.iter().find(|(l, ..)| l == last)?;
            Announced::Modern(*algorithm, *bits)
        }
        _ => return None,
    })
}

/// Bits of the curve with this identifier.
pub(super) fn curve_bits(oid: &[u8]) -> Option<u32> {
    CURVES.iter().find(|(known, ..)| *known == oid).map(|(_, bits, ..)| *bits)
}

/// The identifier of the curve that JSON web keys or SSH call `name`.
pub(super) fn curve_named(name: &str) -> Option<&'static [u8]> {
    CURVES.iter().find(|(.., jose, ssh)| *jose == name || *ssh == name).map(|(oid, ..)| *oid)
}

/// Algorithm and bits of a SubjectPublicKeyInfo.
pub(super) fn measure(mut spki: Der<'_>) -> Option<(Algorithm, Option<u32>)> {
    let identifier = spki.sequence()?;
    let key = spki.next(tag::BIT_STRING).and_then(|b| b.get(1..)).unwrap_or_default();
    Some(match announced(identifier)? {
        Announced::Rsa => (Algorithm::Rsa, Der(key).sequence().and_then(|mut k| k.next(tag::INTEGER)).map(bits)),
        Announced::Dsa(bits) => (Algorithm::Dsa, bits),
        Announced::Dh(bits) => (Algorithm::Dh, bits),
        Announced::Ec(curve) => (Algorithm::Ec, curve_bits(curve)),
        Announced::Modern(algorithm, bits) => (algorithm, Some(bits)),
    })
}

fn spki(identifier: &[&[u8]], key: &[u8]) -> Vec<u8> {
    element(tag::SEQUENCE, &[&element(tag::SEQUENCE, identifier), &element(tag::BIT_STRING, &[&[0], key])])
}

/// An RSA key; `private` is its private exponent.
pub(super) fn rsa(modulus: &[u8], exponent: &[u8], private: Option<&[u8]>) -> Key {
    let key = element(tag::SEQUENCE, &[&integer(modulus), &integer(exponent)]);
    let public = spki(&[&element(tag::OID, &[RSA]), &element(tag::NULL, &[])], &key);
    Key {
        algorithm: Algorithm::Rsa,
        bits: Some(bits(modulus)),
        public: Some(public),
        private: private.map(super::der::significant).map(digest),
    }
}

/// A key on the curve `oid`; `point` is its public half.
pub(super) fn ec(oid: &[u8], point: Option<&[u8]>, private: Option<&[u8]>) -> Key {
    let public = point.map(|point| spki(&[&element(tag::OID, &[EC]), &element(tag::OID, &[oid])], point));
    Key { algorithm: Algorithm::Ec, bits: curve_bits(oid), public, private: private.map(super::der::significant).map(digest) }
}

/// A key of RFC 8410; `last` is the last byte of its identifier.
pub(super) fn modern(algorithm: Algorithm, point: Option<&[u8]>, private: Option<&[u8]>) -> Option<Key> {
    let (last, _, bits) = MODERN.iter().find(|(_, a, _)| *a == algorithm)?;
    let public = point.map(|point| spki(&[&element(tag::OID, &[&[0x2b, 0x65, *last]])], point));
    Some(Key { algorithm, bits: Some(*bits), public, private: private.map(digest) })
}

/// Fields with a length of four bytes before each, as SSH has them.
pub(super) struct Fields<'d>(pub(super) &'d [u8]);

impl<'d> Fields<'d> {
    pub(super) fn number(&mut self) -> Option<u32> {
        let (bytes, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*bytes))
    }

    pub(super) fn next(&mut self) -> Option<&'d [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }
}

/// The key of a public blob of SSH.
pub(super) fn ssh(blob: &[u8]) -> Option<Key> {
    let mut fields = Fields(blob);
    match fields.next()? {
        b"ssh-rsa" => {
            let exponent = fields.next()?;
            Some(rsa(fields.next()?, exponent, None))
        }
        b"ssh-dss" => Some(Key { algorithm: Algorithm::Dsa, bits: fields.next().map(bits), public: None, private: None }),
        b"ssh-ed25519" | b"sk-ssh-ed25519@openssh.com" => modern(Algorithm::Ed25519, fields.next(), None),
        b"ssh-ed448" => modern(Algorithm::Ed448, fields.next(), None),
        name if name.starts_with(b"ecdsa-sha2-") || name.starts_with(b"sk-ecdsa-sha2-") => {
            let curve = std::str::from_utf8(fields.next()?).ok()?;
            Some(ec(curve_named(curve)?, fields.next(), None))
        }
        _ => None,
    }
}
