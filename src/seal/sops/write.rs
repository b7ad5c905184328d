//! A text, sealed in the format of sops: `ENC[...]` in place of the values, everything else as it stands, the `sops` block at the end.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::error::SealError;
use super::super::file;
use super::super::recipients::{Recipient, Recipients};
use super::cipher::{DataKey, Kind};
use super::form::{Form, fault};
use super::meta::{self, Rule, refused};
use super::open::{self, Comment, Old, Opened};
use super::reading::read;
use super::tree::{Mac, Node, Scalar, Tree, Visit, bound, splice};
use super::{dotenv, yaml};
use crate::model::date::date_time;
use crate::model::secret::Secret;
use crate::model::span::Span;

/// A value of fewer bytes may stand elsewhere by chance: a user's name, a host.
const TELLING: usize = 12;

/// From here on a value that equals a secret as a whole is taken for the same secret.
const WHOLE: usize = 4;

/// How a new file is sealed.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// To whom.
    pub recipients: &'a Recipients,
    /// Whether the lines in the open may be changed by hand: the hash is over the sealed values alone.
    pub hand_editable: bool,
    /// Seconds since 1970.
    pub now: u64,
}

/// Seals `text`: the values that hold one of `secrets` (spans of `text`), all others below the same names, and those that repeat one.
///
/// What comes out was opened again and compared with `text`, value by value.
///
/// # Errors
/// [`SealError::SopsForm`] where sops would not read or keep `text`, or a secret stands where nothing is sealed: in a comment, in a name.
pub fn seal(form: Form, text: &str, secrets: &[Span], how: How<'_>) -> Result<Vec<u8>, SealError> {
    let tree = unsealed(form, text)?;
    let names = names(text, &tree, secrets, &|_| false)?;
    let rule = Rule::of_names(names.iter().map(String::as_str))?;
    let key = DataKey::generate()?;
    let modified = format!("{}Z", date_time(how.now));
    let keys = sealed_keys(&key, how.recipients)?;
    let job = Job { form, text, tree: &tree, key: &key, only_sealed: how.hand_editable };
    let seals = |path: &[&str]| rule.seals(path).unwrap_or(true);
    let (edits, hash) = job.edits(&seals, &mut |_, _| None)?;
    let mac = key.encrypt(hash.expose(), meta::MAC_KIND, &modified)?;
    let block = meta::block(form, &keys, &rule, &modified, &mac, how.hand_editable);
    job.finish(edits, &block, secrets)
}

/// Each recipient, and the data key sealed to it.
fn sealed_keys(key: &DataKey, recipients: &Recipients) -> Result<Vec<(String, String)>, SealError> {
    let one = |recipient: &Recipient| {
        let sealed = file::seal(key.as_bytes(), &Recipients::new(vec![recipient.clone()])?)?;
        Ok((recipient.to_string(), String::from_utf8(sealed).map_err(|_| SealError::NotSealable)?))
    };
    recipients.iter().map(one).collect()
}

impl Opened {
    /// Seals the same text to `recipients`, under a new data key: whoever is left out cannot open what comes after. Rule and form stay.
    ///
    /// # Errors
    /// [`SealError::SopsForeign`] for a file that others than age open, or whose rule is not known here; else as [`seal()`].
    pub fn seal_anew(&self, recipients: &Recipients, now: u64) -> Result<Vec<u8>, SealError> {
        if self.meta.foreign {
            return Err(SealError::SopsForeign("a KMS, a Vault or PGP opens it, too; `sops updatekeys` and `sops rotate` change who does"));
        }
        if self.meta.rule.field().is_none() {
            return Err(SealError::SopsForeign("its rule is one by comments; `sops updatekeys` changes who opens it"));
        }
        let text = self.text().as_str();
        let tree = unsealed(self.form, text)?;
        let key = DataKey::generate()?;
        let modified = format!("{}Z", date_time(now));
        let job = Job { form: self.form, text, tree: &tree, key: &key, only_sealed: self.meta.only_sealed };
        let seals = |path: &[&str]| self.meta.rule.seals(path).unwrap_or(true);
        let (mut edits, hash) = job.edits(&seals, &mut |_, _| None)?;
        edits.extend(self.comments_again(text, &tree, &|comment| {
            let inner = comment.plain.expose().strip_prefix('#').unwrap_or_default();
            Ok(Secret::new(format!("#{}", key.encrypt(inner, Kind::Comment, &comment.place)?)))
        })?);
        let mac = key.encrypt(hash.expose(), meta::MAC_KIND, &modified)?;
        let keys = sealed_keys(&key, recipients)?;
        let block = meta::block(self.form, &keys, &self.meta.rule, &modified, &mac, self.meta.only_sealed);
        job.finish(edits, &block, &[])
    }

