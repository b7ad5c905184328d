//! Where the former key of a secret goes, so that what was made with it is still read (`APP_PREVIOUS_KEYS`, `*_FALLBACKS`, lists of keys):
//! written in the same edit as the new key, at every place where that stands. Data: `ring` in `rules/kinds.toml`.

use super::beside::{Beside, Manner, beside};
use super::place::{Form, Place};
use crate::keygen::Recipe;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::severity::Fix;
use crate::model::span::Span;
use crate::model::template::has_reference;
use crate::rules::kinds::{Kind, KindRow};
use crate::rules::rings::{Ring, RingForm};
use crate::strength::context::Context;
use crate::strength::encoding::measure;
use crate::strength::judge::{ValueClass, judge};
use crate::strength::name::purpose;

/// Below this a key can be found by trying, given one thing that was signed with it.
const LEAST_BITS: usize = 80;

/// What becomes of a former key.
#[derive(Debug)]
pub struct Former {
    /// The ring that it goes into.
    pub ring: &'static Ring,
    /// Settings that are added: index of the document, and the line.
    pub added: Vec<(usize, Beside)>,
    /// Settings that hold former keys already and get one more: document, setting, value.
    pub grown: Vec<(usize, usize, Secret)>,
}

impl Former {
    /// The value of a key whose ring is the key itself.
    pub(super) fn with(&self, new: &Secret, old: &Secret) -> Secret {
        match self.ring.form {
            _ if !self.ring.is_own() || old.is_empty() => new.clone(),
            RingForm::Lines => Secret::concat(&[old.expose(), "\n", new.expose()]),
            _ => Secret::concat(&[new.expose(), ",", old.expose()]),
        }
    }
}

/// What the table says about the former key of a secret.
pub(super) enum Verdict {
    /// It has no ring.
    None,
    /// It has, but nothing can have been made with this one.
    Useless,
    /// It goes there.
    Kept(Former),
    /// It has, but it cannot be written: why.
    Refused(String),
}

impl Verdict {
    /// How far a key may go that stored data depends on, and why not further.
    pub(super) fn reach(&self) -> (Fix, String) {
        match self {
            Self::Kept(_) => (Fix::Review, "the old one is kept beside it, for what it has encrypted".to_owned()),
            Self::Useless => (Fix::Review, "the old one is no key that the program takes: nothing can be encrypted with it".to_owned()),
            Self::Refused(why) => (Fix::Manual, format!("stored data depends on it, and {why}")),
            Self::None => (Fix::Manual, "stored data depends on it".to_owned()),
        }
    }

    /// Whether the old value is kept, and what is to be said about it. What data depends on is kept; what only signs is kept if it is
    /// `asked` for, and never where whoever knows it could go on as before: where it is a `default`, published, or weak.
    pub(super) fn settle(self, row: &KindRow, name: &str, old: &Secret, default: bool, asked: bool) -> (Option<Former>, Option<String>) {
        if row.kind != Kind::Stateless {
            return (if let Self::Kept(former) = self { Some(former) } else { None }, None);
        }
        let known = if default { Some("it can be guessed") } else { is_known(name, old) };
        match (self, asked, known) {
            (Self::Kept(former), true, None) => (Some(former), None),
            (Self::Kept(former), true, Some(why)) => {
                let can = former.ring.open;
                (None, Some(format!("the old one is not kept: {why}, and as long as it is accepted whoever knows it can {can}")))
            }
            (Self::Kept(_), false, None) => {
                (None, Some("`--keep-previous` keeps the old one valid for a while, so that nobody is logged out".to_owned()))
            }
            (Self::Refused(why), true, _) => (None, Some(format!("the old one is not kept: {why}"))),
            // how it would be done by hand is no advice for a key that anybody may have
            (Self::None, true, None) if !row.keep.is_empty() => (None, Some(format!("the old one is not kept: {}", row.keep))),
            (Self::None | Self::Useless, true, _) => {
                (None, Some("the old one is not kept: no setting for former keys is known".to_owned()))
            }
            (_, false, _) => (None, None),
        }
    }
}

