//! SARIF 2.1.0 (OASIS), for code scanning. Results carry places and fingerprints, and no snippet: a snippet would be the value.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::cards::cards;
use super::escape::{json_pretty, uri};
use super::renderer::Renderer;
use crate::model::finding::{Finding, Related};
use crate::model::severity::{Confidence, Severity};
use crate::report::{Entry, Notice, Proposal, Replacement, Report, RuleCard, advice};

/// `--format sarif`
pub(super) struct Sarif;

/// What relative URIs are relative to: the folder that `harden` was started in.
const BASE: &str = "%SRCROOT%";
/// Name and version of the recipe in docs/output.md.
const FINGERPRINT: &str = "hardenPlace/v1";

impl Renderer for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn about(&self) -> &'static str {
        "SARIF 2.1.0, for code scanning"
    }

    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let rules = cards(report);
        let ids: Vec<&str> = rules.iter().map(|(card, _)| card.id.as_str()).collect();
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "harden",
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules.iter().map(|(card, first)| rule(report, card, first)).collect::<Vec<_>>(),
                }},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": { BASE: { "description": { "text": "the folder that harden was started in" } } },
                "invocations": [{
                    "executionSuccessful": report.totals.unreadable == 0,
                    "toolExecutionNotifications": report.notices.iter().map(notification).collect::<Vec<_>>(),
                }],
                "results": report.entries.iter().map(|entry| result(entry, &ids)).collect::<Vec<_>>(),
                "properties": { "grade": report.grade.letter, "readiness": report.grade.readiness, "go": report.grade.go },
            }],
        });
        writeln!(out, "{}", json_pretty(&log)?)
    }
}

fn rule(report: &Report, card: &RuleCard, first: &Finding) -> Value {
    let of_rule = || report.entries.iter().map(|e| &e.finding).filter(|f| f.rule == card.id);
    let worst = of_rule().map(|f| f.severity).max().unwrap_or(first.severity);
    let surest = of_rule().map(|f| f.confidence).max().unwrap_or(first.confidence);
    let why = if card.why.is_empty() { &card.title } else { &card.why };
    let mut tags = vec!["security".to_owned(), first.class.to_string()];
    tags.extend(card.cwe.iter().map(|n| format!("external/cwe/cwe-{n:03}")));
    tags.extend(card.controls.iter().flat_map(|(name, ids)| ids.iter().map(move |id| format!("{name}/{id}"))));
    let mut out = json!({
        "id": card.id,
        "shortDescription": { "text": card.title },
        "fullDescription": { "text": why },
        "help": help(card, why, advice::of_class(first.class)),
        "defaultConfiguration": { "level": level(worst) },
        "properties": { "tags": tags, "security-severity": score(worst), "precision": precision(surest) },
    });
    if let (Some(link), Some(map)) = (card.references.iter().find(|r| r.starts_with("https://")), out.as_object_mut()) {
        map.insert("helpUri".to_owned(), json!(link));
    }
    out
}

fn help(card: &RuleCard, why: &str, advice: &str) -> Value {
    let links = |line: fn(&String) -> String| card.references.iter().map(line).collect::<String>();
    let text = format!("{why}\n\n{advice}\n{}", links(|r| format!("\n{r}")));
    let markdown = format!("{why}\n\n{advice}\n{}", links(|r| format!("\n- <{r}>")));
    json!({ "text": text.trim_end(), "markdown": markdown.trim_end() })
}

fn result(entry: &Entry, ids: &[&str]) -> Value {
    let finding = &entry.finding;
    let mut place = location(&finding.file, finding.start.line);
    if let Some(region) = place.pointer_mut("/physicalLocation/region") {
        region["startColumn"] = json!(finding.start.column);
        region["endLine"] = json!(finding.end_line.max(finding.start.line));
    }
    if !finding.key.is_empty() {
        place["logicalLocations"] = json!([{ "fullyQualifiedName": finding.key, "kind": "member" }]);
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": ids.iter().position(|id| *id == finding.rule),
        "level": level(finding.severity),
        "message": { "text": finding.message },
        "locations": [place],
        "partialFingerprints": { FINGERPRINT: finding.fingerprint },
        "properties": {
            "class": finding.class.word(),
            "topic": finding.topic,
            "severity": finding.severity.word(),
            "confidence": finding.confidence.word(),
            "environment": finding.environment.word(),
            "fix": finding.fix.word(),
            "help": advice::help(finding),
        },
    });
    if let Some(origin) = &entry.origin {
        let commit = json!({ "commit": origin.commit, "date": origin.date, "inHead": origin.in_head, "versions": origin.versions });
        result["properties"]["history"] = commit;
    }
    if let Some(proposal) = &entry.proposal {
        result["fixes"] = json!([fix(&finding.file, proposal)]);
    }
    if !finding.related.is_empty() {
        result["relatedLocations"] = finding.related.iter().enumerate().map(related).collect();
    }
    result
}

