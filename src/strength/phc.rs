//! Stored password hashes: can the password be guessed back from what stands here.
//!
//! Reads the [PHC string format](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md), the older crypt(3) strings, those
//! of Django, and the `{SCHEME}` of LDAP and htpasswd. The bounds are those of the
//! [OWASP cheat sheet](https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html). Nothing is hashed or verified.

/// What one guess at the password costs. The reasons fit after "a password hash".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GuessCost {
    /// Next to nothing: the function was made to be fast.
    Obsolete(&'static str),
    /// Less than OWASP asks for: the function was made to be slow, and its parameters take that away.
    Cheap(&'static str),
    /// At least what OWASP asks for.
    Sound,
}

impl GuessCost {
    /// Every word, for rules.
    pub const WORDS: &'static [&'static str] = &["obsolete", "cheap", "sound"];

    /// The word used in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Obsolete(_) => "obsolete",
            Self::Cheap(_) => "cheap",
            Self::Sound => "sound",
        }
    }

    /// Why it is not sound; empty where it is.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Obsolete(reason) | Self::Cheap(reason) => reason,
            Self::Sound => "",
        }
    }

    fn sound_if(enough: bool, otherwise: &'static str) -> Self {
        if enough { Self::Sound } else { Self::Cheap(otherwise) }
    }
}