/// Where the former key of the secret at `places` goes; `row` says what the secret is.
pub(super) fn former(documents: &[Document], places: &[Place], row: &'static KindRow) -> Verdict {
    let mut refused = None;
    for ring in row.rings {
        match in_ring(documents, places, row, ring) {
            Verdict::None => {}
            Verdict::Refused(why) => {
                refused.get_or_insert(why);
            }
            found => return found,
        }
    }
    refused.map_or(Verdict::None, Verdict::Refused)
}

/// Why a former key must not stay valid: whoever knows it could go on as before. `None` where it cannot be guessed.
fn is_known(name: &str, old: &Secret) -> Option<&'static str> {
    let class = judge(old.expose(), &&Context::new(), purpose(name)).class;
    match class {
        ValueClass::Short | ValueClass::Ok if measure(old.expose()).bits >= LEAST_BITS => None,
        ValueClass::Published => Some("it is published"),
        _ => Some("it can be guessed"),
    }
}

fn in_ring(documents: &[Document], places: &[Place], row: &KindRow, ring: &'static Ring) -> Verdict {
    let old = places.iter().map(|p| &p.text).find(|t| !t.is_empty());
    let recipe = Recipe::parse(row.generator).filter(|_| ring.strict);
    let usable = |old: &Secret| recipe.is_none_or(|r| old.expose().split(',').all(|key| r.fits(&Secret::copy_of(key.trim()))));
    let Some(old) = old.filter(|old| usable(old)) else {
        // without the program's own word nothing is known about a key of another form, or about none
        return if ring.strict { Verdict::Useless } else { Verdict::None };
    };
    let mut found = Former { ring, added: Vec::new(), grown: Vec::new() };
    for place in places {
        match at_place(documents, place, old, &mut found) {
            Ok(true) => {}
            Ok(false) => return Verdict::None,
            Err(why) => return Verdict::Refused(why),
        }
    }
    if let Err(why) = hand_on(documents, places, &mut found) {
        return Verdict::Refused(why);
    }
    Verdict::Kept(found)
}

/// Writes the ring for one place of the key. `false` where the ring is none of this place.
fn at_place(documents: &[Document], place: &Place, old: &Secret, found: &mut Former) -> Result<bool, String> {
    let Some((document, setting)) = place.setting_in(documents) else {
        return Ok(false);
    };
    let ring = found.ring;
    let Some(name) = ring.name(setting.name()) else { return Ok(false) };
    let held = held(document, setting, &name);
    if ring.present && held.is_none() {
        return Ok(false);
    }
    let line = document.lines.line(setting.span.start);
    let at = |what: &str| Err(format!("{}:{line} {what}", document.path));
    if place.in_url || place.form != Form::Plain {
        return at("is a default or a part of another value: the old key cannot be written beside it");
    }
    if ring.form == RingForm::Lines && document.format == "env" {
        return at("stands in an env file, where readers differ about values of several lines: write both by hand");
    }
    if ring.is_own() {
        return Ok(true);
    }
    if ring.form == RingForm::Comma && old.expose().contains(',') {
        return at("holds a comma, which would end it in a list of keys");
    }
    let Some((index, other)) = held else {
        let manner = match ring.form {
            RingForm::Json if document.format == "yaml" && name.chars().any(char::is_lowercase) => Manner::List,
            RingForm::Json => Manner::Quoted,
            _ => Manner::Alike,
        };
        return match beside(document, place.setting, &name, old, manner) {
            Some(new) => {
                if !found.added.iter().any(|(d, b)| *d == place.document && b.name == new.name && b.at == new.at) {
                    found.added.push((place.document, new));
                }
                Ok(true)
            }
            None => at(&format!("cannot have {name} written beside it: put the old key there by hand, with the new one")),
        };
    };
    let value = match grown(ring.form, old, other) {
        Ok(Some(value)) => value,
        Ok(None) => return Ok(true),
        Err(why) => return Err(format!("{}:{} {why}", document.path, document.lines.line(other.span.start))),
    };
    if !found.grown.iter().any(|(d, s, _)| (*d, *s) == (place.document, index)) {
        found.grown.push((place.document, index, value));
    }
    Ok(true)
}

