//! GitLab's report format for secret detection, version 15.2.4 (gitlab-org/security-products/security-report-schemas). It carries no
//! `raw_source_code_extract`: that would be the value.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::cards::cards;
use super::escape::{json_pretty, prose};
use super::renderer::Renderer;
use crate::model::date::{date_time, now};
use crate::model::severity::Severity;
use crate::report::printable::printable;
use crate::report::{Entry, Notice, Report, RuleCard, Scope, advice};

/// `--format gitlab`
pub(super) struct GitLab;

/// Of the schema.
const VERSION: &str = "15.2.4";
/// What GitLab's own analyzer writes where files are looked at and no commits.
const NO_COMMIT: &str = "0000000";
/// Characters that a name may have.
const NAME: usize = 255;
/// Characters that a solution may have.
const SOLUTION: usize = 7000;

impl Renderer for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn about(&self) -> &'static str {
        "GitLab's secret detection report"
    }

    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let cards: Vec<RuleCard> = cards(report).into_iter().map(|(card, _)| card).collect();
        let tool = json!({
            "id": "harden", "name": "harden", "version": env!("CARGO_PKG_VERSION"), "vendor": { "name": "harden" },
        });
        // the schema wants both; looking takes no time worth telling
        let time = date_time(now());
        let mut scan = json!({
            "analyzer": tool,
            "scanner": tool,
            "type": "secret_detection",
            "start_time": time,
            "end_time": time,
            "status": if report.totals.unreadable == 0 { "success" } else { "failure" },
            "messages": report.notices.iter().map(message).collect::<Vec<_>>(),
        });
        if report.scope == Scope::Changes {
            scan["partial_scan"] = json!({ "mode": "differential" });
        }
        let mut seen = HashMap::new();
        let log = json!({
            "version": VERSION,
            "schema": format!("https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v{VERSION}/dist/secret-detection-report-format.json"),
            "scan": scan,
            "vulnerabilities": report.entries.iter().map(|entry| vulnerability(entry, &cards, &mut seen)).collect::<Vec<_>>(),
        });
        writeln!(out, "{}", json_pretty(&log)?)
    }
}

fn vulnerability<'r>(entry: &'r Entry, cards: &[RuleCard], seen: &mut HashMap<&'r str, usize>) -> Value {
    let finding = &entry.finding;
    let card = cards.iter().find(|card| card.id == finding.rule);
    let title = card.map_or(finding.rule.as_str(), |card| card.title.as_str());
    let why = card.map(|card| card.why.as_str()).filter(|why| !why.is_empty()).map(|why| format!("\n\n{why}")).unwrap_or_default();
    let key = if finding.key.is_empty() { String::new() } else { format!("\n\nSetting: {}", prose(&finding.key)) };
    let mut identifiers = vec![json!({ "type": "harden_rule_id", "name": format!("harden {}", finding.rule), "value": finding.rule })];
    identifiers.extend(card.iter().flat_map(|card| &card.cwe).map(|n| {
        let url = format!("https://cwe.mitre.org/data/definitions/{n}.html");
        json!({ "type": "cwe", "name": format!("CWE-{n}"), "value": n.to_string(), "url": url })
    }));
    let mut commit = json!({ "sha": NO_COMMIT });
    if let Some(origin) = entry.origin.as_ref().filter(|origin| !origin.commit.is_empty()) {
        commit = json!({ "sha": origin.commit, "date": origin.date });
    }
    let links = card.iter().flat_map(|card| &card.references).filter(|link| link.starts_with("https://") || link.starts_with("http://"));
    json!({
        "id": id(&finding.fingerprint, seen.entry(&finding.fingerprint).and_modify(|n| *n += 1).or_insert(1)),
        "name": cut(title, NAME),
        "description": format!("{}{why}{key}", prose(&finding.message)),
        "severity": severity(finding.severity),
        "solution": cut(&printable(advice::help(finding)), SOLUTION),
        "identifiers": identifiers,
        "links": links.map(|link| json!({ "url": link })).collect::<Vec<_>>(),
        "location": {
            "file": finding.file.strip_prefix("./").unwrap_or(&finding.file),
            "commit": commit,
            "start_line": finding.start.line,
            "end_line": finding.end_line.max(finding.start.line),
        },
    })
}

