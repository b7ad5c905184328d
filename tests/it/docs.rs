//! README and `docs/` against the program: what they name exists, what they quote is what comes out.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harden::config::{Config, Network};
use harden::detect::{Detectors, FAMILIES};
use harden::dsn::SCHEMES;
use harden::formats::FORMATS;
use harden::model::severity::{Class, Profile};
use harden::render::RENDERERS;
use harden::rules;
use harden::rules::load::RuleSet;
use harden::scan::selftest;
use harden::strength::judge::ValueClass;
use harden::tokens::KINDS;

/// Options of other programs, which the pages name.
const FOREIGN_OPTIONS: &[&str] = &[
    "--add",                   // git config
    "--all-files",             // pre-commit
    "--all-targets",           // cargo clippy
    "--cached",                // git diff
    "--check",                 // cargo fmt
    "--features",              // cargo install, cargo test
    "--files",                 // pre-commit
    "--git",                   // cargo install
    "--global",                // git config
    "--live",                  // ./test
    "--locked",                // cargo install
    "--no-install-recommends", // apt-get
    "--no-textconv",           // git diff
    "--no-verify",             // git commit, git push
    "--path",                  // cargo install
    "--release",               // cargo run
    "--requirepass",           // redis-server
    "--test",                  // cargo test
    "--tlsverify",             // dockerd
];

/// Words joined by hyphens that are no rule ids: of the rule format, of connection strings, of SARIF and SSH.
const OTHER_WORDS: &[&str] = &[
    "auth-off",
    "by-kind",
    "cat-file",                  // git
    "account-too-powerful",      // probe
    "certificate-expired",       // probe
    "certificate-expires-soon",  // probe
    "certificate-is-authority",  // probe
    "certificate-not-yet-valid", // probe
    "certificate-untrusted",     // probe
    "certificate-unusable",      // probe
    "certificate-wrong-name",    // probe
    "login-refused",             // probe
    "no-password-needed",        // probe
    "no-tls",                    // probe
    "not-needed",                // probe
    "not-tried",                 // probe
    "tls-fails",                 // probe
    "tls-unused",                // probe
    "ca-only",
    "least-bits", // [rotate]
    "clickhouse-native",
    "dh-parameters",
    "fail-on",
    "harden-system", // .pre-commit-hooks.yaml
    "diff-index",    // git
    "diff-tree",     // git
    "internal-plaintext",
    "ls-tree", // git
    "no-verify",
    "non-sensitive-only", // Airflow
    "private-key",
    "pre-commit",
    "pre-push",
    "prohibit-password", // sshd
    "redis-sentinel",
    "rev-list",  // git
    "rev-parse", // git
    "rediss-sentinel",
    "rsa-xml",
    "scram-sha-256",
    "security-severity",
    "skip-verify",
    "ssh-ed25519",
    "ssh-rsa",
    "ssl-mode",
    "verify-ca",
    "verify-full",
    "verify-off",
    "when-authorized", // Spring
];

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(project(path)).unwrap()
}

/// README, CHANGELOG, SECURITY and every page of `docs/`: path and text.
fn pages() -> Vec<(String, String)> {
    let mut names: Vec<String> = fs::read_dir(project("docs"))
        .unwrap()
        .map(|entry| format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()))
        .filter(|name| Path::new(name).extension().is_some_and(|e| e == "md"))
        .collect();
    names.sort();
    names.extend(["README.md", "CHANGELOG.md", "SECURITY.md"].map(str::to_owned));
    names.into_iter().map(|name| (name.clone(), text(&name))).collect()
}

/// Standard output of the program, without colour, far from the user's own settings.
fn output(folder: &Path, args: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
    command.args(args).current_dir(folder).env_clear().env("HOME", home.path()).env("PATH", std::env::var_os("PATH").unwrap());
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

fn help(command: &[&str]) -> String {
    output(&project("."), &[command, &["--help"]].concat())
}

/// Names in the list of commands of a help text.
fn commands(help: &str) -> Vec<String> {
    let list = help.split_once("Commands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap());
    list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).map(|line| first_word(line).to_owned()).collect()
}

fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or("")
}

