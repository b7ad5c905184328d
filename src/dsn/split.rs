//! The splitter: scheme, user, password, hosts, path and parameters, each by byte span (RFC 3986 where it applies, and the Go MySQL form).
//! Forms without a scheme are in `pairs.rs`, those of Oracle in `oracle.rs`.

use zeroize::Zeroizing;

use crate::model::span::Span;
use crate::model::template::{Part, parts};

/// In which syntax a connection string is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `scheme://user:password@host:port/path?k=v`
    Url,
    /// `jdbc:sqlserver://host;k=v;k=v`
    UrlSemicolons,
    /// `user:password@tcp(host:port)/path?k=v`
    GoMysql,
    /// `Server=host;User Id=u;Password=p`, `mysql:host=h;dbname=d`
    KeyValue,
    /// `host=h dbname=d user=u password=p` (libpq)
    Keywords,
    /// `host:6379,password=p,ssl=True` (StackExchange.Redis)
    Commas,
    /// `label:host:port:db:password`
    Colons,
    /// `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=1521)))`
    Descriptor,
}

/// One host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// Name or address, without brackets and port.
    pub name: Span,
    /// Port, where written.
    pub port: Option<Span>,
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Name.
    pub key: Span,
    /// Value, inside its quotes; empty without `=`.
    pub value: Span,
    /// Name and value with their quotes.
    pub whole: Span,
}

/// A connection string, split. Spans are bytes of the text that was split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dsn {
    /// The syntax.
    pub style: Style,
    /// Scheme, without `://`; empty for strings that have none.
    pub scheme: Span,
    /// User name.
    pub user: Option<Span>,
    /// Password.
    pub password: Option<Span>,
    /// Hosts; empty for sockets and files.
    pub hosts: Vec<Host>,
    /// From the `/` after the hosts to the parameters; may be empty.
    pub path: Span,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// From `#` to the end, where it is no part of the credentials.
    pub fragment: Option<Span>,
    /// The schemes of the further URLs, where the text is a list of them; [`Self::hosts`] are those of all.
    pub more: Vec<Span>,
}

/// What drivers put between the system's name and `://`, and say nothing about the system.
const SUBPROTOCOLS: &[&str] = &["loadbalance", "replication", "failover", "sequential", "aurora", "thin", "oci", "pool"];

impl Dsn {
    /// The scheme without `jdbc:` and the like before it and the driver behind `+`, lower case.
    #[must_use]
    pub fn bare_scheme(&self, text: &str) -> String {
        let scheme = self.scheme.of(text).to_ascii_lowercase();
        let inner = scheme.rsplit(':').find(|part| !SUBPROTOCOLS.contains(part)).unwrap_or("").to_owned();
        // Celery writes `db+` before the URL of SQLAlchemy that holds its results
        let inner = inner.strip_prefix("db+").unwrap_or(&inner);
        if inner == "mongodb+srv" { inner.to_owned() } else { inner.split('+').next().unwrap_or("").to_owned() }
    }

    /// The driver that the scheme itself names: `jdbc`, `asyncpg`; `None` when it names none.
    #[must_use]
    pub fn driver<'t>(&self, text: &'t str) -> Option<&'t str> {
        let scheme = self.scheme.of(text);
        if scheme.starts_with("jdbc:") {
            return Some("jdbc");
        }
        scheme.strip_prefix("db+").unwrap_or(scheme).split_once('+').map(|(_, driver)| driver).filter(|d| *d != "srv")
    }

    /// The value of a parameter; names compare without case, blanks and `_`.
    #[must_use]
    pub fn param<'t>(&self, text: &'t str, name: &str) -> Option<&'t str> {
        self.param_span(text, name).map(|p| p.value.of(text))
    }

    /// The last parameter of that name: what most drivers obey.
    #[must_use]
    pub fn param_span(&self, text: &str, name: &str) -> Option<Param> {
        let wanted = fold(name);
        self.params.iter().rev().find(|p| fold(p.key.of(text)) == wanted).copied()
    }

    /// The database named in the path or by a parameter; empty when none is.
    #[must_use]
    pub fn database<'t>(&self, text: &'t str) -> &'t str {
        let path = self.path.of(text).trim_start_matches('/');
        let named = || ["database", "initialcatalog", "dbname", "databasename"].iter().find_map(|name| self.param(text, name));
        if path.is_empty() { named().unwrap_or("") } else { path }
    }
}

