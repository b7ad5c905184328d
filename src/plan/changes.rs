//! What to change, where, and how far it may go by itself.

use std::collections::{BTreeMap, BTreeSet};

use super::choose::{Need, bytes_for_algorithm, choose};
use super::derive::{Derived, Families, Family, families};
use super::edits::unwritable;
use super::elsewhere::doubt;
use super::former::{Former, Verdict, former};
use super::lift::lift;
use super::lifted::Lift;
use super::obstacles::{image_default, obstacle};
use super::place::{Account, Form, Place, literal_of, places};
use super::program::Programs;
use super::reads::{FailingRead, Reads, reads};
use super::same::{Same, group, same as accounts_match};
use super::switches::{Switch, switches};
use super::variables::{env_file, env_file_above, folder, refers_to};
use super::wishes::Wishes;
use crate::keygen::{Entropy, KeyPair, KeygenError, is_framed};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::key_path::words;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::severity::{Class, Fix, Severity};
use crate::model::shown::shown;
use crate::model::span::Span;
use crate::model::template::has_reference;
use crate::rules::kinds::{Kind, KindRow, kind_in, server_of};
use crate::rules::schema::Strategy;
use crate::strength::name::{Purpose, purpose};
use crate::strength::phc::guess_cost;

/// Everything that would be changed, and everything that has to be changed by hand.
#[derive(Debug, Default)]
pub struct Plan {
    /// Secrets that get a new value.
    pub secrets: Vec<SecretChange>,
    /// Settings and connections that get another value.
    pub switches: Vec<Switch>,
    /// Defaults in programs that become reads which fail, for review.
    pub reads: Vec<FailingRead>,
    /// Findings that no change of this plan answers, because they stand in programs or text, or ask for a decision.
    pub remarks: Vec<Remark>,
}

impl SecretChange {
    /// It stays as it is, and is named.
    pub(super) fn leave(&mut self, why: impl Into<String>) {
        (self.fix, self.why, self.value) = (Fix::Manual, why.into(), Secret::default());
        (self.former, self.added) = (None, Vec::new());
        self.derived.clear();
    }
}

/// Two secrets cannot put their old values into one setting: all but the first stay as they are.
pub(super) fn part_ways(secrets: &mut [SecretChange]) {
    let mut taken: Vec<(usize, usize, String)> = Vec::new();
    for change in secrets {
        let Some(former) = &change.former else { continue };
        let added = former.added.iter().map(|(d, new)| (*d, new.scope, new.name.clone()));
        let mine: Vec<_> = added.chain(former.grown.iter().map(|(d, s, _)| (*d, *s, String::new()))).collect();
        if mine.iter().any(|place| taken.contains(place)) {
            change.leave("another secret's old value goes into the same setting: change this one in a second run");
        } else {
            taken.extend(mine);
        }
    }
}

/// A finding that a person has to deal with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The file.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// The rule.
    pub rule: String,
    /// What to do.
    pub what: String,
}

/// One secret, with all its places.
#[derive(Debug)]
pub struct SecretChange {
    /// The name that says most: a server's own setting before a client's.
    pub name: String,
    /// What replacing it means.
    pub row: &'static KindRow,
    /// How far it may go.
    pub fix: Fix,
    /// Why it may not go further; empty when it is safe.
    pub why: String,
    /// The new value; empty when it is not replaced.
    pub value: Secret,
    /// Places that change.
    pub places: Vec<Place>,
    /// Places that hold the same value and keep it: examples, documents, development files, code.
    pub outside: Vec<Place>,
    /// Variables that are added to an env file: index of the document, name.
    pub added: Vec<(usize, String)>,
    /// Places that are computed from it, and change with it; empty when it is not replaced.
    pub derived: Vec<Derived>,
    /// What kind of pair it is half of, where that is made anew.
    pub pair: Option<String>,
    /// Where the old value goes, if it is kept beside the new one.
    pub former: Option<Former>,
    /// What else there is to say.
    pub notes: Vec<String>,
    /// Whether the value stays as it is, and only leaves the file that it stands in.
    pub kept: bool,
    /// How places become references, where some can.
    pub lift: Option<Lift>,
    /// Rules, classes and keys by which it can be chosen.
    pub(super) tags: BTreeSet<String>,
}