/// Every `--option` in a text.
fn options(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let starts = text.match_indices("--").filter(|(i, _)| !text[..*i].ends_with(is_part));
    starts
        .map(|(i, _)| text[i..].split(|c: char| !is_part(c)).next().unwrap_or(""))
        .filter(|o| o.len() > 2 && o[2..].starts_with(|c: char| c.is_ascii_lowercase()))
        .collect()
}

/// The texts between single backticks, and code blocks apart.
fn code_spans(page: &str) -> Vec<&str> {
    let prose = page.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

/// The text of the first code block after `mark`.
fn block<'p>(page: &'p str, mark: &str) -> &'p str {
    let (_, after) = page.split_once(mark).unwrap();
    let (_, body) = after.split_once("```").unwrap().1.split_once('\n').unwrap();
    body.split("\n```").next().unwrap()
}

/// What the program's help knows: commands (`scan`, `rules list`) and options.
fn interface() -> (BTreeSet<String>, BTreeSet<String>) {
    let mut names = BTreeSet::new();
    let mut known: BTreeSet<String> = options(&help(&[])).into_iter().map(str::to_owned).collect();
    for command in commands(&help(&[])) {
        let own = help(&[&command]);
        known.extend(options(&own).into_iter().map(str::to_owned));
        for below in commands(&own) {
            known.extend(options(&help(&[&command, &below])).into_iter().map(str::to_owned));
            names.insert(format!("{command} {below}"));
        }
        names.insert(command);
    }
    (names, known)
}

#[test]
fn links_lead_somewhere() {
    for (name, page) in pages() {
        for (_, rest) in page.match_indices("](").map(|(i, m)| page.split_at(i + m.len())) {
            let target = rest.split(')').next().unwrap();
            if target.starts_with("https://") || target.starts_with('#') {
                continue;
            }
            let file = project(&name).parent().unwrap().join(target.split('#').next().unwrap());
            assert!(file.exists(), "{name} links to {target}, which is not there");
        }
    }
}

#[test]
fn options_and_commands_exist() {
    let (commands, known) = interface();
    assert!(commands.contains("scan") && commands.contains("rules test") && known.contains("--fail-on"), "the help could not be read");
    for (name, page) in pages() {
        for option in options(&page) {
            assert!(known.contains(option) || FOREIGN_OPTIONS.contains(&option), "{name} names {option}, which no command has");
        }
        let code = page.split("```").skip(1).step_by(2).flat_map(str::lines);
        let typed = code
            .chain(code_spans(&page))
            .filter_map(|line| line.trim_start_matches("$ ").split_once("harden "))
            .filter(|(b, _)| b.is_empty());
        for command in typed.map(|(_, rest)| first_word(rest)).filter(|w| w.starts_with(|c: char| c.is_ascii_lowercase())) {
            assert!(commands.contains(command), "{name} names `harden {command}`, which is no command");
        }
    }
}

#[test]
fn examples_name_what_exists_and_parse() {
    let (_, known) = interface();
    let folder = project("docs/examples");
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let example = text(&format!("docs/examples/{name}"));
        for option in options(&example) {
            assert!(known.contains(option) || FOREIGN_OPTIONS.contains(&option), "{name} names {option}, which no command has");
        }
        let document = harden::formats::parse(&name, example.as_bytes(), harden::model::environment::Environment::Production);
        assert!(document.fault.is_none() && document.settings.len() > 10, "{name} is no YAML");
        assert!(text("docs/ci.md").contains(&format!("(examples/{name})")), "docs/ci.md does not name {name}");
    }
}

/// To renew the page: the command is in docs/development.md.
#[test]
fn the_rule_reference_is_current() {
    let page = text("docs/rules.md");
    let now = output(&project("."), &["rules", "list", "--no-config", "--format", "markdown"]);
    let differs = page.lines().zip(now.lines()).position(|(a, b)| a != b);
    assert!(page == now, "docs/rules.md is not what the rules say, from line {:?}", differs.map(|i| i + 1));
    for rule in RuleSet::builtin().rules() {
        assert!(page.contains(&format!("\n### {}\n", rule.id)), "no entry for `{}`", rule.id);
    }
}

