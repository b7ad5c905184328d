//! MySQL and MariaDB. The parameter has another name in every driver, and a wrong one is ignored without a word.

use super::ado;
use super::change::Change;
use super::scheme::{Scheme, Tls, elsewhere, truth};
use super::split::{Dsn, Style, fold};

pub(super) struct MySql;

impl Scheme for MySql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mysql", "mariadb", "mysql2", "mysqlx", "tidb"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        dsn.style == Style::GoMysql
            || ado::system(dsn, text) == self.name()
            || (dsn.style != Style::KeyValue && self.schemes().contains(&dsn.bare_scheme(text).as_str()))
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let mode = ["sslmode", "tls", "usessl", "ssl"].iter().find_map(|name| dsn.param(text, name));
        if mode.is_some_and(elsewhere) {
            return Tls::Unknown;
        }
        // PyMySQL has no mode: a CA switches TLS on, and the name is another matter
        let identity = dsn.param(text, "sslverifyidentity").and_then(truth) == Some(true);
        let by_parts = if identity { Tls::Verified } else { Tls::CaOnly };
        if mode.is_none() && dsn.param(text, "sslca").is_some_and(|ca| !ca.is_empty()) {
            return by_parts;
        }
        if dsn.param(text, "sslaccept") == Some("strict") {
            return Tls::Verified;
        }
        let Some(mode) = mode.map(fold) else { return Tls::Absent };
        match mode.as_str() {
            "" => Tls::Absent,
            "disabled" | "disable" | "none" => Tls::Disabled,
            "preferred" | "prefer" => Tls::Opportunistic,
            "required" | "require" | "trust" | "skipverify" => Tls::Unverified,
            "verifyca" => Tls::CaOnly,
            "verifyidentity" | "verifyfull" => Tls::Verified,
            json if json.contains("rejectunauthorized") => options(json),
            value => match truth(value) {
                Some(false) => Tls::Disabled,
                Some(true) if dsn.style == Style::GoMysql => Tls::Verified,
                Some(true) => Tls::Unverified,
                None => Tls::Verified,
            },
        }
    }

    fn secure(&self, dsn: &Dsn, text: &str, driver: Option<&str>) -> Option<Vec<Change>> {
        if dsn.style == Style::GoMysql {
            return Some(vec![Change::Set("tls", "true")]);
        }
        if dsn.style == Style::KeyValue {
            // PDO takes it as options in code
            return dsn.scheme.is_empty().then(|| vec![Change::Set("SslMode", "VerifyFull")]);
        }
        Some(match driver? {
            "jdbc" if dsn.bare_scheme(text) == "mariadb" => vec![
                Change::Remove("useSsl"),
                Change::Remove("trustServerCertificate"),
                Change::Remove("disableSslHostnameVerification"),
                Change::Set("sslMode", "verify-full"),
            ],
            "jdbc" => vec![
                Change::Remove("useSSL"),
                Change::Remove("requireSSL"),
                Change::Remove("verifyServerCertificate"),
                Change::Remove("allowPublicKeyRetrieval"),
                Change::Set("sslMode", "VERIFY_IDENTITY"),
            ],
            "sqlx" => vec![Change::Set("ssl-mode", "VERIFY_IDENTITY")],
            "mysqlclient" => vec![Change::Set("ssl_mode", "VERIFY_IDENTITY")],
            "prisma<7" => vec![Change::Set("sslaccept", "strict")],
            "mysql2" => vec![
                Change::Remove("sslmode"),
                Change::Remove("useSSL"),
                Change::Remove("sslaccept"),
                Change::Set("ssl", r#"{"rejectUnauthorized":true,"verifyIdentity":true}"#),
            ],
            "mariadb" => vec![Change::Set("ssl", "true")],
            _ => return None,
        })
    }
}

/// mysql2's `ssl={"rejectUnauthorized":..,"verifyIdentity":..}`, escaped or not.
fn options(json: &str) -> Tls {
    let flat: String = json.replace("%22", "").replace("%3a", ":").replace("%20", "").replace('"', "");
    if flat.contains("rejectunauthorized:false") {
        Tls::Unverified
    } else if flat.contains("verifyidentity:true") {
        Tls::Verified
    } else {
        Tls::CaOnly
    }
}
