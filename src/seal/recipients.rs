//! Whom to seal to: X25519 recipients of age and SSH public keys. Public, but a mistyped one may be a secret: no error repeats it.

use std::fmt;
use std::str::FromStr;

use age::ssh::ParseRecipientKeyError;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use super::error::SealError;

/// One public key that a file can be sealed to; displays as its text, without comment.
#[derive(Clone)]
pub struct Recipient {
    key: Key,
    text: String,
}

#[derive(Clone)]
enum Key {
    X25519(age::x25519::Recipient),
    Ssh(age::ssh::Recipient),
}

/// At least one recipient, none twice.
#[derive(Clone, Debug)]
pub struct Recipients(Vec<Recipient>);

impl Recipient {
    /// `age`, `ssh-ed25519` or `ssh-rsa`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.key {
            Key::X25519(_) => "age",
            Key::Ssh(age::ssh::Recipient::SshRsa(..)) => "ssh-rsa",
            Key::Ssh(age::ssh::Recipient::SshEd25519(..)) => "ssh-ed25519",
        }
    }

    /// The text that [`FromStr`] reads.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How it is shown: a key of age as it is, one of SSH by its type and fingerprint, as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn shown(&self) -> String {
        let Key::Ssh(_) = self.key else { return self.text.clone() };
        let blob = self.text.split(' ').nth(1).and_then(|body| STANDARD.decode(body).ok()).unwrap_or_default();
        format!("{} SHA256:{}", self.kind(), STANDARD_NO_PAD.encode(Sha256::digest(blob)))
    }

    pub(super) fn of_x25519(key: age::x25519::Recipient) -> Self {
        Self { text: key.to_string(), key: Key::X25519(key) }
    }

    pub(super) fn of_ssh(key: age::ssh::Recipient) -> Self {
        Self { text: key.to_string(), key: Key::Ssh(key) }
    }

    fn as_age(&self) -> &dyn age::Recipient {
        match &self.key {
            Key::X25519(key) => key,
            Key::Ssh(key) => key,
        }
    }
}

impl FromStr for Recipient {
    type Err = SealError;

    /// Reads `age1...`, or an SSH public key with or without comment.
    fn from_str(text: &str) -> Result<Self, SealError> {
        let text = text.trim();
        if text.get(..15).is_some_and(|head| head.eq_ignore_ascii_case("AGE-SECRET-KEY-")) || text.starts_with("-----BEGIN ") {
            return Err(SealError::PrivateAsRecipient);
        }
        if let Some(rest) = text.strip_prefix("age1") {
            return text.parse().map(Self::of_x25519).map_err(|_| bad("age recipient", age_fault(rest)));
        }
        let mut words = text.split_whitespace();
        match (words.next(), words.next()) {
            (Some(kind @ ("ssh-ed25519" | "ssh-rsa")), Some(body)) => {
                format!("{kind} {body}").parse().map(Self::of_ssh).map_err(|fault| ssh_fault(kind, &fault))
            }
            (first, _) => Err(unknown(first.unwrap_or_default())),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Recipient {}

impl Recipients {
    /// The list without repetitions, in its order.
    ///
    /// # Errors
    /// [`SealError::NoRecipients`] for an empty list.
    pub fn new(list: Vec<Recipient>) -> Result<Self, SealError> {
        let mut unique: Vec<Recipient> = Vec::with_capacity(list.len());
        for recipient in list {
            if !unique.contains(&recipient) {
                unique.push(recipient);
            }
        }
        if unique.is_empty() { Err(SealError::NoRecipients) } else { Ok(Self(unique)) }
    }

    /// Reads each text as a recipient.
    ///
    /// # Errors
    /// The first that is none, or [`SealError::NoRecipients`].
    pub fn parse<S: AsRef<str>>(texts: &[S]) -> Result<Self, SealError> {
        Self::new(texts.iter().map(|text| text.as_ref().parse()).collect::<Result<_, _>>()?)
    }

    /// The recipients, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Recipient> {
        self.0.iter()
    }

    /// Whether losing one key loses everything sealed to them.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.0.len() == 1
    }

    pub(super) fn as_age(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.0.iter().map(Recipient::as_age)
    }
}

fn bad(kind: &'static str, reason: &'static str) -> SealError {
    SealError::BadRecipient { kind, reason }
}

fn age_fault(rest: &str) -> &'static str {
    // the alphabet of Bech32 has no `1`: a second one ends the name of a plugin or of a newer kind of key
    if rest.contains('1') {
        "it is for a plugin or a newer kind of key, which harden does not use, or it is mistyped"
    } else if rest.len() < 58 {
        "it is too short; was it cut?"
    } else if rest.len() > 58 {
        "it is too long; are these two?"
    } else {
        "its checksum does not fit; a character is mistyped"
    }
}

