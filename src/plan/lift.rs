//! References: a secret that stands in a file which can refer to a variable leaves it for the env file that answers, and a required
//! reference takes its place. Always to be reviewed: whoever starts the program has to provide the variable from then on.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::SecretChange;
use super::edits::planned;
use super::lifted::{How, Lift, Reference};
use super::naming::{candidates, is_free};
use super::place::{Form, Place};
use super::variables::{env_file, env_file_above, stands_bare, within};
use super::wishes::Wishes;
use super::{compose, kubernetes, spring};
use crate::model::document::Document;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::severity::Fix;
use crate::model::shown::shown;
use crate::model::span::Span;

/// Names that are given away: index of the env file, variable.
pub(super) type Taken = BTreeSet<(usize, String)>;

/// Adds to each secret that a plan replaces, or moves, how its places become references.
pub(super) fn lift(documents: &[Document], secrets: &mut [SecretChange], wishes: &Wishes<'_>) {
    let mut taken: Taken = secrets.iter().flat_map(|s| s.added.iter().cloned()).collect();
    // a key ring stands beside its key, in the same file
    for secret in secrets.iter_mut().filter(|s| s.fix <= Fix::Review && s.former.is_none()) {
        let lift = lifted(documents, secret, wishes, &mut taken);
        // what is only moved and cannot be is no change
        secret.lift = (!lift.references.is_empty() || !lift.stays.is_empty()).then_some(lift);
    }
}

fn lifted(documents: &[Document], secret: &SecretChange, wishes: &Wishes<'_>, taken: &mut Taken) -> Lift {
    let mut lift = Lift { kept: secret.kept, ..Lift::default() };
    let mut names: BTreeMap<usize, String> = BTreeMap::new();
    for (index, place) in secret.places.iter().enumerate().filter(|(_, p)| p.form == Form::Plain) {
        let Some((document, setting)) = place.setting_in(documents) else {
            continue;
        };
        let at = At { documents, document, setting, place, secret, wishes };
        let made = match document.format {
            "compose" => compose::stays(documents, document, setting)
                .map_or_else(|| by_variable(&at, &mut names, taken, &mut lift), |why| Err(why.to_owned())),
            "kubernetes" if !kubernetes::is_secret(document, setting) => kubernetes::reference(&at),
            "yaml" | "properties" if spring::is_spring(document) => by_variable(&at, &mut names, taken, &mut lift),
            _ => continue,
        };
        match made {
            Ok(reference) => {
                lift.references.insert(index, reference);
            }
            Err(why) => {
                lift.stays.insert(index, why);
            }
        }
    }
    lift
}

/// One place that may become a reference.
pub(super) struct At<'p> {
    pub(super) documents: &'p [Document],
    pub(super) document: &'p Document,
    pub(super) setting: &'p Setting,
    pub(super) place: &'p Place,
    pub(super) secret: &'p SecretChange,
    wishes: &'p Wishes<'p>,
}

/// A reference to a variable of the env file that answers for the place.
fn by_variable(at: &At<'_>, names: &mut BTreeMap<usize, String>, taken: &mut Taken, lift: &mut Lift) -> Result<Reference, String> {
    let home = at.document.folder();
    let is_compose = at.document.format == "compose";
    let found = if is_compose { env_file(at.documents, home) } else { env_file_above(at.documents, home) };
    let target = found.ok_or_else(|| {
        let place = if is_compose { "beside it" } else { "beside or above it" };
        format!("no env file for production was read {place}")
    })?;
    let document = at.documents.get(target).ok_or("no env file was read")?;
    if !at.wishes.can_write(document) || !at.wishes.can_write(at.document) || document.fault.is_some() {
        return Err(format!("{} cannot be written", document.path));
    }
    if let Some(reference) = whole(at, target, document) {
        lift.needs.insert(need(at.document.format, &document.path));
        return Ok(reference);
    }
    let (name, added) = match names.get(&target) {
        Some(name) => (name.clone(), false),
        None => variable(at, target, document, taken)?,
    };
    if let Some(path) = compose::withholds(at.documents, home, Some(document), &name).filter(|_| !is_compose) {
        return Err(format!("no service of {path} is handed {}", shown(&name)));
    }
    let reference = written(at, &name)?;
    // what is known of one place holds for the next
    names.entry(target).or_insert_with(|| name.clone());
    if added {
        taken.insert((target, name.clone()));
        lift.added.push((target, name));
    }
    lift.needs.insert(need(at.document.format, &document.path));
    Ok(reference)
}

