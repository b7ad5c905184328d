//! Where bytes come from, and the loop over them.

pub mod accepted;
mod added;
pub mod age;
pub mod baseline;
mod clean;
pub mod copies;
mod engine;
mod error;
mod facts;
mod history;
mod hunt;
mod known;
mod looked;
mod project;
mod retired;
pub mod selftest;
pub mod sieves;
mod source;
mod staged;
mod track;
mod verdict;

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::OnceLock;

use baseline::Baseline;
use clean::Clean;
use engine::Engine;
use facts::Surroundings;
use looked::Looked;
use project::Project;
use source::{Blob, Source, WorkTree};
use verdict::Files;

use crate::config::Loaded;
use crate::config::environment::{self, Facts};
use crate::detect::{Circumstances, CompileError, Detectors, Sort, across, warnings};
use crate::disk::cache::Cache;
use crate::disk::read::{Spare, read_stream};
use crate::disk::walk::{Candidate, Exclude, Found, Options, Problem, walk};
use crate::git::Tree;
use crate::model::date::Date;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::severity::{Profile, Severity};
use crate::report::area::Area;
use crate::report::fingerprint::{self, fingerprint};
use crate::report::grade::{GradeFacts, Subject, area_of, grade};
use crate::report::{Entry, Notice, Report, RuleCard, Scope, Totals};
use crate::rules::load::RuleSet;

pub use engine::OpenTwin;
pub use error::ScanError;
pub use history::{Wanted, history};
pub use retired::Retired;
pub use source::LIMIT;
pub use staged::{ask_staged, staged};
pub use verdict::Judged;

/// What to look at, and how.
pub struct Request<'a> {
    /// Files and folders.
    pub paths: &'a [PathBuf],
    /// Look at what git ignores, too.
    pub no_ignore: bool,
    /// With whose eyes.
    pub profile: Profile,
    /// Findings from here on decide the exit code; `None`: none does.
    pub fail_on: Option<Severity>,
    /// harden.toml, unless it is to be ignored.
    pub config: Option<&'a Loaded>,
    /// The rules in force.
    pub rules: &'a RuleSet,
    /// Whether comments in files may take findings out.
    pub honour: bool,
    /// Which documents are wanted afterwards (a plan is made of them).
    pub keep: Keep,
    /// Findings that are accepted.
    pub baseline: Option<&'a Baseline>,
    /// How to open sealed twins: `NAME.age` is then looked at in place of NAME.
    pub twins: Option<&'a OpenTwin<'a>>,
    /// Only what the files of this commit do not have already.
    pub new_only: Option<&'a str>,
    /// Knows values again that were replaced once.
    pub retired: Option<&'a Retired<'a>>,
    /// Comments take findings out only where this commit has them, too.
    pub spoken: Option<&'a Tree>,
    /// Where contents that were found clean are remembered; `None`: everything is looked at.
    pub cache: Option<&'a Cache>,
}

/// Files from which on it pays to make sieves, and to remember what was clean.
const MANY: usize = 200;

/// Which documents outlive a scan of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// None.
    Nothing,
    /// Those with findings of their own.
    Found,
    /// All.
    All,
}

/// What came of it.
pub struct Scan {
    /// For renderers.
    pub report: Report,
    /// The documents, by path; empty unless asked for.
    pub documents: Vec<Kept>,
    /// What could not be looked at.
    pub problems: Vec<Problem>,
    /// Sealed files that were passed by.
    pub sealed: Vec<PathBuf>,
    /// What the baseline said; empty without one.
    pub accepted: Judged,
}

/// A document that was kept for a plan.
#[derive(Debug)]
pub struct Kept {
    /// The document.
    pub document: Document,
    /// Its file; empty for standard input.
    pub path: PathBuf,
    /// Whether it is the content of the sealed twin of that file.
    pub twin: bool,
}

