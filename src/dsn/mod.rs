//! Connection strings: their parts by byte span, and whether TLS is on.
//!
//! The splitter is our own because references are opaque (`${PASSWORD}`), several hosts are allowed, and nothing may be normalised: a URL
//! library changes bytes that are not ours to change. A new system is one file and one line in [`SCHEMES`].

mod ado;
mod amqp;
mod change;
mod clickhouse;
pub mod drivers;
mod host;
mod mongodb;
mod mysql;
mod neo4j;
mod oracle;
mod pairs;
mod plain;
mod ports;
mod postgres;
mod redis;
mod scheme;
mod services;
mod split;
mod sqlserver;

pub use change::{Change, edits};
pub use host::{HostClass, classify, of_name as host_class};
pub use ports::{own_port, tls_port};
pub use scheme::{Scheme, Tls};
pub use split::{Dsn, Host, Param, Style};

use crate::model::key_path::KeyPath;

/// Every system, looked up by the scheme's bare name.
pub static SCHEMES: &[&dyn Scheme] = &[
    &postgres::Postgres,
    &mysql::MySql,
    &redis::Redis,
    &mongodb::MongoDb,
    &amqp::Amqp,
    &clickhouse::ClickHouse,
    &sqlserver::SqlServer,
    &oracle::Oracle,
    &neo4j::Neo4j,
    &plain::Memcached,
    &plain::Ldap,
    &plain::Mail,
    &plain::Mqtt,
    &plain::Nats,
    &plain::Kafka,
    &plain::Grpc,
    &services::SEARCH,
    &services::INFLUXDB,
    &services::COUCHDB,
    &services::VECTORS,
    &services::ETCD,
    &services::CONSUL,
    &services::NOMAD,
    &services::VAULT,
    &services::OTLP,
    &services::STORAGE,
    // behind all that are reached over HTTP
    &services::Http,
];

/// Splits `text`, which must be a connection string from its first byte to its last; `None` when it is none.
///
/// ```
/// let text = "postgres://app:${PW}@db:5432/app?sslmode=disable";
/// let dsn = harden::dsn::parse(text).unwrap();
/// assert_eq!(dsn.password.unwrap().of(text), "${PW}");
/// assert_eq!(harden::dsn::system(&dsn, text).unwrap().name(), "postgres");
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<Dsn> {
    if !may_be(text) {
        return None;
    }
    let has = |mark: &str| text.contains(mark);
    let (url, go, pairs) = (has("://"), has("@tcp") || has("@unix("), has("="));
    let oracle = text.get(..12).is_some_and(|head| head.eq_ignore_ascii_case("jdbc:oracle:")) || has("(") && has("=") && has(")");
    // most values are none: they are not even copied
    if !(url || go || pairs && (has(";") || has(" ") || has(",")) || oracle || text.bytes().filter(|b| *b == b':').count() >= 4) {
        return None;
    }
    let masked = split::opaque(text);
    let masked = masked.as_str();
    let oracle = oracle.then(|| oracle::oracle(masked)).flatten();
    let with_marks = || go.then(|| split::go_mysql(masked)).flatten().or_else(|| url.then(|| split::url(text, masked)).flatten());
    let by_names = || pairs::key_values(text, masked).or_else(|| pairs::keywords(text, masked)).or_else(|| pairs::commas(text, masked));
    oracle.or_else(with_marks).or_else(|| pairs.then(by_names).flatten()).or_else(|| pairs::colons(masked))
}

/// Whether `text` holds any of the signs that every connection string has one of.
#[must_use]
pub fn may_be(text: &str) -> bool {
    memchr::memchr3(b':', b'=', b'@', text.as_bytes()).is_some()
}

/// The system that `dsn` speaks to.
#[must_use]
pub fn system(dsn: &Dsn, text: &str) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().copied().find(|s| s.serves(dsn, text))
}

/// The same of the setting `key`, whose name tells where `dsn` tells nothing: `"MySql": "server=db;uid=app;pwd=x"`,
/// `redis: { address: tcp://cache:6379 }`.
#[must_use]
pub fn system_at(key: &KeyPath, dsn: &Dsn, text: &str) -> Option<&'static dyn Scheme> {
    let named = ado::named(dsn, text, key.names()).or_else(|| redis::named(dsn, text, key.names()));
    named.and_then(by_name).or_else(|| system(dsn, text))
}

/// The system registered as `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().copied().find(|s| s.name() == name)
}
