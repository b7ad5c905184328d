//! Settings that belong together by their names: `DB_USER` to `DB_PASSWORD`, `username` to `password` in one map.

use crate::model::document::Document;
use crate::model::key_path::words;
use crate::model::setting::{Role, Setting};
use crate::model::span::Span;
use crate::model::template::innermost_default;

/// Where a connection string stands in the value of a setting: the innermost default, without blanks.
#[must_use]
pub fn string_in(setting: &Setting) -> Span {
    let value = setting.value.expose();
    innermost_default(value).trimmed(value)
}

/// Last words of names of accounts.
pub const USER: &[&str] = &["user", "username", "login"];
/// Last words of names of passwords.
pub const PASSWORD: &[&str] = &["password", "pass", "passwd", "pwd"];

/// Last words of names of connection strings.
pub const STRING: &[&str] = &["url", "uri", "dsn"];

/// Last words of names of hosts.
pub const HOST: &[&str] = &["host", "hostname", "server"];

/// Whether the last word of a setting's name is one of `last`.
#[must_use]
pub fn is_named(setting: &Setting, last: &[&str]) -> bool {
    split(setting.name()).last().is_some_and(|word| last.contains(&word.as_str()))
}

/// The setting that belongs to `setting` and ends with one of `last`, by index: of the same map, and of the same name up to its last word. The
/// first where there are several; never the setting itself.
#[must_use]
pub fn beside(document: &Document, setting: &Setting, last: &[&str]) -> Option<usize> {
    all_beside(document, setting, last).first().copied()
}

/// All that [`beside`] gives the first of.
#[must_use]
pub fn all_beside(document: &Document, setting: &Setting, last: &[&str]) -> Vec<usize> {
    let name = split(setting.name());
    let Some((_, stem)) = name.split_last() else { return Vec::new() };
    let (scope, item) = (setting.key.scope_segments(), setting.key.list_item());
    let fits = |other: &Setting| {
        let near = other.role == Role::Live && other.part == setting.part && other.key != setting.key;
        // without a name in common, the items of a list are of different accounts
        near && other.key.scope_segments() == scope
            && (!stem.is_empty() || other.key.list_item() == item)
            && split(other.name()).split_last().is_some_and(|(end, head)| head == stem && last.contains(&end.as_str()))
    };
    document.settings.iter().enumerate().filter(|(_, other)| fits(other)).map(|(index, _)| index).collect()
}

/// The words of a name; libpq's have none between `PG` and what follows.
pub(super) fn split(name: &str) -> Vec<String> {
    match name.strip_prefix("PG") {
        Some(rest @ ("HOST" | "PORT" | "USER" | "PASSWORD" | "DATABASE")) => vec!["pg".to_owned(), rest.to_ascii_lowercase()],
        _ => words(name),
    }
}

#[cfg(test)]
mod tests {
    use super::{USER, beside};
    use crate::formats;
    use crate::model::environment::Environment::Production;

    #[test]
    fn an_account_belongs_to_a_password_of_its_map_and_name() {
        for (path, text, password, user) in [
            (".env", "DB_USER=a\nDB_PASSWORD=p\n", "DB_PASSWORD", Some("a")),
            (".env", "PGUSER=a\nPGPASSWORD=p\n", "PGPASSWORD", Some("a")),
            (".env", "DB_USER=a\nMAIL_PASSWORD=p\n", "MAIL_PASSWORD", None),
            ("a.yaml", "db:\n  username: a\n  password: p\nother:\n  username: b\n", "password", Some("a")),
            ("a.yaml", "users:\n  - login: a\n  - login: b\n    password: p\n", "password", Some("b")),
            ("a.properties", "spring.datasource.username=a\nspring.datasource.password=p\n", "spring.datasource.password", Some("a")),
        ] {
            let document = formats::parse(path, text.as_bytes(), Production);
            let own = document
                .settings
                .iter()
                .find(|s| s.key.to_string().ends_with(password))
                .or_else(|| document.settings.iter().find(|s| s.name() == password));
            let found = beside(&document, own.unwrap(), USER).map(|index| document.settings[index].value.expose());
            assert_eq!(found, user, "{text}");
        }
    }
}
