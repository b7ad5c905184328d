//! Names that deceive, in the formats that other programs read: each stays one name, in one place. The schemas and the parsers themselves are
//! asked by `./test --live`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use harden::formats;
use harden::model::environment::Environment;

use super::harness::{assert_code, stdout};
use super::repository::Repository;

const HOSTILE: &[&[u8]] = &[
    b"line\nend.env",
    b"cr\rend.env",
    b"quo\"te's.env",
    b"x::error file=y,line=1::z.env",
    b"%0A%25.env",
    b"<b>&amp;]]>.env",
    b"esc\x1b[31m.env",
    b"bell\x07nul.env",
    "\u{202e}gnp.env".as_bytes(),
    "\u{ffff}\u{fffe}.env".as_bytes(),
    b"not-utf8-\xff.env",
    b"comma,colon:.env",
];

fn output(format: &str) -> String {
    let r = Repository::new();
    for name in HOSTILE {
        r.put(OsStr::from_bytes(name), "DB_PASSWORD=changeme\n");
    }
    let said = r.harden(&["scan", "--format", format]);
    assert_code(&said, 1);
    let text = stdout(&said);
    let hidden = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
    assert!(!text.contains(hidden), "{format}: {text:?}");
    assert!(!text.contains("changeme"), "{format}: {text}");
    text
}

#[test]
fn workflow_commands_are_one_a_finding() {
    let text = output("github");
    let (commands, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("::"));
    assert_eq!((commands.len(), rest.len()), (HOSTILE.len(), 1), "{text}");
    for command in &commands {
        let (head, _) = command.strip_prefix("::error ").and_then(|rest| rest.split_once("::")).unwrap();
        let names: Vec<&str> = head.split(',').map(|pair| pair.split('=').next().unwrap()).collect();
        assert_eq!(names, ["file", "line", "endLine", "title"], "{command}");
    }
    for name in ["line%0Aend.env", "cr%0Dend.env", "%250A%2525.env", "x%3A%3Aerror file=y%2Cline=1%3A%3Az.env", "esc\\u{1b}[31m.env"] {
        assert!(text.contains(&format!("file={name},")), "{name}: {text}");
    }
}

#[test]
fn junit_is_xml() {
    let text = output("junit");
    let document = formats::parse("report.xml", text.as_bytes(), Environment::Production);
    assert!(document.fault.is_none() && document.format == "xml", "{text}");
    assert_eq!((text.matches("<testsuite ").count(), text.matches("<failure ").count()), (HOSTILE.len() + 1, HOSTILE.len()));
    assert!(text.contains("classname=\"&lt;b&gt;&amp;amp;]]&gt;.env\""), "{text}");
    assert!(!text.contains(['\u{fffe}', '\u{ffff}']));
}

#[test]
fn json_formats_give_the_names_back() {
    for format in ["gitlab", "sarif"] {
        let whole: serde_json::Value = serde_json::from_str(&output(format)).unwrap();
        let (list, place) = match format {
            "gitlab" => ("/vulnerabilities", "/location/file"),
            _ => ("/runs/0/results", "/locations/0/physicalLocation/artifactLocation/uri"),
        };
        let names: Vec<&str> =
            whole.pointer(list).unwrap().as_array().unwrap().iter().map(|v| v.pointer(place).unwrap().as_str().unwrap()).collect();
        assert_eq!(names.len(), HOSTILE.len());
        let expected = if format == "gitlab" { ["line\nend.env", "%0A%25.env"] } else { ["line%0Aend.env", "%250A%2525.env"] };
        assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
    }
}

#[test]
fn what_was_accepted_is_in_no_report() {
    let r = Repository::new();
    r.put(".env", "DB_PASSWORD=changeme\n");
    assert_code(&r.harden(&["baseline", "--reason", "x"]), 0);
    for format in ["sarif", "gitlab", "github", "junit", "markdown", "json", "jsonl"] {
        let said = r.harden(&["scan", "--format", format]);
        assert_code(&said, 0);
        assert!(!stdout(&said).contains("placeholder-secret"), "{format}: {}", stdout(&said));
    }
}

/// `text` with the replacements of a SARIF fix made, as a viewer makes them: lines and characters from 1, the end not included.
fn fixed(text: &str, replacements: &[serde_json::Value]) -> String {
    let offset = |region: &serde_json::Value, line: &str, column: &str| {
        let at = |name: &str| usize::try_from(region[name].as_u64().unwrap()).unwrap() - 1;
        let start: usize = text.split_inclusive('\n').take(at(line)).map(str::len).sum();
        start + text[start..].chars().take(at(column)).map(char::len_utf8).sum::<usize>()
    };
    let mut out = text.to_owned();
    for one in replacements.iter().rev() {
        let region = &one["deletedRegion"];
        let range = offset(region, "startLine", "startColumn")..offset(region, "endLine", "endColumn");
        out.replace_range(range, one["insertedContent"]["text"].as_str().unwrap());
    }
    out
}

#[test]
fn fixes_of_sarif_do_what_they_say_and_hold_no_secret() {
    let r = Repository::new();
    r.put("harden.toml", "[drivers]\nDATABASE_URL = \"libpq\"\n");
    let secret = "qZ7vK2xW9jR4tB6nY8mD";
    let env = format!(
        "# \u{e4}\u{1f600}\nDEBUG=True\nDATABASE_URL=\"postgres://app:{secret}@db.example.com:5432/app?sslmode=disable\"\nDB_PASSWORD=changeme\n"
    );
    r.put(".env", &env);
    r.put("config/app.json", "{\"\u{e4}\": 1, \"debug\": true, \"db\": {\"password\": \"changeme\"}}\n");
    let text = stdout(&r.harden(&["scan", "--format", "sarif"]));
    assert!(!text.contains(secret) && !text.contains("changeme"), "{text}");
    let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut seen = Vec::new();
    for result in whole.pointer("/runs/0/results").unwrap().as_array().unwrap() {
        let rule = result["ruleId"].as_str().unwrap();
        let Some(fix) = result.pointer("/fixes/0/artifactChanges/0") else { continue };
        let file = fix.pointer("/artifactLocation/uri").unwrap().as_str().unwrap();
        let before = std::fs::read_to_string(r.top.join(file)).unwrap();
        let after = fixed(&before, fix["replacements"].as_array().unwrap());
        assert_ne!(before, after);
        assert_eq!(before.contains(secret), after.contains(secret), "{rule}: {after}");
        r.put(file, &after);
        let now = stdout(&r.harden(&["scan", "--format", "jsonl", file]));
        assert!(!now.contains(&format!("\"{rule}\"")), "{rule} is there still: {after}");
        r.put(file, &before);
        seen.push((rule.to_owned(), file.to_owned()));
    }
    assert!(seen.contains(&("debug-on".to_owned(), ".env".to_owned())), "{seen:?}");
    assert!(seen.iter().any(|(rule, _)| rule.starts_with("postgres")), "{seen:?}");
    assert!(seen.iter().all(|(rule, _)| !rule.contains("password") && !rule.contains("secret")), "{seen:?}");
}
