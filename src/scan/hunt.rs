//! One pass over a text for many secrets at once, in the forms that other files write them in.
//!
//! As many bytes as the shortest has are a window; by the last four of it the search knows how far the next window that can fit is away (Wu and
//! Manber, 1994), and skips that far: most of a text is never looked at. What fits is known by a hash of the window, and compared byte by byte.
//! An automaton would keep copies of the secrets in memory that nobody wipes. The hashes have a multiplier of this run, so no text can be made to
//! collide on purpose.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::model::secret::Secret;
use crate::model::span::Span;

/// Bytes of a window; no form is shorter.
pub(super) const WINDOW: usize = 12;
/// Bytes that tell how far to skip.
const BLOCK: usize = 4;
/// Bits of the hash of a block: so many that the table stays in the nearest cache.
const BITS: u32 = 15;
/// How far a window is skipped whose last block is that of no form.
const FARTHEST: u8 = (WINDOW - BLOCK + 1) as u8;

/// What is looked for.
pub(super) struct Hunt {
    forms: Vec<Form>,
    by_hash: HashMap<u64, Vec<usize>>,
    /// For each hash of a block, how far it stands at least before the end of a form's window.
    skips: Box<[u8; 1 << BITS]>,
    multiplier: u64,
}

/// One way in which a file may write a secret.
struct Form {
    text: Zeroizing<Vec<u8>>,
    /// The index of the secret.
    secret: usize,
    /// Whether it is the middle of a base64 text: letters may touch it.
    inner: bool,
}

/// A secret found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its bytes.
    pub(super) span: Span,
    /// Its index.
    pub(super) secret: usize,
}

impl Hunt {
    /// Prepares for `secrets`; those shorter than the window are left out.
    pub(super) fn new<'s>(secrets: impl Iterator<Item = &'s Secret>) -> Self {
        let multiplier = RandomState::new().hash_one(WINDOW) | 1;
        let mut hunt = Self { forms: Vec::new(), by_hash: HashMap::new(), skips: Box::new([FARTHEST; 1 << BITS]), multiplier };
        for (secret, value) in secrets.enumerate().filter(|(_, s)| s.len() >= WINDOW) {
            let whole = forms(value.expose()).into_iter().map(|text| Form { text, secret, inner: false });
            let inner = (0..3).flat_map(|before| middles(value.expose(), before)).map(|text| Form { text, secret, inner: true });
            for form in whole.chain(inner) {
                let Some(window) = form.text.first_chunk::<WINDOW>() else { continue };
                for (skip, block) in window.windows(BLOCK).rev().enumerate() {
                    let slot = &mut hunt.skips[slot(block, multiplier)];
                    *slot = (*slot).min(u8::try_from(skip).unwrap_or(0));
                }
                hunt.by_hash.entry(hash(window, multiplier)).or_default().push(hunt.forms.len());
                hunt.forms.push(form);
            }
        }
        hunt
    }

    pub(super) fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Every secret in `text` that stands there whole, in order.
    pub(super) fn hits(&self, text: &[u8]) -> Vec<Hit> {
        let mut found: Vec<Hit> = Vec::new();
        let mut start = 0;
        while let Some(window) = text.get(start..start + WINDOW) {
            let skip = self.skips[slot(&window[WINDOW - BLOCK..], self.multiplier)];
            if skip == 0 {
                self.verify(text, start, hash(window, self.multiplier), &mut found);
            }
            start += usize::from(skip.max(1));
        }
        found
    }

    fn verify(&self, text: &[u8], start: usize, hash: u64, found: &mut Vec<Hit>) {
        for form in self.by_hash.get(&hash).into_iter().flatten().filter_map(|i| self.forms.get(*i)) {
            let end = start + form.text.len();
            // the middle of what was found whole
            let again = form.inner && found.last().is_some_and(|h| h.secret == form.secret && h.span.end > start);
            if text.get(start..end) == Some(form.text.as_slice()) && (form.inner || stands_alone(text, start, end)) && !again {
                found.push(Hit { span: Span::new(start, end), secret: form.secret });
            }
        }
    }
}

/// The hash of a block.
#[inline]
fn slot(block: &[u8], multiplier: u64) -> usize {
    let block = u32::from_le_bytes(block.try_into().unwrap_or_default());
    // the upper bits of a product depend on all lower ones
    (u64::from(block).wrapping_mul(multiplier) >> (u64::BITS - BITS)) as usize
}

/// The hash of a window.
fn hash(window: &[u8], multiplier: u64) -> u64 {
    window.iter().fold(0, |hash: u64, b| hash.wrapping_mul(multiplier).wrapping_add(u64::from(*b) + 1))
}

/// Whether no letter or digit touches the bytes: a secret within a longer one is another secret. What an escape ends with touches nothing.
fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).and_then(|i| text.get(i)).copied().unwrap_or(b' ');
    let escape = |back: usize, sign: u8| start.checked_sub(back).and_then(|i| text.get(i)) == Some(&sign);
    let open = !before.is_ascii_alphanumeric() || escape(3, b'%') || (escape(2, b'\\') && matches!(before, b'n' | b'r' | b't'));
    open && !text.get(end).is_some_and(u8::is_ascii_alphanumeric)
}

