//! Servers whose parts are settings of their own: `PGHOST`, `PGPORT`, `PGUSER`; `REDIS_HOST`; `DB_HOST` with `DB_CONNECTION=mysql`.

use crate::dsn::{HostClass, Tls, host_class};
use crate::model::document::Document;
use crate::model::key_path::words;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::template::{has_reference, innermost_default};
use crate::wire::Target;

/// What the names begin with, by system, and its port.
const STEMS: &[(&str, &str, u16)] = &[
    ("pg", "postgres", 5432),
    ("postgres", "postgres", 5432),
    ("postgresql", "postgres", 5432),
    ("mysql", "mysql", 3306),
    ("mariadb", "mysql", 3306),
    ("redis", "redis", 6379),
    ("valkey", "redis", 6379),
    ("mongo", "mongodb", 27017),
    ("mongodb", "mongodb", 27017),
    ("rabbitmq", "amqp", 5672),
    ("amqp", "amqp", 5672),
    ("smtp", "smtp", 25),
    ("mail", "smtp", 25),
    ("email", "smtp", 25),
    ("ldap", "ldap", 389),
];

/// Databases that are called so; the system is said by another setting, or by the port.
const ANY: &[&str] = &["db", "database", "sql"];

/// The servers of `document`, each with the setting that names the host. `expand` follows references.
pub(super) fn of<'d>(document: &'d Document, expand: &dyn Fn(&str) -> Secret) -> Vec<(&'d Setting, Target)> {
    let live = document.settings.iter().filter(|s| s.role == Role::Live);
    let named: Vec<(Vec<String>, &Setting)> = live.map(|s| (split(s.name()), s)).collect();
    let mut out = Vec::new();
    for (name, setting) in &named {
        let Some((last, stem)) = name.split_last() else { continue };
        if !matches!(last.as_str(), "host" | "hostname") || stem.is_empty() {
            continue;
        }
        let near = |words: &[&str]| {
            let fits = |n: &[String]| n.split_last().is_some_and(|(end, head)| head == stem && words.contains(&end.as_str()));
            let found = named.iter().find(|(n, s)| s.part == setting.part && s.key.scope() == setting.key.scope() && fits(n));
            found.map(|(_, s)| value(s, expand)).filter(|v| !v.is_empty() && !has_reference(v.expose()))
        };
        let port: Option<u16> = near(&["port"]).and_then(|p| p.expose().parse().ok());
        let Some((system, usual)) = system(stem, port, &near) else { continue };
        let host = value(setting, expand);
        let host = host.expose().to_ascii_lowercase();
        let class = host_class(&host);
        let is_name = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'));
        if host.is_empty() || !is_name || matches!(class, HostClass::Socket | HostClass::Unknown) || host.contains("example") {
            continue;
        }
        let text = |words: &[&str]| near(words).map(|v| v.expose().to_owned()).unwrap_or_default();
        let port = port.unwrap_or(usual);
        out.push((
            *setting,
            Target {
                system,
                host,
                port,
                user: text(&["user", "username", "login"]),
                password: near(&["password", "pass", "passwd", "pwd"]),
                database: if system == "smtp" { String::new() } else { text(&["database", "name", "db", "dbname"]) },
                asked: Tls::Unknown,
                direct: matches!((system, port), ("smtp", 465) | ("ldap", 636) | ("amqp", 5671) | ("redis", 6380)),
                class,
                by_way_of: None,
            },
        ));
    }
    out
}

/// The words of a name; libpq's have none between `PG` and what follows.
fn split(name: &str) -> Vec<String> {
    match name.strip_prefix("PG") {
        Some(rest @ ("HOST" | "PORT" | "USER" | "PASSWORD" | "DATABASE")) => vec!["pg".to_owned(), rest.to_ascii_lowercase()],
        _ => words(name),
    }
}

fn value(setting: &Setting, expand: &dyn Fn(&str) -> Secret) -> Secret {
    let expanded = expand(setting.value.expose());
    let text = expanded.expose();
    Secret::copy_of(innermost_default(text).of(text).trim())
}

fn system(stem: &[String], port: Option<u16>, near: &dyn Fn(&[&str]) -> Option<Secret>) -> Option<(&'static str, u16)> {
    let by_word = |word: &str| STEMS.iter().find(|(known, ..)| *known == word).map(|(_, system, port)| (*system, *port));
    if let Some(found) = stem.iter().find_map(|word| by_word(word)) {
        return Some(found);
    }
    if !stem.iter().any(|word| ANY.contains(&word.as_str())) {
        return None;
    }
    let said = near(&["connection", "type", "driver", "engine", "dialect", "client", "adapter"]);
    let by_kind = said.and_then(|kind| words(kind.expose()).iter().find_map(|word| by_word(word)));
    by_kind.or(match port {
        Some(5432) => Some(("postgres", 5432)),
        Some(3306) => Some(("mysql", 3306)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::formats;
    use crate::model::environment::Environment::Production;
    use crate::model::secret::Secret;

    #[test]
    fn parts_of_their_own_make_a_server() {
        let text = "PGHOST=pg.internal\nPGUSER=app\nPGPASSWORD=pw\nPGDATABASE=x\nDB_HOST=sql\nDB_CONNECTION=mysql\nDB_USERNAME=u\nDB_PASSWORD=p\n\
                    APP_HOST=me\nREDIS_HOST=127.0.0.1\nREDIS_PORT=6380\nMAIL_HOST=${MAIL}\nSMTP_HOST=smtp.example.com\n";
        let document = formats::parse(".env", text.as_bytes(), Production);
        let found = super::of(&document, &Secret::copy_of);
        let got: Vec<_> = found.iter().map(|(_, t)| (t.system, t.address(), t.user.as_str(), t.password.is_some(), t.direct)).collect();
        assert_eq!(
            got,
            [
                ("postgres", "pg.internal:5432".to_owned(), "app", true, false),
                ("mysql", "sql:3306".to_owned(), "u", true, false),
                ("redis", "127.0.0.1:6380".to_owned(), "", false, true),
            ]
        );
    }
}
