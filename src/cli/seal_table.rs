//! Adds recipients to the text of a `harden.toml`, and leaves every other byte alone: a splice at the spans that the parser reports.

use std::ops::Range;

use toml_edit::{Array, Document, Item};

/// `text` with `new` added to `[seal] recipients`; `None` when the file is no TOML, or `seal` is written in a way that has no place for
/// it. The caller parses the result again before it trusts it. Recipients need no escaping.
pub(crate) fn with_recipients(text: &str, new: &[&str]) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let lines: String = new.iter().map(|name| format!("  \"{name}\",{end}")).collect();
    let Some(seal) = document.get("seal") else {
        let gap = match text {
            "" => "",
            text if text.ends_with('\n') => end,
            _ => &end.repeat(2),
        };
        return Some(format!("{text}{gap}[seal]{end}recipients = [{end}{lines}]{end}"));
    };
    match seal.get("recipients") {
        Some(item) => extended(text, item.as_array()?, item.span()?, new, end),
        None => {
            // only a table with a header of its own has lines beneath it
            let Item::Table(table) = seal else { return None };
            let header = table.span()?.start;
            let at = text.get(header..)?.find('\n').map_or(text.len(), |line| header + line + 1);
            let gap = if text.get(..at)?.ends_with('\n') { "" } else { end };
            splice(text, &[(at, format!("{gap}recipients = [{end}{lines}]{end}"))])
        }
    }
}

/// One recipient a line where the array has lines, else one after the other.
fn extended(text: &str, array: &Array, span: Range<usize>, new: &[&str], end: &str) -> Option<String> {
    let close = span.end.checked_sub(1)?;
    let last = match array.iter().last() {
        Some(value) => Some(value.span()?),
        None => None,
    };
    let tail_start = last.as_ref().map_or(span.start + 1, |span| span.end);
    let tail = text.get(tail_start..close)?;
    let closed = last.is_none() || has_comma(tail);
    let mut edits = Vec::new();
    if let Some(line) = tail.rfind('\n') {
        let at = tail_start + line + 1;
        let indent = last.map_or("  ", |span| indent_of(text, span.start));
        if !closed {
            edits.push((tail_start, ",".to_owned()));
        }
        edits.push((at, new.iter().map(|name| format!("{indent}\"{name}\",{end}")).collect()));
    } else {
        let list = new.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let lead = match (closed, last.is_some()) {
            (false, _) => ", ",
            (true, true) => " ",
            (true, false) => "",
        };
        edits.push((if closed { close } else { tail_start }, format!("{lead}{list}")));
    }
    splice(text, &edits)
}

/// Whether there is a comma outside of comments.
fn has_comma(tail: &str) -> bool {
    tail.lines().any(|line| line.split('#').next().is_some_and(|code| code.contains(',')))
}

/// The blanks before `at` on its line; two if something else stands there.
fn indent_of(text: &str, at: usize) -> &str {
    let line = text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    if !line.is_empty() && line.trim().is_empty() { line } else { "  " }
}

/// Inserts at ascending offsets.
fn splice(text: &str, edits: &[(usize, String)]) -> Option<String> {
    let mut out = String::with_capacity(text.len() + edits.iter().map(|(_, new)| new.len()).sum::<usize>());
    let mut from = 0;
    for (at, new) in edits {
        out.push_str(text.get(from..*at)?);
        out.push_str(new);
        from = *at;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::with_recipients;

    #[test]
    fn every_way_to_write_it_is_extended_and_nothing_else_moves() {
        let cases = [
            ("", "[seal]\nrecipients = [\n  \"n\",\n]\n"),
            ("fail-on = \"high\"  # why", "fail-on = \"high\"  # why\n\n[seal]\nrecipients = [\n  \"n\",\n]\n"),
            ("a = 1\r\n", "a = 1\r\n\r\n[seal]\r\nrecipients = [\r\n  \"n\",\r\n]\r\n"),
            ("[seal]\n", "[seal]\nrecipients = [\n  \"n\",\n]\n"),
            ("[seal] # to us\n[scan]\n", "[seal] # to us\nrecipients = [\n  \"n\",\n]\n[scan]\n"),
            ("[seal]", "[seal]\nrecipients = [\n  \"n\",\n]\n"),
            ("[seal]\nrecipients = [] # none\n", "[seal]\nrecipients = [\"n\"] # none\n"),
            ("[seal]\nrecipients = [\n]\n", "[seal]\nrecipients = [\n  \"n\",\n]\n"),
            ("[seal]\nrecipients = [\"a\"]\n", "[seal]\nrecipients = [\"a\", \"n\"]\n"),
            ("[seal]\nrecipients = [\"a\",]\n", "[seal]\nrecipients = [\"a\", \"n\"]\n"),
            (
                "[seal]\nrecipients = [\n    \"a\", # me, here\n    'b' # you, there\n  ]\n",
                "[seal]\nrecipients = [\n    \"a\", # me, here\n    'b', # you, there\n    \"n\",\n  ]\n",
            ),
            ("[seal]\r\nrecipients = [\r\n\t\"a\",\r\n]\r\n", "[seal]\r\nrecipients = [\r\n\t\"a\",\r\n\t\"n\",\r\n]\r\n"),
            ("seal = { recipients = [\"a\"] }\n", "seal = { recipients = [\"a\", \"n\"] }\n"),
            ("seal.recipients = [\"a\"]\n", "seal.recipients = [\"a\", \"n\"]\n"),
        ];
        for (before, after) in cases {
            assert_eq!(with_recipients(before, &["n"]).as_deref(), Some(after), "{before}");
        }
    }

    #[test]
    fn what_has_no_place_is_refused() {
        assert_eq!(with_recipients("seal = {}\n", &["n"]), None);
        assert_eq!(with_recipients("seal = [\n", &["n"]), None);
        assert_eq!(with_recipients("[seal]\nrecipients = \"a\"\n", &["n"]), None);
    }
}
