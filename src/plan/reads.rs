//! Defaults in source code: where the variable is provided, the literal goes and a read that fails without it takes its place.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{SecretChange, chosen};
use super::choose::{Need, choose};
use super::compose::withholds;
use super::fallbacks::{Read, read_at};
use super::lift::Taken;
use super::lifted::Written;
use super::script::{self, is_script};
use super::trial::tried;
use super::variables::{env_file_above, within};
use super::wishes::Wishes;
use crate::keygen::{Entropy, KeygenError};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::severity::{Class, Fix, Severity};
use crate::model::shown::shown;
use crate::rules::kinds::{kind_in, server_of};

use crate::strength::name::purpose;

/// A default in a program that becomes a read which fails.
#[derive(Debug)]
pub struct FailingRead {
    /// Index of the document.
    pub document: usize,
    /// Index of the setting.
    pub setting: usize,
    /// The variable.
    pub variable: String,
    /// How it is written.
    pub written: Written,
    /// Who provides the variable, in words.
    pub provided: String,
    /// The env file that gets the variable, by index, and the value; none where it is provided already.
    pub added: Option<(usize, Secret)>,
}

/// What is found of the defaults in programs: those that can go, and why others cannot, by document and setting.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub(super) made: Vec<FailingRead>,
    pub(super) refused: BTreeMap<(usize, usize), String>,
}

/// What can be done about the defaults in programs that `findings` speak of.
///
/// # Errors
/// When the system has no random bytes to give.
pub(super) fn reads(
    documents: &[Document],
    findings: &[&Finding],
    by_path: &BTreeMap<&str, usize>,
    secrets: &[SecretChange],
    wishes: &Wishes<'_>,
    entropy: &mut dyn Entropy,
) -> Result<Reads, KeygenError> {
    let mut out = Reads::default();
    let lifted = secrets.iter().flat_map(|s| s.lift.iter().flat_map(|l| &l.added));
    let filled = secrets.iter().filter(|s| s.fix <= Fix::Review).flat_map(|s| &s.places).filter(|p| !p.in_url);
    let filled = filled.filter_map(|p| Some((p.document, p.setting_in(documents)?.1.name().to_owned())));
    let coming: Taken = secrets.iter().flat_map(|s| &s.added).chain(lifted).cloned().chain(filled).collect();
    let mut values: BTreeMap<(usize, String), Secret> = BTreeMap::new();
    for finding in findings.iter().filter(|f| is_wanted(f)) {
        let (Some(&index), Some(own)) = (by_path.get(finding.file.as_str()), finding.setting) else { continue };
        let Some((document, setting)) = documents.get(index).and_then(|d| Some((d, d.settings.get(own)?))) else { continue };
        if out.made.iter().any(|r| r.document == index && r.written.becomes.contains_key(&own)) {
            continue;
        }
        let read = match document.format {
            "code" => read_at(&document.path, &document.text, setting.span),
            _ => script::read_at(document, setting, finding.span).filter(|_| is_script(document)),
        };
        let Some(read) = read else { continue };
        let tags: BTreeSet<String> =
            [finding.rule.clone(), finding.class.word().to_owned(), finding.key.clone(), setting.name().to_owned(), read.name.clone()]
                .into();
        if !chosen(&tags, wishes.only) {
            continue;
        }
        let home = document.folder();
        let target = env_file_above(documents, home).and_then(|i| documents.get(i));
        // a script is run beside the containers, a program in one of them
        if let Some(path) = withholds(documents, home, target, &read.name).filter(|_| document.format == "code") {
            out.refused.insert((index, own), format!("no service of {path} is handed {}: change it by hand", shown(&read.name)));
            continue;
        }
        let provider = provider(documents, document, &read.name, &coming, &values);
        let added = match provider {
            Some(_) => Ok(None),
            None => value(documents, (index, own), setting, &read, secrets, finding, entropy)?.map(Some),
        };
        let written = written(document, &read, wishes);
        match (added, written) {
            (Ok(added), Ok(written)) => {
                let path = |i: usize| documents.get(i).map_or(String::new(), |d| d.path.clone());
                let provided = provider.unwrap_or_else(|| added.as_ref().map(|(i, _)| path(*i)).unwrap_or_default());
                if let Some((target, value)) = &added {
                    values.insert((*target, read.name.clone()), value.clone());
                }
                out.made.push(FailingRead { document: index, setting: own, variable: read.name, written, provided, added });
            }
            (Err(why), _) | (_, Err(why)) => {
                out.refused.insert((index, own), why);
            }
        }
    }
    Ok(out)
}