    /// Seals `text` as this file was sealed: the same data key, recipients and rule. Values that did not change keep their bytes.
    ///
    /// # Errors
    /// As [`seal()`], and [`SealError::SopsOpenValue`] when the rule of the file leaves one of `secrets` in the open, and cannot be extended.
    pub fn seal_again(&self, text: &str, secrets: &[Span], now: u64) -> Result<Vec<u8>, SealError> {
        let form = self.form;
        let tree = unsealed(form, text)?;
        let was_sealed = |place: &str| self.old.get(place).map(|old| old.iter().any(|old| old.sealed.is_some()));
        let seals = |rule: &Rule, path: &[&str]| rule.seals(path).or_else(|| was_sealed(&bound(path))).unwrap_or(true);
        let missing = names(text, &tree, secrets, &|path| seals(&self.meta.rule, path))?;
        let extended;
        let rule = if missing.is_empty() {
            &self.meta.rule
        } else {
            let line = secrets.first().map_or(1, |span| fault(text, span.start, "").line);
            extended = self.meta.rule.and_names(missing.iter().map(String::as_str)).ok_or(SealError::SopsOpenValue { line })?;
            &extended
        };
        let modified = format!("{}Z", date_time(now));
        let job = Job { form, text, tree: &tree, key: &self.key, only_sealed: self.meta.only_sealed };
        let mut taken = std::collections::HashMap::<String, usize>::new();
        let mut reuse = |place: &str, scalar: &Scalar| {
            let at = taken.entry(place.to_owned()).or_default();
            *at += 1;
            let old: &Old = self.old.get(place)?.get(*at - 1)?;
            let number = |kind| matches!(kind, Kind::Integer | Kind::Float);
            let same_kind = scalar.kind.is_some_and(|kind| kind == old.kind || number(kind) && number(old.kind));
            old.sealed.clone().filter(|_| same_kind && old.value.same_as(&scalar.value))
        };
        let (mut edits, hash) = job.edits(&|path| seals(rule, path), &mut reuse)?;
        edits.extend(self.comments_again(text, &tree, &|comment| Ok(Secret::copy_of(&comment.sealed)))?);
        let mac = self.key.encrypt(hash.expose(), meta::MAC_KIND, &modified)?;
        let block = self.meta.renewed(form, &mac, &modified, rule).ok_or(SealError::NotSealable)?;
        job.finish(edits, &block, secrets)
    }

    /// Comments that were sealed are sealed again, as `sealed` says.
    fn comments_again(
        &self,
        text: &str,
        tree: &Tree,
        sealed: &dyn Fn(&Comment) -> Result<Secret, SealError>,
    ) -> Result<Vec<(Span, Secret)>, SealError> {
        let mut edits = Vec::new();
        let mut rest = tree.comments.iter();
        for comment in &self.comments {
            let Some(span) = rest.find(|span| span.of(text).trim_end() == comment.plain.expose().trim_end()) else {
                return Err(SealError::SopsForm { line: 1, what: "a comment that was sealed is not there any more" });
            };
            edits.push((*span, sealed(comment)?));
        }
        Ok(edits)
    }
}

