//! Servers whose parts are settings of their own: `PGHOST`, `PGPORT`, `PGUSER`; `REDIS_HOST`; `DB_HOST` with `DB_CONNECTION=mysql`; a connection
//! string without a password beside its account, as `spring.datasource.url`.

use super::beside::{HOST, PASSWORD, STRING, USER, beside, is_named, split};
use crate::dsn::{self, HostClass, host_class};
use crate::keygen::percent_encoded;
use crate::model::document::Document;
use crate::model::key_path::words;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::template::{has_reference, innermost_default};

/// What the names begin with, by system.
const STEMS: &[(&str, &str)] = &[
    ("pg", "postgres"),
    ("postgres", "postgres"),
    ("postgresql", "postgres"),
    ("pgsql", "postgres"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("redis", "redis"),
    ("valkey", "redis"),
    ("mongo", "mongodb"),
    ("mongodb", "mongodb"),
    ("rabbitmq", "amqp"),
    ("amqp", "amqp"),
    ("smtp", "smtp"),
    ("mail", "smtp"),
    ("email", "smtp"),
    ("ldap", "ldap"),
];

/// Databases that are called so; the system is said by another setting, or by the port.
const ANY: &[&str] = &["db", "database", "sql"];

/// A server whose parts are settings of one map.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The setting that names the host, by index: a name, or a connection string without a password.
    pub host: usize,
    /// The setting with the account, by index, where there is one.
    pub user: Option<usize>,
    /// The setting with the password, by index, where there is one.
    pub password: Option<usize>,
    /// All in one connection string. An account or a password that is said elsewhere is not in it.
    pub url: Secret,
}

/// The servers that `document` tells by parts. `expand` follows references.
#[must_use]
pub fn parts(document: &Document, expand: &dyn Fn(&str) -> Secret) -> Vec<Parts> {
    let live = document.settings.iter().enumerate().filter(|(_, s)| s.role == Role::Live);
    // of what stands twice nobody here knows which counts
    let twice = |setting: &Setting| {
        document.settings.iter().filter(|s| s.role == Role::Live && s.part == setting.part && s.key == setting.key).count() > 1
    };
    let found = live.filter_map(|(index, setting)| {
        if is_named(setting, HOST) {
            by_host(document, index, setting, expand)
        } else if is_named(setting, STRING) {
            by_string(document, index, setting, expand)
        } else {
            None
        }
    });
    let told = |parts: &Parts| {
        let all = [Some(parts.host), parts.user, parts.password];
        !all.into_iter().flatten().any(|index| document.settings.get(index).is_some_and(twice))
    };
    found.filter(told).collect()
}

