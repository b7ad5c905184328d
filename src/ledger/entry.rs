//! One thing that was done. What is written is JSON on one line, in the order of these fields; the hash of the line before, and the HMAC, are added by
//! the chain.

use serde::{Deserialize, Serialize};

/// Gives the HMAC of a line, in hex digits.
pub type Vouch<'v> = dyn Fn(&[u8]) -> String + 'v;

/// What became of one setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The file, from the project's root, with `/`.
    pub file: String,
    /// Key path as reports show it.
    pub key: String,
    /// The rule that asked for it; empty where none did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// By what the former value is known again: 32 hex digits under the project's key. Absent for what is no secret, or where the key was not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The same for the value that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// One action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Form of the line; 1.
    pub schema: u32,
    /// When, UTC, RFC 3339.
    pub time: String,
    /// The command: `fix`, `encrypt`, `undo` and so on.
    pub action: String,
    /// Who ran it, as far as the environment says.
    pub who: String,
    /// The commit that was checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The program that wrote it.
    pub harden: String,
    /// Files that were written, from the project's root.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Settings that were changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Subject>,
    /// What else there is to say, in our own words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Entry {
    /// The form that is written.
    pub const SCHEMA: u32 = 1;

    /// The seconds since 1970 that [`Self::time`] means; `None` for what is no time.
    #[must_use]
    pub fn seconds(&self) -> Option<u64> {
        let (date, rest) = self.time.strip_suffix('Z')?.split_once('T')?;
        let number = |text: Option<&str>| text.filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()))?.parse::<i64>().ok();
        let mut parts = date.split('-');
        let (year, month, day) = (number(parts.next())?, number(parts.next())?, number(parts.next())?);
        let mut parts = rest.split(':');
        let (hour, minute, second) = (number(parts.next())?, number(parts.next())?, number(parts.next())?);
        let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
        let days = crate::model::date::unix_days(year, month, day);
        u64::try_from(days * 86_400 + hour * 3600 + minute * 60 + second).ok().filter(|_| fits)
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use crate::model::date::date_time;

    #[test]
    fn times_are_read_as_they_are_written() {
        for seconds in [0, 951_782_399, 1_764_454_623, 4_102_444_800] {
            let entry = Entry { time: format!("{}Z", date_time(seconds)), ..Entry::default() };
            assert_eq!(entry.seconds(), Some(seconds), "{}", entry.time);
        }
        for bad in ["", "2026-01-31", "2026-13-01T00:00:00Z", "2026-01-31T09:05:00", "aTbZ", "2026-01-31T9:x:0Z"] {
            assert_eq!(Entry { time: bad.to_owned(), ..Entry::default() }.seconds(), None, "{bad}");
        }
    }
}
