//! A form of values as data writes it: `hex-32`, `text-64`, `list-4-base64-16`. What each means stands in docs/fix.md.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::error::KeygenError;
use super::generator::{Entropy, Generator, Spec};
use super::password::{ALNUM, KEY, PASSWORD};
use super::token::{BASE64, BASE64_PREFIXED, BASE64URL, BASE64URL_PADDED, HEX, UUID};
use crate::model::secret::Secret;
use crate::strength::context::Context;
use crate::strength::judge::{ValueClass, judge};
use crate::strength::name::Purpose;

/// More members no known list has.
const MOST_MEMBERS: usize = 16;

/// A form whose values are judged ill this often is so by nature, a UUID perhaps: it is what was asked for.
const MOST_REDRAWS: usize = 8;

/// A generator, what it is asked for, and how many of its values make up the whole.
#[derive(Clone, Copy)]
pub struct Recipe {
    generator: &'static dyn Generator,
    spec: Spec,
    /// Values separated by commas; 1 for no list.
    members: usize,
}

impl Recipe {
    /// Reads the form of a value; `None` where the text names none.
    ///
    /// | text | value |
    /// |---|---|
    /// | `hex-N`, `base64-N`, `base64url-N` | N random bytes; base64url without padding |
    /// | `laravel-N` | `base64:` and N bytes in base64 |
    /// | `fernet` | 32 bytes in URL-safe base64 with padding |
    /// | `text-N`, `alnum-N` | exactly N characters; of the second letters and digits only |
    /// | `password`, `key`, `alnum`, `uuid` | as the generators of these names make them |
    /// | `list-K-FORM` | K values of FORM, separated by commas |
    ///
    /// ```
    /// use harden::keygen::{Recipe, SystemEntropy};
    /// let keys = Recipe::parse("list-4-base64-16").ok_or("no form")?.generate(&mut SystemEntropy)?;
    /// assert_eq!(keys.expose().split(',').map(str::len).collect::<Vec<_>>(), [24; 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("list-") {
            let (members, form) = rest.split_once('-')?;
            let members = members.parse().ok().filter(|n| (1..=MOST_MEMBERS).contains(n))?;
            return Self::parse(form).filter(|one| one.members == 1).map(|one| Self { members, ..one });
        }
        let one = |generator: &'static dyn Generator, spec| Some(Self { generator, spec, members: 1 });
        let plain = Spec::default();
        match text {
            "fernet" => return one(&BASE64URL_PADDED, Spec { bytes: Some(32), ..plain }),
            "password" => return one(&PASSWORD, plain),
            "key" => return one(&KEY, plain),
            "alnum" => return one(&ALNUM, plain),
            "uuid" => return one(&UUID, plain),
            _ => {}
        }
        let (name, size) = text.rsplit_once('-')?;
        let size = size.parse().ok()?;
        let (bytes, length) = (Spec { bytes: Some(size), ..plain }, Spec { length: Some(size), ..plain });
        match name {
            "hex" => one(&HEX, bytes),
            "base64" => one(&BASE64, bytes),
            "base64url" => one(&BASE64URL, bytes),
            "laravel" => one(&BASE64_PREFIXED, bytes),
            "text" => one(&KEY, length),
            "alnum" => one(&ALNUM, length),
            _ => None,
        }
    }

    /// A recipe for one value of a generator.
    #[must_use]
    pub fn of(generator: &'static dyn Generator, spec: Spec) -> Self {
        Self { generator, spec, members: 1 }
    }

    /// The same with so many bytes, where it is a number of bytes that it asks for.
    #[must_use]
    pub fn of_bytes(self, bytes: usize) -> Self {
        Self { spec: Spec { bytes: self.spec.bytes.map(|_| bytes), ..self.spec }, ..self }
    }

    /// The same for a place that takes at most `longest` characters.
    #[must_use]
    pub fn within(self, longest: Option<usize>) -> Self {
        Self { spec: Spec { longest: longest.or(self.spec.longest), ..self.spec }, ..self }
    }

    /// Whether every value reads the same unquoted everywhere, also inside a connection string.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.members == 1 && self.generator.is_plain()
    }

    /// Whether every value has upper and lower case, a digit and another character.
    #[must_use]
    pub fn is_mixed(&self) -> bool {
        self.members == 1 && matches!(self.generator.name(), "password" | "key")
    }

    /// A new value.
    ///
    /// # Errors
    /// When the form cannot be had with 128 bits in the room that there is, or the system has no random bytes.
    pub fn generate(&self, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        if self.members == 1 {
            return self.one(&self.spec, entropy);
        }
        let longest = self.spec.longest;
        let spec = Spec { longest: None, ..self.spec };
        let members: Vec<Secret> = (0..self.members).map(|_| self.one(&spec, entropy)).collect::<Result<_, _>>()?;
        let parts: Vec<&str> = members.iter().flat_map(|m| [",", m.expose()]).skip(1).collect();
        let list = Secret::concat(&parts);
        match longest {
            Some(longest) if longest < list.len() => {
                Err(KeygenError::NoRoom { generator: self.generator.name(), needed: list.len(), longest })
            }
            _ => Ok(list),
        }
    }

    /// A value that no later look takes for a word or a reference, which chance makes of a few in 100,000: drawn anew then, as a whole.
    fn one(&self, spec: &Spec, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        let nowhere = Context::new();
        let mut value = self.generator.generate(spec, entropy)?;
        for _ in 0..MOST_REDRAWS {
            if judge(value.expose(), &&nowhere, Purpose::Password).class == ValueClass::Ok {
                break;
            }
            value = self.generator.generate(spec, entropy)?;
        }
        Ok(value)
    }

    /// Whether `value` is what a reader of this form takes for a key: the right number of bytes in one of the base64 alphabets, of
    /// hexadecimal digits, of characters. Of a list each member counts.
    #[must_use]
    pub fn fits(&self, value: &Secret) -> bool {
        let text = value.expose();
        if self.members > 1 {
            return text.split(',').all(|member| self.fits_one(member.trim()));
        }
        self.fits_one(text)
    }

    fn fits_one(&self, text: &str) -> bool {
        let bytes = self.spec.bytes;
        let holds = |count: Option<usize>| count.is_some() && (bytes.is_none() || count == bytes);
        match self.generator.name() {
            "hex" => holds(text.bytes().all(|b| b.is_ascii_hexdigit()).then_some(text.len() / 2)) && text.len().is_multiple_of(2),
            "base64" | "base64url" | "base64url-padded" => holds(decoded(text)),
            // Laravel takes as many characters as they are, too
            "base64-prefixed" => holds(text.strip_prefix("base64:").map_or(Some(text.len()), decoded)),
            "uuid" => super::shape::is_uuid(text),
            _ => !text.is_empty() && self.spec.length.is_none_or(|length| text.len() == length),
        }
    }
}

