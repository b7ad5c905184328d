//! Changes of a connection string, applied as splices: every byte that is not changed stays.

use std::fmt;

use super::split::{Dsn, Param, Style, fold};
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

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(to) => write!(f, "{to}://"),
            Self::Set(key, value) => write!(f, "{key}={value}"),
            Self::Remove(key) => write!(f, "without {key}"),
            Self::Port(from, to) => write!(f, "port {from} becomes {to}"),
        }
    }
}

/// The splices that make `changes`: places in `text` and what comes there, sorted and disjoint; none for what is so already.
#[must_use]
pub fn edits(dsn: &Dsn, text: &str, changes: &[Change]) -> Vec<(Span, String)> {
    let mut out: Vec<(Span, String)> = Vec::new();
    let (open, separator) = match dsn.style {
        Style::Url | Style::GoMysql => ('?', '&'),
        Style::UrlSemicolons | Style::KeyValue => (';', ';'),
    };
    let removed = |p: &Param| changes.iter().any(|c| matches!(c, Change::Remove(k) if fold(k) == fold(p.key.of(text))));
    let kept = dsn.params.iter().filter(|p| !removed(p)).count();
    let mut appended = String::new();
    for change in changes {
        match change {
            Change::Scheme(to) => {
                // only the bare name changes: `jdbc:` before it and `+driver` behind it stay
                let scheme = dsn.scheme.of(text);
                let start = scheme.rfind(':').map_or(0, |i| i + 1);
                let end = scheme.find('+').unwrap_or(scheme.len());
                out.push((Span::new(dsn.scheme.start + start, dsn.scheme.start + end), (*to).to_owned()));
            }
            Change::Set(key, value) => match dsn.param_span(text, key).filter(|p| !removed(p)) {
                Some(param) => out.push((param.value, (*value).to_owned())),
                None => {
                    let first = kept == 0 && appended.is_empty();
                    let ended = dsn.style == Style::KeyValue && appended.is_empty() && text.trim_end().ends_with(';');
                    if !ended {
                        appended.push(if first { open } else { separator });
                    }
                    appended.push_str(&format!("{key}={value}"));
                }
            },
            Change::Remove(_) => {}
            Change::Port(from, to) => {
                out.extend(dsn.hosts.iter().filter_map(|h| h.port).filter(|p| p.of(text) == *from).map(|p| (p, (*to).to_owned())));
            }
        }
    }
    out.extend(removals(dsn, removed).into_iter().map(|span| (span, String::new())));
    if !appended.is_empty() {
        let end = dsn.params.last().map_or(dsn.path.end, |p| p.value.end.max(p.key.end));
        let end = if text.trim_end().ends_with(';') { text.trim_end().len() } else { end };
        out.push((Span::new(end, end), appended));
    }
    out.retain(|(span, new)| span.of(text) != new);
    out.sort_by_key(|(span, _)| *span);
    out
}

/// The bytes of parameters that go, each with one separator: the one behind it while another follows, else the one before it.
fn removals(dsn: &Dsn, removed: impl Fn(&Param) -> bool) -> Vec<Span> {
    let mut out = Vec::new();
    let last_kept = dsn.params.iter().rposition(|p| !removed(p));
    for (i, param) in dsn.params.iter().enumerate().filter(|(_, p)| removed(p)) {
        let end = param.value.end.max(param.key.end);
        let followed = last_kept.is_some_and(|last| i < last);
        match dsn.params.get(i + 1) {
            Some(next) if followed => out.push(Span::new(param.key.start, next.key.start)),
            // the mark that opens the parameters goes with the last of them
            _ => out.push(Span::new(param.key.start.saturating_sub(1), end)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::edits;
    use crate::dsn;

    fn secured(text: &str, driver: Option<&str>) -> String {
        let found = dsn::parse(text).unwrap();
        let changes = dsn::system(&found, text).unwrap().secure(&found, text, driver).unwrap();
        let mut out = text.to_owned();
        for (span, new) in edits(&found, text, &changes).into_iter().rev() {
            out.replace_range(span.start..span.end, &new);
        }
        out
    }

    #[test]
    fn each_driver_gets_its_own_spelling_and_twice_is_once() {
        for (text, driver, expected) in [
            ("postgresql://u:p@h:5432/app", Some("libpq"), "postgresql://u:p@h:5432/app?sslmode=verify-full"),
            ("postgresql://u:p@h/app?sslmode=require&x=5", Some("pg"), "postgresql://u:p@h/app?sslmode=verify-full&x=5"),
            ("postgres://u:p@h/app?ssl=false&a=x", Some("pg"), "postgres://u:p@h/app?a=x&sslmode=verify-full"),
            ("postgres://u:p@h/app?ssl=false", Some("pg"), "postgres://u:p@h/app?sslmode=verify-full"),
            ("postgresql+asyncpg://u:p@h/app?sslmode=require", Some("asyncpg"), "postgresql+asyncpg://u:p@h/app?ssl=verify-full"),
            (
                "postgresql://u:p@h/app?schema=public",
                Some("prisma<7"),
                "postgresql://u:p@h/app?schema=public&sslmode=require&sslaccept=strict",
            ),
            ("redis://:p%40ss@h:6379/0", None, "rediss://:p%40ss@h:6379/0"),
            ("amqp://u:p@h:5672/v", None, "amqps://u:p@h:5671/v"),
            ("mongodb://h/app?ssl=false&tlsInsecure=true", None, "mongodb://h/app?ssl=true"),
            (
                "Server=h;Database=a;User Id=u;TrustServerCertificate=true",
                None,
                "Server=h;Database=a;User Id=u;TrustServerCertificate=False;Encrypt=True",
            ),
            ("root:x@tcp(h:3306)/app", None, "root:x@tcp(h:3306)/app?tls=true"),
        ] {
            let once = secured(text, driver);
            assert_eq!(once, expected, "{text}");
            assert_eq!(secured(&once, driver), once, "{text}");
        }
    }
}