fn ssh_fault(kind: &str, fault: &ParseRecipientKeyError) -> SealError {
    let kind = if kind == "ssh-rsa" { "ssh-rsa key" } else { "ssh-ed25519 key" };
    bad(
        kind,
        match fault {
            ParseRecipientKeyError::RsaModulusTooSmall => "it is shorter than 2048 bits",
            ParseRecipientKeyError::RsaModulusTooLarge => "it is longer than 4096 bits",
            _ => "its base64 text is cut or mistyped",
        },
    )
}

/// Says what the first word seems to be, from a list of our own words.
fn unknown(first: &str) -> SealError {
    const OTHER_SSH: &[&str] = &["ecdsa-sha2-", "ssh-dss", "sk-ssh-", "sk-ecdsa-"];
    if matches!(first, "ssh-ed25519" | "ssh-rsa") {
        bad("SSH key", "the base64 text after its type is missing; quote the whole key")
    } else if OTHER_SSH.iter().any(|kind| first.starts_with(kind)) {
        bad("SSH key", "age knows ssh-ed25519 and ssh-rsa only")
    } else if first.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("age1")) {
        bad("age recipient", "it must be in lower case")
    } else if first.contains(['/', '\\']) || first.ends_with(".pub") || first.ends_with(".txt") {
        bad("recipient", "it looks like the name of a file; give the key itself")
    } else if first.contains('@') || first.starts_with("github:") {
        bad("recipient", "it looks like an account; give its public key")
    } else {
        bad("recipient", "it is no public key of age or SSH")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{Recipient, Recipients, SealError};

    /// The base point of the curve is a valid key; the wire form is that of RFC 8709.
    fn ed25519() -> String {
        let mut wire = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        wire.extend([0x58]);
        wire.extend([0x66; 31]);
        format!("ssh-ed25519 {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, wire))
    }

    fn age_key() -> String {
        age::x25519::Identity::generate().to_public().to_string()
    }

    #[test]
    fn age_and_ssh_recipients_are_read_and_lose_their_comment() {
        let key = age_key();
        let recipient: Recipient = format!("  {key}\n").parse().unwrap();
        assert_eq!((recipient.kind(), recipient.as_str()), ("age", key.as_str()));
        let key = ed25519();
        let recipient: Recipient = format!("{key}  me@laptop").parse().unwrap();
        assert_eq!((recipient.kind(), recipient.as_str()), ("ssh-ed25519", key.as_str()));
    }

    #[test]
    fn errors_say_what_is_wrong_and_repeat_nothing() {
        let key = age_key();
        let private = age::x25519::Identity::generate().to_string();
        let private = age::secrecy::ExposeSecret::expose_secret(&private);
        let mistyped = format!("{}{}", &key[..61], if key.ends_with('q') { 'p' } else { 'q' });
        let cases: &[(&str, &str)] = &[
            (private, "private"),
            (&private.to_lowercase(), "private"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", "private"),
            (&mistyped, "checksum"),
            (&key[..50], "too short"),
            ("age1yubikey1qwertyuiop", "plugin"),
            (&key.to_uppercase(), "lower case"),
            ("ssh-ed25519", "missing"),
            ("ssh-rsa AAAAB3Nza", "cut or mistyped"),
            ("ecdsa-sha2-nistp256 AAAA", "only"),
            ("~/.ssh/id_ed25519.pub", "name of a file"),
            ("hunter2-hunter2", "no public key"),
            ("", "no public key"),
        ];
        for (text, expected) in cases {
            let message = text.parse::<Recipient>().unwrap_err().to_string();
            assert!(message.contains(expected), "{expected}: {message}");
            assert!(text.len() < 12 || !message.contains(text), "{message}");
        }
    }

    #[test]
    fn a_list_is_never_empty_and_has_nobody_twice() {
        assert!(matches!(Recipients::parse::<&str>(&[]), Err(SealError::NoRecipients)));
        let (a, b) = (age_key(), age_key());
        let list = Recipients::parse(&[&a, &b, &a]).unwrap();
        assert_eq!(list.iter().map(Recipient::as_str).collect::<Vec<_>>(), [&a, &b]);
        assert!(!list.is_single());
    }

    proptest! {
        #[test]
        fn arbitrary_text_neither_panics_nor_is_repeated(text in any::<String>()) {
            if let Err(error) = text.parse::<Recipient>() {
                prop_assert!(text.trim().len() < 12 || !error.to_string().contains(text.trim()));
            }
        }
    }
}
