//! Redis and Valkey: the scheme says it all (`redis` against `rediss`), but for parameters that switch verification off.

use super::change::Change;
use super::scheme::{Scheme, Tls, elsewhere, truth};
use super::split::{Dsn, Style};

pub(super) struct Redis;

const SECURE: &[&str] = &["rediss", "valkeys", "rediss-sentinel", "rediss-socket"];

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
