//! Blobs to documents to findings: in parallel, the result in a fixed order.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use super::Keep;
use super::clean::{Clean, Key, Of, Way};
use super::facts::Surroundings;
use super::known;
use super::looked::Looked;
use super::project::{self, Project, Second};
use super::retired::{Retired, returned};
use super::sieves::sieves;
use super::source::{Blob, Source, touches};
use crate::config::{Loaded, stage};
use crate::detect::{Circumstances, Detectors, Kept, Links, Mark, holds_token, marks, speaks, suppress};
use crate::disk::read::{Content, Spare, give_back};
use crate::disk::walk::Candidate;
use crate::formats::{self, Glance, Sieves};
use crate::git::Tree;
use crate::model::date::Date;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::secret::MASK;
use crate::model::setting::{Role, Setting};
use crate::report::excerpt::Excerpts;
use crate::report::fingerprint::{self, fingerprint};
use crate::report::{Entry, Notice, Totals};
use crate::rules::schema::Rule;
use zeroize::Zeroizing;

/// How to look.
pub(super) struct Engine<'a> {
    pub(super) detectors: &'a Detectors,
    pub(super) config: Option<&'a Loaded>,
    /// The folder that the names of places are relative to: that of harden.toml, else that of the baseline.
    pub(super) root: Option<&'a Path>,
    pub(super) keep: Keep,
    /// Whether comments in files and harden.toml may take findings out.
    pub(super) honour: bool,
    /// Where this commit is not to have them, comments do not count.
    pub(super) spoken: Option<&'a Tree>,
    /// Knows values again that were replaced once, and the rules that may say so.
    pub(super) retired: Option<(&'a [Rule], &'a Retired<'a>)>,
    pub(super) today: Date,
    /// What stands in the sealed twins of some files: it is looked at in their place.
    pub(super) twins: HashMap<PathBuf, Zeroizing<Vec<u8>>>,
    /// Where the bytes come from.
    pub(super) source: &'a dyn Source,
    /// What is known already and not told again.
    pub(super) known: Option<&'a Tree>,
    /// Tells values apart without keeping them.
    pub(super) hasher: Option<RandomState>,
    /// Whether there are so many files that it pays to hold back programs and documents in which nothing matters.
    pub(super) many: bool,
    /// What holds them back, made for the first of them; `None` where any may matter.
    pub(super) sieves: OnceLock<Option<Sieves>>,
    /// What earlier scans found clean.
    pub(super) clean: Option<Clean>,
}

/// Gives the content of `PATH.age` for a path; `None` where there is no such file, the reason where it cannot be opened.
pub type OpenTwin<'a> = dyn Fn(&Path) -> Result<Option<Zeroizing<Vec<u8>>>, String> + 'a;

