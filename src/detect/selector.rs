//! Settings that say where a secret is, under names that could be a secret's: the name of a Kubernetes object, a key in one, the name of a
//! command or a package. A value that no such name would have is looked at all the same.
//!
//! Follows <https://kubernetes.io/docs/reference/kubernetes-api/>: `KeyToPath`, `SecretKeySelector`; the API conventions of External Secrets
//! and the Secrets Store CSI driver; and what charts call their values. What steps of a pipeline ask a store for is in `request.rs`.

use super::neighbours::{Neighbourhood, is_random};
use super::request::{asks_a_store, is_entry_of_a_vault, is_plain, names_the_resource};
use crate::model::document::Document;
use crate::model::key_path::{Segment, words};
use crate::model::setting::Setting;
use crate::model::span::Span;
use crate::strength::context::{Context, is_product};
use crate::strength::judge::{ValueClass, judge};
use crate::strength::name::Purpose;
use crate::strength::table::{Holds, Word, holds, is_manifest, is_word};

/// A setting whose name announces a secret, and where it stands.
pub(super) struct Announced<'s, 'd> {
    /// What stands around it.
    pub(super) around: &'s Neighbourhood<'d>,
    /// The file.
    pub(super) document: &'d Document,
    /// Its index in the file.
    pub(super) index: usize,
    /// The setting.
    pub(super) setting: &'d Setting,
    /// The text that runs when nothing else is set.
    pub(super) literal: &'d str,
}

/// In what way a setting is Kubernetes'.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A field of a resource.
    Manifest,
    /// A value of a chart, which may be anything.
    Values,
}

/// Settings on each side in which an object may be named.
const NEAR: usize = 24;

