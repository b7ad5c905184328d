//! What says that something goes live, however little the file or its part seems to matter: words of names, and hosts that are neither this
//! machine nor one that a run starts. A default password for a server that others reach is no default of development.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks;
use crate::model::document::Document;
use crate::model::key_path::{KeyPath, words};
use crate::model::setting::{Role, Setting};
use crate::model::span::Span;

/// Whether a word of `name` says production, whatever the rest of it says: a name for a password, a host, a map.
pub(super) fn says_production(name: &str) -> bool {
    words(name).iter().any(|w| matches!(w.as_str(), "prod" | "production" | "staging" | "preprod" | "preproduction"))
}

/// Whether a word of `name` says that something goes live by it: a job, a stage, a branch, a command.
pub(super) fn goes_live(name: &str) -> bool {
    const WORDS: &[&str] =
        &["deploy", "deploys", "deployment", "release", "publish", "production", "prod", "staging", "live", "delivery", "ship"];
    words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// Whether a command of this name is one for development: `dev`, `test:e2e`, and not `deploy-test-to-production`.
pub(super) fn is_development_command(name: &str) -> bool {
    let development = |w: &str| matches!(w, "dev" | "development" | "test" | "tests" | "local" | "e2e");
    words(name).iter().any(|w| development(w)) && !says_production(name) && !words(name).iter().any(|w| w.starts_with("deploy"))
}

/// Which settings of a document have to do with a server that others reach.
pub(super) struct Live<'d> {
    document: &'d Document,
    /// Names of such servers, by the map in which they stand.
    hosts: BTreeMap<(usize, KeyPath), Vec<&'d Setting>>,
}

impl<'d> Live<'d> {
    pub(super) fn of(document: &'d Document) -> Self {
        let mut hosts: BTreeMap<(usize, KeyPath), Vec<&Setting>> = BTreeMap::new();
        for setting in document.settings.iter().filter(|s| s.role != Role::Commented) {
            let named = words(setting.name()).last().is_some_and(|w| HOSTS.contains(&w.as_str()));
            if named && (is_live_host(bare_host(setting.value.expose())) || leads_to_live(setting.value.expose())) {
                let list = hosts.entry((setting.part, setting.key.scope())).or_default();
                if list.len() < MOST_HOSTS {
                    list.push(setting);
                }
            }
        }
        Self { document, hosts }
    }

    /// Whether `setting` is for such a server: by its name, its value, the command it stands in, or the host beside it.
    pub(super) fn is_for(&self, setting: &Setting) -> bool {
        says_production(setting.name())
            || leads_to_live(setting.value.expose())
            || leads_to_live(self.command(setting))
            || self.beside(setting)
            || self.in_object(setting)
    }

    /// Whether the object of a program in which the setting stands names such a host: `{ host: 'db.acme.io', password: '..' }`.
    fn in_object(&self, setting: &Setting) -> bool {
        if self.document.format != "code" {
            return false;
        }
        let named = |member: &str| {
            let (name, value) = member.split_once([':', '=']).unwrap_or((member, ""));
            let quote = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ';');
            let value = value.trim_matches(quote);
            words(name).last().is_some_and(|w| HOSTS.contains(&w.as_str())) && (is_live_host(bare_host(value)) || leads_to_live(value))
        };
        blocks::inside(&self.document.text, setting.span.start).split(['\n', ',', '{', '}']).any(named)
    }

    /// The line of a command that the setting stands in; empty for any other.
    fn command(&self, setting: &Setting) -> &'d str {
        let document: &'d Document = self.document;
        let names = || setting.key.names().any(|n| matches!(n, "scripts" | "tasks" | "script" | "run" | "command" | "commands"));
        let of_command =
            matches!(setting.role, Role::Argument | Role::Prose) || matches!(document.format, "code" | "text" | "shell") || names();
        if of_command { line_around(&document.text, setting.span.start) } else { "" }
    }

    /// Whether a host stands beside it that belongs to it: `DB_HOST` to `DB_PASSWORD`, `host` to all of its map.
    fn beside(&self, setting: &Setting) -> bool {
        let Some(list) = self.hosts.get(&(setting.part, setting.key.scope())) else { return false };
        let own = words(setting.name());
        list.iter().filter(|host| host.key != setting.key).any(|host| {
            let other = words(host.name());
            let whole_map = other.len() == 1 && !setting.key.scope().segments().is_empty();
            whole_map && own.len() == 1 || other.first() == own.first()
        })
    }
}

/// Hosts of one map that are compared with.
const MOST_HOSTS: usize = 32;

/// Last words of names of hosts.
const HOSTS: &[&str] =
    &["host", "hostname", "server", "address", "addr", "url", "uri", "dsn", "endpoint", "registry", "repo", "domain", "ssh"];

/// Bytes of a line that are looked at on either side.
const FARTHEST: usize = 2048;

