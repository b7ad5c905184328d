//! Which servers the settings of documents name, each once, with every place that names it.

use crate::dsn::{self, Style, Tls};
use crate::endpoints::{Index, References, parts};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::template::innermost_default;
use crate::wire::{NoTarget, Target};

/// Where a server is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user will see it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The setting's path.
    pub key: String,
}

/// An account that settings hold for a server.
#[derive(Clone, Debug)]
pub struct Login {
    /// The account, and the password.
    pub target: Target,
    /// Where it stands.
    pub places: Vec<Place>,
}

/// A server, and all that is written of it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The server; its account is that of the first place.
    pub target: Target,
    /// How the least careful of the places protects the connection.
    pub asked: Tls,
    /// Every place.
    pub places: Vec<Place>,
    /// The accounts with a password, each once.
    pub logins: Vec<Login>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// By the first place that names them.
    pub connections: Vec<Connection>,
    /// What names no server that can be asked, and why.
    pub left_out: Vec<(Place, NoTarget)>,
}

/// Gathers the servers of `documents`. Examples, comments, documents for people and programs name none that is anybody's.
#[must_use]
pub fn find(documents: &[Document]) -> Found {
    let mut found = Found::default();
    let index = Index::of(documents);
    for (d, document) in documents.iter().enumerate().filter(|(_, d)| d.environment != Environment::Example && !is_prose(d)) {
        let known = index.references(d);
        let servers = parts(document, &|text| known.expand(text));
        let whole = |index: &usize| !servers.iter().any(|server| server.host == *index);
        let settings = document.settings.iter().enumerate().filter(|(index, _)| whole(index)).map(|(_, setting)| setting);
        for setting in settings.filter(|s| matches!(s.role, Role::Live | Role::Argument)) {
            let place = || place(document, setting);
            for target in of_value(document, setting.value.expose(), &known) {
                match target {
                    Ok(target) => add(&mut found.connections, target, place()),
                    Err(why) => found.left_out.push((place(), why)),
                }
            }
        }
        for server in servers {
            let (Some(setting), Some(dsn)) = (document.settings.get(server.host), dsn::parse(server.url.expose())) else { continue };
            let whole = dsn::parse(setting.value.expose()).is_some();
            for target in Target::of(&dsn, server.url.expose()) {
                match target {
                    Ok(target) => {
                        // how a driver that is given a host protects the connection is not written there
                        let asked = if whole { target.asked } else { Tls::Unknown };
                        add(&mut found.connections, Target { asked, ..target }, place(document, setting));
                    }
                    Err(why) => found.left_out.push((place(document, setting), why)),
                }
            }
        }
    }
    found
}

/// Formats whose settings are texts that look like some.
fn is_prose(document: &Document) -> bool {
    matches!(document.format, "text" | "code")
}

fn place(document: &Document, setting: &Setting) -> Place {
    let line = document.lines.line(setting.span.start);
    Place { file: document.path.clone(), line, key: setting.key.to_string() }
}

/// The servers that a setting of document `d` would name if `value` were in it, each with what it asks of TLS then.
#[must_use]
pub fn named_by(index: &Index<'_>, d: usize, value: &Secret) -> Vec<Result<Target, NoTarget>> {
    index.documents.get(d).map(|document| of_value(document, value.expose(), &index.references(d))).unwrap_or_default()
}

fn of_value(document: &Document, value: &str, known: &References<'_>) -> Vec<Result<Target, NoTarget>> {
    if value.len() > 4096 || !value.contains(['=', ':']) {
        return Vec::new();
    }
    let expanded = known.expand(value);
    let text = expanded.expose();
    let text = innermost_default(text).of(text).trim();
    let Some(dsn) = dsn::parse(text) else { return Vec::new() };
    let Some(system) = dsn::system(&dsn, text) else { return Vec::new() };
    // a list of five words is hardly ever a server's; a page on the web is not a deployment's server
    if dsn.style == Style::Colons || (system.is_any() && !is_of_deployment(document)) {
        return Vec::new();
    }
    Target::of(&dsn, text)
}