impl Engine<'_> {
    /// Looks at all `files`; the results are in their order.
    pub(super) fn run(&self, files: &[Candidate], around: &Surroundings<'_>) -> Vec<Looked> {
        in_parallel(files, self.source.worth(), |_, file, spare| self.file(file, around, spare))
    }

    /// Looks at all `files` a second time, for what `project` is after, and adds what shows across them to `looked`, which is in their order.
    pub(super) fn second_pass(&self, files: &[Candidate], around: &Surroundings<'_>, project: &Project<'_>, looked: &mut [Looked]) {
        let second = if project.looks_for_anything() {
            in_parallel(files, self.source.worth(), |i, file, spare| {
                let Some(content) = self.again(file, spare) else { return Second::default() };
                let second = project.look(i, &content.bytes, around.environment(file, &around.below(file)).environment);
                give_back(spare, content.bytes);
                second
            })
        } else {
            Vec::new()
        };
        let provided = |i: usize, path: &str| files.get(i).is_none_or(|file| around.provides(file, path));
        let mut more: HashMap<usize, Vec<Finding>> = HashMap::new();
        for (i, finding) in project.findings(&second, &provided) {
            more.entry(i).or_default().push(finding);
        }
        for (i, (file, looked)) in files.iter().zip(looked).enumerate() {
            let mut findings = more.remove(&i).unwrap_or_default();
            let second = second.get(i).filter(|s| s.found_any());
            if findings.is_empty() && second.is_none() {
                continue;
            }
            let Some(content) = self.again(file, &mut Spare::default()) else { continue };
            let environment = around.environment(file, &around.below(file)).environment;
            let mut document =
                self.parsed(&file.display, formats::decoded(content.bytes), environment, (around.circumstances(file), Some(file)));
            findings.iter_mut().for_each(|finding| project::complete(&document, finding));
            if let Some(second) = second {
                findings.extend(project.copies(i, &document, second, around.circumstances(file).kept == Kept::Private));
                // a copy among others on its line: none of them may show
                document.settings.extend(second.as_settings(&document.text));
            }
            self.add(file, &document, findings, looked);
        }
    }

    /// Adds `findings` of `document` that no comment and no entry of harden.toml speaks for.
    fn add(&self, file: &Candidate, document: &Document, mut findings: Vec<Finding>, looked: &mut Looked) {
        let excerpts = Excerpts::new(document);
        let within = self.within(file);
        name_places((document, &excerpts), within.as_deref().unwrap_or(&document.path), &mut findings);
        self.suppress(document, within.as_deref(), &mut findings, looked);
        self.keep_new(Some(file), document, &mut findings);
        looked.entries.extend(findings.into_iter().map(|finding| entry(finding, &excerpts)));
        looked.entries.sort_by_key(|entry| entry.finding.span);
    }

    /// The content of a file once more.
    fn again(&self, file: &Candidate, spare: &mut Spare) -> Option<Content> {
        if let Some(bytes) = self.twins.get(&file.path) {
            return Some(Content { bytes: bytes.clone(), utf16: false, state: None });
        }
        self.source.read(file, spare).ok()?.ok()
    }

    /// Keeps of `findings` what is not known already: on lines that are not added, or in what they are compared with.
    fn keep_new(&self, file: Option<&Candidate>, document: &Document, findings: &mut Vec<Finding>) {
        let Some(file) = file.filter(|_| !findings.is_empty()) else { return };
        if let Some(added) = self.source.added(file, document.text.as_bytes()) {
            findings.retain(|finding| touches(document, finding, &added));
        }
        if let Some(before) = self.known.filter(|_| !findings.is_empty()).and_then(|tree| known::before(tree, file)) {
            let before = formats::parse(&document.path, &before.bytes, document.environment);
            self.drop_known(file, document, &before, findings);
        }
    }

    /// Removes from `findings` of `document` what `before`, an older version of it, has with the same value at the same place. What shows only
    /// across files is known where its text stands in that version.
    fn drop_known(&self, file: &Candidate, document: &Document, before: &Document, findings: &mut Vec<Finding>) {
        let mut old = self.detectors.run(before, Circumstances::default()).findings;
        name_places((before, &Excerpts::new(before)), self.within(file).as_deref().unwrap_or(&before.path), &mut old);
        let known: HashSet<(&str, &str)> = old.iter().map(|f| (f.fingerprint.as_str(), f.span.of(&before.text))).collect();
        let across = |finding: &Finding| !finding.related.is_empty() || (finding.setting.is_none() && !finding.key.is_empty());
        findings.retain(|finding| {
            let value = finding.span.of(&document.text);
            let same = known.contains(&(finding.fingerprint.as_str(), value));
            !(same || (across(finding) && !value.is_empty() && before.text.contains(value)))
        });
    }

    fn file(&self, file: &Candidate, around: &Surroundings<'_>, spare: &mut Spare) -> Looked {
        let mut looked = Looked::default();
        let verdict = around.environment(file, &around.below(file));
        let circumstances = around.circumstances(file);
        if let Some(bytes) = self.twins.get(&file.path) {
            looked.twin = true;
            let blob = Blob { name: file.display.clone(), content: Content { bytes: bytes.clone(), utf16: false, state: None } };
            return self.blob(blob, verdict.environment, circumstances, Some(file), looked, spare).complete();
        }
        let clean = self.clean.as_ref();
        let way = self.way(file, verdict.environment, circumstances);
        let found = clean.and_then(|_| self.source.state(file));
        let state = clean.zip(found).and_then(|(clean, found)| clean.state(&way, &found));
        if let Some(known) = clean.zip(state).and_then(|(clean, state)| clean.recall_state(state)) {
            return self.recalled(file, known);
        }
        match self.source.read(file, spare) {
            Ok(Ok(content)) => {
                if file.path.file_name().is_some_and(|n| n == ".env") && verdict.environment == Environment::Development && !way.settled {
                    let message = format!("taken for development, because {}; [[environment]] in harden.toml settles it", verdict.because);
                    looked.notices.push(Notice { file: file.display.clone(), line: 0, message });
                }
                // another file may have taken its place
                let state = state.filter(|_| content.state == found);
                let key = clean.map(|clean| clean.key(&way, &Of::Content(&content)));
                if let Some(known) = clean.zip(key).and_then(|(clean, key)| clean.recall(key, state)) {
                    give_back(spare, content.bytes);
                    return self.recalled(file, known);
                }
                let blob = Blob { name: file.display.clone(), content };
                let looked = self.blob(blob, verdict.environment, circumstances, Some(file), looked, spare).complete();
                self.learn(key, state, looked)
            }
            Ok(Err(skip)) => {
                looked.skip(skip);
                looked
            }
            Err(error) => {
                looked.totals.unreadable += 1;
                looked.problem = Some(error);
                looked
            }
        }
    }

    /// How the content of `file` is read.
    pub(super) fn way<'f>(&self, file: &'f Candidate, environment: Environment, circumstances: Circumstances) -> Way<'f> {
        Way { name: &file.display, environment, circumstances, settled: self.is_settled(file) }
    }

    /// `looked`, which is remembered if it is nothing.
    pub(super) fn learn(&self, key: Option<Key>, state: Option<Key>, looked: Looked) -> Looked {
        if let Some((clean, key)) = self.clean.as_ref().zip(key).filter(|_| looked.gave_nothing()) {
            clean.learn(key, state, &looked.totals);
        }
        looked
    }

    /// What a look at `file` would have given, which gave nothing but `totals` the last time.
    pub(super) fn recalled(&self, file: &Candidate, totals: Totals) -> Looked {
        Looked { totals, name: file.display.clone(), places: self.places(file), ..Looked::default() }.complete()
    }

    /// The names of `file`, where it lies in the project's folder.
    fn places(&self, file: &Candidate) -> BTreeSet<(String, String)> {
        self.within(file).map(|within| (file.display.clone(), within)).into_iter().collect()
    }

    /// The path of a file below the project's folder.
    pub(super) fn within(&self, file: &Candidate) -> Option<String> {
        self.root.and_then(|root| file.path.strip_prefix(root).ok()).map(|p| p.to_string_lossy().into_owned())
    }

    /// The document `name`, with what its parts say of their deployment, unless harden.toml says it of the whole.
    fn parsed(
        &self,
        name: &str,
        (text, lossy): (Zeroizing<String>, bool),
        environment: Environment,
        of: (Circumstances, Option<&Candidate>),
    ) -> Document {
        let mut document = formats::parse_text(name, text, lossy, environment);
        let (circumstances, file) = of;
        if !file.is_some_and(|file| self.is_settled(file)) {
            stage::settle(&mut document, circumstances.defaults);
        }
        document
    }

    /// Whether harden.toml says which deployment `file` speaks for.
    fn is_settled(&self, file: &Candidate) -> bool {
        self.within(file).and_then(|path| self.config.and_then(|c| c.config.environment(&path))).is_some()
    }

    /// Looks at one blob; `file` is where it lies, if it does.
    pub(super) fn blob(
        &self,
        blob: Blob,
        environment: Environment,
        circumstances: Circumstances,
        file: Option<&Candidate>,
        mut looked: Looked,
        spare: &mut Spare,
    ) -> Looked {
        looked.totals.files += 1;
        looked.totals.bytes += blob.content.bytes.len() as u64;
        looked.name.clone_from(&blob.name);
        looked.places = file.map(|file| self.places(file)).unwrap_or_default();
        let (text, lossy) = formats::decoded(blob.content.bytes);
        let text = match self.glance(&blob.name, text, lossy || blob.content.utf16, environment, circumstances) {
            Ok((format, memory)) => {
                give_back(spare, memory);
                looked.count(format);
                return looked;
            }
            Err(text) => text,
        };
        let mut document = self.parsed(&blob.name, (text, lossy), environment, (circumstances, file));
        document.lossy |= blob.content.utf16;
        let outcome = self.detectors.run(&document, circumstances);
        looked.seen = outcome.seen;
        looked.dated = outcome.dated;
        looked.links = Links::of(&document, &outcome.findings);
        if looked.links.more {
            let message = "more strong secrets than are looked for elsewhere; no copies of the last ones were looked for".to_owned();
            looked.notices.push(Notice { file: blob.name.clone(), line: 0, message });
        }
        if self.honour {
            looked.marks = marks(&document, self.today);
            self.drop_unspoken(&document, file, &mut looked);
        }
        let mut findings = outcome.findings;
        let back = self.retired.map(|(rules, retired)| returned(rules, &document, &findings, retired));
        findings.extend(back.into_iter().flatten());
        if !findings.is_empty() {
            let excerpts = Excerpts::new(&document);
            let within = file.and_then(|f| self.within(f));
            name_places((&document, &excerpts), within.as_deref().unwrap_or(&blob.name), &mut findings);
            self.suppress(&document, within.as_deref(), &mut findings, &mut looked);
            self.keep_new(file, &document, &mut findings);
            looked.values = self.hasher.iter().flat_map(|h| findings.iter().map(|f| h.hash_one(f.span.of(&document.text)))).collect();
            looked.entries = findings.into_iter().map(|finding| entry(finding, &excerpts)).collect();
        }
        if let Some(fault) = &document.fault {
            looked.notices.push(Notice { file: blob.name.clone(), line: fault.line, message: format!("{}; searched as text", fault.kind) });
        }
        looked.count(if document.fault.is_some() { "" } else { document.format });
        looked.totals.settings += document.settings.iter().filter(|s| s.role != Role::Prose).count();
        if self.keep == Keep::All || (self.keep == Keep::Found && !looked.entries.is_empty()) {
            looked.document = Some(document);
        }
        looked
    }

    /// The format of a text in which nothing can be at fault or in order and no comment speaks to us, and its memory; the text back where all of it
    /// has to be looked at.
    fn glance(
        &self,
        name: &str,
        text: Zeroizing<String>,
        lossy: bool,
        environment: Environment,
        circumstances: Circumstances,
    ) -> Result<(&'static str, Spare), Zeroizing<String>> {
        if !self.many || self.keep == Keep::All || lossy || self.honour && speaks(text.as_bytes()) {
            return Err(text);
        }
        let Some(sieves) = self.sieves.get_or_init(|| sieves(self.detectors)) else { return Err(text) };
        let (format, mut text) = match formats::glance(name, text, environment, sieves) {
            Glance::Whole(text) => return Err(text),
            Glance::Nothing(format, text) => (format, text),
            Glance::Parts(mut document) if self.detectors.passes(&document, circumstances) => {
                (document.format, std::mem::take(&mut document.text))
            }
            Glance::Parts(mut document) => return Err(std::mem::take(&mut document.text)),
        };
        Ok((format, Zeroizing::new(std::mem::take(&mut *text).into_bytes())))
    }

    /// Leaves out comments that the commit which is trusted does not have in this file, word by word.
    fn drop_unspoken(&self, document: &Document, file: Option<&Candidate>, looked: &mut Looked) {
        let Some(tree) = self.spoken.filter(|_| !looked.marks.is_empty()) else { return };
        let before = file.and_then(|file| known::before(tree, file)).map(|content| formats::decoded(content.bytes).0);
        let before: HashSet<&str> = before.iter().flat_map(|text| text.lines()).map(str::trim).collect();
        let text = document.text.as_str();
        let (spoken, new) = std::mem::take(&mut looked.marks)
            .into_iter()
            .partition(|mark| before.contains(document.lines.span(text, mark.line).of(text).trim()));
        looked.marks = spoken;
        let message = "this comment is not in the commit of `--policy-ref`, and suppresses nothing";
        let told = |mark: Mark| Notice { file: document.path.clone(), line: mark.line, message: message.to_owned() };
        looked.notices.extend(Vec::into_iter(new).map(told));
    }

    fn suppress(&self, document: &Document, within: Option<&str>, findings: &mut Vec<Finding>, looked: &mut Looked) {
        if !self.honour {
            return;
        }
        let before = findings.len();
        looked.totals.suppressed_inline += suppress(&mut looked.marks, findings);
        let entries = self.config.map_or(&[][..], |c| &c.config.allow);
        findings.retain(|finding| {
            let setting = finding.setting.and_then(|i| document.settings.get(i));
            // a finding across files has a key and no setting of its own
            let named =
                || setting.or_else(|| document.settings.iter().find(|s| !finding.key.is_empty() && s.key.to_string() == finding.key));
            let fits = |allow: &crate::config::Allow| {
                let path = || within.is_some_and(|path| allow.path.matches(path));
                let key = || {
                    allow.key.as_ref().is_none_or(|key| named().is_some_and(|s| s.key.matches(key) || s.name().eq_ignore_ascii_case(key)))
                };
                allow.rule == finding.rule && path() && key() && !allow.expired(self.today)
            };
            let by = entries.iter().position(fits);
            looked.allowed.extend(by);
            looked.totals.suppressed_config += usize::from(by.is_some());
            by.is_none()
        });
        if document.environment == Environment::Production {
            looked.waived += before - findings.len();
        }
    }
}

