//! Names: does a name announce a secret, and what for.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::key_path::words;
use crate::search::name_part::{Bounds, NamePart};

use super::lexicon::{LEXICON, listed};

/// What a name announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameClass {
    /// A secret.
    Secret,
    /// Perhaps one: the value decides (`KEY`, `AUTH`, `SEED`).
    Weak,
    /// Shipped to browsers by construction (`NEXT_PUBLIC_`, `VITE_`).
    Public,
    /// Something about a secret: its length, its file, its lifetime.
    Setting,
    /// Nothing of the kind.
    Other,
}

impl NameClass {
    /// The word used in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Weak => "weak",
            Self::Public => "public",
            Self::Setting => "setting",
            Self::Other => "other",
        }
    }
}

/// What a secret is used for; it sets the minimum strength (RFC 7518, ASVS 5 11.5.1, PCI DSS 8.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A password of a machine account: 12 characters and 64 bits.
    Password,
    /// HMAC key of tokens, HS256: 32 bytes.
    Jwt,
    /// Session, cookie and CSRF signing: 128 bits.
    Session,
    /// Encryption of data: 16 bytes.
    Encryption,
    /// A token or API key: 80 bits.
    Token,
    /// Salt or pepper: 12 bytes.
    Salt,
}

impl Purpose {
    /// Least bits that are not `short`.
    #[must_use]
    pub fn least_bits(self) -> usize {
        match self {
            Self::Password => 64,
            Self::Jwt | Self::Session | Self::Encryption => 112,
            Self::Token => 80,
            Self::Salt => 72,
        }
    }

    /// Whether the value is key material rather than a password or token.
    #[must_use]
    pub fn is_key(self) -> bool {
        matches!(self, Self::Jwt | Self::Session | Self::Encryption | Self::Salt)
    }
}

const PUBLIC_PREFIXES: &[&str] = &["NEXT_PUBLIC_", "VITE_", "REACT_APP_", "EXPO_PUBLIC_", "NUXT_PUBLIC_", "NG_APP_", "GATSBY_", "PUBLIC_"];

/// The class of a name: exact names, then what excludes, then what announces.
#[must_use]
pub fn classify(name: &str) -> NameClass {
    classify_words(name, &words(name))
}

/// [`classify`] for a caller that has the words of the name already.
#[must_use]
pub fn classify_words(name: &str, words: &[String]) -> NameClass {
    if PUBLIC_PREFIXES.iter().any(|p| name.starts_with(p)) {
        return NameClass::Public;
    }
    let joined = words.join(" ");
    if listed(LEXICON.exact, &joined) {
        return NameClass::Secret;
    }
    let Some(last) = words.last() else { return NameClass::Other };
    let bare = trimmed(last);
    let secretish = || words.iter().any(|w| announces(trimmed(w)) || matches!(trimmed(w), "key" | "keys"));
    if listed(LEXICON.not_tail, last) || listed(LEXICON.not_tail, bare) {
        return if secretish() { NameClass::Setting } else { NameClass::Other };
    }
    let tails = &*TAILS;
    if tails.phrases.ends(&joined) {
        return NameClass::Setting;
    }
    if listed(LEXICON.lookalikes, last) {
        return NameClass::Other;
    }
    if words.first().is_some_and(|head| words.len() > 1 && listed(LEXICON.not_head, head)) && secretish() {
        return NameClass::Setting;
    }
    let stem = without_number(&joined);
    // `ENCRYPTION_SECONDARY_KEY`: what the key is for stands before its rank
    if bare == "key" && words.iter().any(|w| KEY_USES.contains(&w.as_str())) {
        return NameClass::Secret;
    }
    // a list of tokens is more often one of words than of credentials
    if joined == "tokens" {
        return NameClass::Weak;
    }
    if tails.strong.ends(stem) || listed(LEXICON.strong_joined, bare) || announces(bare) {
        return NameClass::Secret;
    }
    if tails.weak.ends(stem) {
        return NameClass::Weak;
    }
    NameClass::Other
}

/// What the secret called `name` is for.
#[must_use]
pub fn purpose(name: &str) -> Purpose {
    purpose_of_words(&words(name))
}

/// [`purpose`] for a caller that has the words of the name already.
#[must_use]
pub fn purpose_of_words(words: &[String]) -> Purpose {
    let has = |any: &[&str]| words.iter().any(|w| any.iter().any(|a| w == a || (a.len() > 4 && w.contains(a))));
    let last = words.last().map_or("", |w| trimmed(w));
    if last.ends_with("password") || last.ends_with("passwd") || matches!(last, "pass" | "pwd" | "passphrase" | "pw") {
        return Purpose::Password;
    }
    if matches!(last, "salt" | "pepper") {
        return Purpose::Salt;
    }
    if has(&["jwt"]) {
        return Purpose::Jwt;
    }
    if has(&["encryption", "encrypt", "enc", "crypto", "aes", "fernet", "cipher", "decryption", "vault", "encrypted"]) {
        return Purpose::Encryption;
    }
    if has(&["session", "cookie", "csrf", "nextauth", "signing", "hmac"])
        || (last == "secret" && !has(&["client", "webhook", "api", "consumer", "shared", "s3", "aws", "oauth", "oidc"]))
        || has(&["secretkey", "secret"]) && matches!(last, "key" | "base") && !has(&["access", "s3", "aws", "api"])
    {
        return Purpose::Session;
    }
    if matches!(last, "token" | "key" | "apikey" | "secret" | "psk" | "credentials") {
        return Purpose::Token;
    }
    Purpose::Password
}

