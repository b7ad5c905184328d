//! How a name of a file is shown, and how it is told from others. Names are no secrets, but for those that hold one: `[http
//! "https://bot:password@host/"]` of git, a registry with its account, a map by token. Two forms are made of a name:
//!
//! - [`shown`] is for people: without accounts, without what a URL asks with, and without long random runs, which may be tokens and may
//!   be ids;
//! - [`known_by`] is what fingerprints are made of: without accounts and what a URL asks with, since a word list finds those behind a hash,
//!   but with random runs, since two users named by their UUIDs are two. Only where a run is a provider's token it is the form shown.
//!
//! Where names are compared in memory they are what they are.

use std::borrow::Cow;

use super::secret::MASK;

/// `name` with eight bullets in the place of an account before a host, of what a URL asks with, and of long random runs.
#[must_use]
pub fn shown(name: &str) -> Cow<'_, str> {
    // what is short, or has no sign and no digit, is a name
    if name.len() < 3 || !name.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'@' | b'?')) && name.len() < SHORTEST {
        return Cow::Borrowed(name);
    }
    masked(name, is_random)
}

/// `name` with eight bullets in the place of an account before a host and of what a URL asks with only.
#[must_use]
pub fn known_by(name: &str) -> Cow<'_, str> {
    masked(name, |_| false)
}

/// `name` without accounts, queries, and runs that `hides` is true for.
fn masked(name: &str, hides: fn(&str) -> bool) -> Cow<'_, str> {
    let account = account(name);
    let query = query(name);
    if account.is_none() && query.is_none() && !runs(name).any(hides) {
        return Cow::Borrowed(name);
    }
    let without = |text: Option<&str>| runs(text.unwrap_or("")).map(|run| if hides(run) { MASK } else { run }).collect::<String>();
    let (start, end) = account.unwrap_or((0, 0));
    let tail = query.unwrap_or(name.len()).max(end);
    let mut out = without(name.get(..start));
    if account.is_some() {
        out.push_str(MASK);
    }
    out.push_str(&without(name.get(end..tail)));
    if query.is_some() {
        out.push_str(MASK);
    }
    Cow::Owned(out)
}

/// Whether [`shown`] hides a part of `name`.
#[must_use]
pub fn holds_secret(name: &str) -> bool {
    matches!(shown(name), Cow::Owned(_))
}

/// Where an account and its password stand before a host: `user:password` of `https://user:password@host`, with or without a scheme and
/// a host; what is alone before the host of a URL may be a token, unless it is a user of many servers.
fn account(name: &str) -> Option<(usize, usize)> {
    /// Names of packages: `npm:name@version`.
    const PROTOCOLS: &[&str] = &["file", "jsr", "link", "npm", "patch", "portal", "workspace"];
    /// Users that say nothing.
    const USERS: &[&str] = &["admin", "anonymous", "ftp", "git", "hg", "postgres", "root", "sftp", "ssh", "svn", "ubuntu", "user"];
    let end = name.rfind('@')?;
    let before = name.get(..end)?;
    let scheme = before.find("//").map(|i| i + 2);
    let start = scheme.or_else(|| first_word_of_two(before))?;
    let said = before.get(start..).filter(|s| !s.is_empty())?;
    let (user, password) = said.split_once(':').map_or((said, None), |(user, password)| (user, Some(password)));
    let hides = match (password, scheme) {
        (Some(_), Some(_)) => true,
        (Some(_), None) => {
            let digest = name.get(end + 1..).is_some_and(|host| host.starts_with("sha256:") || host.starts_with("sha512:"));
            !digest && !PROTOCOLS.contains(&user)
        }
        (None, _) => !USERS.contains(&user) && !user.contains('/'),
    };
    hides.then_some((start, end))
}

/// Where `user` of `user:pass word` begins. A colon before a blank is one of a sentence.
fn first_word_of_two(text: &str) -> Option<usize> {
    let joins = |i: &usize| text.get(i + 1..).and_then(|rest| rest.chars().next()).is_some_and(|c| !c.is_whitespace());
    let colon = text.match_indices(':').map(|(i, _)| i).find(joins)?;
    let blank = text.get(..colon)?.char_indices().rfind(|(_, c)| c.is_whitespace());
    Some(blank.map_or(0, |(i, c)| i + c.len_utf8()))
}

/// Where what a URL asks with begins, behind its question mark.
fn query(name: &str) -> Option<usize> {
    let host = name.find("//")?;
    let asks = |from: usize| name.get(from..)?.find('?').map(|i| from + i + 1).filter(|at| *at < name.len());
    asks(host).or_else(|| asks(0).filter(|at| name.get(*at..).is_some_and(|rest| rest.contains('='))))
}

/// The shortest run that is taken for random.
const SHORTEST: usize = 16;

/// Parts of `name` that a token may be written with, and what stands between them.
fn runs(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest.find(|c| is_of_token(c) != is_of_token(first)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        rest = tail;
        Some(run)
    })
}

fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-' | '.' | '~')
}

