//! The rules keep their word: every rule file passes its own examples, and nothing in `rules/` or `fixtures/` looks like a live token.

use std::fs;
use std::path::{Path, PathBuf};

use harden::rules::builtin;
use harden::rules::parse;
use harden::scan::selftest::{self, MARK};
use regex::Regex;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

#[test]
fn every_rule_file_passes_its_own_examples() {
    let folder = root().join("rules");
    let mut ids = Vec::new();
    for path in files(&folder) {
        // data, kinds and the like are no rules, and say so by having no rule
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        if !text.contains("[[rule]]") {
            continue;
        }
        let file = parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (count, misses) = selftest::run(&file);
        assert!(misses.is_empty(), "{}: {misses:#?}", path.display());
        assert!(count >= 2 * file.rules.len(), "{}: {count} examples for {} rules", path.display(), file.rules.len());
        ids.extend(file.rules.into_iter().map(|written| written.rule.id.into_owned()));
    }
    let mut built_in: Vec<String> = builtin::rules().iter().map(|rule| rule.id.to_string()).collect();
    ids.sort();
    built_in.sort();
    assert_eq!(ids, built_in, "a rule file is not built in");
}

/// Shapes by which scanners and push protection know a live token. Written in parts, so that this file is none itself.
fn shapes() -> Vec<(&'static str, Regex)> {
    let shape = |name, parts: &[&str]| (name, Regex::new(&parts.concat()).unwrap());
    vec![
        shape("AWS access key", &[r"\b(?:AK", r"IA|AS", r"IA)[0-9A-Z]{16}\b"]),
        shape("GitHub token", &[r"\bgh[pousr", r"]_[0-9A-Za-z]{20,}"]),
        shape("GitHub fine-grained token", &[r"\bgithub", r"_pat_[0-9A-Za-z_]{20,}"]),
        shape("GitLab token", &[r"\bgl", r"pat-[0-9A-Za-z_-]{16,}"]),
        shape("Stripe key", &[r"\b[sr]k_", r"(?:live|test)_[0-9A-Za-z]{10,}"]),
        shape("Slack token", &[r"\bxo", r"x[a-z]-[0-9A-Za-z-]{10,}"]),
        shape("Slack hook", &[r"hooks\.slack", r"\.com/services/T[0-9A-Z]{6,}"]),
        shape("Google API key", &[r"\bAI", r"za[0-9A-Za-z_-]{30,}"]),
        shape("SendGrid key", &[r"\bS", r"G\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}"]),
        shape("npm token", &[r"\bnp", r"m_[0-9A-Za-z]{30,}"]),
        shape("age identity", &[r"AGE-SECRET", r"-KEY-1[0-9A-Z]{20,}"]),
        shape("private key", &[r"-----BEGIN", r" (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"]),
    ]
}

#[test]
fn no_live_looking_token_stands_in_rules_fixtures_or_cases() {
    let mut seen = 0;
    for folder in ["rules", "fixtures", "tests"] {
        for path in files(&root().join(folder)) {
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for (name, shape) in shapes() {
                if let Some(hit) = shape.find(&text) {
                    let line = text[..hit.start()].matches('\n').count() + 1;
                    panic!("{}:{line}: it looks like a {name}; break it with `{MARK}`", path.display());
                }
            }
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} files were looked at");
}

#[test]
fn the_shapes_fire_on_what_they_are_for() {
    let examples = [
        ["AKIA", "IOSFODNN7EXAMPLE"],
        ["ghp", "_16C7e42F292c6912E7710c838347Ae178B4a"],
        ["github", "_pat_11ABCDEFG0abcdefghijkl_mnop"],
        ["glpat", "-abcdefghij0123456789"],
        ["sk_live", "_abcdefghij0123456789"],
        ["xoxb", "-1234567890-abcdefghij"],
        ["hooks.slack", ".com/services/T0ABCDEFG/B0ABCDEFG/x"],
        ["AIza", "SyA0123456789abcdefghijklmnopqrstu"],
        ["SG", ".abcdefghij0123456789.abcdefghij0123456789"],
        ["npm", "_abcdefghijklmnopqrstuvwxyz0123456789"],
        ["AGE-SECRET", "-KEY-1ABCDEFGHIJ0123456789ABCD"],
        ["-----BEGIN", " RSA PRIVATE KEY-----"],
    ];
    let shapes = shapes();
    assert_eq!(examples.len(), shapes.len());
    for (parts, (name, shape)) in examples.iter().zip(shapes) {
        assert!(shape.is_match(&parts.concat()), "{name}");
        assert!(!shape.is_match(&parts.join(MARK)), "{name} with the mark in it");
    }
}
