//! ClickHouse: native and HTTP interfaces.

use super::change::Change;
use super::scheme::{Scheme, Tls, truth};
use super::split::Dsn;

pub(super) struct ClickHouse;

impl Scheme for ClickHouse {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["clickhouse", "clickhouses", "ch", "chs", "clickhouse-native"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        let scheme = dsn.bare_scheme(text);
        self.schemes().contains(&scheme.as_str())
            || (scheme == "http" && dsn.hosts.iter().any(|h| h.port.is_some_and(|p| p.of(text) == "8123")))
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let secure =
            matches!(dsn.bare_scheme(text).as_str(), "clickhouses" | "chs") || dsn.param(text, "secure").and_then(truth) == Some(true);
        let loose = dsn.param(text, "skipverify").and_then(truth) == Some(true) || dsn.param(text, "verify").and_then(truth) == Some(false);
        match (secure, loose) {
            (true, false) => Tls::Verified,
            (true, true) => Tls::Unverified,
            (false, _) => Tls::Absent,
        }
    }

    fn secure(&self, _dsn: &Dsn, _text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        None
    }
}
