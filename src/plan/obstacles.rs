//! Places that hold a secret, or what it was made into, and that nothing here can change: they are named, and nothing that they hang on is
//! changed without a look at them.

use super::changes::SecretChange;
use super::place::{Form, Place, is_the_servers_own, system_of};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::key_path::words;
use crate::model::setting::{Role, Setting};
use crate::strength::name::{NameClass, classify};

/// Whether the file makes other files: what stands in it is written by its own engine.
pub(super) fn is_template(document: &Document) -> bool {
    const ENDS: &[&str] = &[".erb", ".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".gotmpl", ".mustache", ".hbs", ".epp", ".ctmpl"];
    let name = document.file_name().to_ascii_lowercase();
    ENDS.iter().any(|end| name.ends_with(end))
}

/// The first place of the secret that nothing but a person changes, and without which the others do not work; in words.
pub(super) fn obstacle(documents: &[Document], change: &SecretChange) -> Option<String> {
    let holds = |p: &&Place| {
        let document = documents.get(p.document).filter(|d| d.environment == Environment::Production);
        document.is_some_and(|d| p.form == Form::Template || is_template(d) || d.format == "sql" || is_run(documents, p))
    };
    let place = change.outside.iter().find(holds)?;
    let document = documents.get(place.document)?;
    let line = document.settings.get(place.setting).map_or(0, |s| document.lines.line(s.span.start));
    let what = match document.format {
        "sql" => "sets it on the server, and",
        _ if is_run(documents, place) => "hands it over in a command, which",
        _ => "holds it in a template, which",
    };
    Some(format!("{}:{line} {what} is changed by hand", document.path))
}

/// Whether a place is part of what a container runs: a command, a check of its health.
fn is_run(documents: &[Document], place: &Place) -> bool {
    let runs = |name: &str| matches!(name, "command" | "entrypoint" | "healthcheck" | "args");
    place.setting_in(documents).is_some_and(|(d, s)| matches!(d.format, "compose" | "kubernetes") && s.key.names().any(runs))
}

/// A server among the files that no password is set for, so that it starts with what its image was made with; in words.
pub(super) fn image_default(documents: &[Document], places: &[Place]) -> Option<String> {
    let system = places.iter().map(|p| p.account.system).find(|s| !matches!(*s, "" | "sql"))?;
    let images = documents.iter().filter(|d| d.format == "compose" && d.environment == Environment::Production);
    let mut images = images.flat_map(|d| d.settings.iter().filter(|s| s.name() == "image").map(move |s| (d, s)));
    let (document, image) = images.find(|(_, s)| system_of(&words(s.value.expose())) == system)?;
    let service = image.key.scope();
    let below = |s: &&Setting| s.role != Role::Commented && s.key.segments().starts_with(service.segments());
    let own = |s: &Setting| is_the_servers_own(document, s) || classify(s.name()) == NameClass::Secret;
    let set = document.settings.iter().filter(below).any(own);
    let line = document.lines.line(image.span.start);
    (!set).then(|| format!("{}:{line} starts the server with the default of its image: set its password there as well", document.path))
}
