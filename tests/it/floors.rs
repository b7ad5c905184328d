//! The house has floors: a file imports only what [`ALLOWED`] grants its folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// (folder, folders it may import, which are those that it does import). Order = floors, ground first.
const ALLOWED: &[(&str, &str)] = &[
    ("model", ""),
    ("disk", ""),
    ("search", "model"),
    ("strength", "model search"),
    ("keys", "model search"),
    ("tokens", "model search"),
    ("dsn", "model"),
    ("seal", "disk model"),
    ("config", "disk model"),
    ("formats", "keys model search tokens"),
    ("git", "disk"),
    ("ledger", "disk model"),
    ("rules", "model"),
    ("report", "model"),
    ("wire", "dsn keys model"),
    ("keygen", "model strength"),
    ("endpoints", "dsn keygen model"),
    ("detect", "config dsn keys model rules search strength tokens"),
    ("render", "model report"),
    ("run", "model seal"),
    ("live", "model seal wire"),
    ("probe", "dsn endpoints keys model wire"),
    ("scan", "config detect disk formats git model report rules"),
    ("plan", "dsn endpoints formats keygen model rules strength"),
    ("rewrite", "formats model plan"),
    ("rotate", "disk dsn endpoints keygen live model plan wire"),
    (
        "cli",
        "config detect disk dsn endpoints formats git keygen keys ledger model plan probe render report rewrite rotate rules run scan seal strength wire",
    ),
];

/// Where the sources are.
fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below `folder`, in order.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The files of `folder` that are no tests.
fn code_of(folder: &str) -> Vec<PathBuf> {
    let mut files = files_below(&src().join(folder));
    files.retain(|file| !file.file_name().unwrap().to_string_lossy().ends_with("_tests.rs"));
    files
}

