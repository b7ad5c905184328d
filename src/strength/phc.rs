//! Stored password hashes: can the password be guessed back from what stands here.
//!
//! Reads the [PHC string format](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md), the older crypt(3) strings, those
//! of Django, Werkzeug, PostgreSQL and MySQL, and the `{SCHEME}` of LDAP, Dovecot and htpasswd. The bounds are those of the
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

/// Texts of which one stands in every value that [`guess_cost`] does not find sound, in any case, but for the `*` and forty digits of MySQL.
pub const SIGNS: &[&str] = &[
    "$1$",
    "$2$",
    "$2a$",
    "$2b$",
    "$2x$",
    "$2y$",
    "$5$",
    "$6$",
    "$apr1$",
    "$argon2",
    "$h$",
    "$md5$",
    "$p$",
    "$pbkdf2",
    "$scrypt$",
    "$sha1$",
    "bcrypt$",
    "bcrypt_sha256$",
    "md5",
    "pbkdf2",
    "scrypt:",
    "sha1$",
    "{cle",
    "{pla",
    "{sha",
    "{smd",
    "{ssha",
];

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
/// The least cost of bcrypt, by OWASP.
pub const BCRYPT_LEAST: u32 = 10;
/// The least rounds of PBKDF2 over SHA-256, by OWASP.
pub const PBKDF2_SHA256_LEAST: u32 = 600_000;

/// Whether `memory` in KiB and `passes` of argon2id cost a guesser what OWASP asks for.
#[must_use]
pub fn argon2_is_enough(memory: u32, passes: u32) -> bool {
    reaches(ARGON2_LEAST, memory, passes)
}

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
    if let Some((scheme, rest)) = hash.strip_prefix('{').and_then(|h| h.split_once('}')) {
        // `{BLF-CRYPT}$2y$..`, `{CRYPT}$6$..`: the hash says it better than the scheme
        return if rest.starts_with('$') { of_crypt(rest) } else { of_scheme(scheme, rest) };
    }
    of_database(hash).or_else(|| of_framework(hash)).or_else(|| of_crypt(hash))
}

/// What PostgreSQL and MySQL keep: `md5` or `*` and digits. A SCRAM verifier is what PostgreSQL offers best.
fn of_database(hash: &str) -> Option<GuessCost> {
    let hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
    if hash.strip_prefix("md5").is_some_and(|digits| hex(digits, 32)) {
        return Some(GuessCost::Obsolete("made with MD5 as PostgreSQL did, which is fast to guess"));
    }
    if hash.strip_prefix('*').is_some_and(|digits| hex(digits, 40) && !digits.bytes().any(|b| b.is_ascii_lowercase())) {
        return Some(GuessCost::Obsolete("made with SHA-1 as mysql_native_password does, which is fast to guess"));
    }
    let scram = hash.strip_prefix("SCRAM-SHA-256$")?.split_once(':')?;
    scram.1.contains('$').then_some(GuessCost::Sound)
}

/// What Django and Werkzeug keep: `function$parameters$digest`, `function:parameters$salt$digest`.
fn of_framework(hash: &str) -> Option<GuessCost> {
    let (function, rest) = hash.split_once('$').filter(|(function, _)| !function.is_empty())?;
    let digest = rest.rsplit('$').next().filter(|d| d.len() >= 16)?;
    let parameters: Vec<&str> = function.split(':').collect();
    match parameters[..] {
        ["pbkdf2", name, rounds] => pbkdf2(&format!("pbkdf2-{name}"), rounds),
        ["scrypt", n, r, p] => {
            let [n, r, p]: [u32; 3] = [n.parse().ok()?, r.parse().ok()?, p.parse().ok()?];
            Some(GuessCost::sound_if(r >= 8 && reaches(SCRYPT_LEAST, n.checked_ilog2()?, p), "made with scrypt below N = 2^17"))
        }
        [name] if name.starts_with("pbkdf2_") => {
            let (rounds, digest) = rest.split_once('$')?;
            digest.contains('$').then(|| pbkdf2(name, rounds)).flatten()
        }
        ["argon2" | "bcrypt" | "bcrypt_sha256"] => of_crypt(&format!("${}", rest.trim_start_matches('$'))),
        ["md5" | "unsalted_md5"] if digest.len() == 32 => Some(MD5),
        ["sha1" | "unsalted_sha1"] if digest.len() == 40 => Some(SHA),
        _ => None,
    }
}

const MD5: GuessCost = GuessCost::Obsolete("made with MD5, which is fast to guess");
const SHA: GuessCost = GuessCost::Obsolete("made with SHA, which is fast to guess");

