//! Which driver reads a connection string: what harden.toml says, the scheme, or the manifests above the file. What is left open is said,
//! never guessed: a parameter in another driver's spelling is ignored without a word, or stops the program.

use crate::dsn::drivers::{brought, in_scheme, manifest, named, of};
use crate::dsn::{Dsn, Scheme};
use crate::model::document::Document;
use crate::model::setting::Setting;

use super::wishes::Wishes;

/// The driver, and how it is known.
pub(super) struct Client {
    /// Its name; `None` where it is not settled.
    pub(super) name: Option<String>,
    /// Why, in words for the plan; empty where the driver makes no difference.
    pub(super) why: String,
}

const NAME_IT: &str = "name it under [drivers] in harden.toml";

/// The driver that reads the string `text` in `setting`.
pub(super) fn client(
    found: &Dsn,
    text: &str,
    system: &dyn Scheme,
    at: (usize, &Document),
    setting: &Setting,
    wishes: &Wishes<'_>,
) -> Client {
    let told = wishes.drivers.get(setting.name()).or_else(|| wishes.drivers.get(system.name())).map(String::as_str);
    if let Some(name) = of(found, text, told) {
        let who = if told.is_some() { "harden.toml" } else { "the connection string" };
        return Client { name: Some(name.to_owned()), why: format!("{name}, says {who}") };
    }
    // Celery's form of a Redis URL serves redis-py as well, but not the other way round
    let redis = system.name() == "redis";
    if !redis && system.secure(found, text, None).is_some() {
        return Client { name: None, why: String::new() };
    }
    if is_foreign(at.1, setting) {
        return open(redis, format!("the client is an image of its own; {NAME_IT}"));
    }
    let (path, mut names) = nearest(&(wishes.manifests)(at.0), system.name());
    if redis && names.contains(&"celery") {
        names = vec!["celery"];
    }
    match names[..] {
        [] => open(redis, format!("not known; {NAME_IT}")),
        [name] => Client { name: Some(name.to_owned()), why: format!("{name}, says {path}") },
        _ => open(redis, format!("not settled: {path} has {}; {NAME_IT}", names.join(", "))),
    }
}

/// No driver: said where it makes a difference.
fn open(any: bool, why: String) -> Client {
    Client { name: None, why: if any { String::new() } else { why } }
}

/// The nearest folder whose manifests bring a driver for the system: the file that does, and the drivers' names.
fn nearest(levels: &[Vec<(String, String)>], system: &str) -> (String, Vec<&'static str>) {
    for level in levels {
        let (mut path, mut names) = (String::new(), Vec::new());
        for (file, text) in level {
            let kind = manifest(file.rsplit('/').next().unwrap_or(file));
            for driver in kind.map(|k| brought(k, text, system)).unwrap_or_default() {
                if !names.contains(&driver.name) {
                    names.push(driver.name);
                    path.clone_from(file);
                }
            }
        }
        if !names.is_empty() {
            return (path, names);
        }
    }
    (String::new(), Vec::new())
}

/// Whether the setting belongs to a service of compose that is an image and is not built here: its driver is in no manifest of the project.
fn is_foreign(document: &Document, setting: &Setting) -> bool {
    let names: Vec<&str> = setting.key.names().collect();
    let ["services", service, ..] = names[..] else { return false };
    let has = |key: &str| {
        document.settings.iter().any(|s| {
            let mut path = s.key.names();
            s.part == setting.part && path.next() == Some("services") && path.next() == Some(service) && path.next() == Some(key)
        })
    };
    has("image") && !has("build")
}

/// Where the driver takes the CA from, as something that the operator must supply.
pub(super) fn ca(found: &Dsn, text: &str, client: &Client) -> Option<String> {
    let driver = client.name.as_deref().and_then(named).or_else(|| in_scheme(found, text))?;
    Some(format!("the CA of the server, unless it is a public one: {}", driver.ca))
}
