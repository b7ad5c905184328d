//! Contents that were looked at before, and in which nothing was found: they are not looked at again.
//!
//! What is kept of each is a hash, of its content and of all that the verdict on it depends on, and how much was read; and the same for the
//! state of its file, so that a file to which nobody has written is not even read. The hashes are keyed ([`Opened::seed`]): who gets hold of
//! them cannot try a guess. Whatever gave a finding or a notice, speaks for or against a grade, depends on the day or has to do with other files
//! is looked at every time. Another build, other rules or another harden.toml make all of it void.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Mutex;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::Request;
use crate::detect::Circumstances;
use crate::disk::cache::{Cache, Opened};
use crate::disk::read::Content;
use crate::disk::state::{State, keeps_times, reading_as};
use crate::git::Id;
use crate::model::environment::Environment;
use crate::report::Totals;

/// The most contents of one scan that are kept: 12 MB.
const MOST: usize = 300_000;
/// Bytes of a hash: no two contents share as many by chance, and nobody without the key can look for two that do.
const KEY: usize = 16;
/// Bytes of a record.
const RECORD: usize = 2 * KEY + 8;

/// Stands for a content, read in one way.
pub(super) type Key = [u8; KEY];

/// By what a content is known.
pub(super) enum Of<'c> {
    /// By itself.
    Content(&'c Content),
    /// By its name in a repository.
    Object(Id),
}

/// How a content is read.
pub(super) struct Way<'w> {
    /// Its name for people.
    pub(super) name: &'w str,
    /// For which deployment it speaks.
    pub(super) environment: Environment,
    /// What is known of it beside.
    pub(super) circumstances: Circumstances,
    /// Whether harden.toml says for which.
    pub(super) settled: bool,
}

/// How much was read of a content.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Read {
    bytes: u32,
    settings: u32,
    kind: Kind,
}

/// What became of a content.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Parsed = 0,
    Text = 1,
    Binary = 2,
    TooLarge = 3,
}

/// What is known from the last scan of the same files, and what this one learns.
pub(super) struct Clean {
    cache: Opened,
    /// The name of these files in the cache.
    name: [u8; 32],
    /// Whether only a part of what has this name is looked at.
    partial: bool,
    /// Devices whose files tell of every change.
    devices: HashSet<u64>,
    /// A hash of all that every verdict depends on.
    base: Sha256,
    known: HashMap<Key, Known>,
    /// The content of a file by its state.
    by_state: HashMap<Key, Key>,
    /// When this scan began.
    begun: SystemTime,
    /// What this scan met.
    met: Mutex<HashMap<Key, Known>>,
}

/// What is known of a clean content.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Known {
    /// Stands for the state of the file that holds it.
    state: Option<Key>,
    read: Read,
}

impl Clean {
    /// What `cache` knows of the files that `request` is about, if it can be opened. `what` tells one kind of scan from another; `partial`: of
    /// all that is called so, a part is looked at.
    pub(super) fn load(cache: &Cache, request: &Request<'_>, what: &str, partial: bool) -> Option<Self> {
        let cache = cache.open().ok()?;
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let paths = || std::iter::once(Path::new(".")).chain(request.paths.iter().map(AsRef::as_ref));
        // what is asked for in turn is kept side by side; what is void is replaced
        let mut name = Sha256::new_with_prefix(cache.seed());
        add(&mut name, what.as_bytes());
        add(&mut name, &[request.profile as u8, u8::from(request.honour)]);
        for path in paths() {
            add(&mut name, path.as_os_str().as_encoded_bytes());
            add(&mut name, whole(path).as_os_str().as_encoded_bytes());
        }
        let name: [u8; 32] = name.finalize().into();
        let mut base = Sha256::new_with_prefix(cache.seed());
        add(&mut base, &name);
        add(&mut base, env!("HARDEN_BUILD").as_bytes());
        // other versions of what it is built on, which only the program itself shows
        let program = std::env::current_exe().and_then(|path| path.metadata()).map_or(0, |meta| meta.len());
        add(&mut base, &program.to_le_bytes());
        add(&mut base, request.rules.own_digest());
        if let Some(config) = request.config {
            add(&mut base, &config.digest);
            add(&mut base, config.root.as_os_str().as_encoded_bytes());
        }
        // who cannot read a file has to hear it
        for id in reading_as() {
            add(&mut base, &id.to_le_bytes());
        }
        let known = cache.read(&name, MOST * RECORD).map(|bytes| records(&bytes)).unwrap_or_default();
        let by_state = known.iter().filter_map(|(key, known)| Some((known.state?, *key))).collect();
        let devices = paths().filter_map(keeps_times).collect();
        Some(Self { cache, name, partial, devices, base, known, by_state, begun: SystemTime::now(), met: Mutex::default() })
    }

    /// Stands for the content `of`, read in `way`.
    pub(super) fn key(&self, way: &Way<'_>, of: &Of<'_>) -> Key {
        match of {
            Of::Content(content) if content.utf16 => self.hash(way, b"utf-16", &content.bytes),
            Of::Content(content) => self.hash(way, b"utf-8", &content.bytes),
            Of::Object(id) => self.hash(way, b"object", id.as_bytes()),
        }
    }