fn unsealed(form: Form, text: &str) -> Result<Tree, SealError> {
    let tree = read(form, text).map_err(refused)?;
    match tree.docs.iter().find_map(|doc| doc.meta.first()) {
        Some(span) => Err(refused(fault(text, span.start, "the name `sops` belongs to sops"))),
        None => Ok(tree),
    }
}

/// The names that have to be sealed so that every secret is, besides those that `seals` knows.
fn names(text: &str, tree: &Tree, secrets: &[Span], seals: &dyn Fn(&[&str]) -> bool) -> Result<BTreeSet<String>, SealError> {
    let mut hit = vec![false; secrets.len()];
    let telling: Vec<&str> = secrets.iter().map(|span| span.of(text)).filter(|value| value.len() >= TELLING).collect();
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut sealed: BTreeSet<Span> = BTreeSet::new();
    let mut whole: Vec<Secret> = Vec::new();
    let visited = tree.visit(&mut |visit| {
        let value = &visit.scalar.value;
        if value.len() >= WHOLE && visit.alias.is_none() && secrets.iter().any(|secret| visit.scalar.span.covers(*secret)) {
            whole.push(value.clone());
        }
    });
    visited.map_err(|what| SealError::SopsForm { line: 1, what })?;
    if let Some(span) = tree.comments.iter().find(|span| secrets.iter().any(|secret| repeats(span.of(text), secret.of(text)))) {
        return Err(refused(fault(text, span.start, OUTSIDE)));
    }
    // what is sealed in one place must be in every place that repeats it, which may bring in others: until nothing is added
    loop {
        let before = (names.len(), sealed.len());
        let visited = tree.visit(&mut |visit| {
            let mut holds = sealed.contains(&visit.scalar.span);
            for (secret, hit) in secrets.iter().zip(&mut hit) {
                let covers = visit.scalar.span.covers(*secret);
                *hit |= covers;
                holds |= covers;
            }
            let written = visit.scalar.span.of(text);
            holds |= whole.iter().any(|value| value.same_as(&visit.scalar.value));
            holds |= telling.iter().any(|value| written.contains(value));
            let known = seals(visit.path) || visit.path.iter().any(|name| names.contains(*name));
            if holds && !known {
                names.extend(visit.path.last().map(|name| (*name).to_owned()));
            }
            if holds || known {
                sealed.insert(visit.scalar.span);
            }
        });
        visited.map_err(|what| SealError::SopsForm { line: 1, what })?;
        if before == (names.len(), sealed.len()) {
            break;
        }
    }
    match secrets.iter().zip(&hit).find(|(span, hit)| !**hit && !span.is_empty()) {
        Some((span, _)) => Err(refused(fault(text, span.start, OUTSIDE))),
        None => Ok(names),
    }
}

const OUTSIDE: &str =
    "a secret stands outside of any value, in a comment or a name, where sops seals nothing; remove it, or seal the whole file";

/// Whether `comment` holds `secret` as the value of a setting: `# password: kettle`. A word by itself may be there by chance.
fn repeats(comment: &str, secret: &str) -> bool {
    let quotes = |c: char| matches!(c, '"' | '\'' | ' ' | '\t');
    secret.len() >= WHOLE
        && comment.match_indices(secret).any(|(at, _)| {
            let (before, after) = (comment.get(..at).unwrap_or_default(), comment.get(at + secret.len()..).unwrap_or_default());
            before.trim_end_matches(quotes).ends_with(['=', ':']) && !after.starts_with(|c: char| c.is_alphanumeric())
        })
}

struct Job<'a> {
    form: Form,
    text: &'a str,
    tree: &'a Tree,
    key: &'a DataKey,
    only_sealed: bool,
}

/// What a value had in the file before, if it is still the same.
type Reuse<'r> = dyn FnMut(&str, &Scalar) -> Option<String> + 'r;

