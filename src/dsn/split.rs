//! The splitter: scheme, user, password, hosts, path and parameters, each by byte span (RFC 3986 where it applies, ADO.NET key-value
//! strings, the Go MySQL form).

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
    /// `Server=host;User Id=u;Password=p`
    KeyValue,
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
    /// Value; empty without `=`.
    pub value: Span,
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
}

impl Dsn {
    /// The scheme without `jdbc:` and the like before it and the driver behind `+`, lower case.
    #[must_use]
    pub fn bare_scheme(&self, text: &str) -> String {
        let scheme = self.scheme.of(text).to_ascii_lowercase();
        let inner = scheme.rsplit(':').next().unwrap_or("").to_owned();
        if inner == "mongodb+srv" { inner } else { inner.split('+').next().unwrap_or("").to_owned() }
    }

    /// The driver that the scheme itself names: `jdbc`, `asyncpg`; `None` when it names none.
    #[must_use]
    pub fn driver<'t>(&self, text: &'t str) -> Option<&'t str> {
        let scheme = self.scheme.of(text);
        if scheme.starts_with("jdbc:") {
            return Some("jdbc");
        }
        scheme.split_once('+').map(|(_, driver)| driver).filter(|d| *d != "srv")
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
        if path.is_empty() { self.param(text, "database").or_else(|| self.param(text, "initialcatalog")).unwrap_or("") } else { path }
    }
}

/// A name without case, blanks, `_` and `-`.
pub(super) fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// `text` with every byte of a reference replaced by `x`: the same length, and no separator inside a reference.
fn opaque(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Literal(span) => out.push_str(span.of(text)),
            other => out.extend(std::iter::repeat_n('x', other.span().len())),
        }
    }
    out
}

pub(super) fn url(text: &str) -> Option<Dsn> {
    let masked = opaque(text);
    let scheme_end = masked.find("://")?;
    let scheme = masked.get(..scheme_end)?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-' | ':' | '_'));
    if !named || masked.contains(char::is_whitespace) {
        return None;
    }
    let semicolons = scheme.starts_with("jdbc:") && (scheme.ends_with("sqlserver") || masked.contains(";"));
    let (param_mark, separator, style) = if semicolons { (';', ';', Style::UrlSemicolons) } else { ('?', '&', Style::Url) };
    let start = scheme_end + 3;
    let body_end = masked[start..].find(['#']).filter(|i| !masked[start + i..].contains('@')).map_or(masked.len(), |i| start + i);
    let params_at = masked[start..body_end].find(param_mark).map_or(body_end, |i| start + i);
    let at = credentials_end(&masked, start, params_at, scheme.starts_with("http"));
    let hosts_at = at.map_or(start, |i| i + 1);
    let path_at = masked[hosts_at..params_at].find('/').map_or(params_at, |i| hosts_at + i);
    let (user, password) = at.map_or((None, None), |end| user_and_password(&masked, start, end));
    let mut dsn = Dsn {
        style,
        scheme: Span::new(0, scheme_end),
        user,
        password,
        hosts: hosts(&masked, hosts_at, path_at),
        path: Span::new(path_at, params_at),
        params: params(&masked, (params_at + 1).min(body_end), body_end, separator),
    };
    if dsn.password.is_none() {
        let named = ["password", "pwd", "authtoken"].iter().find_map(|n| dsn.param_span(text, n));
        dsn.password = named.map(|p| p.value).filter(|s| !s.is_empty());
        dsn.user = dsn.user.or_else(|| dsn.param_span(text, "user").or_else(|| dsn.param_span(text, "username")).map(|p| p.value));
    }
    Some(dsn)
}

/// The `@` that ends the credentials: the last before the parameters, for passwords hold `@` and `/` unescaped; in web addresses, where
/// `@` is common in paths, the one before the first `/`.
fn credentials_end(masked: &str, start: usize, params_at: usize, web: bool) -> Option<usize> {
    let area = masked.get(start..params_at)?;
    let area = if web { area.split('/').next().unwrap_or("") } else { area };
    area.rfind('@').map(|i| start + i)
}

fn user_and_password(masked: &str, start: usize, end: usize) -> (Option<Span>, Option<Span>) {
    let filled = |from: usize, to: usize| (from < to).then_some(Span::new(from, to));
    match masked.get(start..end).and_then(|info| info.find(':')) {
        Some(colon) => (filled(start, start + colon), filled(start + colon + 1, end)),
        None => (filled(start, end), None),
    }
}

