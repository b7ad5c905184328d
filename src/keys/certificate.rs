//! X.509 certificates (RFC 5280): what can be wrong with one that is shipped. Signatures are not verified, chains not built.

use super::block::Kind;
use super::der::{Der, tag};
use super::material::digest;
use super::material::{Certificate, Material};
use super::public::measure;

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
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// The certificate in `der`; one that cannot be read is still one.
pub(super) fn certificate(der: &[u8]) -> Material {
    read(der).unwrap_or_else(|| Material::unread(Kind::Certificate))
}

fn read(der: &[u8]) -> Option<Material> {
    let mut tbs = Der(der).sequence_or_rest()?.sequence()?;
    tbs.next(tag::FIRST);
    tbs.next(tag::INTEGER)?;
    let signature = tbs.sequence()?.next(tag::OID)?;
    let issuer = tbs.next(tag::SEQUENCE)?;
    let mut validity = tbs.sequence()?;
    let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
    let subject = tbs.next(tag::SEQUENCE)?;
    let key = tbs.any()?;
    let measured = measure(Der(key.content));
    let certificate = Certificate {
        not_before,
        not_after,
        self_issued: issuer == subject,
        is_ca: is_ca(tbs).unwrap_or(false),
        is_weakly_signed: WEAK_SIGNATURES.contains(&signature),
        is_sample: is_sample(subject),
    };
    Some(Material {
        algorithm: measured.map(|(algorithm, _)| algorithm),
        bits: measured.and_then(|(_, bits)| bits),
        certificate: Some(certificate),
        identities: vec![digest(key.raw)],
        ..Material::unread(Kind::Certificate)
    })
}

fn is_ca(mut rest: Der<'_>) -> Option<bool> {
    let extensions = std::iter::from_fn(|| rest.any()).find(|e| e.tag == tag::FOURTH)?;
    let mut list = Der(extensions.content).sequence()?;
    while let Some(mut extension) = list.sequence() {
        if extension.next(tag::OID) == Some(BASIC_CONSTRAINTS) {
            extension.next(tag::BOOLEAN);
            let mut constraints = Der(extension.next(tag::OCTET_STRING)?).sequence()?;
            return Some(constraints.next(tag::BOOLEAN).is_some_and(|b| b != [0]));
        }
    }
    None
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
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| days(year, month, day) * 86_400 + clock)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar: years begin in March, so that the leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn days_are_those_of_the_calendar() {
        for ((y, m, d), n) in
            [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2026, 11, 25), 20_782), ((1969, 12, 31), -1), ((2100, 3, 1), 47_541)]
        {
            assert_eq!(days(y, m, d), n, "{y}-{m}-{d}");
        }
    }
}