/// An edit that shows no secret (SARIF 3.55); a viewer makes it when it is told to.
fn fix(file: &str, proposal: &Proposal) -> Value {
    let replacement = |one: &Replacement| {
        let region = json!({
            "startLine": one.from.line, "startColumn": one.from.column, "endLine": one.to.line, "endColumn": one.to.column,
        });
        json!({ "deletedRegion": region, "insertedContent": { "text": one.text } })
    };
    json!({
        "description": { "text": proposal.what },
        "artifactChanges": [{
            "artifactLocation": artifact(file),
            "replacements": proposal.replacements.iter().map(replacement).collect::<Vec<_>>(),
        }],
    })
}

/// Another place of a result; ids count within it (SARIF 3.28.2).
fn related((id, other): (usize, &Related)) -> Value {
    let mut place = location(&other.file, other.start.line);
    place["id"] = json!(id);
    place["message"] = json!({ "text": other.what });
    if let Some(region) = place.pointer_mut("/physicalLocation/region") {
        region["startColumn"] = json!(other.start.column);
    }
    place
}

fn notification(notice: &Notice) -> Value {
    let mut out = json!({ "level": "warning", "message": { "text": notice.message } });
    if !notice.file.is_empty() {
        out["locations"] = json!([location(&notice.file, notice.line)]);
    }
    out
}

/// A place; line 0 is the whole file.
fn location(file: &str, line: usize) -> Value {
    let mut physical = json!({ "artifactLocation": artifact(file) });
    if line > 0 {
        physical["region"] = json!({ "startLine": line });
    }
    json!({ "physicalLocation": physical })
}

fn artifact(file: &str) -> Value {
    if file.starts_with('/') {
        json!({ "uri": format!("file://{}", uri(file)) })
    } else {
        json!({ "uri": uri(file.strip_prefix("./").unwrap_or(file)), "uriBaseId": BASE })
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The number by which code scanning sorts: above 9 critical, from 7 high, from 4 medium, below low.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "high",
        Confidence::Low => "medium",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Sarif;
    use crate::render::Renderer;
    use crate::report::{Report, sample};

    fn run(report: &Report) -> Value {
        let mut out = Vec::new();
        Sarif.render(report, &mut out).expect("a vector takes all");
        let log: Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!((&log["version"], log["runs"].as_array().map(Vec::len)), (&json!("2.1.0"), Some(1)));
        log["runs"][0].clone()
    }

    /// What SARIF 2.1.0 requires of the objects written here.
    #[test]
    fn required_properties_are_there() {
        let run = run(&sample::report());
        assert!(run["tool"]["driver"]["name"].is_string());
        assert!(run["invocations"][0]["executionSuccessful"].is_boolean());
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        for rule in rules {
            assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string() && rule["help"]["text"].is_string(), "{rule}");
            assert!(rule["properties"]["tags"].as_array().is_some_and(|tags| tags.contains(&json!("security"))));
        }
        for result in run["results"].as_array().expect("results") {
            assert!(result["message"]["text"].is_string());
            let index = result["ruleIndex"].as_u64().and_then(|i| usize::try_from(i).ok()).expect("an index");
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
            assert!(place["region"]["startLine"].as_u64() <= place["region"]["endLine"].as_u64());
            assert!(place["region"].get("snippet").is_none());
        }
    }

    #[test]
    fn results_say_how_bad_and_where() {
        let run = run(&sample::report());
        let levels: Vec<&Value> = run["results"].as_array().expect("results").iter().map(|r| &r["level"]).collect();
        assert_eq!(levels, ["error", "warning", "note"]);
        assert_eq!(run["results"][0]["partialFingerprints"], json!({ "hardenPlace/v1": "0123456789abcdef0123456789abcdef" }));
        let uri = &run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(uri, "we%20ird%7C%60x%60%1B%5B31m%25%E2%80%AE.yml");
        assert_eq!(run["results"][1]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "services.a.\"b|c\"");
        let rule = &run["tool"]["driver"]["rules"][0];
        assert_eq!((&rule["properties"]["security-severity"], &rule["defaultConfiguration"]["level"]), (&json!("9.5"), &json!("error")));
        assert_eq!(rule["helpUri"], "https://cwe.mitre.org/data/definitions/1392.html");
        assert!(rule["properties"]["tags"].as_array().is_some_and(|t| t.contains(&json!("external/cwe/cwe-1392"))));
    }

    #[test]
    fn notices_are_notifications_and_unreadable_files_are_no_success() {
        let run = run(&sample::report());
        let said = &run["invocations"][0]["toolExecutionNotifications"][0];
        assert_eq!(said["locations"][0]["physicalLocation"]["region"]["startLine"], 7);
        assert_eq!(run["invocations"][0]["executionSuccessful"], false);
        let clean = super::tests::run(&sample::clean());
        assert_eq!((&clean["results"], &clean["invocations"][0]["executionSuccessful"]), (&json!([]), &json!(true)));
    }
}
