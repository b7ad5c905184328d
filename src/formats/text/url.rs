//! Connection URLs anywhere in a text.

use super::page::{Hit, Page};
use crate::model::setting::Quoting;
use crate::model::span::Span;

impl Page<'_> {
    /// A connection URL whose scheme ends at the colon at `at`, unless it begins inside `covered`.
    pub(super) fn url(self, at: usize, covered: Span) -> Option<Hit> {
        if self.byte(at) != b':' {
            return None;
        }
        let scheme = self.run_back(at, |b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'));
        let java = scheme.of(self.text).eq_ignore_ascii_case("jdbc");
        if !java && !self.is_at(at, "://") {
            return None;
        }
        let many = |s: &str| ["mongodb", "kafka", "nats", "amqp"].iter().any(|p| s.starts_with(p));
        let name = scheme.of(self.text).to_ascii_lowercase();
        let stops: &'static [u8] = if java || many(&name) { b"<>)" } else { b"<>)," };
        let end = self.word_end(at + 1, stops)?;
        let whole = Span::new(scheme.start, end).of(self.text);
        let whole = whole.trim_end_matches(['.', ';', ':', '!', '?', '*', ',', ']', '|', '\\']);
        let whole =
            if whole.matches("${").count() > whole.matches('}').count() { Span::new(scheme.start, end).of(self.text) } else { whole };
        // A Java URL names its driver: `jdbc:script` is the name of an XML element
        let rest = whole.get(name.len() + 1..).filter(|r| !java || r.contains(':'))?;
        let rest = if java { rest } else { rest.get(2..).filter(|r| !r.is_empty())? };
        let value = Span::new(scheme.start, scheme.start + whole.len());
        let known = java || is_connection(&name) || (matches!(name.as_str(), "http" | "https") && has_password(rest));
        let free = !(covered.start <= value.start && value.start < covered.end && covered.end >= value.end && covered.start == value.start);
        (known && free).then(|| Hit { name: String::new(), key: Span::new(value.start, value.start), value, quoting: Quoting::Plain })
    }
}

pub(super) fn is_connection(scheme: &str) -> bool {
    let base = scheme.split('+').next().unwrap_or(scheme);
    matches!(
        base,
        "postgres"
            | "postgresql"
            | "mysql"
            | "mysql2"
            | "mariadb"
            | "mongodb"
            | "redis"
            | "rediss"
            | "valkey"
            | "valkeys"
            | "amqp"
            | "amqps"
            | "nats"
            | "tls"
            | "ldap"
            | "ldaps"
            | "smtp"
            | "smtps"
            | "clickhouse"
            | "sqlserver"
            | "mssql"
            | "oracle"
            | "cockroachdb"
            | "kafka"
            | "mqtt"
            | "mqtts"
            | "ftp"
            | "sftp"
    )
}

/// Whether the authority of a URL says `user:password@`.
fn has_password(rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    authority.rsplit_once('@').is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()))
}
