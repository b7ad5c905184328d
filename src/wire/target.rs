//! The server that a connection string names, and the account on it.

use crate::dsn::{self, Dsn, HostClass, Style, Tls};
use crate::model::secret::Secret;
use crate::model::template::has_reference;

/// A server, and who logs in there.
#[derive(Clone, Debug)]
pub struct Target {
    /// The registered name of the system (`dsn::SCHEMES`).
    pub system: &'static str,
    /// Name or address, lower case, without brackets.
    pub host: String,
    /// The port, written or the system's own.
    pub port: u16,
    /// The account; empty where none is written.
    pub user: String,
    /// The password; `None` where none is written, or it is said elsewhere.
    pub password: Option<Secret>,
    /// The database, or the virtual host; empty where none is written.
    pub database: String,
    /// How the connection string protects the connection.
    pub asked: Tls,
    /// Whether the first byte is to be TLS, as in `rediss` or on port 465.
    pub direct: bool,
    /// How far away it is.
    pub class: HostClass,
    /// Host and port that are dialled instead, as through a tunnel; the certificate has to be for [`Self::host`] all the same.
    pub by_way_of: Option<(String, u16)>,
}

/// Why a connection string names no server that can be reached from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// A Unix socket, a file, memory.
    #[error("a socket or a file")]
    Socket,
    /// The host or port is a reference, or a slot in a template.
    #[error("the host is said elsewhere")]
    Elsewhere,
    /// The name is reserved for documents (RFC 2606).
    #[error("the host is an example")]
    Example,
    /// No port is written, and the system has none of its own.
    #[error("no port is written")]
    NoPort,
    /// Hosts come from DNS records (SRV), which are not looked up here.
    #[error("the hosts are in DNS")]
    Srv,
}

impl Target {
    /// The servers that `dsn` names, one for each host; `text` is what was split.
    #[must_use]
    pub fn of(dsn: &Dsn, text: &str) -> Vec<Result<Self, NoTarget>> {
        let Some(system) = dsn::system(dsn, text) else { return Vec::new() };
        if dsn::classify(dsn, text) == HostClass::Socket {
            return vec![Err(NoTarget::Socket)];
        }
        if dsn.bare_scheme(text) == "mongodb+srv" {
            return vec![Err(NoTarget::Srv)];
        }
        let asked = system.tls(dsn, text);
        let piece = |span: Option<crate::model::span::Span>| span.map(|s| plain(dsn, s.of(text))).unwrap_or_default();
        let one = |host: &dsn::Host| {
            let name = host.name.of(text);
            let class = dsn::host_class(name);
            if class == HostClass::Unknown || has_reference(name) || host.port.is_some_and(|p| has_reference(p.of(text))) {
                return Err(NoTarget::Elsewhere);
            }
            if is_example(name) {
                return Err(NoTarget::Example);
            }
            let scheme = dsn.bare_scheme(text);
            let port = match host.port.map(|p| p.of(text)) {
                Some(written) if !written.is_empty() => written.parse().map_err(|_| NoTarget::Elsewhere)?,
                _ => dsn::own_port(system.name(), &scheme).ok_or(NoTarget::NoPort)?,
            };
            let host = if name.is_empty() { "localhost".to_owned() } else { name.trim_end_matches('.').to_ascii_lowercase() };
            Ok(Self {
                system: system.name(),
                host,
                port,
                user: piece(dsn.user),
                password: dsn.password.map(|s| s.of(text)).filter(|t| !has_reference(t)).map(|t| Secret::new(plain(dsn, t))),
                database: plain(dsn, dsn.database(text)),
                asked,
                direct: is_direct(system.name(), &scheme, port, asked),
                class,
                by_way_of: None,
            })
        };
        dsn.hosts.iter().map(one).collect()
    }

    /// What is dialled.
    #[must_use]
    pub fn dialled(&self) -> (&str, u16) {
        self.by_way_of.as_ref().map_or((self.host.as_str(), self.port), |(host, port)| (host.as_str(), *port))
    }

