//! X.509 certificates (RFC 5280): what can be wrong with one that is shipped. Signatures are not verified, chains not built.

use super::block::Kind;
use super::der::{Der, Element, tag};
use super::material::digest;
use super::material::{Certificate, Material};
use super::public::measure;
use crate::model::date::unix_days;

/// MD2, MD5 and SHA-1 with RSA; SHA-1 with ECDSA and with DSA; SHA-1 with RSA as OIW has it.
const WEAK_SIGNATURES: &[&[u8]] = &[
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x02],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
    &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03],
    &[0x2b, 0x0e, 0x03, 0x02, 0x1d],
];
/// 2.5.29.19
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
pub(super) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// The certificate in `der`; one that cannot be read is still one.
pub(super) fn certificate(der: &[u8]) -> Material {
    read(der).unwrap_or_else(|| Material::unread(Kind::Certificate))
}

fn read(der: &[u8]) -> Option<Material> {
    let fields = fields(der)?;
    let measured = measure(Der(fields.key.content));
    let certificate = Certificate {
        not_before: fields.not_before,
        not_after: fields.not_after,
        self_issued: fields.issuer == fields.subject,
        is_ca: is_ca(fields.rest).unwrap_or(false),
        is_weakly_signed: WEAK_SIGNATURES.contains(&fields.signature),
        is_sample: is_sample(fields.subject),
    };
    Some(Material {
        algorithm: measured.map(|(algorithm, _)| algorithm),
        bits: measured.and_then(|(_, bits)| bits),
        certificate: Some(certificate),
        identities: vec![digest(fields.key.raw)],
        ..Material::unread(Kind::Certificate)
    })
}

/// What every certificate has, in the order of RFC 5280 section 4.1.
pub(super) struct Fields<'d> {
    /// The version as it is written: absent is 1, and 2 is version 3.
    pub(super) version: Option<&'d [u8]>,
    pub(super) signature: &'d [u8],
    pub(super) issuer: &'d [u8],
    /// Seconds since 1970.
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) subject: &'d [u8],
    /// SubjectPublicKeyInfo.
    pub(super) key: Element<'d>,
    /// From there on: the extensions are in it.
    pub(super) rest: Der<'d>,
}

/// The fields of the certificate in `der`.
pub(super) fn fields(der: &[u8]) -> Option<Fields<'_>> {
    let mut tbs = Der(der).sequence_or_rest()?.sequence()?;
    let version = tbs.next(tag::FIRST);
    tbs.next(tag::INTEGER)?;
    let signature = tbs.sequence()?.next(tag::OID)?;
    let issuer = tbs.next(tag::SEQUENCE)?;
    let mut validity = tbs.sequence()?;
    let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
    let subject = tbs.next(tag::SEQUENCE)?;
    let key = tbs.any()?;
    Some(Fields { version, signature, issuer, not_before, not_after, subject, key, rest: tbs })
}

/// The content of the extension that `id` names; `rest` as in [`Fields`].
pub(super) fn extension<'d>(mut rest: Der<'d>, id: &[u8]) -> Option<&'d [u8]> {
    let extensions = std::iter::from_fn(|| rest.any()).find(|e| e.tag == tag::FOURTH)?;
    let mut list = Der(extensions.content).sequence()?;
    while let Some(mut extension) = list.sequence() {
        if extension.next(tag::OID) == Some(id) {
            extension.next(tag::BOOLEAN);
            return extension.next(tag::OCTET_STRING);
        }
    }
    None
}

pub(super) fn is_ca(rest: Der<'_>) -> Option<bool> {
    let mut constraints = Der(extension(rest, BASIC_CONSTRAINTS)?).sequence()?;
    Some(constraints.next(tag::BOOLEAN).is_some_and(|b| b != [0]))
}

/// Whether a name is one that nobody chose.
fn is_sample(mut name: &[u8]) -> bool {
    let mut found = false;
    let mut sets = Der(std::mem::take(&mut name));
    while let Some(set) = sets.any() {
        let mut pairs = Der(set.content);
        while let Some(mut pair) = pairs.sequence() {
            let kind = pair.next(tag::OID).unwrap_or_default();
            let value = pair.any().map_or(&[][..], |e| e.content).to_ascii_lowercase();
            found |= value == b"internet widgits pty ltd" || value.windows(8).any(|w| w == b"snakeoil");
            found |= kind == COMMON_NAME && (value == b"localhost" || value == b"localhost.localdomain");
        }
    }
    found
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` in seconds since 1970.
fn time(validity: &mut Der<'_>) -> Option<i64> {
    let element = validity.any()?;
    let text = std::str::from_utf8(element.content).ok()?.strip_suffix('Z')?;
    let (year, rest) = match element.tag {
        0x17 => {
            let short: i64 = text.get(..2)?.parse().ok()?;
            (if short < 50 { 2000 + short } else { 1900 + short }, text.get(2..)?)
        }
        0x18 => (text.get(..4)?.parse().ok()?, text.get(4..)?),
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2).map_or(Some(0), |t| t.parse::<i64>().ok());
    let (month, day) = (two(0)?, two(2)?);
    let clock = two(4)? * 3600 + two(6)? * 60 + two(8)?;
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| unix_days(year, month, day) * 86_400 + clock)
}
