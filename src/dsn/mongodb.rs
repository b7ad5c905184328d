//! MongoDB: `tls` (formerly `ssl`); `+srv` switches it on.

use super::change::Change;
use super::scheme::{Scheme, Tls, elsewhere, truth};
use super::split::Dsn;

pub(super) struct MongoDb;

impl Scheme for MongoDb {
    fn name(&self) -> &'static str {
        "mongodb"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mongodb", "mongodb+srv", "mongo"]
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let set = dsn.param(text, "tls").or_else(|| dsn.param(text, "ssl"));
        let on = match set {
            Some(value) if elsewhere(value) => return Tls::Unknown,
            Some(value) => truth(value).unwrap_or(false),
            None => dsn.bare_scheme(text) == "mongodb+srv",
        };
        let loose = ["tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames"]
            .iter()
            .any(|name| dsn.param(text, name).and_then(truth) == Some(true))
            || dsn.param(text, "sslvalidate").and_then(truth) == Some(false)
            || dsn.param(text, "sslcertreqs").is_some_and(|v| v.eq_ignore_ascii_case("CERT_NONE"));
        match (on, loose, set.is_some()) {
            (true, false, _) => Tls::Verified,
            (true, true, _) => Tls::Unverified,
            (false, _, true) => Tls::Disabled,
            (false, _, false) => Tls::Absent,
        }
    }

    fn secure(&self, dsn: &Dsn, text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        // both at false is an error, too: they have to go
        let mut changes = vec![
            Change::Drop("tlsInsecure"),
            Change::Drop("tlsAllowInvalidCertificates"),
            Change::Drop("tlsAllowInvalidHostnames"),
            Change::Drop("sslValidate"),
            Change::Drop("ssl_cert_reqs"),
        ];
        if dsn.bare_scheme(text) == "mongodb+srv" {
            changes.extend([Change::Drop("tls"), Change::Drop("ssl")]);
            return Some(changes);
        }
        // without the `/` a parameter would be read as part of the host
        changes.push(Change::Slash);
        changes.push(if dsn.param(text, "ssl").is_some() { Change::Set("ssl", "true") } else { Change::Set("tls", "true") });
        if dsn.param(text, "ssl").is_some() && dsn.param(text, "tls").is_some() {
            changes.push(Change::Set("tls", "true"));
        }
        Some(changes)
    }
}