impl SecretChange {
    /// The value that it has now; `None` where it has none yet.
    #[must_use]
    pub fn old(&self) -> Option<&Secret> {
        self.places.first().map(|place| &place.text).filter(|text| !text.is_empty())
    }
}

/// Makes the plan for `findings` in `documents`. New values come from `entropy`.
///
/// # Errors
/// When the system has no random bytes to give; nothing was changed.
pub fn plan(documents: &[Document], findings: &[&Finding], wishes: &Wishes<'_>, entropy: &mut dyn Entropy) -> Result<Plan, KeygenError> {
    let by_path: BTreeMap<&str, usize> = documents.iter().enumerate().map(|(i, d)| (d.path.as_str(), i)).collect();
    let mut all = places(documents);
    let mut located = |fits: &dyn Fn(&Finding) -> bool| {
        let mut found: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
        for finding in findings.iter().filter(|f| fits(f)) {
            let Some(&document) = by_path.get(finding.file.as_str()) else { continue };
            let Some(setting) = documents.get(document).and_then(|d| setting_at(d, finding)) else { continue };
            if let Some(place) = locate(&mut all, documents, document, setting, finding) {
                found.entry(place).or_default().push(finding);
            }
        }
        found
    };
    let wanted = located(&|f| is_replaceable(f, wishes));
    let open = located(&|f| is_open(f) && !is_replaceable(f, wishes));
    let indices: Vec<usize> = wanted.keys().copied().collect();
    let mut secrets = secrets(documents, &all, &indices, &wanted, wishes, entropy)?;
    secrets.extend(moved(documents, &all, &open, &secrets, wishes));
    secrets.retain(|s| chosen(&s.tags, wishes.only));
    part_ways(&mut secrets);
    lift(documents, &mut secrets, wishes);
    secrets.retain(|s| !s.kept || s.lifts());
    let mut switches = switches(documents, findings, &by_path, wishes);
    switches.retain(|s| chosen(&s.tags, wishes.only));
    let remarks = findings
        .iter()
        .filter(|f| wishes.only.is_empty() || wishes.only.iter().any(|o| *o == f.rule || o == f.class.word() || *o == f.key));
    let leaves =
        |f: &Finding| open.iter().any(|(i, found)| found.contains(&f) && all.get(*i).is_some_and(|p| secrets.iter().any(|s| s.moves(p))));
    let reads = reads(documents, findings, &by_path, &secrets, wishes, entropy)?;
    let remarks = remarks.filter(|f| !leaves(f) && !is_answered(documents, &secrets, &by_path, f));
    let remarks = remarks.filter_map(|f| remark(documents, &by_path, f, &reads, &secrets, wishes)).collect();
    Ok(Plan { secrets, switches, reads: reads.made, remarks })
}

/// The changes of the secrets that have a place in `indices` (sorted, into `all`); `found` are the findings on places.
pub(super) fn secrets(
    documents: &[Document],
    all: &[Place],
    indices: &[usize],
    found: &BTreeMap<usize, Vec<&Finding>>,
    wishes: &Wishes<'_>,
    entropy: &mut dyn Entropy,
) -> Result<Vec<SecretChange>, KeygenError> {
    let settled = settled(all, wishes.before);
    let programs = Programs::new(documents, wishes);
    let mut secrets = Vec::new();
    let groups = group(all, indices, documents);
    let Families { each, unsigned } = families(documents, all, &groups);
    for (same, family) in groups.iter().zip(&each) {
        let half = same.live.iter().filter_map(|i| found.get(i)).flatten().any(|f| f.class == Class::HardcodedSecret);
        let relatives = Relatives { family, unsigned: unsigned.as_deref(), half };
        secrets.push(secret(documents, all, same, found, &programs, &settled, &relatives, entropy)?);
    }
    absorb(&mut secrets);
    Ok(secrets)
}

/// Takes out what is computed from another secret of the plan: it changes with that one, and is chosen with it.
fn absorb(secrets: &mut Vec<SecretChange>) {
    let at = |p: &Place| (p.document, p.setting);
    let made: Vec<BTreeSet<(usize, usize)>> = secrets.iter().map(|s| s.derived.iter().map(|d| at(&d.place)).collect()).collect();
    let mut passed: Vec<(usize, BTreeSet<String>)> = Vec::new();
    for (i, secret) in secrets.iter_mut().enumerate() {
        let Some(parent) = made.iter().enumerate().position(|(p, m)| p != i && secret.places.iter().any(|place| m.contains(&at(place))))
        else {
            continue;
        };
        passed.push((parent, secret.tags.clone()));
        secret.places.retain(|place| !made.iter().enumerate().any(|(p, m)| p != i && m.contains(&at(place))));
    }
    for (parent, tags) in passed {
        if let Some(parent) = secrets.get_mut(parent) {
            parent.tags.extend(tags);
        }
    }
    secrets.retain(|s| !s.places.is_empty());
}

