//! The inventory of secrets: for people, as JSON, and for Prometheus (the text format, as node_exporter's textfile collector reads it).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use super::escape::json_pretty;
use super::fields::SCHEMA;
use crate::report::inventory::{Held, Inventory};
use crate::report::printable::printable;

/// Names of the formats of `harden status`.
pub const FORMATS: &[&str] = &["human", "json", "prometheus"];

/// The inventory in the format `name`, one of [`FORMATS`]; `now` in seconds since 1970.
///
/// # Errors
/// As JSON's serialiser has them; none for these types.
pub fn inventory(inventory: &Inventory, name: &str, now: u64) -> io::Result<String> {
    match name {
        "json" => json(inventory),
        "prometheus" => Ok(prometheus(inventory, now)),
        _ => Ok(human(inventory)),
    }
}

fn human(inventory: &Inventory) -> String {
    let mut out = String::new();
    for held in &inventory.secrets {
        let class = held.worst.map_or("ok", |(class, _)| class.word());
        let age = held.age.map_or_else(|| "age unknown".to_owned(), |(days, from)| format!("{days} days old ({})", from.word()));
        let due = match held.due_in() {
            Some(0) => format!("due: {}", if held.due.is_empty() { "today" } else { &held.due }),
            Some(days) => format!("due in {days} days"),
            None if held.max_age.is_some() => "due when its age is known".to_owned(),
            None => "no policy".to_owned(),
        };
        let hand = if held.by_hand { ", by hand" } else { "" };
        let verified = match held.verified {
            Some(0) => "; verified today".to_owned(),
            Some(days) => format!("; verified {days} days ago"),
            None => String::new(),
        };
        let _ = writeln!(out, "{}  {class}; {}{hand}; {age}; {due}{verified}", printable(&held.name), held.kind);
        for place in &held.places {
            let _ = writeln!(out, "    {}:{}  {}", printable(&place.file), place.line, printable(&place.key));
        }
    }
    let due = inventory.secrets.iter().filter(|held| held.due_in() == Some(0)).count();
    let _ = writeln!(
        out,
        "{} secrets, {due} due; grade {}, readiness {} %",
        inventory.secrets.len(),
        if inventory.letter.is_empty() { "?" } else { inventory.letter },
        inventory.readiness
    );
    for (path, days) in inventory.certificates.iter().filter(|(_, days)| *days < 30) {
        let when = if *days < 0 { format!("expired {} days ago", -days) } else { format!("expires in {days} days") };
        let _ = writeln!(out, "certificate {}: {when}", printable(path));
    }
    out
}

#[derive(Serialize)]
struct Whole<'a> {
    schema: u32,
    version: &'static str,
    secrets: Vec<One<'a>>,
    grade: &'a str,
    readiness: u8,
    certificates: Vec<Certificate<'a>>,
    last_rotation: Option<Last<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    name: &'a str,
    kind: &'a str,
    class: Option<&'a str>,
    severity: Option<&'a str>,
    bits: usize,
    age_days: Option<u64>,
    age_from: &'a str,
    verified_days: Option<u64>,
    max_age_days: Option<u64>,
    due_in_days: Option<u64>,
    due: &'a str,
    by_hand: bool,
    places: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    key: &'a str,
}

#[derive(Serialize)]
struct Certificate<'a> {
    file: &'a str,
    expires_in_days: i64,
}

#[derive(Serialize)]
struct Last<'a> {
    time: u64,
    result: &'a str,
}

fn one(held: &Held) -> One<'_> {
    One {
        name: &held.name,
        kind: held.kind,
        class: held.worst.map(|(class, _)| class.word()),
        severity: held.worst.map(|(_, severity)| severity.word()),
        bits: held.bits,
        age_days: held.age.map(|(days, _)| days),
        age_from: held.age.map_or("unknown", |(_, from)| from.word()),
        verified_days: held.verified,
        max_age_days: held.max_age,
        due_in_days: held.due_in(),
        due: &held.due,
        by_hand: held.by_hand,
        places: held.places.iter().map(|p| Place { file: &p.file, line: p.line, key: &p.key }).collect(),
    }
}

fn json(inventory: &Inventory) -> io::Result<String> {
    let whole = Whole {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        secrets: inventory.secrets.iter().map(one).collect(),
        grade: inventory.letter,
        readiness: inventory.readiness,
        certificates: inventory.certificates.iter().map(|(file, days)| Certificate { file, expires_in_days: *days }).collect(),
        last_rotation: inventory.last.map(|(time, result)| Last { time, result }),
    };
    Ok(json_pretty(&whole)? + "\n")
}

