//! The judgement of one value. First test that fits wins: reference, no secret, empty, default, repeat of its context, placeholder,
//! published, structure, wordy, short; else ok.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use zeroize::Zeroizing;

use super::context::{Context, is_product};
use super::dictionary::coverage;
use super::encoding::{Encoding, disguised, measure};
use super::lexicon::{LEXICON, NOT_SECRETS, PLACEHOLDERS, REFERENCES, listed};
use super::name::Purpose;
use super::published::published;
use super::structure::regularity;
use crate::model::template::{self, Part};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueClass {
    /// It says where the value comes from.
    Reference,
    /// A switch, a number, a path: no secret under any name.
    NotSecret,
    /// Nothing.
    Empty,
    /// A well-known default: works as it stands.
    LiveDefault,
    /// The name of the service, user, database or key, with or without an ending.
    SameAsContext,
    /// Asks to be replaced.
    Placeholder,
    /// Stands in public templates or tutorials, however random it looks.
    Published,
    /// Repeats, runs, walks.
    Structure,
    /// Made of words.
    Wordy,
    /// Too few bits for its purpose.
    Short,
    /// Nothing wrong with it.
    Ok,
}

impl ValueClass {
    /// Every class, for rules.
    pub const ALL: &'static [Self] = &[
        Self::Reference,
        Self::NotSecret,
        Self::Empty,
        Self::LiveDefault,
        Self::SameAsContext,
        Self::Placeholder,
        Self::Published,
        Self::Structure,
        Self::Wordy,
        Self::Short,
        Self::Ok,
    ];

    /// The word used in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::NotSecret => "not-secret",
            Self::Empty => "empty",
            Self::LiveDefault => "live-default",
            Self::SameAsContext => "same-as-context",
            Self::Placeholder => "placeholder",
            Self::Published => "published",
            Self::Structure => "structure",
            Self::Wordy => "wordy",
            Self::Short => "short",
            Self::Ok => "ok",
        }
    }
}

/// A class and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it is.
    pub class: ValueClass,
    /// Why, in a phrase that fits after "it is"; holds nothing of the value.
    pub reason: &'static str,
}

fn verdict(class: ValueClass, reason: &'static str) -> Verdict {
    Verdict { class, reason }
}

/// Judges `value`, which stands as a secret for `purpose` amid `context`: a reference, or a `LazyCell`, since few values need it.
///
/// ```
/// use harden::strength::{context::Context, judge::{judge, ValueClass}, name::Purpose};
/// let nowhere = Context::new();
/// assert_eq!(judge("changeme", &&nowhere, Purpose::Password).class, ValueClass::Placeholder);
/// assert_eq!(judge("${DB_PASSWORD}", &&nowhere, Purpose::Password).class, ValueClass::Reference);
/// assert_eq!(judge("3RFvW0pXb7c2yq9KJt5uLzA1dGhSnE8mQo4iVwYxTgU", &&nowhere, Purpose::Jwt).class, ValueClass::Ok);
/// ```
#[must_use]
pub fn judge(value: &str, context: &impl Deref<Target = Context>, purpose: Purpose) -> Verdict {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return verdict(ValueClass::Empty, "empty");
    }
    // what parsers read as no value at all
    if matches!(trimmed, "null" | "NULL" | "nil" | "~") {
        return verdict(ValueClass::Empty, "null, which is no value");
    }
    // `pa$$word`, which is no reference to `word`
    if trimmed.contains("$$") && listed(LEXICON.defaults, &trimmed.to_ascii_lowercase().replace('$', "s")) {
        return verdict(ValueClass::LiveDefault, "a well-known default");
    }
    if refers(trimmed) {
        return verdict(ValueClass::Reference, "a reference");
    }
    if let Some(found) = judge_text(trimmed, context, purpose) {
        return found;
    }
    // text in base64 or hex is no stronger than the text
    if let Some(inner) = disguised(trimmed)
        && let Some(found) = judge_text(inner.trim(), context, purpose)
        && found.class != ValueClass::NotSecret
    {
        return found;
    }
    let size = measure(trimmed);
    let floor = purpose.least_bits();
    if size.bits < floor || (purpose == Purpose::Password && trimmed.len() < 12 && size.bits < 70) {
        return verdict(ValueClass::Short, "too short for what it protects");
    }
    verdict(ValueClass::Ok, "strong enough")
}

