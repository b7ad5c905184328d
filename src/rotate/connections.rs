//! Which servers hold a secret: the connection strings that it stands in, or that refer to it.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use crate::dsn;
use crate::endpoints::{HOST, Index, Parts, References, STRING, first_of, parts, referred, string_in};
use crate::keygen::percent_encoded;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::shown::shown;
use crate::model::span::Span;
use crate::model::template::has_reference;
use crate::plan::SecretChange;

/// A server as a connection string names it.
#[derive(Clone)]
pub struct Connection {
    /// The setting that it is told from, as it is shown.
    pub setting: String,
    /// Every setting that tells it: the file, and what the setting is called there.
    pub told_by: Vec<(String, String)>,
    /// Registered name of the system.
    pub system: &'static str,
    /// The whole string, with the password that is in force.
    pub url: Secret,
    /// `HOST:PORT`, as written; the port may be missing.
    pub at: String,
    /// The host, lower case, and the port in force: written, or the system's own.
    pub place: (String, Option<u16>),
    /// The account; empty for the default one.
    pub user: String,
}

/// How closely a name says which setting it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// By the setting's name alone.
    Name,
    /// Behind the end of its file's path.
    File,
    /// Behind all of it.
    Path,
}

/// How closely `name` means the setting that is called `own` in the file `path`: by its name, alone or behind its file, `apps/web/.env:NAME`.
/// `None` where it means another.
#[must_use]
pub fn closeness(path: &str, own: &str, name: &str) -> Option<Closeness> {
    if own.eq_ignore_ascii_case(name) {
        return Some(Closeness::Name);
    }
    // the setting's own name may have colons
    let at = name.len().checked_sub(own.len()).filter(|at| name.get(*at..).is_some_and(|end| end.eq_ignore_ascii_case(own)))?;
    let file = name.get(..at)?.strip_suffix(':')?.trim_start_matches("./");
    let path = path.trim_start_matches("./");
    let before = path.strip_suffix(file).filter(|_| !file.is_empty())?;
    if before.is_empty() {
        return Some(Closeness::Path);
    }
    before.ends_with('/').then_some(Closeness::File)
}

/// How closely `name` means one of the settings of [`Connection::told_by`].
#[must_use]
pub fn told_by(settings: &[(String, String)], name: &str) -> Option<Closeness> {
    settings.iter().filter_map(|(path, own)| closeness(path, own, name)).max()
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
pub fn connections(index: &Index<'_>, change: &SecretChange) -> Servers {
    let documents = index.documents;
    let mut out = Servers::default();
    let Some(old) = change.old() else { return out };
    let holders: BTreeSet<usize> = change.places.iter().map(|place| place.document).collect();
    let held: BTreeSet<(usize, usize)> = change.places.iter().map(|place| (place.document, place.setting)).collect();
    // two projects may give one name to two secrets
    let is_ours = |d: usize, name: &str| index.said(&holders, d, name).iter().any(|said| held.contains(said));
    // as a document is read itself, and in the files that hold the password
    let others = first_of(change.places.iter().filter_map(|place| documents.get(place.document)));
    let known = |d: usize| index.references(d).or(&others);
    for place in change.places.iter().filter(|place| place.in_url) {
        let Some((document, setting)) = place.setting_in(documents) else { continue };
        let text = string_in(setting).of(setting.value.expose());
        let Some(password) = dsn::parse(text).and_then(|found| found.password) else { continue };
        add(&mut out, (document, setting), expanded(text, password, password.of(text), &known(place.document)));
    }
    let own = change.places.iter().filter(|p| !p.in_url);
    let names: BTreeSet<&str> = own.filter_map(|place| Some(place.setting_in(documents)?.1.name())).collect();
    let referring: BTreeSet<(usize, usize)> = names.iter().flat_map(|name| index.referring(name)).copied().collect();
    let asked: BTreeSet<usize> = holders.iter().copied().chain(referring.iter().map(|(d, _)| *d)).collect();
    // most of what refers to such a name is of other projects, and need not be read
    for d in asked.into_iter().filter(|d| holders.contains(d) || names.iter().any(|name| is_ours(*d, name))) {
        let Some(document) = documents.get(d) else { continue };
        let live = |s: &Setting| s.role == Role::Live && document.environment_of(s) == Environment::Production;
        let ours = |name: &str| names.contains(name) && is_ours(d, name);
        let in_it = referring.range((d, 0)..=(d, usize::MAX)).filter_map(|(_, s)| document.settings.get(*s));
        let in_it: Vec<&Setting> = in_it.filter(|setting| live(setting)).collect();
        let known = LazyCell::new(|| known(d));
        for setting in &in_it {
            if let Some((text, password)) = refers(setting, &ours) {
                let escaped = escaped(text, old);
                add(&mut out, (document, setting), expanded(text, password, escaped.expose(), &known));
            }
        }
        // only where one of its settings is the password, or says that it is
        let says = |setting: &Setting| live(setting) && referred(setting.value.expose()).is_some_and(&ours);
        let password = |s: usize| document.settings.get(s).is_some_and(|setting| held.contains(&(d, s)) && live(setting) || says(setting));
        if holders.contains(&d) || in_it.iter().any(|setting| says(setting)) {
            for server in parts(document, &|text| known.expand(text)) {
                if let Some(setting) = server.password.filter(|s| password(*s)).and_then(|_| document.settings.get(server.host)) {
                    by_parts(&mut out, (document, setting), &server);
                }
            }
        }
    }
    out
}

/// A connection string whose password is a reference that `is_ours`, and where that stands.
fn refers<'s>(setting: &'s Setting, is_ours: &dyn Fn(&str) -> bool) -> Option<(&'s str, Span)> {
    let value = setting.value.expose();
    if !value.contains('$') {
        return None;
    }
    let text = string_in(setting).of(value);
    let span = dsn::parse(text)?.password?;
    referred(span.of(text)).filter(|name| is_ours(name)).map(|_| (text, span))
}