/// The place as a UUID of version 8 (RFC 9562: made by a recipe of ours); in a history one place can have several findings.
fn id(fingerprint: &str, count: &usize) -> String {
    let part = |from: usize, to: usize| fingerprint.get(from..to).unwrap_or_default();
    let uuid = format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32));
    if *count == 1 { uuid } else { format!("{uuid}-{count}") }
}

fn message(notice: &Notice) -> Value {
    let place = match (notice.file.as_str(), notice.line) {
        ("", _) => String::new(),
        (file, 0) => format!("{file}: "),
        (file, line) => format!("{file}:{line}: "),
    };
    json!({ "level": "warn", "value": printable(&format!("{place}{}", notice.message)) })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{GitLab, date_time};
    use crate::render::Renderer;
    use crate::report::{Origin, Report, Scope, sample};

    fn parsed(report: &Report) -> Value {
        let mut out = Vec::new();
        GitLab.render(report, &mut out).expect("a vector takes all");
        serde_json::from_slice(&out).expect("JSON")
    }

    /// What version 15.2.4 of the schema requires; `./test --live` asks the schema itself.
    #[test]
    fn required_properties_are_there() {
        let whole = parsed(&sample::report());
        assert_eq!((&whole["version"], &whole["scan"]["type"]), (&json!("15.2.4"), &json!("secret_detection")));
        for tool in ["analyzer", "scanner"] {
            assert!(["id", "name", "version"].iter().all(|field| whole["scan"][tool][field].is_string()), "{tool}");
            assert!(whole["scan"][tool]["vendor"]["name"].is_string());
        }
        assert_eq!(whole["scan"]["status"], "failure", "a file was not readable");
        assert_eq!(whole["scan"]["messages"], json!([{ "level": "warn", "value": "bad.yml:7: not YAML: a mapping ends too early" }]));
        let all = whole["vulnerabilities"].as_array().expect("a list");
        assert_eq!(all.iter().map(|v| v["severity"].as_str().expect("text")).collect::<Vec<_>>(), ["Critical", "Medium", "Info"]);
        for one in all {
            assert!(one["location"]["commit"]["sha"].is_string() && one["identifiers"][0]["value"].is_string());
            assert!(one.get("raw_source_code_extract").is_none());
        }
        let ids: std::collections::BTreeSet<&str> = all.iter().filter_map(|v| v["id"].as_str()).collect();
        assert_eq!(ids.len(), 3, "one place three times is three of them: {ids:?}");
        assert_eq!(all[0]["id"], "01234567-89ab-8def-8123-456789abcdef");
        assert_eq!(all[0]["identifiers"][1]["value"], "1392");
        assert_eq!(all[1]["location"]["file"], "we ird|`x`\u{1b}[31m%\u{202e}.yml");
        assert_eq!(parsed(&sample::clean())["vulnerabilities"], json!([]));
    }

    #[test]
    fn history_has_commits_and_changes_are_a_part() {
        let mut report = sample::report();
        report.scope = Scope::Changes;
        report.entries[0].origin =
            Some(Origin { commit: "ab".repeat(20), date: "2026-01-31T10:00:00+01:00".to_owned(), in_head: true, versions: 1 });
        let whole = parsed(&report);
        assert_eq!(whole["scan"]["partial_scan"]["mode"], "differential");
        assert_eq!(whole["vulnerabilities"][0]["location"]["commit"]["sha"], "ab".repeat(20));
    }

    #[test]
    fn times_are_as_the_schema_has_them() {
        assert_eq!(date_time(1_580_182_562), "2020-01-28T03:36:02");
    }
}