#[test]
fn readme_names_every_command() {
    let readme = text("README.md");
    for command in interface().0.iter().filter(|c| *c != "rules") {
        assert!(readme.contains(&format!("`{command}")), "README does not name `{command}`");
    }
}

#[test]
fn rules_that_are_named_exist() {
    let rules = RuleSet::builtin();
    let kinds: BTreeSet<&str> = Class::WORDS.iter().copied().chain(ValueClass::ALL.iter().map(|c| c.word())).collect();
    let kebab = |word: &&str| {
        word.contains('-') && word.split('-').all(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
    };
    let tokens: BTreeSet<&str> = KINDS.iter().map(|k| k.kind).collect();
    let is_known = |word: &str| {
        let other = kinds.contains(word) || tokens.contains(word) || OTHER_WORDS.contains(&word);
        rules.get(word).is_some() || harden::dsn::drivers::named(word).is_some() || other
    };
    for (name, page) in pages() {
        for word in code_spans(&page).into_iter().filter(kebab) {
            assert!(is_known(word), "{name} names `{word}`, which is no rule");
        }
        let after = |mark: &'static str| page.match_indices(mark).map(move |(i, m)| i + m.len()).collect::<Vec<_>>();
        for id in ["harden:ignore ", "rule = \"", "\"rule\":\""]
            .into_iter()
            .flat_map(after)
            .map(|i| page[i..].split([' ', '"', '`']).next().unwrap())
        {
            assert!(id.starts_with("RULE") || rules.get(id).is_some(), "{name} names the rule {id}, which does not exist");
        }
    }
}

#[test]
fn exit_codes_are_those_of_the_help() {
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = squeeze(help(&[]).split_once("Exit codes:").unwrap().1);
    let readme = text("README.md");
    let table = readme.split_once("## Exit codes").unwrap().1.split("\n\n").nth(1).unwrap().to_owned();
    let rows: Vec<String> = table
        .lines()
        .skip(2)
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            if cells[0] == "`run`" { format!("(run: {})", cells[1]) } else { format!("{} {}", cells[0], cells[1]) }
        })
        .collect();
    assert_eq!(squeeze(&rows.join(" ")), help);
}

#[test]
fn every_key_of_the_configuration_is_shown_and_parses() {
    let page = text("docs/config.md");
    let shown = block(&page, "every key, parsed");
    Config::parse(shown, Path::new("harden.toml")).unwrap();
    let source = text("src/config/parse.rs");
    let lists = source.lines().filter(|line| line.starts_with("const ") && line.contains("&[&str]"));
    let keys: Vec<&str> = lists.flat_map(|line| line.split('"').skip(1).step_by(2)).collect();
    assert!(keys.contains(&"internal-plaintext"), "the keys could not be read");
    for key in keys {
        let line =
            |l: &str| l.starts_with(&format!("{key} =")) || l.starts_with(&format!("[{key}]")) || l.starts_with(&format!("[[{key}]]"));
        let later = matches!(key, "rotate" | "server") && page.contains(&format!("[{key}]"));
        assert!(later || shown.lines().any(line), "docs/config.md does not show `{key}`");
    }
}

#[test]
fn the_example_rule_passes_its_tests() {
    let page = text("docs/writing-rules.md");
    let file = rules::parse(block(&page, "run by tests/it/docs.rs")).unwrap();
    let (count, misses) = selftest::run(&file);
    assert_eq!((count, misses), (3, Vec::new()));
    let mut rules = RuleSet::builtin();
    rules.extend("sessions.toml", block(&page, "run by tests/it/docs.rs")).unwrap();
    assert!(rules.get("cors-any-origin").is_none() && rules.get("session-lives-for-weeks").is_some());
}

