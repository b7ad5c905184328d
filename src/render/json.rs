//! The whole report as one JSON object, for programs. docs/output.md has the table of its fields.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::escape::json_pretty;
use super::fields::{Fields, SCHEMA};
use super::renderer::Renderer;
use crate::model::severity::Severity;
use crate::report::grade::Grade;
use crate::report::{Entry, Notice, Report, RuleCard, Totals, advice};

/// `--format json`
pub(super) struct Json;

#[derive(Serialize)]
struct Whole<'a> {
    schema: u32,
    version: &'static str,
    findings: Vec<Found<'a>>,
    totals: Counts,
    grade: Verdict<'a>,
    notices: Vec<Said<'a>>,
    rules: Vec<Card<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    #[serde(flatten)]
    fields: Fields<'a>,
    topic: &'a str,
    help: &'a str,
    excerpt: Vec<Line<'a>>,
    related: Vec<Other<'a>>,
}

#[derive(Serialize)]
struct Other<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    what: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    line: usize,
    text: &'a str,
    mark: [usize; 2],
}

#[derive(Serialize)]
struct Counts {
    findings: BTreeMap<&'static str, usize>,
    fail_on: &'static str,
    failing: usize,
    files: usize,
    parsed: usize,
    as_text: usize,
    faulty: usize,
    recalled: usize,
    settings: usize,
    bytes: u64,
    skipped_large: usize,
    skipped_binary: usize,
    skipped_special: usize,
    unreadable: usize,
    suppressed_inline: usize,
    suppressed_config: usize,
    suppressed_baseline: usize,
}

#[derive(Serialize)]
struct Verdict<'a> {
    letter: &'a str,
    readiness: u8,
    go: bool,
    subjects: usize,
    version: u32,
    caps: Vec<Limit<'a>>,
}

#[derive(Serialize)]
struct Limit<'a> {
    letter: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Said<'a> {
    file: &'a str,
    line: usize,
    message: &'a str,
}

#[derive(Serialize)]
struct Card<'a> {
    id: &'a str,
    title: &'a str,
    why: &'a str,
    references: &'a [String],
    cwe: &'a [u32],
    controls: BTreeMap<&'a str, &'a [String]>,
}

impl Renderer for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "one JSON object: findings, counts, grade, rules"
    }

    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let whole = Whole {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            findings: report.entries.iter().map(found).collect(),
            totals: counts(report, &report.totals),
            grade: verdict(&report.grade),
            notices: report.notices.iter().map(|Notice { file, line, message }| Said { file, line: *line, message }).collect(),
            rules: report.rules.iter().map(card).collect(),
        };
        writeln!(out, "{}", json_pretty(&whole)?)
    }
}

fn found(entry: &Entry) -> Found<'_> {
    let finding = &entry.finding;
    let lines = entry.excerpt.lines.iter();
    let excerpt = lines.map(|l| Line { line: l.number, text: &l.text, mark: [l.mark.start, l.mark.end] }).collect();
    let others = finding.related.iter();
    let related = others.map(|o| Other { file: &o.file, line: o.start.line, column: o.start.column, what: o.what }).collect();
    Found { fields: Fields::of(entry), topic: &finding.topic, help: advice::help(finding), excerpt, related }
}

fn counts(report: &Report, totals: &Totals) -> Counts {
    Counts {
        findings: Severity::ALL.iter().map(|s| (s.word(), report.count(*s))).collect(),
        fail_on: report.fail_on.map_or("none", Severity::word),
        failing: report.failing(),
        files: totals.files,
        parsed: totals.parsed,
        as_text: totals.as_text,
        faulty: totals.faulty,
        recalled: totals.recalled,
        settings: totals.settings,
        bytes: totals.bytes,
        skipped_large: totals.skipped_large,
        skipped_binary: totals.skipped_binary,
        skipped_special: totals.skipped_special,
        unreadable: totals.unreadable,
        suppressed_inline: totals.suppressed_inline,
        suppressed_config: totals.suppressed_config,
        suppressed_baseline: totals.suppressed_baseline,
    }
}

fn verdict(grade: &Grade) -> Verdict<'_> {
    let caps = grade.caps.iter().map(|cap| Limit { letter: cap.letter, reason: &cap.reason }).collect();
    let Grade { letter, readiness, go, subjects, version, .. } = *grade;
    Verdict { letter, readiness, go, subjects, version, caps }
}

fn card(card: &RuleCard) -> Card<'_> {
    let RuleCard { id, title, why, references, cwe, controls } = card;
    Card { id, title, why, references, cwe, controls: controls.iter().map(|(name, ids)| (name.as_str(), ids.as_slice())).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Json;
    use crate::render::Renderer;
    use crate::report::{Report, sample};

    fn parsed(report: &Report) -> Value {
        let mut out = Vec::new();
        Json.render(report, &mut out).expect("a vector takes all");
        serde_json::from_slice(&out).expect("JSON")
    }

    #[test]
    fn the_object_carries_everything() {
        let whole = parsed(&sample::report());
        assert_eq!(whole["schema"], 1);
        assert_eq!(whole["findings"].as_array().map(Vec::len), Some(3));
        assert_eq!(whole["findings"][0]["excerpt"], json!([{"line": 12, "text": "DB_PASSWORD=••••••••", "mark": [12, 20]}]));
        assert_eq!(whole["findings"][1]["file"], "we ird|`x`\u{1b}[31m%\u{202e}.yml");
        assert_eq!(whole["totals"]["findings"], json!({"critical": 1, "high": 0, "medium": 1, "low": 0, "info": 1}));
        assert_eq!((&whole["totals"]["fail_on"], &whole["totals"]["failing"]), (&json!("medium"), &json!(2)));
        assert_eq!(whole["totals"]["suppressed_inline"], 5);
        assert_eq!(whole["grade"]["caps"][1], json!({"letter": "B", "reason": "1 file could not be parsed"}));
        assert_eq!(whole["notices"][0]["line"], 7);
        assert_eq!(whole["rules"][0]["controls"], json!({"soc2": ["CC6.1"]}));
    }

    #[test]
    fn quiet_is_for_people_only() {
        let mut report = sample::report();
        report.quiet = true;
        assert_eq!(parsed(&report), parsed(&sample::report()));
        assert_eq!(parsed(&sample::clean())["findings"], json!([]));
    }
}
