//! Every version of every file in the history, each looked at once; of one finding in many versions only the first is told.
//!
//! Workers share the list of versions; each has its own reader of objects and holds one version at a time. What is kept is what will be told.

use std::collections::hash_map::{Entry as Slot, RandomState};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::clean::{Clean, Key, Of};
use super::engine::Engine;
use super::error::ScanError;
use super::facts::Surroundings;
use super::looked::Looked;
use super::source::{Blob, LIMIT, WorkTree, content};
use super::track::{Kind, Track};
use super::{MANY, Request, Scan, detectors, engine, gather};
use crate::detect::Circumstances;
use crate::disk::read::Spare;
use crate::disk::walk::{Candidate, Problem};
use crate::git::{BEFORE, Commits, GitError, History, Id, Object, Objects, Version};
use crate::model::date::date_time;
use crate::model::environment::Environment;
use crate::report::{Entry, Notice, Origin, Scope, Totals};

/// Versions that a worker takes at once: git reads on while we look.
const CHUNK: usize = 32;

/// Which part of the history, and who wants to know how far it is.
pub struct Wanted<'a> {
    /// The commits.
    pub commits: Commits,
    /// Told now and then: versions looked at, and all of them.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// Looks at the versions of all files in the history of the repository that the first of the paths lies in. The paths limit what is looked at;
/// `.` is everything.
///
/// # Errors
/// [`ScanError`]; nothing was looked at then.
pub fn history(request: &Request<'_>, wanted: &Wanted<'_>) -> Result<Scan, ScanError> {
    let start = request.paths.iter().find(|p| p.exists()).map_or(Path::new("."), PathBuf::as_path);
    let folder = start.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("."));
    // what git hands to a hook is about the folder that the hook runs in
    let handed = start.as_os_str() == ".";
    let (history, detectors) = std::thread::scope(|scope| {
        let history = scope.spawn(|| History::list(folder, handed, &wanted.commits));
        let detectors = detectors(request);
        (history.join().unwrap_or(Err(GitError::Answer { command: "rev-list" })), detectors)
    });
    let (history, detectors) = (history?, detectors?);
    let track = Track::new(&history.repository, request.paths, request.config)?;
    let mut sealed = BTreeSet::new();
    let files: Vec<Option<Candidate>> = history
        .paths
        .iter()
        .map(|path| match track.judge(path) {
            Kind::File(file) => Some(file),
            Kind::Sealed(path) => {
                sealed.insert(path);
                None
            }
            Kind::Out => None,
        })
        .collect();
    let all: Vec<Candidate> = files.iter().flatten().cloned().collect();
    let root = history.repository.root();
    let beside = |folder: &Path| {
        let names = history.head.keys().filter(|p| root.join(p).parent() == Some(folder)).filter_map(|p| p.file_name()?.to_str());
        names.map(str::to_owned).collect()
    };
    let around = Surroundings::tracked(root, &all, beside, request.config);
    let mut engine = engine(request, &detectors, &WorkTree, None);
    engine.many = true;
    engine.hasher = Some(RandomState::new());
    let jobs = jobs(&history, &files, &around);
    // a value that was replaced may stand where no rule looks
    if jobs.len() > MANY && request.retired.is_none() {
        let Commits { range, since, branch } = &wanted.commits;
        let partial = !range.is_empty() || since.is_some() || branch.is_some();
        engine.clean = request.cache.and_then(|cache| Clean::load(cache, request, "history", partial));
    }
    let search = Search { engine: &engine, around: &around, jobs, in_head: history.head.values().copied().collect(), history: &history };
    let found = search.run(wanted.progress)?;
    drop(search);
    if let Some(clean) = engine.clean.take() {
        clean.save();
    }
    let scan = tell(request, &detectors, &history, found)?;
    Ok(Scan { sealed: sealed.into_iter().collect(), ..scan })
}

/// A version to look at.
struct Job<'f> {
    version: Version,
    file: &'f Candidate,
}

