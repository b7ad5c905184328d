//! Findings that the repository has spoken for: comments in files, `[[allow]]` in harden.toml.

use crate::model::document::Document;
use crate::model::finding::Finding;

/// Why a finding is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppressed {
    /// A comment on its line or the one above.
    Inline,
}

/// A comment `harden:ignore RULE reason [until=DATE]`, read.
struct Note<'t> {
    rule: &'t str,
    reason: bool,
    expired: bool,
}

/// Takes the findings that comments of `document` speak for out of `findings`; gives their number, and a warning for each comment without
/// a reason or past its date. `today` is `YYYY-MM-DD`.
pub fn suppress(document: &Document, findings: &mut Vec<Finding>, today: &str) -> (usize, Vec<(usize, String)>) {
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

fn note<'t>(line: &'t str, today: &str) -> Option<Note<'t>> {
    let rest = line.split_once("harden:ignore")?.1;
    let mut words = rest.split_whitespace();
    let rule = words.next()?;
    let mut note = Note { rule, reason: false, expired: false };
    for word in words {
        match word.strip_prefix("until=") {
            // dates of this form sort as text
            Some(date) => note.expired = date < today,
            None => note.reason |= word.chars().any(char::is_alphanumeric),
        }
    }
    Some(note)
}

#[cfg(test)]
mod tests {
    use super::note;

    #[test]
    fn notes_have_a_rule_a_reason_and_a_date() {
        let read = note("A=b # harden:ignore weak-password test network until=2027-01-31", "2026-11-25").unwrap();
        assert_eq!((read.rule, read.reason, read.expired), ("weak-password", true, false));
        assert!(note("# harden:ignore x y until=2020-01-01", "2026-11-25").unwrap().expired);
        assert!(!note("# harden:ignore x", "2026-11-25").unwrap().reason);
        assert!(note("A=b", "2026-11-25").is_none());
    }
}