/// The code of a file without comments and without what follows `#[cfg(test)] mod`: tests may look anywhere.
fn code(text: &str) -> String {
    let mut code = String::new();
    let lines: Vec<&str> = text.lines().collect();
    for (n, line) in lines.iter().enumerate() {
        // a test module of its own file leaves the code behind it in force
        let begins_tests = line.trim() == "#[cfg(test)]"
            && lines[n + 1..].iter().find(|l| !l.trim_start().starts_with("#[")).is_some_and(|l| l.starts_with("mod ") && l.ends_with('{'));
        if begins_tests {
            break;
        }
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// The path behind each `crate::` of `text`, a file of `folder`: (line, path).
fn imports(folder: &str, text: &str) -> Vec<(usize, String)> {
    // the library says crate::, the binary says harden::
    let root = if folder == "cli" { "harden::" } else { "crate::" };
    let code = code(text);
    let mut imports = Vec::new();
    for (at, _) in code.match_indices(root) {
        let line = code[..at].matches('\n').count() + 1;
        imports.extend(items(&code[at + root.len()..]).into_iter().map(|item| (line, item.lines().next().unwrap_or_default().to_owned())));
    }
    imports
}

/// The folder that an import goes to, and what follows.
fn split(item: &str) -> (&str, &str) {
    item.split_at(item.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(item.len()))
}

/// What `text`, a file of `home` (`formats`, `formats/yaml`), imports against the table: (line, what).
fn faults(home: &str, allowed: &BTreeSet<&str>, is_face: bool, text: &str) -> Vec<(usize, String)> {
    let folder = home.split('/').next().unwrap_or_default();
    let own_face = format!("{}::", home.replace('/', "::"));
    let mut faults = imports(folder, text);
    faults.retain(|(_, item)| {
        let (to, _) = split(item);
        let from_face = !is_face && item.strip_prefix(&own_face).is_some_and(|rest| rest.starts_with(char::is_uppercase));
        (to != folder && !allowed.contains(to)) || from_face
    });
    faults
}

/// The paths that follow `crate::`: one, or those of `{a::b, c::{d, e}}`.
fn items(rest: &str) -> Vec<&str> {
    let Some(list) = rest.strip_prefix('{') else { return vec![rest] };
    let (mut items, mut depth, mut begun) = (Vec::new(), 0_usize, 0);
    for (i, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(list[begun..i].trim());
                begun = i + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

#[test]
fn every_import_goes_down() {
    let mut found = Vec::new();
    for (floor, (folder, allowed)) in ALLOWED.iter().enumerate() {
        for name in allowed.split_whitespace() {
            let below = ALLOWED[..floor].iter().any(|(n, _)| *n == name);
            assert!(below, "the table itself runs up: {folder} -> {name}");
        }
        let allowed: BTreeSet<&str> = allowed.split_whitespace().collect();
        let mut used = BTreeSet::new();
        for file in code_of(folder) {
            let text = fs::read_to_string(&file).unwrap();
            let shown = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display();
            let home = file.parent().unwrap().strip_prefix(src()).unwrap().to_str().unwrap();
            let is_face = file.ends_with("mod.rs");
            found.extend(faults(home, &allowed, is_face, &text).iter().map(|(line, what)| format!("{shown}:{line}: {folder} -> {what}")));
            used.extend(imports(folder, &text).iter().map(|(_, item)| split(item).0.to_owned()));
        }
        let idle: Vec<_> = allowed.iter().filter(|name| !used.contains(**name)).collect();
        assert!(idle.is_empty(), "the table lets {folder} import {idle:?}, and it does not: take that out");
    }
    assert!(found.is_empty(), "imports that run up, or that come from a folder's own face:\n{}", found.join("\n"));
}

#[test]
fn every_folder_is_in_the_table() {
    for entry in fs::read_dir(src()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            assert!(ALLOWED.iter().any(|(n, _)| *n == name), "{name} has no floor");
        }
    }
}

#[test]
fn nobody_imports_everything() {
    for file in files_below(&src()) {
        let text = fs::read_to_string(&file).unwrap();
        let open = code(&text).lines().any(|l| l.trim_start().starts_with("use ") && l.contains("::*"));
        assert!(!open, "{} imports everything of a module: say what", file.display());
    }
}

#[test]
fn an_import_that_runs_up_is_noticed() {
    let allowed = BTreeSet::from(["model"]);
    let look = |text: &str| faults("formats", &allowed, false, text).len();
    assert_eq!(look("use crate::model::secret::Secret;\n"), 0);
    assert_eq!(look("use crate::scan::Scan;\n"), 1);
    assert_eq!(look("fn f() { crate::detect::run() }\n"), 1);
    assert_eq!(look("use crate::{model::span::Span, scan::Scan};\n"), 1);
    assert_eq!(look("use crate::{\n    model::{secret::Secret, span::Span},\n    scan::Scan,\n};\n"), 1);
    assert_eq!(look("use crate::{model::{secret::Secret, span::Span}};\n"), 0);
    assert_eq!(look("use crate::formats::format::Format;\n"), 0);
    assert_eq!(look("use crate::formats::Format;\n"), 1, "its own face");
    let within = |text: &str| faults("formats/yaml", &allowed, false, text).len();
    assert_eq!(within("use crate::formats::format::Format;\nuse crate::formats::yaml::tree::Node;\n"), 0);
    assert_eq!(within("use crate::formats::yaml::Yaml;\n"), 1, "the face of its own folder within a folder");
    assert_eq!(look("// crate::scan is above us\n"), 0);
    assert_eq!(look("#[cfg(test)]\nmod tests {\n    use crate::scan::Scan;\n}\n"), 0);
    assert_eq!(look("#[cfg(test)]\nmod tests;\nuse crate::scan::Scan;\n"), 1, "tests in their own file end nothing");
}

/// Circles that are known, by their first file in the order of the alphabet. Each wants a file of its own for what the two share.
const CIRCLES: &[&str] = &["src/plan/changes.rs", "src/seal/file.rs"];

/// The files beside `file` that it imports.
fn beside(file: &Path) -> Vec<PathBuf> {
    let code = code(&fs::read_to_string(file).unwrap());
    let mut found = Vec::new();
    for (at, _) in code.match_indices("super::") {
        // what is further up is another folder's matter
        if code[..at].ends_with("super::") {
            continue;
        }
        for item in items(&code[at + "super::".len()..]) {
            let path = file.with_file_name(format!("{}.rs", split(item).0));
            if path.is_file() && path != file {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn no_files_of_a_folder_import_each_other_in_a_circle() {
    let mut circles = BTreeSet::new();
    for (folder, _) in ALLOWED {
        for file in code_of(folder).into_iter().filter(|file| !file.ends_with("mod.rs")) {
            let reached = reached(&file);
            if reached.contains(&file) {
                let all = reached.iter().filter(|other| self::reached(other).contains(&file));
                let first = all.min().unwrap().strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
                circles.insert(first.display().to_string());
            }
        }
    }
    assert_eq!(circles.iter().map(String::as_str).collect::<Vec<_>>(), CIRCLES, "circles, by their first file");
}

/// The files that `from` imports, and those that they import, and so on.
fn reached(from: &Path) -> BTreeSet<PathBuf> {
    let mut reached = BTreeSet::new();
    let mut open = beside(from);
    while let Some(next) = open.pop() {
        if reached.insert(next.clone()) {
            open.extend(beside(&next));
        }
    }
    reached
}
