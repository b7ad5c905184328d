//! Random bytes in the encodings that frameworks ask for: hexadecimal, base64 ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648)) and
//! UUIDs ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562)).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

use super::error::KeygenError;
use super::generator::{Entropy, Generator, LEAST_BYTES, MOST, Spec};
use crate::model::secret::Secret;

/// `openssl rand -hex 32`.
pub(super) static HEX: Token = Token { name: "hex", about: "hexadecimal, lower case", form: Form::Hex };
/// `openssl rand -base64 32`.
pub(super) static BASE64: Token = Token { name: "base64", about: "base64 with padding", form: Form::Base64 };
/// Laravel's `APP_KEY`.
pub(super) static BASE64_PREFIXED: Token =
    Token { name: "base64-prefixed", about: "`base64:` and base64 with padding", form: Form::Prefixed };
/// For a place whose old value does not tell which of the two alphabets its reader wants.
pub(super) static BASE64_NEUTRAL: Token =
    Token { name: "base64-neutral", about: "base64 that reads the same in both alphabets", form: Form::Neutral };
/// JWK and VAPID keys.
pub(super) static BASE64URL: Token = Token { name: "base64url", about: "URL-safe base64 without padding", form: Form::Url };
/// Fernet keys.
pub(super) static BASE64URL_PADDED: Token =
    Token { name: "base64url-padded", about: "URL-safe base64 with padding", form: Form::UrlPadded };
/// 122 random bits.
pub(super) static UUID: Token = Token { name: "uuid", about: "random UUID (version 4)", form: Form::Uuid };

const PREFIX: &str = "base64:";
const DEFAULT_BYTES: usize = 32;

/// An encoding of random bytes.
pub(super) struct Token {
    name: &'static str,
    about: &'static str,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Hex,
    Base64,
    Prefixed,
    Neutral,
    Url,
    UrlPadded,
    Uuid,
}

impl Generator for Token {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn is_plain(&self) -> bool {
        matches!(self.form, Form::Hex | Form::Uuid)
    }

    fn generate(&self, spec: &Spec, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        let count = self.bytes(spec)?;
        let mut bytes = Zeroizing::new(vec![0; count]);
        entropy.fill(&mut bytes)?;
        match self.form {
            Form::Hex => Ok(hex(&bytes)),
            Form::Base64 => encode("", &STANDARD, &bytes),
            Form::Prefixed => encode(PREFIX, &STANDARD, &bytes),
            Form::Url => encode("", &URL_SAFE_NO_PAD, &bytes),
            Form::UrlPadded => encode("", &URL_SAFE, &bytes),
            Form::Neutral => {
                redraw_marks(&mut bytes, entropy)?;
                encode("", &STANDARD, &bytes)
            }
            Form::Uuid => Ok(uuid(&mut bytes)),
        }
    }
}

impl Token {
    /// How many bytes to encode.
    fn bytes(&self, spec: &Spec) -> Result<usize, KeygenError> {
        let generator = self.name;
        if self.form == Form::Uuid && spec.bytes.is_some_and(|bytes| bytes > 15) {
            // 122 bits are random
            return Err(KeygenError::NoSuchForm { generator, asked: spec.bytes.unwrap_or_default(), unit: "bytes" });
        }
        let fixed = (self.form == Form::Uuid).then_some(16);
        let count = match (fixed.or(spec.bytes), spec.length) {
            (Some(bytes), _) => bytes,
            (None, None) => DEFAULT_BYTES,
            (None, Some(length)) => self.bytes_of(length)?,
        };
        if count < LEAST_BYTES {
            return Err(KeygenError::TooWeak { generator, asked: count, least: LEAST_BYTES, unit: "bytes" });
        }
        if count > MOST {
            return Err(KeygenError::TooLong { generator, asked: count, most: MOST, unit: "bytes" });
        }
        if let Some(asked) = spec.length.filter(|length| *length != self.characters(count)) {
            return Err(KeygenError::NoSuchForm { generator, asked, unit: "characters" });
        }
        match spec.longest {
            Some(longest) if longest < self.characters(count) => {
                Err(KeygenError::NoRoom { generator, needed: self.characters(count), longest })
            }
            _ => Ok(count),
        }
    }

