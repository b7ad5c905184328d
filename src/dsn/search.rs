//! Elasticsearch, OpenSearch and their like: plain HTTP on the ports that they listen on.

use super::change::Change;
use super::scheme::{Scheme, Tls};
use super::split::Dsn;

pub(super) struct Search;

impl Scheme for Search {
    fn name(&self) -> &'static str {
        "search"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &[]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        let named =
            |host: &str| ["elastic", "opensearch", "solr", "meili", "typesense"].iter().any(|n| host.to_ascii_lowercase().contains(n));
        matches!(dsn.bare_scheme(text).as_str(), "http" | "https")
            && dsn.hosts.iter().any(|h| h.port.is_some_and(|p| p.of(text) == "9200") || (named(h.name.of(text)) && h.port.is_some()))
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        if dsn.bare_scheme(text) == "https" { Tls::Verified } else { Tls::Absent }
    }

    fn secure(&self, _dsn: &Dsn, _text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        Some(vec![Change::Scheme("https")])
    }
}
