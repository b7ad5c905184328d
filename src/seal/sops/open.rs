//! A sops file, opened in memory.

use std::collections::HashMap;
use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::super::error::SealError;
use super::super::file;
use super::super::identities::Identities;
use super::cipher::{DataKey, Kind, is_sealed_value};
use super::form::{Form, fault};
use super::meta::{self, Meta, refused};
use super::reading::{form_of, read};
use super::tree::{Mac, Scalar, Tree, bound, splice};
use super::{dotenv, json, yaml};
use crate::model::secret::Secret;
use crate::model::span::Span;

/// A sealed value as it stood in the file, for the place that it is bound to.
pub(super) struct Old {
    /// What was in it.
    pub(super) value: Secret,
    pub(super) kind: Kind,
    /// Its bytes in the file; none where it stood in the open.
    pub(super) sealed: Option<String>,
}

/// A comment that was sealed.
pub(super) struct Comment {
    /// `#` and what was in it.
    pub(super) plain: Secret,
    /// What stood in the file.
    pub(super) sealed: String,
    /// What it is bound to.
    pub(super) place: String,
}

/// A sops file that was opened: its text without what sops added, and what is needed to seal another text in the same way.
pub struct Opened {
    pub(super) form: Form,
    text: Zeroizing<String>,
    pub(super) key: DataKey,
    pub(super) meta: Meta,
    /// By path; values of one path in their order.
    pub(super) old: HashMap<String, VecDeque<Old>>,
    pub(super) comments: Vec<Comment>,
}

impl Opened {
    /// The form of the file.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// The age recipients that the file names.
    #[must_use]
    pub fn recipients(&self) -> &[String] {
        &self.meta.recipients
    }

    /// The text with all values in the open, without the metadata. Quotes are those of the sealed values where they can hold the value.
    #[must_use]
    pub fn text(&self) -> &Zeroizing<String> {
        &self.text
    }
}

/// Opens a sops file: every value is authentic and in its place, and none was added or taken away, or it is refused.
///
/// # Errors
/// [`SealError::NotSealed`], [`SealError::SopsForm`], [`SealError::SopsForeign`], [`SealError::SopsValue`], [`SealError::SopsMac`],
/// [`SealError::WrongIdentity`] and what [`crate::seal::open`] says of the sealed data key.
pub fn open(bytes: &[u8], identities: &Identities) -> Result<Opened, SealError> {
    let form = form_of(bytes).ok_or(SealError::NotSealed)?;
    let text = std::str::from_utf8(bytes).map_err(|_| SealError::SopsForm { line: 1, what: "expected UTF-8 text" })?;
    let tree = read(form, text).map_err(refused)?;
    let meta = meta::read(form, text, &tree)?;
    let key = data_key(&meta, identities)?;
    with_key(form, text, &tree, meta, key)
}

/// The age recipients that a sops file names. They are not under its hash: who can write the file can name others, who cannot open it.
///
/// # Errors
/// As [`open`] for a file that is no sops file, or one that is not for age.
pub fn recipients(bytes: &[u8]) -> Result<Vec<String>, SealError> {
    let form = form_of(bytes).ok_or(SealError::NotSealed)?;
    let text = std::str::from_utf8(bytes).map_err(|_| SealError::SopsForm { line: 1, what: "expected UTF-8 text" })?;
    let tree = read(form, text).map_err(refused)?;
    Ok(meta::read(form, text, &tree)?.recipients)
}

fn data_key(meta: &Meta, identities: &Identities) -> Result<DataKey, SealError> {
    let mut first = None;
    for sealed in &meta.sealed_keys {
        match file::open(sealed.expose().as_bytes(), identities) {
            Ok(bytes) => return DataKey::of(&bytes).ok_or(SealError::Damaged),
            Err(error @ SealError::WrongIdentity { .. }) => first = first.or(Some(error)),
            // a damaged key is worth more than that another one is not for us
            Err(error) => return Err(error),
        }
    }
    Err(first.unwrap_or(SealError::NotSealed))
}