/// A name without case, blanks, `_` and `-`.
pub(super) fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// `text` with every byte of a reference replaced by `x`: the same length, and no separator inside a reference.
pub(super) fn opaque(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    for part in parts(text) {
        match part {
            Part::Literal(span) => out.push_str(span.of(text)),
            other => out.extend(std::iter::repeat_n('x', other.span().len())),
        }
    }
    out
}

/// A URL, or a list of URLs with commas between them. `masked` is [`opaque`] of `text`.
pub(super) fn url(text: &str, masked: &str) -> Option<Dsn> {
    let pieces: Vec<&str> = masked.split(',').collect();
    if pieces.len() < 2 || !pieces.iter().all(|p| p.contains("://")) {
        return one_url(text, masked);
    }
    let (mut at, mut list) = (0, None::<Dsn>);
    for piece in pieces {
        let lead = piece.len() - piece.trim_start().len();
        let found = one_url(text.get(at + lead..at + piece.len())?.trim_end(), piece.trim())?;
        let shifted = |h: &Host| Host { name: h.name.shift(at + lead), port: h.port.map(|p| p.shift(at + lead)) };
        match &mut list {
            None => list = Some(found),
            Some(first) => {
                first.more.push(found.scheme.shift(at + lead));
                first.hosts.extend(found.hosts.iter().map(shifted));
            }
        }
        at += piece.len() + 1;
    }
    list
}

fn one_url(text: &str, masked: &str) -> Option<Dsn> {
    let scheme_end = masked.find("://")?;
    let scheme = masked.get(..scheme_end)?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-' | ':' | '_'));
    if !named || masked.contains(char::is_whitespace) {
        return None;
    }
    let semicolons = scheme.starts_with("jdbc:") && (scheme.ends_with("sqlserver") || masked.contains(';'));
    let (param_mark, separator, style) = if semicolons { (';', ';', Style::UrlSemicolons) } else { ('?', '&', Style::Url) };
    let start = scheme_end + 3;
    let body_end = masked[start..].find(['#']).filter(|i| !masked[start + i..].contains('@')).map_or(masked.len(), |i| start + i);
    let params_at = params_at(masked, start, body_end, param_mark);
    let at = credentials_end(masked, start, params_at, scheme.starts_with("http"));
    let hosts_at = at.map_or(start, |i| i + 1);
    let path_at = masked[hosts_at..params_at].find('/').map_or(params_at, |i| hosts_at + i);
    let (user, password) = at.map_or((None, None), |end| user_and_password(masked, start, end));
    let mut dsn = Dsn {
        style,
        scheme: Span::new(0, scheme_end),
        user,
        password,
        hosts: hosts(masked, hosts_at, path_at),
        path: Span::new(path_at, params_at),
        params: params(masked, Span::new((params_at + 1).min(body_end), body_end), separator, if semicolons { BRACES } else { &[] }),
        fragment: (body_end < masked.len()).then(|| Span::new(body_end, masked.len())),
        more: Vec::new(),
    };
    if dsn.password.is_none() {
        // `pg://host:port?u=user&p=password&d=database`
        let short = dsn.param_span(text, "u").and_then(|_| dsn.param_span(text, "p"));
        let named = ["password", "pwd", "authtoken"].iter().find_map(|n| dsn.param_span(text, n)).or(short);
        dsn.password = named.map(|p| p.value).filter(|s| !s.is_empty());
        dsn.user = dsn.user.or_else(|| {
            dsn.param_span(text, "user")
                .or_else(|| dsn.param_span(text, "username"))
                .or(short.and_then(|_| dsn.param_span(text, "u")))
                .map(|p| p.value)
        });
    }
    Some(dsn)
}

