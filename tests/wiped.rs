//! What the memory that `fix`, its undo and its recovery give back still holds: nothing of a value.
//!
//! A binary of its own, for the allocator: that of the program (`ZeroAlloc`, src/main.rs) between two that look for known values in each
//! block on its way back. The outer one sees it as the program gives it back, and must find some there, else the test looks at nothing; the
//! inner one sees what the system gets, and must find none. Afterwards all memory of the process that can be written is searched, too: what
//! stays on the stacks of threads shows there.
#![expect(unsafe_code, reason = "an allocator cannot be written without; the program and the library forbid it")]
#![cfg(target_os = "linux")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use harden::disk::journal::{Transaction, undo};
use harden::disk::read::sha256;
use harden::disk::undo::{Content, Kind, pack, sealed, unpack};
use harden::keygen::{Entropy, KeygenError};
use harden::model::finding::Finding;
use harden::model::severity::{Fix, Profile};
use harden::plan::{Wishes, plan, preview};
use harden::rules::load::RuleSet;
use harden::scan::{Keep, Request, scan};
use harden::{rewrite, seal};
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

/// Looks into every block that is given back, before it goes on.
struct Watch<A> {
    below: A,
    found: AtomicUsize,
    is_inner: bool,
}

#[global_allocator]
static MEMORY: Watch<ZeroAlloc<Watch<System>>> = Watch {
    below: ZeroAlloc(Watch { below: System, found: AtomicUsize::new(0), is_inner: true }),
    found: AtomicUsize::new(0),
    is_inner: false,
};

static LOOKING: AtomicBool = AtomicBool::new(false);
/// What is looked for, each byte turned round so that the list itself is not found.
static VALUES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
/// Functions that gave back a block with a value in it, as the outer allocator saw it.
static GIVERS: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Whether a value stands in `bytes`.
fn holds_a_value(bytes: &[u8]) -> bool {
    let values = VALUES.get().map_or(&[][..], Vec::as_slice);
    values.iter().any(|value| {
        let Some(first) = value.first() else { return false };
        let fits = |at: usize| bytes.get(at..at + value.len()).is_some_and(|w| w.iter().zip(value).all(|(a, b)| *a == !*b));
        memchr::memchr_iter(!first, bytes).any(fits)
    })
}

impl<A> Watch<A> {
    /// # Safety
    /// `block` must be an allocation of `size` bytes.
    unsafe fn look(&self, block: *const u8, size: usize) {
        if !LOOKING.load(Ordering::Relaxed) || BUSY.try_with(Cell::get).unwrap_or(true) {
            return;
        }
        // SAFETY: the caller's promise; bytes that were never written are whatever they are
        let bytes = unsafe { std::slice::from_raw_parts(block, size) };
        if holds_a_value(bytes) {
            _ = BUSY.try_with(|busy| busy.set(true));
            self.found.fetch_add(1, Ordering::Relaxed);
            if !self.is_inner {
                let trace = std::backtrace::Backtrace::force_capture().to_string();
                if let Ok(mut givers) = GIVERS.lock() {
                    givers.push(giver(&trace));
                }
            }
            _ = BUSY.try_with(|busy| busy.set(false));
        }
    }
}

// SAFETY: every call goes on to the allocator below as it came; blocks are only read
unsafe impl<A: GlobalAlloc> GlobalAlloc for Watch<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise
        unsafe { self.below.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise
        unsafe {
            self.look(block, layout.size());
            self.below.dealloc(block, layout);
        }
    }

    // `realloc` is the trait's own: a new block, a copy, and the old one given back through `dealloc`
}

/// The innermost function of a trace that is none of the allocator's or the standard library's own.
fn giver(trace: &str) -> String {
    let own = [
        "std::",
        "core::",
        "alloc::",
        "<alloc",
        "<core",
        "<std",
        "wiped::",
        "<wiped",
        "__rust",
        "<zeroizing_alloc",
        "zeroizing_alloc",
        "_R",
        "drop_in_place<",
        "realloc<",
        "dealloc<",
        "dealloc",
    ];
    let names =
        trace.lines().filter_map(|line| line.trim().split_once(": ").filter(|(n, _)| n.parse::<usize>().is_ok()).map(|(_, name)| name));
    names.filter(|name| !own.iter().any(|o| name.starts_with(o))).take(1).collect()
}

/// Bytes that are the same in every run: the values to look for can be known beforehand.
struct Counted(u8);

