//! Servers that are reached over HTTP: whether it is `https` is all that the URL says. They are told by the port that they listen on, or by
//! a host that is called like them and has a port.

use super::change::Change;
use super::scheme::{Scheme, Tls};
use super::split::Dsn;

/// A server that speaks HTTP.
pub(super) struct Service {
    name: &'static str,
    ports: &'static [&'static str],
    /// Parts of host names that tell it, where a port is written, too.
    hosts: &'static [&'static str],
}

const fn service(name: &'static str, ports: &'static [&'static str], hosts: &'static [&'static str]) -> Service {
    Service { name, ports, hosts }
}

pub(super) static SEARCH: Service =
    service("search", &["9200"], &["elastic", "opensearch", "solr", "meili", "typesense", "zincsearch", "manticore"]);
pub(super) static INFLUXDB: Service = service("influxdb", &["8086"], &["influx"]);
pub(super) static COUCHDB: Service = service("couchdb", &["5984"], &["couch"]);
pub(super) static VECTORS: Service = service("vectors", &["6333"], &["qdrant", "weaviate", "chromadb"]);
pub(super) static ETCD: Service = service("etcd", &["2379"], &["etcd"]);
pub(super) static CONSUL: Service = service("consul", &["8500"], &["consul"]);
pub(super) static NOMAD: Service = service("nomad", &["4646"], &["nomad"]);
pub(super) static VAULT: Service = service("vault", &["8200"], &["vault", "openbao"]);
pub(super) static OTLP: Service = service("otlp", &["4317", "4318"], &["otel", "otlp"]);
pub(super) static STORAGE: Service = service("storage", &[], &["minio", "s3", "seaweedfs", "garage", "objectstore"]);

impl Scheme for Service {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schemes(&self) -> &'static [&'static str] {
        &[]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        if !matches!(dsn.bare_scheme(text).as_str(), "http" | "https") {
            return false;
        }
        dsn.hosts.iter().any(|host| {
            let Some(port) = host.port else { return false };
            let name = host.name.of(text).to_ascii_lowercase();
            // Elastic's APM server shares Vault's port
            let other = self.name == "vault" && name.contains("apm");
            (self.ports.contains(&port.of(text)) && !other) || self.hosts.iter().any(|part| name.contains(part))
        })
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        if dsn.bare_scheme(text) == "https" { Tls::Verified } else { Tls::Absent }
    }

    fn secure(&self, dsn: &Dsn, text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        if dsn.bare_scheme(text) == "https" {
            return Some(Vec::new());
        }
        Some(vec![Change::Scheme("https")])
    }
}

/// Any other server that is reached over HTTP.
pub(super) struct Http;

impl Scheme for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["http", "https", "ws", "wss"]
    }

    fn is_any(&self) -> bool {
        true
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        if matches!(dsn.bare_scheme(text).as_str(), "https" | "wss") { Tls::Verified } else { Tls::Absent }
    }

    fn secure(&self, _dsn: &Dsn, _text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        // whether the other side speaks TLS is not known
        None
    }
}