/// Where the parameters begin: at the first mark, unless it stands in a password that should have been escaped: before it a `user:` and
/// no `@`, behind it the `@`, before any `=` or `/`.
fn params_at(masked: &str, start: usize, body_end: usize, mark: char) -> usize {
    let find = |from: usize| masked.get(from..body_end).and_then(|t| t.find(mark)).map(|i| from + i);
    let Some(first) = find(start) else { return body_end };
    let (before, behind) = (masked.get(start..first).unwrap_or(""), masked.get(first..body_end).unwrap_or(""));
    let in_password = before.contains(':') && !before.contains(['@', '/']);
    match behind.find('@') {
        Some(at) if in_password && !behind[..at].contains(['=', '/']) => find(first + at).unwrap_or(body_end),
        _ => first,
    }
}

/// The `@` that ends the credentials: the last before the parameters, for passwords hold `@` and `/` unescaped; in web addresses, where
/// `@` is common in paths, the one before the first `/`.
fn credentials_end(masked: &str, start: usize, params_at: usize, web: bool) -> Option<usize> {
    let area = masked.get(start..params_at)?;
    let area = if web { area.split('/').next().unwrap_or("") } else { area };
    area.rfind('@').map(|i| start + i)
}

pub(super) fn user_and_password(masked: &str, start: usize, end: usize) -> (Option<Span>, Option<Span>) {
    let filled = |from: usize, to: usize| (from < to).then_some(Span::new(from, to));
    match masked.get(start..end).and_then(|info| info.find(':')) {
        Some(colon) => (filled(start, start + colon), filled(start + colon + 1, end)),
        None => (filled(start, end), None),
    }
}

/// The hosts between two places, with commas between them.
pub(super) fn hosts(masked: &str, from: usize, to: usize) -> Vec<Host> {
    let mut out = Vec::new();
    let mut at = from;
    for piece in masked.get(from..to).unwrap_or("").split(',') {
        let end = at + piece.len();
        let lead = piece.len() - piece.trim_start().len();
        if let Some(host) = host(piece.trim(), at + lead).filter(|h| !h.name.is_empty() || h.port.is_some()) {
            out.push(host);
        }
        at = end + 1;
    }
    out
}

fn host(piece: &str, at: usize) -> Option<Host> {
    if let Some(rest) = piece.strip_prefix('[') {
        let close = rest.find(']')?;
        let port = rest.get(close + 1..)?.strip_prefix(':').map(|p| Span::new(at + close + 3, at + close + 3 + p.len()));
        return Some(Host { name: Span::new(at + 1, at + 1 + close), port });
    }
    match piece.rfind(':') {
        Some(colon) => Some(Host { name: Span::new(at, at + colon), port: Some(Span::new(at + colon + 1, at + piece.len())) }),
        None => Some(Host { name: Span::new(at, at + piece.len()), port: None }),
    }
}

/// What opens and closes a value that may hold separators: JDBC for SQL Server, ADO.NET.
pub(super) const BRACES: &[(char, char)] = &[('{', '}')];
pub(super) const QUOTES: &[(char, char)] = &[('"', '"'), ('\'', '\'')];

/// The parameters in `area`; a value that begins with an opening quote of `quotes` may hold separators.
pub(super) fn params(masked: &str, area: Span, separator: char, quotes: &[(char, char)]) -> Vec<Param> {
    let mut out = Vec::new();
    let mut at = area.start;
    while at < area.end {
        let rest = masked.get(at..area.end).unwrap_or("");
        let (len, quoted) = piece(rest, separator, quotes);
        let whole = Span::new(at, at + len).trimmed(masked);
        let text = whole.of(masked);
        let key_len = text.find('=').unwrap_or(text.len());
        let key = Span::new(whole.start, whole.start + key_len).trimmed(masked);
        let value = Span::new((whole.start + key_len + 1).min(whole.end), whole.end).trimmed(masked);
        if !key.is_empty() {
            let value = if quoted && value.len() >= 2 { Span::new(value.start + 1, value.end - 1) } else { value };
            out.push(Param { key, value, whole });
        }
        at += len + separator.len_utf8();
    }
    out
}