impl Entropy for Counted {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), KeygenError> {
        buffer.iter_mut().for_each(|byte| {
            self.0 = self.0.wrapping_mul(5).wrapping_add(77);
            *byte = self.0;
        });
        Ok(())
    }
}

/// A project with one weak password in every format that can be patched, and another one elsewhere; gives both. They are made of pieces, so
/// that no constant holds them.
fn project(folder: &Path) -> String {
    let weak = ["portal", "-prod-", "db-2031"].concat();
    // what is read and not patched has another
    let other = ["portal", "-prod-", "mq-2031"].concat();
    let base64 = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(&weak)
    };
    for (name, text) in [
        (
            ".env.production",
            format!("POSTGRES_PASSWORD={weak}\nDATABASE_URL=postgresql://portal:{weak}@db:5432/app\nSESSION_SECRET='{weak}x'\n"),
        ),
        ("docker-compose.yml", format!("services:\n  db:\n    image: postgres:16\n    environment:\n      - POSTGRES_PASSWORD={weak}\n")),
        ("k8s/secret.yaml", format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  POSTGRES_PASSWORD: {base64}\n")),
        ("app.json", format!("{{\"database\": {{\"postgres_password\": \"{weak}\"}}}}\n")),
        ("app.toml", format!("[database]\npostgres_password = \"{weak}\"\n")),
        ("app.ini", format!("[database]\npostgres_password = {weak}\n")),
        ("app.properties", format!("postgres.password={weak}\n")),
        ("app.xml", format!("<app>\n  <database postgres-password=\"{weak}\"/>\n</app>\n")),
        ("app.tfvars", format!("postgres_password = \"{weak}\"\n")),
        ("Dockerfile", format!("FROM scratch\nENV RABBITMQ_PASSWORD={other}\n")),
        ("start.sh", format!("export RABBITMQ_PASSWORD={other}\n")),
        ("init.sql", format!("ALTER ROLE mq PASSWORD '{other}';\n")),
        ("src/app.py", format!("RABBITMQ_PASSWORD = \"{other}\"\n")),
        ("nginx.conf", format!("http {{\n  proxy_set_header X-Token {other};\n}}\n")),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        File::create(path).expect("new").write_all(text.as_bytes()).expect("written");
    }
    format!("{weak}\n{other}")
}

/// The whole way: scan, plan, patch, seal the old contents, write, take back; `forward` keeps what was written.
fn fix(folder: &Path, forward: bool) -> Vec<Zeroizing<String>> {
    let rules = RuleSet::builtin();
    let paths = [folder.to_owned()];
    let request = Request {
        paths: &paths,
        no_ignore: true,
        profile: Profile::Production,
        fail_on: None,
        config: None,
        rules: &rules,
        honour: true,
        keep: Keep::All,
        baseline: None,
        twins: None,
        new_only: None,
        spoken: None,
        cache: None,
        retired: None,
    };
    let scanned = scan(&request).expect("scanned");
    let files: Vec<PathBuf> = scanned.documents.iter().map(|kept| kept.path.clone()).collect();
    let documents: Vec<_> = scanned.documents.into_iter().map(|kept| kept.document).collect();
    let findings: Vec<&Finding> = scanned.report.entries.iter().map(|e| &e.finding).collect();
    let wishes = Wishes {
        manifests: &|_| Vec::new(),
        before: &[],
        only: &[],
        drivers: &std::collections::BTreeMap::new(),
        rules: &rules,
        seals: None,
        fresh: None,
        live: false,
        keep_previous: false,
        unborn: false,
    };
    let made = plan(&documents, &findings, &wishes, &mut Counted(1)).expect("planned");
    let edits = made.edits(&documents, Fix::Review).expect("no conflict");
    assert!(!preview(&made, &documents).is_empty());
    let pair = seal::KeyPair::generate();
    let recipients = seal::Recipients::new(vec![pair.recipient().clone()]).expect("one");
    let identities = seal::Identities::of_pair(&pair);
    let mut transaction = Transaction::new(folder);
    let mut old = Vec::new();
    for (index, planned) in &edits {
        let (document, file) = (&documents[*index], &files[*index]);
        let patched = rewrite::patch(document, planned).expect("proved");
        let copy = seal::seal(&patched, &recipients).expect("sealed");
        assert_eq!(*seal::open(&copy, &identities).expect("opened"), *patched);
        transaction = transaction.replace(file, sha256(document.text.as_bytes()), patched);
        let path = file.strip_prefix(folder).expect("below").to_owned();
        old.push(Content { path, mode: 0o600, bytes: Zeroizing::new(document.text.as_bytes().to_vec()) });
    }
    let packed = seal::seal(&pack(&old), &recipients).expect("sealed");
    let number = transaction.keep(packed, 1, Kind::Plan).commit().expect("written").expect("kept");
    let values = made.secrets.iter().filter(|s| !s.value.is_empty()).map(|s| Zeroizing::new(s.value.expose().to_owned())).collect();
    if !forward {
        // as `harden undo` does it
        let copy = fs::read(sealed(folder, number)).expect("there");
        let contents = unpack(&seal::open(&copy, &identities).expect("opened")).expect("whole");
        let mut back = Transaction::new(folder);
        for content in contents {
            let now = Zeroizing::new(fs::read(folder.join(&content.path)).expect("there"));
            back = back.replace(&content.path, sha256(&now), content.bytes);
        }
        back.commit().expect("taken back");
        undo(folder).expect("nothing stands");
    }
    values
}