impl<'d> Announced<'_, 'd> {
    /// Whether it says where a secret is, and holds none.
    pub(super) fn selects(&self) -> bool {
        const FORMATS: &[&str] = &["kubernetes", "yaml", "json", "jsonc", "toml", "hcl", "ini"];
        if is_random(self.setting) || is_encoded(self.literal) {
            return false;
        }
        if is_entry_of_a_vault(self.document, self.setting, self.literal) {
            return true;
        }
        if !FORMATS.contains(&self.document.format) && !is_values(self.document) {
            return false;
        }
        asks_a_store(self.around, self.setting, self.literal)
            || names_the_resource(self.document, self.setting, self.literal)
            || self.is_key_of_a_table()
            || self.selects_entry()
            || self.is_path_in_a_store()
            || place(self.document, self.setting).is_some_and(|place| self.says_what_holds_it() || self.names_an_object(place))
    }

    /// The settings of the same map that hold anything.
    fn beside(&self) -> impl Iterator<Item = &'d Setting> {
        self.around.near(self.index, NEAR).filter(|other| !other.value.is_empty())
    }

    /// Whether its own name is that of a command or a package. In files that may hold anything under such a map's name, only where the
    /// value is more than a word.
    fn is_key_of_a_table(&self) -> bool {
        // the maps around it, without the list in which it stands
        let steps = self.setting.key.segments().iter().rev().skip_while(|s| matches!(s, Segment::Index(_))).skip(1);
        let mut above = steps.map_while(|s| match s {
            Segment::Key(name) => Some(name.as_str()),
            Segment::Index(_) => None,
        });
        let (Some(parent), outer) = (above.next(), above.next()) else { return false };
        let manifest = is_manifest(self.document.file_name());
        let command = self.literal.trim().contains([' ', '/']) && self.document.format != "kubernetes";
        let packages = holds(parent, Holds::Packages) || outer.is_some_and(|name| holds(name, Holds::Packages));
        let catalogue = self.document.file_name().ends_with(".versions.toml");
        // `[project.entry-points."some.group"]`, which Poetry calls `plugins`: `name = "module:object"`
        let plugin = outer.is_some_and(|name| matches!(name, "entry-points" | "entry_points" | "plugins")) && self.literal.contains(':');
        holds(parent, Holds::Commands) && (manifest || command) || manifest && (packages || catalogue || plugin)
    }

    /// `{ key: password, path: db-password }` and its kin: an entry of what is named beside it, or above.
    fn selects_entry(&self) -> bool {
        let name = self.setting.name().to_ascii_lowercase();
        let mut top = self.setting.key.names();
        let fetched = top.next() == Some("spec") && top.next().is_some_and(|n| n == "data" || n == "dataFrom");
        if fetched && matches!(name.as_str(), "key" | "property" | "secretkey" | "remotekey") {
            return true;
        }
        if !is_plain(self.literal) {
            return false;
        }
        let key = &self.setting.key;
        let item = matches!(key.segments().iter().rev().nth(1), Some(Segment::Index(_)));
        let has = |name: &str| self.around.has_beside(self.setting, name);
        let listed = item && matches!(key.parent_name(), "items" | "entries") && (has("path") || has("mode"));
        let beside = |named: &str| self.beside().any(|s| s.name().eq_ignore_ascii_case(named));
        match name.as_str() {
            "key" if listed || beside("objectName") || beside("secretName") => true,
            "secretkey" if beside("objectName") || has("remoteref") && self.ends_as(Word::Entry) => true,
            // `passwordSecret: { secretName: web, password: admin-password }`
            _ => words(key.parent_name()).last().is_some_and(|w| w == "secret") && beside("secretName") && self.ends_as(Word::Entry),
        }
    }

    /// `passwordKey: password`, and all below `secretKeys`: under which key the secret is kept.
    fn says_what_holds_it(&self) -> bool {
        let parent = words(self.setting.key.parent_name());
        let of_keys = matches!(&parent[..], [.., secret, keys] if secret == "secret" && keys == "keys");
        (is_key_of_a_secret(self.setting) || of_keys) && self.ends_as(Word::Entry)
    }

    /// `vault.hashicorp.com/agent-inject-secret-password: secret/data/db`
    fn is_path_in_a_store(&self) -> bool {
        is_annotation(self.setting) && self.literal.contains('/') && self.literal.split('/').all(is_label)
    }

    /// Whether it is called as an object that holds a secret, or as a key in one, and its value could be that name.
    fn names_an_object(&self, place: Place) -> bool {
        let own = words(self.setting.name());
        let Some((last, before)) = own.split_last() else { return false };
        let kind = before.last().map_or("", String::as_str);
        match last.as_str() {
            "key" if before.is_empty() => self.is_paired(),
            // `{ accessKey: app, existingSecret: app }`: the account, whose secret key is in the object
            "key" if kind == "access" && before.len() == 1 => is_lower(self.literal) && self.beside().any(is_existing),
            "key" if is_word(kind, Word::Held) => {
                is_plain(self.literal) && !self.literal.bytes().any(|b| b.is_ascii_digit()) && self.has_its_object_beside()
            }
            "key" => {
                // `passwordSecretKey`: a password has no secret of its own
                let held = kind == "secret" && before.iter().rev().nth(1).is_some_and(|w| is_word(w, Word::Held));
                let another = || kind == "secret" && self.beside().any(is_key_of_a_secret);
                // an entry may be called as a variable is: `SONAR_WEB_SYSTEMPASSCODE`
                let variable = held && self.literal.contains('_') && self.literal.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
                (self.ends_as(Word::Entry) || variable) && (held && !variable || self.has_its_object_beside() || another())
            }
            "secret" | "secrets" => self.is_object_name(place, before),
            _ => false,
        }
    }

    /// Whether the value is what an object is called; `before` is the name without `secret`.
    fn is_object_name(&self, place: Place, before: &[String]) -> bool {
        let (annotation, kind) = (is_annotation(self.setting), before.last().map_or("", String::as_str));
        let spaced = self.literal.split_once('/').filter(|(space, _)| annotation && is_label(space));
        let label = spaced.map_or(self.literal, |(_, name)| name);
        if !is_label(label) || is_password(label) {
            return false;
        }
        if annotation || is_word(kind, Word::Kind) || before.concat().ends_with("cas") {
            return true;
        }
        // `basicAuth: { secret: .. }` of a resource; a chart's value may be the secret
        if before.is_empty() {
            const HOLDERS: &[&str] = &["basicauth", "clientauth", "clienttls", "digestauth", "tls"];
            let holder = self.setting.key.parent_name().to_ascii_lowercase();
            let bare = ["basic", "client", "digest"].iter().find_map(|head| holder.strip_prefix(head)).unwrap_or(&holder);
            let said = || label.replace('-', "") == format!("{bare}secret");
            let called = || label.contains('-') && self.ends_as(Word::Tail) && !asks(label);
            let holds = HOLDERS.contains(&holder.as_str()) && (place == Place::Manifest || said() || called());
            return holds || self.is_paired() || place == Place::Values && self.is_named_by_its_map(label);
        }
        // `dbSecret: web-db` beside `dbSecretKey`
        let partner = format!("{}key", self.setting.name().to_ascii_lowercase());
        // `saslSecret: kafka-sasl`, `passwordSecret: web-admin-password`
        let said = || words(label).last().is_some_and(|w| w == kind) || is_word(kind, Word::Held) && self.ends_as(Word::Entry);
        self.around.near(self.index, NEAR).any(|s| s.name().to_ascii_lowercase() == partner)
            || !is_word(kind, Word::Itself)
                && label.contains('-')
                && !asks(label)
                && (self.ends_as(Word::Tail) || place == Place::Values && said())
    }

    /// A lone `secret:` in a map that is called as what an object holds: `railsSecrets: { secret: web-rails }`,
    /// `certificate: { secret: web-cert }`, `sops: { secret: sops-age }`.
    fn is_named_by_its_map(&self, label: &str) -> bool {
        const HOLDERS: &[&str] = &["cert", "certificate", "certificates", "certs", "connection"];
        let holder = words(self.holder());
        let Some(last) = holder.last() else { return false };
        if asks(label) || is_default(label) {
            return false;
        }
        let certain = holder.len() > 1 && matches!(last.as_str(), "keys" | "secret" | "secrets");
        let own = label.strip_prefix(last.as_str()).and_then(|rest| rest.strip_prefix('-'));
        let prefixed = holder.len() == 1 && !is_word(last, Word::Itself) && own.is_some_and(|rest| !ends_as(rest, Word::Entry));
        let called = certain || HOLDERS.contains(&last.as_str());
        // a phrase is made of words as well: only a certificate's map has no other use for `secret`
        let named = || last.starts_with("cert") || certain || self.ends_as(Word::Tail) || self.has_its_object_beside();
        (called && (label.contains('-') || last == "keys" && is_lower(label)) || prefixed) && named()
    }

    /// The name of the map in which it stands. A file that is no YAML as it stands, as a template is none, has no maps but what its braces
    /// show: `certificate: { secret: web-cert }`.
    fn holder(&self) -> &str {
        let Some(braces) = self.braces() else { return self.setting.key.parent_name() };
        let line = self.document.text.get(..braces.start).unwrap_or_default().trim_end_matches(['{', ' ']);
        let name = line.strip_suffix(':').unwrap_or_default();
        name.rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).next().unwrap_or_default()
    }

    /// What stands between the braces around it, in a file that has no maps.
    fn braces(&self) -> Option<Span> {
        const FAR: usize = 256;
        if self.document.format != "text" {
            return None;
        }
        let (text, at) = (&self.document.text, self.setting.key_span.start);
        let before = Span::new(at.saturating_sub(FAR), at).narrowed(text);
        let after = Span::new(at, (at + FAR).min(text.len())).narrowed(text);
        let start = before.of(text).rfind(['{', '}', '\n']).filter(|i| before.of(text).as_bytes().get(*i) == Some(&b'{'))?;
        let end = after.of(text).find(['{', '}', '\n']).filter(|i| after.of(text).as_bytes().get(*i) == Some(&b'}'))?;
        Some(Span::new(before.start + start + 1, after.start + end))
    }

    /// `{ secret: web-postgresql, key: password }`: the pair of an object's name and a key in it.
    fn is_paired(&self) -> bool {
        let same = |s: &&Setting| s.key.parent() == self.setting.key.parent();
        let braces = self.braces();
        let value = |name: &str| match (self.setting.name() == name, braces) {
            (true, _) => Some(self.literal),
            (false, None) => self.beside().filter(same).find(|s| s.name() == name).map(|s| s.value.expose()),
            (false, Some(span)) => in_braces(span.of(&self.document.text), name),
        };
        let (Some(secret), Some(key)) = (value("secret"), value("key")) else { return false };
        if !is_label(secret) || asks(secret) || asks(key) {
            return false;
        }
        // `password: { secret: web, key: db }`: what the map is called says that a secret is looked for
        let sought = || {
            let holder = words(self.holder());
            let last = holder.last().map_or("", String::as_str);
            matches!(last, "password" | "secret" | "secrets" | "token") && is_lower(key)
        };
        let entry = ends_as(key, Word::Entry);
        entry && secret.contains('-') || is_values(self.document) && is_lower(secret) && !is_default(secret) && (entry || sought())
    }

    /// Whether the object that holds it is named in the same map: `existingSecret`, `secretName`.
    fn has_its_object_beside(&self) -> bool {
        self.beside().any(|other| {
            let own = words(other.name());
            let value = other.value.expose();
            let object = matches!(&own[..], [.., kind, secret] if secret == "secret" && !is_word(kind, Word::Itself));
            is_existing(other)
                || object && is_label(value) && value.contains('-') && !asks(value)
                || matches!(&own[..], [.., secret, name] if secret == "secret" && matches!(name.as_str(), "name" | "ref"))
        })
    }

    fn ends_as(&self, what: Word) -> bool {
        ends_as(self.literal, what)
    }
}

