//! Neo4j: `bolt` and `neo4j` against `+s`; `+ssc` takes any certificate.

use super::change::Change;
use super::scheme::{Scheme, Tls};
use super::split::Dsn;

pub(super) struct Neo4j;

impl Scheme for Neo4j {
    fn name(&self) -> &'static str {
        "neo4j"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["bolt", "neo4j"]
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let scheme = dsn.scheme.of(text).to_ascii_lowercase();
        match scheme.split_once('+').map_or("", |(_, how)| how) {
            "s" => Tls::Verified,
            "ssc" => Tls::Unverified,
            _ => Tls::Absent,
        }
    }

    fn secure(&self, dsn: &Dsn, text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        Some(vec![Change::WholeScheme(if dsn.bare_scheme(text) == "bolt" { "bolt+s" } else { "neo4j+s" })])
    }
}