/// Whether the place of a finding is computed from a secret that the plan replaces, or half of a pair that it speaks of.
fn is_answered(documents: &[Document], secrets: &[SecretChange], by_path: &BTreeMap<&str, usize>, finding: &Finding) -> bool {
    let document = by_path.get(finding.file.as_str()).copied();
    let at = document.zip(document.and_then(|d| setting_at(documents.get(d)?, finding)));
    let mut places = secrets.iter().flat_map(|s| {
        let own = s.places.iter().filter(|_| s.pair.is_some());
        s.derived.iter().map(|d| &d.place).chain(own)
    });
    places.any(|p| Some((p.document, p.setting)) == at)
}

impl SecretChange {
    /// Whether some place becomes a reference, for review.
    pub(super) fn lifts(&self) -> bool {
        self.lift.as_ref().is_some_and(|lift| !lift.references.is_empty())
    }

    /// Whether the secret leaves `place` with its value.
    fn moves(&self, place: &Place) -> bool {
        let at = |p: &Place| (p.document, p.setting, p.within) == (place.document, place.setting, place.within);
        let lift = self.lift.as_ref().filter(|_| self.kept);
        lift.is_some_and(|lift| self.places.iter().enumerate().any(|(i, p)| at(p) && lift.references.contains_key(&i)))
    }
}

/// Strong secrets that stand in the open, each with all its places: they may leave the file as they are. Those that the plan replaces are not
/// among them.
fn moved(
    documents: &[Document],
    all: &[Place],
    open: &BTreeMap<usize, Vec<&Finding>>,
    replaced: &[SecretChange],
    wishes: &Wishes<'_>,
) -> Vec<SecretChange> {
    let programs = Programs::new(documents, wishes);
    let indices: Vec<usize> = open.keys().copied().collect();
    let mut out = Vec::new();
    for same in group(all, &indices, documents) {
        let places: Vec<Place> = same.live.iter().filter_map(|i| all.get(*i)).cloned().collect();
        let known = |p: &Place| replaced.iter().flat_map(|s| &s.places).any(|q| (q.document, q.setting) == (p.document, p.setting));
        let Some(value) = places.first().map(|p| p.text.clone()).filter(|_| !places.iter().any(known)) else { continue };
        let name = best_name(documents, &places);
        let tags = tags(documents, &places, &same, open);
        let (row, why) = (strictest(documents, &programs, &places, &name), "the value stays as it is".to_owned());
        out.push(SecretChange {
            name,
            row,
            fix: Fix::Review,
            why,
            value,
            places,
            outside: Vec::new(),
            added: Vec::new(),
            derived: Vec::new(),
            pair: None,
            former: None,
            notes: Vec::new(),
            kept: true,
            lift: None,
            tags,
        });
    }
    out
}

/// Whether the finding is of a strong secret that stands in a file for production, where it may leave.
fn is_open(finding: &Finding) -> bool {
    finding.class == Class::HardcodedSecret && finding.environment == Environment::Production && finding.severity > Severity::Info
}

/// The remark on a finding in a file for production that neither a secret nor a switch of the plan speaks of.
fn remark(
    documents: &[Document],
    by_path: &BTreeMap<&str, usize>,
    finding: &Finding,
    reads: &Reads,
    secrets: &[SecretChange],
    wishes: &Wishes<'_>,
) -> Option<Remark> {
    if finding.environment != Environment::Production || finding.severity < Severity::Medium {
        return None;
    }
    let index = *by_path.get(finding.file.as_str())?;
    let document = documents.get(index)?;
    let own = (index, finding.setting?);
    let setting = document.settings.get(own.1)?;
    let role = setting.role;
    if role == Role::Prose && is_replaceable(finding, wishes) && secrets.iter().any(|s| stands_at(documents, &s.places, index, setting)) {
        return None;
    }
    if reads.made.iter().any(|r| r.document == index && r.written.becomes.contains_key(&own.1)) {
        return None;
    }
    let what = match finding.class {
        _ if reads.refused.contains_key(&own) => reads.refused.get(&own)?.clone(),
        Class::HardcodedSecret if document.format == "env" && finding.topic != "provider-token" => return None,
        Class::HardcodedSecret => finding.help.clone(),
        _ if is_replaceable(finding, wishes) && literal_of(setting.value.expose()).is_some() => {
            "it is what a template falls back to: change it by hand".to_owned()
        }
        _ if role == Role::Prose => "it stands in a program or text: change it by hand".to_owned(),
        _ => return None,
    };
    Some(Remark { path: finding.file.clone(), line: finding.start.line, rule: finding.rule.clone(), what })
}