/// Opens with the data key.
pub(super) fn with_key(form: Form, text: &str, tree: &Tree, meta: Meta, key: DataKey) -> Result<Opened, SealError> {
    let mut edits: Vec<(Span, Secret)> = Vec::new();
    let mut old: HashMap<String, VecDeque<Old>> = HashMap::new();
    let mut mac = Mac::new(meta.only_sealed);
    let mut bad = None;
    let visited = tree.visit(&mut |visit| {
        let scalar = visit.scalar;
        if form == Form::Env && visit.path.first().is_some_and(|name| name.starts_with(dotenv::PREFIX)) {
            return;
        }
        let place = visit.bound();
        let at = visit.alias.unwrap_or(scalar.span);
        if !is_sealed_value(scalar.value.expose()) {
            if !meta.only_sealed {
                mac.add(scalar.value.expose());
            }
            let kind = scalar.kind.unwrap_or(Kind::Text);
            old.entry(place).or_default().push_back(Old { value: scalar.value.clone(), kind, sealed: None });
            return;
        }
        let Some((value, kind)) = key.decrypt(scalar.value.expose(), &place) else {
            bad = bad.or(Some(fault(text, at.start, "").line));
            return;
        };
        mac.add(value.expose());
        let written = write(form, value.expose(), kind, scalar);
        if visit.alias.is_none() {
            edits.push((scalar.span, written));
        }
        let sealed = Some(scalar.span.of(text).to_owned());
        old.entry(place).or_default().push_back(Old { value, kind, sealed });
    });
    visited.map_err(|what| SealError::SopsForm { line: 1, what })?;
    if let Some(line) = bad {
        return Err(SealError::SopsValue { line });
    }
    let told = key.decrypt(meta.mac.text.expose(), meta.modified.text.expose());
    if !told.is_some_and(|(told, kind)| kind == meta::MAC_KIND && told.same_as(&mac.text())) {
        return Err(SealError::SopsMac);
    }
    let comments = comments(text, tree, &key, form, &mut edits);
    let cut = tree.docs.iter().flat_map(|doc| &doc.meta).map(|span| (*span, Secret::default()));
    edits.extend(cut);
    let plain = splice(text, edits).ok_or(SealError::Damaged)?;
    let text = Zeroizing::new(plain.expose().to_owned());
    Ok(Opened { form, text, key, meta, old, comments })
}

fn write(form: Form, value: &str, kind: Kind, scalar: &Scalar) -> Secret {
    match form {
        Form::Yaml => yaml::opened(value, kind, scalar),
        Form::Json => json::opened(value, kind),
        Form::Env => dotenv::written(value),
    }
}

/// Opens the comments that are sealed. They are bound to the names above them, which comments do not tell: all that come into question are
/// tried. What does not open stays as it is, as sops leaves it.
fn comments(text: &str, tree: &Tree, key: &DataKey, form: Form, edits: &mut Vec<(Span, Secret)>) -> Vec<Comment> {
    let sealed: Vec<(Span, &str)> = tree
        .comments
        .iter()
        .map(|span| (*span, span.of(text).strip_prefix('#').unwrap_or_default().trim()))
        .filter(|(_, inner)| is_sealed_value(inner))
        .collect();
    if sealed.is_empty() {
        return Vec::new();
    }
    let mut places = std::collections::BTreeSet::from([bound(&[])]);
    // the visit was counted before, and was not too long
    let _ = tree.visit(&mut |visit| {
        for depth in 1..=visit.path.len() {
            places.insert(bound(visit.path.get(..depth).unwrap_or_default()));
        }
    });
    let mut found = Vec::new();
    for (span, inner) in sealed {
        let opened = places.iter().find_map(|place| Some((key.decrypt(inner, place)?.0, place)));
        let Some((plain, place)) = opened else { continue };
        if plain.expose().contains(['\n', '\r']) && form != Form::Env {
            continue;
        }
        let shown = Secret::concat(&["#", plain.expose()]);
        edits.push((span, shown.clone()));
        found.push(Comment { plain: shown, sealed: span.of(text).to_owned(), place: place.clone() });
    }
    found
}
