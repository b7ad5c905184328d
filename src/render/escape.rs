//! Text from the input, made fit for each format.

use std::fmt::Write as _;
use std::io;

use serde::Serialize;

use crate::report::printable::{json_safe, printable};

/// `value` as JSON on one line.
///
/// # Errors
/// None for the types of this folder; serde's signature has one.
pub(super) fn json(value: &impl Serialize) -> io::Result<String> {
    Ok(json_safe(&serde_json::to_string(value)?))
}

/// `value` as indented JSON.
///
/// # Errors
/// As [`json`].
pub(super) fn json_pretty(value: &impl Serialize) -> io::Result<String> {
    Ok(json_safe(&serde_json::to_string_pretty(value)?))
}

/// `path` as a relative URI reference (RFC 3986): `/` stays, everything but unreserved characters is percent-encoded.
pub(super) fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Text as prose: everything that Markdown or HTML could read as syntax is a character reference, mentions and links included.
pub(super) fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        if "&<>|`*_[]\\~@#!$".contains(c) {
            out.push_str(&format!("&#{};", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    // a bare address would become a link
    out.replace("://", "&#58;//")
}

/// `text` for XML 1.0, in an attribute or between tags: markup as entities, hidden characters and those that XML has no way to write as escapes
/// of ours.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// `1.2 MB` and the like: powers of ten, as file managers and `du --si` count.
pub(super) fn bytes(count: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    units
        .iter()
        .find(|(size, _)| count >= *size)
        .map_or_else(|| format!("{count} B"), |(size, unit)| format!("{}.{} {unit}", count / size, count % size * 10 / size))
}

/// `1 file`, `2 files`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::{bytes, counted, json, uri, xml};

    #[test]
    fn hidden_characters_become_json_escapes_of_the_same_value() {
        let text = "a\u{202e}b\u{e0001}\u{9b}\"\n";
        let out = json(&text).expect("a string");
        assert_eq!(out, "\"a\\u202eb\\udb40\\udc01\\u009b\\\"\\n\"");
        assert_eq!(serde_json::from_str::<String>(&out).expect("JSON"), text);
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a b/ü%#?.env"), "a%20b/%C3%BC%25%23%3F.env");
    }

    #[test]
    fn xml_is_well_formed_whatever_comes() {
        assert_eq!(xml("<a b=\"c\" d='e'>&]]>"), "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;]]&gt;");
        assert_eq!(xml("a\0\u{1b}\n\t\u{fffe}\u{ffff}ü"), "a\\u{0}\\u{1b}\\n\\t\\u{fffe}\\u{ffff}ü");
    }

    #[test]
    fn counts_read_well() {
        assert_eq!([bytes(999), bytes(1_250), bytes(1_234_567)], ["999 B", "1.2 kB", "1.2 MB"]);
        assert_eq!([counted(1, "file"), counted(0, "file")], ["1 file", "0 files"]);
    }
}
