//! Clients of a server among the files that have its password from elsewhere: who replaces it would lock them out.

use std::cell::LazyCell;

use super::changes::SecretChange;
use super::variables::refers_to;
use crate::model::document::Document;
use crate::model::key_path::{KeyPath, Segment};
use crate::model::setting::{Role, Setting};
use crate::model::shown::shown;
use crate::model::template::innermost_default;

/// A service of compose that speaks to the server of `change` and does not have the password from these files: it takes it from elsewhere, be it
/// the default of its image, and would be refused. Who only waits for the server counts where nobody else has the password. In words.
pub(super) fn unseen_client(documents: &[Document], change: &SecretChange) -> Option<String> {
    let first = change.places.iter().find(|place| place.account.server)?;
    let (document, setting) = first.setting_in(documents).filter(|(document, _)| document.format == "compose")?;
    let server = service_of(&setting.key)?;
    let known = names_of_server(document, server);
    let own = |d: &Document, s: &Setting| std::ptr::eq(d, document) && service_of(&s.key) == Some(server);
    let names: Vec<&str> = change.places.iter().filter_map(|place| Some(place.setting_in(documents)?.1.name())).collect();
    let refers = |s: &Setting| names.iter().any(|name| refers_to(s.value.expose(), name) || s.value.expose() == *name);
    let placed = |d: &Document, s: &Setting| {
        change
            .places
            .iter()
            .chain(&change.outside)
            .any(|place| place.setting_in(documents).is_some_and(|(pd, ps)| std::ptr::eq(pd, d) && std::ptr::eq(ps, s)))
    };
    // who has it: the place itself, a reference, or an env file in which one of the two stands
    let has = |d: &Document, s: &Setting| placed(d, s) || refers(s);
    let files = LazyCell::new(|| {
        let holding = documents.iter().filter(|d| d.format == "env" && d.settings.iter().any(|s| has(d, s)));
        holding.map(Document::file_name).collect::<Vec<&str>>()
    });
    let reads =
        |s: &Setting| s.key.names().any(|n| n == "env_file") && files.iter().any(|file| s.value.expose().rsplit('/').next() == Some(file));
    let holder =
        |d: &Document, service: &str| d.settings.iter().filter(|s| service_of(&s.key) == Some(service)).any(|s| has(d, s) || reads(s));
    let alone = LazyCell::new(|| !documents.iter().any(|d| d.settings.iter().any(|s| !own(d, s) && has(d, s))));
    let near = documents.iter().filter(|d| d.format == "compose" && d.folder() == document.folder());
    let clients = near.flat_map(|d| d.settings.iter().filter(|s| s.role != Role::Commented).map(move |s| (d, s)));
    let unseen =
        clients.filter_map(|(d, s)| Some((d, s, service_of(&s.key).filter(|service| *service != server)?))).find(|(d, s, service)| {
            let waits = known.iter().any(|name| waits_for(s, name)) && *alone;
            (waits || known.iter().any(|name| names_host(s, name))) && !holder(d, service)
        });
    let (d, client, service) = unseen?;
    let line = d.lines.line(client.span.start);
    Some(format!("{}:{line}: {} speaks to {}, and its password is not among these files", d.path, shown(service), shown(server)))
}

/// What a service of compose is reached as.
fn names_of_server<'d>(document: &'d Document, server: &'d str) -> Vec<&'d str> {
    let own = |s: &&Setting| service_of(&s.key) == Some(server) && s.key.segments().len() == 3;
    let other = |s: &&Setting| own(s) && matches!(s.name(), "container_name" | "hostname");
    let others = document.settings.iter().filter(other).map(|s| s.value.expose()).filter(|name| !name.is_empty());
    [server].into_iter().chain(others).collect()
}

/// The service of compose that a setting stands in.
fn service_of(key: &KeyPath) -> Option<&str> {
    match key.segments() {
        [Segment::Key(services), Segment::Key(service), _, ..] if services == "services" => Some(service),
        _ => None,
    }
}

/// Whether a setting of another service says that it waits for `server`.
fn waits_for(setting: &Setting, server: &str) -> bool {
    let value = setting.value.expose();
    // `depends_on: { db: { condition: .. } }`
    setting.key.names().skip_while(|name| *name != "depends_on").nth(1) == Some(server)
        || setting.key.names().any(|name| matches!(name, "depends_on" | "links"))
            && (value == server || value.split(':').next() == Some(server))
}

/// Whether a setting of another service names `server` as a host.
fn names_host(setting: &Setting, server: &str) -> bool {
    let value = setting.value.expose();
    let value = innermost_default(value).of(value);
    if !value.contains(server) {
        return false;
    }
    // a name alone is one of a host where the setting is for that: it may be a user, a database, a password
    let name = setting.name().to_ascii_lowercase();
    let for_host = ["host", "hostname", "server", "addr", "address"].iter().any(|word| name.ends_with(word));
    let ends = |rest: &str| rest.is_empty() && for_host || rest.starts_with([':', '/', ',', '?']);
    let begins = |before: &str| before.is_empty() && for_host || before.ends_with(['/', '@']);
    let command = || setting.key.names().any(|name| matches!(name, "command" | "entrypoint"));
    let option = || {
        let words = value.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        words.filter_map(|word| word.split_once('=')).any(|(option, host)| host == server && ends_in_host(option))
    };
    setting.key.names().any(|name| name == "environment")
        && value.match_indices(server).any(|(at, _)| begins(&value[..at]) && ends(&value[at + server.len()..]))
        || command() && (for_host && value == server || option())
}

fn ends_in_host(option: &str) -> bool {
    option.len().checked_sub(4).and_then(|at| option.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case("host"))
}
