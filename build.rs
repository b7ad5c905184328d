//! Checks `rules/` with the schema that the program itself uses, and writes the tables that it compiles in.
//!
//! A fault in a rule file is a build error with file, line and column.
#![expect(dead_code, unreachable_pub, clippy::use_debug, reason = "the modules are the program's, and the build uses a part of each")]

#[path = "src/model/severity.rs"]
mod severity;
mod model {
    pub(crate) use crate::severity;
}
#[path = "build/kinds.rs"]
mod kinds;
#[path = "src/rules/parse.rs"]
mod parse;
#[path = "src/rules/schema.rs"]
mod schema;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

use schema::{Argument, Predicate, Reach, Rule, Written};

/// Files of `rules/` that hold data of another shape.
const DATA: &[&str] = &["lexicon.toml", "kinds.toml", "grading.toml", "drivers.toml"];

fn main() {
    println!("cargo:rerun-if-changed=rules");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=Cargo.toml");
    println!("cargo:rerun-if-changed=Cargo.lock");
    library().iter().for_each(|path| println!("cargo:rerun-if-changed={}", path.display()));
    println!("cargo:rustc-env=HARDEN_BUILD={:016x}", build());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    put(&out.join("rules.rs"), &rules());
    put(&out.join("lexicon.rs"), &lexicon());
    put(&out.join("kinds.rs"), &kinds::tables(Path::new("rules/kinds.toml")));
    put(&out.join("tokens.rs"), &tokens());
}

/// The sources of the library: all but those of the command line, on which no verdict depends.
fn library() -> Vec<PathBuf> {
    let entries = fs::read_dir("src").expect("src/ is there").map(|e| e.expect("src/ can be listed").path());
    let mut all: Vec<PathBuf> = entries.filter(|path| !matches!(name(path), "cli" | "main.rs")).collect();
    all.sort();
    all
}

/// Tells this build from others: a hash of all that it is made of.
fn build() -> u64 {
    let mut hash = DefaultHasher::new();
    let mut open = ["rules", "build", "build.rs", "Cargo.toml", "Cargo.lock"].map(PathBuf::from).to_vec();
    open.extend(library());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let mut below: Vec<PathBuf> = fs::read_dir(&path).expect("a folder of the package").flatten().map(|e| e.path()).collect();
            below.sort();
            open.extend(below);
        } else {
            // a package may come without its lock file
            (path.as_os_str().as_encoded_bytes(), fs::read(&path).unwrap_or_default()).hash(&mut hash);
        }
    }
    hash.finish()
}

#[expect(clippy::disallowed_methods, reason = "OUT_DIR is the build's own")]
fn put(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn rules() -> String {
    let mut files: Vec<PathBuf> =
        fs::read_dir("rules").expect("rules/ is there").map(|e| e.expect("rules/ can be listed").path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "toml") && !DATA.contains(&name(p)));
    files.sort();
    let mut all: Vec<Written> = Vec::new();
    let mut sources = String::new();
    for path in &files {
        let text = read(path);
        let file = parse::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(file.overrides.is_empty(), "{}: built-in rules override nothing", path.display());
        all.extend(file.rules);
        let full = fs::canonicalize(path).expect("a listed file has a path");
        let _ = writeln!(sources, "({:?}, include_str!({:?})),", name(path), full.display().to_string());
    }
    all.sort_by(|a, b| a.rule.id.cmp(&b.rule.id));
    let mut ids = BTreeSet::new();
    for written in &all {
        assert!(ids.insert(written.rule.id.clone()), "two rules are called {}", written.rule.id);
        let has = |what: &str| written.examples.iter().any(|e| e.expect == what);
        assert!(has("match") && has("clean"), "rule {}: needs at least one `match` and one `clean` test", written.rule.id);
    }
    let mut text = String::from("static RULES: &[Rule] = &[\n");
    all.iter().for_each(|w| text.push_str(&rule(&w.rule)));
    text.push_str("];\nstatic PROSE: &[Prose] = &[\n");
    for Written { prose, .. } in &all {
        let controls = list(prose.controls.iter().map(|(n, ids)| format!("({}, {})", cow(n), list(ids.iter().map(|i| cow(i))))));
        let _ = writeln!(
            text,
            "Prose {{ why: {}, references: {}, cwe: {}, controls: {controls} }},",
            cow(&prose.why),
            list(prose.references.iter().map(|r| cow(r))),
            list(prose.cwe.iter().map(u32::to_string)),
        );
    }
    let _ = write!(text, "];\nstatic SOURCES: &[(&str, &str)] = &[\n{sources}];\n");
    text
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(|n| n.to_str()).unwrap_or("")
}