/// Each content once for each way of reading it: a copy under another name may be another format, or speak for another deployment.
fn jobs<'f>(history: &History, files: &'f [Option<Candidate>], around: &Surroundings<'_>) -> Vec<Job<'f>> {
    let ways: Vec<_> =
        files.iter().map(|file| file.as_ref().map(|f| (f.path.file_name(), around.environment(f, &around.below(f)).environment))).collect();
    let mut known: HashMap<_, usize> = HashMap::with_capacity(history.versions.len());
    let mut jobs: Vec<Job<'f>> = Vec::with_capacity(history.versions.len());
    for version in &history.versions {
        let index = version.path as usize;
        let (Some(Some(file)), Some(Some(way))) = (files.get(index), ways.get(index)) else { continue };
        match known.entry((version.blob, *way)) {
            Slot::Occupied(slot) => {
                // the same under another path: the older one is the one that is told
                if let Some(job) = jobs.get_mut(*slot.get()).filter(|job| job.version.first < version.first) {
                    *job = Job { version: *version, file };
                }
            }
            Slot::Vacant(slot) => {
                slot.insert(jobs.len());
                jobs.push(Job { version: *version, file });
            }
        }
    }
    jobs
}

/// What is known of a version before it is read.
struct Asked {
    environment: Environment,
    circumstances: Circumstances,
    key: Option<Key>,
    /// What a look at it would give, if it gave nothing the last time.
    recalled: Option<Looked>,
}

/// One finding in all versions that have it.
struct Told {
    entry: Entry,
    first: u32,
    in_head: bool,
    versions: usize,
}

/// What all versions gave.
#[derive(Default)]
struct Found {
    /// By fingerprint of the place and hash of the value.
    told: HashMap<(String, u64), Told>,
    totals: Totals,
    allowed: BTreeSet<usize>,
    /// Of files that have findings: their names for people, and their paths below the project's folder.
    places: BTreeSet<(String, String)>,
    missing: usize,
}

struct Search<'a> {
    engine: &'a Engine<'a>,
    around: &'a Surroundings<'a>,
    history: &'a History,
    jobs: Vec<Job<'a>>,
    in_head: HashSet<Id>,
}

