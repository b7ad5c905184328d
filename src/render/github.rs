//! Workflow commands of GitHub Actions: each finding as an annotation of its line (docs.github.com, "Workflow commands"). Escapes are those of
//! actions/toolkit: `%`, CR and LF in the text, `:` and `,` besides in properties. A line that is none of ours cannot come of a name.

use std::io::{self, Write};

use super::escape::counted;
use super::renderer::Renderer;
use crate::model::severity::Severity;
use crate::report::printable::printable;
use crate::report::{Entry, Notice, Report, advice};

/// `--format github`
pub(super) struct GitHub;

impl Renderer for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn about(&self) -> &'static str {
        "annotations of a GitHub Actions run"
    }

    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        // the worst first: GitHub shows ten of each sort in a step
        for severity in Severity::ALL.iter().rev() {
            report.entries.iter().filter(|e| e.finding.severity == *severity).try_for_each(|entry| annotation(entry, report, out))?;
        }
        report.notices.iter().try_for_each(|notice| warning(notice, out))?;
        let (found, files) = (counted(report.entries.len(), "finding"), counted(report.totals.files, "file"));
        writeln!(out, "harden: {found} in {files}")
    }
}

fn annotation(entry: &Entry, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let finding = &entry.finding;
    let level = match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    };
    let title = report.card(&finding.rule).map_or(finding.rule.as_str(), |card| card.title.as_str());
    let commit = entry.origin.as_ref().filter(|o| !o.commit.is_empty()).map(|o| format!(" (commit {})", o.short())).unwrap_or_default();
    writeln!(
        out,
        "::{level} file={},line={},endLine={},title={}::{}",
        property(finding.file.strip_prefix("./").unwrap_or(&finding.file)),
        finding.start.line,
        finding.end_line.max(finding.start.line),
        property(&printable(&format!("{}[{}]: {title}", finding.severity, finding.rule))),
        data(&format!("{}{commit}\n{}", printable(&finding.message), printable(advice::help(finding)))),
    )
}

fn warning(notice: &Notice, out: &mut dyn Write) -> io::Result<()> {
    let message = data(&printable(&notice.message));
    match (notice.file.as_str(), notice.line) {
        ("", _) => writeln!(out, "::warning title=harden::{message}"),
        (file, line) => writeln!(out, "::warning file={},line={},title=harden::{message}", property(file), line.max(1)),
    }
}

/// What follows `::`.
fn data(text: &str) -> String {
    safe(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Hidden characters as escapes, line ends apart: they have escapes of their own, so that the name of a file stays the name of that file.
fn safe(text: &str) -> String {
    text.split('\n').map(|line| line.split('\r').map(printable).collect::<Vec<_>>().join("\r")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{GitHub, data, property};
    use crate::render::Renderer;
    use crate::report::{Report, sample};

    fn text(report: &Report) -> String {
        let mut out = Vec::new();
        GitHub.render(report, &mut out).expect("a vector takes all");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn each_finding_is_one_command() {
        let text = text(&sample::report());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "::error file=.env,line=12,endLine=12,title=critical[default-credential]%3A A value from a template is in a secret's place\
             ::the password is the one of the template%0A`harden fix` plans a generated value for every place that holds this one"
        );
        assert!(lines[1].starts_with("::warning file=we ird|`x`\\u{1b}[31m%25\\u{202e}.yml,line=3,"), "{}", lines[1]);
        assert!(lines[2].starts_with("::notice file=.env.test,"));
        assert_eq!(lines[3], "::warning file=bad.yml,line=7,title=harden::not YAML: a mapping ends too early");
        assert_eq!(lines[4..], ["harden: 3 findings in 120 files"]);
    }

    #[test]
    fn a_name_cannot_end_a_command_or_begin_one() {
        let hostile = "a\n::error file=x::y\r,line=1:%0A";
        assert_eq!(property(hostile), "a%0A%3A%3Aerror file=x%3A%3Ay%0D%2Cline=1%3A%250A");
        assert_eq!(data("50 %\r\n::set-output"), "50 %25%0D%0A::set-output");
        let mut report = sample::clean();
        report.entries = sample::report().entries;
        hostile.clone_into(&mut report.entries[0].finding.file);
        hostile.clone_into(&mut report.entries[0].finding.message);
        let text = text(&report);
        assert_eq!(text.lines().filter(|line| line.starts_with("::")).count(), 3, "{text}");
    }

    #[test]
    fn clean_is_said() {
        assert_eq!(text(&sample::clean()), "harden: 0 findings in 12 files\n");
    }
}