/// `work` for each of `files` with its index and memory to read into, on all cores where each has at least about `worth` of them; the results
/// are in the order of the files.
fn in_parallel<T: Send>(files: &[Candidate], worth: usize, work: impl Fn(usize, &Candidate, &mut Spare) -> T + Sync) -> Vec<T> {
    // what is read as a whole goes first: a large one at the end would keep one core busy, and the others would wait
    let (whole, programs): (Vec<_>, Vec<_>) = files.iter().enumerate().partition(|(_, file)| !formats::is_program(&file.display));
    let order = [whole, programs].concat();
    let next = AtomicUsize::new(0);
    // in boxes: while they are gathered and sorted, what is moved is small
    let done: Mutex<Vec<(usize, Box<T>)>> = Mutex::new(Vec::with_capacity(files.len()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(files.len().div_ceil(worth)).max(1);
    let work = || {
        let (mut own, mut spare) = (Vec::new(), Spare::default());
        while let Some((i, file)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| order.get(n)) {
            own.push((*i, Box::new(work(*i, file, &mut spare))));
        }
        done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(own);
    };
    std::thread::scope(|scope| {
        (1..workers).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_unstable_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| *result).collect()
}

fn entry(finding: Finding, excerpts: &Excerpts<'_>) -> Entry {
    let excerpt = excerpts.of(&finding);
    Entry::new(finding, excerpt)
}

/// Gives each finding the name of its place.
fn name_places((document, excerpts): (&Document, &Excerpts<'_>), path: &str, findings: &mut [Finding]) {
    let mut seen: HashMap<(String, String), u32> = HashMap::new();
    for finding in findings {
        let place = if finding.key.is_empty() {
            excerpts.of(finding).lines.first().map(|l| l.text.clone()).unwrap_or_default()
        } else {
            known_key(document, finding)
        };
        let ordinal = seen.entry((finding.rule.clone(), place.clone())).and_modify(|n| *n += 1).or_insert(0);
        finding.fingerprint = fingerprint(&finding.rule, path, &place, *ordinal);
        finding.place = fingerprint::place(&finding.rule, &place, *ordinal);
    }
}

/// The key of a finding of `document` that tells it from others: one that is shown in part is one of many.
fn known_key(document: &Document, finding: &Finding) -> String {
    if !finding.key.contains(MASK) {
        return finding.key.clone();
    }
    let named = |s: &&Setting| s.key.to_string() == finding.key;
    let own = finding.setting.and_then(|i| document.settings.get(i)).filter(named);
    // a finding across files has a key and no setting of its own
    let nearest = || document.settings.iter().filter(named).min_by_key(|s| s.span.start.abs_diff(finding.span.start));
    own.or_else(nearest).map_or_else(|| finding.key.clone(), |s| s.key.known_by(holds_token))
}
