//! PostgreSQL and what speaks its protocol. `sslmode` as in libpq: its default, `prefer`, verifies nothing.

use super::change::Change;
use super::scheme::{Scheme, Tls, elsewhere, truth};
use super::split::Dsn;

pub(super) struct Postgres;

impl Scheme for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["postgres", "postgresql", "postgis", "cockroachdb", "timescaledb", "pgsql"]
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let mode = dsn.param(text, "sslmode").or_else(|| dsn.param(text, "ssl"));
        match mode.map(str::to_ascii_lowercase).as_deref() {
            None | Some("") => Tls::Absent,
            Some(value) if elsewhere(value) => Tls::Unknown,
            Some("disable" | "allow") => Tls::Disabled,
            Some("prefer") => Tls::Opportunistic,
            Some("require" | "no-verify") if dsn.param(text, "sslaccept") == Some("strict") => Tls::Verified,
            Some("require" | "no-verify") => Tls::Unverified,
            Some("verify-ca") => Tls::CaOnly,
            Some("verify-full" | "verify_full" | "verifyfull") => Tls::Verified,
            Some(value) => match truth(value) {
                // pgjdbc: `ssl=true` alone is verify-full unless a factory that trusts all is named
                Some(true) if dsn.driver(text) == Some("jdbc") && dsn.param(text, "sslfactory").is_none() => Tls::Verified,
                Some(true) => Tls::Unverified,
                Some(false) => Tls::Disabled,
                None => Tls::Unverified,
            },
        }
    }

    fn secure(&self, _dsn: &Dsn, _text: &str, driver: Option<&str>) -> Option<Vec<Change>> {
        Some(match driver? {
            "jdbc" => vec![Change::Remove("sslfactory"), Change::Remove("sslfactoryarg"), Change::Set("sslmode", "verify-full")],
            "asyncpg" | "sqlalchemy+asyncpg" => vec![Change::Remove("sslmode"), Change::Set("ssl", "verify-full")],
            "prisma" | "prisma<7" => vec![Change::Set("sslmode", "require"), Change::Set("sslaccept", "strict")],
            "libpq" | "psycopg" | "psycopg2" | "pg" | "pgx" | "lib/pq" | "sqlx" | "postgres.js" => {
                vec![Change::Remove("ssl"), Change::Set("sslmode", "verify-full")]
            }
            _ => return None,
        })
    }
}