/// Whether `run` is none that a person thought of: a long word in which small letters, large ones and digits alternate, or many such words.
fn is_random(run: &str) -> bool {
    if run.len() < SHORTEST {
        return false;
    }
    let (mut letters, mut mixed) = (0, 0);
    for word in run.split(|c: char| !c.is_ascii_alphanumeric()) {
        let kinds = || word.bytes().map(|b| if b.is_ascii_digit() { 0 } else { 1 + u8::from(b.is_ascii_uppercase()) });
        let changes = kinds().zip(kinds().skip(1)).filter(|(a, b)| a != b).count();
        let digits = kinds().filter(|k| *k == 0).count();
        let (small, large) = (kinds().any(|k| k == 1), kinds().any(|k| k == 2));
        if word.len() >= SHORTEST {
            let random = match (small, large) {
                (true, true) => changes * 10 >= (word.len() - 1) * 4,
                (true, false) => digits >= 3 && changes >= 4,
                (false, true) => digits >= 1,
                (false, false) => false,
            };
            if random {
                return true;
            }
        }
        letters += word.len();
        mixed += kinds().zip(kinds().skip(1)).filter(|(a, b)| a != b && (*a == 0 || *b == 0)).count();
    }
    letters >= 24 && mixed >= 7
}

#[cfg(test)]
mod tests {
    use super::{known_by, shown};

    #[test]
    fn what_opens_something_is_not_shown() {
        for (name, want) in [
            ("https://bot:Sommer2024x9Qw@git.acme.io/", "https://••••••••@git.acme.io/"),
            ("https://bot:a/b@c@git.acme.io/x", "https://••••••••@git.acme.io/x"),
            ("https://Sommer2024@git.acme.io/", "https://••••••••@git.acme.io/"),
            ("bot:swordfish@registry.acme.io", "••••••••@registry.acme.io"),
            ("//bot:swordfish@registry.acme.io/:_authToken", "//••••••••@registry.acme.io/:_authToken"),
            ("https://bot:swordfish@", "https://••••••••@"),
            ("http \"https://bot:swordfish@\"", "http \"https://••••••••@\""),
            ("https://swordfishtoken@reg.acme.io", "https://••••••••@reg.acme.io"),
            ("https://bot:pass word@h", "https://••••••••@h"),
            ("user:sword@fish@", "••••••••@"),
            ("user:sword@fish@h", "••••••••@h"),
            ("as bot:pass word@h", "as ••••••••@h"),
            ("mail: bot:swordfish@h", "mail: ••••••••@h"),
            ("https://acme.io/hook?token=abc", "https://acme.io/hook?••••••••"),
            ("https://x.io/hook?swordfish123", "https://x.io/hook?••••••••"),
            ("https?://x.io/hook?swordfish", "https?://x.io/hook?••••••••"),
            ("qZ7vK2xW9jR4tB6nY8mD", "••••••••"),
            (concat!("gh", "p_wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO2tTlnC"), "••••••••"),
            (concat!("AKIA", "IOSFODNN7ABCDEFG"), "••••••••"),
            ("550e8400-e29b-41d4-a716-446655440000", "••••••••"),
            ("d41d8cd98f00b204e9800998ecf8427e", "••••••••"),
            ("by token qZ7vK2xW9jR4tB6nY8mD", "by token ••••••••"),
        ] {
            assert_eq!(shown(name), want);
        }
    }

    #[test]
    fn a_name_is_known_by_its_ids_and_not_by_its_passwords() {
        for (name, want) in [
            ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"),
            ("qZ7vK2xW9jR4tB6nY8mD", "qZ7vK2xW9jR4tB6nY8mD"),
            ("https://bot:swordfish@h/d41d8cd98f00b204e9800998ecf8427e", "https://••••••••@h/d41d8cd98f00b204e9800998ecf8427e"),
            ("https://h/d41d8cd98f00b204e9800998ecf8427e?swordfish", "https://h/d41d8cd98f00b204e9800998ecf8427e?••••••••"),
        ] {
            assert_eq!(known_by(name), want);
        }
    }

    #[test]
    fn names_are_shown_as_they_are() {
        for name in [
            "POSTGRES_PASSWORD",
            "oauth2ClientSecretV2Production",
            "SPRING_DATASOURCE_HIKARI_MAXIMUM_POOL_SIZE_V2",
            "https://index.docker.io/v1/",
            "ssh://git@github.com/acme/app",
            "//registry.npmjs.org/:_authToken",
            "postgres:16@sha256:abc",
            "npm:lodash@4.17.21",
            "@acme:registry",
            "https?://acme.io",
            "Contact: me@acme.io",
            "//registry.npmjs.org/@acme/app",
            "lodash@4.17.21",
            "kubernetes.io/ingress.class",
            "nginx.ingress.kubernetes.io/auth-tls-verify-client",
            "service-1-node-2-disk-3-volume-4",
            "backup20251129143000",
            "größe",
            "my-service-k8s-s3-ec2-staging",
        ] {
            assert_eq!(shown(name), name);
        }
    }
}
