//! What a file has to do with others: the secrets that production runs on, what it asks other files for, and what it gives them.
//!
//! Gathered while a file is looked at, so that nothing else of it has to be kept. Names and places are plain; values stay boxed.

use std::collections::BTreeSet;

use super::comment::stands_in_comment;
use super::source::{is_catalogue, is_copy};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::key_path::words;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::severity::Class;
use crate::model::shown::shown;
use crate::model::span::Span;
use crate::model::template::{self, Part};

/// The shortest value that cannot stand in another file by chance.
const UNMISTAKABLE: usize = 12;

/// Live secrets of one file that are kept; a file of more is a list of something, and would take memory by its size.
const MOST_LIVE: usize = 2000;

/// A strong secret that production runs on.
#[derive(Clone, Debug)]
pub struct Live {
    /// The secret.
    pub value: Secret,
    /// The last name of its setting.
    pub name: String,
    /// Whether it is the password of a connection string.
    pub in_url: bool,
    /// The finding that it has of its own, for its place.
    pub at: Finding,
}

/// What a file cannot do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needed {
    /// `${NAME:?}`: a variable.
    Variable(String),
    /// `env_file`: a file of variables, below the folder of this file.
    EnvFile(String),
    /// `file` of a secret of compose.
    SecretFile(String),
    /// A key of an object of Kubernetes.
    Key {
        /// The object.
        object: ObjectName,
        /// The key in it.
        key: String,
    },
}

/// How an object of Kubernetes is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// `Secret` or `ConfigMap`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its namespace, where one is written.
    pub namespace: Option<String>,
}

/// One thing needed, and where.
#[derive(Clone, Debug)]
pub struct Want {
    /// What.
    pub needed: Needed,
    /// The bytes that name it.
    pub span: Span,
    /// The key path of the setting.
    pub key: String,
}

/// An object of Kubernetes with all its keys.
#[derive(Clone, Debug)]
pub struct Object {
    /// How it is called.
    pub name: ObjectName,
    /// Its keys; none where they are made elsewhere: by a controller, a generator, a template.
    pub keys: BTreeSet<String>,
}

/// Everything of one file that other files matter to.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Its live secrets.
    pub live: Vec<Live>,
    /// What it needs.
    pub wants: Vec<Want>,
    /// What it defines.
    pub objects: Vec<Object>,
    /// Whether there are more live secrets than are kept.
    pub more: bool,
    /// The folder of the file.
    pub folder: String,
}

impl Links {
    /// Gathers the links of `document`, in which `findings` were found.
    #[must_use]
    pub fn of(document: &Document, findings: &[Finding]) -> Self {
        if document.fault.is_some() || is_catalogue(document) || is_copy(&document.path) {
            return Self::default();
        }
        let folder = document.folder().to_owned();
        let mut links = Self { folder, ..Self::default() };
        if document.environment == Environment::Production && is_configuration(document) {
            let mut all = findings.iter().filter_map(|finding| live(document, finding));
            links.live = all.by_ref().take(MOST_LIVE).collect();
            links.more = all.next().is_some();
        }
        match document.format {
            "compose" if document.environment == Environment::Production => links.wants = wants_of_compose(document),
            "kubernetes" => (links.wants, links.objects) = manifests(document),
            "yaml" if document.file_name().starts_with("kustomization.") => links.objects = generated(document),
            _ => {}
        }
        links
    }
}

/// Whether the file's settings are in force as they stand.
fn is_configuration(document: &Document) -> bool {
    document.fault.is_none() && !matches!(document.format, "text" | "code") && !is_collection(document.file_name())
}

/// Whether `setting` is a text for people, whatever stands in it.
fn is_prose(document: &Document, setting: &Setting) -> bool {
    document.format == "json" && setting.key.names().any(holds_prose)
}

