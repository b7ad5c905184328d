//! The lines of `.harden/baseline.jsonl`: one accepted finding each, one JSON object a line (docs/baseline.md). They name places and hold
//! nothing of a value.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use serde::{Deserialize, Serialize};

use crate::model::date::Date;
use crate::model::severity::Severity;
use crate::report::printable::json_safe;

/// Version of the shape of a line.
const SCHEMA: u32 = 1;

/// A finding that somebody accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The file, below the root of the baseline, `/` between parts.
    pub path: String,
    /// Key path of the setting; empty where the finding has none.
    pub key: String,
    /// Rule id.
    pub rule: String,
    /// How bad it was when it was accepted: what is worse today is not what was accepted.
    pub severity: Severity,
    /// 32 hex digits: the place.
    pub fingerprint: String,
    /// 32 hex digits: the place without its file, by which it is known again when the file gets another name.
    pub place: String,
    /// Why; never empty.
    pub reason: String,
    /// Who; empty where that is not known.
    pub by: String,
    /// The day on which it was accepted.
    pub on: Date,
    /// The last day on which it holds.
    pub until: Option<Date>,
    /// Its line in the file, from 1; 0 for one that is not written yet.
    pub line: usize,
}

/// A line that cannot be understood: nothing of a file with such a line counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// Git could not merge, and nobody has finished its work.
    #[error("line {line}: a merge conflict that is not resolved; keep the entries of both sides and take the markers out")]
    Conflict {
        /// Line, from 1.
        line: usize,
    },
    /// Not an entry.
    #[error("line {line}: not an entry; expected one JSON object with {}", FIELDS)]
    Shape {
        /// Line, from 1.
        line: usize,
    },
    /// A field that means nothing.
    #[error("line {line}: `{field}` must be {expected}")]
    Value {
        /// Line, from 1.
        line: usize,
        /// The field.
        field: &'static str,
        /// What would be understood.
        expected: &'static str,
    },
    /// One place, two entries.
    #[error("line {line}: the same place as line {first}; keep one of the two")]
    Twice {
        /// Line, from 1.
        line: usize,
        /// The line that names it first.
        first: usize,
    },
}

const FIELDS: &str =
    "`schema`, `path`, `key`, `rule`, `severity`, `fingerprint`, `place`, `reason`, `on`, and, where they apply, `by` and `until`";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    schema: u32,
    path: String,
    key: String,
    rule: String,
    severity: String,
    fingerprint: String,
    place: String,
    reason: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    by: String,
    on: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// Reads a whole file. Lines may stand in any order, and equal ones are one, since git's union merge leaves them so; blank ones are passed over.
///
/// # Errors
/// [`BaselineError`] for the first line that is at fault.
pub fn read(text: &str) -> Result<Vec<Accepted>, BaselineError> {
    let mut entries: Vec<Accepted> = Vec::new();
    let mut places: HashMap<String, (usize, &str)> = HashMap::new();
    for (i, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let entry = entry(i + 1, text)?;
        match places.entry(entry.fingerprint.clone()) {
            Slot::Vacant(slot) => {
                slot.insert((i + 1, text));
                entries.push(entry);
            }
            Slot::Occupied(slot) if slot.get().1.trim_end() == text.trim_end() => {}
            Slot::Occupied(slot) => return Err(BaselineError::Twice { line: i + 1, first: slot.get().0 }),
        }
    }
    Ok(entries)
}

fn entry(line: usize, text: &str) -> Result<Accepted, BaselineError> {
    if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| text.starts_with(mark)) {
        return Err(BaselineError::Conflict { line });
    }
    // what serde says may quote the line
    let raw: Line = serde_json::from_str(text).map_err(|_| BaselineError::Shape { line })?;
    let wrong = |field, expected| BaselineError::Value { line, field, expected };
    let hex = |text: &str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let date = |field, text: &str| Date::parse(text).ok_or(wrong(field, "a day of the calendar: YYYY-MM-DD"));
    if raw.schema != SCHEMA {
        return Err(wrong("schema", "1; another number is that of another version of harden"));
    }
    if raw.path.is_empty() || raw.path.starts_with('/') || raw.path.split('/').any(|step| matches!(step, "" | "." | "..")) {
        return Err(wrong("path", "a path below the project's folder"));
    }
    if raw.rule.is_empty() {
        return Err(wrong("rule", "the id of a rule"));
    }
    if !hex(&raw.fingerprint) {
        return Err(wrong("fingerprint", "32 hex digits in lower case"));
    }
    if !hex(&raw.place) {
        return Err(wrong("place", "32 hex digits in lower case"));
    }
    if !says_something(&raw.reason) {
        return Err(wrong("reason", "a reason, in words"));
    }
    Ok(Accepted {
        severity: raw.severity.parse().map_err(|_| wrong("severity", "info, low, medium, high or critical"))?,
        on: date("on", &raw.on)?,
        until: raw.until.as_deref().map(|text| date("until", text)).transpose()?,
        path: raw.path,
        key: raw.key,
        rule: raw.rule,
        fingerprint: raw.fingerprint,
        place: raw.place,
        reason: raw.reason,
        by: raw.by,
        line,
    })
}

