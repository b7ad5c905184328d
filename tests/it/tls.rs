//! Every pair of `fixtures/tls/vectors.json`: what is insecure is found by the rules, what is written instead is what the driver takes, is
//! clean, and stays as it is when it is fixed again.

use std::collections::BTreeMap;

use harden::config::Network;
use harden::detect::{Circumstances, Detectors};
use harden::dsn;
use harden::formats;
use harden::keygen::SystemEntropy;
use harden::model::document::Document;
use harden::model::environment::Environment;
use harden::model::finding::Finding;
use harden::model::severity::{Class, Fix, Profile, Severity};
use harden::plan::{Wishes, plan};
use harden::rewrite;
use harden::rules::builtin;
use harden::rules::load::RuleSet;
use serde_json::Value;

struct Vector {
    system: String,
    driver: Option<String>,
    before: String,
    after: String,
    kind: String,
}

fn vectors() -> Vec<Vector> {
    let list: Vec<Value> = serde_json::from_str(include_str!("../../fixtures/tls/vectors.json")).unwrap();
    let text = |v: &Value, key: &str| v[key].as_str().unwrap().to_owned();
    list.iter()
        .map(|v| Vector {
            system: text(v, "system"),
            driver: v["driver"].as_str().map(str::to_owned),
            before: text(v, "before"),
            after: text(v, "after"),
            kind: text(v, "kind"),
        })
        .collect()
}

/// Which of two kinds a vector is: a whole setting, or a connection string.
fn is_setting(v: &Vector) -> bool {
    v.system == "env" || (v.system == "kafka" && !v.before.contains("://"))
}

/// The vector's text in a file: a setting of its own, or the value of one. JSON, so that no text needs escapes of a shell.
fn document(v: &Vector, text: &str) -> Document {
    let (name, content) = match v.system.as_str() {
        "env" => (".env", format!("FIRST=1\n{text}\nLAST=1\n")),
        "kafka" if is_setting(v) => ("client.properties", format!("{text}\n")),
        "otlp" => ("settings.json", serde_json::json!({ "OTEL_EXPORTER_OTLP_ENDPOINT": text }).to_string()),
        "vault" => ("settings.json", serde_json::json!({ "VAULT_ADDR": text }).to_string()),
        _ => ("settings.json", serde_json::json!({ "connection": text }).to_string()),
    };
    formats::parse(name, content.as_bytes(), Environment::Production)
}

fn findings(document: &Document) -> Vec<Finding> {
    let detectors = Detectors::compile(builtin::rules(), Profile::Production, &Network::default()).unwrap();
    let mut found = detectors.run(document, Circumstances::default()).findings;
    found.retain(|f| f.class == Class::NonTlsUrl);
    found
}

/// The file with all that is proposed for review, for a project whose driver is named in its configuration; how far the fix went.
fn fixed(v: &Vector, document: Document) -> (Document, Option<Fix>) {
    let found = findings(&document);
    let (rules, documents) = (RuleSet::builtin(), [document]);
    let system = match v.system.as_str() {
        "postgresql" => "postgres",
        "mariadb" => "mysql",
        "valkey" => "redis",
        other => other,
    };
    let drivers: BTreeMap<String, String> = v.driver.iter().map(|d| (system.to_owned(), d.clone())).collect();
    let wishes = Wishes {
        only: &[],
        drivers: &drivers,
        manifests: &|_| Vec::new(),
        rules: &rules,
        seals: None,
        fresh: None,
        before: &[],
        live: false,
        keep_previous: false,
        unborn: false,
    };
    let plan = plan(&documents, &found.iter().collect::<Vec<_>>(), &wishes, &mut SystemEntropy).unwrap();
    let reach = plan.switches.first().map(|s| s.fix);
    let edits = plan.edits(&documents, Fix::Review).unwrap();
    let [document] = documents;
    match edits.get(&0) {
        Some(planned) => {
            let bytes = rewrite::patch(&document, planned).unwrap();
            (formats::parse(&document.path, &bytes, Environment::Production), reach)
        }
        None => (document, reach),
    }
}

