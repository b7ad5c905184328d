//! How a name of a file is shown. Names are no secrets, but for those that hold one: `[http "https://bot:password@host/"]` of git, a
//! registry with its account, a map by token. What may be one is masked; the name itself stays what it is wherever names are compared.

use std::borrow::Cow;

use super::secret::MASK;

/// `name` with eight bullets in the place of an account before a host, of what a URL asks with, and of long random runs.
#[must_use]
pub fn shown(name: &str) -> Cow<'_, str> {
    // what is short, or has no sign and no digit, is a name
    if name.len() < 3 || !name.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'@' | b'?')) && name.len() < SHORTEST {
        return Cow::Borrowed(name);
    }
    let account = account(name);
    let query = query(name);
    if account.is_none() && query.is_none() && !runs(name).any(is_random) {
        return Cow::Borrowed(name);
    }
    let (start, end) = account.unwrap_or((0, 0));
    let tail = query.unwrap_or(name.len()).max(end);
    let mut out = without_random(name.get(..start).unwrap_or(""));
    if account.is_some() {
        out.push_str(MASK);
    }
    out.push_str(&without_random(name.get(end..tail).unwrap_or("")));
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

/// Where an account and its password stand before a host: `user:password` of `https://user:password@host`, with or without a scheme; what is
/// alone before the host of a URL may be a token, unless it is a plain word.
fn account(name: &str) -> Option<(usize, usize)> {
    /// Names of packages: `npm:name@version`.
    const PROTOCOLS: &[&str] = &["file", "jsr", "link", "npm", "patch", "portal", "workspace"];
    let end = name.rfind('@').filter(|at| at + 1 < name.len())?;
    let before = name.get(..end)?;
    let scheme = before.find("//").map(|i| i + 2);
    let start = scheme.or_else(|| before.rfind(char::is_whitespace).map(|i| i + 1)).unwrap_or(0);
    let said = before.get(start..).filter(|s| !s.is_empty())?;
    let (user, password) = said.split_once(':').map_or((said, None), |(user, password)| (user, Some(password)));
    let hides = match (password, scheme) {
        (Some(_), Some(_)) => true,
        (Some(password), None) => {
            let digest = name.get(end + 1..).is_some_and(|host| host.starts_with("sha256:") || host.starts_with("sha512:"));
            !password.is_empty() && !digest && !PROTOCOLS.contains(&user)
        }
        (None, Some(_)) => !user.bytes().all(|b| b.is_ascii_lowercase()) && !user.contains('/'),
        (None, None) => false,
    };
    hides.then_some((start, end))
}

/// Where what a URL asks with begins, behind its question mark.
fn query(name: &str) -> Option<usize> {
    let at = name.find('?')? + 1;
    (name.contains("//") && name.get(at..)?.contains('=')).then_some(at)
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

fn without_random(text: &str) -> String {
    runs(text).map(|run| if is_random(run) { MASK } else { run }).collect()
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
    use super::shown;

    #[test]
    fn what_opens_something_is_not_shown() {
        for (name, want) in [
            ("https://bot:Sommer2024x9Qw@git.acme.io/", "https://••••••••@git.acme.io/"),
            ("https://bot:a/b@c@git.acme.io/x", "https://••••••••@git.acme.io/x"),
            ("https://Sommer2024@git.acme.io/", "https://••••••••@git.acme.io/"),
            ("bot:swordfish@registry.acme.io", "••••••••@registry.acme.io"),
            ("//bot:swordfish@registry.acme.io/:_authToken", "//••••••••@registry.acme.io/:_authToken"),
            ("https://acme.io/hook?token=abc", "https://acme.io/hook?••••••••"),
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