/// Whether `span`, where a live secret was found, may well hold it by right: in a setting in force among `around`, the settings that touch
/// it; in a file that is nothing but the secret, as containers mount them; in what a reader of configuration did not understand. A comment
/// holds none by right. `own`: the document is one of those where the secret is live.
#[must_use]
pub fn holds_by_right(document: &Document, around: &[&Setting], span: Span, secret: &str, own: bool) -> bool {
    if document.environment != Environment::Production {
        return own;
    }
    if document.text.trim().len() == span.len() || around.iter().any(|setting| is_in_force(document, setting, secret)) {
        return true;
    }
    let remark = around.iter().any(|s| s.role == Role::Commented) || stands_in_comment(document, span);
    let programs = matches!(document.format, "text" | "code" | "shell" | "sql" | "dockerfile") && document.fault.is_none();
    // a file of texts in JSON has its say above
    let read = around.iter().any(|s| s.role == Role::Prose || document.format == "json");
    (own || !programs && !read) && !remark
}

/// Whether `setting`, in whose value `secret` was found, is in force and may well hold a secret that another file holds, too: the server's
/// own setting, a client's, a connection string, an argument. A report in JSON that quotes a secret among words is none.
fn is_in_force(document: &Document, setting: &Setting, secret: &str) -> bool {
    let value = setting.value.expose();
    let telling = document.format != "json" || value == secret || value.contains("://");
    is_configuration(document) && !is_prose(document, setting) && matches!(setting.role, Role::Live | Role::Argument) && telling
}

/// Files that are made of texts, whatever their format: search indexes, notebooks, recorded traffic, logs.
fn is_collection(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let index = name.split('.').next().is_some_and(|stem| stem.contains("search")) && name.ends_with(".json");
    index || [".ipynb", ".har", ".jsonl", ".ndjson", ".log"].iter().any(|e| name.ends_with(e))
}

