//! Strong replacement values, and what is computed from a secret made again from the new one ([`Made`]). A new generator is one file
//! beside this one and one line in [`GENERATORS`].
//!
//! ```
//! use harden::keygen::{self, Spec, SystemEntropy};
//! let hex = keygen::by_name("hex").ok_or("not registered")?;
//! let key = hex.generate(&Spec { bytes: Some(32), ..Spec::default() }, &mut SystemEntropy)?;
//! assert_eq!(key.len(), 64);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod encoded;
mod error;
mod frame;
mod generator;
mod keypair;
mod made;
mod password;
mod recipe;
mod shape;
mod signed;
mod token;
mod verifier;

pub use encoded::{Decoded, ending, percent_decoded, percent_encoded};
pub use error::KeygenError;
pub use frame::is_framed;
pub use generator::{Entropy, Generator, Spec, SystemEntropy};
pub use keypair::KeyPair;
pub use made::{Made, Needs};
pub use recipe::Recipe;
pub use shape::Shape;
pub use signed::{Token, is_signed_by_a_pair, tokens};
pub use verifier::{Hash, hashes};

/// Every generator; rules name them by [`Generator::name`].
pub static GENERATORS: &[&dyn Generator] = &[
    &password::PASSWORD,
    &password::KEY,
    &password::ALNUM,
    &token::HEX,
    &token::BASE64,
    &token::BASE64_PREFIXED,
    &token::BASE64_NEUTRAL,
    &token::BASE64URL,
    &token::BASE64URL_PADDED,
    &token::UUID,
];

/// The generator registered as `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Generator> {
    GENERATORS.iter().copied().find(|g| g.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{GENERATORS, Spec, SystemEntropy, by_name};

    #[test]
    fn names_are_unique_and_found() {
        let names: BTreeSet<_> = GENERATORS.iter().map(|g| g.name()).collect();
        assert_eq!(names.len(), GENERATORS.len());
        assert!(names.iter().all(|name| by_name(name).is_some_and(|g| g.name() == *name)));
        assert!(by_name("rot13").is_none());
    }

    #[test]
    fn every_generator_works_without_a_specification_and_never_twice_alike() {
        for generator in GENERATORS {
            let draw = || generator.generate(&Spec::default(), &mut SystemEntropy).unwrap();
            let (a, b) = (draw(), draw());
            assert!(!a.same_as(&b), "{}", generator.name());
            assert!(a.len() >= 32, "{}", generator.name());
        }
    }

    #[test]
    fn plain_generators_need_no_quoting_anywhere() {
        for generator in GENERATORS.iter().filter(|g| g.is_plain()) {
            for _ in 0..300 {
                let value = generator.generate(&Spec::default(), &mut SystemEntropy).unwrap();
                assert!(value.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
                assert!(!value.expose().starts_with(['-', '_']) && !value.expose().ends_with(['-', '_']));
            }
        }
    }

    proptest! {
        #[test]
        fn any_specification_is_kept_or_refused(
            which in 0..GENERATORS.len(),
            bytes in any::<Option<u8>>(),
            length in any::<Option<u8>>(),
            longest in any::<Option<u8>>(),
        ) {
            let spec = Spec { bytes: bytes.map(usize::from), length: length.map(usize::from), longest: longest.map(usize::from) };
            if let Ok(value) = GENERATORS[which].generate(&spec, &mut SystemEntropy) {
                prop_assert!(value.expose().is_ascii());
                prop_assert!(value.len() >= 22, "128 bits need 22 characters of 64");
                if let Some(longest) = spec.longest {
                    prop_assert!(value.len() <= longest);
                }
                if let Some(length) = spec.length {
                    prop_assert_eq!(value.len(), length);
                }
            }
        }
    }
}
