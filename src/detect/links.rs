//! What a file has to do with others: the secrets that production runs on, what it asks other files for, and what it gives them.
//!
//! Gathered while a file is looked at, so that nothing else of it has to be kept. Names and places are plain; values stay boxed.

use std::collections::BTreeSet;

use super::source::is_catalogue;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::key_path::words;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::severity::Class;
use crate::model::span::Span;
use crate::model::template::{self, Part};

/// The shortest value that cannot stand in another file by chance.
const UNMISTAKABLE: usize = 12;

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
    /// Its keys.
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
}

impl Links {
    /// Gathers the links of `document`, in which `findings` were found.
    #[must_use]
    pub fn of(document: &Document, findings: &[Finding]) -> Self {
        if document.fault.is_some() || is_catalogue(&document.path) {
            return Self::default();
        }
        let mut links = Self::default();
        if document.environment == Environment::Production && is_configuration(document) {
            links.live = findings.iter().filter_map(|finding| live(document, finding)).collect();
        }
        match document.format {
            "compose" if document.environment == Environment::Production => links.wants = wants_of_compose(document),
            "kubernetes" => (links.wants, links.objects) = manifests(document),
            _ => {}
        }
        links
    }
}

/// Whether the file's settings are in force as they stand.
#[must_use]
fn is_configuration(document: &Document) -> bool {
    document.fault.is_none() && !matches!(document.format, "text" | "code")
}

/// Whether `setting`, in whose value `secret` was found, is in force and may well hold a secret that another file holds, too: the server's
/// own setting, a client's, a connection string, an argument. A report in JSON that quotes a secret among words is none.
#[must_use]
pub fn is_in_force(document: &Document, setting: &Setting, secret: &str) -> bool {
    let value = setting.value.expose();
    let telling = document.format != "json" || value == secret || value.contains("://");
    is_configuration(document) && matches!(setting.role, Role::Live | Role::Argument) && telling
}

/// The secret that `finding` is about, if it is strong enough to be known again anywhere.
fn live(document: &Document, finding: &Finding) -> Option<Live> {
    let setting = document.settings.get(finding.setting?)?;
    let strong = finding.environment == Environment::Production
        && (finding.class == Class::HardcodedSecret || finding.topic == "published")
        && matches!(setting.role, Role::Live | Role::Argument);
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
        && text.bytes().all(|b| b.is_ascii_graphic())
        && !text.bytes().all(|b| b.is_ascii_digit())
        && !text.contains("://")
        && template::parts(text).len() == 1;
    fits.then(|| Live { value: Secret::copy_of(text), name: setting.name().to_owned(), in_url, at: finding.clone() })
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
        if !value.contains(":?") {
            continue;
        }
        for part in template::parts(value) {
            let Part::Reference(span) = part else { continue };
            let Some((name, _)) = span.of(value).strip_prefix("${").and_then(|r| r.split_once(":?")) else { continue };
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
            let keys = part.iter().filter(|s| ["data.*", "stringData.*", "binaryData.*"].iter().any(|p| s.key.matches(p)));
            let keys = keys.map(|s| s.name().to_owned()).collect();
            objects.push(Object { name: ObjectName { kind, name: name.to_owned(), namespace }, keys });
            continue;
        }
        for setting in part.iter().filter(|s| s.name() == "key") {
            wants.extend(key_wanted(part, setting, namespace.as_deref()));
        }
    }
    (wants, objects)
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
