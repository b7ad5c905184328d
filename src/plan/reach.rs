//! How far the change of one secret may go by itself, and why no further (docs/fix.md).

use std::collections::BTreeSet;

use super::changes::SecretChange;
use super::derive::Family;
use super::elsewhere::doubt;
use super::former::Verdict;
use super::obstacles::{image_default, obstacle};
use super::place::{Form, Place, is_the_servers_own};
use super::unseen::unseen_client;
use super::variables::{env_file, env_file_above, refers_to};
use super::wishes::Wishes;
use crate::keygen::is_framed;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::setting::Role;
use crate::model::severity::Fix;
use crate::model::template::has_reference;
use crate::rules::kinds::Kind;
use crate::strength::name::{NameClass, Purpose, classify, purpose};
use crate::strength::phc::guess_cost;

/// What is known of the descendants of one secret, and of its kind.
pub(super) struct Relatives<'f> {
    pub family: &'f Family,
    /// Where a signed token stands that no secret of these files has signed as it is.
    pub unsigned: Option<&'f str>,
    /// Whether it is a private key, as its finding says.
    pub half: bool,
    /// Values of servers' own settings that refer to variables: [`asked_by_servers`].
    pub asked: &'f [&'f str],
}

/// How far the change of a secret may go (docs/fix.md): as far as its least safe place.
pub(super) fn reach(
    documents: &[Document],
    change: &SecretChange,
    relatives: &Relatives<'_>,
    fresh: bool,
    verdict: &Verdict,
    wishes: &Wishes<'_>,
) -> (Fix, String) {
    let family = relatives.family;
    let touched = || change.places.iter().chain(family.made.iter().map(|t| &t.place));
    let blocked = touched().filter_map(|p| p.setting_in(documents)).find(|(d, s)| d.lossy || !s.editable);
    if let Some((document, setting)) = blocked {
        let line = document.lines.line(setting.span.start);
        return (Fix::Manual, format!("{}:{line} cannot be edited safely", document.path));
    }
    if change.places.iter().any(|p| guess_cost(p.text.expose()).is_some()) {
        return (Fix::Manual, "it is a hash whose password is not known here: hash a new one with the tool that made it".to_owned());
    }
    let made = change.places.iter().find(|p| p.form == Form::Plain && has_reference(p.text.expose()));
    if let Some((document, setting)) = made.and_then(|p| p.setting_in(documents)) {
        let line = document.lines.line(setting.span.start);
        return (Fix::Manual, format!("{}:{line} is made of a template or reference", document.path));
    }
    if let Some(reason) = touched().filter_map(|p| documents.get(p.document)).find_map(wrong_place) {
        return (Fix::Manual, reason);
    }
    if let Some(reason) = &family.blocked {
        return (Fix::Manual, reason.clone());
    }
    if family.pair.is_none() && (relatives.half || change.places.iter().any(|p| is_framed(&p.text))) {
        return (
            Fix::Manual,
            "it is a private key, and its public half is not among these files: make a new pair with its own tool".to_owned(),
        );
    }
    let bare = touched().filter_map(|p| documents.get(p.document)).find(|d| !wishes.can_write(d));
    if let Some(document) = bare {
        return (Fix::Manual, format!("{} cannot be sealed; `--emit plain` patches it in place", document.path));
    }
    match change.row.kind {
        Kind::ProviderIssued => return (Fix::Manual, "only its provider can issue another".to_owned()),
        Kind::Derived if family.pair.is_none() => return (Fix::Manual, "it is computed from another secret".to_owned()),
        Kind::DataEncrypting if !(fresh && wishes.unborn) => return verdict.reach(),
        _ => {}
    }
    if change.places.iter().any(|p| matches!(p.form, Form::Fallback { .. })) {
        return (Fix::Review, "a default in a reference becomes a required variable".to_owned());
    }
    let own = |p: &Place| p.account.server || p.setting_in(documents).is_some_and(|(document, s)| is_the_servers_own(document, s));
    let server = family.is_checked() || change.places.iter().any(own) || referenced_by_a_server(documents, change, relatives.asked);
    // in a file that nothing runs with yet a password may be made up; a token that somebody else may have to issue may not
    let made_up = fresh && (change.row.is_named() || purpose(&change.name) == Purpose::Password);
    if change.row.kind == Kind::Coordinated && !server && !made_up && !wishes.live && family.pair.is_none() {
        let why = image_default(documents, &change.places);
        return (Fix::Review, why.unwrap_or_else(|| "the server's own setting is not among these files".to_owned()));
    }
    let locks_out = change.row.kind == Kind::Coordinated && !fresh && !wishes.live;
    if let Some(why) = locks_out.then(|| unseen_client(documents, change)).flatten() {
        return (Fix::Review, why);
    }
    let elsewhere = wishes.live && change.row.kind == Kind::Coordinated;
    if let Some(why) = doubt(documents, &change.places, change.row.kind, &change.name, relatives.unsigned).filter(|_| !elsewhere) {
        return (Fix::Review, why);
    }
    if let Some(why) = &family.doubt {
        return (Fix::Review, why.clone());
    }
    if let Some(why) = obstacle(documents, change) {
        return (Fix::Review, why);
    }
    (Fix::Safe, String::new())
}