/// The line of `at`, without a comment behind it.
pub(super) fn line_around(text: &str, at: usize) -> &str {
    let window = Span::new(at.saturating_sub(FARTHEST), at.saturating_add(FARTHEST)).narrowed(text);
    let at = at.clamp(window.start, window.end);
    let (Some(before), Some(after)) = (text.get(window.start..at), text.get(at..window.end)) else { return "" };
    let start = before.rfind('\n').map_or(window.start, |i| window.start + i + 1);
    let end = after.find('\n').map_or(window.end, |i| at + i);
    let line = text.get(start..end).unwrap_or("");
    line.find(" # ").and_then(|i| line.get(..i)).unwrap_or(line)
}

/// Whether `text`, a value or a command, leads to a host that others reach.
pub(super) fn leads_to_live(text: &str) -> bool {
    // values are mostly words
    text.len() <= MOST && text.contains(['.', '@', ':', '-']) && hosts_in(text).into_iter().any(is_live_host)
}

/// Bytes of a value that may be an address or a command.
const MOST: usize = 8192;

/// Hosts that `text` names as such: of a URL, behind the `@` of an account, behind an option for a host, or a name that can be nothing else.
fn hosts_in(text: &str) -> BTreeSet<&str> {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    let cut = |rest: &'_ str| rest.find(ends).unwrap_or(rest.len());
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("://") {
        let rest = text.get(at + 3..).unwrap_or("");
        let end = rest.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '\\' | '`' | '<' | '>') || c.is_whitespace());
        let authority = rest.get(..end.unwrap_or(rest.len())).unwrap_or("");
        let list = authority.rsplit_once('@').map_or(authority, |(_, list)| list);
        found.extend(list.split(',').filter_map(|host| host.get(..cut(host))));
    }
    for (at, _) in text.match_indices('@') {
        let account = text.get(..at).is_some_and(|b| b.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '}' | ')' | '"' | '\'')));
        let rest = text.get(at + 1..).filter(|_| account).unwrap_or("");
        found.extend(rest.get(..cut(rest)));
    }
    let mut option = false;
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';' | '`' | '[' | ']' | '(' | ')')) {
        let said = word.strip_prefix("--host=").or_else(|| word.strip_prefix("-h").filter(|host| host.contains('.')));
        let host = bare_host(said.unwrap_or(word));
        if said.is_some() || option || is_full_name(host) {
            found.insert(host);
        }
        option = matches!(word, "-h" | "--host" | "--hostname" | "--server");
    }
    found.remove("");
    found
}

/// `value` without its port.
fn bare_host(value: &str) -> &str {
    let host = value.trim();
    host.rsplit_once(':').filter(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(host, _)| host)
}

/// Whether `text` can be nothing but the name of a host: three labels, the last one of those under which most names stand.
fn is_full_name(text: &str) -> bool {
    const TOP: &[&str] = &[
        "com", "net", "org", "io", "dev", "cloud", "app", "co", "ai", "tech", "info", "biz", "eu", "de", "uk", "fr", "nl", "ch", "at",
        "us", "ca", "au", "jp", "in", "br", "it", "es", "pl", "se", "no", "dk", "fi", "be", "cz",
    ];
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.split('.').count() >= 3 && text.split('.').all(label) && text.rsplit('.').next().is_some_and(|last| TOP.contains(&last))
}

/// Whether `host` is one that others reach: by its own word, or a name or address that is none of this machine, its network or a container.
fn is_live_host(host: &str) -> bool {
    const NEAR: &[&str] =
        &["local", "localhost", "localdomain", "test", "internal", "lan", "home", "docker", "example", "invalid", "svc", "arpa", "ddev"];
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if host.len() > 253 || !host.split('.').all(label) {
        return false;
    }
    if says_production(host) {
        return true;
    }
    if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
        return !(address.is_private() || address.is_loopback() || address.is_unspecified() || address.is_link_local());
    }
    let last = host.rsplit('.').next().unwrap_or("");
    host.contains('.') && last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic()) && !NEAR.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::{is_development_command, leads_to_live};

    #[test]
    fn servers_that_others_reach_are_told_from_those_of_a_run() {
        for text in [
            "postgres://shop:x@db.acme.io/shop",
            "sshpass -p x ssh root@prod.acme.io",
            "docker login -u admin -p x registry.acme.io",
            "mysql -h db-prod -u root",
            "mysql --host=prod-db",
            "ssh deploy@203.0.113.7",
            "mongodb://a:b@one,db.acme.io:27017/x",
        ] {
            assert!(leads_to_live(text), "{text}");
        }
        for text in [
            "postgres://shop:x@localhost:5432/shop",
            "postgres://shop:x@postgres/shop",
            "redis://10.0.0.7:6379",
            "mysql -h 127.0.0.1 -u root",
            "http://host.docker.internal:8080",
            "docker compose -f docker-compose.test.yml up",
            "uses: actions/checkout@v4",
            "npx lodash@4.17.21",
            "image: registry.acme.io/db:16",
            "a-b",
        ] {
            assert!(!leads_to_live(text), "{text}");
        }
    }

    #[test]
    fn a_command_that_goes_live_is_none_for_development() {
        for name in ["dev", "test:e2e", "run-tests", "test"] {
            assert!(is_development_command(name), "{name}");
        }
        for name in ["test-production", "prod-local-tunnel", "deploy-test-to-production", "run", "deploy"] {
            assert!(!is_development_command(name), "{name}");
        }
    }
}
