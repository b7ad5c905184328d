//! JSON web tokens signed with a shared key: HS256, HS384 and HS512 ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515),
//! [RFC 7518 section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
//!
//! Header and claims are kept byte for byte: only the signature is another one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::encoded::base64_bytes;
use super::error::KeygenError;
use super::generator::Entropy;
use super::made::{Made, Needs};
use crate::model::date::now;
use crate::model::secret::Secret;
use crate::model::span::Span;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;

/// A token whose signature is an HMAC; whose key is not known yet.
pub struct Token<'t> {
    /// Header and claims with the point between them.
    head: &'t str,
    signature: Vec<u8>,
    hash: Hash,
    expired: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

/// The places of all texts in `value` that have the form of a token, at most eight: base64 of a JSON object, a point, and two more parts.
#[must_use]
pub fn tokens(value: &str) -> Vec<Span> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(at) = value.get(from..).and_then(|rest| rest.find("eyJ")).map(|i| from + i) {
        let rest = value.get(at..).unwrap_or_default();
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        // `${NAME:-eyJ...}`: a dash before it may be no part of it
        let begins = !value.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphanumeric()));
        let text = rest.get(..length).unwrap_or_default().trim_end_matches('.');
        if begins && text.len() <= LONGEST && text.split('.').count() == 3 && text.split('.').all(|part| !part.is_empty()) {
            out.push(Span::new(at, at + text.len()));
        }
        if out.len() == 8 {
            break;
        }
        from = at + length.max(3);
    }
    out
}

impl<'t> Token<'t> {
    /// Reads `text`; `None` where it is no token, or one that is not signed with a shared key.
    #[must_use]
    pub fn read(text: &'t str) -> Option<Self> {
        let (head, signature) = text.rsplit_once('.').filter(|_| text.len() <= LONGEST)?;
        let (header, claims) = head.split_once('.')?;
        let json = |part: &str| serde_json::from_slice::<serde_json::Value>(&Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?)).ok();
        let hash = match json(header)?.get("alg")?.as_str()? {
            "HS256" => Hash::Sha256,
            "HS384" => Hash::Sha384,
            "HS512" => Hash::Sha512,
            _ => return None,
        };
        let expired = json(claims)?.get("exp").and_then(serde_json::Value::as_f64).is_some_and(|at| at < now() as f64);
        Some(Self { head, signature: URL_SAFE_NO_PAD.decode(signature).ok()?, hash, expired })
    }

    /// The token as one that `secret` has signed, as text or as the bytes of which it is the base64; `None` where neither verifies.
    #[must_use]
    pub fn signed_with(&self, secret: &Secret) -> Option<Signed> {
        let text = secret.expose();
        let decoded = [false, true].into_iter().find(|decoded| {
            let key = if *decoded { base64_bytes(text) } else { Some(Zeroizing::new(text.as_bytes().to_vec())) };
            key.is_some_and(|key| !key.is_empty() && self.hash.verifies(&key, self.head, &self.signature))
        })?;
        Some(Signed { head: Secret::copy_of(self.head), hash: self.hash, decoded, expired: self.expired })
    }
}

/// Whether `text` is a token that a private key has signed: RSA or an elliptic curve.
#[must_use]
pub fn is_signed_by_a_pair(text: &str) -> bool {
    let header = text.split('.').next().filter(|header| header.len() <= LONGEST).and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    let json = header.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let algorithm = json.as_ref().and_then(|json| json.get("alg")?.as_str());
    algorithm.is_some_and(|name| ["RS", "PS", "ES", "EdDSA", "Ed25519"].iter().any(|start| name.starts_with(start)))
}

/// A token whose key is known.
pub struct Signed {
    head: Secret,
    hash: Hash,
    /// Whether the key is what the secret decodes to.
    decoded: bool,
    expired: bool,
}

impl Made for Signed {
    fn how(&self) -> String {
        let key = if self.decoded { ", the key taken from base64" } else { "" };
        let end = if self.expired { "; it has expired, and stays so" } else { "" };
        format!("a token signed with it ({}{key}), signed again with its claims{end}", self.hash.name())
    }

    fn needs(&self) -> Needs {
        Needs { bytes: self.hash.size(), base64: self.decoded }
    }

