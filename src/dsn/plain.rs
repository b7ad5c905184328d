//! Systems whose scheme alone says whether TLS is on: LDAP, SMTP, NATS, MQTT, Kafka listeners.

use super::change::Change;
use super::scheme::{Scheme, Tls};
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

// ldap: StartTLS or ldaps is the operator's choice; smtp: the port decides between STARTTLS and implicit TLS (RFC 8314);
// kafka: the broker's listener has to exist first. These are suggested, never written.
plain!(Ldap, "ldap", off: ["ldap"], on: ["ldaps"], change: None);
plain!(Smtp, "smtp", off: ["smtp"], on: ["smtps"], change: None);
plain!(Nats, "nats", off: ["nats"], on: ["tls"], change: Some(vec![Change::Scheme("tls")]));
plain!(Mqtt, "mqtt", off: ["mqtt"], on: ["mqtts"], change: Some(vec![Change::Scheme("mqtts"), Change::Port("1883", "8883")]));
plain!(Kafka, "kafka", off: ["plaintext", "sasl_plaintext", "kafka", "plaintext_host"], on: ["ssl", "sasl_ssl"], change: None);