/// Metrics: <https://prometheus.io/docs/instrumenting/exposition_formats/>, the text format 0.0.4. No label holds the name of a secret.
fn prometheus(inventory: &Inventory, now: u64) -> String {
    let mut out = String::new();
    let mut gauge = |name: &str, help: &str, samples: &[(String, String)]| {
        let _ = writeln!(out, "# HELP harden_{name} {help}\n# TYPE harden_{name} gauge");
        for (labels, value) in samples {
            let _ = writeln!(out, "harden_{name}{labels} {value}");
        }
    };
    let one = |value: String| vec![(String::new(), value)];
    gauge(
        "readiness_ratio",
        "Weighted share of subjects in production files without an open finding.",
        &one((f64::from(inventory.readiness) / 100.0).to_string()),
    );
    let letter = if inventory.letter.is_empty() { "?" } else { inventory.letter };
    gauge("grade_info", "Letter of the grade.", &[(format!("{{grade=\"{letter}\"}}"), "1".to_owned())]);
    let counted: Vec<(String, String)> = inventory
        .findings
        .iter()
        .map(|(class, severity, n)| (format!("{{class=\"{}\",severity=\"{}\"}}", class.word(), severity.word()), n.to_string()))
        .collect();
    gauge("findings", "Findings in production files.", &counted);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    inventory.secrets.iter().for_each(|held| *kinds.entry(held.kind).or_default() += 1);
    let counted: Vec<(String, String)> = kinds.iter().map(|(kind, n)| (format!("{{kind=\"{kind}\"}}"), n.to_string())).collect();
    gauge("secrets", "Secrets in production files.", &counted);
    let due = inventory.secrets.iter().filter(|held| held.due_in() == Some(0)).count();
    gauge("secrets_due", "Secrets that the policy or a finding wants replaced now.", &one(due.to_string()));
    let unknown = inventory.secrets.iter().filter(|held| held.age.is_none()).count();
    gauge("secrets_of_unknown_age", "Secrets whose last replacement is not known.", &one(unknown.to_string()));
    if let Some(oldest) = inventory.secrets.iter().filter_map(|held| held.age).map(|(days, _)| days).max() {
        gauge("oldest_secret_days", "Age of the oldest secret whose age is known.", &one(oldest.to_string()));
    }
    if let Some(first) = inventory.certificates.iter().map(|(_, days)| *days).min() {
        gauge("certificate_expiry_days", "Days until the first certificate among the files expires.", &one(first.to_string()));
    }
    if let Some((time, result)) = inventory.last {
        gauge("last_rotation_timestamp_seconds", "When the last rotation began.", &one(time.to_string()));
        let done = u8::from(result == "done");
        gauge("last_rotation_success", "Whether the last rotation was carried out to its end.", &one(done.to_string()));
    }
    gauge("status_timestamp_seconds", "When this was written.", &one(now.to_string()));
    out
}

#[cfg(test)]
mod tests {
    use super::{FORMATS, inventory};
    use crate::model::severity::{Class, Severity};
    use crate::report::inventory::{Held, Inventory, Source, Stands};

    fn sample() -> Inventory {
        let held = Held {
            name: "JWT_SECRET".to_owned(),
            kind: "stateless",
            worst: Some((Class::DevSecret, Severity::Critical)),
            bits: 40,
            age: Some((400, Source::Git)),
            verified: Some(3),
            max_age: Some(180),
            due: "dev-secret".to_owned(),
            by_hand: false,
            places: vec![Stands { file: ".env".to_owned(), line: 2, key: "JWT_SECRET".to_owned() }],
        };
        let findings = vec![(Class::DevSecret, Severity::Critical, 1)];
        Inventory {
            secrets: vec![held],
            letter: "F",
            readiness: 50,
            findings,
            certificates: vec![("tls.pem".to_owned(), 12)],
            last: Some((7, "done")),
        }
    }

    #[test]
    fn every_format_tells_the_same() {
        let text = |name| inventory(&sample(), name, 9).expect("text");
        assert_eq!(FORMATS.len(), 3);
        let human = text("human");
        assert!(
            human.contains("400 days old (git)") && human.contains("due: dev-secret") && human.contains("expires in 12 days"),
            "{human}"
        );
        assert!(text("json").contains("\"age_days\": 400") && text("json").contains("\"verified_days\": 3"));
        let metrics = text("prometheus");
        for line in [
            "harden_readiness_ratio 0.5",
            "harden_grade_info{grade=\"F\"} 1",
            "harden_findings{class=\"dev-secret\",severity=\"critical\"} 1",
            "harden_secrets_due 1",
            "harden_oldest_secret_days 400",
            "harden_certificate_expiry_days 12",
            "harden_last_rotation_success 1",
        ] {
            assert!(metrics.lines().any(|l| l == line), "{line}\n{metrics}");
        }
        assert!(!metrics.contains("JWT"), "names are not for a metrics page");
    }
}