/// Whether what a file sets is handed to programs that run: there a URL is one that they call.
fn is_of_deployment(document: &Document) -> bool {
    matches!(document.format, "env" | "compose" | "kubernetes" | "dockerfile")
}

fn add(connections: &mut Vec<Connection>, target: Target, place: Place) {
    let Some(connection) = connections.iter_mut().find(|known| known.target.is_at(&target)) else {
        let login = login(&target, &place);
        connections.push(Connection { asked: target.asked, target, places: vec![place], logins: login.into_iter().collect() });
        return;
    };
    connection.asked = connection.asked.min(target.asked);
    if let Some(login) = login(&target, &place) {
        let twin = connection.logins.iter_mut().find(|l| {
            let password = l.target.password.as_ref().zip(target.password.as_ref());
            l.target.user == target.user && password.is_some_and(|(a, b)| a.same_as(b))
        });
        match twin {
            Some(twin) => twin.places.push(place.clone()),
            None => connection.logins.push(login),
        }
    }
    connection.places.push(place);
}

/// The account, where a password is written and the user is known.
fn login(target: &Target, place: &Place) -> Option<Login> {
    let written = target.password.as_ref().is_some_and(|p| !p.is_empty());
    let elsewhere = crate::model::template::has_reference(&target.user);
    (written && !elsewhere).then(|| Login { target: target.clone(), places: vec![place.clone()] })
}

#[cfg(test)]
mod tests {
    use super::{Found, find};
    use crate::formats;
    use crate::model::environment::Environment::{self, Example, Production};

    fn found(files: &[(&str, &str, Environment)]) -> Found {
        let documents: Vec<_> = files.iter().map(|(path, text, e)| formats::parse(path, text.as_bytes(), *e)).collect();
        find(&documents)
    }

    fn addresses(found: &Found) -> Vec<String> {
        found.connections.iter().map(|c| format!("{} {} {}", c.target.system, c.target.address(), c.target.user)).collect()
    }

    #[test]
    fn one_server_is_one_connection_wherever_it_is_named() {
        let found = found(&[
            (".env", "A=postgres://a:one@db/x?sslmode=verify-full\nB=postgresql://b:two@DB:5432/y\nC=postgres://a:one@db/z\n", Production),
            (".env.example", "D=postgres://a:b@other/x\n", Example),
            ("README.md", "```\nexport E=postgres://a:b@third/x\n```\n", Production),
        ]);
        assert_eq!(addresses(&found), ["postgres db:5432 a"]);
        let connection = &found.connections[0];
        assert_eq!((connection.places.len(), connection.logins.len(), connection.asked.word()), (3, 2, "absent"));
        assert_eq!(connection.logins[0].places.len(), 2, "one account, one try");
    }

    #[test]
    fn references_are_followed_where_compose_would() {
        let compose = "services:\n  app:\n    environment:\n      URL: postgres://${PGUSER:-nobody}:${PW}@${HOST-db}:5432/app\n      OTHER: redis://:${UNSET}@${NOWHERE}/0\n";
        let found = found(&[(".env", "PW=pw\nPGUSER=app\nLOOP=${LOOP}x\n", Production), ("docker-compose.yml", compose, Production)]);
        assert_eq!(addresses(&found), ["postgres db:5432 app"]);
        assert_eq!(found.connections[0].logins[0].target.password.as_ref().unwrap().expose(), "pw");
        assert_eq!(found.left_out.len(), 1);
    }

    #[test]
    fn pages_on_the_web_are_nobodys_server() {
        let found = found(&[
            ("package.json", "{\"homepage\": \"https://acme.io/x\", \"db\": \"mysql://u:p@sql/x\"}", Production),
            (".env", "API_URL=https://api.acme.io/v1\n", Production),
        ]);
        assert_eq!(addresses(&found), ["mysql sql:3306 u", "http api.acme.io:443 "]);
    }
}
