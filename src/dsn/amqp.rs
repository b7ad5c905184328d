//! RabbitMQ and other AMQP brokers: `amqp` against `amqps`.

use super::change::Change;
use super::scheme::{Scheme, Tls};
use super::split::Dsn;

pub(super) struct Amqp;

impl Scheme for Amqp {
    fn name(&self) -> &'static str {
        "amqp"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["amqp", "amqps", "pyamqp", "rabbitmq"]
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        if dsn.bare_scheme(text) != "amqps" {
            return Tls::Absent;
        }
        if dsn.param(text, "verify") == Some("verify_none") { Tls::Unverified } else { Tls::Verified }
    }

    fn secure(&self, dsn: &Dsn, text: &str, _driver: Option<&str>) -> Option<Vec<Change>> {
        match dsn.bare_scheme(text).as_str() {
            "amqp" => Some(vec![Change::Scheme("amqps"), Change::Port("5672", "5671")]),
            "amqps" => Some(dsn.param(text, "verify").map(|_| Change::Set("verify", "verify_peer")).into_iter().collect()),
            _ => None,
        }
    }
}
