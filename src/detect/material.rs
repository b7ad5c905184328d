//! Conditions on key material: `material.kind`, `material.algorithm`, `material.bits`, certificates.
//!
//! One setting, one block: that with which its value begins (`keys::read`). Where a file holds more, `formats` makes a setting of each.

use std::time::{SystemTime, UNIX_EPOCH};

use super::family::{Compile, Family, Test, bounds, flag, known};
use super::subject::Subject;
use crate::keys::{Algorithm, Certificate, Encrypted, Kind, Material, published};
use crate::rules::schema::Argument;

/// Conditions on key material.
pub(super) struct OfMaterial;

/// Every form with its word; `private-key` stands for all that must stay secret.
const KINDS: &[(&str, Kind)] = &[
    ("pem", Kind::Pem),
    ("pgp", Kind::Pgp),
    ("putty", Kind::Putty),
    ("age", Kind::Age),
    ("minisign", Kind::Minisign),
    ("wireguard", Kind::Wireguard),
    ("jwk", Kind::Jwk),
    ("rsa-xml", Kind::RsaXml),
    ("certificate", Kind::Certificate),
    ("dh-parameters", Kind::DhParameters),
];

impl Family for OfMaterial {
    fn word(&self) -> &'static str {
        "material"
    }

    fn compile(&self, name: &str, argument: &Argument, _nested: Compile<'_>) -> Result<Test, String> {
        match name {
            "kind" => {
                let words: Vec<&str> = KINDS.iter().map(|(word, _)| *word).chain(["private-key"]).collect();
                let wanted = known("material.kind", argument, &words)?;
                let private = wanted.iter().any(|w| w == "private-key");
                let kinds: Vec<Kind> = KINDS.iter().filter(|(word, _)| wanted.iter().any(|w| w == word)).map(|(_, kind)| *kind).collect();
                Ok(of(move |m| kinds.contains(&m.kind) || private && m.kind.is_private()))
            }
            "algorithm" => {
                let words: Vec<&str> = Algorithm::ALL.iter().map(|(_, word, _)| *word).collect();
                let wanted = known("material.algorithm", argument, &words)?;
                Ok(of(move |m| m.algorithm.is_some_and(|a| wanted.iter().any(|w| w == a.word()))))
            }
            "encrypted" => {
                let wanted = known("material.encrypted", argument, Encrypted::WORDS)?;
                Ok(of(move |m| wanted.iter().any(|w| w == m.encrypted.word())))
            }
            "bits" => {
                let fits = bounds("material.bits", argument)?;
                Ok(of(move |m| m.bits.is_some_and(|bits| fits(i64::from(bits)))))
            }
            "short" => yes_or_no(name, argument, |m| m.bits.zip(m.needs).is_some_and(|(has, needs)| has < needs)),
            "published" => yes_or_no(name, argument, |m| published(m).is_some()),
            "self-signed" => yes_or_no(name, argument, |m| certificate(m, |c| c.self_issued && !c.is_ca)),
            // nobody checks the signature of a root: it is trusted by being there
            "weakly-signed" => yes_or_no(name, argument, |m| certificate(m, |c| c.is_weakly_signed && !c.self_issued)),
            "sample" => yes_or_no(name, argument, |m| certificate(m, |c| c.is_sample)),
            "root" => yes_or_no(name, argument, |m| certificate(m, |c| c.self_issued && c.is_ca)),
            "expired-days" => days(argument, |c, now| now - c.not_after),
            "starts-in-days" => days(argument, |c, now| c.not_before - now),
            _ => Err(format!(
                "`material.{name}` is not known: material.kind, material.algorithm, material.bits, material.encrypted, material.short, material.published, material.self-signed, material.weakly-signed, material.sample, material.root, material.expired-days, material.starts-in-days"
            )),
        }
    }
}

fn of(test: impl Fn(&Material) -> bool + Send + Sync + 'static) -> Test {
    Box::new(move |s: &Subject<'_>| s.material().is_some_and(&test))
}

fn yes_or_no(name: &str, argument: &Argument, test: fn(&Material) -> bool) -> Result<Test, String> {
    let wanted = flag(&format!("material.{name}"), argument)?;
    Ok(of(move |m| test(m) == wanted))
}

fn certificate(material: &Material, test: fn(&Certificate) -> bool) -> bool {
    material.certificate.as_ref().is_some_and(test)
}

/// A span of time in whole days, rounded down: what ends later today has -1 days behind it.
fn days(argument: &Argument, span: fn(&Certificate, i64) -> i64) -> Result<Test, String> {
    let fits = bounds("material.expired-days", argument)?;
    Ok(of(move |m| m.certificate.as_ref().is_some_and(|c| fits(span(c, now()).div_euclid(86_400)))))
}

/// Days behind the end of a certificate, for messages.
pub(super) fn expired_days(material: &Material) -> Option<i64> {
    material.certificate.as_ref().map(|c| (now() - c.not_after).div_euclid(86_400))
}

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_secs()).ok()).unwrap_or(0)
}
