//! PostgreSQL and what speaks its protocol. `sslmode` as in libpq: its default, `prefer`, verifies nothing.

use super::ado;
use super::change::Change;
use super::scheme::{Scheme, Tls, elsewhere, truth};
use super::split::{Dsn, Style, fold};

pub(super) struct Postgres;

impl Scheme for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["postgres", "postgresql", "postgis", "cockroachdb", "cockroach", "timescaledb", "pgsql", "pg", "pgx", "pgx5"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        dsn.style == Style::Keywords
            || ado::system(dsn, text) == self.name()
            || (dsn.style != Style::KeyValue && self.schemes().contains(&dsn.bare_scheme(text).as_str()))
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let mode = dsn.param(text, "sslmode").or_else(|| dsn.param(text, "ssl"));
        if mode.is_some_and(elsewhere) {
            return Tls::Unknown;
        }
        let blind = dsn.param(text, "sslfactory").is_some_and(|f| f.ends_with("NonValidatingFactory"))
            || dsn.param(text, "trustservercertificate").and_then(truth) == Some(true);
        match mode.map(fold).as_deref() {
            None | Some("") => Tls::Absent,
            Some("disable" | "allow") => Tls::Disabled,
            Some("prefer") => Tls::Opportunistic,
            Some("require" | "noverify") if dsn.param(text, "sslaccept") == Some("strict") => Tls::Verified,
            Some("require" | "noverify") => Tls::Unverified,
            Some("verifyca") => Tls::CaOnly,
            Some("verifyfull") if blind => Tls::Unverified,
            Some("verifyfull") => Tls::Verified,
            Some(value) => match truth(value) {
                // pgjdbc: `ssl=true` alone is verify-full unless a factory that trusts all is named
                Some(true) if dsn.driver(text) == Some("jdbc") && dsn.param(text, "sslfactory").is_none() => Tls::Verified,
                Some(false) => Tls::Disabled,
                Some(true) | None => Tls::Unverified,
            },
        }
    }

    fn secure(&self, dsn: &Dsn, _text: &str, driver: Option<&str>) -> Option<Vec<Change>> {
        let full = || Some(vec![Change::Remove("ssl"), Change::Set("sslmode", "verify-full")]);
        match (dsn.style, driver) {
            // Npgsql, and PDO, which hands it on to libpq
            (Style::KeyValue, _) if !dsn.scheme.is_empty() => return full(),
            (Style::KeyValue, _) => return Some(vec![Change::Remove("Trust Server Certificate"), Change::Set("SSL Mode", "VerifyFull")]),
            (Style::Keywords, None) => return full(),
            _ => {}
        }
        match driver? {
            "jdbc" => Some(vec![Change::Remove("sslfactory"), Change::Remove("sslfactoryarg"), Change::Set("sslmode", "verify-full")]),
            "r2dbc" => Some(vec![Change::Set("sslMode", "VERIFY_FULL")]),
            "sqlalchemy+asyncpg" => Some(vec![Change::Remove("sslmode"), Change::Set("ssl", "verify-full")]),
            "prisma<7" => Some(vec![Change::Set("sslmode", "require"), Change::Set("sslaccept", "strict")]),
            // its string cannot ask for more: the rest is in the connector
            "tokio-postgres" => Some(vec![Change::Set("sslmode", "require")]),
            "libpq" | "psycopg" | "pg" | "pgx" | "lib/pq" | "sqlx" | "postgres.js" | "asyncpg" | "vertx" => full(),
            _ => None,
        }
    }
}
