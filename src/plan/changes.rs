//! What to change, and where. How far a change may go by itself is told by `reach`.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::choose::{Need, bytes_for_algorithm, choose};
use super::derive::{Derived, Families, Family, families};
use super::edits::unwritable;
use super::former::{Former, Verdict, former};
use super::lift::lift;
use super::lifted::Lift;
use super::place::{Account, Form, Place, literal_of, places};
use super::program::Programs;
use super::reach::{Relatives, asked_by_servers, provide, reach};
use super::reads::{FailingRead, Reads, reads};
use super::renamed::Renamed;
use super::same::{Same, group, same as accounts_match};
use super::switches::{Switch, switches};
use super::wishes::Wishes;
use crate::keygen::{Entropy, KeyPair, KeygenError};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::key_path::words;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::severity::{Class, Fix, Severity};
use crate::model::shown::shown;
use crate::model::span::Span;
use crate::rules::kinds::{KindRow, kind_in, server_of};
use crate::rules::schema::Strategy;
use crate::strength::name::{Purpose, purpose};

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
    /// The account under its other name, where that changes with the password.
    pub account: Option<Renamed>,
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
    let moving: BTreeSet<_> = secrets.iter().flat_map(SecretChange::moving).map(|p| (p.document, p.setting, p.within)).collect();
    let moves = |place: &Place| moving.contains(&(place.document, place.setting, place.within));
    let left = open.iter().filter(|(i, _)| all.get(**i).is_some_and(moves)).flat_map(|(_, found)| found);
    let leaves: HashSet<*const Finding> = left.map(|finding| std::ptr::from_ref(*finding)).collect();
    let answered = answered(&secrets);
    let answers = |f: &Finding| {
        let document = by_path.get(f.file.as_str()).copied();
        let at = document.zip(document.and_then(|d| setting_at(documents.get(d)?, f)));
        at.is_some_and(|at| answered.contains(&at))
    };
    let reads = reads(documents, findings, &by_path, &secrets, wishes, entropy)?;
    let remarks = remarks.filter(|f| !leaves.contains(&std::ptr::from_ref(**f)) && !answers(f));
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
    let settled = settled(documents, all, wishes.before);
    let programs = Programs::new(documents, wishes);
    let mut secrets = Vec::new();
    let groups = group(all, indices, documents);
    let Families { each, unsigned } = families(documents, all, &groups);
    let asked = asked_by_servers(documents);
    for (same, family) in groups.iter().zip(&each) {
        let half = same.live.iter().filter_map(|i| found.get(i)).flatten().any(|f| f.class == Class::HardcodedSecret);
        let relatives = Relatives { family, unsigned: unsigned.as_deref(), half, asked: &asked };
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

/// Document and setting of what is computed from a secret that the plan replaces, or half of a pair that it speaks of.
fn answered(secrets: &[SecretChange]) -> BTreeSet<(usize, usize)> {
    let places = secrets.iter().flat_map(|s| {
        let own = s.places.iter().filter(|_| s.pair.is_some());
        s.derived.iter().map(|d| &d.place).chain(own)
    });
    places.map(|place| (place.document, place.setting)).collect()
}

impl SecretChange {
    /// Whether some place becomes a reference, for review.
    pub(super) fn lifts(&self) -> bool {
        self.lift.as_ref().is_some_and(|lift| !lift.references.is_empty())
    }

    /// The places that the secret leaves with its value.
    fn moving(&self) -> impl Iterator<Item = &Place> {
        let lift = self.lift.as_ref().filter(|_| self.kept);
        lift.into_iter().flat_map(|lift| lift.references.keys().filter_map(|i| self.places.get(*i)))
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
    // what is replaced, and what is computed from it: neither leaves with the value that it has
    let mut taken: BTreeMap<usize, Vec<Span>> = BTreeMap::new();
    for place in replaced.iter().flat_map(|s| s.places.iter().chain(s.derived.iter().map(|d| &d.place))) {
        taken.entry(place.document).or_default().extend(place.setting_in(documents).map(|(_, setting)| setting.span));
    }
    for same in group(all, &indices, documents) {
        let places: Vec<Place> = same.live.iter().filter_map(|i| all.get(*i)).cloned().collect();
        let own = |p: &Place| p.setting_in(documents).map(|(_, setting)| setting.span);
        let known = |p: &Place| taken.get(&p.document).zip(own(p)).is_some_and(|(spans, own)| spans.iter().any(|span| span.overlaps(own)));
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
            account: None,
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

/// Whether one of `places` is the setting that takes the same bytes as `setting`.
fn stands_at(documents: &[Document], places: &[Place], document: usize, setting: &Setting) -> bool {
    let own = |p: &Place| p.setting_in(documents).map(|(_, s)| s.span);
    places.iter().any(|p| p.document == document && own(p) == Some(setting.span))
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
    let read_twice = |p: &&Place| p.setting_in(documents).is_some_and(|(_, s)| stands_at(documents, &places, p.document, s));
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
        account: None,
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
    let made = change.derived.iter().filter_map(|d| d.place.setting_in(documents)).map(|(_, s)| s);
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
    let first = change.places.first().and_then(|p| p.setting_in(documents));
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
fn settled(documents: &[Document], all: &[Place], before: &[(Document, usize)]) -> Vec<Settled> {
    let mut out = Vec::new();
    for (plain, twin) in before {
        let Some(in_twin) = documents.get(*twin).and_then(|document| lined_up(plain, document)) else { continue };
        for old in places(std::slice::from_ref(plain)) {
            let Some(setting) = in_twin.get(old.setting) else { continue };
            let now = all.iter().find(|p| (p.document, p.setting, p.in_url) == (*twin, *setting, old.in_url));
            if let Some(now) = now.filter(|now| !now.text.same_as(&old.text)) {
                out.push(Settled { account: old.account, old: old.text, new: now.text.clone() });
            }
        }
    }
    out
}

/// Where the settings of a plain file stand in its twin, which may have more: those that were added beside a key. `None` where one is missing
/// there, or the order is another.
#[must_use]
pub fn lined_up(plain: &Document, twin: &Document) -> Option<Vec<usize>> {
    let mut left = twin.settings.iter().enumerate();
    plain.settings.iter().map(|old| left.find(|(_, now)| now.key == old.key && now.part == old.part).map(|(index, _)| index)).collect()
}

fn purpose_of(change: &SecretChange, in_url: bool) -> Purpose {
    if in_url { Purpose::Password } else { purpose(&change.name) }
}

/// The name that the plan goes by: of a server's setting, else of any named place, else of the variable in a reference, else of the first.
pub(super) fn best_name(documents: &[Document], places: &[Place]) -> String {
    let name = |p: &Place| p.setting_in(documents).map(|(_, s)| shown(s.name()).into_owned()).unwrap_or_default();
    let server = places.iter().find(|p| p.account.server && !name(p).starts_with('-'));
    let named = places.iter().find(|p| !p.in_url && !p.account.names.is_empty());
    server.or(named).or(places.first()).map(name).unwrap_or_default()
}

/// The row that forbids most, over all names of the secret; the one of the name that the plan goes by where none forbids more.
pub(super) fn strictest(documents: &[Document], programs: &Programs<'_>, places: &[Place], name: &str) -> &'static KindRow {
    let rows = |called: bool| {
        let settings = places.iter().filter(|p| !p.in_url).filter_map(move |p| Some((p.document, p.setting_in(documents)?.1)));
        settings.filter(move |(_, s)| (shown(s.name()) == name) == called).map(|(document, s)| programs.row(document, s))
    };
    let own = rows(true).next().unwrap_or_else(|| kind_in("", name));
    rows(true).chain(rows(false)).fold(own, |worst, row| if row.strictness() > worst.strictness() { row } else { worst })
}

fn tags(documents: &[Document], places: &[Place], same: &Same, wanted: &BTreeMap<usize, Vec<&Finding>>) -> BTreeSet<String> {
    let found = same.live.iter().filter_map(|i| wanted.get(i)).flatten();
    let mut tags: BTreeSet<String> = found.flat_map(|f| [f.rule.clone(), f.class.word().to_owned(), f.key.clone()]).collect();
    for (_, setting) in places.iter().filter_map(|p| p.setting_in(documents)) {
        tags.insert(setting.name().to_owned());
        tags.insert(setting.name().to_lowercase());
        tags.insert(setting.key.to_string());
    }
    tags
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
            account: None,
            tags: std::collections::BTreeSet::new(),
        };
        let why = unmade(&documents, &change, &problem);
        assert!(why.starts_with("app/.env:2: ") && why.contains("5000"), "{why}");
    }
}
