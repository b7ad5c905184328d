//! A new format, renderer, generator or detector is one file and one line in its folder's `mod.rs`; a new set of rules is one file.
//! These tests find the file whose line is missing, which would otherwise be dead without anybody noticing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A path in the project.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Names of the files of `folder` that end in `ending`, without it, in order.
fn stems(folder: &str, ending: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(project(folder))
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str().and_then(|n| n.strip_suffix(ending)).map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The text of a file without its comments.
fn code(path: &str) -> String {
    let text = fs::read_to_string(project(path)).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Words of the code: a name counts only as a whole.
fn words(code: &str) -> BTreeSet<&str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect()
}

/// Types of `path` that implement `joint`.
fn implementors(path: &str, joint: &str) -> Vec<String> {
    // at the margin only: a test's own implementation is indented
    code(path)
        .lines()
        .filter(|line| line.starts_with("impl"))
        .filter_map(|line| line.split_once(&format!(" {joint} for ")))
        .map(|(_, target)| target.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

/// Every file of `folder` is declared within it, and each type that implements `joint` stands in the registry of its face.
fn check(folder: &str, joint: &str) {
    let folder = format!("src/{folder}");
    let registry = code(&format!("{folder}/mod.rs"));
    let registry = registry.split_once("pub static ").map_or("", |(_, rest)| rest.split("];").next().unwrap_or_default());
    let registered = words(registry);
    for path in declared_files(&folder) {
        for implementor in implementors(&path, joint) {
            // one type may stand there as several statics: then each of them is an entry
            let mut entries = statics(&path, &implementor);
            if entries.is_empty() {
                entries.push(implementor);
            }
            for entry in entries {
                assert!(registered.contains(entry.as_str()), "{entry} of {path} is a {joint}, and {folder}/mod.rs does not list it");
            }
        }
    }
}

/// The files of `folder` and of the folders in it, each of which a file beside it, or the face above it, must declare.
fn declared_files(folder: &str) -> Vec<String> {
    let stems = stems(folder, ".rs");
    let all: String = stems.iter().map(|stem| code(&format!("{folder}/{stem}.rs"))).collect();
    let declared: BTreeSet<&str> = all.lines().filter_map(module).collect();
    let mut files = Vec::new();
    for stem in stems.iter().filter(|stem| *stem != "mod") {
        let by_path = all.contains(&format!("#[path = \"{stem}.rs\"]"));
        assert!(by_path || declared.contains(stem.as_str()), "{folder}/{stem}.rs is declared by no file of its folder: it is dead");
        files.push(format!("{folder}/{stem}.rs"));
    }
    for entry in fs::read_dir(project(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            assert!(declared.contains(name.as_str()), "{folder}/{name}/ is declared by no file of its folder: it is dead");
            files.extend(declared_files(&format!("{folder}/{name}")));
        }
    }
    files
}

/// Names of the statics of type `kind` in `path`.
fn statics(path: &str, kind: &str) -> Vec<String> {
    let typed = format!(": {kind} =");
    let named = |line: &str| {
        let (before, _) = line.split_once(&typed)?;
        let (_, name) = before.split_once("static ").or_else(|| before.split_once("const "))?;
        Some(name.to_owned())
    };
    code(path).lines().filter(|line| line.starts_with("pub")).filter_map(named).collect()
}

/// The name in `mod name;`, whatever its visibility.
fn module(line: &str) -> Option<&str> {
    let (visibility, rest) = line.trim().split_once("mod ")?;
    (visibility.is_empty() || visibility.starts_with("pub")).then_some(())?;
    rest.strip_suffix(';').map(str::trim)
}

#[test]
fn every_format_is_registered() {
    check("formats", "Format");
}

#[test]
fn every_renderer_is_registered() {
    check("render", "Renderer");
}

#[test]
fn every_generator_is_registered() {
    check("keygen", "Generator");
}

#[test]
fn every_detector_is_registered() {
    check("detect", "Detector");
}

#[test]
fn names_in_a_registry_are_unique() {
    let formats: BTreeSet<&str> = harden::formats::FORMATS.iter().map(|f| f.name()).collect();
    assert_eq!(formats.len(), harden::formats::FORMATS.len());
    let renderers: BTreeSet<&str> = harden::render::RENDERERS.iter().map(|r| r.name()).collect();
    assert_eq!(renderers.len(), harden::render::RENDERERS.len());
}

/// Every rule file is read by the program: its name stands in the code that loads it, or that code reads the whole folder.
#[test]
fn every_rule_file_is_loaded() {
    let mut loaders: Vec<String> = ["dsn", "keygen", "plan", "report", "rules", "strength"]
        .iter()
        .flat_map(|folder| stems(&format!("src/{folder}"), ".rs").into_iter().map(move |stem| format!("src/{folder}/{stem}.rs")))
        .collect();
    loaders.push("build.rs".to_owned());
    let code: String = loaders.iter().map(|path| code(path)).collect();
    let whole_folder = code.contains("read_dir");
    for stem in stems("rules", ".toml") {
        assert!(whole_folder || code.contains(&format!("{stem}.toml")), "rules/{stem}.toml is loaded by nobody");
    }
}

#[test]
fn the_lists_of_words_are_in_order() {
    let text = fs::read_to_string(project("rules/data/words.txt")).unwrap();
    let words: Vec<&str> = text.lines().collect();
    assert!(words.len() > 10_000, "{} words", words.len());
    assert!(words.windows(2).all(|w| w[0] < w[1]), "words.txt is not sorted, or says a word twice");
    assert!(
        words.iter().all(|w| (3..=16).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_lowercase())),
        "words.txt holds more than words"
    );
    assert!(text.len() <= 150 * 1024, "{} bytes are more than a dictionary may take in the binary", text.len());
}

#[test]
fn the_vocabulary_is_sorted_without_doubles_and_its_patterns_compile() {
    let text = fs::read_to_string(project("rules/lexicon.toml")).unwrap();
    let lexicon: toml_edit::DocumentMut = text.parse().unwrap();
    let mut lists = 0;
    for (table, lines) in lexicon.iter() {
        for (list, values) in lines.as_table().unwrap().iter() {
            let values: Vec<&str> = values.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
            lists += 1;
            assert!(values.windows(2).all(|w| w[0] < w[1]), "[{table}] {list} is not sorted, or says a value twice");
            if matches!(list, "patterns" | "placeholder_shapes" | "not_secret_shapes") {
                for pattern in values {
                    regex::Regex::new(pattern).unwrap_or_else(|_| panic!("[{table}] {list}: {pattern} does not compile"));
                }
            }
        }
    }
    assert!(lists >= 16, "{lists} lists");
}
