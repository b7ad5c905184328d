//! Every secret of a project with its age and whether it is due: for `harden status`, and for `harden rotate --due`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use harden::config::Policy;
use harden::disk::lock::FOLDER;
use harden::disk::signed;
use harden::keys;
use harden::model::date;
use harden::model::document::Document;
use harden::model::environment::Environment;
use harden::model::finding::Finding;
use harden::model::severity::{Class, Severity};
use harden::model::shown::shown;
use harden::plan::{Held, Wishes, held};
use harden::report::inventory::{self, Inventory, Source, Stands};
use harden::rotate::stage::Side;
use harden::rotate::state::{JOURNAL, Journal};
use harden::scan::age::{Standing, since};
use harden::strength::encoding::measure;

use super::fix_work::Work;
use super::retired::InUse;

const DAY: u64 = 86_400;

/// Classes whose findings stand on a secret.
pub(crate) const SECRET_CLASSES: [Class; 5] =
    [Class::DevSecret, Class::WeakKey, Class::HardcodedSecret, Class::ReusedSecret, Class::LeakedCopy];

/// The settings with a finding that stands on a secret and that `wanted` wants: index of the document, index of the setting; sorted.
pub(crate) fn seeds(documents: &[Document], findings: &[Finding], wanted: impl Fn(&Finding) -> bool) -> Vec<(usize, usize)> {
    let live = |f: &Finding| f.environment == Environment::Production && wanted(f);
    let mut out: Vec<(usize, usize)> = on_secrets(documents, findings).filter(|(_, f)| live(f)).map(|(at, _)| at).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// The findings that stand on a secret, each with its setting.
fn on_secrets<'f>(documents: &[Document], findings: &'f [Finding]) -> impl Iterator<Item = ((usize, usize), &'f Finding)> {
    let by_path: HashMap<&str, usize> = documents.iter().enumerate().map(|(i, d)| (d.path.as_str(), i)).collect();
    let at = |f: &Finding| Some((*by_path.get(f.file.as_str())?, f.setting?));
    let found: Vec<_> = findings.iter().filter(|f| SECRET_CLASSES.contains(&f.class)).filter_map(|f| Some((at(f)?, f))).collect();
    found.into_iter()
}

/// All secrets, each with what is told of it.
fn looked_at(work: &Work, findings: &[Finding], policy: &Policy, root: &Path, wishes: &Wishes<'_>) -> Vec<(Held, inventory::Held)> {
    let all = held(&work.documents, &seeds(&work.documents, findings, |_| true), wishes);
    let in_use = InUse::of(root);
    let ages = ages(work, &all, root, &in_use);
    let now = date::now();
    let verified = |one: &Held| Some(now.saturating_sub(in_use.verified(one.value()?)?) / DAY);
    let mut worst: BTreeMap<(usize, usize), (Class, Severity)> = BTreeMap::new();
    for (at, finding) in on_secrets(&work.documents, findings) {
        let own = worst.entry(at).or_insert((finding.class, finding.severity));
        if finding.severity > own.1 {
            *own = (finding.class, finding.severity);
        }
    }
    let told: Vec<inventory::Held> = all
        .iter()
        .zip(ages)
        .map(|(one, age)| inventory::Held { verified: verified(one), ..told(one, age, &work.documents, &worst, policy) })
        .collect();
    all.into_iter().zip(told).collect()
}

