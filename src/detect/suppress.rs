//! Findings that the repository has spoken for: comments in files, `[[allow]]` in harden.toml.

use crate::model::date::Date;
use crate::model::document::Document;
use crate::model::finding::Finding;

/// The word that such a comment begins with.
const WORD: &str = "harden:ignore";

/// A comment `harden:ignore RULE reason [until=DATE]`, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its line, from 1. It speaks for findings on this line and on the next.
    pub line: usize,
    /// The rule that it names; `all` is any.
    pub rule: String,
    /// Whether it took a finding out, or would have, were it not past its date.
    pub used: bool,
    reason: bool,
    expired: bool,
    /// Whether it stands in a comment of a file that is more than a document: one that matches nothing is a mistake there.
    meant: bool,
}

/// Whether a comment in `text` may be one.
#[must_use]
pub fn speaks(text: &[u8]) -> bool {
    memchr::memmem::find(text, WORD.as_bytes()).is_some()
}

/// The marks of `document`.
#[must_use]
pub fn marks(document: &Document, today: Date) -> Vec<Mark> {
    let text = document.text.as_str();
    let mut found = Vec::new();
    let mut last = 0;
    for (at, _) in text.match_indices(WORD) {
        let line = document.lines.line(at);
        if line == last {
            continue;
        }
        last = line;
        let span = document.lines.span(text, line);
        let (before, rest) = (text.get(span.start..at).unwrap_or(""), text.get(at + WORD.len()..span.end).unwrap_or(""));
        let meant = document.format != "text" && in_comment(before);
        found.extend(mark(line, rest, meant, today));
    }
    found
}

/// Takes the findings that `marks` of their file speak for out of `findings`; gives their number.
pub fn suppress(marks: &mut [Mark], findings: &mut Vec<Finding>) -> usize {
    if marks.is_empty() {
        return 0;
    }
    let before = findings.len();
    findings.retain(|finding| {
        let mut live = true;
        let near = |mark: &Mark| mark.line == finding.start.line || mark.line + 1 == finding.start.line;
        for mark in marks.iter_mut().filter(|m| near(m) && (m.rule == finding.rule || m.rule == "all")) {
            mark.used = true;
            live &= mark.expired;
        }
        live
    });
    before - findings.len()
}

/// A warning for each mark that has no reason, is past its date, or speaks for nothing. `looks` says whether a rule of that name looked, and
/// `None` where there is no such rule.
#[must_use]
pub fn warnings(marks: &[Mark], looks: impl Fn(&str) -> Option<bool>) -> Vec<(usize, String)> {
    let say = |mark: &Mark| {
        let known = if mark.rule == "all" { Some(true) } else { looks(&mark.rule) };
        // what is no rule is not repeated: it may be anything
        let named = if known.is_some() { format!("`{WORD} {}`", mark.rule) } else { format!("`{WORD}`") };
        match (mark.used, known) {
            (true, _) if mark.expired => Some(format!("{named} has passed its date and no longer counts")),
            (true, _) if !mark.reason => Some(format!("{named} gives no reason")),
            (true, _) => None,
            (false, None) => mark.meant.then(|| format!("{named} names no rule; `harden rules list` names them")),
            (false, Some(true)) => mark.meant.then(|| format!("{named} matches nothing on its line or the next")),
            (false, Some(false)) => None,
        }
    };
    marks.iter().filter_map(|mark| say(mark).map(|message| (mark.line, message))).collect()
}

fn mark(line: usize, rest: &str, meant: bool, today: Date) -> Option<Mark> {
    let mut words = rest.split_whitespace();
    // `<!-- harden:ignore all -->`
    let rule = words.next()?.trim_end_matches([',', ';', ':']).to_owned();
    let mut mark = Mark { line, rule, used: false, reason: false, expired: false, meant };
    for word in words {
        match word.strip_prefix("until=") {
            // a date that cannot be read is a date that has passed: it must not silence for ever
            Some(date) => mark.expired = Date::parse(date).is_none_or(|last| last < today),
            None => mark.reason |= word.chars().any(char::is_alphanumeric),
        }
    }
    Some(mark)
}

/// Whether `before`, the line up to the mark, opens a comment in some language.
fn in_comment(before: &str) -> bool {
    let lead = before.trim_start();
    let opens = ["#", "//", "/*", "<!--", "--", "{#", "{{/*", "(*", "\"\"\""].iter().any(|sign| before.contains(sign));
    opens || [";", "%", "*", "'", "!", "REM ", "rem ", "::"].iter().any(|sign| lead.starts_with(sign))
}

#[cfg(test)]
mod tests {
    use super::{Mark, in_comment, mark, warnings};
    use crate::model::date::Date;

    fn read(rest: &str) -> Mark {
        mark(1, rest, true, Date::parse("2026-11-25").unwrap()).unwrap()
    }

    #[test]
    fn notes_have_a_rule_a_reason_and_a_date() {
        let note = read(" weak-password test network until=2027-01-31");
        assert_eq!((note.rule.as_str(), note.reason, note.expired), ("weak-password", true, false));
        assert!(read(" x y until=2020-01-01").expired);
        assert!(read(" x y until=soon").expired);
        assert!(!read(" x -->").reason);
        assert!(mark(1, "", true, Date::today()).is_none());
    }

    #[test]
    fn a_mark_that_matches_nothing_is_told_and_what_is_no_rule_is_not_repeated() {
        let looks = |rule: &str| match rule {
            "weak-password" => Some(true),
            "strict-one" => Some(false),
            _ => None,
        };
        let said = |rest: &str, used: bool| {
            let one = Mark { used, ..read(rest) };
            warnings(&[one], looks).pop().map(|(_, message)| message)
        };
        assert_eq!(said(" weak-password why", true), None);
        assert_eq!(said(" weak-password", true).as_deref(), Some("`harden:ignore weak-password` gives no reason"));
        assert_eq!(
            said(" weak-password why", false).as_deref(),
            Some("`harden:ignore weak-password` matches nothing on its line or the next")
        );
        assert_eq!(said(" strict-one why", false), None);
        assert!(!said(" kettle-drum-9 why", false).unwrap().contains("kettle"));
    }

    #[test]
    fn comments_of_many_languages() {
        for before in ["A=b # ", "x = 1; // ", "/* ", "<!-- ", "-- ", "; ", "% ", " * ", "{{/* ", "REM "] {
            assert!(in_comment(before), "{before}");
        }
        for before in ["", "say ", "NOTE="] {
            assert!(!in_comment(before), "{before}");
        }
    }
}