/// Texts of which every name that announces a secret ([`NameClass::Secret`], with `weak` [`NameClass::Weak`], too) holds one.
pub fn signs(weak: bool) -> impl Iterator<Item = NamePart> {
    let more = if weak { LEXICON.weak_tail } else { &[] };
    let lists = [LEXICON.exact, LEXICON.strong_tail, LEXICON.strong_joined, ALONE, KEY_USES, more];
    let words = lists.into_iter().flatten().filter_map(|entry| NamePart::rarest(entry.split(' ')));
    words.chain(LEXICON.strong_ending.iter().map(|ending| NamePart::new(ending, Bounds::End)))
}

/// Words that announce a secret by themselves.
const ALONE: &[&str] = &["pass", "pwd", "token", "secret", "secrets", "credentials", "tokens"];
/// Words that say what a key is for, so that it is a secret.
const KEY_USES: &[&str] = &["encryption", "signing", "jwt", "hmac", "cipher"];

fn announces(word: &str) -> bool {
    LEXICON.strong_ending.iter().any(|e| word.ends_with(e)) && !listed(LEXICON.lookalikes, word) || ALONE.contains(&word)
}

/// A word without the digits and the plural that follow it.
fn trimmed(word: &str) -> &str {
    word.trim_end_matches(|c: char| c.is_ascii_digit())
}

fn without_number(joined: &str) -> &str {
    joined.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end()
}

/// Whether `tail`, words with blanks between them, ends `joined`.
pub(super) fn ends_with_words(joined: &str, tail: &str) -> bool {
    joined.strip_suffix(tail).is_some_and(|head| head.is_empty() || head.ends_with(' '))
}

/// Ends of names, words in a row, by the last of them.
struct Tails(HashMap<&'static str, Vec<&'static str>>);

impl Tails {
    fn new(list: &'static [&'static str]) -> Self {
        let mut by_last: HashMap<_, Vec<_>> = HashMap::new();
        list.iter().for_each(|tail| by_last.entry(last_word(tail)).or_default().push(*tail));
        Self(by_last)
    }

    /// Whether `joined`, words with blanks between them, ends with one.
    fn ends(&self, joined: &str) -> bool {
        self.0.get(last_word(joined)).is_some_and(|tails| tails.iter().any(|tail| ends_with_words(joined, tail)))
    }
}

fn last_word(joined: &str) -> &str {
    joined.rsplit(' ').next().unwrap_or(joined)
}

/// The lists of the lexicon that are ends of names.
struct AllTails {
    phrases: Tails,
    strong: Tails,
    weak: Tails,
}

static TAILS: LazyLock<AllTails> = LazyLock::new(|| AllTails {
    phrases: Tails::new(LEXICON.phrases),
    strong: Tails::new(LEXICON.strong_tail),
    weak: Tails::new(LEXICON.weak_tail),
});

#[cfg(test)]
mod tests {
    use super::{NameClass, Purpose, classify, purpose};

    #[test]
    fn names_that_announce_a_secret() {
        for name in [
            "DB_PASSWORD",
            "postgresPassword",
            "spring.datasource.password",
            "JWT_SECRET",
            "API_KEY",
            "SECRET_KEY_BASE",
            "PGPASSWORD",
            "SMTP_PASS",
            "AUTH_SECRET_1",
            "adminpassword",
            "GITEA__database__PASSWD",
            "client_secret",
            "METRICS_TOKEN",
            "requirepass",
            "APP_KEY",
            "ENCRYPTION_KEY",
            "ENCRYPTION_SECONDARY_KEY",
        ] {
            assert_eq!(classify(name), NameClass::Secret, "{name}");
        }
    }

    #[test]
    fn names_about_a_secret_are_settings() {
        for name in [
            "PASSWORD_MIN_LENGTH",
            "JWT_EXPIRES_IN",
            "TOKEN_TTL",
            "MAX_TOKENS",
            "SECRET_NAME",
            "ACCESS_KEY_ID",
            "POSTGRES_PASSWORD_FILE",
            "AUTH_URL",
            "existingSecretPasswordKey",
            "JWT_PUBLIC_KEY",
            "PASSWORD_RESET_TIMEOUT",
            "ENABLE_PASSWORD",
            "AUTHOR",
            "MONKEY",
            "HOSTNAME",
        ] {
            assert!(!matches!(classify(name), NameClass::Secret), "{name}");
        }
    }

    #[test]
    fn purposes_set_the_minimum() {
        assert_eq!(purpose("JWT_SECRET"), Purpose::Jwt);
        assert_eq!(purpose("POSTGRES_PASSWORD"), Purpose::Password);
        assert_eq!(purpose("SESSION_SECRET"), Purpose::Session);
        assert_eq!(purpose("ENCRYPTION_KEY"), Purpose::Encryption);
        assert_eq!(purpose("METRICS_TOKEN"), Purpose::Token);
        assert_eq!(purpose("API_TOKEN_SALT"), Purpose::Salt);
    }
}