/// Whether the value comes from elsewhere, wholly or in the part that makes it secret.
fn refers(value: &str) -> bool {
    if REFERENCES.is_match(value) || template::is_reference(value) {
        return true;
    }
    let parts = template::parts(value);
    let literal: usize = parts.iter().filter(|p| matches!(p, Part::Literal(_))).map(|p| p.span().len()).sum();
    parts.iter().any(|p| !matches!(p, Part::Literal(_))) && literal < 8
}

/// The tests that look at the text as it stands; `None` when it passes all.
fn judge_text(value: &str, context: &impl Deref<Target = Context>, purpose: Purpose) -> Option<Verdict> {
    let lower = Zeroizing::new(value.to_ascii_lowercase());
    // `USER:PASSWORD@HOST` says what goes there, `password` is what people leave there
    let named = value == "PASSWORD";
    let default = !named && (listed(LEXICON.defaults, &lower) || listed(LEXICON.defaults, lower.trim_end_matches(['!', '.', '#', '@'])));
    if default && purpose == Purpose::Password {
        return Some(verdict(ValueClass::LiveDefault, "a well-known default"));
    }
    if is_no_secret(value, &lower) {
        return Some(verdict(ValueClass::NotSecret, "no secret"));
    }
    if default {
        return Some(verdict(ValueClass::LiveDefault, "a well-known default"));
    }
    if asks_to_be_replaced(value, &lower) {
        return Some(verdict(ValueClass::Placeholder, "a placeholder"));
    }
    if context.repeated_by(value).is_some() {
        return Some(verdict(ValueClass::SameAsContext, "the name of its own service, user, database or key"));
    }
    if is_product(value) {
        return Some(verdict(ValueClass::LiveDefault, "the name of a product"));
    }
    if let Some(source) = published(value) {
        return Some(verdict(ValueClass::Published, source));
    }
    if let Some(reason) = regularity(value) {
        return Some(verdict(ValueClass::Structure, reason));
    }
    let (share, words) = coverage(value);
    let passphrase = words >= 6 && purpose == Purpose::Password;
    if share >= 0.5 && !passphrase && measure(value).encoding != Encoding::Hex {
        return Some(verdict(ValueClass::Wordy, "made of words"));
    }
    None
}

fn is_no_secret(value: &str, lower: &str) -> bool {
    listed(LEXICON.not_secrets, lower) || NOT_SECRETS.is_match(value)
}

fn asks_to_be_replaced(value: &str, lower: &str) -> bool {
    // the words between single blanks, a blank at each end
    let mut padded = String::with_capacity(lower.len() + 2);
    let mut squeezed = String::with_capacity(lower.len());
    padded.push(' ');
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        padded.push_str(word);
        padded.push(' ');
        squeezed.push_str(word);
    }
    let short = PLACEHOLDERS.is_match(value) || ASKING.padded.is_match(&padded);
    (short && !may_be_chance(value)) || describes_a_secret(value, &padded) || ASKING.bare.is_match(&squeezed) || ASKING.near(&squeezed)
}

/// Whether a short word in the value may be chance: one of 10,000 random keys in base64 begins with `my-` or ends with `_sua`.
fn may_be_chance(value: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| value.as_bytes().iter().any(kind);
    value.len() >= 22
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'/' | b'='))
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
        && coverage(value).0 < 0.3
}

/// A sentence about the secret in its place: `password for the admin user`, `a long random key`. `padded` has a blank around each word.
fn describes_a_secret(value: &str, padded: &str) -> bool {
    const ARTICLES: &[&str] = &[" a ", " an ", " the ", " for ", " of ", " to ", " your "];
    value.split(' ').count() >= 3
        && [" password ", " secret ", " key ", " token ", " passphrase "].iter().any(|w| padded.contains(w))
        && ARTICLES.iter().any(|w| padded.contains(w))
}