/// A password as it stands in the connection string `text`: behind percent signs in a URL.
fn escaped(text: &str, password: &Secret) -> Secret {
    let plain = password.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    if plain || !text.contains("://") { password.clone() } else { percent_encoded(password) }
}

/// The connection string `text` with `password` at `span`, and references elsewhere followed.
fn expanded(text: &str, span: Span, password: &str, known: &References<'_>) -> Secret {
    Secret::concat(&[known.expand(&text[..span.start]).expose(), password, known.expand(&text[span.end..]).expose()])
}

/// A server that is told by parts, of which one is the password.
fn by_parts(out: &mut Servers, (document, setting): (&Document, &Setting), server: &Parts) {
    let text = server.url.expose();
    let Some(found) = dsn::parse(text) else { return };
    // one that harden cannot log in to is not told by its parts
    if !dsn::system(&found, text).is_some_and(|system| CHANGED.contains(&system.name())) {
        return;
    }
    if server.user.is_some() && found.user.is_none() {
        out.untold.push((name_of(setting), "its user is said elsewhere"));
        return;
    }
    add(out, (document, setting), server.url.clone());
}

/// What a setting is called: by its path where its name is one word that many have, as `host` in a map.
fn name_of(setting: &Setting) -> String {
    let name = setting.name();
    if HOST.iter().chain(STRING).any(|word| name.eq_ignore_ascii_case(word)) {
        shown(&setting.key.to_string()).into_owned()
    } else {
        shown(name).into_owned()
    }
}

/// Systems whose accounts are changed.
const CHANGED: &[&str] = &["postgres", "mysql", "redis", "amqp"];

fn add(out: &mut Servers, (document, setting): (&Document, &Setting), url: Secret) {
    let text = url.expose();
    let Some(found) = dsn::parse(text) else { return };
    let Some(system) = dsn::system(&found, text).filter(|system| !system.is_any()) else { return };
    if dsn::system_at(&setting.key, &found, text).is_some_and(|named| named.name() != system.name()) {
        out.untold.push((name_of(setting), "its name says another system than its text"));
        return;
    }
    let user = found.user.map(|user| user.of(text)).unwrap_or_default();
    let shown_name = name_of(setting);
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
    let written = host.port.map(|port| port.of(text)).filter(|port| !port.is_empty());
    let port = written.map_or_else(|| dsn::own_port(system.name(), &found.bare_scheme(text)), |port| port.parse().ok());
    let told_by = (document.path.clone(), shown_name.clone());
    let place = (name.to_ascii_lowercase(), port);
    let is_same = |known: &&mut Connection| known.system == system.name() && known.user == user && known.place == place;
    match out.told.iter_mut().find(is_same) {
        Some(known) => known.told_by.push(told_by),
        None => {
            let user = user.to_owned();
            out.told.push(Connection { setting: shown_name, told_by: vec![told_by], system: system.name(), url, at, place, user });
        }
    }
}