    /// Whether one handshake answers for both.
    #[must_use]
    pub fn is_at(&self, other: &Self) -> bool {
        (self.system, &self.host, self.port, self.direct) == (other.system, &other.host, other.port, other.direct)
    }

    /// `host:port`, an IPv6 address in brackets.
    #[must_use]
    pub fn address(&self) -> String {
        if self.host.contains(':') { format!("[{}]:{}", self.host, self.port) } else { format!("{}:{}", self.host, self.port) }
    }
}

/// Whether TLS begins with the first byte. Those that begin it in their own words do not, but for the ports and schemes that are TLS.
fn is_direct(system: &str, scheme: &str, port: u16, asked: Tls) -> bool {
    match system {
        "postgres" | "mysql" | "sqlserver" | "nats" => false,
        "ldap" => scheme == "ldaps" || port == 636,
        "smtp" => {
            matches!(scheme, "smtps" | "submissions" | "imaps" | "pop3s" | "pops") && !matches!(port, 25 | 587 | 143 | 110) || port == 465
        }
        _ => asked >= Tls::Opportunistic && asked != Tls::Unknown,
    }
}

/// Names that nobody can have: RFC 2606.
fn is_example(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let ends = |end: &str| host == end || host.ends_with(&format!(".{end}"));
    ["example", "invalid", "example.com", "example.org", "example.net"].iter().any(|end| ends(end))
}

/// `text` as it is meant: percent signs are decoded in URLs.
fn plain(dsn: &Dsn, text: &str) -> String {
    if !matches!(dsn.style, Style::Url) || !text.contains('%') {
        return text.to_owned();
    }
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let decoded = after.get(..2).and_then(|two| std::str::from_utf8(two).ok()).and_then(|two| u8::from_str_radix(two, 16).ok());
        match (byte, decoded) {
            (b'%', Some(value)) => {
                out.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{NoTarget, Target};

    fn targets(text: &str) -> Vec<Result<Target, NoTarget>> {
        Target::of(&crate::dsn::parse(text).unwrap(), text)
    }

    #[test]
    fn a_connection_string_names_servers() {
        for (text, system, address, user, database, direct) in [
            ("postgres://a%40b:p%3Aw@DB/x?sslmode=require", "postgres", "db:5432", "a@b", "x", false),
            ("rediss://:pw@cache:6380/0", "redis", "cache:6380", "", "0", true),
            ("redis://cache", "redis", "cache:6379", "", "", false),
            ("amqps://u:p@mq//v", "amqp", "mq:5671", "u", "v", true),
            ("https://api.acme.io/x", "http", "api.acme.io:443", "", "x", true),
            ("smtp://mail:587", "smtp", "mail:587", "", "", false),
            ("smtps://mail", "smtp", "mail:465", "", "", true),
            ("mysql://u:p@[fd00::1]:3307/x", "mysql", "[fd00::1]:3307", "u", "x", false),
            ("host=db user=u password=p dbname=x", "postgres", "db:5432", "u", "x", false),
        ] {
            let target = targets(text).pop().unwrap().unwrap();
            let got = (target.system, target.address(), target.user.clone(), target.database.clone(), target.direct);
            assert_eq!(got, (system, address.to_owned(), user.to_owned(), database.to_owned(), direct), "{text}");
        }
        assert_eq!(targets("postgres://u:p%3Aw@db/x").pop().unwrap().unwrap().password.unwrap().expose(), "p:w");
        assert_eq!(targets("mongodb://u:p@a:1,b:2/x").len(), 2);
    }

    #[test]
    fn what_cannot_be_reached_says_why() {
        for (text, why) in [
            ("postgres://u:p@${HOST}/x", NoTarget::Elsewhere),
            ("postgres://u:p@db.example.com/x", NoTarget::Example),
            ("postgres://u:p@%2Fvar%2Frun/x", NoTarget::Socket),
            ("mongodb+srv://u:p@cluster.mongodb.net/x", NoTarget::Srv),
            ("postgres://u:p@db:PORT/x", NoTarget::Elsewhere),
        ] {
            assert_eq!(targets(text).pop().unwrap().unwrap_err(), why, "{text}");
        }
    }
}