/// The lexicon's placeholder words in the forms that are looked for.
struct Asking {
    /// With a blank at each end.
    padded: AhoCorasick,
    /// The longer ones, without any blank.
    bare: AhoCorasick,
    /// Those that are recognised with a slip in them, by length.
    slips: HashMap<usize, Vec<String>>,
}

impl Asking {
    fn near(&self, squeezed: &str) -> bool {
        self.slips.get(&squeezed.len()).is_some_and(|list| list.iter().any(|word| near(squeezed, word)))
    }
}

static ASKING: LazyLock<Asking> = LazyLock::new(|| {
    let bare: Vec<String> = LEXICON.placeholder_words.iter().map(|w| w.replace(' ', "")).collect();
    let mut slips: HashMap<usize, Vec<String>> = HashMap::new();
    for word in bare.iter().filter(|w| w.len() >= 8) {
        slips.entry(word.len()).or_default().push(word.clone());
    }
    Asking {
        padded: automaton(LEXICON.placeholder_words.iter().map(|w| format!(" {w} "))),
        bare: automaton(bare.into_iter().filter(|w| w.len() > 6)),
        slips,
    }
});

#[expect(clippy::expect_used, reason = "a hundred short words always fit")]
fn automaton(words: impl Iterator<Item = String>) -> AhoCorasick {
    // the kind that is ready first: most runs ask about few values
    let kind = Some(AhoCorasickKind::NoncontiguousNFA);
    AhoCorasick::builder().kind(kind).build(words).expect("an automaton of the lexicon's words")
}

/// At most one typing slip between two texts of one length: `chnageme`, `replaceem`.
fn near(value: &str, word: &str) -> bool {
    if value == word {
        return true;
    }
    let (a, b) = (value.as_bytes(), word.as_bytes());
    let wrong: Vec<usize> = (0..a.len()).filter(|i| a.get(*i) != b.get(*i)).collect();
    match wrong[..] {
        [_] => true,
        [i, j] => j == i + 1 && a.get(i) == b.get(j) && a.get(j) == b.get(i),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{ValueClass, judge};
    use crate::strength::context::Context;
    use crate::strength::name::Purpose;

    fn class(value: &str) -> ValueClass {
        judge(value, &&Context::new(), Purpose::Password).class
    }

    #[test]
    fn the_order_of_tests_is_kept() {
        assert_eq!(class(""), ValueClass::Empty);
        assert_eq!(class("postgres"), ValueClass::LiveDefault);
        assert_eq!(class("CHANGE_ME_TO_SOMETHING"), ValueClass::Placeholder);
        assert_eq!(class("<your-password>"), ValueClass::Placeholder);
        assert_eq!(class("chnageme"), ValueClass::Placeholder);
        assert_eq!(class("password for the admin user"), ValueClass::Placeholder);
        assert_eq!(class("pa$$word"), ValueClass::LiveDefault);
        assert_eq!(class("$$word"), ValueClass::Reference);
        assert_eq!(class("op://vault/item/field"), ValueClass::Reference);
        assert_eq!(class("1111222211112222"), ValueClass::Structure);
        assert_eq!(class("bluehouseriver"), ValueClass::Wordy);
        assert_eq!(class("Xq7fP2m"), ValueClass::Short);
        assert_eq!(class("Xq7fP2mKvR9tLw3z"), ValueClass::Ok);
        assert_eq!(class("true"), ValueClass::NotSecret);
        assert_eq!(class("Option<Vec<u8>>"), ValueClass::NotSecret);
        assert_eq!(class("i32"), ValueClass::NotSecret);
    }

    #[test]
    fn a_short_word_in_a_random_key_is_chance() {
        assert_eq!(class("pLqVFAXIfrsGPXFrPFeTJoH2pPtN_sUa"), ValueClass::Ok);
        assert_eq!(class("My-ASbLeM9XWINoJLThxcfaeAett7GiX"), ValueClass::Ok);
        assert_eq!(class("My-Super-Secret-Key-For-Jwt-2024"), ValueClass::Placeholder);
        assert_eq!(class("your-Random-32-Character-String"), ValueClass::Placeholder);
    }

    #[test]
    fn text_in_base64_is_judged_as_text() {
        assert_eq!(class("cmVwbGFjZS1tZS1wbGVhc2U="), ValueClass::Placeholder);
    }
}
