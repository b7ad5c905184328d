//! Redis and Valkey: the scheme says it all (`redis` against `rediss`), but for parameters that switch verification off.

use super::change::Change;
use super::scheme::{Scheme, Tls, elsewhere, truth};
use super::split::{Dsn, Style};
use crate::model::key_path::words;

pub(super) struct Redis;

const SECURE: &[&str] = &["rediss", "valkeys", "rediss-sentinel", "rediss-socket"];

/// Its name, where `dsn` is a bare `tcp://` and one of `names` is Redis's. What only waits for the port is no client.
pub(super) fn named<'n>(dsn: &Dsn, text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'static str> {
    if dsn.bare_scheme(text) != "tcp" {
        return None;
    }
    let words: Vec<String> = names.flat_map(words).collect();
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    (has(&["redis", "valkey"]) && !has(&["wait", "health", "healthcheck", "probe", "command", "args"])).then_some("redis")
}

impl Scheme for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["redis", "rediss", "valkey", "valkeys", "keydb", "redis-sentinel", "rediss-sentinel"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        matches!(dsn.style, Style::Commas | Style::Colons) || self.schemes().contains(&dsn.bare_scheme(text).as_str())
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        match dsn.style {
            Style::Commas => match dsn.param(text, "ssl") {
                None => Tls::Absent,
                Some(value) if elsewhere(value) => Tls::Unknown,
                Some(value) => truth(value).map_or(Tls::Unknown, |on| if on { Tls::Verified } else { Tls::Disabled }),
            },
            // the form has no place for it: it is another setting
            Style::Colons => Tls::Unknown,
            _ => of_url(dsn, text),
        }
    }

    fn secure(&self, dsn: &Dsn, text: &str, driver: Option<&str>) -> Option<Vec<Change>> {
        if dsn.style == Style::Commas {
            return Some(vec![Change::Set("ssl", "True")]);
        }
        // Celery refuses rediss without it; redis-py has it as its default
        let celery = driver == Some("celery");
        let mut changes = match dsn.bare_scheme(text).as_str() {
            "redis" => vec![Change::Scheme("rediss")],
            "redis-sentinel" => vec![Change::Scheme("rediss-sentinel")],
            "valkey" => vec![Change::Scheme("valkeys")],
            scheme if SECURE.contains(&scheme) => Vec::new(),
            _ => return None,
        };
        if celery || dsn.param(text, "ssl_cert_reqs").is_some() {
            changes.push(Change::Set("ssl_cert_reqs", "required"));
        }
        if dsn.param(text, "ssl_check_hostname").is_some() {
            changes.push(Change::Set("ssl_check_hostname", "true"));
        }
        if dsn.param(text, "verifyPeer").is_some() {
            changes.push(Change::Set("verifyPeer", "FULL"));
        }
        changes.push(Change::Remove("skip_verify"));
        if dsn.fragment.is_some_and(|f| f.of(text) == "#insecure") {
            changes.push(Change::NoFragment);
        }
        Some(changes)
    }
}

fn of_url(dsn: &Dsn, text: &str) -> Tls {
    if !SECURE.contains(&dsn.bare_scheme(text).as_str()) {
        return if dsn.param(text, "tls").and_then(truth) == Some(true) { Tls::Verified } else { Tls::Absent };
    }
    let is = |name: &str, words: &[&str]| dsn.param(text, name).is_some_and(|v| words.iter().any(|w| v.eq_ignore_ascii_case(w)));
    let loose = is("sslcertreqs", &["none", "CERT_NONE", "optional"])
        || is("verifypeer", &["none"])
        || dsn.param(text, "skipverify").and_then(truth) == Some(true)
        || dsn.fragment.is_some_and(|f| f.of(text) == "#insecure");
    match loose {
        true => Tls::Unverified,
        false if is("verifypeer", &["ca"]) || dsn.param(text, "sslcheckhostname").and_then(truth) == Some(false) => Tls::CaOnly,
        false => Tls::Verified,
    }
}

#[cfg(test)]
mod tests {
    use super::named;
    use crate::dsn::parse;

    #[test]
    fn a_bare_address_is_told_by_its_setting() {
        for (names, text, want) in [
            (["redis", "address"], "tcp://cache:6379", Some("redis")),
            (["cache", "REDIS_URL"], "tcp://cache:6379", Some("redis")),
            (["queue", "address"], "tcp://cache:6379", None),
            (["redis", "wait_for"], "tcp://cache:6379", None),
            (["redis", "address"], "http://cache:6379", None),
        ] {
            let found = parse(text).expect("a URL");
            assert_eq!(named(&found, text, names.into_iter()), want, "{names:?} {text}");
        }
    }
}
