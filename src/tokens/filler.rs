//! What documents print in a token's place: runs, counting, repeats, words.

/// Words that stand in made-up tokens, lower case. In random text of forty letters one of four letters comes up once in ten thousand.
const WORDS: &[&str] = &[
    "example",
    "your",
    "xxxx",
    "placeholder",
    "dummy",
    "sample",
    "fake",
    "changeme",
    "redacted",
    "insert",
    "invalid",
    "secret",
    "token",
    "here",
    "notreal",
    "foobar",
    "deadbeef",
    "mock",
];

/// Whether the random part of a token is not random. `proved`: a checksum fits, so only text without any chance in it is filler.
pub(super) fn is_filler(body: &str, proved: bool) -> bool {
    let bytes = body.as_bytes();
    let distinct = {
        let mut seen = [false; 256];
        bytes.iter().for_each(|b| seen[usize::from(*b)] = true);
        seen.iter().filter(|s| **s).count()
    };
    if bytes.len() >= 12 && distinct < 7 || run(bytes, |a, b| a == b) >= 6 && !only_in_padding(body) {
        return true;
    }
    if proved {
        return false;
    }
    let lower = body.to_ascii_lowercase();
    let counts = |a: u8, b: u8| b == a.wrapping_add(1) && a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric() || (a, b) == (b'9', b'0');
    run(bytes, counts) >= 6
        || run(bytes, |a, b| counts(b, a)) >= 6
        || repeats(bytes)
        || WORDS.iter().any(|w| lower.contains(w))
        || bytes.len() >= 20 && one_class(bytes)
}

/// The longest run of bytes each of which `follows` the one before.
fn run(bytes: &[u8], follows: impl Fn(u8, u8) -> bool) -> usize {
    let (mut longest, mut current) = (1, 1);
    for pair in bytes.windows(2) {
        current = if matches!(pair, [a, b] if follows(*a, *b)) { current + 1 } else { 1 };
        longest = longest.max(current);
    }
    longest
}

/// Zeros of binary data are `A`s in base64: only another letter's run, or very many of them, shows a hand.
fn only_in_padding(body: &str) -> bool {
    run(body.as_bytes(), |a, b| a == b && a != b'A') < 6 && run(body.as_bytes(), |a, b| a == b && a == b'A') < 24
}

/// Whether the text is one short piece over and over.
fn repeats(bytes: &[u8]) -> bool {
    (2..=10.min(bytes.len() / 2)).any(|period| bytes.iter().zip(bytes.iter().skip(period)).all(|(a, b)| a == b))
}

/// Whether all letters and digits are of one sort.
fn one_class(bytes: &[u8]) -> bool {
    let has = |f: fn(&u8) -> bool| usize::from(bytes.iter().any(f));
    has(u8::is_ascii_digit) + has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase) < 2
}

#[cfg(test)]
mod tests {
    use super::is_filler;

    #[test]
    fn what_documents_print() {
        for body in [
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "0123456789abcdef0123456789abcdef",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "abababababababababab",
            "IOSFODNN7EXAMPLE",
            "your-token-goes-here-please-now",
            "12345678901234567890123456789012",
            "qwkjdhfkjsdhfksjdhfksjdhfksj",
        ] {
            assert!(is_filler(body, false), "{body}");
        }
        for body in ["k3Jd8sLqPz71mVbX0aRtYw5CeHnU2g9fQoTi", "9f3c1e7ab04d88529b3c1a7eb04d825f", "Ab8RN6AAAAAAAq2"] {
            assert!(!is_filler(body, false), "{body}");
        }
    }
}