/// Memory in KiB and passes of argon2 that cost a guesser the same, by OWASP: one row has to be reached.
const ARGON2_LEAST: &[(u32, u32)] = &[(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];
/// Log2 of scrypt's N, and p, with r = 8.
const SCRYPT_LEAST: &[(u32, u32)] = &[(17, 1), (16, 2), (15, 3), (14, 5), (13, 10)];
const BCRYPT_LEAST: u32 = 10;

/// The cost of one guess at the password behind `value`; `None` where it is no password hash, or of a kind that is not known here.
///
/// A name before it (`admin:$apr1$..`, as htpasswd has it) and the doubled dollar signs of compose files are read over.
///
/// ```
/// use harden::strength::phc::{GuessCost, guess_cost};
/// let cost = guess_cost("$argon2id$v=19$m=4096,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA");
/// assert!(matches!(cost, Some(GuessCost::Cheap(_))));
/// assert_eq!(guess_cost("correct horse battery staple"), None);
/// ```
#[must_use]
pub fn guess_cost(value: &str) -> Option<GuessCost> {
    let hash = without_user(value.trim());
    if let Some(cost) = ldap(hash) {
        return Some(cost);
    }
    if let Some((function, rest)) = hash.split_once('$').filter(|(f, _)| f.starts_with("pbkdf2_")) {
        let (rounds, digest) = rest.split_once('$')?;
        return digest.contains('$').then(|| pbkdf2(function, rounds)).flatten();
    }
    let fields: Vec<&str> = hash.strip_prefix('$')?.split('$').filter(|f| !f.is_empty()).collect();
    let (function, rest) = fields.split_first()?;
    let digest = rest.last().filter(|d| d.len() >= 16 && d.bytes().all(|b| b.is_ascii_alphanumeric() || b"./+=-_".contains(&b)))?;
    match *function {
        "argon2id" => argon2(rest),
        "argon2i" | "argon2d" => argon2(rest).map(|_| GuessCost::Cheap("made with argon2 in another form than argon2id")),
        "2" | "2a" | "2b" | "2x" | "2y" if digest.len() == 53 => {
            rest.first()?.parse().ok().map(|cost: u32| GuessCost::sound_if(cost >= BCRYPT_LEAST, "made with bcrypt at a cost below 10"))
        }
        "scrypt" => scrypt(rest.first()?),
        "1" | "apr1" | "md5" if rest.len() >= 2 => Some(GuessCost::Obsolete("made with MD5, which is fast to guess")),
        "sha1" | "5" | "6" if rest.len() >= 2 => Some(GuessCost::Obsolete("made with SHA, which is fast to guess")),
        "y" | "gy" | "7" if rest.len() >= 2 => Some(GuessCost::Sound),
        name if name.starts_with("pbkdf2-") => pbkdf2(name, rest.first()?),
        _ => None,
    }
}

/// What stands behind `name:`, where that is followed by the mark of a hash.
fn without_user(value: &str) -> &str {
    match value.split_once(':') {
        Some((user, hash)) if hash.starts_with(['$', '{']) && !user.contains(char::is_whitespace) => hash,
        _ => value,
    }
}

/// `{SHA}`, `{SSHA}`, `{MD5}` and `{SMD5}` of RFC 2307 and its followers, in base64.
fn ldap(hash: &str) -> Option<GuessCost> {
    let (scheme, digest) = hash.strip_prefix('{')?.split_once('}')?;
    let known = ["SHA", "SSHA", "MD5", "SMD5"].iter().any(|s| scheme.eq_ignore_ascii_case(s));
    let base64 = digest.len() >= 24 && digest.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    (known && base64).then_some(GuessCost::Obsolete("made with MD5 or SHA-1, which are fast to guess"))
}

/// Only the parameters reach the parser: salt and hash are nobody else's matter.
fn argon2(fields: &[&str]) -> Option<GuessCost> {
    let params: argon2::Params = fields.iter().find(|f| f.starts_with("m="))?.parse().ok()?;
    Some(GuessCost::sound_if(reaches(ARGON2_LEAST, params.m_cost(), params.t_cost()), "made with argon2id below 19 MiB and two passes"))
}

fn scrypt(parameters: &str) -> Option<GuessCost> {
    let [log_n, r, p] = ["ln", "r", "p"].map(|name| parameter(parameters, name));
    Some(GuessCost::sound_if(r? >= 8 && reaches(SCRYPT_LEAST, log_n?, p?), "made with scrypt below N = 2^17"))
}

/// `function` names the hash below: `pbkdf2-sha512`, `pbkdf2_sha256`. `rounds` is a number, with or without `i=`.
fn pbkdf2(function: &str, rounds: &str) -> Option<GuessCost> {
    let least = match function.get("pbkdf2-".len()..)? {
        "sha512" => 220_000,
        "sha256" => 600_000,
        "sha1" | "" => 1_400_000,
        _ => return None,
    };
    let rounds: u32 = rounds.parse().ok().or_else(|| parameter(rounds, "i"))?;
    Some(GuessCost::sound_if(rounds >= least, "made with PBKDF2 in too few rounds"))
}

fn parameter(parameters: &str, name: &str) -> Option<u32> {
    parameters.split(',').find_map(|p| p.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

fn reaches(least: &[(u32, u32)], first: u32, second: u32) -> bool {
    least.iter().any(|(a, b)| first >= *a && second >= *b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::guess_cost;

    /// Salt and digest of the right form; they belong to no password.
    const TAIL: &str = "c29tZXNhbHRzb21l$Zm9ybW9ubHlmb3Jtb25seWZvcm1vbmx5";

    fn word(text: &str) -> Option<&'static str> {
        guess_cost(text).map(|cost| cost.word())
    }

    fn argon2id(parameters: &str) -> Option<&'static str> {
        word(&format!("$argon2id$v=19${parameters}${TAIL}"))
    }

    fn bcrypt(variant: &str, cost: &str) -> Option<&'static str> {
        word(&format!("${variant}${cost}${}", "a".repeat(53)))
    }

    #[test]
    fn argon2_needs_memory_and_passes() {
        for sound in ["m=19456,t=2,p=1", "m=65536,t=3,p=4", "m=47104,t=1,p=1", "m=12288,t=3,p=1"] {
            assert_eq!(argon2id(sound), Some("sound"), "{sound}");
        }
        assert_eq!(word(&format!("$argon2i$v=19$m=65536,t=3,p=4${TAIL}")), Some("cheap"));
        for cheap in ["m=4096,t=3,p=1", "m=19456,t=1,p=1", "m=19455,t=2,p=1", "m=8,t=1,p=1"] {
            assert_eq!(argon2id(cheap), Some("cheap"), "{cheap}");
        }
        // p lanes need 8 p KiB (RFC 9106 section 3.1)
        for broken in ["m=8,t=1,p=4", "m=x,t=1,p=1", "t=2", "m=99999999999,t=2,p=1"] {
            assert_eq!(argon2id(broken), None, "{broken}");
        }
    }

    #[test]
    fn bcrypt_is_sound_from_ten_on() {
        assert_eq!(bcrypt("2b", "09"), Some("cheap"));
        assert_eq!(bcrypt("2y", "10"), Some("sound"));
        assert_eq!(bcrypt("2a", "ten"), None);
        assert_eq!(word("$2b$04$short"), None);
        assert_eq!(guess_cost(&format!("$2b$04${}", "a".repeat(53))).map(|c| c.reason()), Some("made with bcrypt at a cost below 10"));
    }

    #[test]
    fn other_slow_functions_have_their_own_bounds() {
        for (text, cost) in [
            (format!("$scrypt$ln=17,r=8,p=1${TAIL}"), "sound"),
            (format!("$scrypt$ln=14,r=8,p=1${TAIL}"), "cheap"),
            (format!("$pbkdf2-sha256$29000${TAIL}"), "cheap"),
            (format!("$pbkdf2-sha512$i=220000${TAIL}"), "sound"),
            (format!("pbkdf2_sha256$1000000${TAIL}"), "sound"),
            (format!("pbkdf2_sha256$36000${TAIL}"), "cheap"),
            (format!("$y$j9T${TAIL}"), "sound"),
        ] {
            assert_eq!(word(&text), Some(cost), "{text}");
        }
    }

    #[test]
    fn fast_hashes_are_obsolete_under_every_wrapping() {
        for text in [
            format!("$apr1$somesalt${}", "b".repeat(22)),
            format!("admin:$apr1$somesalt${}", "b".repeat(22)),
            format!("admin:$$apr1$$somesalt$${}", "b".repeat(22)),
            format!("$6$rounds=5000$somesalt${}", "b".repeat(86)),
            format!("{{SHA}}{}=", "b".repeat(27)),
            format!("admin:{{SSHA}}{}", "b".repeat(32)),
        ] {
            assert_eq!(word(&text), Some("obsolete"), "{text}");
        }
    }

    #[test]
    fn what_is_no_hash_is_none() {
        for text in
            ["", "$", "$$", "${A:-x}", "$1", "$1$", "$1.00", "$HOME/$USER", "a:$b", "{SHA}short", "pbkdf2_sha256$", "$5$ is the price"]
        {
            assert_eq!(word(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at_without_panic(text in "(?s).*", parameters in "[$=,a-z0-9]{0,40}") {
            let _ = guess_cost(&text);
            let _ = guess_cost(&format!("$argon2id${parameters}"));
        }
    }
}