/// Why a file is none that a new secret may be written into, if it is one.
fn wrong_place(document: &Document) -> Option<String> {
    if document.format == "dockerfile" {
        // a strong value in a layer is no better kept than a weak one, and whoever has the image has it
        return Some(format!("{} goes into every copy of the image: take it out, and give it when the container starts", document.path));
    }
    let name = document.path.rsplit('/').next().unwrap_or_default();
    // what these present was made by the host that they log in to
    matches!(
        name,
        ".npmrc" | ".yarnrc" | ".yarnrc.yml" | ".netrc" | "_netrc" | ".pypirc" | ".git-credentials" | ".dockercfg" | ".dockerconfigjson"
    )
    .then(|| format!("{} logs in at another host, and only that can issue another", document.path))
}

/// What servers' own settings say that take their values from variables: `--requirepass ${REDIS_PASSWORD}`.
pub(super) fn asked_by_servers(documents: &[Document]) -> Vec<&str> {
    let all = documents.iter().flat_map(|document| document.settings.iter().map(move |setting| (document, setting)));
    let of_servers = all.filter(|(_, setting)| setting.value.expose().contains('$')).filter(|(document, setting)| {
        setting.role == Role::Argument && setting.name().trim_start_matches('-') == "requirepass" || is_the_servers_own(document, setting)
    });
    of_servers.map(|(_, setting)| setting.value.expose()).collect()
}

/// Whether one of what servers `asked` for is a variable that is among the places.
fn referenced_by_a_server(documents: &[Document], change: &SecretChange, asked: &[&str]) -> bool {
    let mut names = change.places.iter().filter_map(|p| p.setting_in(documents)).map(|(_, s)| s.name());
    names.any(|name| asked.iter().any(|value| refers_to(value, name)))
}

/// Sees to it that every variable that becomes required is provided; the reason when one cannot be.
pub(super) fn provide(documents: &[Document], change: &mut SecretChange) -> Option<String> {
    let mut added = BTreeSet::new();
    for place in &change.places {
        let Form::Fallback { reference, name } = place.form else { continue };
        let (document, setting) = place.setting_in(documents)?;
        let value = setting.value.expose();
        let variable = name.of(value).to_owned();
        let home = document.folder();
        // compose reads one file by itself; what else provides a variable is started with what lies near it
        let (target, near) = match document.format {
            "compose" => (env_file(documents, home), None),
            _ => (env_file_above(documents, home), Some(home)),
        };
        let beside = documents.iter().filter(|d| d.format == "env" && d.environment == Environment::Production && Some(d.folder()) == near);
        let mut providing = target.and_then(|i| documents.get(i)).into_iter().chain(beside);
        if providing.any(|d| d.settings.iter().any(|s| s.name() == variable && s.role == Role::Live)) {
            continue;
        }
        // the default is the secret and nothing else: its variable can hold the new value
        let whole_default = reference.end == place.within.end + 1 && place.within.start <= name.end + 2;
        match target {
            Some(i) if whole_default && (!place.in_url || classify(&variable) == NameClass::Secret) => {
                added.insert((i, variable));
            }
            _ => return Some(format!("no env file beside {} provides {variable}", document.path)),
        }
    }
    change.added = added.into_iter().collect();
    None
}
