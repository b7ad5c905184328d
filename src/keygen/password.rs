//! Text of letters, digits, `_` and `-`: what reads the same in every env dialect, in a URL, in YAML, SQL and a shell, unquoted.

use super::error::KeygenError;
use super::generator::{Entropy, Generator, LEAST_BYTES, MOST, Pool, Spec};
use crate::model::secret::Secret;

/// 32 characters of 64: 192 bits. For what is compared or hashed.
pub(super) static PASSWORD: Text =
    Text { name: "password", about: "32 characters of A-Z a-z 0-9 _ -, a letter first", default_length: 32, alphabet: A64, marks: true };

/// 43 characters of 64: 256 bits. For what signs or encrypts.
pub(super) static KEY: Text =
    Text { name: "key", about: "43 characters of A-Z a-z 0-9 _ -, a letter first", default_length: 43, alphabet: A64, marks: true };

/// For the few places that take letters and digits only.
pub(super) static ALNUM: Text =
    Text { name: "alnum", about: "44 letters and digits, a letter first", default_length: 44, alphabet: A62, marks: false };

const A64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const A62: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Characters of 64 that hold 128 bits.
const LEAST_LENGTH: usize = (LEAST_BYTES * 8).div_ceil(6);

/// A text of random symbols: a letter first, a letter or digit last, one at least of each kind that complexity checks ask for.
pub(super) struct Text {
    name: &'static str,
    about: &'static str,
    default_length: usize,
    alphabet: &'static [u8],
    /// Whether one of `-` and `_` must occur.
    marks: bool,
}

impl Generator for Text {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn generate(&self, spec: &Spec, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        let length = self.length(spec)?;
        let mut pool = Pool::new(entropy);
        loop {
            let value = self.draw(length, &mut pool)?;
            // the whole value is drawn anew: mending one character would make some values likelier than others
            if self.fits(value.expose()) {
                return Ok(value);
            }
        }
    }
}

impl Text {
    /// How long the value will be: as told, else long enough for the bytes asked for, else the default, cut to what the place takes.
    fn length(&self, spec: &Spec) -> Result<usize, KeygenError> {
        let generator = self.name;
        let needed = spec.bytes.map(|bytes| bytes.saturating_mul(8).div_ceil(6));
        let wanted = spec.length.or(needed).unwrap_or(self.default_length);
        if wanted > MOST {
            return Err(KeygenError::TooLong { generator, asked: wanted, most: MOST, unit: "characters" });
        }
        if wanted < LEAST_LENGTH {
            return Err(KeygenError::TooWeak { generator, asked: wanted, least: LEAST_LENGTH, unit: "characters" });
        }
        let longest = spec.longest.unwrap_or(MOST);
        // what was asked for exactly is not cut; the default is, down to 128 bits
        let least = if spec.length.is_some() { wanted } else { needed.unwrap_or(LEAST_LENGTH).max(LEAST_LENGTH) };
        if longest < least {
            return Err(KeygenError::NoRoom { generator, needed: least, longest });
        }
        Ok(wanted.min(longest))
    }

    fn draw(&self, length: usize, pool: &mut Pool<'_>) -> Result<Secret, KeygenError> {
        let mut text = String::with_capacity(length);
        for place in 0..length {
            let alphabet = match place {
                0 => LETTERS,
                last if last + 1 == length => A62,
                _ => self.alphabet,
            };
            text.push(char::from(pool.symbol(alphabet)?));
        }
        Ok(Secret::new(text))
    }

    fn fits(&self, text: &str) -> bool {
        let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
        has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_digit)
            && (!self.marks || has(|byte| matches!(byte, b'-' | b'_')))
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::KeygenError;
    use super::super::generator::{Entropy, Generator, Pool, Spec, SystemEntropy};
    use super::{A62, A64, ALNUM, KEY, LETTERS, PASSWORD, Text};

    fn draw(generator: &Text, spec: &Spec) -> String {
        generator.generate(spec, &mut SystemEntropy).unwrap().expose().to_owned()
    }

    #[test]
    fn thousands_of_draws_keep_every_constraint() {
        for generator in [&PASSWORD, &KEY, &ALNUM] {
            for _ in 0..3000 {
                let text = draw(generator, &Spec::default());
                assert_eq!(text.len(), generator.default_length);
                assert!(text.starts_with(|c: char| c.is_ascii_alphabetic()));
                assert!(text.ends_with(|c: char| c.is_ascii_alphanumeric()));
                assert!(text.contains(|c: char| c.is_ascii_lowercase()) && text.contains(|c: char| c.is_ascii_uppercase()));
                assert!(text.contains(|c: char| c.is_ascii_digit()));
                assert_eq!(text.contains(['-', '_']), generator.marks);
            }
        }
    }

    #[test]
    fn every_symbol_is_about_as_likely() {
        let mut system = SystemEntropy;
        let mut pool = Pool::new(&mut system);
        for alphabet in [A64, A62, LETTERS] {
            let mut counts = [0_u32; 128];
            let expected = 2000_u32;
            for _ in 0..expected as usize * alphabet.len() {
                counts[usize::from(pool.symbol(alphabet).unwrap())] += 1;
            }
            for symbol in alphabet {
                let seen = counts[usize::from(*symbol)];
                // nine standard deviations: fails for a biased draw, not for bad luck
                assert!(seen.abs_diff(expected) < 400, "{}: {seen} of {expected}", char::from(*symbol));
            }
        }
    }

    #[test]
    fn caps_are_kept_down_to_128_bits() {
        let capped = |longest| Spec { longest: Some(longest), ..Spec::default() };
        assert_eq!(draw(&KEY, &capped(32)).len(), 32);
        assert_eq!(draw(&KEY, &capped(72)).len(), 43);
        assert_eq!(draw(&PASSWORD, &capped(22)).len(), 22);
        let refused = PASSWORD.generate(&capped(21), &mut SystemEntropy).unwrap_err();
        assert_eq!(refused, KeygenError::NoRoom { generator: "password", needed: 22, longest: 21 });
    }

    #[test]
    fn what_is_asked_for_exactly_is_not_cut() {
        let spec = Spec { length: Some(64), longest: Some(40), bytes: None };
        assert!(matches!(PASSWORD.generate(&spec, &mut SystemEntropy), Err(KeygenError::NoRoom { needed: 64, .. })));
        let spec = Spec { bytes: Some(32), longest: Some(40), length: None };
        assert!(matches!(PASSWORD.generate(&spec, &mut SystemEntropy), Err(KeygenError::NoRoom { needed: 43, .. })));
        assert_eq!(draw(&PASSWORD, &Spec { bytes: Some(64), ..Spec::default() }).len(), 86);
    }

    #[test]
    fn weak_and_absurd_wishes_are_refused() {
        let refused = |spec| PASSWORD.generate(&spec, &mut SystemEntropy).unwrap_err();
        assert!(matches!(refused(Spec { length: Some(8), ..Spec::default() }), KeygenError::TooWeak { least: 22, .. }));
        assert!(matches!(refused(Spec { bytes: Some(usize::MAX), ..Spec::default() }), KeygenError::TooLong { .. }));
    }

    #[test]
    fn no_randomness_is_an_error_and_no_value() {
        struct Dry;
        impl Entropy for Dry {
            fn fill(&mut self, _: &mut [u8]) -> Result<(), KeygenError> {
                Err(KeygenError::NoRandomness)
            }
        }
        assert_eq!(PASSWORD.generate(&Spec::default(), &mut Dry).unwrap_err(), KeygenError::NoRandomness);
    }
}
