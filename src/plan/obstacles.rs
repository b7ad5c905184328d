//! Places that hold a secret, or what it was made into, and that nothing here can change: they are named, and nothing that they hang on is
//! changed without a look at them.

use super::changes::SecretChange;
use super::place::{Form, Place, is_the_servers_own, system_of};
use super::variables::refers_to;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::key_path::{KeyPath, Segment, words};
use crate::model::setting::{Role, Setting};
use crate::model::shown::shown;
use crate::strength::name::{NameClass, classify};

/// Whether the file makes other files: what stands in it is written by its own engine.
pub(super) fn is_template(document: &Document) -> bool {
    const ENDS: &[&str] = &[".erb", ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".gotmpl", ".mustache", ".hbs", ".epp", ".ctmpl"];
    let name = document.file_name().to_ascii_lowercase();
    ENDS.iter().any(|end| name.ends_with(end))
}

/// The first place of the secret that nothing but a person changes, and without which the others do not work; in words.
pub(super) fn obstacle(documents: &[Document], change: &SecretChange) -> Option<String> {
    let holds = |p: &&Place| {
        let document = documents.get(p.document).filter(|d| d.environment == Environment::Production);
        document.is_some_and(|d| p.form == Form::Template || is_template(d) || d.format == "sql")
    };
    let place = change.outside.iter().find(holds)?;
    let document = documents.get(place.document)?;
    let line = document.settings.get(place.setting).map_or(0, |s| document.lines.line(s.span.start));
    let what = if document.format == "sql" { "sets it on the server, and" } else { "holds it in a template, which" };
    Some(format!("{}:{line} {what} is changed by hand", document.path))
}

/// A server among the files that no password is set for, so that it starts with what its image was made with; in words.
pub(super) fn image_default(documents: &[Document], places: &[Place]) -> Option<String> {
    let system = places.iter().map(|p| p.account.system).find(|s| !matches!(*s, "" | "sql"))?;
    let images = documents.iter().filter(|d| d.format == "compose" && d.environment == Environment::Production);
    let mut images = images.flat_map(|d| d.settings.iter().filter(|s| s.name() == "image").map(move |s| (d, s)));
    let (document, image) = images.find(|(_, s)| system_of(&words(s.value.expose())) == system)?;
    let service = image.key.scope();
    let below = |s: &&Setting| s.role != Role::Commented && s.key.segments().starts_with(service.segments());
    let own = |s: &Setting| is_the_servers_own(document, s) || classify(s.name()) == NameClass::Secret;
    let set = document.settings.iter().filter(below).any(own);
    let line = document.lines.line(image.span.start);
    (!set).then(|| format!("{}:{line} starts the server with the default of its image: set its password there as well", document.path))
}

/// A service of compose that speaks to the server of `change`, where nobody but that server has the password among these files: the service takes
/// it from elsewhere, be it the default of its image, and would be refused. In words.
pub(super) fn unseen_client(documents: &[Document], change: &SecretChange) -> Option<String> {
    let first = change.places.first().filter(|place| place.account.server)?;
    let (document, setting) = first.setting_in(documents).filter(|(document, _)| document.format == "compose")?;
    let server = service_of(&setting.key)?;
    let is_own = |place: &Place| {
        place.document == first.document && place.setting_in(documents).and_then(|(_, s)| service_of(&s.key)) == Some(server)
    };
    if !change.places.iter().chain(&change.outside).all(is_own) {
        return None;
    }
    let names: Vec<&str> = change.places.iter().filter_map(|place| Some(place.setting_in(documents)?.1.name())).collect();
    let holds = |d: &Document, s: &Setting| {
        let others = !std::ptr::eq(d, document) || service_of(&s.key) != Some(server);
        others && names.iter().any(|name| refers_to(s.value.expose(), name) || s.value.expose() == *name)
    };
    if documents.iter().any(|d| d.settings.iter().any(|s| holds(d, s))) {
        return None;
    }
    let others = document.settings.iter().filter(|s| s.role != Role::Commented && service_of(&s.key).is_some_and(|own| own != server));
    let client = others.into_iter().find(|s| names_host(s, server))?;
    let line = document.lines.line(client.span.start);
    let service = service_of(&client.key).map(shown).unwrap_or_default();
    Some(format!("{}:{line}: {service} speaks to {}, and its password is not among these files", document.path, shown(server)))
}

/// The service of compose that a setting stands in.
fn service_of(key: &KeyPath) -> Option<&str> {
    match key.segments() {
        [Segment::Key(services), Segment::Key(service), _, ..] if services == "services" => Some(service),
        _ => None,
    }
}

/// Whether a setting of another service names `server` as what it waits for, or as a host.
fn names_host(setting: &Setting, server: &str) -> bool {
    let value = setting.value.expose();
    // `depends_on: { db: { condition: .. } }`
    if setting.key.names().skip_while(|name| *name != "depends_on").nth(1) == Some(server) {
        return true;
    }
    if setting.key.names().any(|name| matches!(name, "depends_on" | "links")) {
        return value == server || value.split(':').next() == Some(server);
    }
    // a name alone is one of a host where the setting is for that: it may be a user, a database, a password
    let for_host = ["host", "hostname", "server", "addr", "address"].iter().any(|word| setting.name().to_ascii_lowercase().ends_with(word));
    let ends = |rest: &str| rest.is_empty() && for_host || rest.starts_with([':', '/', ',', '?']);
    let begins = |before: &str| before.is_empty() && for_host || before.ends_with(['/', '@']);
    setting.key.names().any(|name| name == "environment")
        && value.match_indices(server).any(|(at, _)| begins(&value[..at]) && ends(&value[at + server.len()..]))
}
