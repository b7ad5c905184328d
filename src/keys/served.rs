//! What the certificate that a server sends says of itself (RFC 5280), for people to read. Whether it may be believed is not judged here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::certificate::{COMMON_NAME, extension, fields, is_ca};
use super::der::Der;
use super::material::digest;

/// 2.5.29.17
const SUBJECT_ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];

/// A certificate, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The common name of its subject, else the organisation; empty where there is neither. As the certificate has it: not for a terminal.
    pub subject: String,
    /// The same of its issuer.
    pub issuer: String,
    /// DNS names and addresses that it is for; those of the subject do not count (RFC 9525).
    pub names: Vec<String>,
    /// Seconds since 1970.
    pub not_before: i64,
    /// Seconds since 1970.
    pub not_after: i64,
    /// Subject and issuer are one.
    pub self_issued: bool,
    /// It says that it may sign others.
    pub is_ca: bool,
    /// It is of version 3: libraries of our day take no other.
    pub is_version_3: bool,
    /// SHA-256 of its SubjectPublicKeyInfo: what a pin is (RFC 7469).
    pub public_key: [u8; 32],
    /// Bits of the hash that binds a login to it (RFC 5929 section 4.1): 256, 384 or 512; `None` where its signature names none.
    pub binding: Option<u16>,
}

/// Signatures whose hash is told by their name: RSA and ECDSA with SHA-256, -384 and -512; MD5 and SHA-1, in whose place SHA-256 is used.
const BINDINGS: &[(&[u8], u16)] = &[
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b], 256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c], 384),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d], 512),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02], 256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03], 384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04], 512),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04], 256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05], 256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01], 256),
];

/// Reads `der`; `None` where it is no certificate.
#[must_use]
pub fn served(der: &[u8]) -> Option<Served> {
    let fields = fields(der)?;
    Some(Served {
        subject: called(fields.subject),
        issuer: called(fields.issuer),
        names: names(fields.rest).unwrap_or_default(),
        not_before: fields.not_before,
        not_after: fields.not_after,
        self_issued: fields.subject == fields.issuer,
        is_ca: is_ca(fields.rest).unwrap_or(false),
        is_version_3: fields.version.and_then(|v| v.last()) == Some(&2),
        public_key: digest(fields.key.raw),
        binding: BINDINGS.iter().find(|(id, _)| *id == fields.signature).map(|(_, bits)| *bits),
    })
}

/// The common name in a name, else its organisation.
fn called(name: &[u8]) -> String {
    let (mut sets, mut organisation) = (Der(name), String::new());
    while let Some(set) = sets.any() {
        let mut pairs = Der(set.content);
        while let Some(mut pair) = pairs.sequence() {
            let kind = pair.next(super::der::tag::OID).unwrap_or_default();
            let value = pair.any().map_or_else(String::new, |e| String::from_utf8_lossy(e.content).into_owned());
            if kind == COMMON_NAME {
                return value;
            }
            if kind == ORGANISATION {
                organisation = value;
            }
        }
    }
    organisation
}

fn names(rest: Der<'_>) -> Option<Vec<String>> {
    let mut list = Der(extension(rest, SUBJECT_ALTERNATIVE_NAMES)?).sequence()?;
    let name = |tag: u8, content: &[u8]| match tag {
        0x82 => Some(String::from_utf8_lossy(content).into_owned()),
        0x87 => address(content).map(|a| a.to_string()),
        _ => None,
    };
    Some(std::iter::from_fn(|| list.any()).filter_map(|e| name(e.tag, e.content)).collect())
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = || <[u8; 4]>::try_from(bytes).ok().map(|b| IpAddr::V4(Ipv4Addr::from(b)));
    four().or_else(|| <[u8; 16]>::try_from(bytes).ok().map(|b| IpAddr::V6(Ipv6Addr::from(b))))
}
