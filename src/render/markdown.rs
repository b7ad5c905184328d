//! Markdown for a pull request or a wiki: grade, counts, one table for each severity. GitHub Flavored Markdown.

use std::io::{self, Write};

use super::escape::{bytes, counted, prose};
use super::renderer::Renderer;
use crate::model::severity::Severity;
use crate::report::printable::printable;
use crate::report::{Entry, Report, Scope, advice};

/// `--format markdown`
pub(super) struct Markdown;

impl Renderer for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn about(&self) -> &'static str {
        "Markdown tables, for a pull request"
    }

    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        head(report, out)?;
        for severity in Severity::ALL.iter().rev() {
            let findings: Vec<&Entry> = report.entries.iter().filter(|e| e.finding.severity == *severity).collect();
            if !findings.is_empty() {
                table(*severity, &findings, out)?;
            }
        }
        notices(report, out)?;
        foot(report, out)
    }
}

fn head(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let grade = &report.grade;
    let words: Vec<&str> = Severity::ALL.iter().rev().map(|s| s.word()).collect();
    let counts: Vec<String> = Severity::ALL.iter().rev().map(|s| report.count(*s).to_string()).collect();
    let table = format!("| {} |\n|{}\n| {} |\n", words.join(" | "), "---:|".repeat(words.len()), counts.join(" | "));
    // a part of the files, or all that ever were, are not what is deployed
    match report.scope {
        Scope::Files => {}
        Scope::Changes => return writeln!(out, "# Configuration: what is new\n\n{table}"),
        Scope::History => return writeln!(out, "# Configuration: the history\n\n{table}"),
    }
    let go = if grade.go { "go" } else { "no-go" };
    writeln!(out, "# Configuration grade {}: {}, {go}\n", grade.letter, grade.readiness_words())?;
    for cap in &grade.caps {
        writeln!(out, "- **{}**: {}", cap.allows(), prose(&cap.reason))?;
    }
    if !grade.caps.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{table}")
}

fn table(severity: Severity, findings: &[&Entry], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {} ({})\n\n| place | setting | finding | what to do |\n|---|---|---|---|", capital(severity.word()), findings.len())?;
    for entry in findings {
        let finding = &entry.finding;
        let mut place = code(&format!("{}:{}", finding.file, finding.start.line));
        if let Some(origin) = &entry.origin {
            let head = if origin.in_head { "in HEAD" } else { "not in HEAD" };
            place.push_str(&format!(", {} of {}, {head}", code(origin.short()), prose(&origin.date)));
        }
        let key = if finding.key.is_empty() { String::new() } else { code(&finding.key) };
        let (rule, message) = (code(&finding.rule), prose(&finding.message));
        writeln!(out, "| {place} | {key} | {message} ({rule}) | {} ({}) |", prose(advice::help(finding)), finding.fix)?;
    }
    writeln!(out)
}

fn notices(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    if report.notices.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Warnings ({})\n", report.notices.len())?;
    for notice in &report.notices {
        let place = match (notice.file.as_str(), notice.line) {
            ("", _) => String::new(),
            (file, 0) => format!("{}: ", code(file)),
            (file, line) => format!("{}: ", code(&format!("{file}:{line}"))),
        };
        writeln!(out, "- {place}{}", prose(&notice.message))?;
    }
    writeln!(out)
}

fn foot(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let totals = &report.totals;
    let recalled = if totals.recalled > 0 { format!("{} clean as in an earlier scan, ", totals.recalled) } else { String::new() };
    writeln!(
        out,
        "{}; read {}, {}, {}; {recalled}{} as text, {} that did not parse, {} skipped, {} unreadable, {} suppressed by the repository, {} by the baseline. \
         harden {}, grading version {}.",
        counted(report.entries.len(), "finding"),
        counted(totals.files, "file"),
        counted(totals.settings, "setting"),
        bytes(totals.bytes),
        totals.as_text,
        totals.faulty,
        totals.skipped(),
        totals.unreadable,
        totals.suppressed(),
        totals.suppressed_baseline,
        env!("CARGO_PKG_VERSION"),
        report.grade.version,
    )
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// Text as code. What could end a code span or a cell is written as a character reference, which Markdown does not read as syntax.
fn code(text: &str) -> String {
    let text = printable(text);
    let blank = text.trim() != text;
    if !blank && !text.contains(['`', '|', '\\']) { format!("`{text}`") } else { format!("<code>{}</code>", prose(&text)) }
}

#[cfg(test)]
mod tests {
    use super::{Markdown, code};
    use crate::render::Renderer;
    use crate::render::escape::prose;
    use crate::report::{Report, sample};

    fn text(report: &Report) -> String {
        let mut out = Vec::new();
        Markdown.render(report, &mut out).expect("a vector takes all");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn the_page_has_grade_counts_and_a_table_for_each_severity() {
        let text = text(&sample::report());
        let expected = "\
# Configuration grade F: readiness 50 %, no-go

- **F at best**: a default credential is in a production file
- **B at best**: 1 file could not be parsed

| critical | high | medium | low | info |
|---:|---:|---:|---:|---:|
| 1 | 0 | 1 | 0 | 1 |

## Critical (1)

| place | setting | finding | what to do |
|---|---|---|---|
| `.env:12` | `DB_PASSWORD` | the password is the one of the template (`default-credential`) | ";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.contains("## Info (1)") && text.contains("- `bad.yml:7`: not YAML"), "{text}");
        assert!(text.contains("7 suppressed by the repository"), "{text}");
        assert!(text.lines().filter(|l| l.starts_with("| `") || l.starts_with("| <code>")).all(|l| l.matches('|').count() == 5), "{text}");
    }

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(code("a b.yml"), "`a b.yml`");
        assert_eq!(code("a|`b`\\\n"), "<code>a&#124;&#96;b&#96;&#92;&#92;n</code>");
        assert_eq!(prose("<b> @me http://x"), "&#60;b&#62; &#64;me http&#58;//x");
    }

    #[test]
    fn a_clean_report_says_so() {
        let text = text(&sample::clean());
        assert!(text.starts_with("# Configuration grade A+: readiness 100 %, go\n\n| critical"), "{text}");
        assert!(text.contains("0 findings; read 12 files, 80 settings, 900 B"), "{text}");
    }
}
