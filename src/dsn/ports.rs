//! Where servers listen (IANA's service names and port numbers, and the systems' own documentation).

/// Ports by system: where it listens, and where its TLS begins with the first byte.
const PORTS: &[(&str, u16, Option<u16>)] = &[
    ("postgres", 5432, None),
    ("mysql", 3306, None),
    ("redis", 6379, Some(6380)),
    ("mongodb", 27017, None),
    ("amqp", 5672, Some(5671)),
    ("sqlserver", 1433, None),
    ("neo4j", 7687, None),
    ("memcached", 11211, None),
    ("ldap", 389, Some(636)),
    ("smtp", 25, Some(465)),
    ("mqtt", 1883, Some(8883)),
    ("nats", 4222, None),
    ("kafka", 9092, Some(9093)),
];

/// Schemes with a port of their own.
const SCHEME_PORTS: &[(&str, u16)] = &[
    ("rediss", 6379),
    ("valkeys", 6379),
    ("amqps", 5671),
    ("ldaps", 636),
    ("smtps", 465),
    ("submissions", 465),
    ("submission", 587),
    ("imap", 143),
    ("imaps", 993),
    ("pop3", 110),
    ("pop", 110),
    ("pop3s", 995),
    ("pops", 995),
    ("mqtts", 8883),
    ("http", 80),
    ("ws", 80),
    ("https", 443),
    ("wss", 443),
];

/// The port on which TLS of a system begins with the first byte, where that is another than its usual one.
#[must_use]
pub fn tls_port(system: &str) -> Option<u16> {
    PORTS.iter().find(|(name, ..)| *name == system).and_then(|(_, _, tls)| *tls)
}

/// The port that a server is reached at where none is written: that of the scheme (bare, lower case), else that of the system.
#[must_use]
pub fn own_port(system: &str, scheme: &str) -> Option<u16> {
    let by_scheme = SCHEME_PORTS.iter().find(|(name, _)| *name == scheme).map(|(_, port)| *port);
    by_scheme.or_else(|| PORTS.iter().find(|(name, ..)| *name == system).map(|(_, port, _)| *port))
}