/// Whether names of objects may stand there: in a resource of Kubernetes or in the values of a chart.
pub(super) fn is_of_kubernetes(document: &Document, setting: &Setting) -> bool {
    place(document, setting).is_some()
}

fn place(document: &Document, setting: &Setting) -> Option<Place> {
    if document.format != "kubernetes" {
        return is_values(document).then_some(Place::Values);
    }
    let values = setting.key.names().any(|n| matches!(n, "values" | "valuesObject" | "valuesInline"));
    match setting.key.names().next()? {
        "spec" | "metadata" if !values => Some(Place::Manifest),
        "spec" => Some(Place::Values),
        _ => None,
    }
}

/// Whether the file holds the values of a Helm chart: `values.yaml`, `values-prod.yaml`, `web.values.yaml`, `values/prod.yaml`.
fn is_values(document: &Document) -> bool {
    let mut parts = document.path.rsplit('/');
    let stem = parts.next().and_then(|file| file.split_once(".y")).map_or("", |(stem, _)| stem);
    let named = stem.split(['.', '-', '_']).any(|w| w == "values");
    // what stands in a template's braces may be no YAML; such a file is read as text
    let yaml = document.format == "yaml" || document.format == "text" && document.file_name().contains(".y");
    yaml && (named || parts.next() == Some("values"))
}