impl std::fmt::Debug for Recipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recipe({} x {}, {:?})", self.members, self.generator.name(), self.spec)
    }
}

/// How many bytes a text encodes, in whichever of the two alphabets, with or without padding.
fn decoded(text: &str) -> Option<usize> {
    let mut buffer = Zeroizing::new(vec![0; text.len()]);
    let mut with = |engine: &dyn Fn(&mut [u8]) -> Option<usize>| engine(&mut buffer);
    with(&|b| STANDARD.decode_slice(text, b).ok())
        .or_else(|| with(&|b| URL_SAFE.decode_slice(text, b).ok()))
        .or_else(|| with(&|b| STANDARD_NO_PAD.decode_slice(text, b).ok()))
        .or_else(|| with(&|b| URL_SAFE_NO_PAD.decode_slice(text, b).ok()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{MOST_MEMBERS, Recipe};
    use crate::keygen::{Entropy, KeygenError, SystemEntropy};
    use crate::model::secret::Secret;
    use crate::strength::context::Context;
    use crate::strength::judge::{ValueClass, judge};
    use crate::strength::name::Purpose;

    const FORMS: &[&str] = &[
        "hex-16",
        "base64-32",
        "base64url-32",
        "laravel-32",
        "fernet",
        "text-32",
        "alnum-64",
        "password",
        "key",
        "alnum",
        "uuid",
        "list-4-base64-16",
        "list-2-fernet",
    ];

    /// Hands out chosen bytes, then those of the system.
    struct Chosen(std::vec::IntoIter<u8>);
    impl Entropy for Chosen {
        fn fill(&mut self, buffer: &mut [u8]) -> Result<(), KeygenError> {
            SystemEntropy.fill(buffer)?;
            buffer.iter_mut().zip(&mut self.0).for_each(|(to, from)| *to = from);
            Ok(())
        }
    }

    #[test]
    fn what_chance_makes_a_word_is_drawn_anew() {
        // lower-case text in base64: a secret that a scan would take for the words `replace me please`
        let words = *b"replace-me-please-replace-me-ple";
        let value = Recipe::parse("base64-32").unwrap().generate(&mut Chosen(Vec::from(words).into_iter())).unwrap();
        assert_eq!(judge(value.expose(), &&Context::new(), Purpose::Password).class, ValueClass::Ok);
    }

    #[test]
    fn what_a_form_makes_fits_it_and_little_else_does() {
        for form in FORMS {
            let recipe = Recipe::parse(form).unwrap();
            for _ in 0..50 {
                assert!(recipe.fits(&recipe.generate(&mut SystemEntropy).unwrap()), "{form}");
            }
        }
        let fits = |form: &str, text: &str| Recipe::parse(form).unwrap().fits(&Secret::copy_of(text));
        assert!(!fits("fernet", "changeme") && !fits("fernet", ""));
        assert!(!fits("laravel-32", "SomeRandomString") && !fits("laravel-32", "base64:SomeRandomString"));
        assert!(fits("laravel-32", "SomeRandomStringOfThirtyTwoChars"), "Laravel takes 32 characters as they are");
        assert!(!fits("uuid", "changeme") && !fits("hex-16", "00"));
        assert!(!fits("list-4-base64-16", "toBeModified1,toBeModified2"));
    }

    #[test]
    fn a_list_has_members_that_differ() {
        let list = Recipe::parse("list-4-base64-16").unwrap().generate(&mut SystemEntropy).unwrap();
        let members: std::collections::BTreeSet<&str> = list.expose().split(',').collect();
        assert_eq!(members.len(), 4);
    }

    #[test]
    fn room_is_kept_or_refused() {
        let key = Recipe::parse("key").unwrap().within(Some(40)).generate(&mut SystemEntropy).unwrap();
        assert_eq!(key.len(), 40);
        let exact = Recipe::parse("text-64").unwrap().within(Some(40)).generate(&mut SystemEntropy);
        assert!(matches!(exact, Err(KeygenError::NoRoom { needed: 64, longest: 40, .. })));
        let list = Recipe::parse("list-2-hex-16").unwrap().within(Some(40)).generate(&mut SystemEntropy);
        assert!(matches!(list, Err(KeygenError::NoRoom { needed: 65, .. })));
    }

    #[test]
    fn no_form_is_guessed() {
        for text in ["", "rot13", "hex", "hex-", "hex-x", "list-4", "list-0-uuid", "list-99-uuid", "list-2-list-2-uuid", "-16"] {
            assert!(Recipe::parse(text).is_none(), "{text}");
        }
        assert!(Recipe::parse(&format!("list-{MOST_MEMBERS}-uuid")).is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_a_form_or_none_and_any_value_fits_or_not(text in any::<String>(), value in any::<String>()) {
            prop_assert!(Recipe::parse(&text).is_none_or(|recipe| (1..=MOST_MEMBERS).contains(&recipe.members)));
            for form in FORMS {
                let _ = Recipe::parse(form).unwrap().fits(&Secret::copy_of(&value));
            }
        }
    }
}