fn hosts(masked: &str, from: usize, to: usize) -> Vec<Host> {
    let mut out = Vec::new();
    let mut at = from;
    for piece in masked.get(from..to).unwrap_or("").split(',') {
        let end = at + piece.len();
        if let Some(host) = host(piece, at).filter(|h| !h.name.is_empty() || h.port.is_some()) {
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

fn params(masked: &str, from: usize, to: usize, separator: char) -> Vec<Param> {
    let mut out = Vec::new();
    let mut at = from;
    for piece in masked.get(from..to).unwrap_or("").split(separator) {
        let end = at + piece.len();
        let key_len = piece.find('=').unwrap_or(piece.len());
        let trim = |from: usize, to: usize| {
            let text = masked.get(from..to).unwrap_or("");
            let lead = text.len() - text.trim_start().len();
            Span::new(from + lead, from + lead + text.trim().len())
        };
        let key = trim(at, at + key_len);
        if !key.is_empty() {
            out.push(Param { key, value: trim((at + key_len + 1).min(end), end) });
        }
        at = end + 1;
    }
    out
}

/// `user:password@tcp(host:port)/database?k=v`
pub(super) fn go_mysql(text: &str) -> Option<Dsn> {
    let masked = opaque(text);
    let open = ["@tcp(", "@unix("].iter().find_map(|mark| masked.find(mark).map(|i| (i, i + mark.len())))?;
    let close = masked.get(open.1..)?.find(')').map(|i| open.1 + i)?;
    if masked.contains(char::is_whitespace) {
        return None;
    }
    let start = masked.get(..open.0)?.find("://").map_or(0, |i| i + 3);
    let (user, password) = user_and_password(&masked, start, open.0);
    let params_at = masked.get(close..)?.find('?').map_or(masked.len(), |i| close + i);
    let socket = masked.get(open.0..open.1) == Some("@unix(");
    Some(Dsn {
        style: Style::GoMysql,
        scheme: Span::new(0, start.saturating_sub(3)),
        user,
        password,
        hosts: if socket { Vec::new() } else { hosts(&masked, open.1, close) },
        path: Span::new((close + 1).min(params_at), params_at),
        params: params(&masked, (params_at + 1).min(masked.len()), masked.len(), '&'),
    })
}

/// `Server=host,port;Database=d;User Id=u;Password=p` (ADO.NET), with two known names at least.
pub(super) fn key_values(text: &str) -> Option<Dsn> {
    const SERVER: &[&str] = &["server", "datasource", "host", "addr", "address", "networkaddress"];
    const OTHERS: &[&str] = &[
        "database",
        "initialcatalog",
        "userid",
        "uid",
        "user",
        "username",
        "password",
        "pwd",
        "integratedsecurity",
        "trustedconnection",
        "port",
    ];
    let masked = opaque(text);
    if !masked.contains('=') || !masked.contains(';') {
        return None;
    }
    let params = params(&masked, 0, masked.len(), ';');
    let find = |names: &[&str]| params.iter().find(|p| names.contains(&fold(p.key.of(text)).as_str())).copied();
    let server = find(SERVER)?;
    find(OTHERS)?;
    let value = server.value;
    let shown = value.of(&masked);
    let offset = shown.find("tcp:").map_or(0, |i| i + 4);
    let name_len = shown.get(offset..).unwrap_or("").find([',', '\\']).unwrap_or(shown.len() - offset);
    let name = Span::new(value.start + offset, value.start + offset + name_len);
    let port = shown.get(offset + name_len..).and_then(|rest| rest.strip_prefix(',')).map(|p| Span::new(value.end - p.len(), value.end));
    let filled = |p: Option<Param>| p.map(|p| p.value).filter(|s| !s.is_empty());
    Some(Dsn {
        style: Style::KeyValue,
        scheme: Span::new(0, 0),
        user: filled(find(&["userid", "uid", "user", "username"])),
        password: filled(find(&["password", "pwd"])),
        hosts: vec![Host { name, port: port.or_else(|| filled(find(&["port"]))) }],
        path: Span::new(text.len(), text.len()),
        params,
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::Style;
    use proptest::prelude::{any, prop_assert, proptest};

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

    proptest! {
        #[test]
        fn spans_always_lie_in_the_text(text in any::<String>(), tail in "[a-z:/@?&=;${}.,\\[\\]-]{0,40}") {
            for text in [text, format!("redis://{tail}"), format!("Server=a;{tail}")] {
                if let Some(dsn) = parse(&text) {
                    let spans = dsn.hosts.iter().map(|h| h.name).chain(dsn.user).chain(dsn.password).chain(dsn.params.iter().flat_map(|p| [p.key, p.value])).chain([dsn.path, dsn.scheme]);
                    for span in spans {
                        prop_assert!(text.get(span.start..span.end).is_some());
                    }
                }
            }
        }
    }
}