/// Looks at files and folders.
///
/// # Errors
/// [`ScanError`] when a rule means nothing to any detector, or there is no commit to compare with; nothing was looked at then.
pub fn scan(request: &Request<'_>) -> Result<Scan, ScanError> {
    let known = request.new_only.map(|name| known::load(request.paths, name)).transpose()?;
    let detectors = detectors(request)?;
    let exclude = request.config.map(|c| Exclude { base: c.root.clone(), globs: c.config.exclude.set().clone() });
    let mut found = walk(request.paths, &Options { no_ignore: request.no_ignore, exclude });
    if request.twins.is_some() {
        add_sealed_only(&mut found);
    }
    let around = Surroundings::new(request.paths, &found.files, request.config);
    let mut engine = engine(request, &detectors, &WorkTree, known.as_ref());
    let mut unopened = Vec::new();
    for file in request.twins.iter().flat_map(|_| &found.files) {
        match request.twins.map_or(Ok(None), |open| open(&file.path)) {
            Ok(bytes) => engine.twins.extend(bytes.map(|b| (file.path.clone(), b))),
            Err(reason) => unopened.push(Problem { display: String::new(), reason }),
        }
    }
    // a value that was replaced may stand where no rule looks
    if found.files.len() > MANY && request.retired.is_none() {
        engine.many = true;
        let kind = if request.no_ignore { "all files" } else { "files" };
        // what is left out because it is known is there all the same
        let all_told = request.keep != Keep::All && request.new_only.is_none();
        engine.clean = request.cache.filter(|_| all_told).and_then(|cache| Clean::load(cache, request, kind, false));
    }
    let mut looked = engine.run(&found.files, &around);
    if let Some(clean) = engine.clean.take() {
        clean.save();
    }
    let links = looked.iter_mut().map(|l| std::mem::take(&mut l.links)).collect();
    engine.second_pass(&found.files, &around, &Project::new(request.rules.rules(), links), &mut looked);
    drop(engine);
    let kept = found.files.iter().zip(&mut looked).filter_map(|(file, looked)| {
        let twin = looked.twin;
        looked.document.take().map(|document| Kept { document, path: file.path.clone(), twin })
    });
    let documents = kept.collect();
    let scope = if request.new_only.is_some() { Scope::Changes } else { Scope::Files };
    let mut scan = gather(request, &detectors, looked, scope);
    scan.documents = documents;
    scan.report.totals.skipped_special += found.special;
    scan.report.totals.unreadable += found.problems.len();
    scan.problems.extend(unopened);
    scan.problems.extend(found.problems);
    scan.sealed = found.sealed.into_iter().map(|c| c.path).collect();
    Ok(scan)
}

/// Looks at standard input, read from `input` under `name`, which decides format and environment.
///
/// # Errors
/// What `input` says; [`CompileError`] as an [`io::Error`] of its own words.
pub fn scan_stream(request: &Request<'_>, name: &str, input: &mut dyn Read) -> io::Result<Scan> {
    let detectors = detectors(request).map_err(io::Error::other)?;
    let mut looked = Looked::default();
    match read_stream(input, LIMIT)? {
        Ok(content) => {
            let environment = environment::of(name, &Facts::default());
            let blob = Blob { name: name.to_owned(), content };
            looked = engine(request, &detectors, &WorkTree, None).blob(
                blob,
                environment,
                Circumstances::default(),
                None,
                looked,
                &mut Spare::default(),
            );
        }
        Err(skip) => looked.skip(skip),
    }
    Ok(gather(request, &detectors, vec![looked], Scope::Files))
}

/// Sealed files whose plain one is gone are looked at under its name.
fn add_sealed_only(found: &mut Found) {
    for sealed in &found.sealed {
        let (Some(display), Some(path)) = (sealed.display.strip_suffix(".age"), sealed.path.to_str().and_then(|p| p.strip_suffix(".age")))
        else {
            continue;
        };
        let candidate = Candidate { display: display.to_owned(), path: PathBuf::from(path) };
        if !found.files.iter().any(|f| f.path == candidate.path) {
            found.files.push(candidate);
        }
    }
    found.files.sort();
}

/// Looks at bytes as the file `name` of a deployment: for a file that is about to be made.
///
/// # Errors
/// [`CompileError`] when a rule means nothing to any detector.
pub fn examine(
    request: &Request<'_>,
    name: &str,
    bytes: &[u8],
    environment: Environment,
) -> Result<(Document, Vec<Finding>), CompileError> {
    let document = crate::formats::parse(name, bytes, environment);
    let findings = detectors(request)?.run(&document, Circumstances::default()).findings;
    Ok((document, findings))
}

fn detectors(request: &Request<'_>) -> Result<Detectors, CompileError> {
    let network = request.config.map(|c| c.config.network.clone()).unwrap_or_default();
    Detectors::compile(request.rules.rules(), request.profile, &network)
}

fn engine<'a>(request: &'a Request<'_>, detectors: &'a Detectors, source: &'a dyn Source, known: Option<&'a Tree>) -> Engine<'a> {
    let root = request.config.map(|c| c.root.as_path()).or(request.baseline.map(|b| b.root.as_path()));
    Engine {
        detectors,
        config: request.config,
        root,
        keep: request.keep,
        honour: request.honour,
        spoken: request.spoken,
        retired: request.retired.map(|retired| (request.rules.rules(), retired)),
        today: Date::today(),
        twins: HashMap::new(),
        source,
        known,
        hasher: None,
        many: false,
        sieves: OnceLock::new(),
        clean: None,
    }
}

