//! Values that may be shown: switches, small numbers, and the parts of a URL that are no credential.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::span::Span;

/// Words that say how something is set, and that nobody takes for a secret.
const SWITCHES: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "none",
    "null",
    "disable",
    "disabled",
    "enable",
    "enabled",
    "require",
    "required",
    "prefer",
    "preferred",
    "allow",
    "optional",
    "trust",
    "md5",
    "development",
    "production",
    "staging",
    "debug",
    "info",
    "warn",
    "warning",
    "error",
    "trace",
    "verify-full",
    "verify-ca",
    "verify_ca",
    "verify_identity",
    "skip-verify",
    "cert_none",
    "scram-sha-256",
    "plaintext",
    "0",
    "1",
];

/// Query parameters that switch TLS and its verification, lower case, without `_` and `-`.
const TLS_PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl",
    "tls",
    "usessl",
    "requiressl",
    "encrypt",
    "trustservercertificate",
    "sslaccept",
    "sslverify",
    "verify",
    "tlsinsecure",
    "tlsallowinvalidcertificates",
    "tlsallowinvalidhostnames",
    "sslcertreqs",
    "verifyservercertificate",
    "secure",
];

/// Whether `value` is empty or one of a short list of words.
pub(super) fn is_switch(value: &str) -> bool {
    value.is_empty() || SWITCHES.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// Whether `value` is a switch, a number of at most six digits, or an address or port mapping written in digits only.
pub(super) fn is_switch_or_number(value: &str) -> bool {
    is_switch(value) || NUMBER.is_match(value)
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:\*|-?[0-9]{1,6}(?:\.[0-9]{1,3})?(?:ms|s|m|h|d)?|(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}:)?(?:[0-9]{1,5}:)?[0-9]{1,5}(?:/(?:tcp|udp))?|[0-9]{1,3}(?:\.[0-9]{1,3}){3})$",
    )
});

/// What to mask in a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UrlMasks {
    /// Bytes of the URL to mask.
    pub(super) spans: Vec<Span>,
    /// Bytes of the URL whose text must not be shown elsewhere: user and password.
    pub(super) needles: Vec<Span>,
    /// Whether there is a user or a password.
    pub(super) has_user: bool,
}

/// Masks for all but scheme, host, port and TLS switches. `None` where the parts cannot be told apart for sure: references, several hosts,
/// an `@` or a quote where none belongs. Users are masked too: some services put the whole key there.
pub(super) fn url_masks(value: &str) -> Option<UrlMasks> {
    // the pattern is dear to make ready, and most values are no URL
    let parts = value.contains("://").then(|| URL.captures(value))??;
    let span = |name: &str| parts.name(name).map(|m| Span::from(m.range())).filter(|s| !s.is_empty());
    // a label longer than any host's is a token in a host's place
    parts.name("host")?.as_str().split(['.', '-']).all(|label| label.len() <= 20).then_some(())?;
    let (user, password) = (span("user"), span("password"));
    let info = span("info");
    let mut spans: Vec<Span> = info.into_iter().chain(span("path")).chain(span("fragment")).collect();
    let mut at = parts.name("query").map_or(value.len(), |q| q.start());
    for pair in parts.name("query").map_or("", |q| q.as_str()).split('&') {
        let (name, setting) = pair.split_once('=').unwrap_or(("", pair));
        let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect();
        let is_shown = setting.is_empty() || (TLS_PARAMETERS.contains(&name.as_str()) && is_switch(setting));
        if !is_shown {
            spans.push(Span::new(at + pair.len() - setting.len(), at + pair.len()));
        }
        at += pair.len() + 1;
    }
    Some(UrlMasks { spans, needles: info.into_iter().chain(user).chain(password).collect(), has_user: info.is_some() })
}

static URL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r##"(?x)^(?:[a-z][a-z0-9+.\-]{0,15}:)?[a-z][a-z0-9+.\-]{0,20}://
        (?:(?<info>(?<user>[^\s"'`\\$\{\}<>@/:?\#]*)(?::(?<password>[^\s"'`\\$\{\}<>@/?\#]*))?)@)?
        (?<host>[A-Za-z0-9][A-Za-z0-9._\-]{0,99})(?::[0-9]{1,5})?
        (?:/(?<path>[^\s"'`\\$\{\}<>@?\#]*))?(?:\?(?<query>[^\s"'`\\$\{\}<>@\#]*))?(?:\#(?<fragment>[^\s"'`\\$\{\}<>@]*))?$"##,
    )
});

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is constant and valid")
}

#[cfg(test)]
mod tests {
    use super::{is_switch_or_number, url_masks};

    fn shown(url: &str) -> Option<String> {
        let mut spans = url_masks(url)?.spans;
        spans.sort();
        let mut out = url.to_owned();
        spans.iter().rev().for_each(|s| out.replace_range(s.start..s.end, "*"));
        Some(out)
    }

    #[test]
    fn urls_keep_scheme_host_and_tls_switches() {
        for (url, expected) in [
            ("postgres://u:p@db:5432/app?sslmode=disable", "postgres://*@db:5432/*?sslmode=disable"),
            ("redis://cache:6379", "redis://cache:6379"),
            ("https://key@sentry.example/7", "https://*@sentry.example/*"),
            ("jdbc:mysql://db/app?user=u&password=p&useSSL=false", "jdbc:mysql://db/*?user=*&password=*&useSSL=false"),
            ("amqp://:p@mq/#f", "amqp://*@mq/#*"),
            ("http://h/?sslmode=hunter2&x", "http://h/?sslmode=*&*"),
        ] {
            assert_eq!(shown(url).as_deref(), Some(expected));
        }
    }

    #[test]
    fn doubtful_urls_are_no_urls() {
        for url in [
            "postgres://u:p@ss@db/app",
            "postgres://u:pa/ss@db/app",
            "postgres://u:${P:-x}@db",
            "postgres://a,b/app",
            "redis://abcdefghijklmnopqrstuvwxyz0123",
            "x y://h",
            "secret",
            "sqlite:///var/x",
        ] {
            assert_eq!(shown(url), None, "{url}");
        }
    }

    #[test]
    fn numbers_are_small() {
        for value in ["5432:5432", "0.0.0.0:80:8080", "127.0.0.1", "123456", "30s", "*", "TRUE", "", "6379/tcp"] {
            assert!(is_switch_or_number(value), "{value}");
        }
        for value in ["1234567", "admin", "0x1f", "1234-5678", "12345678:1"] {
            assert!(!is_switch_or_number(value), "{value}");
        }
    }
}