impl Job<'_> {
    /// The edits that seal all values that `seals` names, and the hash.
    fn edits(&self, seals: &dyn Fn(&[&str]) -> bool, reuse: &mut Reuse<'_>) -> Result<(Vec<(Span, Secret)>, Secret), SealError> {
        let mut edits: Vec<(Span, Secret)> = Vec::new();
        let mut copied: BTreeSet<Span> = BTreeSet::new();
        let mut mac = Mac::new(self.only_sealed);
        let mut failed = None;
        let visited = self.tree.visit(&mut |visit| {
            let (scalar, sealed) = (visit.scalar, seals(visit.path));
            if sealed || !self.only_sealed {
                mac.add(scalar.value.expose());
            }
            let sealed = sealed && !scalar.value.is_empty();
            match (sealed, visit.alias) {
                (true, Some(alias)) => drop(copied.insert(alias)),
                (true, None) => match self.value(visit, reuse) {
                    Ok(new) => edits.push((scalar.span, new)),
                    Err(error) => failed = failed.take().or(Some(error)),
                },
                // on several lines: one line, as sops would write it
                (false, _) if self.form == Form::Env && scalar.span.of(self.text).contains('\n') => {
                    edits.push((scalar.span, dotenv::written(scalar.value.expose())));
                }
                (false, _) => {}
            }
        });
        visited.map_err(|what| SealError::SopsForm { line: 1, what })?;
        if let Some(error) = failed {
            return Err(error);
        }
        if !copied.is_empty() {
            for doc in &self.tree.docs {
                for pair in &doc.root {
                    self.copies(&pair.value, &mut vec![&pair.key], &copied, seals, &mut edits)?;
                }
            }
        }
        Ok((edits, mac.text()))
    }

    fn value(&self, visit: &Visit<'_>, reuse: &mut Reuse<'_>) -> Result<Secret, SealError> {
        let scalar = visit.scalar;
        let place = visit.bound();
        if let Some(same) = reuse(&place, scalar) {
            return Ok(Secret::new(same));
        }
        if let Some(what) = scalar.unfit {
            return Err(refused(fault(self.text, scalar.span.start, what)));
        }
        let sealed = self.key.encrypt(scalar.value.expose(), scalar.kind.unwrap_or(Kind::Text), &place)?;
        Ok(Secret::new(match self.form {
            Form::Yaml => yaml::sealed(&sealed, scalar),
            Form::Json => format!("\"{sealed}\""),
            Form::Env => sealed,
        }))
    }

    /// Aliases of what is sealed become copies of their own: a sealed value is good at one place only.
    fn copies<'t>(
        &self,
        node: &'t Node,
        path: &mut Vec<&'t str>,
        copied: &BTreeSet<Span>,
        seals: &dyn Fn(&[&str]) -> bool,
        edits: &mut Vec<(Span, Secret)>,
    ) -> Result<(), SealError> {
        match node {
            Node::Scalar(_) => {}
            Node::Map(pairs) => {
                for pair in pairs {
                    path.push(&pair.key);
                    self.copies(&pair.value, path, copied, seals, edits)?;
                    path.pop();
                }
            }
            Node::List(items) => items.iter().try_for_each(|item| self.copies(item, path, copied, seals, edits))?,
            Node::Alias(span, target) if copied.contains(span) => {
                let mut copy = String::new();
                self.copy(target, path, seals, &mut copy)?;
                edits.push((*span, Secret::new(copy)));
            }
            Node::Alias(..) => {}
        }
        Ok(())
    }

    /// `node` in flow style, its values sealed for `path`.
    fn copy<'t>(
        &self,
        node: &'t Node,
        path: &mut Vec<&'t str>,
        seals: &dyn Fn(&[&str]) -> bool,
        out: &mut String,
    ) -> Result<(), SealError> {
        match node {
            Node::Scalar(scalar) => {
                let kind = scalar.kind.unwrap_or(Kind::Text);
                let written = scalar.span.of(self.text);
                if scalar.kind.is_none() {
                    out.push_str("null");
                } else if seals(path) && !scalar.value.is_empty() {
                    let sealed = self.key.encrypt(scalar.value.expose(), kind, &bound(path))?;
                    // writing to a String cannot fail
                    let _ = write!(out, "\"{sealed}\"");
                } else if kind == Kind::Text {
                    out.push_str(yaml::double(scalar.value.expose()).expose());
                } else {
                    out.push_str(written);
                }
            }
            Node::Map(pairs) => {
                out.push('{');
                for (i, pair) in pairs.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    let name = if pair.key == "<<" { Secret::copy_of("<<") } else { yaml::double(&pair.key) };
                    out.push_str(name.expose());
                    out.push_str(": ");
                    path.push(&pair.key);
                    self.copy(&pair.value, path, seals, out)?;
                    path.pop();
                }
                out.push('}');
            }
            Node::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    self.copy(item, path, seals, out)?;
                }
                out.push(']');
            }
            Node::Alias(_, target) => self.copy(target, path, seals, out)?,
        }
        Ok(())
    }

    /// The sealed text, with `block` at the end of each document; proved.
    fn finish(&self, mut edits: Vec<(Span, Secret)>, block: &Secret, secrets: &[Span]) -> Result<Vec<u8>, SealError> {
        if self.form == Form::Env {
            edits.extend(dotenv::tidy(self.text, self.tree));
        }
        let crlf = self.form != Form::Env && self.text.contains("\r\n") && !block.expose().contains("\r\n");
        let block = if crlf { block.expose().replace('\n', "\r\n") } else { block.expose().to_owned() };
        let end = if self.form != Form::Env && self.text.contains("\r\n") { "\r\n" } else { "\n" };
        for doc in &self.tree.docs {
            let closed = doc.end == 0 || self.text.get(..doc.end).is_some_and(|t| t.ends_with('\n'));
            let text = match self.form {
                Form::Json => {
                    let (comma, after) = if doc.root.is_empty() { ("", end) } else { (",", "") };
                    format!("{comma}{end}  {}{after}", block.trim_end())
                }
                _ => format!("{}{}{end}", if closed { "" } else { end }, block.trim_end()),
            };
            edits.push((Span::new(doc.end, doc.end), Secret::new(text)));
        }
        let sealed = splice(self.text, edits).ok_or(SealError::NotSealable)?;
        self.prove(sealed.expose(), secrets)?;
        Ok(sealed.expose().as_bytes().to_vec())
    }

    /// Opens what was sealed, and compares it with what was to be sealed.
    fn prove(&self, sealed: &str, secrets: &[Span]) -> Result<(), SealError> {
        for secret in secrets.iter().filter(|span| span.len() >= TELLING) {
            if let Some(at) = sealed.find(secret.of(self.text)) {
                return Err(refused(fault(sealed, at, OUTSIDE)));
            }
        }
        let unproved = || SealError::SopsForm { line: 1, what: "the sealed file would not be read as the same values" };
        let tree = read(self.form, sealed).map_err(|_| unproved())?;
        let meta = meta::read(self.form, sealed, &tree).map_err(|_| unproved())?;
        let key = DataKey::of(self.key.as_bytes()).ok_or_else(unproved)?;
        let opened = open::with_key(self.form, sealed, &tree, meta, key).map_err(|_| unproved())?;
        let again = read(self.form, opened.text()).map_err(|_| unproved())?;
        if values(self.tree) == values(&again) { Ok(()) } else { Err(unproved()) }
    }
}

/// Places and values; compared, never shown.
fn values(tree: &Tree) -> Vec<(String, zeroize::Zeroizing<String>, bool)> {
    let mut out = Vec::new();
    // the visit was counted before
    let _ = tree.visit(&mut |visit| {
        let text = visit.scalar.kind == Some(Kind::Text);
        out.push((visit.bound(), zeroize::Zeroizing::new(visit.scalar.value.expose().to_owned()), text));
    });
    out
}
