//! Settings that say where a secret is, under names that could be a secret's: the name of a Kubernetes object, a key in one, the name of a
//! command or a package. A value that no such name would have is looked at all the same.
//!
//! Follows <https://kubernetes.io/docs/reference/kubernetes-api/>: `KeyToPath`, `SecretKeySelector`; the API conventions of External Secrets
//! and the Secrets Store CSI driver; and what charts call their values.

use super::neighbours::{Neighbourhood, is_random};
use crate::model::document::Document;
use crate::model::key_path::{Segment, words};
use crate::model::setting::Setting;
use crate::strength::table::{Holds, Word, holds, is_manifest, is_word};

/// Whether the setting at `index`, whose name announces a secret, says where one is.
pub(super) fn selects<'d>(around: &Neighbourhood<'d>, document: &'d Document, index: usize, setting: &'d Setting) -> bool {
    if is_random(setting) || !matches!(document.format, "kubernetes" | "yaml" | "json" | "jsonc" | "toml" | "hcl" | "ini") {
        return false;
    }
    is_key_of_a_table(document, setting)
        || selects_entry(around, index, setting)
        || is_path_in_a_store(setting)
        || place(document, setting).is_some_and(|place| names_an_object(around, place, index, setting))
        || says_what_holds_it(setting)
}

/// In what way a setting is Kubernetes'.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A field of a resource.
    Manifest,
    /// A value of a chart, which may be anything.
    Values,
}

fn place(document: &Document, setting: &Setting) -> Option<Place> {
    if document.format != "kubernetes" {
        return is_values(document).then_some(Place::Values);
    }
    let mut names = setting.key.names();
    let top = names.next()?;
    let values = names.next().is_some_and(|n| n == "values") || setting.key.names().any(|n| matches!(n, "valuesObject" | "valuesInline"));
    match top {
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
    document.format == "yaml" && (named || parts.next() == Some("values"))
}

/// Whether the setting's own name is that of a command or a package. In files that may hold anything under such a map's name, only where
/// the value is more than a word.
fn is_key_of_a_table(document: &Document, setting: &Setting) -> bool {
    // the maps around it, without the list in which it stands
    let mut above = setting.key.segments().iter().rev().skip_while(|s| matches!(s, Segment::Index(_))).skip(1).map_while(|s| match s {
        Segment::Key(name) => Some(name.as_str()),
        Segment::Index(_) => None,
    });
    let manifest = is_manifest(document.file_name());
    let command = setting.value.expose().trim().contains([' ', '/']) && document.format != "kubernetes";
    let (Some(parent), outer) = (above.next(), above.next()) else { return false };
    let is = |what: Holds| holds(parent, what) || outer.is_some_and(|name| name != "config" && holds(name, what));
    let catalogue = document.file_name().ends_with(".versions.toml");
    holds(parent, Holds::Commands) && (manifest || command)
        || manifest && (is(Holds::Packages) || catalogue || is_entry_point(outer, setting))
}

/// `[project.entry-points."some.group"]`, which Poetry calls `plugins`: `name = "module:object"`.
fn is_entry_point(outer: Option<&str>, setting: &Setting) -> bool {
    outer.is_some_and(|name| matches!(name, "entry-points" | "entry_points" | "plugins")) && setting.value.expose().contains(':')
}

/// `{ key: password, path: db-password }` and its kin: an entry of what is named beside it, or above.
fn selects_entry<'d>(around: &Neighbourhood<'d>, index: usize, setting: &'d Setting) -> bool {
    let name = setting.name().to_ascii_lowercase();
    let mut top = setting.key.names();
    let fetched = top.next() == Some("spec") && top.next().is_some_and(|n| n == "data" || n == "dataFrom");
    if matches!(name.as_str(), "key" | "property" | "secretkey" | "remotekey") && fetched {
        return true;
    }
    if !is_entry(setting) {
        return false;
    }
    let item = matches!(setting.key.segments().iter().rev().nth(1), Some(Segment::Index(_)));
    let listed =
        item && matches!(setting.key.parent_name(), "items" | "entries") && ["path", "mode"].iter().any(|n| around.has_beside(setting, n));
    let beside = |named: &str| around.near(index, NEAR).any(|s| s.name().eq_ignore_ascii_case(named) && !s.value.is_empty());
    // `passwordSecret: { secretName: web, password: admin-password }`
    let parent = words(setting.key.parent_name());
    let within = parent.last().is_some_and(|w| w == "secret") && beside("secretName");
    within || name == "key" && (listed || beside("objectName") || beside("secretName"))
}

