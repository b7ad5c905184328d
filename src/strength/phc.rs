//! Hashes of passwords as they stand in configurations: PHC strings of argon2 (RFC 9106), bcrypt, and the older crypt forms. What is judged
//! is what a thief of the hash has to pay for each guess; nothing is computed.
//!
//! The least that counts as enough is OWASP's: argon2id with 19 MiB and two passes, or 46 MiB and one; bcrypt with cost 10.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Params};

/// What is wrong with a password hash, in a phrase that fits after "a password hash"; `Some("")` when nothing is, `None` when `value` is no
/// password hash.
///
/// The doubled dollar signs of Compose files are read as single ones.
#[must_use]
pub fn fault(value: &str) -> Option<&'static str> {
    let text = value.trim().replace("$$", "$");
    // `user:hash`, as in .htpasswd and in labels of proxies
    let hash = text.split_once(':').map_or(text.as_str(), |(_, hash)| hash);
    if hash.starts_with("$argon2") {
        return argon2_fault(hash);
    }
    if let Some(rest) = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| hash.strip_prefix(prefix)) {
        let (cost, digest) = rest.split_once('$')?;
        let cost: u32 = cost.parse().ok().filter(|_| digest.len() == 53)?;
        return Some(if cost < 10 { "made with bcrypt at a cost below 10" } else { "" });
    }
    if (hash.starts_with("$1$") || hash.starts_with("$apr1$")) && hash.len() >= 26 {
        return Some("made with MD5, which is fast to guess");
    }
    (hash.starts_with("{SHA}") && hash.len() == 33).then_some("made with SHA-1 and no salt, which is fast to guess")
}

fn argon2_fault(hash: &str) -> Option<&'static str> {
    let parsed = PasswordHash::new(hash).ok()?;
    let algorithm: Algorithm = parsed.algorithm.as_str().parse().ok()?;
    let params = Params::try_from(&parsed).ok()?;
    let (memory, passes) = (params.m_cost(), params.t_cost());
    if algorithm != Algorithm::Argon2id {
        return Some("made with argon2 in another form than argon2id");
    }
    let enough = (memory >= 19 * 1024 && passes >= 2) || memory >= 46 * 1024;
    Some(if enough { "" } else { "made with argon2id below 19 MiB and two passes" })
}

#[cfg(test)]
mod tests {
    use super::fault;

    const TAIL: &str = "c29tZXNhbHRzb21lc2FsdA$WwD2/wGGTuw7u4BW8sLM0Q";

    #[test]
    fn costs_are_read_and_compared() {
        for (hash, weak) in [
            (format!("$argon2id$v=19$m=65540,t=3,p=4${TAIL}"), false),
            (format!("$$argon2id$$v=19$$m=19456,t=2,p=1$${}", TAIL.replace('$', "$$")), false),
            (format!("$argon2id$v=19$m=4096,t=3,p=1${TAIL}"), true),
            (format!("$argon2i$v=19$m=65540,t=3,p=4${TAIL}"), true),
            (format!("admin:$2y$05${}", "a".repeat(53)), true),
            (format!("$2b$12${}", "a".repeat(53)), false),
            ("$apr1$abcdefgh$0123456789abcdefghijkl".to_owned(), true),
            ("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=".to_owned(), true),
        ] {
            assert_eq!(fault(&hash).map(|f| !f.is_empty()), Some(weak), "{hash}");
        }
    }

    #[test]
    fn other_texts_are_no_hashes() {
        for text in ["", "$2a$", "$argon2id$nonsense", "changeme", "a:b", "$1$x", "{SHA}", "${A}"] {
            assert_eq!(fault(text), None, "{text}");
        }
    }
}
