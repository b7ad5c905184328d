//! Where a compose file takes a reference in place of a secret, and what would break.

use super::naming::service;
use super::variables::within;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::key_path::{KeyPath, Segment, words};
use crate::model::setting::{Role, Setting};

/// Why a setting of a compose file keeps its secret, if it does.
pub(super) fn stays(documents: &[Document], document: &Document, setting: &Setting) -> Option<&'static str> {
    let Some(Segment::Key(top)) = setting.key.segments().first() else { return Some("compose reads no reference here") };
    if setting.key.names().any(|name| name == "build") {
        return Some("an argument of a build stays in the history of the image, whatever it comes from: use a build secret");
    }
    if top != "services" && !top.starts_with("x-") {
        return Some("not every compose reads a reference here");
    }
    let name = document.file_name();
    if !(name.ends_with(".yml") || name.ends_with(".yaml")) {
        return Some("the file is a template");
    }
    if words(name).iter().any(|w| matches!(w.as_str(), "stack" | "swarm")) {
        return Some("`docker stack deploy` reads no env file");
    }
    if extended(documents, document) {
        return Some("a compose file of another folder extends it, and is read with the env file there");
    }
    (setting.role == Role::Prose).then_some("it is text")
}

/// Whether a compose file of another folder takes services from this one.
fn extended(documents: &[Document], document: &Document) -> bool {
    let others = documents.iter().filter(|d| d.format == "compose" && d.folder() != document.folder());
    others.flat_map(|d| d.settings.iter().map(move |s| (d, s))).any(|(d, s)| {
        let file = service(&s.key).is_some() && s.name() == "file" && s.key.parent_name() == "extends";
        file && same_file(d.folder(), s.value.expose(), &document.path)
    })
}

/// A service that is handed all of the env file at `target` and has no `name` of its own, which it would get as well: the name of the
/// service, and the compose file.
pub(super) fn reader<'d>(documents: &'d [Document], target: &Document, name: &str) -> Option<(&'d str, &'d str)> {
    documents.iter().filter(|d| d.format == "compose").find_map(|document| {
        let home = document.folder();
        let handed = document.settings.iter().filter(|s| s.key.names().nth(2) == Some("env_file"));
        let mut reads = handed.filter(|s| same_file(home, s.value.expose(), &target.path)).filter_map(|s| service(&s.key));
        reads.find(|own| !document.settings.iter().any(|s| sets(&s.key, own, name))).map(|own| (own, document.path.as_str()))
    })
}

/// A compose file that builds programs at or above `home` and hands `name` to none of its services: neither by `environment` nor with all of
/// the env file `target`. A program that it builds does not see the variable, whatever the env file says.
pub(super) fn withholds<'d>(documents: &'d [Document], home: &str, target: Option<&Document>, name: &str) -> Option<&'d str> {
    let builds = |d: &&Document| {
        let build = |s: &Setting| s.key.names().nth(2) == Some("build") && service(&s.key).is_some();
        d.format == "compose" && d.environment == Environment::Production && within(home, d.folder()) && d.settings.iter().any(build)
    };
    let hands = |d: &Document| {
        d.settings.iter().filter_map(|s| Some((s, service(&s.key)?))).any(|(s, own)| {
            let whole =
                s.key.names().nth(2) == Some("env_file") && target.is_some_and(|t| same_file(d.folder(), s.value.expose(), &t.path));
            whole || sets(&s.key, own, name)
        })
    };
    let all: Vec<&Document> = documents.iter().filter(builds).collect();
    all.first().filter(|_| !all.iter().any(|d| hands(d))).map(|d| d.path.as_str())
}

/// Whether `key` is the variable `name` in the `environment` of `owner`, which wins over its `env_file`.
fn sets(key: &KeyPath, owner: &str, name: &str) -> bool {
    service(key) == Some(owner) && key.names().nth(2) == Some("environment") && key.name() == name
}

/// Whether `value`, a path as it is written in a file in `home`, names the file at `path`.
fn same_file(home: &str, value: &str, path: &str) -> bool {
    let mut parts: Vec<&str> = home.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    for part in value.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts == path.split('/').filter(|p| !p.is_empty() && *p != ".").collect::<Vec<_>>()
}

#[cfg(test)]
mod tests {
    use super::{reader, same_file, stays};
    use crate::formats;
    use crate::model::environment::Environment;

    #[test]
    fn paths_are_those_of_the_compose_file() {
        assert!(same_file("a/b", "./.env", "a/b/.env"));
        assert!(same_file("a/b", "../.env", "a/.env"));
        assert!(same_file("", ".env", ".env"));
        assert!(!same_file("a", ".env", ".env"));
    }

    #[test]
    fn a_service_that_reads_the_file_gets_what_is_added_unless_it_says_otherwise() {
        let text = "services:\n  a:\n    image: x\n    env_file: .env\n    environment:\n      A_TOKEN: x\n  b:\n    image: y\n    env_file:\n      - ./other.env\n";
        let documents = [
            formats::parse("app/compose.yml", text.as_bytes(), Environment::Production),
            formats::parse("app/.env", b"", Environment::Production),
        ];
        assert_eq!(reader(&documents, &documents[1], "A_TOKEN"), None);
        assert_eq!(reader(&documents, &documents[1], "B_TOKEN"), Some(("a", "app/compose.yml")));
    }

    #[test]
    fn build_arguments_and_templates_stay() {
        let text = "services:\n  a:\n    build:\n      args:\n        A_TOKEN: x\n    environment:\n      B_TOKEN: y\nconfigs:\n  c:\n    content: z\n";
        let document = formats::parse("compose.yml", text.as_bytes(), Environment::Production);
        let of = |name: &str| stays(&[], &document, document.settings.iter().find(|s| s.name() == name).unwrap()).is_some();
        assert_eq!((of("A_TOKEN"), of("B_TOKEN"), of("content")), (true, false, true));
    }
}