/// Whether the finding asks for a new value of a secret in a file that goes live.
fn is_replaceable(finding: &Finding, wishes: &Wishes<'_>) -> bool {
    // a private key that everybody has is written out in a file like any other, but its rule asks for a new one
    let generates = || wishes.rules.get(&finding.rule).is_some_and(|(rule, _)| rule.repair.strategy == Strategy::Generate);
    (matches!(finding.class, Class::DevSecret | Class::WeakKey | Class::EmptySecret)
        || finding.class == Class::HardcodedSecret && generates())
        && finding.environment == Environment::Production
        && finding.severity > Severity::Info
}

/// The setting of a finding. The private member of a JSON web key is a setting, and the finding is on the whole key.
fn setting_at(document: &Document, finding: &Finding) -> Option<usize> {
    let index = finding.setting?;
    let is_text = document.settings.get(index)?.role == Role::Prose && finding.class == Class::HardcodedSecret;
    let holds = |s: &Setting| s.role == Role::Live && !finding.span.is_empty() && s.span.covers(finding.span);
    document.settings.iter().position(|s| is_text && holds(s)).or(Some(index))
}

/// The place of a finding; an empty secret has none yet and gets one.
fn locate(all: &mut Vec<Place>, documents: &[Document], document: usize, setting: usize, finding: &Finding) -> Option<usize> {
    let doc = documents.get(document)?;
    let own = doc.settings.get(setting)?;
    if own.role == Role::Prose {
        return None;
    }
    let at = |p: &Place| own.locate(&doc.text, p.within);
    let exact = all.iter().position(|p| {
        (p.document, p.setting) == (document, setting) && at(p).is_none_or(|span| span == finding.span || span.overlaps(finding.span))
    });
    if exact.is_some() || !own.value.is_empty() {
        return exact;
    }
    let account = super::place::Account { names: vec![words(own.name()).join(" ")], ..super::place::Account::default() };
    let within = Span::new(0, 0);
    all.push(Place { document, setting, within, form: Form::Plain, in_url: false, account, text: Secret::default() });
    Some(all.len() - 1)
}

/// Whether something with `tags` is among what was asked for.
pub(super) fn chosen(tags: &BTreeSet<String>, only: &[String]) -> bool {
    only.is_empty() || only.iter().any(|o| tags.contains(o) || tags.contains(&o.to_lowercase()))
}

fn setting_of<'d>(documents: &'d [Document], place: &Place) -> Option<(&'d Document, &'d Setting)> {
    let document = documents.get(place.document)?;
    Some((document, document.settings.get(place.setting)?))
}

/// Whether one of `places` is the setting that takes the same bytes as `setting`.
fn stands_at(documents: &[Document], places: &[Place], document: usize, setting: &Setting) -> bool {
    let own = |p: &Place| setting_of(documents, p).map(|(_, s)| s.span);
    places.iter().any(|p| p.document == document && own(p) == Some(setting.span))
}

/// What is known of the descendants of one secret, and of its kind.
struct Relatives<'f> {
    family: &'f Family,
    /// Where a signed token stands that no secret of these files has signed as it is.
    unsigned: Option<&'f str>,
    /// Whether it is a private key, as its finding says.
    half: bool,
}