/// Number of places in the memory of this process, its own bytes that can be written, that hold a value.
fn in_memory() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").expect("readable");
    let mut memory = File::open("/proc/self/mem").expect("readable");
    let mut found = 0;
    let mut bytes = vec![0; 1 << 16];
    for line in maps.lines().filter(|l| l.split_whitespace().nth(1).is_some_and(|mode| mode.starts_with("rw"))) {
        let (from, to) = line.split_whitespace().next().and_then(|range| range.split_once('-')).expect("a range");
        let (mut at, end) = (u64::from_str_radix(from, 16).expect("hex"), u64::from_str_radix(to, 16).expect("hex"));
        while at < end {
            let size = usize::try_from(end - at).map_or(bytes.len(), |left| left.min(bytes.len()));
            let own = bytes.as_ptr() as u64;
            let is_own = at < own + bytes.len() as u64 && own < at + size as u64;
            if !is_own
                && memory.seek(SeekFrom::Start(at)).is_ok()
                && memory.read_exact(&mut bytes[..size]).is_ok()
                && holds_a_value(&bytes[..size])
            {
                found += 1;
            }
            // the windows overlap by more than the longest value
            at += if size == bytes.len() { size as u64 - 256 } else { size as u64 };
        }
    }
    bytes.fill(0);
    found
}

#[test]
fn what_is_freed_holds_no_value_and_what_is_left_in_memory_neither() {
    let room = tempfile::tempdir().expect("a folder");
    let state = room.path().join("state");
    // SAFETY: the only test of this binary; no other thread runs yet
    unsafe { std::env::set_var("XDG_STATE_HOME", &state) };
    let [first, second] = ["first", "second"].map(|name| room.path().join(name).canonicalize().unwrap_or(room.path().join(name)));
    let weak = Zeroizing::new(project(&first));
    // once to learn the new values, which are the same each time
    let mut known: Vec<Vec<u8>> = fix(&first, true).iter().map(|value| value.bytes().map(|b| !b).collect()).collect();
    assert!(!known.is_empty(), "nothing was replaced");
    known.extend(weak.lines().map(|value| value.bytes().map(|b| !b).collect()));
    drop(weak);
    let count = known.len();
    VALUES.set(known).expect("once");
    drop(Zeroizing::new(project(&second)));

    LOOKING.store(true, Ordering::SeqCst);
    drop(fix(&second, false));
    LOOKING.store(false, Ordering::SeqCst);

    let mut givers = std::mem::take(&mut *GIVERS.lock().expect("whole"));
    let (outer, inner) = (MEMORY.found.load(Ordering::SeqCst), MEMORY.below.0.found.load(Ordering::SeqCst));
    givers.sort();
    let blocks = givers.len();
    givers.dedup();
    println!("{count} values; {outer} blocks were given back with one of them ({blocks} traced), {inner} reached the system; by:");
    givers.iter().for_each(|giver| println!("  {giver}"));
    assert!(outer > 0, "nothing was seen: the test looks at nothing");
    assert!(givers.iter().all(|giver| !giver.contains("harden::")), "our own buffers are wiped by their types");
    assert_eq!(inner, 0, "blocks with a value in them went back to the system");
    // in pages of its own: what shares a window with the buffer of the search is passed by
    let mut alive = Zeroizing::new(Vec::with_capacity(4 << 20));
    alive.resize(2 << 20, 0_u8);
    alive.extend(VALUES.get().into_iter().flatten().flatten().map(|b| !b));
    assert!(in_memory() > 0, "the search finds what is there");
    drop(alive);
    let left = in_memory();
    println!("{left} places of the memory that is left hold a value");
    assert_eq!(left, 0);
}