    fn again(&self, new: &Secret, _entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
        let key = if self.decoded { base64_bytes(new.expose()) } else { Some(Zeroizing::new(new.expose().as_bytes().to_vec())) };
        let key = key.ok_or(KeygenError::Unfit("the key of a token is read as base64, and the new value is none"))?;
        let signature = URL_SAFE_NO_PAD.encode(self.hash.sign(&key, self.head.expose()));
        Ok(Secret::concat(&[self.head.expose(), ".", &signature]))
    }
}

impl Hash {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "HS256",
            Self::Sha384 => "HS384",
            Self::Sha512 => "HS512",
        }
    }

    /// Bytes of the hash, which the key must have at least.
    fn size(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    fn sign(self, key: &[u8], text: &str) -> Vec<u8> {
        match self {
            Self::Sha256 => sign::<Hmac<Sha256>>(key, text),
            Self::Sha384 => sign::<Hmac<Sha384>>(key, text),
            Self::Sha512 => sign::<Hmac<Sha512>>(key, text),
        }
    }

    fn verifies(self, key: &[u8], text: &str, signature: &[u8]) -> bool {
        match self {
            Self::Sha256 => verifies::<Hmac<Sha256>>(key, text, signature),
            Self::Sha384 => verifies::<Hmac<Sha384>>(key, text, signature),
            Self::Sha512 => verifies::<Hmac<Sha512>>(key, text, signature),
        }
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], text: &str) -> Option<M> {
    // HMAC takes a key of any length
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

fn sign<M: Mac + KeyInit>(key: &[u8], text: &str) -> Vec<u8> {
    mac::<M>(key, text).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
}

fn verifies<M: Mac + KeyInit>(key: &[u8], text: &str, signature: &[u8]) -> bool {
    mac::<M>(key, text).is_some_and(|mac| mac.verify_slice(signature).is_ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Token, is_signed_by_a_pair, tokens};
    use crate::keygen::made::Made;
    use crate::keygen::{Needs, SystemEntropy};
    use crate::model::secret::Secret;

    /// RFC 7515, appendix A.1: the key there is the base64url of 64 bytes.
    const RFC: &str = concat!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.",
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    const RFC_KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

    #[test]
    fn the_example_of_the_rfc_verifies_and_is_signed_again() {
        let token = Token::read(RFC).unwrap();
        let signed = token.signed_with(&Secret::copy_of(RFC_KEY)).unwrap();
        assert_eq!(signed.needs(), Needs { bytes: 32, base64: true });
        assert!(signed.how().contains("HS256") && signed.how().contains("expired"), "{}", signed.how());
        let same = signed.again(&Secret::copy_of(RFC_KEY), &mut SystemEntropy).unwrap();
        assert_eq!(same.expose(), RFC);
        assert!(signed.again(&Secret::copy_of("no base64!"), &mut SystemEntropy).is_err());
        assert!(token.signed_with(&Secret::copy_of("changeme")).is_none());
        assert!(token.signed_with(&Secret::default()).is_none());
    }

    #[test]
    fn tokens_of_a_pair_are_told_apart() {
        let token = |header: &str| {
            use base64::Engine;
            format!("{}.e30.c2ln", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header))
        };
        for header in ["{\"alg\":\"RS256\"}", "{\"alg\":\"ES256\"}", "{\"alg\":\"EdDSA\"}"] {
            assert!(is_signed_by_a_pair(&token(header)) && Token::read(&token(header)).is_none(), "{header}");
        }
        for header in ["{\"alg\":\"HS256\"}", "{\"alg\":\"none\"}", "{\"alg\":7}", "{", "[]"] {
            assert!(!is_signed_by_a_pair(&token(header)), "{header}");
        }
    }

    #[test]
    fn tokens_are_found_within_a_value() {
        let value = format!("Bearer {RFC}, {RFC}");
        let found: Vec<&str> = tokens(&value).into_iter().map(|span| span.of(&value)).collect();
        assert_eq!(found, [RFC, RFC]);
        for none in ["", "eyJ", "eyJ.a", "eyJ..", "xeyJa.b.c", "eyJa.b.c.d", "keyJa.b.c"] {
            assert!(tokens(none).is_empty(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in any::<String>(), tail in "[eyJ.a-zA-Z0-9_=-]{0,60}") {
            for span in tokens(&text).into_iter().chain(tokens(&tail)) {
                let _ = Token::read(span.of(&tail));
            }
            let _ = Token::read(&tail);
        }
    }
}
