//! Conditions on what stands beside a setting: the server that a switch belongs to, the account of a password, a comment.

use super::comment::is_said_to_be_required;
use super::fallback::fallback_of;
use super::family::{Compile, Family, Test, flag, known};
use super::subject::Subject;
use super::url::HOSTS;
use crate::dsn::{self, HostClass};
use crate::rules::schema::Argument;

/// How many settings away the name of an account may stand.
const FURTHEST: usize = 40;

/// Conditions on what stands beside a setting.
pub(super) struct Beside;

impl Family for Beside {
    fn word(&self) -> &'static str {
        "beside"
    }

    fn compile(&self, name: &str, argument: &Argument, _nested: Compile<'_>) -> Result<Test, String> {
        match name {
            "host" => {
                let wanted = known("beside.host", argument, HOSTS)?;
                Ok(Box::new(move |subject| host_class(subject).is_some_and(|class| wanted.iter().any(|w| w == class.word()))))
            }
            "account" => {
                let wanted = flag("beside.account", argument)?;
                Ok(Box::new(move |subject| names_account(subject) == wanted))
            }
            "required" => {
                let wanted = flag("beside.required", argument)?;
                Ok(Box::new(move |subject| is_said_to_be_required(subject.document, subject.setting.span) == wanted))
            }
            _ => Err(format!("`beside.{name}` is not known: beside.account, beside.host, beside.required")),
        }
    }
}

/// Whether the account that a password belongs to has a name in the same map: `BRIDGE_USER=relay` near `BRIDGE_PASSWORD`.
fn names_account(subject: &Subject<'_>) -> bool {
    let own = subject.setting.name().to_ascii_lowercase();
    let Some(thing) = ["password", "passwd", "pass", "pwd"].iter().find_map(|w| own.strip_suffix(w)) else { return false };
    subject.around.near(subject.index, FURTHEST).any(|other| {
        let name = other.name().to_ascii_lowercase();
        let user = name.strip_prefix(thing).is_some_and(|rest| matches!(rest, "user" | "username" | "user_name" | "login"));
        user && !other.value.expose().trim().is_empty()
    })
}

/// Where the host is that a setting of the same thing names: `DB_HOST` beside `DB_SSL`, `host` beside `ssl`, a URL beside either.
fn host_class(subject: &Subject<'_>) -> Option<HostClass> {
    let value = subject.around.host_beside(subject.setting)?;
    let literal = fallback_of(subject.document, value).of(value);
    if let Some(found) = dsn::parse(literal) {
        return Some(dsn::classify(&found, literal));
    }
    let name = literal.rsplit_once(':').filter(|(host, _)| !host.contains(':')).map_or(literal, |(host, _)| host);
    Some(dsn::host_class(name))
}