fn cow(text: &str) -> String {
    format!("Cow::Borrowed({text:?})")
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("Cow::Borrowed(&[{}])", items.collect::<Vec<_>>().join(", "))
}

fn rule(rule: &Rule) -> String {
    let when = list(
        rule.severity_when.iter().map(|w| format!("SeverityWhen {{ predicate: {}, set: Severity::{:?} }}", predicate(&w.predicate), w.set)),
    );
    let fix = &rule.repair;
    let reach = match fix.reach {
        Reach::Always(how) => format!("Reach::Always(Fix::{how:?})"),
        Reach::ByKind => "Reach::ByKind".to_owned(),
    };
    let pairs = |pairs: &[(schema::Text, schema::Text)]| list(pairs.iter().map(|(a, b)| format!("({}, {})", cow(a), cow(b))));
    let words = |words: &[schema::Text]| list(words.iter().map(|w| cow(w)));
    format!(
        "Rule {{ id: {}, title: {}, class: Class::{:?}, topic: {}, severity: Severity::{:?}, confidence: Confidence::{:?}, strict: {}, message: {}, help: {}, \
         formats: {}, path: {}, include: {}, exclude: {}, predicate: {}, severity_when: {when}, \
         repair: Repair {{ strategy: Strategy::{:?}, reach: {reach}, set: {}, map: {}, needs: {} }} }},\n",
        cow(&rule.id),
        cow(&rule.title),
        rule.class,
        cow(&rule.topic),
        rule.severity,
        rule.confidence,
        rule.strict,
        cow(&rule.message),
        cow(&rule.help),
        words(&rule.formats),
        cow(&rule.path),
        words(&rule.include),
        words(&rule.exclude),
        predicate(&rule.predicate),
        fix.strategy,
        cow(&fix.set),
        pairs(&fix.map),
        words(&fix.needs),
    )
}

fn predicate(p: &Predicate) -> String {
    let many = |ps: &[Predicate]| list(ps.iter().map(predicate));
    match p {
        Predicate::All(ps) => format!("Predicate::All({})", many(ps)),
        Predicate::Any(ps) => format!("Predicate::Any({})", many(ps)),
        Predicate::Not(ps) => format!("Predicate::Not({})", many(ps)),
        Predicate::Leaf(name, argument) => {
            let argument = match argument {
                Argument::Words(words) => format!("Argument::Words({})", list(words.iter().map(|w| cow(w)))),
                Argument::Flag(b) => format!("Argument::Flag({b})"),
                Argument::Bounds { lt, gt } => format!("Argument::Bounds {{ lt: {lt:?}, gt: {gt:?} }}"),
                Argument::Nested(ps) => format!("Argument::Nested({})", many(ps)),
            };
            format!("Predicate::Leaf({}, {argument})", cow(name))
        }
    }
}

/// A TOML table of lists of words, checked for unknown tables and fields by being taken apart.
type Table = std::collections::BTreeMap<String, std::collections::BTreeMap<String, Vec<String>>>;

