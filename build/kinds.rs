//! `rules/kinds.toml` as static tables.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;

/// What harden makes has so many characters at least: 128 bits of 64 symbols.
const SHORTEST: usize = 22;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindFile {
    schema: u32,
    framework: Vec<Framework>,
    server: Vec<Server>,
    kind: Vec<KindRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Framework {
    name: String,
    #[serde(default)]
    settings: Vec<String>,
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    packages: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    kinds: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    system: String,
    #[serde(default)]
    least: usize,
    most: Option<usize>,
    #[serde(default)]
    mixed: bool,
    #[serde(default)]
    form: String,
    #[serde(default)]
    change: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ring {
    #[serde(default)]
    setting: String,
    #[serde(default)]
    tail: String,
    form: String,
    #[serde(default)]
    strict: bool,
    #[serde(default)]
    present: bool,
    open: String,
    then: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindRow {
    names: Vec<String>,
    #[serde(default)]
    with: Vec<String>,
    is: String,
    #[serde(default)]
    first_boot: bool,
    #[serde(default)]
    server: bool,
    #[serde(default)]
    parents: bool,
    #[serde(default)]
    generator: String,
    effect: String,
    #[serde(default)]
    steps: String,
    #[serde(default)]
    keep: String,
    ring: Option<Ring>,
    #[serde(default)]
    rings: Vec<Ring>,
}

/// The text of the three tables.
pub(crate) fn tables(path: &Path) -> String {
    let file: KindFile = toml_edit::de::from_str(&super::read(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(file.schema, 1, "{}: schema 1 is known", path.display());
    let mut text = String::from("static FRAMEWORKS: &[Framework] = &[\n");
    let mut known = BTreeSet::new();
    for row in &file.framework {
        assert!(known.insert(row.name.as_str()), "{}: `{}` stands there twice", path.display(), row.name);
        let _ = writeln!(
            text,
            "Framework {{ name: {:?}, settings: {}, images: &{:?}, packages: &{:?}, files: &{:?}, kinds: &{:?} }},",
            row.name,
            patterns(&row.settings),
            row.images,
            row.packages,
            row.files,
            row.kinds
        );
    }
    text.push_str("];\nstatic SERVERS: &[Server] = &[\n");
    for row in &file.server {
        let what = row.names.first().unwrap_or(&row.system);
        assert!(!what.is_empty(), "{}: a server needs `names` or a `system`", path.display());
        assert!(row.least <= SHORTEST, "{}: {what}: what harden makes may have {SHORTEST} characters only", path.display());
        let _ = writeln!(
            text,
            "Server {{ names: {}, system: {:?}, most: {:?}, mixed: {}, form: {:?}, change: {:?} }},",
            patterns(&row.names),
            row.system,
            row.most,
            row.mixed,
            row.form,
            row.change
        );
    }
    text.push_str("];\nstatic KINDS: &[KindRow] = &[\n");
    for row in &file.kind {
        let unknown = row.with.iter().find(|w| !known.contains(w.as_str()));
        assert!(unknown.is_none(), "{}: {unknown:?} is no framework of this file", path.display());
        text.push_str(&kind_row(path, row));
    }
    text.push_str("];\n");
    text
}

fn kind_row(path: &Path, row: &KindRow) -> String {
    let kind = match row.is.as_str() {
        "stateless" => "Stateless",
        "coordinated" => "Coordinated",
        "data-encrypting" => "DataEncrypting",
        "derived" => "Derived",
        "provider-issued" => "ProviderIssued",
        other => panic!("{}: `{other}` is no kind", path.display()),
    };
    let rings: Vec<String> = row.ring.iter().chain(&row.rings).map(|r| ring(path, r)).collect();
    format!(
        "KindRow {{ names: {}, with: &{:?}, kind: Kind::{kind}, first_boot: {}, parents: {}, server: {}, generator: {:?}, effect: {:?}, steps: {:?}, keep: {:?}, \
         rings: &[{}] }},\n",
        patterns(&row.names),
        row.with,
        row.first_boot,
        row.parents,
        row.server || row.first_boot,
        row.generator,
        row.effect,
        row.steps,
        row.keep,
        rings.join(", ")
    )
}

fn ring(path: &Path, ring: &Ring) -> String {
    let form = match ring.form.as_str() {
        "single" => "Single",
        "comma" => "Comma",
        "json" => "Json",
        "lines" => "Lines",
        other => panic!("{}: `{other}` is no form of a ring", path.display()),
    };
    assert!(!ring.setting.is_empty() || matches!(form, "Comma" | "Lines"), "{}: a {form} ring needs a `setting`", path.display());
    format!(
        "Ring {{ setting: {:?}, tail: {:?}, form: RingForm::{form}, strict: {}, present: {}, open: {:?}, then: {:?} }}",
        ring.setting, ring.tail, ring.strict, ring.present, ring.open, ring.then
    )
}

/// Names as lists of words.
fn patterns(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|n| format!("&{:?}", n.to_lowercase().split(' ').collect::<Vec<_>>())).collect();
    format!("&[{}]", names.join(", "))
}
