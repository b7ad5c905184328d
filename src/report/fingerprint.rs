//! The name of a finding's place, stable on every machine and while lines move. It holds nothing of the value: a hash of `changeme` is
//! `changeme` to anyone with a word list.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Hashed first, so that a later recipe cannot collide with this one.
const VERSION: &str = "harden/fingerprint/1";

/// The same for places without their file.
const PLACE: &str = "harden/place/1";

/// 32 hex digits: the first 16 bytes of SHA-256 over a version tag, rule id, path, key path or masked line, and ordinal.
///
/// `path` is the path below the scanned root, `/` between parts. `key_or_masked_line` is the key path in the grammar of `KeyPath`, or,
/// where there is no key, the line with every value masked. `ordinal` counts, from 0, findings of the file that are equal in all the rest.
/// Each part goes in with its length before it (eight bytes, little endian), so that no two lists of parts are one text.
#[must_use]
pub fn fingerprint(rule: &str, path: &str, key_or_masked_line: &str, ordinal: u32) -> String {
    digest(&[VERSION, rule, path, key_or_masked_line], ordinal)
}

/// The same without the path, under a tag of its own: what a place keeps when its file gets another name.
#[must_use]
pub fn place(rule: &str, key_or_masked_line: &str, ordinal: u32) -> String {
    digest(&[PLACE, rule, key_or_masked_line], ordinal)
}

fn digest(parts: &[&str], ordinal: u32) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(ordinal.to_le_bytes());
    hash.finalize().iter().take(16).fold(String::with_capacity(32), |mut out, byte| {
        // writing to a String cannot fail
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, place};

    #[test]
    fn the_recipe_stands() {
        // sha256 over the parts as documented, computed with python's hashlib
        assert_eq!(
            fingerprint("default-credential", "compose.yml", "services.db.environment.POSTGRES_PASSWORD", 0),
            "d12d1ee7c89accc8dfeb8a18509984a6"
        );
    }

    #[test]
    fn every_part_counts_and_parts_do_not_flow_together() {
        let all = [
            fingerprint("a", "b", "c", 0),
            fingerprint("ab", "", "c", 0),
            fingerprint("a", "bc", "", 0),
            fingerprint("", "ab", "c", 0),
            fingerprint("a", "b", "c", 1),
        ];
        assert!(all.iter().all(|f| f.len() == 32 && f.chars().all(|c| c.is_ascii_hexdigit())));
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn a_place_is_not_a_fingerprint_without_a_path() {
        assert_ne!(place("a", "c", 0), fingerprint("a", "", "c", 0));
        assert_ne!(place("a", "c", 0), place("a", "c", 1));
        // python: sha256 over the parts as above
        assert_eq!(place("default-credential", "services.db.environment.POSTGRES_PASSWORD", 0), "028e88a6b4a19a347f5d007faab3d92e");
    }
}