#[expect(clippy::too_many_arguments, reason = "one secret is judged by all that is known")]
fn secret(
    documents: &[Document],
    all: &[Place],
    same: &Same,
    wanted: &BTreeMap<usize, Vec<&Finding>>,
    programs: &Programs<'_>,
    settled: &[Settled],
    relatives: &Relatives<'_>,
    entropy: &mut dyn Entropy,
) -> Result<SecretChange, KeygenError> {
    let (family, wishes) = (relatives.family, programs.wishes);
    let places: Vec<Place> = same.live.iter().filter_map(|i| all.get(*i)).cloned().collect();
    // a word of a command may be read as text as well: it is no other place
    let read_twice = |p: &&Place| setting_of(documents, p).is_some_and(|(_, s)| stands_at(documents, &places, p.document, s));
    let outside = same.outside.iter().filter_map(|i| all.get(*i)).chain(&family.outside).filter(|p| !read_twice(p)).cloned().collect();
    let name = best_name(documents, &places);
    let row = strictest(documents, programs, &places, &name);
    let tags = tags(documents, &places, same, wanted);
    let mut change = SecretChange {
        name,
        row,
        fix: Fix::Safe,
        why: String::new(),
        value: Secret::default(),
        places,
        outside,
        added: Vec::new(),
        derived: Vec::new(),
        pair: family.pair.as_ref().map(KeyPair::name),
        former: None,
        notes: Vec::new(),
        kept: false,
        lift: None,
        tags,
    };
    let known = settled.iter().find(|s| change.places.iter().any(|p| s.old.same_as(&p.text) && accounts_match(&s.account, &p.account)));
    let fresh = known.is_some() || wishes.fresh.is_some_and(|f| change.places.iter().all(|p| p.document == f));
    // in a file that nothing runs with yet there is nothing that the old key has made
    let verdict = if fresh && wishes.unborn { Verdict::None } else { former(documents, &change.places, row) };
    (change.fix, change.why) = reach(documents, &change, relatives, fresh, &verdict, wishes);
    if change.fix != Fix::Manual
        && let Some(reason) = provide(documents, &mut change)
    {
        (change.fix, change.why) = (Fix::Manual, reason);
    }
    if change.fix != Fix::Manual {
        let reason = match possible(values(documents, &change, family, known, entropy))? {
            Ok((value, derived)) => {
                (change.value, change.derived) = (value, derived);
                let (default, old) = (change.tags.contains(Class::DevSecret.word()), change.old().cloned().unwrap_or_default());
                let (kept, note) = verdict.settle(row, &change.name, &old, default, wishes.keep_previous);
                // what a twin holds is the whole list already
                if let Some(former) = kept.as_ref().filter(|_| known.is_none()) {
                    change.value = former.with(&change.value, &old);
                }
                (change.former, change.notes) = (kept, note.into_iter().collect());
                unwritable(documents, &change)
            }
            Err(problem) => Some(unmade(documents, &change, &problem)),
        };
        if let Some(reason) = reason {
            change.leave(reason);
        }
    }
    let made = change.derived.iter().filter_map(|d| setting_of(documents, &d.place)).map(|(_, s)| s);
    change.tags.extend(made.flat_map(|s| [s.name().to_owned(), s.name().to_lowercase(), s.key.to_string()]));
    Ok(change)
}

/// The new value of a secret, and what is computed from it.
fn values(
    documents: &[Document],
    change: &SecretChange,
    family: &Family,
    known: Option<&Settled>,
    entropy: &mut dyn Entropy,
) -> Result<(Secret, Vec<Derived>), KeygenError> {
    let in_url = change.places.iter().any(|p| p.in_url);
    let old = change.old().cloned().unwrap_or_default();
    let value = match (known, &family.pair) {
        (Some(known), _) => known.new.clone(),
        (None, Some(pair)) => pair.fresh(entropy)?,
        (None, None) => {
            let system = change.places.iter().map(|p| p.account.system).find(|s| !s.is_empty()).unwrap_or_default();
            let need = Need {
                row: change.row,
                purpose: purpose_of(change, in_url),
                old: &old,
                in_url,
                server: server_of(&change.name, system),
                least: bytes_for_algorithm(documents, &change.places),
            };
            family.fitting(choose(&need, entropy)?, entropy)?
        }
    };
    let derived = family.again(&value, entropy)?;
    Ok((value, derived))
}

/// A wish that cannot be kept concerns one secret; a system without random bytes concerns all.
fn possible<T>(made: Result<T, KeygenError>) -> Result<Result<T, KeygenError>, KeygenError> {
    match made {
        Err(KeygenError::NoRandomness) => Err(KeygenError::NoRandomness),
        other => Ok(other),
    }
}