    /// Most bytes whose encoding has `length` characters.
    fn bytes_of(&self, length: usize) -> Result<usize, KeygenError> {
        let asked = length.min(4 * MOST);
        (0..=asked).rev().find(|bytes| self.characters(*bytes) == length).ok_or(KeygenError::NoSuchForm {
            generator: self.name,
            asked: length,
            unit: "characters",
        })
    }

    fn characters(&self, bytes: usize) -> usize {
        match self.form {
            Form::Hex => bytes * 2,
            Form::Base64 | Form::Neutral | Form::UrlPadded => bytes.div_ceil(3) * 4,
            Form::Prefixed => PREFIX.len() + bytes.div_ceil(3) * 4,
            Form::Url => (bytes * 8).div_ceil(6),
            Form::Uuid => 36,
        }
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> Secret {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    Secret::new(text)
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(half), 16));
        }
    }
}

/// Encodes in one buffer of the right size, so that no copy is left behind.
fn encode(prefix: &str, engine: &impl Engine, bytes: &[u8]) -> Result<Secret, KeygenError> {
    let size = prefix.len() + bytes.len().div_ceil(3) * 4;
    let mut buffer = vec![0; size];
    let (head, body) = buffer.split_at_mut(prefix.len());
    head.copy_from_slice(prefix.as_bytes());
    let written = engine.encode_slice(bytes, body).map_err(|_| KeygenError::NoRandomness)?;
    buffer.truncate(prefix.len() + written);
    match String::from_utf8(buffer) {
        Ok(text) => Ok(Secret::new(text)),
        Err(error) => {
            // clear intermediates
            error.into_bytes().zeroize();
            Err(KeygenError::NoRandomness)
        }
    }
}

/// Draws each group of three bytes anew until its four characters are letters and digits. Costs 0.05 of 6 bits a character.
fn redraw_marks(bytes: &mut [u8], entropy: &mut dyn Entropy) -> Result<(), KeygenError> {
    for group in bytes.chunks_mut(3) {
        let mut text = Zeroizing::new([0_u8; 4]);
        loop {
            STANDARD.encode_slice(&*group, text.as_mut_slice()).map_err(|_| KeygenError::NoRandomness)?;
            if !text.iter().any(|b| matches!(b, b'+' | b'/')) {
                break;
            }
            entropy.fill(group)?;
        }
    }
    Ok(())
}

