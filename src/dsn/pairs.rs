//! Connection strings without a scheme: ADO.NET and PDO pairs, libpq keywords, StackExchange.Redis, `label:host:port:db:password`.
//!
//! None of them is told by a mark of its own, so each asks for names that only it has.

use super::split::{Dsn, Host, Param, QUOTES, Style, fold, hosts, params};
use crate::model::span::Span;

const SERVER: &[&str] = &["server", "datasource", "host", "addr", "address", "networkaddress"];
const OTHERS: &[&str] = &[
    "database",
    "initialcatalog",
    "dbname",
    "userid",
    "uid",
    "user",
    "username",
    "password",
    "pwd",
    "integratedsecurity",
    "trustedconnection",
    "port",
    "sslmode",
    "encrypt",
    "trustservercertificate",
];
const USER: &[&str] = &["userid", "uid", "user", "username"];
const PASSWORD: &[&str] = &["password", "pwd"];

/// `Server=host,port;Database=d;User Id=u;Password=p` (ADO.NET) and `mysql:host=h;port=p;dbname=d` (PDO), with two known names at least.
pub(super) fn key_values(text: &str, masked: &str) -> Option<Dsn> {
    let scheme = ["mysql:", "pgsql:", "sqlsrv:"].iter().find(|s| masked.starts_with(**s)).map_or(0, |s| s.len());
    if !masked.contains('=') || !masked.contains(';') {
        return None;
    }
    let params = params(masked, Span::new(scheme, masked.len()), ';', QUOTES);
    let server = find(&params, text, SERVER)?;
    find(&params, text, OTHERS)?;
    let value = server.value;
    let shown = value.of(masked);
    let port = || filled(find(&params, text, &["port"]));
    let hosts = if fold(server.key.of(text)) == "host" || scheme > 0 && !shown.contains(',') {
        hosts(masked, value.start, value.end).into_iter().map(|h| Host { port: h.port.or_else(port), ..h }).collect()
    } else {
        let offset = shown.find("tcp:").map_or(0, |i| i + 4);
        let name_len = shown.get(offset..).unwrap_or("").find([',', '\\']).unwrap_or(shown.len() - offset);
        let name = Span::new(value.start + offset, value.start + offset + name_len);
        let own = shown.get(offset + name_len..).and_then(|rest| rest.strip_prefix(',')).map(|p| Span::new(value.end - p.len(), value.end));
        vec![Host { name, port: own.or_else(port) }]
    };
    Some(dsn(Style::KeyValue, Span::new(0, scheme.saturating_sub(1)), hosts, params, text))
}

/// `host=h port=5432 dbname=d user=u password='p w' sslmode=prefer` ([libpq](https://www.postgresql.org/docs/current/libpq-connect.html)).
pub(super) fn keywords(text: &str, masked: &str) -> Option<Dsn> {
    let params = spaced(masked)?;
    let named = |names: &[&str]| params.iter().filter(|p| names.contains(&p.key.of(text))).count();
    // `host= user= password=` alone could be anything, and what ends with `;` is of those that are separated by it
    if params.len() < 2
        || params.iter().any(|p| p.whole.end == p.value.end && p.value.of(masked).ends_with(';'))
        || named(&["host", "hostaddr", "user", "password", "port", "dbname", "service"]) == 0
        || named(&["dbname", "sslmode", "target_session_attrs"]) == 0
    {
        return None;
    }
    let server = find(&params, text, &["host", "hostaddr"]);
    let port = || filled(find(&params, text, &["port"]));
    let hosts = match server {
        Some(p) if !p.value.of(masked).starts_with(['/', '@']) => {
            hosts(masked, p.value.start, p.value.end).into_iter().map(|h| Host { port: h.port.or_else(port), ..h }).collect()
        }
        _ => Vec::new(),
    };
    Some(dsn(Style::Keywords, Span::new(0, 0), hosts, params, text))
}

/// The pairs of a text that is nothing but pairs, with blanks between them; values may be quoted with `'`, where `\` escapes.
fn spaced(masked: &str) -> Option<Vec<Param>> {
    let mut out = Vec::new();
    let mut at = 0;
    let blanks = |from: usize| masked.get(from..).map_or(0, |t| t.len() - t.trim_start_matches([' ', '\t']).len());
    loop {
        at += blanks(at);
        let rest = masked.get(at..)?;
        if rest.is_empty() {
            return Some(out);
        }
        let key_len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let key = Span::new(at, at + key_len);
        let equals = key.end + blanks(key.end);
        if key.is_empty() || !masked.get(equals..)?.starts_with('=') {
            return None;
        }
        let start = equals + 1 + blanks(equals + 1);
        let quoted = masked.get(start..)?.starts_with('\'');
        let from = start + usize::from(quoted);
        let (mut escaped, mut end) = (false, None);
        for (i, c) in masked.get(from..)?.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '\n' | '\r' => return None,
                '\'' if quoted => end = Some(i),
                ' ' | '\t' if !quoted => end = Some(i),
                _ => {}
            }
            if end.is_some() {
                break;
            }
        }
        let end = match end {
            Some(i) => from + i,
            None if quoted => return None,
            None => masked.len(),
        };
        at = end + usize::from(quoted);
        out.push(Param { key, value: Span::new(from, end), whole: Span::new(key.start, at) });
    }
}