/// The settings of all secrets that are due: index of the document, index of the setting; sorted.
pub(crate) fn due(work: &Work, findings: &[Finding], policy: &Policy, root: &Path, wishes: &Wishes<'_>) -> Vec<(usize, usize)> {
    let all = looked_at(work, findings, policy, root, wishes);
    let due = all.iter().filter(|(_, told)| told.due_in() == Some(0)).flat_map(|(one, _)| &one.places);
    let mut out: Vec<(usize, usize)> = due.map(|place| (place.document, place.setting)).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// All secrets, without the grade.
pub(crate) fn inventory(work: &Work, findings: &[Finding], policy: &Policy, root: &Path, wishes: &Wishes<'_>) -> Inventory {
    let mut secrets: Vec<inventory::Held> = looked_at(work, findings, policy, root, wishes).into_iter().map(|(_, told)| told).collect();
    secrets.sort_by(|a, b| {
        (&a.name, a.places.first().map(|p| (&p.file, p.line))).cmp(&(&b.name, b.places.first().map(|p| (&p.file, p.line))))
    });
    let mut counted: BTreeMap<(Severity, &str), (Class, usize)> = BTreeMap::new();
    for finding in findings.iter().filter(|f| f.environment == Environment::Production) {
        counted.entry((finding.severity, finding.class.word())).or_insert((finding.class, 0)).1 += 1;
    }
    Inventory {
        secrets,
        letter: "",
        readiness: 0,
        findings: counted.into_iter().rev().map(|((severity, _), (class, n))| (class, severity, n)).collect(),
        certificates: certificates(&work.documents),
        last: last(root),
    }
}

fn told(
    one: &Held,
    age: Option<(u64, Source)>,
    documents: &[Document],
    worst: &BTreeMap<(usize, usize), (Class, Severity)>,
    policy: &Policy,
) -> inventory::Held {
    let worst = one.places.iter().filter_map(|p| worst.get(&(p.document, p.setting))).max_by_key(|(_, severity)| *severity).copied();
    let bits = one.value().map_or(0, |value| measure(value.expose()).bits);
    let max_age = policy.max_age(&one.name, one.row.kind.word());
    let bad = worst.filter(|(class, severity)| *class != Class::HardcodedSecret && *severity >= Severity::Medium);
    let due = if let Some((class, _)) = bad {
        class.word().to_owned()
    } else if let Some(least) = policy.least_bits.filter(|least| bits < *least) {
        format!("fewer than {least} bits")
    } else if let Some((age, most)) = age.map(|(days, _)| days).zip(max_age).filter(|(age, most)| age >= most) {
        format!("{age} days old, {most} are allowed")
    } else {
        String::new()
    };
    let stands = one.places.iter().filter_map(|place| {
        let (document, setting) = place.setting_in(documents)?;
        let key = shown(&setting.key.to_string()).into_owned();
        Some(Stands { file: document.path.clone(), line: document.lines.line(setting.span.start), key })
    });
    inventory::Held {
        name: one.name.clone(),
        kind: one.row.kind.word(),
        worst,
        bits,
        age,
        verified: None,
        max_age,
        due,
        by_hand: one.row.kind.is_by_hand(),
        places: stands.collect(),
    }
}

/// The age of each secret in days: since the ledger has it, else since git has it.
fn ages(work: &Work, all: &[Held], root: &Path, in_use: &InUse) -> Vec<Option<(u64, Source)>> {
    let now = date::now();
    let recorded =
        |one: &Held| one.value().and_then(|value| in_use.since(value)).map(|time| (now.saturating_sub(time) / DAY, Source::Ledger));
    let ages = ages_in_git(work, all, root).into_iter();
    all.iter().zip(ages).map(|(one, git)| recorded(one).or(git.map(|days| (days, Source::Git)))).collect()
}

/// By the commits: of its oldest place, since a value that one file got yesterday may have been in another for years.
fn ages_in_git(work: &Work, all: &[Held], root: &Path) -> Vec<Option<u64>> {
    let mut standing = Vec::new();
    let mut whose = Vec::new();
    for (index, one) in all.iter().enumerate() {
        for place in &one.places {
            let (Some(path), Some(value)) = (work.files.get(place.document), one.value()) else { continue };
            standing.push(Standing { path, value });
            whose.push(index);
        }
    }
    let mut out: Vec<Option<u64>> = vec![None; all.len()];
    // without a repository no age is known
    let Ok(times) = since(root, &standing) else { return out };
    let now = date::now();
    for (index, time) in whose.into_iter().zip(times) {
        let Some(slot) = out.get_mut(index) else { continue };
        let days = time.map(|time| now.saturating_sub(time) / DAY);
        *slot = match (*slot, days) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }
    out
}

/// Certificates in the files, and in how many days they expire.
fn certificates(documents: &[Document]) -> Vec<(String, i64)> {
    let now = i64::try_from(date::now()).unwrap_or(0);
    let live = documents.iter().filter(|d| d.environment == Environment::Production);
    let mut out: Vec<(String, i64)> = Vec::new();
    for document in live {
        let blocks = keys::find(&document.text);
        let read = blocks.iter().filter_map(|block| keys::read("", block.whole.of(&document.text))?.certificate);
        let ends = read.map(|certificate| certificate.not_after).min();
        out.extend(ends.map(|end| (document.path.clone(), (end - now).div_euclid(86_400))));
    }
    out
}

/// When the last rotation began, and how it stands.
fn last(root: &Path) -> Option<(u64, &'static str)> {
    let path = root.join(FOLDER).join("state").join(JOURNAL);
    let journal = Journal::decode(&signed::read(&path).ok()??)?;
    let how = match (journal.is_over(), journal.to) {
        (true, Side::New) => "done",
        (true, Side::Old) => "taken back",
        (false, _) => "stands",
    };
    Some((journal.began, how))
}
