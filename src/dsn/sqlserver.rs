//! SQL Server: `Encrypt` and `TrustServerCertificate`.

use super::ado;
use super::change::Change;
use super::scheme::{Scheme, Tls, truth};
use super::split::{Dsn, Style};

pub(super) struct SqlServer;

impl Scheme for SqlServer {
    fn name(&self) -> &'static str {
        "sqlserver"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["sqlserver", "mssql"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        ado::system(dsn, text) == self.name() || self.schemes().contains(&dsn.bare_scheme(text).as_str())
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        if dsn.param(text, "trustservercertificate").and_then(truth) == Some(true) {
            return Tls::Unverified;
        }
        match dsn.param(text, "encrypt").map(str::to_ascii_lowercase).as_deref() {
            Some("strict" | "mandatory") => Tls::Verified,
            Some("optional" | "disable") => Tls::Disabled,
            Some(value) => truth(value).map_or(Tls::Unknown, |on| if on { Tls::Verified } else { Tls::Disabled }),
            None => Tls::Absent,
        }
    }

    fn secure(&self, dsn: &Dsn, text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        if dsn.style == Style::UrlSemicolons {
            return Some(vec![Change::Set("encrypt", "true"), Change::Set("trustServerCertificate", "false")]);
        }
        let trusts = dsn.param(text, "trustservercertificate").is_some();
        let on = if dsn.style == Style::KeyValue { ("True", "False") } else { ("true", "false") };
        if trusts {
            return Some(vec![Change::Set("TrustServerCertificate", on.1), Change::Set("Encrypt", on.0)]);
        }
        dsn.param(text, "encrypt").is_some().then(|| vec![Change::Set("Encrypt", on.0)])
    }
}
