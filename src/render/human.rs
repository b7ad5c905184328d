//! For people: one block a finding in the shape that cargo made familiar, then the grade, then one line that counts everything.
//!
//! Styles are always written; the stream that the caller hands over strips them where they do not belong.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::escape::{bytes, counted};
use super::renderer::Renderer;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::severity::{Class, Confidence, Fix, Severity};
use crate::report::excerpt::Excerpt;
use crate::report::printable::printable;
use crate::report::{Entry, Origin, Report, Scope, advice};

/// `--format human`
pub(super) struct Human;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();

impl Renderer for Human {
    fn name(&self) -> &'static str {
        "human"
    }

    fn about(&self) -> &'static str {
        "for people: each finding with its line, values masked"
    }

    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        if !report.quiet {
            findings(report, out)?;
        }
        if report.totals.files > 0 && report.scope == Scope::Files {
            grade(report, out)?;
        }
        fixes(report, out)?;
        last_line(report, out)
    }
}

/// The blocks, and a count of what is folded.
fn findings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let all = report.fail_on == Some(Severity::Info);
    let mut told = Told::default();
    for entry in report.entries.iter().filter(|e| all || e.finding.severity > Severity::Info) {
        block(report, entry, &mut told, out)?;
    }
    let folded = if all { 0 } else { report.count(Severity::Info) };
    if folded > 0 {
        writeln!(out, "{CYAN}info{CYAN:#}: {} not shown; `--format jsonl` lists every one\n", counted(folded, "finding"))?;
    }
    Ok(())
}

/// What was said once and need not be said again.
#[derive(Default)]
struct Told<'a> {
    rules: BTreeSet<&'a str>,
    classes: BTreeSet<Class>,
}

fn block<'a>(report: &'a Report, entry: &'a Entry, told: &mut Told<'a>, out: &mut dyn Write) -> io::Result<()> {
    let finding = &entry.finding;
    let style = style_of(finding.severity);
    let gutter = entry.excerpt.lines.iter().map(|l| l.number).chain([finding.start.line]).max().unwrap_or(1).to_string().len();
    writeln!(out, "{style}{}[{}]{style:#}{BOLD}: {}{BOLD:#}", finding.severity, printable(&finding.rule), printable(&finding.message))?;
    let place = &finding.start;
    writeln!(out, "{:gutter$}{CYAN}-->{CYAN:#} {}:{}:{}", "", printable(&finding.file), place.line, place.column)?;
    source(&entry.excerpt, gutter, style, out)?;
    let mut remark = |word: &str, text: &str| writeln!(out, "{:gutter$} {CYAN}={CYAN:#} {BOLD}{word}{BOLD:#}: {text}", "");
    for note in entry.origin.iter().map(came_with).chain(notes(finding)) {
        remark("note", &note)?;
    }
    if told.rules.insert(&finding.rule)
        && let Some(card) = report.card(&finding.rule).filter(|card| !card.why.is_empty())
    {
        remark("note", &printable(&card.why))?;
    }
    if !finding.help.is_empty() || told.classes.insert(finding.class) {
        remark("help", &printable(advice::help(finding)))?;
    }
    writeln!(out)
}

/// The lines with their numbers, and carets under what the finding is about.
fn source(excerpt: &Excerpt, gutter: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if excerpt.lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "{:gutter$} {CYAN}|{CYAN:#}", "")?;
    for line in &excerpt.lines {
        writeln!(out, "{CYAN}{:>gutter$} |{CYAN:#} {}", line.number, line.text.trim_end())?;
        if !line.mark.is_empty() {
            let (blank, carets) = (" ".repeat(line.mark.start), "^".repeat(line.mark.len()));
            writeln!(out, "{:gutter$} {CYAN}|{CYAN:#} {blank}{style}{carets}{style:#}", "")?;
        }
    }
    Ok(())
}

/// Which commit brought it, and whether it is still there.
fn came_with(origin: &Origin) -> String {
    let head = if origin.in_head { "still in HEAD" } else { "no longer in HEAD, and in the history for all who have it" };
    let commit = origin.short();
    format!("came with commit {commit} of {}; in {}; {head}", origin.date, counted(origin.versions, "version"))
}

/// What the line itself does not show.
fn notes(finding: &Finding) -> Vec<String> {
    let mut notes = Vec::new();
    // a name alone can be read off the line; a path cannot
    if finding.key.contains(['.', '[']) {
        notes.push(format!("the setting is `{}`", printable(&finding.key)));
    }
    for other in &finding.related {
        notes.push(format!("{} stands at {}:{}:{}", other.what, printable(&other.file), other.start.line, other.start.column));
    }
    match finding.environment {
        Environment::Production => {}
        _ if !finding.because.is_empty() => notes.push(format!("it weighs less because {}", finding.because)),
        Environment::Development => notes.push("the file's name says development".to_owned()),
        Environment::Example => notes.push("the file is an example or a document".to_owned()),
    }
    if finding.confidence == Confidence::Low {
        notes.push("confidence is low: worth a look, not certain".to_owned());
    }
    notes
}

fn grade(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let grade = &report.grade;
    let style = match grade.letter {
        "A+" | "A" | "B" => GREEN,
        "C" | "D" | "?" => YELLOW,
        _ => RED,
    };
    let go = if grade.go { "go" } else { "no-go" };
    writeln!(out, "{style}grade {}{style:#}: {}, {style}{go}{style:#}", grade.letter, grade.readiness_words())?;
    for cap in &grade.caps {
        writeln!(out, "  {}: {}", cap.allows(), printable(&cap.reason))?;
    }
    writeln!(out)
}

