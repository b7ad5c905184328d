//! The form of an old value, so that a new one is accepted where the old one was: hex stays hex, a UUID stays a UUID.
//!
//! A text in no recognised form says nothing about what its reader takes; the caller's default generator serves then.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use zeroize::Zeroizing;

use super::generator::Spec;
use crate::model::secret::Secret;

/// Below this an encoded value is more likely a word that happens to fit the alphabet.
const LEAST_DECODED: usize = 8;

/// Above this more bytes add nothing, and no reader is known to ask for them: 128 is the block of the widest hash that keys are made for
/// (SHA-512, [RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)). An old value that is longer says nothing about how long a new one must be.
const MOST_BYTES: usize = 128;

/// A form that a value has, and how to make another of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Name in the registry of generators.
    pub generator: &'static str,
    /// As many bytes as the old value had, but 128 at most; the minimum where that is more.
    pub spec: Spec,
}

impl Shape {
    /// The form of `old`, if a value of this form can hold `least` random bytes.
    ///
    /// Where padded base64 without `+ / - _` does not tell which of the two alphabets is meant, the form is `base64-neutral`, which is
    /// valid in both.
    #[must_use]
    pub fn of(old: &Secret, least: usize) -> Option<Self> {
        let text = old.expose();
        if is_uuid(text) {
            // 122 random bits; a place that needs more gets another form
            return (least <= 15).then_some(Self { generator: "uuid", spec: Spec::default() });
        }
        let (generator, bytes) = match text.strip_prefix("base64:") {
            Some(rest) => ("base64-prefixed", decoded(&STANDARD, rest)?),
            None => hex(text).or_else(|| base64(text))?,
        };
        // 16 is what every generator asks for
        Some(Self { generator, spec: Spec { bytes: Some(bytes.min(MOST_BYTES).max(least).max(16)), ..Spec::default() } })
    }
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn hex(text: &str) -> Option<(&'static str, usize)> {
    let digits_only = text.bytes().all(|b| b.is_ascii_digit());
    // a number of 16 digits is a number, one of 32 hardly
    let long_enough = text.len() >= if digits_only { 32 } else { 2 * LEAST_DECODED };
    (long_enough && text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(("hex", text.len() / 2))
}

fn base64(text: &str) -> Option<(&'static str, usize)> {
    let padded = text.ends_with('=');
    match (text.contains(['+', '/']), text.contains(['-', '_']), padded) {
        (true, false, _) => Some(("base64", decoded(&STANDARD, text)?)),
        (false, true, true) => Some(("base64url-padded", decoded(&URL_SAFE, text)?)),
        (false, false, true) => Some(("base64-neutral", decoded(&STANDARD, text)?)),
        // without padding it may be any text of letters and digits
        _ => None,
    }
}

/// Number of bytes that `text` encodes, canonically; `None` when it does not, or when they are few.
fn decoded(engine: &impl Engine, text: &str) -> Option<usize> {
    let mut buffer = Zeroizing::new(vec![0; text.len()]);
    engine.decode_slice(text, &mut buffer).ok().filter(|bytes| *bytes >= LEAST_DECODED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::super::{GENERATORS, by_name};
    use super::{Secret, Shape, Spec};
    use crate::keygen::SystemEntropy;

    fn of(text: &str, least: usize) -> Option<(&'static str, Option<usize>)> {
        Shape::of(&Secret::copy_of(text), least).map(|shape| (shape.generator, shape.spec.bytes))
    }

    #[test]
    fn forms_are_recognised_and_grow_to_the_minimum() {
        assert_eq!(of("0123456789abcdef0123456789abcdef", 16), Some(("hex", Some(16))));
        assert_eq!(of("0123456789ABCDEF0123456789abcdef", 32), Some(("hex", Some(32))));
        assert_eq!(of("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 16), Some(("hex", Some(32))));
        assert_eq!(of("6f1c1d2e-0000-4000-8000-00000000abcd", 0), Some(("uuid", None)));
        assert_eq!(of("6f1c1d2e-0000-4000-8000-00000000abcd", 32), None);
        assert_eq!(of("AAECAwQFBgcICQoLDA0OD+//AAECAwQF", 16), Some(("base64", Some(24))));
        assert_eq!(of("base64:AAECAwQFBgcICQoLDA0ODw==", 32), Some(("base64-prefixed", Some(32))));
    }

    #[test]
    fn a_value_of_any_length_gets_one_that_can_be_made() {
        for text in ["a".repeat(5 << 20), "/".repeat(4 << 10), format!("base64:{}", "A".repeat(4 << 10)), format!("{}=", "A".repeat(4095))]
        {
            let shape = Shape::of(&Secret::copy_of(&text), 32).unwrap();
            assert_eq!(shape.spec.bytes, Some(128));
            assert!(by_name(shape.generator).unwrap().generate(&shape.spec, &mut SystemEntropy).is_ok());
        }
        // what is not absurd is kept
        assert_eq!(of(&"0f".repeat(96), 16), Some(("hex", Some(96))));
    }

    #[test]
    fn fernet_and_ambiguous_base64() {
        assert_eq!(of("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd_-8=", 32), Some(("base64url-padded", Some(32))));
        assert_eq!(of("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 32), Some(("base64-neutral", Some(32))));
    }

    #[test]
    fn words_and_numbers_are_no_form() {
        for text in
            ["", "changeme", "password", "deadbeef", "1234567812345678", "abc=", "my-Secret_Key-2025", "supersecretjwtkey", "base64:"]
        {
            assert_eq!(of(text, 16), None, "{text}");
        }
    }

    #[test]
    fn every_shape_names_a_generator() {
        for text in ["0123456789abcdef0123456789abcdef", "6f1c1d2e-0000-4000-8000-00000000abcd", "base64:AAECAwQFBgcICQoLDA0ODw=="] {
            let shape = Shape::of(&Secret::copy_of(text), 0).unwrap();
            assert!(by_name(shape.generator).is_some());
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>(), least in 0_usize..100) {
            let _ = Shape::of(&Secret::new(text), least);
        }

        #[test]
        fn a_generated_token_has_its_own_shape(which in 0..GENERATORS.len(), bytes in 16_usize..80) {
            let generator = GENERATORS[which];
            if !matches!(generator.name(), "hex" | "base64-prefixed" | "uuid") {
                return Ok(());
            }
            let spec = if generator.name() == "uuid" { Spec::default() } else { Spec { bytes: Some(bytes), ..Spec::default() } };
            let value = generator.generate(&spec, &mut SystemEntropy).unwrap();
            let shape = Shape::of(&value, 0);
            prop_assert!(shape.is_some());
            prop_assert_eq!(shape, Some(Shape { generator: generator.name(), spec }));
        }
    }
}