/// The setting called `name` in the same map.
fn held<'d>(document: &'d Document, own: &Setting, name: &str) -> Option<(usize, &'d Setting)> {
    let scope = own.key.scope_segments();
    let near = |s: &Setting| {
        let below = s.key.segments().get(..scope.len()) == Some(scope);
        s.part == own.part && below && s.name() == name && s.role != Role::Commented && s.role != Role::Prose
    };
    document.settings.iter().enumerate().find(|(_, s)| near(s))
}

/// What the ring holds with one more key; `None` where it has it.
fn grown(form: RingForm, old: &Secret, other: &Setting) -> Result<Option<Secret>, &'static str> {
    let value = other.value.expose();
    if !other.editable || has_reference(value) {
        return Err("cannot be edited: put the old key there by hand, with the new one");
    }
    if other.value.same_as(old) || form == RingForm::Comma && value.split(',').any(|key| key.trim() == old.expose()) {
        return Ok(None);
    }
    match form {
        RingForm::Json => Err("is a list: put the old key there by hand, with the new one"),
        _ if value.trim().is_empty() => Ok(Some(old.clone())),
        RingForm::Comma => Ok(Some(Secret::concat(&[old.expose(), ",", value]))),
        RingForm::Single | RingForm::Lines => Err("still holds an earlier key: finish that change first, and empty it"),
    }
}

/// Where a compose file hands the key on from an env file (`APP_KEY: ${APP_KEY}`), it hands the ring on as well.
fn hand_on(documents: &[Document], places: &[Place], found: &mut Former) -> Result<(), String> {
    if found.ring.is_own() {
        return Ok(());
    }
    let mut more = Vec::new();
    for place in places {
        let Some(document) = documents.get(place.document).filter(|d| d.format == "env") else { continue };
        let Some(own) = document.settings.get(place.setting).map(Setting::name) else { continue };
        let Some(variable) = found.ring.name(own) else { continue };
        let folder = document.folder();
        let near = documents.iter().enumerate().filter(|(_, d)| d.format == "compose" && d.folder() == folder);
        for (d, other) in near.filter(|(_, d)| d.environment == Environment::Production) {
            for (s, setting) in other.settings.iter().enumerate().filter(|(_, s)| s.role == Role::Live && is_whole(s.value.expose(), own)) {
                let Some(name) = found.ring.name(setting.name()).filter(|name| held(other, setting, name).is_none()) else { continue };
                let reference = Secret::concat(&["${", &variable, "}"]);
                let Some(new) = beside(other, s, &name, &reference, Manner::Alike) else {
                    let line = other.lines.line(setting.span.start);
                    return Err(format!("{}:{line} hands {own} on and cannot have {name} written beside it: do it by hand", other.path));
                };
                more.push((d, new));
            }
        }
    }
    found.added.append(&mut more);
    Ok(())
}

/// Whether a value is a reference to `name` and nothing else.
fn is_whole(value: &str, name: &str) -> bool {
    let Some(inner) = value.trim().strip_prefix('$') else { return false };
    let inner = inner.strip_prefix('{').and_then(|i| i.strip_suffix('}')).unwrap_or(inner);
    inner.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':') || rest.starts_with(['?', '-']))
}

/// The edit of a setting that holds former keys: all of its value.
pub(super) fn whole(setting: &Setting) -> Span {
    Span::new(0, setting.value.len())
}