/// The message about a condition that is not known lists those that are.
#[test]
fn every_condition_is_described() {
    let page = text("docs/writing-rules.md");
    for family in FAMILIES.iter().map(|f| f.word()).filter(|word| *word != "sibling") {
        let rule = format!(
            "schema = 1\n[[rule]]\nid = 'x'\ntitle = 'x'\nclass = 'weak-key'\nseverity = 'low'\nconfidence = 'low'\nmessage = 'x'\n\
             match = {{ {family}.nothing = 'x' }}\nfix = {{ strategy = 'suggest', fix = 'manual' }}\n"
        );
        let rules = rules::parse(&rule).unwrap();
        let error = Detectors::compile(&[rules.rules[0].rule.clone()], Profile::Production, &Network::default()).err().unwrap();
        let names: Vec<&str> = error.problem.split_once(": ").unwrap().1.split(", ").collect();
        assert!(names.iter().all(|name| name.starts_with(family)), "not a list of conditions: {}", error.problem);
        for name in names {
            assert!(page.contains(&format!("`{name}`")), "docs/writing-rules.md does not describe `{name}`");
        }
    }
    assert!(page.contains("`sibling`"));
}

#[test]
fn what_is_registered_is_described() {
    let formats = text("docs/formats.md");
    for format in FORMATS.iter().map(|f| f.name()) {
        assert!(formats.contains(&format!("`{format}`")), "docs/formats.md does not describe `{format}`");
    }
    let tls = text("docs/tls.md");
    for system in SCHEMES.iter() {
        assert!(tls.contains(system.name()), "docs/tls.md does not describe {}", system.name());
        for scheme in system.schemes() {
            assert!(tls.contains(&format!("`{scheme}`")), "docs/tls.md does not name the scheme {scheme}");
        }
    }
    let tokens = text("docs/tokens.md");
    for kind in KINDS {
        let row = format!("| `{}` | {} | {} |", kind.kind, kind.provider, kind.name);
        let line = tokens.lines().find(|line| line.starts_with(&row));
        let line = line.unwrap_or_else(|| panic!("docs/tokens.md has no row {row}"));
        assert!(line.ends_with(&format!("| {} |", kind.usage.word())), "docs/tokens.md: {} opens {}", kind.kind, kind.usage.word());
    }
    let listed = tokens.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 6).count();
    assert_eq!(listed, KINDS.len(), "docs/tokens.md lists kinds that are none");
    let shown = text("docs/output.md");
    for renderer in RENDERERS.iter().map(|r| r.name()) {
        assert!(shown.contains(&format!("`{renderer}`")), "docs/output.md does not describe `{renderer}`");
    }
    let rules = text("docs/writing-rules.md");
    for class in ValueClass::ALL.iter().map(|c| c.word()) {
        assert!(rules.contains(&format!("`{class}`")), "docs/writing-rules.md does not describe the class {class}");
    }
}

/// The lines of README's first block come out of the program, in this order; `...` stands for lines left out.
#[test]
fn the_readme_shows_real_output() {
    let readme = text("README.md");
    let mut folder = project(".");
    let mut real: Vec<String> = Vec::new();
    let (mut at, mut skipping) = (0, false);
    for line in block(&readme, "real output").lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            let words: Vec<&str> = typed.split(' ').collect();
            match words[..] {
                ["cd", to] => folder = project(to),
                ["harden", ref args @ ..] => real = output(&folder, args).lines().map(str::to_owned).collect(),
                _ => panic!("`{typed}` is neither cd nor harden"),
            }
            (at, skipping) = (0, false);
        } else if line == "..." {
            skipping = true;
        } else {
            let found =
                if skipping { real.iter().skip(at).position(|l| l == line) } else { real.get(at).filter(|l| *l == line).map(|_| 0) };
            assert!(found.is_some(), "README shows a line that does not come out (there): {line}");
            at += found.unwrap() + 1;
            skipping = false;
        }
    }
    assert!(at > 0);
}

#[test]
fn tests_that_are_named_exist() {
    let page = text("docs/security.md");
    let (_, table) = page.split_once("<!-- tests that exist, by tests/it/docs.rs -->").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let mut sources = String::new();
    for folder in ["src", "tests"] {
        let mut open = vec![project(folder)];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    sources += &fs::read_to_string(path).unwrap();
                }
            }
        }
    }
    let named: Vec<&str> = code_spans(table).into_iter().filter(|span| span.matches('_').count() > 2).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "docs/security.md names `{name}`, and there is no such test");
    }
}