/// `host:6379,password=p,ssl=True` ([StackExchange.Redis](https://stackexchange.github.io/StackExchange.Redis/Configuration)).
pub(super) fn commas(text: &str, masked: &str) -> Option<Dsn> {
    const OWN: &[&str] = &[
        "password",
        "ssl",
        "abortconnect",
        "allowadmin",
        "connecttimeout",
        "synctimeout",
        "asynctimeout",
        "defaultdatabase",
        "sslhost",
        "sslprotocols",
        "connectretry",
    ];
    const SHARED: &[&str] = &["user", "name", "keepalive", "servicename", "resolvedns", "proxy", "configchannel", "tiebreaker", "version"];
    let begin = masked.split(',').take_while(|piece| !piece.contains('=')).map(|piece| piece.len() + 1).sum::<usize>();
    let servers = masked.get(..begin.checked_sub(1)?)?;
    let is_server = |piece: &str| {
        !piece.trim().is_empty()
            && piece.trim().chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']'))
    };
    if begin > masked.len() || !servers.split(',').all(is_server) {
        return None;
    }
    let params = params(masked, Span::new(begin, masked.len()), ',', &[]);
    let keys: Vec<String> = params.iter().map(|p| fold(p.key.of(text))).collect();
    let known = |list: &[&str], key: &String| list.contains(&key.as_str());
    if !keys.iter().any(|k| known(OWN, k)) || !keys.iter().all(|k| known(OWN, k) || known(SHARED, k)) {
        return None;
    }
    Some(dsn(Style::Commas, Span::new(0, 0), hosts(masked, 0, servers.len()), params, text))
}

/// `label:host:port:db:password`, as Redis Commander takes it; several with commas between them.
pub(super) fn colons(masked: &str) -> Option<Dsn> {
    let (mut servers, mut password) = (Vec::new(), None);
    let mut at = 0;
    for piece in masked.split(',') {
        let mut parts = piece.splitn(5, ':');
        let (label, host, port, db, secret) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let name =
            |t: &str| t.starts_with(|c: char| c.is_ascii_alphabetic()) && t.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
        let digits = |t: &str, least: usize, most: usize| (least..=most).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        if !name(label)
            || !name(host)
            || !digits(port, 4, 5)
            || !digits(db, 1, 2)
            || secret.is_empty()
            || secret.contains(char::is_whitespace)
        {
            return None;
        }
        let host_at = at + label.len() + 1;
        let port_at = host_at + host.len() + 1;
        let end = at + piece.len();
        servers.push(Host { name: Span::new(host_at, host_at + host.len()), port: Some(Span::new(port_at, port_at + port.len())) });
        password = password.or(Some(Span::new(end - secret.len(), end)));
        at = end + 1;
    }
    let end = masked.len();
    Some(Dsn {
        style: Style::Colons,
        scheme: Span::new(0, 0),
        user: None,
        password,
        hosts: servers,
        path: Span::new(end, end),
        params: Vec::new(),
        fragment: None,
        more: Vec::new(),
    })
}

fn find(params: &[Param], text: &str, names: &[&str]) -> Option<Param> {
    params.iter().find(|p| names.contains(&fold(p.key.of(text)).as_str())).copied()
}

fn filled(param: Option<Param>) -> Option<Span> {
    param.map(|p| p.value).filter(|s| !s.is_empty())
}

fn dsn(style: Style, scheme: Span, hosts: Vec<Host>, params: Vec<Param>, text: &str) -> Dsn {
    let (user, password) = (filled(find(&params, text, USER)), filled(find(&params, text, PASSWORD)));
    let path = Span::new(text.len(), text.len());
    Dsn { style, scheme, user, password, hosts, path, params, fragment: None, more: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::Style;

    #[test]
    fn every_form_is_told_by_its_names() {
        for (text, style, host, port, password) in [
            ("host=db.example.com dbname=app user=u password=p sslmode=prefer", Style::Keywords, "db.example.com", "", "p"),
            ("host = db port = 5433 dbname=app password='p w\\'x'", Style::Keywords, "db", "5433", "p w\\'x"),
            ("host=${H} user=u password=${P} dbname=d port=5432", Style::Keywords, "${H}", "5432", "${P}"),
            ("cache:6379,password=p=w,ssl=False,abortConnect=False", Style::Commas, "cache", "6379", "p=w"),
            ("a.example.com,b.example.com:6380, password=p", Style::Commas, "a.example.com", "", "p"),
            ("local:redis:6379:0:p:w", Style::Colons, "redis", "6379", "p:w"),
            ("mysql:host=db;port=3307;dbname=app", Style::KeyValue, "db", "3307", ""),
            ("Host=h;Port=5432;Username=u;Password=\"p;w\"", Style::KeyValue, "h", "5432", "p;w"),
            ("Server=tcp:h,1433;User Id=u;Password='p;''w'", Style::KeyValue, "h", "1433", "p;''w"),
            ("jdbc:sqlserver://h:1433;user=sa;password={p;w}", Style::UrlSemicolons, "h", "1433", "p;w"),
        ] {
            let dsn = parse(text).unwrap_or_else(|| panic!("{text}"));
            let first = dsn.hosts.first().unwrap_or_else(|| panic!("{text}"));
            assert_eq!((dsn.style, first.name.of(text)), (style, host), "{text}");
            assert_eq!(first.port.map_or("", |p| p.of(text)), port, "{text}");
            assert_eq!(dsn.password.map_or("", |p| p.of(text)), password, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_none() {
        for text in [
            "host=a user=b",
            "dbname=x",
            "key=value other=value",
            "type=volume,source=a,target=b",
            "a,b,c",
            "x,name=y",
            "postgres:16",
            "fe80:0:1:2:3",
            "arn:aws:iam:1:user",
            "12:30:45:00:00",
            "name: value",
            "a=1;b=2",
            "host=db dbname='x",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
        assert!(parse("dbname=x user=postgres").is_some_and(|d| d.hosts.is_empty()));
    }
}
