//! Conditions on the server that a switch belongs to, where other settings name it.

use super::family::{Compile, Family, Test, known};
use super::subject::{Subject, fallback_of};
use super::url::HOSTS;
use crate::dsn::{self, HostClass};
use crate::rules::schema::Argument;

/// Conditions on the server that a switch belongs to.
pub(super) struct Beside;

impl Family for Beside {
    fn word(&self) -> &'static str {
        "beside"
    }

    fn compile(&self, name: &str, argument: &Argument, _nested: Compile<'_>) -> Result<Test, String> {
        if name != "host" {
            return Err(format!("`beside.{name}` is not known: beside.host"));
        }
        let wanted = known("beside.host", argument, HOSTS)?;
        Ok(Box::new(move |subject| host_class(subject).is_some_and(|class| wanted.iter().any(|w| w == class.word()))))
    }
}

/// Where the host is that a setting of the same thing names: `DB_HOST` beside `DB_SSL`, `host` beside `ssl`, a URL beside either.
fn host_class(subject: &Subject<'_>) -> Option<HostClass> {
    let value = subject.around.host_beside(subject.setting)?;
    let literal = fallback_of(value).of(value);
    if let Some(found) = dsn::parse(literal) {
        return Some(dsn::classify(&found, literal));
    }
    let name = literal.rsplit_once(':').filter(|(host, _)| !host.contains(':')).map_or(literal, |(host, _)| host);
    Some(dsn::host_class(name))
}
