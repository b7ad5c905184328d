//! Conditions on the connection string in a value. What counts as protected is decided by the system (`dsn`), not by the rule.

use super::family::{Compile, Family, Test, flag, known, words};
use super::subject::{Connection, Subject};
use crate::rules::schema::Argument;
use crate::strength::judge::ValueClass;

/// Conditions on the connection string.
pub(super) struct Url;

const TLS: &[&str] = &["disabled", "absent", "opportunistic", "unverified", "ca-only", "verified", "unknown"];
pub(super) const HOSTS: &[&str] = &["socket", "loopback", "internal", "unknown", "managed", "external"];

impl Family for Url {
    fn word(&self) -> &'static str {
        "url"
    }

    fn compile(&self, name: &str, argument: &Argument, _nested: Compile<'_>) -> Result<Test, String> {
        match name {
            "system" => {
                let names: Vec<&str> = crate::dsn::SCHEMES.iter().map(|s| s.name()).collect();
                let wanted = known("url.system", argument, &names)?;
                on(move |_, c| c.system.is_some_and(|s| wanted.iter().any(|w| w == s.name())))
            }
            "scheme" => {
                let wanted = words("url.scheme", argument, true)?;
                on(move |text, c| wanted.contains(&c.dsn.scheme.of(text).to_lowercase()) || wanted.contains(&c.dsn.bare_scheme(text)))
            }
            "host" => {
                let wanted = known("url.host", argument, HOSTS)?;
                on(move |_, c| wanted.iter().any(|w| w == c.host.word()))
            }
            "port" => {
                let wanted = words("url.port", argument, false)?;
                on(move |text, c| c.dsn.hosts.iter().filter_map(|h| h.port).any(|p| wanted.iter().any(|w| w == p.of(text))))
            }
            "user" => {
                let wanted = words("url.user", argument, true)?;
                on(move |text, c| c.dsn.user.is_some_and(|u| wanted.contains(&u.of(text).to_lowercase())))
            }
            "tls" => {
                let wanted = known("url.tls", argument, TLS)?;
                on(move |_, c| c.system.is_some() && wanted.iter().any(|w| w == c.tls.word()))
            }
            "credentials" => {
                let wanted = flag("url.credentials", argument)?;
                on(move |_, c| c.dsn.password.is_some() == wanted)
            }
            "password.class" => {
                let classes: Vec<&str> = ValueClass::ALL.iter().map(|c| c.word()).collect();
                let wanted = known("url.password.class", argument, &classes)?;
                Ok(Box::new(move |s| s.url_password().is_some_and(|(_, v)| wanted.iter().any(|w| w == v.class.word()))))
            }
            _ => match name.strip_prefix("query.") {
                Some(parameter) => {
                    let parameter = parameter.to_owned();
                    let wanted = words("url.query", argument, true)?;
                    on(move |text, c| c.dsn.param(text, &parameter).is_some_and(|v| wanted.contains(&v.to_lowercase())))
                }
                None => Err(format!(
                    "`url.{name}` is not known: url.system, url.scheme, url.host, url.port, url.user, url.tls, url.credentials, url.password.class, url.query.NAME"
                )),
            },
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every arm of `compile` gives a result")]
fn on(test: impl Fn(&str, &Connection) -> bool + Send + Sync + 'static) -> Result<Test, String> {
    Ok(Box::new(move |subject: &Subject<'_>| subject.connection().is_some_and(|c| test(c.span.of(subject.value()), c))))
}
