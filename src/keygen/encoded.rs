//! A secret in another spelling: base64, hexadecimal ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648)), percent signs
//! ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.1)), the entities of XML and HTML.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use zeroize::Zeroizing;

use super::error::KeygenError;
use super::generator::Entropy;
use super::made::Made;
use super::token::hex;
use crate::model::secret::Secret;

/// Secrets shorter than this are no evidence: too many other texts have the same spelling.
const SHORTEST: usize = 6;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
static STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
static URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The bytes of base64 in either alphabet, padded or not; line breaks are none of it.
pub(super) fn base64_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    engine.decode(text).ok().map(Zeroizing::new)
}

/// How base64 is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Base64 {
    url: bool,
    padded: bool,
}

impl Base64 {
    /// As `text` is written. Where its letters do not tell, `=` says the standard alphabet, and none the one for URLs where `url`.
    pub(super) fn of(text: &str, url: bool) -> Self {
        let padded = text.ends_with('=') || !url && text.len().is_multiple_of(4);
        let marks = (text.contains(['-', '_']), text.contains(['+', '/']));
        Self { url: marks.0 || !marks.1 && url && !padded, padded }
    }

    pub(super) fn encode(self, bytes: &[u8]) -> Secret {
        Secret::new(match (self.url, self.padded) {
            (false, true) => general_purpose::STANDARD.encode(bytes),
            (false, false) => general_purpose::STANDARD_NO_PAD.encode(bytes),
            (true, true) => general_purpose::URL_SAFE.encode(bytes),
            (true, false) => general_purpose::URL_SAFE_NO_PAD.encode(bytes),
        })
    }
}

/// The last bytes of a secret; `None` of one that is too short to be known in another spelling.
#[must_use]
pub fn ending(secret: &Secret) -> Option<[u8; SHORTEST]> {
    secret.expose().as_bytes().last_chunk().copied()
}

/// A text that spells a secret in another way.
pub struct Encoded {
    spelling: Spelling,
    /// What stands before the secret: `user:` of a header, in base64 with it.
    before: Secret,
    /// The line break that `echo` adds, in base64 or hexadecimal with it.
    after: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Base64(Base64),
    Hex { upper: bool },
    Percent,
    Entities,
}

/// What a text says in every spelling that it could be: read once, and compared with many secrets.
pub struct Decoded<'t> {
    text: &'t str,
    hex: Option<Zeroizing<Vec<u8>>>,
    base64: Option<Zeroizing<Vec<u8>>>,
    percent: Option<Zeroizing<Vec<u8>>>,
    entities: Option<Zeroizing<Vec<u8>>>,
}

impl<'t> Decoded<'t> {
    /// Reads `text`.
    #[must_use]
    pub fn of(text: &'t str) -> Self {
        Self { text, hex: hex_bytes(text), base64: base64_bytes(text), percent: percent_bytes(text), entities: entity_bytes(text) }
    }

    /// The last bytes of all that it could spell: a secret that it spells ends in one of them ([`ending`]).
    pub fn endings(&self) -> impl Iterator<Item = [u8; SHORTEST]> {
        let read = [&self.hex, &self.base64, &self.percent, &self.entities].into_iter().flatten();
        let bare = |bytes: &'_ [u8]| bytes.strip_suffix(b"\n").and_then(|bytes| bytes.last_chunk().copied());
        read.flat_map(move |bytes| [bytes.last_chunk().copied(), bare(bytes)]).flatten()
    }

    /// The text as a spelling of `secret` other than its own; `None` where it is none, and for secrets too short to tell.
    #[must_use]
    pub fn spells(&self, secret: &Secret) -> Option<Encoded> {
        let (text, old) = (self.text, secret.expose());
        if old.len() < SHORTEST || text == old || text.len() < old.len() || text.len() > 6 * old.len() + 256 {
            return None;
        }
        let whole = |spelling: &dyn Fn() -> Spelling, bytes: &[u8]| {
            let (end, after) = if bytes.ends_with(b"\n") { (bytes.len() - 1, "\n") } else { (bytes.len(), "") };
            let body = bytes.get(..end)?.strip_suffix(old.as_bytes())?;
            let (before, spelling) = (std::str::from_utf8(body).ok()?, spelling());
            let is_user = matches!(spelling, Spelling::Base64(_)) && before.find(':') == Some(before.len().saturating_sub(1));
            (before.is_empty() || is_user).then(|| Encoded { spelling, before: Secret::copy_of(before), after })
        };
        let exact = |spelling, read: &Option<Zeroizing<Vec<u8>>>| {
            let same = read.as_ref().is_some_and(|read| read.as_slice() == old.as_bytes());
            same.then(|| Encoded { spelling, before: Secret::default(), after: "" })
        };
        let hex = || Spelling::Hex { upper: text.bytes().any(|b| b.is_ascii_uppercase()) };
        let base64 = || Spelling::Base64(Base64::of(text, false));
        let packed = self.hex.as_ref().and_then(|bytes| whole(&hex, bytes));
        let packed = packed.or_else(|| self.base64.as_ref().and_then(|bytes| whole(&base64, bytes)));
        packed.or_else(|| exact(Spelling::Percent, &self.percent)).or_else(|| exact(Spelling::Entities, &self.entities))
    }
}

impl Made for Encoded {
    fn how(&self) -> String {
        let form = match self.spelling {
            Spelling::Base64(_) if self.before.is_empty() => "base64",
            Spelling::Base64(_) => "base64 behind a user",
            Spelling::Hex { .. } => "hexadecimal",
            Spelling::Percent => "percent signs",
            Spelling::Entities => "entities of XML",
        };
        format!("the same in {form}")
    }