/// `value` as it stands, and escaped for URLs, JSON and HTML, and in base64; each once.
fn forms(value: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let escaped = |escape: fn(u8) -> Option<String>| {
        let mut out = Zeroizing::new(Vec::with_capacity(value.len() * 6));
        for b in value.bytes() {
            match escape(b) {
                Some(text) => out.extend_from_slice(text.as_bytes()),
                None => out.push(b),
            }
        }
        out
    };
    let percent: fn(u8) -> Option<String> =
        |b| (!(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))).then(|| format!("%{b:02X}"));
    let percent_small: fn(u8) -> Option<String> =
        |b| (!(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))).then(|| format!("%{b:02x}"));
    // what encoders escape that fear for the page around
    let web: fn(u8) -> Option<String> = |b| match b {
        b'"' | b'\\' => Some(format!("\\{}", b as char)),
        b'&' | b'<' | b'>' | b'\'' => Some(format!("\\u{b:04x}")),
        _ => None,
    };
    let json: fn(u8) -> Option<String> = |b| matches!(b, b'"' | b'\\').then(|| format!("\\{}", b as char));
    let slashed: fn(u8) -> Option<String> = |b| matches!(b, b'"' | b'\\' | b'/').then(|| format!("\\{}", b as char));
    let html: fn(u8) -> Option<String> = |b| {
        let entity = match b {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => return None,
        };
        Some(entity.to_owned())
    };
    let mut all = vec![Zeroizing::new(value.as_bytes().to_vec())];
    let encoded = [STANDARD_NO_PAD.encode(value), URL_SAFE_NO_PAD.encode(value)];
    let others = [percent, percent_small, json, slashed, web, html]
        .into_iter()
        .map(escaped)
        .chain(encoded.into_iter().map(|e| Zeroizing::new(e.into_bytes())));
    for form in others {
        if !all.contains(&form) {
            all.push(form);
        }
    }
    all
}

/// The characters of base64 that `value` alone decides where `before` bytes (modulo 3) stand before it and others may follow: the password
/// in an `Authorization` header, in a file that was encoded as a whole.
fn middles(value: &str, before: usize) -> Vec<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(before + value.len()));
    bytes.resize(before, 0);
    bytes.extend_from_slice(value.as_bytes());
    let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    let encoded = [STANDARD_NO_PAD.encode(&*bytes), URL_SAFE_NO_PAD.encode(&*bytes)].map(|e| Zeroizing::new(e.into_bytes()));
    let mut all: Vec<Zeroizing<Vec<u8>>> =
        encoded.iter().filter_map(|e| e.get(first..last)).map(|cut| Zeroizing::new(cut.to_vec())).collect();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::Hunt;
    use crate::model::secret::Secret;

    fn found(secrets: &[&str], text: &str) -> Vec<(usize, usize)> {
        let secrets: Vec<Secret> = secrets.iter().map(|s| Secret::copy_of(s)).collect();
        Hunt::new(secrets.iter()).hits(text.as_bytes()).iter().map(|h| (h.secret, h.span.start)).collect()
    }

    #[test]
    fn every_form_is_found_and_a_part_of_a_longer_word_is_not() {
        let secret = "p/Xq7fP2\"mKvR9&t";
        for (text, at) in [
            ("say p/Xq7fP2\"mKvR9&t.", 4),
            ("u=p%2FXq7fP2%22mKvR9%26t", 2),
            ("{\"a\": \"p/Xq7fP2\\\"mKvR9&t\"}", 7),
            ("{\"a\": \"p\\/Xq7fP2\\\"mKvR9&t\"}", 7),
            ("<p>p/Xq7fP2&quot;mKvR9&amp;t</p>", 3),
            ("a: cC9YcTdmUDIibUt2UjkmdA==", 3),
            ("\"x\\np/Xq7fP2\\\"mKvR9&t\"", 4),
            ("p%2fXq7fP2%22mKvR9%26t", 0),
            ("p/Xq7fP2\\\"mKvR9\\u0026t", 0),
            // `a:SECRET`, `ab:SECRET!` and `abc:SECRET` in base64: what is decided by the secret alone
            ("YTpwL1hxN2ZQMiJtS3ZSOSZ0", 3),
            ("YWI6cC9YcTdmUDIibUt2UjkmdCE=", 4),
            ("YWJjOnAvWHE3ZlAyIm1LdlI5JnQ=", 6),
        ] {
            assert_eq!(found(&[secret], text), [(0, at)], "{text}");
        }
        assert_eq!(found(&["Xq7fP2mKvR9t"], "aXq7fP2mKvR9t Xq7fP2mKvR9tb Xq7fP2mKvR9"), []);
        assert_eq!(found(&["Xq7fP2mKvR9t", "Lw3zXq7fP2mKvR9t"], "Lw3zXq7fP2mKvR9t"), [(1, 0)]);
        assert!(Hunt::new([Secret::copy_of("short")].iter()).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn it_finds_what_a_plain_search_finds(head in "[a-c ]{0,40}", secret in "[a-cA-C]{12,20}", tail in "( [a-c ]{0,40})?") {
            let text = format!("{head} {secret}{tail}");
            let plain: Vec<(usize, usize)> = text.match_indices(&secret)
                .filter(|(i, _)| {
                    let b = text.as_bytes();
                    (*i == 0 || !b[i - 1].is_ascii_alphanumeric()) && !b.get(i + secret.len()).is_some_and(u8::is_ascii_alphanumeric)
                })
                .map(|(i, _)| (0, i)).collect();
            prop_assert_eq!(found(&[&secret], &text), plain);
        }
    }
}