fn by_host(document: &Document, index: usize, setting: &Setting, expand: &dyn Fn(&str) -> Secret) -> Option<Parts> {
    let name = split(setting.name());
    let (_, stem) = name.split_last()?;
    // in a map of its own the map's name says what `host` is for
    let about = if stem.is_empty() { words(setting.key.parent_name()) } else { stem.to_vec() };
    let near = |last: &[&str]| beside(document, setting, last).and_then(|i| known(document.settings.get(i)?, expand));
    let port: Option<u16> = near(&["port"]).and_then(|p| p.expose().parse().ok());
    let system = system(&about, port, &near)?;
    let host = value(setting, expand);
    let host = host.expose().to_ascii_lowercase();
    let is_name = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'));
    let class = host_class(&host);
    if host.is_empty() || !is_name || matches!(class, HostClass::Socket | HostClass::Unknown) || host.contains("example") {
        return None;
    }
    let tls = near(&["tls", "ssl"]).is_some_and(|on| matches!(on.expose().to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"))
        || near(&["scheme"]).is_some_and(|scheme| matches!(scheme.expose(), "tls" | "rediss" | "amqps"));
    let tls = tls || matches!((system, port), ("redis", Some(6380)) | ("amqp", Some(5671)));
    let scheme = match system {
        "redis" if tls => "rediss",
        "amqp" if tls => "amqps",
        _ => system,
    };
    let database = near(&["database", "name", "db", "dbname"]).filter(|_| system != "smtp").map(|db| percent_encoded(&db));
    let bracketed = if host.contains(':') { format!("[{host}]") } else { host };
    let host = port.map_or_else(|| bracketed.clone(), |port| format!("{bracketed}:{port}"));
    let path = database.as_ref().map_or("", |_| "/");
    let url = Secret::concat(&[scheme, "://", &host, path, database.as_ref().map_or("", Secret::expose)]);
    complete(document, index, setting, &url, expand)
}

/// A connection string that names no password, where one stands beside it.
fn by_string(document: &Document, index: usize, setting: &Setting, expand: &dyn Fn(&str) -> Secret) -> Option<Parts> {
    let url = value(setting, expand);
    let text = url.expose();
    let found = dsn::parse(text).filter(|found| found.password.is_none() && !found.scheme.is_empty())?;
    dsn::system(&found, text).filter(|system| !system.is_any())?;
    beside(document, setting, PASSWORD)?;
    complete(document, index, setting, &url, expand)
}

/// `url`, which has no password, with the account that stands beside `setting`.
fn complete(document: &Document, host: usize, setting: &Setting, url: &Secret, expand: &dyn Fn(&str) -> Secret) -> Option<Parts> {
    let text = url.expose();
    let found = dsn::parse(text)?;
    let (user, password) = (beside(document, setting, USER), beside(document, setting, PASSWORD));
    let at = |index: Option<usize>| index.and_then(|i| known(document.settings.get(i)?, expand)).filter(|v| !v.is_empty());
    let start = found.scheme.end + "://".len();
    let (account, end) = match found.user {
        Some(own) => (Some(Secret::copy_of(own.of(text))), own.end + usize::from(text.get(own.end..).is_some_and(|t| t.starts_with('@')))),
        None => (at(user).map(|user| percent_encoded(&user)), start),
    };
    // a user among the parameters stays there, and is said once more
    let end = if found.user.is_none_or(|own| own.start == start) { end } else { start };
    let secret = at(password).map(|password| percent_encoded(&password));
    let colon = if secret.is_some() { ":" } else { "" };
    let mark = if account.is_some() || secret.is_some() { "@" } else { "" };
    let exposed = |part: &Option<Secret>| part.as_ref().map_or("", Secret::expose).to_owned();
    let (account, secret) = (zeroize::Zeroizing::new(exposed(&account)), zeroize::Zeroizing::new(exposed(&secret)));
    let url = Secret::concat(&[text.get(..start)?, &account, colon, &secret, mark, text.get(end..)?]);
    let empty = |index: &usize| document.settings.get(*index).is_some_and(|s| s.value.expose().trim().is_empty());
    let user = user.filter(|index| found.user.is_none() && !empty(index));
    Some(Parts { host, user, password, url })
}

/// The value of a setting, with what references go to; `None` where they go to nothing that is known.
fn known(setting: &Setting, expand: &dyn Fn(&str) -> Secret) -> Option<Secret> {
    Some(value(setting, expand)).filter(|v| !v.is_empty() && !has_reference(v.expose()))
}

fn value(setting: &Setting, expand: &dyn Fn(&str) -> Secret) -> Secret {
    let expanded = expand(setting.value.expose());
    let text = expanded.expose();
    Secret::copy_of(innermost_default(text).of(text).trim())
}

fn system(about: &[String], port: Option<u16>, near: &dyn Fn(&[&str]) -> Option<Secret>) -> Option<&'static str> {
    let by_word = |word: &str| STEMS.iter().find(|(known, _)| *known == word).map(|(_, system)| *system);
    if let Some(found) = about.iter().find_map(|word| by_word(word)) {
        return Some(found);
    }
    if !about.iter().any(|word| ANY.contains(&word.as_str())) {
        // Rails and Sequelize name the map after the environment
        let adapter = near(&["adapter", "dialect"])?;
        return words(adapter.expose()).iter().find_map(|word| by_word(word));
    }
    let said = near(&["connection", "type", "driver", "engine", "dialect", "client", "adapter"]);
    let by_kind = said.and_then(|kind| words(kind.expose()).iter().find_map(|word| by_word(word)));
    by_kind.or(match port {
        Some(5432) => Some("postgres"),
        Some(3306) => Some("mysql"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use crate::formats;
    use crate::model::environment::Environment::Production;
    use crate::model::secret::Secret;

    fn urls(path: &str, text: &str) -> Vec<String> {
        let document = formats::parse(path, text.as_bytes(), Production);
        super::parts(&document, &Secret::copy_of).iter().map(|parts| parts.url.expose().to_owned()).collect()
    }

    #[test]
    fn parts_of_their_own_make_a_server() {
        let text = "PGHOST=pg.internal\nPGUSER=app\nPGPASSWORD=p w\nPGDATABASE=x\nDB_HOST=sql\nDB_CONNECTION=mysql\nDB_USERNAME=u\nDB_PASSWORD=p\n\
                    APP_HOST=me\nREDIS_HOST=127.0.0.1\nREDIS_PORT=6380\nMAIL_HOST=${MAIL}\nSMTP_HOST=smtp.example.com\n";
        assert_eq!(urls(".env", text), ["postgres://app:p%20w@pg.internal/x", "mysql://u:p@sql", "rediss://127.0.0.1:6380"]);
        assert_eq!(urls(".env", "CACHE_REDIS_HOST=r\nCACHE_REDIS_PASSWORD=p@\nCACHE_REDIS_TLS=true\n"), ["rediss://:p%40@r"]);
        let map = "database:\n  host: db\n  port: 5432\n  user: u\n  password: p\n  name: n\n";
        assert_eq!(urls("a.yaml", map), ["postgres://u:p@db:5432/n"]);
    }

    #[test]
    fn an_account_beside_a_connection_string_is_put_into_it() {
        let spring =
            "spring.datasource.url=jdbc:postgresql://db/x?ssl=true\nspring.datasource.username=u\nspring.datasource.password=p:w\n";
        assert_eq!(urls("application-prod.properties", spring), ["jdbc:postgresql://u:p%3Aw@db/x?ssl=true"]);
        assert_eq!(urls(".env", "DB_URL=postgres://own@db/x\nDB_USER=u\nDB_PASSWORD=p\n"), ["postgres://own:p@db/x"]);
        assert_eq!(urls(".env", "DB_URL=postgres://u:p@db/x\nDB_PASSWORD=p\nAPI_URL=https://acme.io\nAPI_PASSWORD=p\n"), [""; 0]);
    }
}
