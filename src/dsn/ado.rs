//! Whose a string of `Key=Value;` pairs is: Npgsql, MySqlConnector and SqlClient share most names, PDO writes the system before them.

use super::split::{Dsn, Style, fold};

/// The registered name of the system; empty where the string is of another form.
pub(super) fn system(dsn: &Dsn, text: &str) -> &'static str {
    if dsn.style != Style::KeyValue {
        return "";
    }
    match dsn.scheme.of(text) {
        "pgsql" => return "postgres",
        "mysql" => return "mysql",
        "sqlsrv" => return "sqlserver",
        _ => {}
    }
    let has = |names: &[&str]| names.iter().any(|n| dsn.param(text, n).is_some());
    let port = dsn.hosts.iter().find_map(|h| h.port).map_or("", |p| p.of(text));
    let mode = dsn.param(text, "sslmode").map(fold).unwrap_or_default();
    if port == "3306" || has(&["allowuservariables", "convertzerodatetime", "allowpublickeyretrieval"]) {
        return "mysql";
    }
    if port == "5432" || (dsn.param(text, "host").is_some() && !has(&["encrypt", "initialcatalog"])) {
        return "postgres";
    }
    match mode.as_str() {
        "" => "sqlserver",
        "none" | "preferred" | "required" => "mysql",
        "disable" | "allow" | "prefer" | "require" => "postgres",
        // MySQL's drivers are called with these, Npgsql with `Username` and `Password`
        _ if has(&["uid", "pwd"]) => "mysql",
        _ => "postgres",
    }
}