/// The length of the text before the separator, and whether its value is quoted.
fn piece(rest: &str, separator: char, quotes: &[(char, char)]) -> (usize, bool) {
    let plain = rest.find(separator).unwrap_or(rest.len());
    let Some(equals) = rest.find('=').filter(|i| *i < plain) else { return (plain, false) };
    let value = rest[equals + 1..].trim_start();
    let from = rest.len() - value.len();
    let Some((open, close)) = quotes.iter().find(|(open, _)| value.starts_with(*open)) else { return (plain, false) };
    let mut at = from + open.len_utf8();
    while let Some(end) = rest.get(at..).and_then(|t| t.find(*close)).map(|i| at + i + close.len_utf8()) {
        // doubled, it stands for itself
        if rest.get(end..).is_some_and(|t| t.starts_with(*close)) {
            at = end + close.len_utf8();
            continue;
        }
        let tail = rest.get(end..).unwrap_or("");
        let blanks = tail.len() - tail.trim_start().len();
        let ends = tail.trim_start().is_empty() || tail.trim_start().starts_with(separator);
        return if ends { (end + blanks, true) } else { (plain, false) };
    }
    (plain, false)
}

/// `user:password@tcp(host:port)/database?k=v`
pub(super) fn go_mysql(masked: &str) -> Option<Dsn> {
    let open = ["@tcp(", "@tcp6(", "@unix("].iter().find_map(|mark| masked.rfind(mark).map(|i| (i, i + mark.len())))?;
    let close = masked.get(open.1..)?.find(')').map(|i| open.1 + i)?;
    if masked.contains(char::is_whitespace) {
        return None;
    }
    let start = masked.get(..open.0)?.find("://").map_or(0, |i| i + 3);
    let (user, password) = user_and_password(masked, start, open.0);
    let params_at = masked.get(close..)?.find('?').map_or(masked.len(), |i| close + i);
    let socket = masked.get(open.0..open.1) == Some("@unix(");
    Some(Dsn {
        style: Style::GoMysql,
        scheme: Span::new(0, start.saturating_sub(3)),
        user,
        password,
        hosts: if socket { Vec::new() } else { hosts(masked, open.1, close) },
        path: Span::new((close + 1).min(params_at), params_at),
        params: params(masked, Span::new((params_at + 1).min(masked.len()), masked.len()), '&', &[]),
        fragment: None,
        more: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::Style;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    #[test]
    fn parts_of_urls() {
        let text = "postgresql+asyncpg://app:p%40ss@db.example.com:5432,[::1]:5433/app?sslmode=require&x=1";
        let dsn = parse(text).unwrap();
        assert_eq!(dsn.user.unwrap().of(text), "app");
        assert_eq!(dsn.password.unwrap().of(text), "p%40ss");
        assert_eq!(dsn.hosts.iter().map(|h| h.name.of(text)).collect::<Vec<_>>(), ["db.example.com", "::1"]);
        assert_eq!(dsn.hosts[0].port.unwrap().of(text), "5432");
        assert_eq!((dsn.path.of(text), dsn.param(text, "sslmode")), ("/app", Some("require")));
        assert_eq!((dsn.bare_scheme(text).as_str(), dsn.driver(text)), ("postgresql", Some("asyncpg")));
    }

    #[test]
    fn passwords_without_user_with_references_and_with_slashes() {
        for (text, password) in [
            ("redis://:secret@cache:6379/0", "secret"),
            ("redis://:a/b+c=@cache:6379", "a/b+c="),
            ("postgres://u:${P:-x@y}@h/d", "${P:-x@y}"),
            ("root:pw@tcp(db:3306)/app", "pw"),
            ("Server=db,1433;Database=a;User Id=sa;Password=p@w;TrustServerCertificate=true", "p@w"),
            ("jdbc:sqlserver://db:1433;databaseName=a;user=sa;password=pw", "pw"),
            ("jdbc:mysql://db/app?user=u&password=pw", "pw"),
        ] {
            let dsn = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(dsn.password.map(|s| s.of(text)), Some(password), "{text}");
        }
    }

    #[test]
    fn sockets_have_no_host_and_prose_is_no_connection() {
        assert!(parse("postgresql:///app?host=/var/run/postgresql").unwrap().hosts.is_empty());
        assert_eq!(parse("Server=db;Database=x").map(|d| d.style), Some(Style::KeyValue));
        for text in ["", "a=b;c=d", "see http://x for more", "://", "just text"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_should_have_been_escaped_is_read_as_meant() {
        for (text, password, host) in [
            ("postgres://u:p?w@h/d?sslmode=require", "p?w", "h"),
            ("postgres://u:p#w@h/d", "p#w", "h"),
            ("redis://:p@s:w/x@cache:6379/0", "p@s:w/x", "cache"),
            ("postgres://USER:PASSWORD@HOST:PORT/DB", "PASSWORD", "HOST"),
            ("postgres://%(user)s:%(pw)s@%(host)s/db", "%(pw)s", "%(host)s"),
            ("amqp://#{user}:#{pw}@$(HOST):5672", "#{pw}", "$(HOST)"),
            ("mysql://<%= u %>:<%= p %>@{{ host }}/db", "<%= p %>", "{{ host }}"),
            ("u:p@w@tcp([::1]:3306)/db", "p@w", "::1"),
            ("jdbc:mysql:loadbalance://a:3306,b:3306/d?password=pw", "pw", "a"),
            ("http://a:9200,http://u:pw@b:9200", "", "a"),
            ("pg://db:5432?u=app&p=pw&d=x", "pw", "db"),
        ] {
            let dsn = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(dsn.password.map_or("", |s| s.of(text)), password, "{text}");
            assert_eq!(dsn.hosts.first().map_or("", |h| h.name.of(text)), host, "{text}");
        }
        let list = "http://a:9200, http://b:9201";
        let dsn = parse(list).unwrap();
        assert_eq!(dsn.hosts.iter().filter_map(|h| h.port).map(|p| p.of(list)).collect::<Vec<_>>(), ["9200", "9201"]);
        assert_eq!(parse("jdbc:mysql:loadbalance://a/d").unwrap().bare_scheme("jdbc:mysql:loadbalance://a/d"), "mysql");
        assert_eq!(parse("redis://u@h?a@b.c=d").unwrap().user.map(|u| u.of("redis://u@h?a@b.c=d")), Some("u"));
    }

    proptest! {
        #[test]
        fn spans_always_lie_in_the_text_and_securing_twice_is_securing_once(text in any::<String>(), tail in "[a-zA-Z0-9:/@?&=;${}.,'\"() \\[\\]#%-]{0,40}") {
            let heads = ["redis://", "Server=a;", "postgres://u:p@h/d?", "host=a dbname=b ", "a:1,ssl=false,", "jdbc:oracle:thin:", "mongodb://", "u@tcp("];
            for text in heads.iter().map(|h| format!("{h}{tail}")).chain([text]) {
                let Some(dsn) = parse(&text) else { continue };
                let spans = dsn.hosts.iter().flat_map(|h| [Some(h.name), h.port]).flatten().chain(dsn.user).chain(dsn.password)
                    .chain(dsn.params.iter().flat_map(|p| [p.key, p.value, p.whole])).chain([dsn.path, dsn.scheme]).chain(dsn.fragment).chain(dsn.more.clone());
                for span in spans {
                    prop_assert!(text.get(span.start..span.end).is_some(), "{text}");
                }
                for driver in [None, Some("pg"), Some("jdbc"), Some("prisma<7"), Some("mysql2"), Some("celery"), Some("sqlalchemy+asyncpg")] {
                    let Some(once) = secured(&text, driver) else { continue };
                    if parse(&once).is_some() {
                        let twice = secured(&once, driver);
                        prop_assert_eq!(twice.as_ref().unwrap_or(&once), &once, "{} {:?}", text, driver);
                    }
                }
            }
        }
    }

    /// `text` with verified TLS; `None` where nothing is known to write. The edits must be disjoint and lie in the text.
    fn secured(text: &str, driver: Option<&str>) -> Option<String> {
        let dsn = parse(text)?;
        let changes = super::super::system(&dsn, text)?.secure(&dsn, text, driver)?;
        let mut out = text.to_owned();
        let edits = super::super::edits(&dsn, text, &changes);
        assert!(edits.windows(2).all(|w| w[0].0.end <= w[1].0.start && w[0].0 != w[1].0), "{text} {edits:?}");
        for (span, new) in edits.into_iter().rev() {
            out.replace_range(span.start..span.end, &new);
        }
        Some(out)
    }
}
