//! How many bytes a key really has: hex and base64 are decoded, text is counted.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// The way in which a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Pairs of hex digits, of one case.
    Hex,
    /// Base64 of either alphabet (RFC 4648), at least 16 characters, and not a word.
    Base64,
    /// Eight-four-four-four-twelve (RFC 9562).
    Uuid,
    /// Anything else: one byte a character.
    Text,
}

/// What a value amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// How it is written.
    pub encoding: Encoding,
    /// Bytes after decoding.
    pub bytes: usize,
    /// An upper bound on its entropy in bits: characters times the logarithm of the alphabet in use, at most 8 a byte.
    pub bits: usize,
}

/// Measures `value`; a leading `base64:` is taken off first.
#[must_use]
pub fn measure(value: &str) -> Measure {
    let body = value.strip_prefix("base64:").unwrap_or(value);
    let encoding = recognise(body);
    let bytes = match encoding {
        Encoding::Hex => body.len() / 2,
        Encoding::Uuid => 16,
        Encoding::Base64 => decode_base64(body).map_or(body.len(), |b| b.len()),
        Encoding::Text => body.len(),
    };
    let bits = match encoding {
        Encoding::Uuid => 122,
        _ => (bits_per_char(body) * body.chars().count() as f64) as usize,
    };
    Measure { encoding, bytes, bits: bits.min(bytes * 8) }
}

/// The bytes that hex or base64 text stands for; `None` for text.
#[must_use]
pub(super) fn decoded(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    match recognise(body) {
        Encoding::Base64 => decode_base64(body),
        Encoding::Hex => Some(decode_hex(body)),
        Encoding::Uuid | Encoding::Text => None,
    }
}

/// The text that hides in base64 or hex: `Some` when `value` decodes to at least four bytes of printable ASCII.
#[must_use]
pub fn disguised(value: &str) -> Option<Zeroizing<String>> {
    let body = value.strip_prefix("base64:").unwrap_or(value);
    let bytes = decoded(body)?;
    let printable = bytes.len() >= 4 && bytes.iter().all(|b| (b' '..=b'~').contains(b));
    printable.then(|| Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

fn recognise(body: &str) -> Encoding {
    let bytes = body.as_bytes();
    let one_case = !(bytes.iter().any(u8::is_ascii_uppercase) && bytes.iter().any(u8::is_ascii_lowercase));
    if bytes.len() >= 16 && bytes.len().is_multiple_of(2) && one_case && bytes.iter().all(u8::is_ascii_hexdigit) {
        return Encoding::Hex;
    }
    if is_uuid(bytes) {
        return Encoding::Uuid;
    }
    let mixed =
        bytes.iter().any(u8::is_ascii_uppercase) && bytes.iter().any(u8::is_ascii_lowercase) && bytes.iter().any(u8::is_ascii_digit);
    let padded = body.ends_with('=') && bytes.len().is_multiple_of(4);
    if bytes.len() >= 8 && (padded || (mixed && bytes.len() >= 22)) && decode_base64(body).is_some() {
        return Encoding::Base64;
    }
    Encoding::Text
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}

fn decode_base64(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let engines: [&GeneralPurpose; 4] = [&STANDARD, &URL_SAFE, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD];
    engines.into_iter().find_map(|e| e.decode(body).ok()).map(Zeroizing::new)
}

fn decode_hex(body: &str) -> Zeroizing<Vec<u8>> {
    let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
    let mut out = Zeroizing::new(Vec::with_capacity(body.len() / 2));
    out.extend(body.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])));
    out
}

fn bits_per_char(body: &str) -> f64 {
    let has = |test: fn(&u8) -> bool| body.as_bytes().iter().any(test);
    let hex = body.bytes().all(|b| b.is_ascii_hexdigit());
    let digits = body.bytes().all(|b| b.is_ascii_digit());
    let letters = usize::from(has(u8::is_ascii_lowercase)) * 26 + usize::from(has(u8::is_ascii_uppercase)) * 26;
    let alphabet = match (digits, hex) {
        (true, _) => 10,
        (_, true) => 16,
        _ => letters + usize::from(has(u8::is_ascii_digit)) * 10 + usize::from(!body.bytes().all(|b| b.is_ascii_alphanumeric())) * 16,
    };
    (alphabet.max(2) as f64).log2()
}

#[cfg(test)]
mod tests {
    use super::{Encoding, disguised, measure};

    #[test]
    fn keys_are_counted_in_the_bytes_they_encode() {
        let hex = measure("9f3c1e7ab04d88529f3c1e7ab04d885f");
        assert_eq!((hex.encoding, hex.bytes), (Encoding::Hex, 16));
        let text = measure("Xq7fP2mKvR9tLw3z");
        assert_eq!((text.encoding, text.bytes), (Encoding::Text, 16));
        assert_eq!(measure("base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").bytes, 32);
        assert_eq!(measure("3RFvW0pXb7c2yq9KJt5uLzA1dGhSnE8mQo4iVwYxTgU").bytes, 32);
        assert_eq!(measure("6f1c2b7e-8a0d-4c3b-9e5f-0a1b2c3d4e5f").encoding, Encoding::Uuid);
    }

    #[test]
    fn text_in_base64_is_seen_through() {
        assert_eq!(disguised("c3VwZXJzZWNyZXQ=").as_deref().map(String::as_str), Some("supersecret"));
        assert!(disguised("3RFvW0pXb7c2yq9KJt5uLzA1dGhSnE8mQo4iVwYxTgU").is_none());
    }
}
