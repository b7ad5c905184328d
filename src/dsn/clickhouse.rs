//! ClickHouse: native and HTTP interfaces.

use super::change::Change;
use super::scheme::{Scheme, Tls, truth};
use super::split::Dsn;

pub(super) struct ClickHouse;

const SECURE: &[&str] = &["clickhouses", "chs"];

impl Scheme for ClickHouse {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["clickhouse", "clickhouses", "ch", "chs", "clickhouse-native"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        let tcp = dsn.bare_scheme(text) == "tcp" && dsn.hosts.iter().any(|h| h.port.is_some_and(|p| matches!(p.of(text), "9000" | "9440")));
        let named = dsn.hosts.iter().any(|h| h.name.of(text).to_ascii_lowercase().contains("clickhouse"));
        let http = dsn.bare_scheme(text) == "http" && dsn.hosts.iter().any(|h| h.port.is_some_and(|p| p.of(text) == "8123"));
        http || self.schemes().contains(&dsn.bare_scheme(text).as_str()) || (tcp && (named || dsn.param(text, "secure").is_some()))
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let on = |name: &str| dsn.param(text, name).and_then(truth);
        let secure = SECURE.contains(&dsn.bare_scheme(text).as_str()) || on("secure") == Some(true) || on("ssl") == Some(true);
        let loose = on("skipverify") == Some(true)
            || on("verify") == Some(false)
            || dsn.param(text, "sslmode").is_some_and(|v| v.eq_ignore_ascii_case("none"));
        match (secure, loose) {
            (true, false) => Tls::Verified,
            (true, true) => Tls::Unverified,
            (false, _) => Tls::Absent,
        }
    }

    fn secure(&self, dsn: &Dsn, text: &str, driver: Option<&str>) -> Option<Vec<Change>> {
        // JDBC and Go take `secure` or `ssl`, the scheme with an s is Python's
        let scheme = dsn.bare_scheme(text);
        if scheme == "http" {
            return Some(vec![Change::Scheme("https"), Change::Port("8123", "8443")]);
        }
        let first = match driver {
            Some("clickhouse-driver") if scheme == "clickhouse" => Change::Scheme("clickhouses"),
            _ if SECURE.contains(&scheme.as_str()) => Change::Drop("secure"),
            Some("jdbc") => Change::Set("ssl", "true"),
            Some("clickhouse-go") => Change::Set("secure", "true"),
            _ if dsn.param(text, "secure").is_some() => Change::Set("secure", "true"),
            _ => return None,
        };
        Some(vec![first, Change::Port("9000", "9440"), Change::Remove("skip_verify"), Change::Remove("verify")])
    }
}
