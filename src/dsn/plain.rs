//! Systems whose scheme alone says whether TLS is on: LDAP, NATS, Kafka listeners, gRPC, memcached; mail and MQTT, whose port helps.

use super::change::Change;
use super::scheme::{Scheme, Tls, truth};
use super::split::Dsn;

macro_rules! plain {
    ($(#[$doc:meta])* $name:ident, $word:literal, off: [$($off:literal),*], on: [$($on:literal),*], change: $change:expr) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl Scheme for $name {
            fn name(&self) -> &'static str {
                $word
            }

            fn schemes(&self) -> &'static [&'static str] {
                &[$($off,)* $($on),*]
            }

            fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
                if [$($on),*].contains(&dsn.bare_scheme(text).as_str()) { Tls::Verified } else { Tls::Absent }
            }

            fn secure(&self, _dsn: &Dsn, _text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
                $change
            }
        }
    };
}

// ldap: StartTLS or ldaps is the operator's choice, so the rule only suggests it; kafka: the broker's listener has to exist first.
plain!(Ldap, "ldap", off: ["ldap"], on: ["ldaps"], change: Some(vec![Change::Scheme("ldaps"), Change::Port("389", "636")]));
plain!(Nats, "nats", off: ["nats"], on: ["tls"], change: Some(vec![Change::Scheme("tls")]));
plain!(Kafka, "kafka", off: ["plaintext", "sasl_plaintext", "kafka", "plaintext_host"], on: ["ssl", "sasl_ssl"], change: None);
plain!(Grpc, "grpc", off: ["grpc", "h2c"], on: ["grpcs"], change: None);
plain!(Memcached, "memcached", off: ["memcached", "memcache"], on: ["memcacheds"], change: None);

/// SMTP, IMAP and POP3. The port decides between STARTTLS and implicit TLS (RFC 8314), so nothing is written.
pub(super) struct Mail;

impl Scheme for Mail {
    fn name(&self) -> &'static str {
        "smtp"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["smtp", "smtps", "imap", "imaps", "pop3", "pop3s", "pop", "pops", "submission", "submissions"]
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        let scheme = dsn.scheme.of(text).to_ascii_lowercase();
        let word = |name: &str| dsn.param(text, name).map(str::to_ascii_lowercase);
        let asked = ["tls", "ssl", "secure", "starttls", "encryption", "requiretls", "requiressl"].iter().any(|name| {
            word(name).is_some_and(|v| truth(&v) == Some(true) || matches!(v.as_str(), "tls" | "ssl" | "starttls" | "always" | "required"))
        });
        let secure = asked
            || scheme.contains("starttls")
            || scheme.ends_with("+tls")
            || scheme.ends_with("+ssl")
            || dsn.bare_scheme(text).ends_with('s')
            || dsn.bare_scheme(text) == "submission";
        let blind =
            word("verify_peer").and_then(|v| truth(&v)) == Some(false) || word("skip_ssl_verify").and_then(|v| truth(&v)) == Some(true);
        match (secure, blind) {
            (true, true) => Tls::Unverified,
            (true, false) => Tls::Verified,
            (false, _) => Tls::Absent,
        }
    }

    fn secure(&self, _dsn: &Dsn, _text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        None
    }
}

/// MQTT brokers, also where the scheme is that of the transport.
pub(super) struct Mqtt;

impl Scheme for Mqtt {
    fn name(&self) -> &'static str {
        "mqtt"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mqtt", "mqtts"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        let scheme = dsn.bare_scheme(text);
        let port = dsn.hosts.iter().any(|h| h.port.is_some_and(|p| matches!(p.of(text), "1883" | "8883")));
        let transport = matches!(scheme.as_str(), "tcp" | "ssl") && port;
        let web = matches!(scheme.as_str(), "ws" | "wss") && dsn.path.of(text).trim_end_matches('/').ends_with("/mqtt");
        self.schemes().contains(&scheme.as_str()) || transport || web
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        if matches!(dsn.bare_scheme(text).as_str(), "mqtts" | "ssl" | "wss") { Tls::Verified } else { Tls::Absent }
    }

    fn secure(&self, dsn: &Dsn, text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        Some(match dsn.bare_scheme(text).as_str() {
            "mqtt" => vec![Change::Scheme("mqtts"), Change::Port("1883", "8883")],
            "tcp" => vec![Change::Scheme("ssl"), Change::Port("1883", "8883")],
            "ws" => vec![Change::Scheme("wss")],
            _ => Vec::new(),
        })
    }
}