/// What the string becomes for the vector's driver, whatever the plan would do with it.
fn secured(v: &Vector, text: &str) -> Option<String> {
    let found = dsn::parse(text).unwrap_or_else(|| panic!("{text}"));
    let system = dsn::system(&found, text).unwrap_or_else(|| panic!("{text}"));
    let changes = system.secure(&found, text, dsn::drivers::of(&found, text, v.driver.as_deref()))?;
    let mut out = text.to_owned();
    for (span, new) in dsn::edits(&found, text, &changes).into_iter().rev() {
        out.replace_range(span.start..span.end, &new);
    }
    Some(out)
}

/// Prisma up to 6 reads `verify-full` as `prefer`: only who knows the driver can know that, and the rules do not.
fn needs_the_driver_to_be_seen(v: &Vector) -> bool {
    v.driver.as_deref().is_some_and(|d| d.starts_with("prisma")) && v.before.contains("sslmode=verify-full")
}

#[test]
fn what_is_insecure_is_found_and_what_is_written_is_clean() {
    for v in vectors() {
        let found = findings(&document(&v, &v.before));
        match v.kind.as_str() {
            // named all the same, at a severity that changes nothing
            "none" => assert!(found.iter().all(|f| f.severity == Severity::Info), "{}: {found:?}", v.before),
            _ if needs_the_driver_to_be_seen(&v) => {}
            _ => {
                assert_eq!(found.len(), 1, "{}: {found:?}", v.before);
                assert!(found[0].severity >= Severity::Medium, "{}", v.before);
            }
        }
        let left = findings(&document(&v, &v.after));
        match v.kind.as_str() {
            "partial" => assert_eq!(left.len(), 1, "{}", v.after),
            "none" => {}
            _ => assert!(left.is_empty(), "{}: {left:?}", v.after),
        }
    }
}

#[test]
fn every_driver_gets_what_it_takes_and_twice_is_once() {
    for v in vectors().iter().filter(|v| !is_setting(v) && !v.before.starts_with("${")) {
        match v.kind.as_str() {
            // a path cannot be made up
            "needs-path" => assert_eq!(secured(v, &v.before), None, "{}", v.before),
            "none" => {}
            _ => {
                assert_eq!(secured(v, &v.before).as_deref(), Some(v.after.as_str()), "{}", v.before);
                assert_eq!(secured(v, &v.after).as_deref(), Some(v.after.as_str()), "{}", v.after);
            }
        }
    }
}

#[test]
fn the_plan_writes_what_is_sure_and_suggests_the_rest() {
    let value = |d: &Document, i: usize| d.settings.get(i).map_or(String::new(), |s| s.value.expose().to_owned());
    for v in vectors().iter().filter(|v| !needs_the_driver_to_be_seen(v)) {
        let before = document(v, &v.before);
        let text = before.text.clone();
        let (now, reach) = fixed(v, before);
        match v.kind.as_str() {
            "auto" | "partial" => {
                assert_eq!(reach, Some(Fix::Review), "{}", v.before);
                assert_eq!(now.text.as_str(), document(v, &v.after).text.as_str(), "{}", v.before);
                assert_eq!(
                    fixed(v, formats::parse(&now.path, now.text.as_bytes(), Environment::Production)).0.text,
                    now.text,
                    "{}",
                    v.before
                );
            }
            "delete" => {
                assert_eq!(reach, Some(Fix::Review), "{}", v.before);
                assert_eq!(now.text.as_str(), "FIRST=1\nLAST=1\n", "{}", v.before);
            }
            _ => {
                assert_ne!(reach, Some(Fix::Review), "{}", v.before);
                assert_eq!(now.text.as_str(), text.as_str(), "{}: {}", v.before, value(&now, 0));
            }
        }
    }
}
