//! JUnit XML as CI systems read it (the format of Ant, in the shape that Jenkins' xUnit schema and GitLab take): a suite for each file, a case for
//! each finding; those that fail the run are failures, the others are skipped.

use std::io::{self, Write};

use super::escape::{counted, xml};
use super::renderer::Renderer;
use crate::report::{Entry, Report, advice};

/// `--format junit`
pub(super) struct JUnit;

impl Renderer for JUnit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn about(&self) -> &'static str {
        "JUnit XML: a suite for each file, a case for each finding"
    }

    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let unread = usize::from(report.totals.unreadable > 0);
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        let (all, failing) = (report.entries.len(), report.failing());
        writeln!(
            out,
            "<testsuites name=\"harden\" tests=\"{}\" failures=\"{failing}\" errors=\"{unread}\" skipped=\"{}\">",
            all + 1,
            all - failing
        )?;
        read(report, unread, out)?;
        // findings are sorted by file; those of a history may come back to one
        let mut rest = report.entries.as_slice();
        while let Some(first) = rest.first() {
            let count = rest.iter().take_while(|entry| entry.finding.file == first.finding.file).count();
            let (file, behind) = rest.split_at(count);
            suite(report, &first.finding.file, file, out)?;
            rest = behind;
        }
        writeln!(out, "</testsuites>")
    }
}

/// A case that says what was looked at: a report without any case is a mistake to many readers.
fn read(report: &Report, unread: usize, out: &mut dyn Write) -> io::Result<()> {
    let totals = &report.totals;
    writeln!(out, "  <testsuite name=\"harden\" tests=\"1\" failures=\"0\" errors=\"{unread}\" skipped=\"0\">")?;
    write!(out, "    <testcase name=\"files are readable\" classname=\"harden\">")?;
    if unread > 0 {
        write!(out, "<error message=\"{} could not be read\" type=\"unreadable\"/>", counted(totals.unreadable, "file"))?;
    }
    let suppressed = totals.suppressed() + totals.suppressed_baseline;
    write!(out, "<system-out>read {}, {}", counted(totals.files, "file"), counted(totals.settings, "setting"))?;
    write!(out, "; {} skipped, {suppressed} suppressed", totals.skipped())?;
    for notice in &report.notices {
        let line = if notice.line > 0 { format!(":{}", notice.line) } else { String::new() };
        write!(out, "\nwarning: {}{line}: {}", xml(&notice.file), xml(&notice.message))?;
    }
    writeln!(out, "</system-out></testcase>\n  </testsuite>")
}

fn suite(report: &Report, file: &str, entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let failures = entries.iter().filter(|entry| report.fails(&entry.finding)).count();
    let (name, all) = (xml(file), entries.len());
    writeln!(out, "  <testsuite name=\"{name}\" tests=\"{all}\" failures=\"{failures}\" errors=\"0\" skipped=\"{}\">", all - failures)?;
    for entry in entries {
        let finding = &entry.finding;
        let commit = entry.origin.as_ref().filter(|o| !o.commit.is_empty()).map(|o| format!(", commit {}", o.short())).unwrap_or_default();
        let about = if finding.key.is_empty() { format!("line {}", finding.start.line) } else { finding.key.clone() };
        let case = xml(&format!("{}: {about}{commit}", finding.rule));
        writeln!(out, "    <testcase name=\"{case}\" classname=\"{name}\" file=\"{name}\" line=\"{}\">", finding.start.line)?;
        let message = xml(&format!("{}: {}", finding.severity, finding.message));
        if report.fails(&entry.finding) {
            let place = xml(&format!("{file}:{}:{}", finding.start.line, finding.start.column));
            let help = xml(advice::help(finding));
            writeln!(out, "      <failure message=\"{message}\" type=\"{}\">{place}\n{help}</failure>", xml(&finding.rule))?;
        } else {
            writeln!(out, "      <skipped message=\"{message}\"/>")?;
        }
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}

#[cfg(test)]
mod tests {
    use super::JUnit;
    use crate::render::Renderer;
    use crate::report::{Report, sample};

    fn text(report: &Report) -> String {
        let mut out = Vec::new();
        JUnit.render(report, &mut out).expect("a vector takes all");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn counts_are_those_of_the_cases() {
        let text = text(&sample::report());
        assert!(text.contains("<testsuites name=\"harden\" tests=\"4\" failures=\"2\" errors=\"1\" skipped=\"1\">"), "{text}");
        assert_eq!((text.matches("<failure ").count(), text.matches("<skipped ").count(), text.matches("<error ").count()), (2, 1, 1));
        assert_eq!((text.matches("<testcase ").count(), text.matches("<testsuite ").count()), (4, 4));
        assert!(text.contains("<testsuite name=\"we ird|`x`\\u{1b}[31m%\\u{202e}.yml\""), "{text}");
        assert!(text.contains("name=\"redis-plain-url: services.a.&quot;b|c&quot;\""), "{text}");
        assert!(text.contains("\nwarning: bad.yml:7: not YAML"), "{text}");
    }

    #[test]
    fn nothing_fails_without_a_threshold_and_clean_has_a_case() {
        let mut report = sample::report();
        report.fail_on = None;
        assert!(!text(&report).contains("<failure"));
        let clean = text(&sample::clean());
        assert!(clean.contains("tests=\"1\" failures=\"0\" errors=\"0\"") && clean.contains("read 12 files, 80 settings"), "{clean}");
    }
}
