//! Connection strings: their parts by byte span, and whether TLS is on.
//!
//! The splitter is our own because references are opaque (`${PASSWORD}`), several hosts are allowed, and nothing may be normalised: a URL
//! library changes bytes that are not ours to change. A new system is one file and one line in [`SCHEMES`].

mod amqp;
mod change;
mod clickhouse;
mod host;
mod mongodb;
mod mysql;
mod plain;
mod postgres;
mod redis;
mod scheme;
mod search;
mod split;
mod sqlserver;

pub use change::{Change, edits};
pub use host::{HostClass, classify, of_name as host_class};
pub use scheme::{Scheme, Tls};
pub use split::{Dsn, Host, Param, Style};

/// Every system, looked up by the scheme's bare name.
pub static SCHEMES: &[&dyn Scheme] = &[
    &postgres::Postgres,
    &mysql::MySql,
    &redis::Redis,
    &mongodb::MongoDb,
    &amqp::Amqp,
    &clickhouse::ClickHouse,
    &sqlserver::SqlServer,
    &search::Search,
    &plain::Ldap,
    &plain::Smtp,
    &plain::Nats,
    &plain::Mqtt,
    &plain::Kafka,
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
    split::url(text).or_else(|| split::go_mysql(text)).or_else(|| split::key_values(text))
}

/// The system that `dsn` speaks to.
#[must_use]
pub fn system(dsn: &Dsn, text: &str) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().copied().find(|s| s.serves(dsn, text))
}

/// The system registered as `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Scheme> {
    SCHEMES.iter().copied().find(|s| s.name() == name)
}
