//! A block to what it is.

use zeroize::Zeroizing;

use super::armor::{Armor, BEGIN, Piece, pieces};
use super::block::{Block, Kind};
use super::certificate::certificate;
use super::der::{Der, bits, tag};
use super::find::{find, first_private, is_wireguard_key, unwrap};
use super::material::{Algorithm, Material};
use super::other;
use super::private::{is_weakly_encrypted, openssh, private};

/// Values shorter than this hold no key material.
const LEAST: usize = 40;

/// The material that `value` begins with; `None` where it begins with something else. `name` is that of the setting: some keys are known
/// by it alone.
///
/// ```
/// use harden::keys::read;
/// assert!(read("PrivateKey", "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=").is_some());
/// assert!(read("SomeOtherKey", "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=").is_none());
/// ```
#[must_use]
pub fn read(name: &str, value: &str) -> Option<Material> {
    if value.len() < LEAST {
        return None;
    }
    if name == "PrivateKey" && is_wireguard_key(value.trim()) {
        return Some(other::wireguard(value.trim()));
    }
    let found = find(value);
    let block = found.first().filter(|block| value.get(..block.whole.start).is_some_and(|lead| lead.trim().is_empty()))?;
    Some(of(value, block))
}

/// The most secret material anywhere in `value`, which no other setting shows.
#[must_use]
pub fn read_any(value: &str) -> Option<Material> {
    let found = find(value);
    first_private(&found).map(|block| of(value, block))
}

/// PEM armour that holds no private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// BEGIN and END of a private key with nothing between, or with what a person is to replace.
    Empty,
    /// A public key.
    Public,
}

/// What `value` is, if it begins with armour and is no key material.
#[must_use]
pub fn frame(value: &str) -> Option<Frame> {
    let label = value.trim_start().strip_prefix(BEGIN)?.split("-----").next()?;
    let ends = value.contains("-----END ");
    match label {
        _ if label.ends_with("PUBLIC KEY") || label.ends_with("PUBLIC KEY BLOCK") => Some(Frame::Public),
        _ if ends && (label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK")) => Some(Frame::Empty),
        _ => None,
    }
}

fn of(text: &str, block: &Block) -> Material {
    let whole = block.whole.of(text);
    if block.wrapped {
        return unwrap(whole).and_then(|inner| read_any(&inner.text)).unwrap_or_else(|| Material::unread(block.kind));
    }
    match block.kind {
        Kind::Pem | Kind::Pgp | Kind::Certificate | Kind::DhParameters => armored(whole, block.kind),
        Kind::Putty => other::putty(whole),
        Kind::Age => other::age(whole),
        Kind::Minisign => other::minisign(whole),
        Kind::Wireguard => other::wireguard(block.secret.of(text)),
        Kind::Jwk => other::jwk(whole),
        Kind::RsaXml => other::rsa_xml(whole),
    }
}

fn armored(text: &str, kind: Kind) -> Material {
    let Some(armor) = Armor::at(text, 0) else { return Material::unread(kind) };
    let mut letters = Zeroizing::new(String::with_capacity(armor.inner.len()));
    let mut encrypted = false;
    for piece in pieces(armor.inner.of(text)) {
        match piece {
            Piece::Header(name) => encrypted |= name == "DEK-Info",
            // the checksum of OpenPGP
            Piece::Run(run) if kind == Kind::Pgp && run.starts_with('=') => {}
            Piece::Run(run) => letters.push_str(run),
            Piece::Odd => {}
        }
    }
    if encrypted {
        // the key is made from the passphrase with MD5, once
        return Material::locked(kind, true);
    }
    let bytes = other::decode(&letters).unwrap_or_default();
    match kind {
        Kind::Pgp => other::pgp(&bytes),
        Kind::Certificate => certificate(&bytes),
        Kind::DhParameters => dh_parameters(&bytes),
        _ if armor.label == "ENCRYPTED PRIVATE KEY" => Material::locked(kind, is_weakly_encrypted(&bytes)),
        _ if armor.label == "OPENSSH PRIVATE KEY" => openssh(&bytes).unwrap_or_else(|| Material::unread(kind)),
        _ => private(&bytes).map_or_else(|| Material::unread(kind), |key| Material::of(kind, key)),
    }
}

fn dh_parameters(der: &[u8]) -> Material {
    let prime = Der(der).sequence_or_rest().and_then(|mut s| s.next(tag::INTEGER)).map(bits);
    Material { algorithm: Some(Algorithm::Dh), bits: prime, ..Material::unread(Kind::DhParameters) }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
