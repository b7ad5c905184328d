//! Redis and Valkey: the scheme says it all (`redis` against `rediss`), but for parameters that switch verification off.

use super::change::Change;
use super::scheme::{Scheme, Tls};
use super::split::Dsn;

pub(super) struct Redis;

impl Scheme for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["redis", "rediss", "valkey", "valkeys", "keydb", "redis-sentinel", "rediss-sentinel"]
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let scheme = dsn.bare_scheme(text);
        if !matches!(scheme.as_str(), "rediss" | "valkeys" | "rediss-sentinel") {
            return if dsn.param(text, "tls").is_some_and(|v| v == "true") { Tls::Verified } else { Tls::Absent };
        }
        let loose = dsn.param(text, "sslcertreqs").is_some_and(|v| v.eq_ignore_ascii_case("none") || v.eq_ignore_ascii_case("CERT_NONE"));
        if loose || text.ends_with("#insecure") { Tls::Unverified } else { Tls::Verified }
    }

    fn secure(&self, dsn: &Dsn, text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        match dsn.bare_scheme(text).as_str() {
            "redis" => Some(vec![Change::Scheme("rediss")]),
            "valkey" => Some(vec![Change::Scheme("valkeys")]),
            // only where verification was switched off
            "rediss" => Some(dsn.param(text, "ssl_cert_reqs").map(|_| Change::Set("ssl_cert_reqs", "required")).into_iter().collect()),
            _ => None,
        }
    }
}
