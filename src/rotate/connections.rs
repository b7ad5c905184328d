//! Which servers hold a secret: the connection strings that it stands in, or that refer to it.

use crate::dsn;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::span::Span;
use crate::model::template::{Part, has_reference, innermost_default, parts};
use crate::plan::SecretChange;

/// A server as a connection string names it.
#[derive(Clone)]
pub struct Connection {
    /// The setting, as it is shown.
    pub setting: String,
    /// The file.
    pub path: String,
    /// Registered name of the system.
    pub system: &'static str,
    /// The whole string, with the password that is in force.
    pub url: Secret,
    /// Host, as written.
    pub host: String,
    /// `HOST:PORT`, as written; the port may be missing.
    pub at: String,
    /// The account; empty for the default one.
    pub user: String,
}

/// The servers of a secret.
#[derive(Default)]
pub struct Servers {
    /// Those that are told: one for each account and host.
    pub told: Vec<Connection>,
    /// Settings that hold the secret for a server that cannot be told, and why.
    pub untold: Vec<(String, &'static str)>,
}

/// The servers of a secret.
#[must_use]
pub fn connections(documents: &[Document], change: &SecretChange) -> Servers {
    let mut out = Servers::default();
    let Some(old) = change.old() else { return out };
    for place in change.places.iter().filter(|place| place.in_url) {
        let Some(document) = documents.get(place.document) else { continue };
        let Some(setting) = document.settings.get(place.setting) else { continue };
        add(&mut out, document, setting, Secret::copy_of(string(setting).of(setting.value.expose())));
    }
    let names: Vec<&str> = change
        .places
        .iter()
        .filter(|p| !p.in_url)
        .filter_map(|p| Some(documents.get(p.document)?.settings.get(p.setting)?.name()))
        .collect();
    let live = documents.iter().flat_map(|d| d.settings.iter().map(move |s| (d, s)));
    for (document, setting) in live.filter(|(d, s)| s.role == Role::Live && d.environment_of(s) == Environment::Production) {
        if let Some(url) = filled(setting, &names, old) {
            add(&mut out, document, setting, url);
        }
    }
    out
}

/// The connection string within a value: the innermost default, without blanks.
fn string(setting: &Setting) -> Span {
    let value = setting.value.expose();
    innermost_default(value).trimmed(value)
}

/// A connection string whose password is a reference to one of `names`, with the password in the reference's place.
fn filled(setting: &Setting, names: &[&str], password: &Secret) -> Option<Secret> {
    let value = setting.value.expose();
    if !value.contains('$') {
        return None;
    }
    let text = string(setting).of(value);
    let span = dsn::parse(text)?.password?;
    let inner = span.of(text);
    let name = match &parts(inner)[..] {
        [Part::Reference(whole)] if whole.len() == inner.len() => name_in(inner),
        [Part::Fallback { name, whole, .. }] if whole.len() == inner.len() => name.of(inner),
        _ => return None,
    };
    // a password that would have to be escaped in a URL is not put into one
    let plain = password.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    (names.contains(&name) && plain).then(|| Secret::concat(&[&text[..span.start], password.expose(), &text[span.end..]]))
}

/// The name in `$NAME`, `${NAME}` or `${NAME:?what}`.
fn name_in(reference: &str) -> &str {
    let inner = reference.trim_start_matches('$').trim_start_matches('{');
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
    &inner[..end]
}

fn add(out: &mut Servers, document: &Document, setting: &Setting, url: Secret) {
    let text = url.expose();
    let Some(found) = dsn::parse(text) else { return };
    let Some(system) = dsn::system(&found, text).filter(|system| !system.is_any()) else { return };
    let user = found.user.map(|user| user.of(text)).unwrap_or_default();
    let shown_name = crate::model::shown::shown(setting.name()).into_owned();
    let [host] = found.hosts[..] else {
        out.untold.push((shown_name, if found.hosts.is_empty() { "it names no host" } else { "it names several hosts" }));
        return;
    };
    let name = host.name.of(text);
    let at = host.port.map_or_else(|| name.to_owned(), |port| format!("{name}:{}", port.of(text)));
    if has_reference(&at) || has_reference(user) {
        out.untold.push((shown_name, "its host or user is said elsewhere"));
        return;
    }
    if found.param(text, "host").is_some() || found.param(text, "hostaddr").is_some() {
        out.untold.push((shown_name, "a parameter names another host"));
        return;
    }
    let same = |other: &&Connection| other.system == system.name() && other.at == at && other.user == user;
    if !out.told.iter().any(|other| same(&other)) {
        let (host, user) = (name.to_owned(), user.to_owned());
        let setting = shown_name;
        out.told.push(Connection { setting, path: document.path.clone(), system: system.name(), url, host, at, user });
    }
}
