//! Private keys that are printed in documentation, or shipped with a product or a library's tests: everybody has them.
//!
//! `rules/data/published_keys.txt` holds hashes only, with where each key comes from; `rules/data/published_keys.py` makes it. A row is
//! the SHA-256 of a key's SubjectPublicKeyInfo, or of its private octets where the public half does not stand beside them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::material::Material;

/// Where the key of `material` is published; `None` for every other key.
#[must_use]
pub fn published(material: &Material) -> Option<&'static str> {
    material.identities.iter().find_map(|identity| LIST.get(identity).copied())
}

static LIST: LazyLock<HashMap<[u8; 32], &'static str>> = LazyLock::new(|| {
    let rows = include_str!("../../rules/data/published_keys.txt").lines().filter(|l| !l.starts_with('#'));
    rows.filter_map(|row| {
        let (hash, source) = row.split_once('\t')?;
        Some((unhex(hash)?, source))
    })
    .collect()
});

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    (text.len() == 64).then_some(out)
}