/// A reference to the variable of the same name, where the env file says the same: a whole URL, of which the secret is a part.
fn whole(at: &At<'_>, target: usize, document: &Document) -> Option<Reference> {
    let own = at.setting;
    let same = |s: &Setting| s.role == Role::Live && s.name() == own.name() && s.value.same_as(&own.value);
    let index = document.settings.iter().position(same)?;
    let changes_along = at.secret.places.iter().any(|p| (p.document, p.setting) == (target, index));
    let text = reference(at.document, own.name());
    let span = Span::new(0, own.value.len());
    let parts = vec![(span, text.clone())];
    let fits = changes_along && planned(at.document, vec![(at.place.setting, parts)], Vec::new(), Vec::new(), &BTreeMap::new()).is_ok();
    fits.then(|| Reference { shown: text.expose().to_owned(), how: How::Part(span, text) })
}

/// A reference to a variable that must be there, in the language of the file.
fn reference(document: &Document, name: &str) -> Secret {
    Secret::concat(&["${", name, if document.format == "compose" { ":?}" } else { "}" }])
}

/// The variable of the env file `target` that the secret goes by, and whether the file gets it only now.
fn variable(at: &At<'_>, target: usize, document: &Document, taken: &Taken) -> Result<(String, bool), String> {
    let there = at.secret.places.iter().find(|p| p.document == target && p.form == Form::Plain && !p.in_url);
    if let Some(setting) = there.and_then(|p| document.settings.get(p.setting)) {
        return Ok((setting.name().to_owned(), false));
    }
    if let Some((_, name)) = at.secret.added.iter().find(|(d, _)| *d == target) {
        return Ok((name.clone(), false));
    }
    if at.secret.kept && !stands_bare(&at.secret.value) {
        return Err("its characters would need quotes in an env file, which not every reader takes the same way".to_owned());
    }
    let spelled = spring::name(at.document, at.setting);
    let names = candidates(spelled.as_deref().unwrap_or(&at.secret.name), at.place, at.setting);
    let near: Vec<&Document> = at.documents.iter().filter(|d| within(d.folder(), document.folder())).collect();
    let free = |name: &&String| !taken.contains(&(target, (*name).clone())) && is_free(&near, document, name);
    let Some(name) = names.iter().find(free) else {
        return Err(match names.first() {
            Some(name) => format!("{} is in use for something else in or beside {}", shown(name), document.path),
            None => "its name says too little for a variable".to_owned(),
        });
    };
    if let Some((service, path)) = compose::reader(at.documents, document, name) {
        return Err(format!("the service {} of {path} is handed all of {}, and would get it as well", shown(service), document.path));
    }
    Ok((name.clone(), true))
}

/// The reference as the file's own language has it, tried: what cannot be written does not stop the rest.
fn written(at: &At<'_>, name: &str) -> Result<Reference, String> {
    // in a URL the same secret may be spelled with percent signs: one variable cannot be both
    if at.secret.kept && !at.secret.value.same_as(&Secret::copy_of(at.place.within.of(at.setting.value.expose()))) {
        return Err("it is spelled in another way here".to_owned());
    }
    let text = reference(at.document, name);
    let parts = vec![(at.place.within, text.clone())];
    planned(at.document, vec![(at.place.setting, parts)], Vec::new(), Vec::new(), &BTreeMap::new()).map_err(|conflict| conflict.what)?;
    Ok(Reference { shown: text.expose().to_owned(), how: How::Part(at.place.within, text) })
}

/// What the operator must see to where files of `format` ask for what the env file `path` has.
pub(super) fn need(format: &str, path: &str) -> String {
    match format {
        "compose" => {
            format!("`docker compose` run from the folder of {path}, or with `--env-file {path}`; `docker stack deploy` reads no env file")
        }
        _ => format!("the program started with the variables of {path}"),
    }
}
