//! Changes of a connection string, applied as splices: every byte that is not changed stays.

use super::dsn::{Dsn, Style};
use crate::model::secret::Secret;
use crate::model::span::Span;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another scheme.
    Scheme(&'static str),
    /// Set a parameter, in place where it stands, else at the end.
    Set(&'static str, &'static str),
    /// Take a parameter away.
    Remove(&'static str),
    /// Another port, where exactly the first one is written.
    Port(&'static str, &'static str),
}

/// `text` with `changes` made. Parameters keep their order; applying the same changes twice gives the same text.
#[must_use]
pub fn apply(dsn: &Dsn, text: &str, changes: &[Change]) -> Secret {
    let mut edits: Vec<(Span, String)> = Vec::new();
    let (open, separator) = match dsn.style {
        Style::Url | Style::GoMysql => ('?', '&'),
        Style::UrlSemicolons | Style::KeyValue => (';', ';'),
    };
    let mut appended = 0;
    let removed = |key: &str| changes.iter().any(|c| matches!(c, Change::Remove(k) if k.eq_ignore_ascii_case(key)));
    let left = dsn.params.iter().filter(|p| !removed(p.key.of(text))).count();
    for change in changes {
        match change {
            Change::Scheme(to) => {
                // only the bare name changes: `jdbc:` before it and `+driver` behind it stay
                let scheme = dsn.scheme.of(text);
                let start = scheme.rfind(':').map_or(0, |i| i + 1);
                let end = scheme.find('+').unwrap_or(scheme.len());
                edits.push((Span::new(dsn.scheme.start + start, dsn.scheme.start + end), (*to).to_owned()));
            }
            Change::Set(key, value) => match dsn.param_span(text, key) {
                Some(param) => edits.push((param.value, (*value).to_owned())),
                None => {
                    let end = dsn.params.last().map_or(dsn.path.end, |p| p.value.end.max(p.key.end));
                    let mark = if left + appended == 0 { open } else { separator };
                    let mark = if dsn.style == Style::KeyValue && text[..end].ends_with(';') { String::new() } else { mark.to_string() };
                    edits.push((Span::new(end, end), format!("{mark}{key}={value}")));
                    appended += 1;
                }
            },
            Change::Remove(key) => edits.extend(removal(dsn, text, key).map(|span| (span, String::new()))),
            Change::Port(from, to) => {
                edits.extend(dsn.hosts.iter().filter_map(|h| h.port).filter(|p| p.of(text) == *from).map(|p| (p, (*to).to_owned())));
            }
        }
    }
    edits.sort_by_key(|(span, _)| *span);
    let mut out: Vec<&str> = Vec::new();
    let mut at = 0;
    for (span, new) in &edits {
        out.push(text.get(at..span.start).unwrap_or(""));
        out.push(new);
        at = span.end;
    }
    out.push(text.get(at..).unwrap_or(""));
    Secret::concat(&out)
}

/// The bytes of a parameter with one separator: the one behind it if another parameter follows, else the one before it.
fn removal(dsn: &Dsn, text: &str, key: &str) -> Option<Span> {
    let at = dsn.params.iter().position(|p| p.key.of(text).eq_ignore_ascii_case(key))?;
    let param = dsn.params.get(at)?;
    let end = param.value.end.max(param.key.end);
    match dsn.params.get(at + 1) {
        Some(next) => Some(Span::new(param.key.start, next.key.start)),
        None => Some(Span::new(param.key.start.saturating_sub(1), end)),
    }
}
