//! Whose a string of `Key=Value;` pairs is: Npgsql, MySqlConnector, SqlClient and EasyNetQ share most names, PDO writes the system before
//! them.

use super::split::{Dsn, Style, fold};

/// Parts of names of settings and hosts, and the system that each tells.
const TELLING: &[(&str, &str)] = &[
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("postgres", "postgres"),
    ("npgsql", "postgres"),
    ("sqlserver", "sqlserver"),
    ("mssql", "sqlserver"),
    ("rabbit", "amqp"),
    ("amqp", "amqp"),
];

/// The registered name of the system that the last telling one of `names` tells, where the string itself tells none.
pub(super) fn named<'n>(dsn: &Dsn, text: &str, names: impl DoubleEndedIterator<Item = &'n str>) -> Option<&'static str> {
    if dsn.style != Style::KeyValue || proven(dsn, text).is_some() {
        return None;
    }
    names.rev().find_map(told).filter(|system| *system != "amqp" || is_of_broker(dsn, text))
}

/// The system that `name` tells.
fn told(name: &str) -> Option<&'static str> {
    let folded = fold(name);
    TELLING.iter().find(|(part, _)| folded.contains(part)).map(|(_, system)| *system)
}

/// The registered name of the system; empty where the string is of another form.
pub(super) fn system(dsn: &Dsn, text: &str) -> &'static str {
    if dsn.style != Style::KeyValue {
        return "";
    }
    if let Some(system) = proven(dsn, text) {
        return system;
    }
    if is_of_broker(dsn, text) && dsn.hosts.iter().any(|h| told(h.name.of(text)) == Some("amqp")) {
        return "amqp";
    }
    let has = |names: &[&str]| names.iter().any(|n| dsn.param(text, n).is_some());
    if dsn.param(text, "host").is_some() {
        return "postgres";
    }
    // MySQL's drivers are called with these, Npgsql with `Username` and `Password`
    match dsn.param(text, "sslmode").filter(|mode| !mode.is_empty()) {
        None => "sqlserver",
        Some(_) if has(&["uid", "pwd"]) => "mysql",
        Some(_) => "postgres",
    }
}

/// Whether the string can be that of a broker: EasyNetQ's names a host and no database.
fn is_of_broker(dsn: &Dsn, text: &str) -> bool {
    dsn.param(text, "host").is_some() && dsn.database(text).is_empty()
}

/// The same, where the string itself tells.
fn proven(dsn: &Dsn, text: &str) -> Option<&'static str> {
    match dsn.scheme.of(text) {
        "pgsql" => return Some("postgres"),
        "mysql" => return Some("mysql"),
        "sqlsrv" => return Some("sqlserver"),
        _ => {}
    }
    let has = |names: &[&str]| names.iter().any(|n| dsn.param(text, n).is_some());
    let port = dsn.hosts.iter().find_map(|h| h.port).map_or("", |p| p.of(text));
    if port == "3306" || has(&["allowuservariables", "convertzerodatetime", "allowpublickeyretrieval"]) {
        return Some("mysql");
    }
    if port == "5432" {
        return Some("postgres");
    }
    match dsn.param(text, "sslmode").map(fold).unwrap_or_default().as_str() {
        "" => has(&["encrypt", "initialcatalog"]).then_some("sqlserver"),
        "none" | "preferred" | "required" => Some("mysql"),
        "disable" | "allow" | "prefer" | "require" => Some("postgres"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{named, system};
    use crate::dsn::parse;

    #[test]
    fn a_name_tells_what_the_string_leaves_open() {
        for (name, text, want) in [
            ("mySql", "server=db;database=shop;uid=app;pwd=x", Some("mysql")),
            ("MariaDbConnection", "server=db;database=shop;uid=app;pwd=x", Some("mysql")),
            ("Postgres", "server=db;database=shop;uid=app;pwd=x", Some("postgres")),
            ("Default", "server=db;database=shop;uid=app;pwd=x", None),
            ("mySql", "server=db;database=shop;uid=app;pwd=x;encrypt=true", None),
            ("mySql", "host=db;port=5432;database=shop;username=app;password=x", None),
            ("RabbitMq", "host=mq;username=app;password=x", Some("amqp")),
            ("RabbitMq", "server=db;database=shop;uid=app;pwd=x", None),
        ] {
            let found = parse(text).expect("a string of pairs");
            assert_eq!(named(&found, text, ["ConnectionStrings", name].into_iter()), want, "{name} {text}");
        }
    }

    #[test]
    fn a_broker_is_no_database() {
        for (text, want) in [
            ("host=rabbit;username=guest;password=guest", "amqp"),
            ("host=rabbit;database=shop;username=guest;password=guest", "postgres"),
            ("host=db;database=shop;username=app;password=x", "postgres"),
            ("server=db;database=shop;uid=app;pwd=x", "sqlserver"),
            ("server=db;database=shop;uid=app;pwd=x;sslmode=verifyfull", "mysql"),
        ] {
            let found = parse(text).expect("a string of pairs");
            assert_eq!(system(&found, text), want, "{text}");
        }
    }
}