/// Whether a reason is one: a letter or a digit at least.
#[must_use]
pub fn says_something(reason: &str) -> bool {
    reason.chars().any(char::is_alphanumeric)
}

/// The bytes of a file with `entries`: sorted by path, key, rule and place, so that those of two branches meet in different places, and the same
/// entries are always the same bytes.
#[must_use]
pub fn write(entries: &[Accepted]) -> String {
    let mut sorted: Vec<&Accepted> = entries.iter().collect();
    sorted.sort_by(|a, b| (&a.path, &a.key, &a.rule, &a.fingerprint).cmp(&(&b.path, &b.key, &b.rule, &b.fingerprint)));
    let mut out = String::new();
    for entry in sorted {
        let line = Line {
            schema: SCHEMA,
            path: entry.path.clone(),
            key: entry.key.clone(),
            rule: entry.rule.clone(),
            severity: entry.severity.word().to_owned(),
            fingerprint: entry.fingerprint.clone(),
            place: entry.place.clone(),
            reason: entry.reason.clone(),
            by: entry.by.clone(),
            on: entry.on.to_string(),
            until: entry.until.map(|day| day.to_string()),
        };
        // texts and a number: nothing that serde could refuse
        out.push_str(&json_safe(&serde_json::to_string(&line).unwrap_or_default()));
        out.push('\n');
    }
    out
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Accepted, BaselineError, read, write};
    use crate::model::date::Date;
    use crate::model::severity::Severity;

    pub(in crate::scan) fn accepted(path: &str, key: &str) -> Accepted {
        Accepted {
            path: path.to_owned(),
            key: key.to_owned(),
            rule: "weak-password".to_owned(),
            severity: Severity::High,
            fingerprint: crate::report::fingerprint::fingerprint("weak-password", path, key, 0),
            place: crate::report::fingerprint::place("weak-password", key, 0),
            reason: "test network".to_owned(),
            by: String::new(),
            on: Date::parse("2026-11-25").unwrap(),
            until: None,
            line: 0,
        }
    }

    #[test]
    fn lines_are_sorted_and_read_back() {
        let mut dated = accepted("a.env", "B");
        (dated.by, dated.until) = ("kim".to_owned(), Date::parse("2027-01-31"));
        let text = write(&[accepted("b.env", "A"), dated.clone(), accepted("a.env", "A")]);
        let paths: Vec<_> = read(&text).unwrap().into_iter().map(|e| (e.path, e.key, e.line)).collect();
        let expected = [("a.env", "A", 1), ("a.env", "B", 2), ("b.env", "A", 3)];
        assert_eq!(paths, expected.map(|(path, key, line)| (path.to_owned(), key.to_owned(), line)));
        assert_eq!(read(&text).unwrap().remove(1), Accepted { line: 2, ..dated });
        assert_eq!(write(&read(&text).unwrap()), text);
    }

    #[test]
    fn what_is_no_entry_is_named_by_its_line_and_not_quoted() {
        let good = write(&[accepted("a.env", "A")]);
        let line = good.trim_end();
        let broken = |from: &str, to: &str| read(&format!("\n{}\n", line.replace(from, to))).unwrap_err();
        assert_eq!(broken("{\"schema", "kettle{\"schema"), BaselineError::Shape { line: 2 });
        assert_eq!(broken("\"key\"", "\"kettle\""), BaselineError::Shape { line: 2 });
        assert_eq!(broken("\"rule\"", "\"key\""), BaselineError::Shape { line: 2 }, "a field twice");
        for (field, from, to) in [
            ("schema", ":1,", ":2,"),
            ("path", "a.env", "../a.env"),
            ("path", "a.env", "/a.env"),
            ("reason", "test network", " - "),
            ("on", "2026-11-25", "2026-11-31"),
            ("severity", "high", "kettle"),
            ("fingerprint", "\"fingerprint\":\"", "\"fingerprint\":\"0"),
            ("place", "\"place\":\"", "\"place\":\"Z"),
        ] {
            let error = broken(from, to);
            assert!(matches!(error, BaselineError::Value { line: 2, field: f, .. } if f == field), "{field}: {error}");
            assert!(!error.to_string().contains("kettle"));
        }
        let other = line.replace("test network", "another reason");
        assert_eq!(read(&format!("{line}\n\n{other}\n")).unwrap_err(), BaselineError::Twice { line: 3, first: 1 });
        assert_eq!(read(&format!("{line}\n\n{line}\r\n")).map(|entries| entries.len()), Ok(1), "what a union merge leaves");
        for mark in ["<<<<<<< HEAD", "=======", ">>>>>>> other", "||||||| base"] {
            assert_eq!(read(&format!("{line}\n{mark}\n")).unwrap_err(), BaselineError::Conflict { line: 2 });
        }
        assert!(read(&good.replace('\n', "\r\n")).is_ok());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = read(&text);
        }

        #[test]
        fn any_text_comes_back(path in "[^/.\0][^/\0]{0,12}", key in any::<String>(), reason in "[a-z].{0,20}") {
            let entry = Accepted { reason, line: 1, ..accepted(&path, &key) };
            let text = write(std::slice::from_ref(&entry));
            assert_eq!(text.matches('\n').count(), 1);
            assert_eq!(read(&text).unwrap(), [entry]);
        }
    }
}