/// The strings of crypt(3) and of the PHC format.
fn of_crypt(hash: &str) -> Option<GuessCost> {
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
        "1" | "apr1" | "md5" if rest.len() >= 2 => Some(MD5),
        "P" | "H" if rest.len() == 1 && digest.len() == 31 => Some(GuessCost::Cheap("made with phpass, which is MD5 some thousand times")),
        "sha1" | "5" | "6" if rest.len() >= 2 => Some(SHA),
        // mosquitto's; scrypt's has its parameters and salt in one
        "7" if rest.len() == 3 => pbkdf2("pbkdf2-sha512", rest.first()?),
        "y" | "gy" | "7" if rest.len() >= 2 => Some(GuessCost::Sound),
        name if name.starts_with("pbkdf2-") => pbkdf2(name, rest.first()?),
        _ => None,
    }
}

/// What stands behind `name:`, where that is followed by the mark of a hash.
fn without_user(value: &str) -> &str {
    match value.split_once(':') {
        Some((user, hash)) if hash.starts_with(['$', '{']) && !user.contains([' ', '\t', '$', '{']) => hash,
        _ => value,
    }
}

/// The schemes of RFC 2307, and those that Dovecot and OpenLDAP added; digests are in base64 or hexadecimal.
fn of_scheme(scheme: &str, digest: &str) -> Option<GuessCost> {
    let is = |names: &[&str]| names.iter().any(|name| scheme.eq_ignore_ascii_case(name));
    let base64 = digest.len() >= 24 && digest.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    // in capitals only: `{plain}` may be a place in some template
    if ["PLAIN", "CLEAR", "CLEARTEXT"].contains(&scheme) {
        return (!digest.is_empty() && !digest.contains(['{', '$', ' ']))
            .then_some(GuessCost::Obsolete("that is none: the password itself"));
    }
    if is(&["SHA", "SSHA", "MD5", "SMD5"]) && base64 {
        return Some(GuessCost::Obsolete("made with MD5 or SHA-1, which are fast to guess"));
    }
    (is(&["SHA256", "SSHA256", "SHA512", "SSHA512", "LDAP-MD5", "PLAIN-MD5"]) && base64).then_some(SHA)
}

/// Only the parameters reach the parser: salt and hash are nobody else's matter.
fn argon2(fields: &[&str]) -> Option<GuessCost> {
    let params: argon2::Params = fields.iter().find(|f| f.starts_with("m="))?.parse().ok()?;
    Some(GuessCost::sound_if(argon2_is_enough(params.m_cost(), params.t_cost()), "made with argon2id below 19 MiB and two passes"))
}

fn scrypt(parameters: &str) -> Option<GuessCost> {
    let [log_n, r, p] = ["ln", "r", "p"].map(|name| parameter(parameters, name));
    Some(GuessCost::sound_if(r? >= 8 && reaches(SCRYPT_LEAST, log_n?, p?), "made with scrypt below N = 2^17"))
}

/// `function` names the hash below: `pbkdf2-sha512`, `pbkdf2_sha256`. `rounds` is a number, with or without `i=`.
fn pbkdf2(function: &str, rounds: &str) -> Option<GuessCost> {
    let least = match function.get("pbkdf2-".len()..)? {
        "sha512" => 220_000,
        "sha256" => PBKDF2_SHA256_LEAST,
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
            (format!("pbkdf2:sha256:600000${TAIL}"), "sound"),
            (format!("pbkdf2:sha256:260000${TAIL}"), "cheap"),
            (format!("scrypt:131072:8:1${TAIL}"), "sound"),
            (format!("scrypt:32768:8:1${TAIL}"), "cheap"),
            (format!("argon2$argon2id$v=19$m=102400,t=2,p=8${TAIL}"), "sound"),
            (format!("bcrypt_sha256$$2b$04${}", "a".repeat(53)), "cheap"),
            (format!("{{BLF-CRYPT}}$2y$05${}", "a".repeat(53)), "cheap"),
            (format!("$P$B{}", "a".repeat(30)), "cheap"),
            (format!("SCRAM-SHA-256$4096:{TAIL}:{TAIL}"), "sound"),
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
            format!("{{SSHA512}}{}", "b".repeat(96)),
            format!("{{CRYPT}}$6$somesalt${}", "b".repeat(86)),
            "{PLAIN}kettle-drum".to_owned(),
            format!("md5{}", "0a".repeat(16)),
            format!("*{}", "0A".repeat(20)),
            format!("sha1$salt${}", "0a".repeat(20)),
            format!("md5$salt${}", "0a".repeat(16)),
        ] {
            assert_eq!(word(&text), Some("obsolete"), "{text}");
        }
    }

    #[test]
    fn what_is_no_hash_is_none() {
        for text in [
            "",
            "$",
            "$$",
            "${A:-x}",
            "$1",
            "$1$",
            "$1.00",
            "$HOME/$USER",
            "a:$b",
            "{SHA}short",
            "pbkdf2_sha256$",
            "$5$ is the price",
            "md5",
            "md5sum of a file",
            "*",
            "* * * * *",
            "{PLAIN}",
            "{PLAIN}${X}",
            "sha1$",
            "a$b$c",
            "USD$100$and some more words",
        ] {
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