/// Names under which a JSON file holds a text for people.
fn holds_prose(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "body",
        "comment",
        "comments",
        "content",
        "contents",
        "description",
        "example",
        "examples",
        "excerpt",
        "html",
        "markdown",
        "message",
        "note",
        "notes",
        "readme",
        "snippet",
        "summary",
        "text",
        "title",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The secret that `finding` is about, if it is strong enough to be known again anywhere.
fn live(document: &Document, finding: &Finding) -> Option<Live> {
    let setting = document.settings.get(finding.setting?)?;
    let strong = finding.environment == Environment::Production
        && (finding.class == Class::HardcodedSecret || finding.topic == "published")
        && matches!(setting.role, Role::Live | Role::Argument)
        && !is_prose(document, setting);
    if !strong {
        return None;
    }
    let whole = finding.span == setting.span;
    let text = if whole { setting.value.expose() } else { finding.span.of(&document.text) };
    let in_url = !whole && setting.value.expose().contains("://");
    let distinct = text.bytes().collect::<BTreeSet<_>>().len();
    let fits = text.len() >= UNMISTAKABLE
        && text.len() <= 512
        && distinct >= 6
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && !text.bytes().all(|b| b.is_ascii_digit())
        && !text.contains("://")
        && template::parts(text).len() == 1;
    fits.then(|| Live { value: Secret::copy_of(text), name: shown(setting.name()).into_owned(), in_url, at: finding.clone() })
}

/// `${NAME:?}`, `env_file` and `secrets.x.file` of a file of compose.
fn wants_of_compose(document: &Document) -> Vec<Want> {
    let mut wants = Vec::new();
    for setting in document.settings.iter().filter(|s| s.role == Role::Live) {
        let value = setting.value.expose();
        let want = |needed, span| Want { needed, span, key: setting.key.to_string() };
        let path = || value.strip_prefix("./").unwrap_or(value).to_owned();
        let named = ["services.*.env_file", "services.*.env_file[*]", "services.*.env_file[*].path"].iter().any(|p| setting.key.matches(p));
        if named && is_path_below(value) && !is_optional(document, setting) {
            wants.push(want(Needed::EnvFile(path()), setting.span));
        } else if setting.key.matches("secrets.*.file") && is_path_below(value) {
            wants.push(want(Needed::SecretFile(path()), setting.span));
        }
        if !value.contains('?') {
            continue;
        }
        for part in template::parts(value) {
            let Part::Reference(span) = part else { continue };
            let Some((name, _)) = span.of(value).strip_prefix("${").and_then(|r| r.split_once('?')) else { continue };
            let name = name.strip_suffix(':').unwrap_or(name);
            let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let known = wants.iter().any(|w: &Want| matches!(&w.needed, Needed::Variable(n) if n == name));
            if plain && !known {
                wants.push(want(Needed::Variable(name.to_owned()), setting.locate(&document.text, span).unwrap_or(setting.span)));
            }
        }
    }
    wants
}

/// A path that stays below the file's own folder and needs nothing to be read.
fn is_path_below(value: &str) -> bool {
    let open = value.starts_with(['/', '~']) || value.contains(['$', '{', '*', '\\']) || value.contains("..");
    !value.is_empty() && !open && !value.chars().any(char::is_whitespace)
}

/// `required: false` beside the path of an env file.
fn is_optional(document: &Document, setting: &Setting) -> bool {
    let key = setting.key.to_string();
    let Some(entry) = key.strip_suffix(".path") else { return false };
    let required = format!("{entry}.required");
    document.settings.iter().any(|s| s.value.expose().eq_ignore_ascii_case("false") && s.key.to_string() == required)
}

/// What the manifests of a file need of Secrets and ConfigMaps, and those that it defines.
fn manifests(document: &Document) -> (Vec<Want>, Vec<Object>) {
    let (mut wants, mut objects) = (Vec::new(), Vec::new());
    let mut rest = document.settings.as_slice();
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|s| s.part == first.part).count();
        let (part, others) = rest.split_at(length);
        rest = others;
        let said = |path: &str| part.iter().find(|s| s.key.matches(path)).map(|s| s.value.expose());
        let namespace = said("metadata.namespace").map(str::to_owned);
        let kind = match said("kind") {
            Some("Secret") => Some("Secret"),
            Some("ConfigMap") => Some("ConfigMap"),
            _ => None,
        };
        if let (Some(kind), Some(name)) = (kind, said("metadata.name").filter(|n| is_object_name(n))) {
            let all = part.iter().filter(|s| matches!(s.key.names().next(), Some("data" | "stringData" | "binaryData")));
            // a Secret of another type is filled by a controller, a template or an example by a person
            let plain = said("type").is_none_or(|t| t.eq_ignore_ascii_case("opaque"));
            let sure = plain && document.environment == Environment::Production && !document.text.contains("{{");
            let keys = all.filter(|_| sure).filter_map(|s| s.key.names().nth(1)).map(str::to_owned).collect();
            objects.push(Object { name: ObjectName { kind, name: name.to_owned(), namespace }, keys });
            continue;
        }
        objects.extend(said("kind").filter(|kind| makes_secrets(kind)).into_iter().flat_map(|_| made(part)));
        for setting in part.iter().filter(|s| s.name() == "key") {
            wants.extend(key_wanted(part, setting, namespace.as_deref()));
        }
    }
    (wants, objects)
}

/// Kinds of objects from which a controller makes Secrets and ConfigMaps: `SealedSecret`, `ExternalSecret`, `Certificate`.
fn makes_secrets(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    ["secret", "vault", "certificate", "config", "password", "credential", "infisical", "doppler"].iter().any(|w| kind.contains(w))
}

/// What the object of `part` may make: it is called as that, or names it.
fn made(part: &[Setting]) -> Vec<Object> {
    let named = |s: &&Setting| {
        let names: Vec<&str> = s.key.names().collect();
        matches!(names[..], ["metadata", "name"] | [.., "secretName"] | [.., "target" | "destination", "name"])
    };
    part.iter().filter(named).flat_map(|s| ["Secret", "ConfigMap"].map(|kind| unknown(kind, s.value.expose()))).collect()
}

/// What the generators of a kustomization make.
fn generated(document: &Document) -> Vec<Object> {
    let kind = |s: &Setting| match s.key.names().collect::<Vec<_>>()[..] {
        ["secretGenerator", "name"] => Some("Secret"),
        ["configMapGenerator", "name"] => Some("ConfigMap"),
        _ => None,
    };
    document.settings.iter().filter_map(|s| kind(s).map(|kind| unknown(kind, s.value.expose()))).collect()
}

/// An object of whose keys nothing is known.
fn unknown(kind: &'static str, name: &str) -> Object {
    Object { name: ObjectName { kind, name: name.to_owned(), namespace: None }, keys: BTreeSet::new() }
}

