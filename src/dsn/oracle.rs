//! Oracle: `PROTOCOL=TCP` against `TCPS`, in descriptors, in thin JDBC URLs and in what SQLAlchemy takes.

use super::change::Change;
use super::scheme::{Scheme, Tls, truth};
use super::split::{Dsn, Param, Style, hosts};
use crate::model::span::Span;

pub(super) struct Oracle;

impl Scheme for Oracle {
    fn name(&self) -> &'static str {
        "oracle"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["oracle", "tcps"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        dsn.style == Style::Descriptor || dsn.bare_scheme(text) == "oracle"
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let protocols: Vec<&str> =
            dsn.params.iter().filter(|p| p.key.of(text).eq_ignore_ascii_case("protocol")).map(|p| p.value.of(text)).collect();
        let secure = |p: &&str| p.eq_ignore_ascii_case("tcps");
        if protocols.iter().any(|p| super::scheme::elsewhere(p)) {
            return Tls::Unknown;
        }
        let thin =
            dsn.hosts.first().is_some_and(|h| text.get(..h.name.start).is_some_and(|head| head.to_ascii_lowercase().ends_with("tcps://")));
        match (thin, protocols.is_empty(), protocols.iter().all(secure)) {
            (false, true, _) => Tls::Absent,
            (false, false, false) => Tls::Absent,
            _ if dsn.param(text, "sslserverdnmatch").and_then(truth) == Some(false) => Tls::CaOnly,
            _ => Tls::Verified,
        }
    }

    fn secure(&self, dsn: &Dsn, text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        // a wallet and a listener on another port come first
        (dsn.style == Style::Descriptor && dsn.param(text, "protocol").is_some()).then(|| vec![Change::Set("PROTOCOL", "TCPS")])
    }
}

/// `jdbc:oracle:thin:user/password@...` and descriptors.
pub(super) fn oracle(masked: &str) -> Option<Dsn> {
    const THIN: &str = "jdbc:oracle:thin:";
    if masked.contains(['\n', '\r']) && !masked.trim_start().starts_with('(') {
        return None;
    }
    let lower = masked.to_ascii_lowercase();
    let mut dsn = Dsn {
        style: Style::Descriptor,
        scheme: Span::new(0, 0),
        user: None,
        password: None,
        hosts: Vec::new(),
        path: Span::new(masked.len(), masked.len()),
        params: Vec::new(),
        fragment: None,
        more: Vec::new(),
    };
    let Some(thin) = lower.strip_prefix(THIN) else {
        let start = masked.len() - masked.trim_start().len();
        return lower.trim_start().starts_with("(description").then(|| described(dsn, masked, start));
    };
    dsn.scheme = Span::new(0, THIN.len() - 1);
    let at = THIN.len() + thin.rfind('@')?;
    if let Some(slash) = masked.get(THIN.len()..at)?.find('/') {
        let filled = |from: usize, to: usize| (from < to).then(|| Span::new(from, to));
        dsn.user = filled(THIN.len(), THIN.len() + slash);
        dsn.password = filled(THIN.len() + slash + 1, at);
    }
    let rest = lower.get(at + 1..)?;
    if rest.starts_with('(') {
        return Some(described(dsn, masked, at + 1));
    }
    let skip = ["tcps://", "tcp://", "//"].iter().find(|p| rest.starts_with(**p)).map_or(0, |p| p.len());
    let start = at + 1 + skip;
    let body = masked.get(start..)?;
    let end = start + body.find(['/', '?']).unwrap_or(body.len());
    // `host:port:sid`; a name alone is looked up elsewhere
    let mut colons = body.match_indices(':').map(|(i, _)| start + i).filter(|i| *i < end);
    let first = colons.next();
    let hosts_end = colons.next().unwrap_or(end);
    dsn.style = Style::Url;
    if skip > 0 || first.is_some() {
        dsn.hosts = hosts(masked, start, hosts_end);
    }
    dsn.path = Span::new(hosts_end, masked.len());
    Some(dsn)
}

/// The innermost `(NAME=value)` pairs from `start` on.
fn described(mut dsn: Dsn, masked: &str, start: usize) -> Dsn {
    let mut open = None;
    for (i, c) in masked.char_indices().skip_while(|(i, _)| *i < start) {
        match c {
            '(' => open = Some(i + 1),
            ')' => {
                if let Some(pair) = open.take().map(|from| Span::new(from, i))
                    && let Some(equals) = pair.of(masked).find('=')
                {
                    let key = Span::new(pair.start, pair.start + equals).trimmed(masked);
                    let value = Span::new(pair.start + equals + 1, pair.end).trimmed(masked);
                    dsn.params.push(Param { key, value, whole: pair.trimmed(masked) });
                }
            }
            _ => {}
        }
    }
    let named = |name: &str| {
        let name = name.to_owned();
        dsn.params.iter().filter(move |p| p.key.of(masked).eq_ignore_ascii_case(&name)).map(|p| p.value).collect::<Vec<_>>()
    };
    let ports = named("port");
    dsn.hosts = named("host").into_iter().enumerate().map(|(i, name)| super::split::Host { name, port: ports.get(i).copied() }).collect();
    dsn
}

#[cfg(test)]
mod tests {
    use super::super::{Tls, parse, system};

    #[test]
    fn thin_urls_and_descriptors() {
        for (text, host, tls) in [
            ("jdbc:oracle:thin:@db:1521:XE", "db", Tls::Absent),
            ("jdbc:oracle:thin:@//db.example.com:1521/svc", "db.example.com", Tls::Absent),
            ("jdbc:oracle:thin:u/p@tcps://db:2484/svc", "db", Tls::Verified),
            ("jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=db)(PORT=1521))(CONNECT_DATA=(SID=x)))", "db", Tls::Absent),
            ("(DESCRIPTION=(ADDRESS=(PROTOCOL = tcps)(HOST=db)(PORT=2484)))", "db", Tls::Verified),
            ("oracle+cx_oracle://u:p@db:1521/?service_name=x", "db", Tls::Absent),
        ] {
            let dsn = parse(text).unwrap_or_else(|| panic!("{text}"));
            let found = system(&dsn, text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((found.name(), dsn.hosts[0].name.of(text), found.tls(&dsn, text)), ("oracle", host, tls), "{text}");
        }
        assert!(parse("jdbc:oracle:thin:@ALIAS").unwrap().hosts.is_empty());
        let text = "jdbc:oracle:thin:scott/tiger@db:1521:XE";
        assert_eq!(parse(text).unwrap().password.unwrap().of(text), "tiger");
    }
}