impl Search<'_> {
    /// Looks at everything, on all cores.
    fn run(&self, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Found, GitError> {
        let (next, found) = (AtomicUsize::new(0), Mutex::new(Found::default()));
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(self.jobs.len().div_ceil(CHUNK)).max(1);
        let work = || -> Result<(), GitError> {
            // started when there is something to read
            let (mut reader, mut spare) = (None, Spare::default());
            loop {
                let from = next.fetch_add(CHUNK, Ordering::Relaxed);
                let Some(jobs) = self.jobs.get(from..self.jobs.len().min(from + CHUNK)).filter(|jobs| !jobs.is_empty()) else {
                    return Ok(());
                };
                let asked: Vec<Asked> = jobs.iter().map(|job| self.ask(job)).collect();
                let unknown = jobs.iter().zip(&asked).filter(|(_, asked)| asked.recalled.is_none()).map(|(job, _)| job.version.blob);
                let unknown: Vec<Id> = unknown.collect();
                if !unknown.is_empty() {
                    let objects = match &mut reader {
                        Some(objects) => objects,
                        none => none.insert(Objects::start(&self.history.repository)?),
                    };
                    objects.ask(&unknown)?;
                }
                for (job, asked) in jobs.iter().zip(asked) {
                    let looked = match (asked.recalled, &mut reader) {
                        (None, Some(objects)) => {
                            let object = objects.answer(&mut spare, LIMIT)?;
                            let looked = self.look(job, (asked.environment, asked.circumstances), object, &mut spare);
                            looked.map(|looked| self.engine.learn(asked.key, None, looked))
                        }
                        (recalled, _) => recalled,
                    };
                    // a broken lock means that another worker has panicked; that is told when it is joined
                    self.gather(job, looked, &mut found.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
                }
                progress(from + jobs.len(), self.jobs.len());
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })?;
        Ok(found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn ask(&self, job: &Job<'_>) -> Asked {
        let environment = self.around.environment(job.file, &self.around.below(job.file)).environment;
        let circumstances = self.around.circumstances(job.file);
        let clean = self.engine.clean.as_ref();
        let way = || self.engine.way(job.file, environment, circumstances);
        let key = clean.map(|clean| clean.key(&way(), &Of::Object(job.version.blob)));
        let recalled = clean.zip(key).and_then(|(clean, key)| clean.recall(key, None));
        Asked { environment, circumstances, key, recalled: recalled.map(|totals| self.engine.recalled(job.file, totals)) }
    }

    fn look(
        &self,
        job: &Job<'_>,
        (environment, circumstances): (Environment, Circumstances),
        object: Object,
        spare: &mut Spare,
    ) -> Option<Looked> {
        let mut looked = Looked::default();
        match content(object)? {
            Ok(content) => {
                let blob = Blob { name: job.file.display.clone(), content };
                return Some(self.engine.blob(blob, environment, circumstances, Some(job.file), looked, spare));
            }
            Err(skip) => looked.skip(skip),
        }
        Some(looked)
    }

    fn gather(&self, job: &Job<'_>, looked: Option<Looked>, found: &mut Found) {
        let Some(looked) = looked else {
            found.missing += 1;
            return;
        };
        found.totals += looked.totals;
        found.allowed.extend(looked.allowed);
        if !looked.entries.is_empty() {
            found.places.extend(looked.places);
        }
        let in_head = self.in_head.contains(&job.version.blob);
        for (entry, value) in looked.entries.into_iter().zip(looked.values) {
            let first = job.version.first;
            match found.told.entry((entry.finding.fingerprint.clone(), value)) {
                Slot::Vacant(slot) => _ = slot.insert(Told { entry, first, in_head, versions: 1 }),
                Slot::Occupied(mut slot) => {
                    let told = slot.get_mut();
                    told.versions += 1;
                    told.in_head |= in_head;
                    if told.first < first {
                        (told.entry, told.first) = (entry, first);
                    }
                }
            }
        }
    }
}

/// The report, each entry with its commit.
fn tell(request: &Request<'_>, detectors: &crate::detect::Detectors, history: &History, mut found: Found) -> Result<Scan, GitError> {
    let commit = |told: &Told| history.commits.get(told.first as usize).copied();
    // what the range did not bring
    found.told.retain(|_, told| told.first != BEFORE);
    let needed: BTreeSet<Id> = found.told.values().filter_map(commit).collect();
    let dates = if needed.is_empty() { HashMap::new() } else { history.author_dates(&needed.into_iter().collect::<Vec<_>>())? };
    let mut entries = Vec::with_capacity(found.told.len());
    for (_, told) in found.told {
        let id = commit(&told);
        let date = id.and_then(|id| dates.get(&id)).map(|(seconds, zone)| rfc3339(*seconds, *zone)).unwrap_or_default();
        let origin =
            Origin { commit: id.map(|id| id.to_string()).unwrap_or_default(), date, in_head: told.in_head, versions: told.versions };
        entries.push(Entry { origin: Some(origin), ..told.entry });
    }
    let key = |e: &Entry| {
        let f = &e.finding;
        (f.file.clone(), f.span, f.rule.clone(), e.origin.as_ref().map(|o| (o.date.clone(), o.commit.clone())))
    };
    entries.sort_by_cached_key(key);
    let looked =
        Looked { entries, totals: found.totals, allowed: found.allowed.into_iter().collect(), places: found.places, ..Looked::default() };
    let mut scan = gather(request, detectors, vec![looked], Scope::History);
    if history.shallow {
        let message =
            "the repository is shallow: what is older than its first commit was not looked at, and is told as if that one had brought it";
        scan.report.notices.push(Notice { file: String::new(), line: 0, message: message.to_owned() });
    }
    if found.missing > 0 {
        scan.report.totals.unreadable += found.missing;
        let reason = format!("{} versions of files are not in the repository (a partial clone, or a damaged one)", found.missing);
        scan.problems.push(Problem { display: String::new(), reason });
    }
    Ok(scan)
}

/// A time as RFC 3339 writes it, in the zone it was noted in.
fn rfc3339(seconds: i64, zone: i32) -> String {
    let local = seconds.saturating_add(i64::from(zone) * 60);
    let sign = if zone < 0 { '-' } else { '+' };
    let (hours, minutes) = (zone.abs() / 60 % 24, zone.abs() % 60);
    format!("{}{sign}{hours:02}:{minutes:02}", date_time(u64::try_from(local).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn times_are_written_in_their_own_zone() {
        assert_eq!(rfc3339(1_600_000_000, 0), "2020-09-13T12:26:40+00:00");
        assert_eq!(rfc3339(1_600_000_000, 330), "2020-09-13T17:56:40+05:30");
        assert_eq!(rfc3339(1_600_000_000, -120), "2020-09-13T10:26:40-02:00");
        assert_eq!(rfc3339(0, -60), "1970-01-01T00:00:00-01:00", "nothing was committed before");
    }
}