fn uuid(bytes: &mut [u8]) -> Secret {
    // version 4 and the variant of RFC 9562
    if let Some(byte) = bytes.get_mut(6) {
        *byte = (*byte & 0x0f) | 0x40;
    }
    if let Some(byte) = bytes.get_mut(8) {
        *byte = (*byte & 0x3f) | 0x80;
    }
    let mut text = String::with_capacity(36);
    let mut rest: &[u8] = bytes;
    for size in [4, 2, 2, 2, 6] {
        let (part, after) = rest.split_at(size.min(rest.len()));
        if !text.is_empty() {
            text.push('-');
        }
        push_hex(&mut text, part);
        rest = after;
    }
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::super::error::KeygenError;
    use super::super::generator::{Entropy, Generator, Spec, SystemEntropy};
    use super::{BASE64, BASE64_NEUTRAL, BASE64_PREFIXED, BASE64URL, BASE64URL_PADDED, HEX, Token, UUID};

    fn draw(generator: &Token, bytes: usize) -> String {
        generator.generate(&Spec { bytes: Some(bytes), ..Spec::default() }, &mut SystemEntropy).unwrap().expose().to_owned()
    }

    /// Hands out 0, 1, 2, ...
    struct Counting(u8);
    impl Entropy for Counting {
        fn fill(&mut self, buffer: &mut [u8]) -> Result<(), KeygenError> {
            buffer.iter_mut().for_each(|b| {
                *b = self.0;
                self.0 = self.0.wrapping_add(1);
            });
            Ok(())
        }
    }

    #[test]
    fn each_form_encodes_the_bytes_it_was_given() {
        let with = |generator: &Token, bytes| {
            let spec = Spec { bytes, ..Spec::default() };
            generator.generate(&spec, &mut Counting(0)).unwrap().expose().to_owned()
        };
        assert_eq!(with(&HEX, Some(16)), "000102030405060708090a0b0c0d0e0f");
        assert_eq!(with(&BASE64, Some(16)), "AAECAwQFBgcICQoLDA0ODw==");
        assert_eq!(with(&BASE64_PREFIXED, Some(16)), "base64:AAECAwQFBgcICQoLDA0ODw==");
        assert_eq!(with(&BASE64URL, Some(16)), "AAECAwQFBgcICQoLDA0ODw");
        assert_eq!(with(&BASE64URL_PADDED, Some(16)), "AAECAwQFBgcICQoLDA0ODw==");
        assert_eq!(with(&UUID, None), "00010203-0405-4607-8809-0a0b0c0d0e0f");
    }

    #[test]
    fn lengths_are_those_of_the_frameworks() {
        assert_eq!(draw(&HEX, 64).len(), 128);
        assert_eq!(draw(&BASE64_PREFIXED, 32).len(), 51);
        let fernet = draw(&BASE64URL_PADDED, 32);
        assert_eq!((fernet.len(), fernet.ends_with('=')), (44, true));
        assert_eq!(URL_SAFE.decode(fernet).unwrap().len(), 32);
        assert_eq!(URL_SAFE_NO_PAD.decode(draw(&BASE64URL, 32)).unwrap().len(), 32);
    }

    #[test]
    fn neutral_base64_reads_the_same_in_both_alphabets() {
        for bytes in [16, 31, 32, 33, 64] {
            for _ in 0..200 {
                let text = draw(&BASE64_NEUTRAL, bytes);
                assert_eq!(STANDARD.decode(&text).unwrap(), URL_SAFE.decode(&text).unwrap());
                assert_eq!(STANDARD.decode(&text).unwrap().len(), bytes);
            }
        }
    }

    #[test]
    fn uuids_say_version_and_variant() {
        for _ in 0..500 {
            let text = UUID.generate(&Spec::default(), &mut SystemEntropy).unwrap().expose().to_owned();
            assert_eq!(text.as_bytes()[14], b'4');
            assert!(b"89ab".contains(&text.as_bytes()[19]));
            assert_eq!(text.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        }
        let long = Spec { bytes: Some(32), ..Spec::default() };
        assert!(matches!(UUID.generate(&long, &mut SystemEntropy), Err(KeygenError::NoSuchForm { .. })));
    }

    #[test]
    fn a_length_is_met_exactly_or_refused() {
        let with = |generator: &Token, length| {
            generator.generate(&Spec { length: Some(length), ..Spec::default() }, &mut SystemEntropy).map(|v| v.len())
        };
        assert_eq!(with(&HEX, 64), Ok(64));
        assert!(matches!(with(&HEX, 63), Err(KeygenError::NoSuchForm { asked: 63, .. })));
        assert!(matches!(with(&HEX, 16), Err(KeygenError::TooWeak { asked: 8, .. })));
        assert!(matches!(with(&HEX, usize::MAX), Err(KeygenError::NoSuchForm { .. })));
        let capped = Spec { longest: Some(40), ..Spec::default() };
        assert!(matches!(HEX.generate(&capped, &mut SystemEntropy), Err(KeygenError::NoRoom { needed: 64, longest: 40, .. })));
    }

    proptest! {
        #[test]
        fn the_length_foretold_is_the_length_made(bytes in 16_usize..200) {
            for generator in [&HEX, &BASE64, &BASE64_PREFIXED, &BASE64_NEUTRAL, &BASE64URL, &BASE64URL_PADDED] {
                prop_assert_eq!(draw(generator, bytes).len(), generator.characters(bytes));
            }
        }
    }
}