/// Whether everything below the root of the baseline is looked at.
fn covers_all(request: &Request<'_>) -> bool {
    let root = request.baseline.map(|b| b.root.as_path());
    root.is_some_and(|root| request.paths.iter().filter_map(|path| path.canonicalize().ok()).any(|path| root.starts_with(path)))
}

fn gather(request: &Request<'_>, detectors: &Detectors, looked: Vec<Looked>, scope: Scope) -> Scan {
    let mut files = Files::default();
    let mut totals = Totals::default();
    let (mut entries, mut notices, mut subjects) = (Vec::new(), Vec::new(), Vec::new());
    let (mut problems, mut allowed, mut waived) = (Vec::new(), BTreeSet::new(), 0);
    for one in looked {
        files.add(&one);
        totals += one.totals;
        entries.extend(one.entries);
        notices.extend(one.notices);
        let file = one.name;
        let told = warnings(&one.marks, |id| looks(request, id));
        notices.extend(told.into_iter().map(|(line, message)| Notice { file: file.clone(), line, message }));
        allowed.extend(one.allowed);
        waived += one.waived;
        problems.extend(one.problem.map(|reason| Problem { display: String::new(), reason }));
        subjects.extend(one.seen.iter().map(|seen| {
            let area = match seen.what {
                Sort::Secret => Area::Secrets,
                Sort::Key => Area::Keys,
                Sort::Connection => Area::Transport,
                Sort::Setting(i) => detectors.rule(i).map_or(Area::App, |rule| area_of(rule.class, &rule.topic)),
            };
            Subject { id: seen.id, area, environment: seen.environment }
        }));
    }
    // a part of the files says nothing of an entry that speaks for another
    if let Some(loaded) = request.config.filter(|_| scope == Scope::Files) {
        let file = loaded.path.display().to_string();
        for (_, allow) in loaded.config.allow.iter().enumerate().filter(|(i, _)| !allowed.contains(i)) {
            if looks(request, &allow.rule) == Some(false) {
                continue;
            }
            let why = if allow.expired(Date::today()) {
                "has passed its date and no longer counts"
            } else {
                "matches nothing that was found here"
            };
            let message = format!("[[allow]] of `{}` {why}", allow.rule);
            notices.push(Notice { file: file.clone(), line: allow.line, message });
        }
    }
    add_project_findings(request.rules, &mut entries);
    let extent = (scope, covers_all(request));
    let accepted = files.judge(request.baseline, extent, |id| looks(request, id), &mut entries, &mut notices);
    totals.suppressed_baseline = accepted.taken;
    waived += accepted.waived;
    let findings: Vec<&Finding> = entries.iter().map(|e: &Entry| &e.finding).collect();
    let facts = GradeFacts { unparsed_files: totals.faulty, waived };
    let grade = grade(&subjects, &findings, facts);
    let ids: BTreeSet<&str> = findings.iter().map(|f| f.rule.as_str()).collect();
    let rules = ids.iter().filter_map(|id| request.rules.get(id)).map(card).collect();
    let report = Report { entries, totals, grade, notices, rules, fail_on: request.fail_on, quiet: false, scope };
    Scan { report, documents: Vec::new(), problems, sealed: Vec::new(), accepted }
}

/// Whether the rule `id` looked; `None` where there is none. What looks across files does not match in a part of them.
fn looks(request: &Request<'_>, id: &str) -> Option<bool> {
    let (rule, _) = request.rules.get(id)?;
    Some((request.profile == Profile::Strict || !rule.strict) && !rule.predicate.reads("project."))
}

/// Adds what shows across files, each behind the finding that it is about.
fn add_project_findings(rules: &RuleSet, entries: &mut Vec<Entry>) {
    let findings: Vec<&Finding> = entries.iter().map(|e| &e.finding).collect();
    for (i, mut finding) in across(rules.rules(), &findings).into_iter().rev() {
        let Some(about) = entries.get(i) else { continue };
        // one place, another rule: its name is made of the name of the place
        finding.fingerprint = fingerprint(&finding.rule, &about.finding.fingerprint, &finding.key, 0);
        finding.place = fingerprint::place(&finding.rule, &format!("{}\n{}", about.finding.place, finding.key), 0);
        let excerpt = about.excerpt.clone();
        entries.insert(i + 1, Entry::new(finding, excerpt));
    }
}

fn card((rule, prose): (&crate::rules::schema::Rule, &crate::rules::schema::Prose)) -> RuleCard {
    let text = |t: &crate::rules::schema::Text| t.to_string();
    RuleCard {
        id: text(&rule.id),
        title: text(&rule.title),
        why: text(&prose.why),
        references: prose.references.iter().map(text).collect(),
        cwe: prose.cwe.to_vec(),
        controls: prose.controls.iter().map(|(name, ids)| (text(name), ids.iter().map(text).collect())).collect(),
    }
}
