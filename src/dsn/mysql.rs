//! MySQL and MariaDB. The parameter has another name in every driver, and a wrong one is ignored without a word.

use super::change::Change;
use super::scheme::{Scheme, Tls, elsewhere, truth};
use super::split::{Dsn, Style};

pub(super) struct MySql;

impl Scheme for MySql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mysql", "mariadb", "mysql2", "mysqlx", "tidb"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        dsn.style == Style::GoMysql || self.schemes().contains(&dsn.bare_scheme(text).as_str())
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let mode = ["sslmode", "tls", "usessl", "ssl"].iter().find_map(|name| dsn.param(text, name));
        match mode.map(super::split::fold).as_deref() {
            None | Some("") => Tls::Absent,
            Some(_) if mode.is_some_and(elsewhere) => Tls::Unknown,
            Some("disabled" | "disable") => Tls::Disabled,
            Some("preferred" | "prefer") => Tls::Opportunistic,
            Some("required" | "require" | "trust" | "skipverify") => Tls::Unverified,
            Some("verifyca") => Tls::CaOnly,
            Some("verifyidentity" | "verifyfull") => Tls::Verified,
            Some(value) => match truth(value) {
                Some(false) => Tls::Disabled,
                Some(true) if dsn.style == Style::GoMysql => Tls::Verified,
                Some(true) => Tls::Unverified,
                None => Tls::Verified,
            },
        }
    }

    fn secure(&self, dsn: &Dsn, _text: &str, driver: Option<&str>) -> Option<Vec<Change>> {
        if dsn.style == Style::GoMysql {
            return Some(vec![Change::Set("tls", "true")]);
        }
        Some(match driver? {
            "jdbc" => vec![Change::Remove("useSSL"), Change::Remove("requireSSL"), Change::Set("sslMode", "VERIFY_IDENTITY")],
            "sqlx" => vec![Change::Set("ssl-mode", "VERIFY_IDENTITY")],
            _ => return None,
        })
    }
}