fn lexicon() -> String {
    let path = Path::new("rules/lexicon.toml");
    let mut table: Table = toml_edit::de::from_str(&read(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut take = |section: &str, field: &str| {
        table.get_mut(section).and_then(|t| t.remove(field)).unwrap_or_else(|| panic!("{}: no {section}.{field}", path.display()))
    };
    let mut text = String::from("pub(super) static LEXICON: Lexicon = Lexicon {\n");
    for (field, section, key, how) in [
        ("strong_tail", "secret_names", "strong_tail", "words"),
        ("strong_joined", "secret_names", "strong_joined", "words"),
        ("strong_ending", "secret_names", "strong_ending", "words"),
        ("lookalikes", "secret_names", "lookalikes", "words"),
        ("exact", "secret_names", "exact", "name"),
        ("weak_tail", "secret_names", "weak_tail", "words"),
        ("not_tail", "not_secret_names", "tail", "words"),
        ("not_head", "not_secret_names", "head", "words"),
        ("phrases", "not_secret_names", "phrases", "words"),
        ("references", "references", "patterns", "regex"),
        ("plain_references", "references", "plain", "regex"),
        ("table_commands", "tables", "commands", "words"),
        ("table_packages", "tables", "packages", "words"),
        ("table_names", "tables", "names", "words"),
        ("table_forms", "tables", "forms", "words"),
        ("table_secrets", "tables", "secrets", "words"),
        ("table_keys", "tables", "keys", "words"),
        ("table_words", "tables", "words", "words"),
        ("manifests", "tables", "manifests", "words"),
        ("texts", "tables", "texts", "words"),
        ("setting_files", "tables", "setting_files", "words"),
        ("languages", "tables", "languages", "words"),
        ("object_kinds", "objects", "kinds", "words"),
        ("object_tails", "objects", "tails", "words"),
        ("object_values", "objects", "values", "words"),
        ("object_entries", "objects", "entries", "words"),
        ("object_held", "objects", "held", "words"),
        ("placeholder_words", "values", "placeholder_words", "words"),
        ("placeholder_shapes", "values", "placeholder_shapes", "regex"),
        ("plain_placeholder_shapes", "values", "plain_placeholder_shapes", "regex"),
        ("defaults", "values", "defaults", "words"),
        ("not_secrets", "values", "not_secrets", "words"),
        ("not_secret_shapes", "values", "not_secret_shapes", "regex"),
        ("plain_not_secret_shapes", "values", "plain_not_secret_shapes", "regex"),
        ("keyboard", "values", "keyboard", "words"),
        ("products", "context", "products", "words"),
        ("suffixes", "context", "suffixes", "words"),
    ] {
        let mut words = take(section, key);
        match how {
            "name" => words = words.iter().map(|w| split(w)).collect(),
            "words" => words = words.iter().map(|w| w.to_lowercase()).collect(),
            _ => words = words.iter().map(|w| parse::ascii_classes(w)).collect(),
        }
        if how != "regex" {
            words.sort();
            words.dedup();
        }
        let _ = writeln!(text, "    {field}: &{words:?},");
    }
    if let Some((section, fields)) = table.iter().find(|(_, fields)| !fields.is_empty()) {
        panic!("{}: {section}.{:?} is not known", path.display(), fields.keys().next());
    }
    println!("cargo:rerun-if-changed=rules/data/words.txt");
    let words = read(Path::new("rules/data/words.txt"));
    let mut words: Vec<&str> = words.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    words.sort_unstable();
    words.dedup();
    // one text for each length: a list of that many texts would have to be moved into place at every start
    let longest = words.iter().map(|word| word.len()).max().unwrap_or(0);
    let by_length = |length: usize| words.iter().filter(|word| word.len() == length).copied().collect::<String>();
    let dictionary: Vec<String> = (0..=longest).map(by_length).collect();
    let _ = writeln!(text, "    dictionary: &{dictionary:?},\n}};");
    text
}

/// The words of a name, as `model::key_path::words` splits capitals and separators.
fn split(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.char_indices() {
        let rises = c.is_uppercase() && name[..i].chars().next_back().is_some_and(char::is_lowercase);
        if rises || !c.is_alphanumeric() {
            out.push(' ');
        }
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenFile {
    token: Vec<TokenRow>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenRow {
    kind: String,
    name: String,
    provider: String,
    #[serde(default)]
    prefixes: Vec<String>,
    #[serde(default)]
    back: usize,
    #[serde(default)]
    pattern: String,
    #[serde(default)]
    near: Vec<String>,
    #[serde(default)]
    whole: String,
    #[serde(default)]
    check: String,
    #[serde(default, rename = "use")]
    usage: String,
    #[serde(default)]
    reissue: String,
}

fn tokens() -> String {
    let path = Path::new("rules/data/tokens.toml");
    let file: TokenFile = toml_edit::de::from_str(&read(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = String::from("/// Every kind that is known, as in `rules/data/tokens.toml`.\npub static KINDS: &[TokenKind] = &[\n");
    let mut seen = BTreeSet::new();
    for row in file.token {
        let fault = |what: &str| -> String { panic!("{}: `{}` {what}", path.display(), row.kind) };
        let usage = match row.usage.as_str() {
            "" | "live" => "Live",
            "test" => "Test",
            "public" => "Public",
            "id" => "Id",
            _ => &fault("has a `use` that is none of live, test, public, id"),
        };
        if !seen.insert(row.kind.clone()) {
            fault("stands there twice");
        }
        if row.prefixes.is_empty() != row.pattern.is_empty() || row.near.is_empty() != row.whole.is_empty() {
            fault("needs `prefixes` with `pattern`, and `near` with `whole`");
        }
        if row.prefixes.is_empty() && row.near.is_empty() {
            fault("has nothing to be found by");
        }
        if row.reissue.is_empty() && usage != "Public" {
            fault("needs `reissue`");
        }
        let near: Vec<String> = row.near.iter().map(|n| format!("&{:?}", n.split(' ').collect::<Vec<_>>())).collect();
        let _ = writeln!(
            text,
            "TokenKind {{ kind: {:?}, name: {:?}, provider: {:?}, prefixes: &{:?}, back: {}, pattern: {:?}, near: &[{}], whole: {:?}, check: {:?}, \
             usage: Use::{usage}, reissue: {:?} }},",
            row.kind,
            row.name,
            row.provider,
            row.prefixes,
            row.back,
            row.pattern,
            near.join(", "),
            row.whole,
            row.check,
            row.reissue
        );
    }
    text.push_str("];\n");
    text
}