/// Whether the finding is of a secret in a file that goes live.
fn is_wanted(finding: &Finding) -> bool {
    matches!(finding.class, Class::DevSecret | Class::WeakKey | Class::HardcodedSecret)
        && finding.environment == Environment::Production
        && finding.severity >= Severity::Medium
}

/// Who provides the variable `name` to the program of `document`, in words: an env file in its folder or above, or a container's environment.
fn provider(
    documents: &[Document],
    document: &Document,
    name: &str,
    coming: &Taken,
    values: &BTreeMap<(usize, String), Secret>,
) -> Option<String> {
    let target = env_file_above(documents, document.folder());
    let comes = |i: usize| coming.contains(&(i, name.to_owned())) || values.contains_key(&(i, name.to_owned()));
    if let Some(path) = target.filter(|i| comes(*i)).and_then(|i| documents.get(i)).map(|d| d.path.clone()) {
        return Some(path);
    }
    let sets = |s: &Setting| s.name() == name && s.role == Role::Live && !s.value.is_empty();
    let fits = |d: &&Document| match d.format {
        "env" => within(document.folder(), d.folder()),
        "compose" | "kubernetes" => document.format == "code",
        _ => false,
    };
    let live = documents.iter().filter(|d| d.environment == Environment::Production).filter(fits);
    live.flat_map(|d| d.settings.iter().map(move |s| (d, s))).find(|(_, s)| sets(s)).map(|(d, _)| d.path.clone())
}

/// The env file that is to provide the variable, and its value: that of the secret whose old value the literal is, else a new one.
fn value(
    documents: &[Document],
    at: (usize, usize),
    setting: &Setting,
    read: &Read,
    secrets: &[SecretChange],
    finding: &Finding,
    entropy: &mut dyn Entropy,
) -> Result<Result<(usize, Secret), String>, KeygenError> {
    let document = documents.get(at.0);
    let target = document.and_then(|d| env_file_above(documents, d.folder()));
    let path = document.map_or("", |d| d.path.as_str());
    let refused = |why: &str| Ok(Err(format!("nothing provides {} to {path}{why}: change it by hand", shown(&read.name))));
    let Some(target) = target else { return refused(", and no env file for production lies beside or above it") };
    if documents.get(target).is_some_and(|d| d.settings.iter().any(|s| s.name() == read.name && s.role == Role::Live)) {
        return refused(" but an empty variable");
    }
    let own = secrets.iter().find(|s| s.outside.iter().any(|p| (p.document, p.setting) == at));
    if let Some(own) = own {
        return if own.fix <= Fix::Review && !own.value.is_empty() {
            Ok(Ok((target, own.value.clone())))
        } else {
            refused(", and its secret is replaced by hand")
        };
    }
    let row = kind_in("", &read.name);
    if finding.class == Class::HardcodedSecret || row.kind.is_by_hand() || crate::dsn::parse(setting.value.expose()).is_some() {
        return refused("");
    }
    let need = Need { row, purpose: purpose(&read.name), old: &setting.value, in_url: false, server: server_of(&read.name, ""), least: 0 };
    match choose(&need, entropy) {
        Ok(value) => Ok(Ok((target, value))),
        Err(KeygenError::NoRandomness) => Err(KeygenError::NoRandomness),
        Err(problem) => refused(&format!(" ({problem})")),
    }
}

/// The change, tried: everything else in the program must read as before.
fn written(document: &Document, read: &Read, wishes: &Wishes<'_>) -> Result<Written, String> {
    if !wishes.can_write(document) {
        return Err(format!("{} is no file to seal; `--emit plain` patches it in place", document.path));
    }
    let written = tried(document, read.span, read.span, Secret::copy_of(&read.text));
    written.ok_or_else(|| "the program would be read in another way: change it by hand".to_owned())
}
