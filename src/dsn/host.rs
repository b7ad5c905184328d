//! Where a host is: it decides how bad a plaintext connection to it is.

use std::net::IpAddr;

use super::split::Dsn;
use crate::model::template::has_reference;

/// Class of a host, the safest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostClass {
    /// A Unix socket, or a file.
    Socket,
    /// This machine.
    Loopback,
    /// One label, a cluster name, a private address.
    Internal,
    /// Said elsewhere.
    Unknown,
    /// A hosted service that speaks TLS only.
    Managed,
    /// A public name or address.
    External,
}

impl HostClass {
    /// The word used in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Loopback => "loopback",
            Self::Internal => "internal",
            Self::Unknown => "unknown",
            Self::Managed => "managed",
            Self::External => "external",
        }
    }
}

const MANAGED: &[&str] = &[
    ".rds.amazonaws.com",
    ".cache.amazonaws.com",
    ".memorydb.amazonaws.com",
    ".docdb.amazonaws.com",
    ".redshift.amazonaws.com",
    ".mq.amazonaws.com",
    ".es.amazonaws.com",
    ".aoss.amazonaws.com",
    ".postgres.database.azure.com",
    ".mysql.database.azure.com",
    ".mariadb.database.azure.com",
    ".mongo.cosmos.azure.com",
    ".database.windows.net",
    ".redis.cache.windows.net",
    ".servicebus.windows.net",
    ".neon.tech",
    ".supabase.co",
    ".supabase.com",
    ".aivencloud.com",
    ".mongodb.net",
    ".upstash.io",
    ".db.ondigitalocean.com",
    ".cockroachlabs.cloud",
    ".render.com",
    ".cloudamqp.com",
    ".confluent.cloud",
    ".psdb.cloud",
    ".tidbcloud.com",
    ".timescale.com",
    ".clickhouse.cloud",
    ".redislabs.com",
    ".redis-cloud.com",
    ".elastic-cloud.com",
    ".cloud.es.io",
    ".databases.neo4j.io",
    ".hivemq.cloud",
    ".qdrant.io",
    ".gcp.weaviate.cloud",
];
const INTERNAL_ENDS: &[&str] = &[
    ".svc",
    ".cluster.local",
    ".internal",
    ".local",
    ".localdomain",
    ".lan",
    ".home",
    ".home.arpa",
    ".intranet",
    ".intra",
    ".private",
    ".corp",
    ".consul",
    ".test",
    ".docker",
];

/// The class of the farthest host of `dsn`.
#[must_use]
pub fn classify(dsn: &Dsn, text: &str) -> HostClass {
    let is_path = |h: &str| h.starts_with('/') || h.to_ascii_lowercase().starts_with("%2f");
    let socket_param = dsn.param(text, "host").is_some_and(is_path)
        || ["unix_socket", "unixsocket", "socket", "socketpath"].iter().any(|name| dsn.param(text, name).is_some_and(is_path));
    if socket_param || dsn.hosts.is_empty() {
        return HostClass::Socket;
    }
    dsn.hosts.iter().map(|h| of_name(h.name.of(text))).max().unwrap_or(HostClass::Socket)
}

/// The class of one host name or address.
#[must_use]
pub fn of_name(name: &str) -> HostClass {
    let lower = name.trim_end_matches('.').to_ascii_lowercase();
    if lower.is_empty() {
        return HostClass::Loopback;
    }
    // SQL Server's names for shared memory and pipes on this machine
    let local = ["(localdb)", "(local)", "np:", "lpc:", "\\\\"].iter().any(|head| lower.starts_with(head));
    if lower.starts_with('/') || lower.starts_with("%2f") || lower.starts_with("unix:") || local {
        return HostClass::Socket;
    }
    let slot = name.chars().any(|c| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    if has_reference(&lower)
        || lower.starts_with('<')
        || slot && ["HOST", "SERVER", "ADDRESS", "DOMAIN", "IP"].iter().any(|w| name.contains(w))
    {
        return HostClass::Unknown;
    }
    if lower == "localhost" || lower.ends_with(".localhost") {
        return HostClass::Loopback;
    }
    if let Ok(address) = lower.parse::<IpAddr>() {
        return of_address(address);
    }
    if MANAGED.iter().any(|end| lower.ends_with(end)) {
        return HostClass::Managed;
    }
    if !lower.contains('.')
        || lower == "host.docker.internal"
        || INTERNAL_ENDS.iter().any(|end| lower.ends_with(end))
        || lower.contains(".svc.")
    {
        return HostClass::Internal;
    }
    HostClass::External
}

fn of_address(address: IpAddr) -> HostClass {
    match address {
        ip if ip.is_loopback() => HostClass::Loopback,
        IpAddr::V4(v4) if v4.is_private() || v4.is_link_local() || v4.is_unspecified() => HostClass::Internal,
        IpAddr::V4(v4) if matches!(v4.octets(), [100, 64..=127, _, _]) => HostClass::Internal,
        IpAddr::V6(v6) if v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified() => HostClass::Internal,
        _ => HostClass::External,
    }
}

#[cfg(test)]
mod tests {
    use super::{HostClass, of_name};

    #[test]
    fn hosts_are_sorted_by_distance() {
        for (name, class) in [
            ("localhost", HostClass::Loopback),
            ("127.0.0.1", HostClass::Loopback),
            ("::1", HostClass::Loopback),
            ("db", HostClass::Internal),
            ("10.1.2.3", HostClass::Internal),
            ("100.64.0.1", HostClass::Internal),
            ("db.prod.svc.cluster.local", HostClass::Internal),
            ("db.example.com", HostClass::External),
            ("8.8.8.8", HostClass::External),
            ("x.rds.amazonaws.com", HostClass::Managed),
            ("${DB_HOST}", HostClass::Unknown),
            ("%2fvar%2frun", HostClass::Socket),
            ("(localdb)", HostClass::Socket),
            ("DB_HOST", HostClass::Unknown),
            ("DB", HostClass::Internal),
            ("db.prod.svc", HostClass::Internal),
            ("host.docker.internal", HostClass::Internal),
            ("nas.home.arpa", HostClass::Internal),
            ("x.db.ondigitalocean.com", HostClass::Managed),
            ("fd00::1", HostClass::Internal),
        ] {
            assert_eq!(of_name(name), class, "{name}");
        }
    }
}
