//! SQL Server, and ADO.NET strings in general: `Encrypt` and `TrustServerCertificate`.

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
        dsn.style == Style::KeyValue || self.schemes().contains(&dsn.bare_scheme(text).as_str())
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        // Npgsql writes the same kind of string with its own words
        if let Some(mode) = dsn.param(text, "sslmode") {
            return match super::split::fold(mode).as_str() {
                "verifyfull" | "verifyidentity" => Tls::Verified,
                "verifyca" => Tls::CaOnly,
                "require" | "required" => Tls::Unverified,
                "prefer" | "preferred" | "allow" => Tls::Opportunistic,
                _ => Tls::Disabled,
            };
        }
        if dsn.param(text, "trustservercertificate").and_then(truth) == Some(true) {
            return Tls::Unverified;
        }
        match dsn.param(text, "encrypt").map(str::to_ascii_lowercase).as_deref() {
            Some("strict" | "mandatory") => Tls::Verified,
            Some("optional") => Tls::Disabled,
            Some(value) => truth(value).map_or(Tls::Unknown, |on| if on { Tls::Verified } else { Tls::Disabled }),
            None => Tls::Absent,
        }
    }

    fn secure(&self, dsn: &Dsn, text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        if dsn.param(text, "trustservercertificate").is_some() {
            return Some(vec![Change::Set("TrustServerCertificate", "False"), Change::Set("Encrypt", "True")]);
        }
        dsn.param(text, "encrypt").is_some().then(|| vec![Change::Set("Encrypt", "True")])
    }
}