/// Why no value could be made for `change`, and where it was to stand.
fn unmade(documents: &[Document], change: &SecretChange, problem: &KeygenError) -> String {
    let first = change.places.first().and_then(|p| setting_of(documents, p));
    let place = first.map(|(d, s)| format!("{}:{}: ", d.path, d.lines.line(s.span.start))).unwrap_or_default();
    format!("{place}{problem}")
}

/// A secret that a sealed twin has replaced already.
struct Settled {
    account: Account,
    old: Secret,
    new: Secret,
}

/// What the twins hold where the plain files beside them still hold something else.
fn settled(all: &[Place], before: &[(Document, usize)]) -> Vec<Settled> {
    let mut out = Vec::new();
    for (plain, twin) in before {
        for old in places(std::slice::from_ref(plain)) {
            let now = all.iter().find(|p| (p.document, p.setting, p.in_url) == (*twin, old.setting, old.in_url));
            if let Some(now) = now.filter(|now| !now.text.same_as(&old.text)) {
                out.push(Settled { account: old.account, old: old.text, new: now.text.clone() });
            }
        }
    }
    out
}

fn purpose_of(change: &SecretChange, in_url: bool) -> Purpose {
    if in_url { Purpose::Password } else { purpose(&change.name) }
}

/// The name that the plan goes by: of a server's setting, else of any named place, else of the variable in a reference, else of the first.
pub(super) fn best_name(documents: &[Document], places: &[Place]) -> String {
    let name = |p: &Place| setting_of(documents, p).map(|(_, s)| shown(s.name()).into_owned()).unwrap_or_default();
    let server = places.iter().find(|p| p.account.server && !name(p).starts_with('-'));
    let named = places.iter().find(|p| !p.in_url && !p.account.names.is_empty());
    server.or(named).or(places.first()).map(name).unwrap_or_default()
}