/// The key that `secretKeyRef` or `configMapKeyRef` asks for, unless it may be missing.
fn key_wanted(part: &[Setting], setting: &Setting, namespace: Option<&str>) -> Option<Want> {
    let path = setting.key.to_string();
    let head = path.strip_suffix(".key")?;
    let kind = if head.ends_with("secretKeyRef") {
        "Secret"
    } else if head.ends_with("configMapKeyRef") {
        "ConfigMap"
    } else {
        return None;
    };
    let beside = |name: &str| {
        let wanted = format!("{head}.{name}");
        part.iter().find(|s| s.name() == name && s.key.to_string() == wanted).map(|s| s.value.expose())
    };
    let name = beside("name").filter(|n| is_object_name(n))?;
    let key = setting.value.expose();
    let literal = !key.is_empty() && !key.contains(['{', '$']);
    (literal && beside("optional") != Some("true")).then(|| Want {
        needed: Needed::Key {
            object: ObjectName { kind, name: name.to_owned(), namespace: namespace.map(str::to_owned) },
            key: key.to_owned(),
        },
        span: setting.span,
        key: path.clone(),
    })
}

fn is_object_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
}

/// What two names say that their secrets are for, where both say it and neither says all that the other does: then one value serves two
/// purposes. A client's and a server's copy of one credential do not differ in this.
#[must_use]
pub fn differ_in_purpose(one: &str, other: &str) -> bool {
    let (a, b) = (purposes(one), purposes(other));
    a.iter().any(|p| !b.contains(p)) && b.iter().any(|p| !a.contains(p))
}

/// What the words of a name say of the use of a secret; words for one use are one.
fn purposes(name: &str) -> BTreeSet<&'static str> {
    const USES: &[(&str, &str)] = &[
        ("jwt", "jwt"),
        ("access", "access"),
        ("refresh", "refresh"),
        ("session", "session"),
        ("sessions", "session"),
        ("cookie", "session"),
        ("cookies", "session"),
        ("csrf", "csrf"),
        ("xsrf", "csrf"),
        ("encryption", "encryption"),
        ("encrypt", "encryption"),
        ("crypto", "encryption"),
        ("cipher", "encryption"),
        ("webhook", "webhook"),
        ("webhooks", "webhook"),
        ("metrics", "metrics"),
        ("salt", "salt"),
        ("pepper", "salt"),
        ("postgres", "database"),
        ("postgresql", "database"),
        ("pg", "database"),
        ("db", "database"),
        ("database", "database"),
        ("mysql", "database"),
        ("mariadb", "database"),
        ("mongo", "documents"),
        ("mongodb", "documents"),
        ("redis", "cache"),
        ("valkey", "cache"),
        ("rabbitmq", "broker"),
        ("amqp", "broker"),
        ("minio", "objects"),
        ("s3", "objects"),
        ("smtp", "mail"),
        ("mail", "mail"),
        ("admin", "admin"),
        ("grafana", "grafana"),
    ];
    words(name).iter().filter_map(|w| USES.iter().find(|(word, _)| word == w)).map(|(_, use_)| *use_).collect()
}

#[cfg(test)]
mod tests {
    use super::differ_in_purpose;

    #[test]
    fn one_credential_on_both_sides_has_one_purpose() {
        for (a, b) in [
            ("POSTGRES_PASSWORD", "DB_PASSWORD"),
            ("JWT_SECRET", "JWT_ACCESS_SECRET"),
            ("NEXTAUTH_SECRET", "AUTH_SECRET"),
            ("REDIS_PASSWORD", "CACHE_PASSWORD"),
            ("APP_KEY", "SECRET_KEY"),
        ] {
            assert!(!differ_in_purpose(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("JWT_SECRET", "SESSION_SECRET"),
            ("JWT_ACCESS_SECRET", "JWT_REFRESH_SECRET"),
            ("ENCRYPTION_KEY", "JWT_SECRET"),
            ("POSTGRES_PASSWORD", "REDIS_PASSWORD"),
        ] {
            assert!(differ_in_purpose(a, b), "{a} {b}");
        }
    }
}
