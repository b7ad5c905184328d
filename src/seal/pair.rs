//! A new key pair, and the text of its identity file: the format of `age-keygen`, so that any age tool opens it.

use std::time::{SystemTime, UNIX_EPOCH};

use age::secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::recipients::Recipient;
use crate::model::date::date_time;

/// An X25519 identity of age and its recipient.
pub struct KeyPair {
    identity: age::x25519::Identity,
    recipient: Recipient,
}

impl KeyPair {
    /// A new pair, from the operating system's generator.
    #[must_use]
    pub fn generate() -> Self {
        let identity = age::x25519::Identity::generate();
        Self { recipient: Recipient::of_x25519(identity.to_public()), identity }
    }

    /// The public half.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The lines of an identity file: when it was made, the public key as a comment, the private key.
    #[must_use]
    pub fn to_file(&self, now: SystemTime) -> Zeroizing<String> {
        let key = self.identity.to_string();
        let parts = ["# created: ", &timestamp(now), "\n# public key: ", self.recipient.as_str(), "\n", key.expose_secret(), "\n"];
        // sized beforehand: a growing buffer would leave copies of the key behind
        let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
        parts.iter().for_each(|part| text.push_str(part));
        text
    }

    pub(super) fn identity(&self) -> age::x25519::Identity {
        self.identity.clone()
    }
}

/// [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339), UTC, whole seconds. Times before 1970 count as 1970.
fn timestamp(now: SystemTime) -> String {
    let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    format!("{}Z", date_time(seconds))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{KeyPair, timestamp};

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(timestamp(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn the_file_has_two_comments_and_the_key() {
        let pair = KeyPair::generate();
        let text = pair.to_file(UNIX_EPOCH);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "# created: 1970-01-01T00:00:00Z");
        assert_eq!(lines[1], format!("# public key: {}", pair.recipient()));
        assert!(lines[2].starts_with(concat!("AGE-SECRET", "-KEY-1")) && lines.len() == 3);
        assert_eq!(text.capacity(), text.len());
    }
}