    fn again(&self, new: &Secret, _entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        let text = Secret::concat(&[self.before.expose(), new.expose(), self.after]);
        Ok(match self.spelling {
            Spelling::Base64(form) => form.encode(text.expose().as_bytes()),
            Spelling::Hex { upper } => {
                let lower = hex(text.expose().as_bytes());
                if upper { Secret::new(lower.expose().to_ascii_uppercase()) } else { lower }
            }
            Spelling::Percent => percent_encoded(new),
            Spelling::Entities => entities(new),
        })
    }
}

fn hex_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.as_bytes().as_chunks::<2>().0 {
        let [high, low] = pair.map(|b| char::from(b).to_digit(16));
        out.push(u8::try_from(high? * 16 + low?).ok()?);
    }
    text.len().is_multiple_of(2).then_some(out)
}

/// The bytes of text with at least one percent sign, all of which are followed by two digits.
fn percent_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if !text.contains('%') {
        return None;
    }
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            out.push(first);
            continue;
        }
        let (pair, after) = rest.split_first_chunk::<2>()?;
        let [high, low] = pair.map(|b| char::from(b).to_digit(16));
        out.push(u8::try_from(high? * 16 + low?).ok()?);
        rest = after;
    }
    Some(out)
}

/// The text that `text`, part of a URL, stands for; `None` where it has no percent signs, or others than for UTF-8.
#[must_use]
pub fn percent_decoded(text: &str) -> Option<Secret> {
    let bytes = percent_bytes(text)?;
    std::str::from_utf8(&bytes).ok().map(Secret::copy_of)
}

/// `text` as part of a URL: all but the unreserved characters of RFC 3986 behind percent signs.
#[must_use]
pub fn percent_encoded(text: &Secret) -> Secret {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.expose().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase();
            out.extend([digit(byte >> 4), digit(byte & 15)]);
        }
    }
    Secret::new(out)
}

const ENTITIES: &[(&str, char)] =
    &[("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\''), ("&#39;", '\''), ("&#x27;", '\''), ("&#34;", '"')];

/// The bytes of text with at least one of the five entities, and no `&` beside them.
fn entity_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if !text.contains('&') {
        return None;
    }
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, c) = if first == '&' {
            let (name, c) = ENTITIES.iter().find(|(name, _)| rest.starts_with(name))?;
            (name.len(), *c)
        } else {
            (first.len_utf8(), first)
        };
        out.extend(c.encode_utf8(&mut [0; 4]).bytes());
        rest = rest.get(taken..).unwrap_or_default();
    }
    Some(out)
}

fn entities(text: &Secret) -> Secret {
    let mut out = String::with_capacity(text.len() * 6);
    for c in text.expose().chars() {
        match ENTITIES.iter().find(|(_, known)| *known == c) {
            Some((name, _)) => out.push_str(name),
            None => out.push(c),
        }
    }
    Secret::new(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Decoded, Made};
    use crate::keygen::SystemEntropy;
    use crate::model::secret::Secret;

    fn again(text: &str, old: &str, new: &str) -> Option<String> {
        let made = Decoded::of(text).spells(&Secret::copy_of(old))?;
        Some(made.again(&Secret::copy_of(new), &mut SystemEntropy).unwrap().expose().to_owned())
    }

    #[test]
    fn each_spelling_is_known_and_kept() {
        for (text, old, new, made) in [
            ("a2V0dGxlLWRydW0=", "kettle-drum", "quokka>>?", "cXVva2thPj4/"),
            ("a2V0dGxlLWRydW0", "kettle-drum", "quokka77", "cXVva2thNzc"),
            ("a2V0dGxlLWRydW0K", "kettle-drum", "quokka77", "cXVva2thNzcK"),
            ("cXVva2thPj4_", "quokka>>?", "quokka>>>", "cXVva2thPj4-"),
            ("b3BzOmtldHRsZS1kcnVt", "kettle-drum", "quokka", "b3BzOnF1b2trYQ=="),
            ("6b6574746c652d6472756d", "kettle-drum", "quokka", "71756f6b6b61"),
            ("6B6574746C652D6472756D", "kettle-drum", "quokkaz", "71756F6B6B617A"),
            ("kettle%2Fdrum%21", "kettle/drum!", "a b/c-d", "a%20b%2Fc-d"),
            ("kettle%2fdrum", "kettle/drum", "plain", "plain"),
            ("kettle&amp;drum", "kettle&drum", "a<b&c", "a&lt;b&amp;c"),
        ] {
            assert_eq!(again(text, old, new).as_deref(), Some(made), "{text}");
        }
    }

    #[test]
    fn what_is_short_or_longer_or_the_same_is_none() {
        for (text, old) in [
            ("YWRtaW4=", "admin"),
            ("kettle-drum", "kettle-drum"),
            ("eC1rZXR0bGUtZHJ1bQ==", "kettle-drum"),
            ("a2V0dGxlLWRydW0teA==", "kettle-drum"),
            ("6b6574746c652d6472756d0", "kettle-drum"),
            ("kettle%2", "kettle/"),
            ("kettle&drum", "kettle&drum2"),
            ("changeme", "changeme2"),
        ] {
            assert!(again(text, old, "new").is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_two_texts_are_compared_without_panic(text in any::<String>(), old in any::<String>(), signs in "[%&;a-f0-9=]{0,40}") {
            let _ = again(&text, &old, "new");
            let _ = again(&signs, &old, "new");
        }

        #[test]
        fn what_was_made_is_known_again(old in "[ -~]{6,40}", new in "[ -~]{6,40}") {
            use base64::Engine;
            let text = base64::engine::general_purpose::STANDARD.encode(&old);
            let made = again(&text, &old, &new).unwrap();
            prop_assert!(again(&made, &new, &old).unwrap() == text);
        }
    }
}