/// What `harden fix` would do with the findings that count.
fn fixes(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let count = |fix: Fix| report.entries.iter().filter(|e| e.finding.severity > Severity::Info && e.finding.fix == fix).count();
    let (safe, review, manual) = (count(Fix::Safe), count(Fix::Review), count(Fix::Manual));
    if safe + review + manual == 0 {
        return Ok(());
    }
    writeln!(out, "fixes: {safe} safe (`harden fix`), {review} to review (`--include review`), {manual} by hand")
}

/// Found, read, skipped, suppressed: clean and silent must not look the same.
fn last_line(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let totals = &report.totals;
    if totals.files == 0 {
        write!(out, "{YELLOW}no file was read{YELLOW:#}")?;
    } else if report.entries.is_empty() {
        write!(out, "{GREEN}clean{GREEN:#}: 0 findings")?;
    } else {
        let each: Vec<String> = Severity::ALL.iter().rev().map(|s| format!("{} {s}", report.count(*s))).collect();
        write!(out, "{BOLD}{}{BOLD:#} ({})", counted(report.entries.len(), "finding"), each.join(", "))?;
    }
    write!(out, "; read {}, {}, {}", counted(totals.files, "file"), counted(totals.settings, "setting"), bytes(totals.bytes))?;
    let mut rest = Vec::new();
    let mut part = |count: usize, words: &str| {
        if count > 0 {
            rest.push(format!("{count} {words}"));
        }
    };
    part(totals.recalled, "clean as in an earlier scan");
    part(totals.as_text, "as text");
    part(totals.faulty, "that did not parse");
    part(totals.skipped_large, "skipped as too large");
    part(totals.skipped_binary, "skipped as binary");
    part(totals.skipped_special, "skipped as no regular file");
    part(totals.unreadable, "unreadable");
    part(totals.suppressed(), "suppressed by the repository");
    part(totals.suppressed_baseline, "suppressed by the baseline");
    part(report.notices.len(), if report.notices.len() == 1 { "warning" } else { "warnings" });
    rest.iter().try_for_each(|words| write!(out, "; {words}"))?;
    writeln!(out)
}

fn style_of(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => RED,
        Severity::Medium | Severity::Low => YELLOW,
        Severity::Info => CYAN,
    }
}

#[cfg(test)]
mod tests {
    use super::Human;
    use crate::model::severity::Severity;
    use crate::render::Renderer;
    use crate::report::{Report, Totals, sample};

    fn plain(report: &Report) -> String {
        let mut out = Vec::new();
        Human.render(report, &mut out).expect("a vector takes all");
        anstream::adapter::strip_str(&String::from_utf8(out).expect("UTF-8")).to_string()
    }

    const LAST: &str = "3 findings (1 critical, 0 high, 1 medium, 0 low, 1 info); read 120 files, 3456 settings, 1.2 MB; 3 clean as in an earlier scan; 20 as text; \
        1 that did not parse; 1 skipped as too large; 2 skipped as binary; 3 skipped as no regular file; 1 unreadable; \
        7 suppressed by the repository; 4 suppressed by the baseline; 1 warning\n";

    #[test]
    fn a_report_reads_like_cargo_and_ends_with_the_counts() {
        let expected = "\
critical[default-credential]: the password is the one of the template
  --> .env:12:13
   |
12 | DB_PASSWORD=••••••••
   |             ^^^^^^^^
   = note: Whoever reads the template can log in.
   = help: `harden fix` plans a generated value for every place that holds this one

medium[redis-plain-url]: the password is the one of the template
 --> we ird|`x`\\u{1b}[31m%\\u{202e}.yml:3:13
  |
3 | DB_PASSWORD=••••••••
  |             ^^^^^^^^
  = note: the setting is `services.a.\"b|c\"`
  = help: switch TLS on with verification on both sides; `harden fix` plans what it knows of the driver

info: 1 finding not shown; `--format jsonl` lists every one

grade F: readiness 50 %, no-go
  F at best: a default credential is in a production file
  B at best: 1 file could not be parsed

fixes: 2 safe (`harden fix`), 0 to review (`--include review`), 0 by hand
";
        assert_eq!(plain(&sample::report()), format!("{expected}{LAST}"));
    }

    #[test]
    fn quiet_keeps_the_grade_and_the_counts() {
        let mut report = sample::report();
        report.quiet = true;
        let text = plain(&report);
        assert!(text.starts_with("grade F"), "{text}");
        assert!(text.ends_with(LAST), "{text}");
    }

    #[test]
    fn info_is_shown_where_it_decides() {
        let mut report = sample::report();
        report.fail_on = Some(Severity::Info);
        assert!(plain(&report).contains("info[default-credential]"));
        assert!(plain(&report).contains("the file's name says development"));
    }

    #[test]
    fn clean_and_nothing_read_are_told_apart() {
        assert_eq!(plain(&sample::clean()), "grade A+: readiness 100 %, go\n\nclean: 0 findings; read 12 files, 80 settings, 900 B\n");
        let mut nothing = sample::clean();
        nothing.totals = Totals::default();
        assert_eq!(plain(&nothing), "no file was read; read 0 files, 0 settings, 0 B\n");
    }

    #[test]
    fn nothing_from_the_input_reaches_the_terminal_raw() {
        let mut out = Vec::new();
        Human.render(&sample::report(), &mut out).expect("a vector takes all");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(!text.contains("\u{1b}[31m%"), "the name's own escape is spelled out");
        assert!(!text.contains('\u{202e}'));
    }
}