/// `passwordKey: password`, and all below `secretKeys`: under which key the secret is kept.
fn says_what_holds_it(setting: &Setting) -> bool {
    let (own, parent) = (words(setting.name()), words(setting.key.parent_name()));
    let of_key = matches!(&own[..], [.., held, key] if key == "key" && is_word(held, Word::Held));
    let of_keys = matches!(&parent[..], [.., secret, keys] if secret == "secret" && keys == "keys");
    (of_key || of_keys) && ends_as(setting.value.expose(), Word::Entry)
}

/// `vault.hashicorp.com/agent-inject-secret-password: secret/data/db`
fn is_path_in_a_store(setting: &Setting) -> bool {
    let value = setting.value.expose();
    let annotation = setting.key.parent_name() == "annotations" && setting.name().contains('/');
    annotation && value.contains('/') && value.split('/').all(|step| is_label(step))
}

/// Whether the setting is called as an object that holds a secret, or as a key in one, and its value could be that name.
fn names_an_object<'d>(around: &Neighbourhood<'d>, place: Place, index: usize, setting: &'d Setting) -> bool {
    let own = words(setting.name());
    let Some((last, before)) = own.split_last() else { return false };
    let kind = before.last().map_or("", String::as_str);
    match last.as_str() {
        "key" if is_word(kind, Word::Held) => is_plain_name(setting) && object_beside(around, index),
        // `passwordSecretKey`: a password has no secret of its own
        "key" if kind == "secret" => {
            let held = before.iter().rev().nth(1).is_some_and(|w| is_word(w, Word::Held));
            (held || object_beside(around, index)) && ends_as(setting.value.expose(), Word::Entry)
        }
        "secret" | "secrets" => is_object_name(around, place, index, setting, before),
        _ => false,
    }
}

fn is_object_name<'d>(around: &Neighbourhood<'d>, place: Place, index: usize, setting: &'d Setting, before: &[String]) -> bool {
    let (value, kind) = (setting.value.expose(), before.last().map_or("", String::as_str));
    let annotation = setting.key.parent_name() == "annotations" && setting.name().contains('/');
    let label = value.split_once('/').filter(|(space, _)| annotation && is_label(space)).map_or(value, |(_, name)| name);
    if !is_label(label) {
        return false;
    }
    if annotation || is_word(kind, Word::Kind) || before.concat().ends_with("cas") {
        return true;
    }
    // `basicAuth: { secret: .. }` of a resource; a chart's value may be the secret
    if before.is_empty() {
        const HOLDERS: &[&str] = &["basicauth", "clientauth", "clienttls", "digestauth", "tls"];
        let holder = setting.key.parent_name().to_ascii_lowercase();
        let said = label.replace('-', "");
        return HOLDERS.contains(&holder.as_str()) && (place == Place::Manifest || said == format!("{}secret", trimmed(&holder)));
    }
    // `dbSecret: web-db` beside `dbSecretKey`
    let partner = format!("{}key", setting.name().to_ascii_lowercase());
    if around.near(index, NEAR).any(|s| s.name().to_ascii_lowercase() == partner) {
        return true;
    }
    let asks = ["change", "my", "replace", "super", "your"];
    let told = words(label);
    !is_word(kind, Word::Itself) && told.len() > 1 && ends_as(label, Word::Tail) && !told.iter().any(|w| asks.contains(&w.as_str()))
}

/// `auth` of `basicauth`.
fn trimmed(holder: &str) -> &str {
    ["basic", "client", "digest"].iter().find_map(|head| holder.strip_prefix(head)).unwrap_or(holder)
}

/// Settings on each side in which an object may be named.
const NEAR: usize = 24;

/// Whether the object that holds it is named in the same map, or another of its keys is.
fn object_beside<'d>(around: &Neighbourhood<'d>, index: usize) -> bool {
    around.near(index, NEAR).any(|other| {
        let own = words(other.name());
        let ends = |tail: &[&str]| own.len() >= tail.len() && own.iter().rev().zip(tail.iter().rev()).all(|(a, b)| a == b);
        let filled = !other.value.is_empty();
        let named = ends(&["secret", "name"]) || ends(&["secret", "ref"]) || own.first().is_some_and(|w| w == "existing");
        filled && (named || ends(&["password", "key"]) || ends(&["name"]) && own.len() == 1)
    })
}

/// Whether the value could be a key of a ConfigMap or Secret, and no setting's secret: `redis-password`, `tls.key`, `admin`.
fn is_entry(setting: &Setting) -> bool {
    let value = setting.value.expose();
    value.len() <= 253 && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// An entry without a digit.
fn is_plain_name(setting: &Setting) -> bool {
    is_entry(setting) && !setting.value.expose().bytes().any(|b| b.is_ascii_digit())
}

/// Whether the value's last word, whole, is one of `what`.
fn ends_as(value: &str, what: Word) -> bool {
    let plain = value.len() <= 253 && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    plain && words(value).last().is_some_and(|w| is_word(w, what))
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
