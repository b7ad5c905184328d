//! Changes of a connection string, applied as splices: every byte that is not changed stays.

use std::fmt;

use super::split::{Dsn, Param, Style, fold};
use crate::model::span::Span;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another scheme; `jdbc:` before it and `+driver` behind it stay.
    Scheme(&'static str),
    /// Another scheme with what stands behind `+`.
    WholeScheme(&'static str),
    /// Set a parameter: in place where it stands, else in the place of one that goes, else at the end.
    Set(&'static str, &'static str),
    /// Take a parameter away; one that is set may come in its place.
    Remove(&'static str),
    /// Take a parameter away, and put nothing in its place.
    Drop(&'static str),
    /// Another port, where exactly the first one is written.
    Port(&'static str, &'static str),
    /// A `/` behind the hosts, where there is none.
    Slash,
    /// Without what follows `#`.
    NoFragment,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(to) | Self::WholeScheme(to) => write!(f, "{to}://"),
            Self::Set(key, value) => write!(f, "{key}={value}"),
            Self::Remove(key) | Self::Drop(key) => write!(f, "without {key}"),
            Self::Port(from, to) => write!(f, "port {from} becomes {to}"),
            Self::Slash => write!(f, "a / behind the hosts"),
            Self::NoFragment => write!(f, "without what follows #"),
        }
    }
}

impl Change {
    /// Whether `dsn` does not have it already: what is said in a plan.
    #[must_use]
    pub fn matters(&self, dsn: &Dsn, text: &str) -> bool {
        match self {
            Self::Scheme(to) => dsn.bare_scheme(text) != *to,
            Self::WholeScheme(to) => dsn.scheme.of(text) != *to,
            Self::Set(key, value) => dsn.param(text, key) != Some(value),
            Self::Remove(key) | Self::Drop(key) => dsn.param(text, key).is_some(),
            Self::Port(from, _) => dsn.hosts.iter().any(|h| h.port.is_some_and(|p| p.of(text) == *from)),
            Self::Slash => false,
            Self::NoFragment => dsn.fragment.is_some(),
        }
    }
}

/// The splices that make `changes`: places in `text` and what comes there, sorted and disjoint; none for what is so already.
#[must_use]
pub fn edits(dsn: &Dsn, text: &str, changes: &[Change]) -> Vec<(Span, String)> {
    // the parameters of each URL of a list would have to change
    if !dsn.more.is_empty() && changes.iter().any(|c| matches!(c, Change::Set(..))) {
        return Vec::new();
    }
    let mut out: Vec<(Span, String)> = Vec::new();
    let named = |p: &Param, key: &str| fold(key) == fold(p.key.of(text));
    let goes = |p: &Param| changes.iter().any(|c| matches!(c, Change::Remove(k) | Change::Drop(k) if named(p, k)));
    let mut gone: Vec<bool> = dsn.params.iter().map(goes).collect();
    let mut appended = Vec::new();
    for change in changes {
        match change {
            Change::Set(key, value) => {
                let mut found = false;
                for (param, gone) in dsn.params.iter().zip(&gone).filter(|(p, _)| named(p, key)) {
                    found |= !gone;
                    out.extend((!gone).then(|| in_place(dsn.style, text, *param, key, value)).flatten());
                }
                let place = || dsn.params.iter().position(|p| changes.iter().any(|c| matches!(c, Change::Remove(k) if named(p, k))));
                match place().filter(|i| !found && gone.get(*i) == Some(&true)) {
                    Some(i) => {
                        out.extend(dsn.params.get(i).map(|p| (p.whole, format!("{key}={value}"))));
                        gone.iter_mut().skip(i).take(1).for_each(|g| *g = false);
                    }
                    None if !found => appended.push(format!("{key}={value}")),
                    None => {}
                }
            }
            Change::Port(from, to) => {
                out.extend(dsn.hosts.iter().filter_map(|h| h.port).filter(|p| p.of(text) == *from).map(|p| (p, (*to).to_owned())));
            }
            Change::Scheme(to) => out.extend(dsn.more.iter().chain([&dsn.scheme]).map(|s| (bare(*s, text), (*to).to_owned()))),
            Change::WholeScheme(to) => out.extend(dsn.more.iter().chain([&dsn.scheme]).map(|s| (*s, (*to).to_owned()))),
            Change::NoFragment => out.extend(dsn.fragment.map(|f| (f, String::new()))),
            Change::Slash | Change::Remove(_) | Change::Drop(_) => {}
        }
    }
    out.extend(removals(dsn, &gone).into_iter().map(|span| (span, String::new())));
    let slash = changes.contains(&Change::Slash) && dsn.path.is_empty() && (!appended.is_empty() || gone.contains(&false));
    out.extend(additions(dsn, text, &appended, !gone.is_empty() && !gone.contains(&false), slash));
    out.retain(|(span, new)| span.of(text) != new);
    out.sort_by_key(|(span, _)| *span);
    out
}

/// The scheme's bare name: `jdbc:` before it and `+driver` behind it are not in it.
fn bare(scheme: Span, text: &str) -> Span {
    let shown = scheme.of(text);
    let start = shown.rfind(':').map_or(0, |i| i + 1);
    let end = shown.get(start..).and_then(|s| s.find('+')).map_or(shown.len(), |i| start + i);
    Span::new(scheme.start + start, scheme.start + end)
}

/// A parameter that stands there and gets another value. Its spelling stays where the driver reads any.
fn in_place(style: Style, text: &str, param: Param, key: &str, value: &str) -> Option<(Span, String)> {
    let (old_key, old) = (param.key.of(text), param.value.of(text));
    let any_spelling = matches!(style, Style::KeyValue | Style::UrlSemicolons | Style::Commas | Style::Descriptor);
    let boolean = any_spelling && matches!(value, "true" | "True" | "false" | "False" | "TCPS");
    if (any_spelling || old_key == key) && (old == value || boolean && old.eq_ignore_ascii_case(value)) {
        return None;
    }
    Some(if any_spelling || old_key == key { (param.value, value.to_owned()) } else { (param.whole, format!("{key}={value}")) })
}

/// What comes at the end of the parameters, and the `/` that must come before them.
fn additions(dsn: &Dsn, text: &str, appended: &[String], emptied: bool, slash: bool) -> Vec<(Span, String)> {
    let (open, separator) = match dsn.style {
        Style::Url | Style::GoMysql => ('?', '&'),
        Style::UrlSemicolons | Style::KeyValue => (';', ';'),
        Style::Keywords => (' ', ' '),
        Style::Commas => (',', ','),
        // neither takes another parameter
        Style::Colons | Style::Descriptor => return Vec::new(),
    };
    let end = dsn.fragment.map_or(text.trim_end().len(), |f| f.start);
    let before = text.get(..end).unwrap_or("");
    let opened = !matches!(dsn.style, Style::Url | Style::GoMysql) || text.get(dsn.path.end..).is_some_and(|t| t.starts_with(open));
    let first = !opened || emptied;
    let ended = !first && dsn.params.last().is_none_or(|p| p.whole.end != end) && (before.ends_with(separator) || end == dsn.path.end + 1);
    // an empty value at the end would take the next pair for its own
    let mut added = String::from(if dsn.style == Style::Keywords && before.ends_with('=') { "''" } else { "" });
    for (i, pair) in appended.iter().enumerate() {
        if i > 0 || !ended {
            added.push(if i == 0 && first { open } else { separator });
        }
        added.push_str(pair);
    }
    let at = Span::new(dsn.path.start, dsn.path.start);
    match (slash, appended.is_empty()) {
        (true, false) if at.start == end => vec![(at, format!("/{added}"))],
        (true, false) => vec![(at, "/".to_owned()), (Span::new(end, end), added)],
        (true, true) => vec![(at, "/".to_owned())],
        (false, false) => vec![(Span::new(end, end), added)],
        (false, true) => Vec::new(),
    }
}

/// The bytes of parameters that go, each with one separator: the one behind it while another follows, else the one before it.
fn removals(dsn: &Dsn, gone: &[bool]) -> Vec<Span> {
    let mut out: Vec<Span> = Vec::new();
    let last_kept = gone.iter().rposition(|g| !g);
    for (i, (param, _)) in dsn.params.iter().zip(gone).enumerate().filter(|(_, (_, gone))| **gone) {
        let followed = last_kept.is_some_and(|last| i < last);
        match dsn.params.get(i + 1) {
            Some(next) if followed => out.push(Span::new(param.whole.start, next.whole.start)),
            // the mark that opens the parameters goes with the last of them
            _ => out.push(Span::new(param.whole.start.saturating_sub(1), param.whole.end)),
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
            ("postgres://u:p@h/app?ssl=false&a=x", Some("pg"), "postgres://u:p@h/app?sslmode=verify-full&a=x"),
            ("postgres://u:p@h/app?ssl=false", Some("pg"), "postgres://u:p@h/app?sslmode=verify-full"),
            (
                "postgresql+asyncpg://u:p@h/app?sslmode=require",
                Some("sqlalchemy+asyncpg"),
                "postgresql+asyncpg://u:p@h/app?ssl=verify-full",
            ),
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