    /// Stands for a file in `state`, read in `way`; `None` where a change to it need not show.
    pub(super) fn state(&self, way: &Way<'_>, state: &State) -> Option<Key> {
        let tells = self.devices.contains(&state.device()) && state.has_settled(self.begun);
        tells.then(|| self.hash(way, b"state", &state.to_bytes()))
    }

    fn hash(&self, way: &Way<'_>, kind: &[u8], what: &[u8]) -> Key {
        let mut hash = self.base.clone();
        add(&mut hash, way.name.as_bytes());
        let Circumstances { kept, defaults } = way.circumstances;
        add(&mut hash, &[way.environment as u8, kept as u8, defaults as u8, u8::from(way.settled)]);
        add(&mut hash, kind);
        hash.update(what);
        let digest: [u8; 32] = hash.finalize().into();
        digest.first_chunk().copied().unwrap_or_default()
    }

    /// What a look at a file in `state` would give, if that is nothing.
    pub(super) fn recall_state(&self, state: Key) -> Option<Totals> {
        self.by_state.get(&state).and_then(|key| self.recall(*key, Some(state)))
    }

    /// What a look at the content `key` of a file in `state` would give, if that is nothing.
    pub(super) fn recall(&self, key: Key, state: Option<Key>) -> Option<Totals> {
        let read = self.known.get(&key)?.read;
        self.meet(key, Known { state, read });
        let totals = read.totals();
        Some(Totals { recalled: totals.files, ..totals })
    }

    /// Remembers that the content `key` of a file in `state` gave nothing but `totals`.
    pub(super) fn learn(&self, key: Key, state: Option<Key>, totals: &Totals) {
        if let Some(read) = Read::of(totals) {
            self.meet(key, Known { state, read });
        }
    }

    fn meet(&self, key: Key, known: Known) {
        let mut met = self.met.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if met.len() < MOST {
            met.insert(key, known);
        }
    }

    /// Keeps what was met for the next scan. Where that fails the next scan takes longer, and finds the same.
    pub(super) fn save(self) {
        let mut met = self.met.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.partial {
            let room = MOST.saturating_sub(met.len());
            self.known.iter().take(room).for_each(|(key, known)| _ = met.entry(*key).or_insert(*known));
        }
        if met == self.known {
            return;
        }
        let mut all: Vec<[u8; RECORD]> = met.iter().map(|(key, known)| record(key, known)).collect();
        all.sort_unstable();
        _ = self.cache.write(&self.name, all.as_flattened());
    }
}

/// Adds `bytes` to `hash` so that no other row of texts gives the same.
fn add(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

impl Read {
    /// How much was read, where all that was counted is that.
    fn of(totals: &Totals) -> Option<Self> {
        let kind = match (totals.parsed, totals.as_text, totals.skipped_binary, totals.skipped_large) {
            (1, 0, 0, 0) => Kind::Parsed,
            (0, 1, 0, 0) => Kind::Text,
            (0, 0, 1, 0) => Kind::Binary,
            (0, 0, 0, 1) => Kind::TooLarge,
            _ => return None,
        };
        let read = Self { bytes: u32::try_from(totals.bytes).ok()?, settings: u32::try_from(totals.settings).ok()?, kind };
        (read.totals() == *totals && read.settings < 1 << 30).then_some(read)
    }

    fn totals(self) -> Totals {
        let is = |kind: Kind| usize::from(self.kind == kind);
        Totals {
            files: is(Kind::Parsed) + is(Kind::Text),
            parsed: is(Kind::Parsed),
            as_text: is(Kind::Text),
            settings: self.settings as usize,
            bytes: self.bytes.into(),
            skipped_large: is(Kind::TooLarge),
            skipped_binary: is(Kind::Binary),
            ..Totals::default()
        }
    }
}

/// A record as it is kept: the content, the state of its file or zeros, the bytes, the settings and what they are.
fn record(key: &Key, known: &Known) -> [u8; RECORD] {
    let Read { bytes, settings, kind } = known.read;
    let rest = [bytes, settings << 2 | kind as u32].map(u32::to_le_bytes);
    let mut out = [0; RECORD];
    let all = key.iter().chain(known.state.as_ref().unwrap_or(&NONE)).chain(rest.as_flattened());
    out.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
    out
}

/// Stands for no state.
const NONE: Key = [0; KEY];

/// The records in `bytes`; none where these are no row of them.
fn records(bytes: &[u8]) -> HashMap<Key, Known> {
    let (all, []) = bytes.as_chunks::<RECORD>() else { return HashMap::new() };
    let known = all.iter().filter_map(|one| {
        let (key, rest) = one.split_first_chunk::<KEY>()?;
        let (state, rest) = rest.split_first_chunk::<KEY>()?;
        let ([bytes, rest], []) = rest.as_chunks::<4>() else { return None };
        let rest = u32::from_le_bytes(*rest);
        let kind = match rest & 3 {
            0 => Kind::Parsed,
            1 => Kind::Text,
            2 => Kind::Binary,
            _ => Kind::TooLarge,
        };
        let read = Read { bytes: u32::from_le_bytes(*bytes), settings: rest >> 2, kind };
        Some((*key, Known { state: Some(*state).filter(|state| *state != NONE), read }))
    });
    known.collect()
}