/// The row that forbids most, over all names of the secret; the one of the name that the plan goes by where none forbids more.
pub(super) fn strictest(documents: &[Document], programs: &Programs<'_>, places: &[Place], name: &str) -> &'static KindRow {
    let rows = |called: bool| {
        let settings = places.iter().filter(|p| !p.in_url).filter_map(move |p| Some((p.document, setting_of(documents, p)?.1)));
        settings.filter(move |(_, s)| (shown(s.name()) == name) == called).map(|(document, s)| programs.row(document, s))
    };
    let own = rows(true).next().unwrap_or_else(|| kind_in("", name));
    rows(true).chain(rows(false)).fold(own, |worst, row| if row.strictness() > worst.strictness() { row } else { worst })
}

fn tags(documents: &[Document], places: &[Place], same: &Same, wanted: &BTreeMap<usize, Vec<&Finding>>) -> BTreeSet<String> {
    let found = same.live.iter().filter_map(|i| wanted.get(i)).flatten();
    let mut tags: BTreeSet<String> = found.flat_map(|f| [f.rule.clone(), f.class.word().to_owned(), f.key.clone()]).collect();
    for (_, setting) in places.iter().filter_map(|p| setting_of(documents, p)) {
        tags.insert(setting.name().to_owned());
        tags.insert(setting.name().to_lowercase());
        tags.insert(setting.key.to_string());
    }
    tags
}

/// How far the change of a secret may go (docs/fix.md): as far as its least safe place.
fn reach(
    documents: &[Document],
    change: &SecretChange,
    relatives: &Relatives<'_>,
    fresh: bool,
    verdict: &Verdict,
    wishes: &Wishes<'_>,
) -> (Fix, String) {
    let family = relatives.family;
    let touched = || change.places.iter().chain(family.made.iter().map(|t| &t.place));
    let blocked = touched().filter_map(|p| setting_of(documents, p)).find(|(d, s)| d.lossy || !s.editable);
    if let Some((document, setting)) = blocked {
        let line = document.lines.line(setting.span.start);
        return (Fix::Manual, format!("{}:{line} cannot be edited safely", document.path));
    }
    if change.places.iter().any(|p| guess_cost(p.text.expose()).is_some()) {
        return (Fix::Manual, "it is a hash whose password is not known here: hash a new one with the tool that made it".to_owned());
    }
    let made = change.places.iter().find(|p| p.form == Form::Plain && has_reference(p.text.expose()));
    if let Some((document, setting)) = made.and_then(|p| setting_of(documents, p)) {
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
    let server = change.row.server
        || family.is_checked()
        || change.places.iter().any(|p| p.account.server)
        || referenced_by_a_server(documents, change);
    // in a file that nothing runs with yet a password may be made up; a token that somebody else may have to issue may not
    let made_up = fresh && (change.row.is_named() || purpose(&change.name) == Purpose::Password);
    if change.row.kind == Kind::Coordinated && !server && !made_up && !wishes.live && family.pair.is_none() {
        let why = image_default(documents, &change.places);
        return (Fix::Review, why.unwrap_or_else(|| "the server's own setting is not among these files".to_owned()));
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

/// Whether a server's setting takes its value from a variable that is among the places: `--requirepass ${REDIS_PASSWORD}`.
fn referenced_by_a_server(documents: &[Document], change: &SecretChange) -> bool {
    let names: Vec<&str> = change.places.iter().filter_map(|p| setting_of(documents, p)).map(|(_, s)| s.name()).collect();
    documents.iter().flat_map(|d| &d.settings).any(|setting| {
        // few settings refer to the name: that is asked first
        names.iter().any(|name| refers_to(setting.value.expose(), name))
            && (kind_in(setting.key.parent_name(), setting.name()).server
                || (setting.role == Role::Argument && setting.name().trim_start_matches('-') == "requirepass"))
    })
}

/// Sees to it that every variable that becomes required is provided; the reason when one cannot be.
fn provide(documents: &[Document], change: &mut SecretChange) -> Option<String> {
    let mut added = BTreeSet::new();
    for place in &change.places {
        let Form::Fallback { reference, name } = place.form else { continue };
        let (document, setting) = setting_of(documents, place)?;
        let value = setting.value.expose();
        let variable = name.of(value).to_owned();
        let home = folder(&document.path);
        // compose reads one file by itself; what else provides a variable is started with what lies near it
        let (target, near) = match document.format {
            "compose" => (env_file(documents, home), None),
            _ => (env_file_above(documents, home), Some(home)),
        };
        let beside =
            documents.iter().filter(|d| d.format == "env" && d.environment == Environment::Production && Some(folder(&d.path)) == near);
        let mut providing = target.and_then(|i| documents.get(i)).into_iter().chain(beside);
        if providing.any(|d| d.settings.iter().any(|s| s.name() == variable && s.role == Role::Live)) {
            continue;
        }
        // the default is the secret and nothing else: its variable can hold the new value
        let whole_default = reference.end == place.within.end + 1 && place.within.start <= name.end + 2;
        match target {
            Some(i) if whole_default && (!place.in_url || name_is_password(&variable)) => {
                added.insert((i, variable));
            }
            _ => return Some(format!("no env file beside {} provides {variable}", document.path)),
        }
    }
    change.added = added.into_iter().collect();
    None
}

fn name_is_password(name: &str) -> bool {
    crate::strength::name::classify(name) == crate::strength::name::NameClass::Secret
}

#[cfg(test)]
mod tests {
    use super::{KeygenError, Place, Secret, SecretChange, possible, unmade};
    use crate::formats;
    use crate::model::environment::Environment;
    use crate::model::severity::Fix;
    use crate::plan::place::places;
    use crate::rules::kinds::kind_in;

    #[test]
    fn what_cannot_be_made_ends_its_own_change_and_names_the_place() {
        let problem = KeygenError::TooLong { generator: "hex", asked: 5000, most: 1024, unit: "bytes" };
        assert_eq!(possible::<Secret>(Err(problem.clone())).unwrap().unwrap_err(), problem);
        assert_eq!(possible::<Secret>(Err(KeygenError::NoRandomness)).unwrap_err(), KeygenError::NoRandomness);
        let documents = [formats::parse("app/.env", b"A=1\nPASSWORD=changeme\n", Environment::Production)];
        let places: Vec<Place> = places(&documents).into_iter().filter(|p| p.setting == 1).collect();
        let change = SecretChange {
            name: "PASSWORD".to_owned(),
            row: kind_in("", "PASSWORD"),
            fix: Fix::Safe,
            why: String::new(),
            value: Secret::default(),
            places,
            outside: Vec::new(),
            added: Vec::new(),
            derived: Vec::new(),
            pair: None,
            former: None,
            notes: Vec::new(),
            kept: false,
            lift: None,
            tags: std::collections::BTreeSet::new(),
        };
        let why = unmade(&documents, &change, &problem);
        assert!(why.starts_with("app/.env:2: ") && why.contains("5000"), "{why}");
    }
}
