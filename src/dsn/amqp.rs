//! RabbitMQ and other AMQP brokers: `amqp` against `amqps`.

use super::ado;
use super::change::Change;
use super::scheme::{Scheme, Tls, truth};
use super::split::{Dsn, Style};

pub(super) struct Amqp;

impl Scheme for Amqp {
    fn name(&self) -> &'static str {
        "amqp"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["amqp", "amqps", "pyamqp", "rabbitmq"]
    }

    fn serves(&self, dsn: &Dsn, text: &str) -> bool {
        ado::system(dsn, text) == self.name() || (dsn.style != Style::KeyValue && self.schemes().contains(&dsn.bare_scheme(text).as_str()))
    }

    fn tls(&self, dsn: &Dsn, text: &str) -> Tls {
        // EasyNetQ
        if dsn.style == Style::KeyValue && dsn.param(text, "ssl").and_then(truth) == Some(true) {
            return Tls::Verified;
        }
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
