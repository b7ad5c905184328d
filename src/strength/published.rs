//! Values that are published as keys: in tutorials, templates and lists of secrets seen in the wild. They look perfect and are the same
//! for everybody.
//!
//! The list holds the first eight bytes of SHA-256 of each value and where it is published; `rules/data/published.py` makes it. One value in
//! 10^14 that is not listed would be taken for one that is.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::encoding::{Encoding, decoded, measure};
use super::lexicon::LEXICON;
use crate::model::key_path::words;

/// `rules/data/published.bin`: number of entries, sorted hashes, sources.
static LIST: &[u8] = include_bytes!("../../rules/data/published.bin");

/// Where a value is published, in a phrase that fits after "it is"; `None` when it is on no list.
///
/// The value is looked up as it stands, in lower case, and decoded from base64 or hex, with and without a leading `base64:`. What a key is
/// called (`secret-access-key`) says nothing of where it comes from, though the lists hold such names: they were gathered by machines.
#[must_use]
pub fn published(value: &str) -> Option<&'static str> {
    let body = value.strip_prefix("base64:").unwrap_or(value);
    if body.len() < 8 || is_name(value) {
        return None;
    }
    let bare = || Some(body).filter(|body| body.len() < value.len()).and_then(|body| look_up(body.as_bytes()));
    let direct = look_up(value.as_bytes()).or_else(bare);
    let lower = || Some(Zeroizing::new(body.to_ascii_lowercase())).filter(|l| l.as_str() != body).and_then(|l| look_up(l.as_bytes()));
    let inner =
        || Some(measure(body).encoding).filter(|e| matches!(e, Encoding::Hex | Encoding::Base64)).and_then(|_| look_up(&decoded(body)?));
    direct.or_else(lower).or_else(inner)
}

/// Whether the value is made of the words that names of secrets are made of, and of nothing else: `jwt-secret`, `secretAccessKey`.
fn is_name(value: &str) -> bool {
    let plain = value.len() <= 64 && value.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_' | b'.'));
    let known = |word: &str| {
        let mut tails = LEXICON.strong_tail.iter().flat_map(|tail| tail.split(' '));
        let kinds = [LEXICON.object_values, LEXICON.object_entries, LEXICON.object_kinds];
        word != "super" && (tails.any(|w| w == word) || kinds.into_iter().flatten().any(|w| *w == word))
    };
    plain && words(value).len() > 1 && words(value).iter().all(|w| known(w))
}

fn look_up(bytes: &[u8]) -> Option<&'static str> {
    let hash = Sha256::digest(bytes);
    let key = hash.get(..8)?;
    let count = u32::from_be_bytes(LIST.get(..4)?.try_into().ok()?) as usize;
    let at = |i: usize| LIST.get(4 + i * 8..12 + i * 8).unwrap_or(&[]);
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        match at(middle).cmp(key) {
            std::cmp::Ordering::Equal => return LIST.get(4 + count * 8 + middle).map(|source| phrase(*source)),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// The numbers are those of `rules/data/published.py`; the lists are named in NOTICE.
fn phrase(source: u8) -> &'static str {
    match source {
        1 => "published: it stands in a public list of JWT secrets",
        2 => "published: it stands in a public list of session keys",
        4 => "published: it stands in the example file of Supabase",
        5 => "published: it is the default of a well-known product",
        6 => "published: it stands in a well-known tutorial on JSON Web Tokens",
        7 => "published: it stands in the documentation of its framework",
        _ => "published: every installation of some template has it",
    }
}

#[cfg(test)]
mod tests {
    use super::{LIST, published};

    #[test]
    fn tutorial_keys_are_known_in_every_form() {
        // the sample secret of jwt.io, its base64, and in capitals
        for value in ["your-256-bit-secret", "base64:your-256-bit-secret", "eW91ci0yNTYtYml0LXNlY3JldA==", "YOUR-256-BIT-SECRET"] {
            assert!(published(value).is_some(), "{value}");
        }
        assert!(published("3RFvW0pXb7c2yq9KJt5uLzA1dGhSnE8mQo4iVwYxTgU").is_none());
        assert!(published("").is_none());
    }

    #[test]
    fn names_of_keys_are_published_by_nobody() {
        for name in ["secret-access-key", "secret-key", "access-key", "jwt-secret", "jwtSecret", "SECRET_ACCESS_KEY", "secret.key"] {
            assert!(published(name).is_none(), "{name}");
        }
        assert!(published("super-secret-key").is_some());
    }

    #[test]
    fn the_place_is_named() {
        assert_eq!(published("your-256-bit-secret"), Some("published: it stands in a well-known tutorial on JSON Web Tokens"));
    }

    #[test]
    fn the_list_is_sorted_and_whole() {
        let count = u32::from_be_bytes(LIST[..4].try_into().unwrap()) as usize;
        assert_eq!(LIST.len(), 4 + count * 9);
        assert!(LIST[4..4 + count * 8].chunks(8).is_sorted());
    }
}
