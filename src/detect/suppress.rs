//! Findings that the repository has spoken for: comments in files, `[[allow]]` in harden.toml.

use crate::config::Date;
use crate::model::document::Document;
use crate::model::finding::Finding;

/// A comment `harden:ignore RULE reason [until=DATE]`, read.
struct Note<'t> {
    rule: &'t str,
    reason: bool,
    expired: bool,
}

/// Takes the findings that comments of `document` speak for out of `findings`; gives their number, and a warning for each comment without
/// a reason or past its date.
pub fn suppress(document: &Document, findings: &mut Vec<Finding>, today: Date) -> (usize, Vec<(usize, String)>) {
    if !document.text.contains("harden:ignore") {
        return (0, Vec::new());
    }
    let mut warnings = Vec::new();
    let before = findings.len();
    findings.retain(|finding| {
        let lines = [finding.start.line, finding.start.line.saturating_sub(1)];
        !lines.into_iter().any(|line| {
            let Some(note) = note(document.lines.span(&document.text, line).of(&document.text), today) else { return false };
            if note.rule != finding.rule && note.rule != "all" {
                return false;
            }
            if note.expired {
                warnings.push((line, format!("`harden:ignore {}` has passed its date and no longer counts", finding.rule)));
            } else if !note.reason {
                warnings.push((line, format!("`harden:ignore {}` gives no reason", finding.rule)));
            }
            !note.expired
        })
    });
    (before - findings.len(), warnings)
}

fn note<'t>(line: &'t str, today: Date) -> Option<Note<'t>> {
    let rest = line.split_once("harden:ignore")?.1;
    let mut words = rest.split_whitespace();
    let rule = words.next()?;
    let mut note = Note { rule, reason: false, expired: false };
    for word in words {
        match word.strip_prefix("until=") {
            // a date that cannot be read is a date that has passed: it must not silence for ever
            Some(date) => note.expired = Date::parse(date).is_none_or(|last| last < today),
            None => note.reason |= word.chars().any(char::is_alphanumeric),
        }
    }
    Some(note)
}

#[cfg(test)]
mod tests {
    use super::note;
    use crate::config::Date;

    fn today() -> Date {
        Date::parse("2026-11-25").unwrap()
    }

    #[test]
    fn notes_have_a_rule_a_reason_and_a_date() {
        let read = note("A=b # harden:ignore weak-password test network until=2027-01-31", today()).unwrap();
        assert_eq!((read.rule, read.reason, read.expired), ("weak-password", true, false));
        assert!(note("# harden:ignore x y until=2020-01-01", today()).unwrap().expired);
        assert!(!note("# harden:ignore x", today()).unwrap().reason);
        assert!(note("A=b", today()).is_none());
    }
}