/// The value of `name` in `a: b, name: value`.
fn in_braces<'t>(inside: &'t str, name: &str) -> Option<&'t str> {
    let pair = |pair: &'t str| pair.split_once(':').filter(|(key, _)| key.trim() == name);
    inside.split(',').find_map(pair).map(|(_, value)| value.trim().trim_matches(['"', '\'']))
}

/// A word of small letters, or several: no password that mixes them with digits.
fn is_lower(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_' | b'.'))
}

/// `existingSecret: web`: an object that holds what the map needs.
fn is_existing(setting: &Setting) -> bool {
    let own = words(setting.name());
    own.first().is_some_and(|w| w == "existing") && own.iter().any(|w| w == "secret")
}

/// Whether the value is a password that everybody knows.
fn is_default(value: &str) -> bool {
    judge(value, &&Context::new(), Purpose::Password).class == ValueClass::LiveDefault
}

/// `passwordKey`: under which key a secret is kept.
pub(super) fn is_key_of_a_secret(setting: &Setting) -> bool {
    matches!(&words(setting.name())[..], [.., held, key] if key == "key" && is_word(held, Word::Held))
}

fn is_annotation(setting: &Setting) -> bool {
    setting.key.parent_name() == "annotations" && setting.name().contains('/')
}

/// Whether the value is a password that everybody knows, or asks to be replaced, and no word by which people call an object.
fn is_password(label: &str) -> bool {
    const NAMES: &[&str] = &[
        "admin",
        "administrator",
        "default",
        "demo",
        "dev",
        "development",
        "docker",
        "example",
        "gitlab",
        "grafana",
        "harbor",
        "letsencrypt",
        "local",
        "manager",
        "master",
        "registry",
        "root",
        "staging",
        "test",
        "user",
        "web",
    ];
    let class = || judge(label, &&Context::new(), Purpose::Password).class;
    // `my-tls` is what a person calls an object
    let asked = || !label.contains('-') || words(label).iter().any(|w| matches!(w.as_str(), "change" | "changeme" | "replace" | "your"));
    let known = || match class() {
        ValueClass::LiveDefault | ValueClass::Published => true,
        ValueClass::Placeholder => asked(),
        _ => false,
    };
    !NAMES.contains(&label) && !is_product(label) && known()
}

/// Whether the value is one that a person leaves where a secret belongs: `super-secret`, `change-me-secret`.
fn asks(value: &str) -> bool {
    words(value).iter().any(|w| matches!(w.as_str(), "change" | "changeme" | "my" | "replace" | "super" | "your"))
}

/// Whether the value is such a key, and its last word, whole, is one of `what`.
fn ends_as(value: &str, what: Word) -> bool {
    is_plain(value) && words(value).last().is_some_and(|w| is_word(w, what))
}

/// A name of an object (RFC 1123), in which digits stand at the end of words or alone.
fn is_label(value: &str) -> bool {
    let plain = |w: &str| w.len() <= 40 && w.trim_end_matches(|c: char| c.is_ascii_digit()).bytes().all(|b| b.is_ascii_lowercase());
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let short = |w: &str| w.len() <= 4 && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (1..=253).contains(&value.len())
        && value.starts_with(edge)
        && value.ends_with(edge)
        && value.split(['-', '.']).all(|w| plain(w) || short(w))
}

/// What a program wrote in base64: both cases and digits, mixed.
fn is_encoded(value: &str) -> bool {
    let count = |f: fn(&u8) -> bool| value.bytes().filter(f).count();
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-'));
    value.len() >= 20 && plain && count(u8::is_ascii_digit) >= 3 && count(u8::is_ascii_uppercase) >= 3 && count(u8::is_ascii_lowercase) >= 3
}
