//! What stands in the way of a replacement although every name says that it is safe: a server at another place, tokens that were signed
//! with the key, a value that says "no password".

use super::place::{Place, system_of};
use crate::dsn::{self, HostClass};
use crate::model::document::Document;
use crate::model::key_path::words;
use crate::model::setting::{Role, Setting};
use crate::rules::kinds::Kind;

/// Why a secret of `kind`, called `name`, is to be reviewed before it is replaced at `places`; `None` where nothing speaks against it.
/// `unsigned` is where a signed token stands that no secret of these files has signed as it is.
#[must_use]
pub(super) fn doubt(documents: &[Document], places: &[Place], kind: Kind, name: &str, unsigned: Option<&str>) -> Option<String> {
    match kind {
        Kind::Coordinated if places.iter().any(|p| p.text.expose().eq_ignore_ascii_case("null")) => {
            Some("it says that there is no password: the server has to get one first".to_owned())
        }
        Kind::Coordinated if is_elsewhere(documents, places) => {
            Some("the host beside it is elsewhere, and the server holds the old one".to_owned())
        }
        Kind::Stateless if words(name).iter().any(|w| w == "jwt") => unsigned
            .map(|at| format!("{at} holds a token that may be signed with it in a way not known here, and would have to be made again")),
        _ => None,
    }
}

/// Whether a place names a host that no file here runs: a managed service, or a public name while no image of the system that any of the
/// places tells is among the files.
fn is_elsewhere(documents: &[Document], places: &[Place]) -> bool {
    let hosts = places.iter().filter_map(|place| host(documents, place));
    match hosts.max_by_key(|class| (*class == HostClass::Managed, *class)) {
        Some(HostClass::Managed) => true,
        Some(HostClass::External) => !places.iter().any(|place| runs(documents, place.account.system)),
        _ => false,
    }
}

/// The class of the host that belongs to a password: in its own connection string, or in `X_HOST` or `X_URL` beside `X_PASSWORD`.
fn host(documents: &[Document], place: &Place) -> Option<HostClass> {
    let (document, setting) = place.setting_in(documents)?;
    if place.in_url {
        return of_url(setting.value.expose());
    }
    let mut stem = words(setting.name());
    stem.pop()?;
    let (part, around) = (setting.part, setting.key.scope());
    let beside = |s: &&Setting| s.part == part && s.role != Role::Commented && s.key.scope() == around;
    document.settings.iter().filter(beside).filter_map(|s| named_host(&stem, s)).max()
}

fn named_host(stem: &[String], setting: &Setting) -> Option<HostClass> {
    let own = words(setting.name());
    let (last, before) = own.split_last()?;
    if before != stem {
        return None;
    }
    let value = setting.value.expose().trim();
    match last.as_str() {
        "host" | "hostname" | "server" | "endpoint" | "address" => {
            Some(dsn::host_class(value.split_once(':').map_or(value, |(host, _)| host)))
        }
        "url" | "uri" | "dsn" => of_url(value),
        _ => None,
    }
}

fn of_url(text: &str) -> Option<HostClass> {
    let text = text.trim();
    dsn::parse(text).map(|found| dsn::classify(&found, text))
}

/// Whether a file starts the server itself.
fn runs(documents: &[Document], system: &str) -> bool {
    let mut images = documents.iter().flat_map(|d| &d.settings).filter(|s| s.name() == "image" && s.role != Role::Commented);
    !system.is_empty() && images.any(|s| system_of(&words(s.value.expose())) == system)
}
