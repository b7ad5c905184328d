//! Transactions stopped at every step, by a crash and by an error, on file systems that can swap and that cannot.

use std::cell::Cell;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Key, Kind, Lock, Machine, Recovered, Transaction, Work, pending};
use crate::disk::DiskError;
use crate::disk::read::sha256;

const OLD: &str = "PASSWORD=old\n";
const NEW: &str = "PASSWORD=new-and-longer\n";

/// A project with two files to replace, of different modes, one to remove, and a folder for a new one.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        // in memory where that is possible: what is tested is the order of steps, and thousands of syncs take minutes on a slow disk
        let memory = tempfile::tempdir_in("/dev/shm");
        let project = Self(memory.or_else(|_| tempfile::tempdir()).expect("dir"));
        fs::create_dir_all(project.at("app")).expect("folder");
        for (name, mode) in [("a.env", 0o640), ("app/b.env", 0o604), ("app/d.env", 0o644)] {
            put(&project.at(name), OLD, mode);
        }
        project
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn plan(&self) -> Transaction {
        let old = sha256(OLD.as_bytes());
        let new = || Zeroizing::new(NEW.as_bytes().to_vec());
        let root = self.0.path();
        Transaction::new(root)
            .replace(Path::new("a.env"), old, new())
            .create(Path::new("app/c.env"), new(), 0o600)
            .remove(Path::new("app/d.env"), old)
            .replace(&self.at("app/b.env"), old, new())
            .keep(b"SEALED".to_vec(), 9, Kind::Plan)
    }

    fn commit(&self, machine: &mut Machine<'_>) -> Result<Option<u32>, DiskError> {
        self.plan().commit_with(&key(), machine)
    }

    fn act(&self, machine: &mut Machine<'_>, undo: bool) -> Result<Recovered, DiskError> {
        let root = self.0.path().canonicalize().expect("root");
        let lock = Lock::acquire(&root)?;
        let mut work = Work { root: &root, state: lock.state(), key: &key(), machine };
        if undo { work.undo() } else { work.recover() }
    }

    /// Every file with its text and mode, but for the lock and the ignore file; the temps of an interrupted run would be among them.
    fn files(&self) -> Vec<(String, String, u32)> {
        let mut files = Vec::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("dir").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("state/lock") && !path.ends_with(".harden/.gitignore") {
                    let name = path.strip_prefix(self.0.path()).expect("below").to_string_lossy().into_owned();
                    let mode = fs::metadata(&path).expect("meta").mode() & 0o777;
                    let text = fs::read_to_string(&path).expect("text");
                    let is_list = name == ".harden/state/undo-1" && text.starts_with("harden journal 1 ");
                    files.push((name, if is_list { "LIST".to_owned() } else { text }, mode));
                }
            }
        }
        files.sort();
        files
    }
}

fn put(path: &Path, text: &str, mode: u32) {
    File::create(path).and_then(|mut f| f.write_all(text.as_bytes())).expect("file");
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("mode");
}

fn key() -> Key {
    Key::fixed(9)
}

fn all_old() -> Vec<(String, String, u32)> {
    [("a.env", OLD, 0o640), ("app/b.env", OLD, 0o604), ("app/d.env", OLD, 0o644)].map(|(n, t, m)| (n.into(), t.into(), m)).into()
}

fn all_new() -> Vec<(String, String, u32)> {
    let files = [
        (".harden/state/undo-1", "LIST", 0o600),
        (".harden/state/undo-1.age", "SEALED", 0o600),
        ("a.env", NEW, 0o640),
        ("app/b.env", NEW, 0o604),
        ("app/c.env", NEW, 0o600),
    ];
    files.map(|(name, text, mode)| (name.into(), text.into(), mode)).into()
}

/// A machine that runs `at_step` before step number `n`, counted from 0; `None` never.
fn machine<'a>(exchange: bool, counter: &'a Cell<usize>, n: Option<usize>, at_step: impl Fn() -> io::Result<()> + 'a) -> Machine<'a> {
    let step = move |_: &'static str| {
        let here = counter.replace(counter.get() + 1);
        if Some(here) == n { at_step() } else { Ok(()) }
    };
    Machine { step: Box::new(step), exchange, others: false }
}

/// A crash: the stack is left without any of our cleaning (there is none in destructors), and the lock goes with the process.
fn crash() -> io::Result<()> {
    resume_unwind(Box::new("crash"))
}

/// Whether `act` ran through; false when it crashed.
fn survives<T>(act: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(act)).ok()
}

/// How many steps a commit has on this kind of file system.
fn steps(exchange: bool) -> usize {
    let counter = Cell::new(0);
    let project = Project::new();
    project.commit(&mut machine(exchange, &counter, None, || Ok(()))).expect("commits");
    assert_eq!(project.files(), all_new());
    counter.get()
}

#[test]
fn a_commit_changes_all_keeps_modes_and_leaves_nothing() {
    assert!(steps(true) > 20);
    assert!(steps(false) > steps(true));
}

#[test]
fn after_a_crash_at_any_step_recovery_gives_all_old_or_all_new() {
    for exchange in [true, false] {
        let (mut undone, mut finished) = (0, 0);
        for n in 0..steps(exchange) {
            let (project, counter) = (Project::new(), Cell::new(0));
            assert!(survives(|| project.commit(&mut machine(exchange, &counter, Some(n), crash))).is_none(), "step {n} exists");
            match project.act(&mut machine(exchange, &Cell::new(0), None, || Ok(())), false) {
                Ok(Recovered::Finished) => {
                    finished += 1;
                    assert_eq!(project.files(), all_new(), "step {n}, exchange {exchange}");
                }
                Ok(Recovered::Undone) => {
                    undone += 1;
                    assert_eq!(project.files(), all_old(), "step {n}, exchange {exchange}");
                }
                Ok(Recovered::Nothing) => {
                    let files = project.files();
                    assert!(files == all_old() || files == all_new(), "step {n}, exchange {exchange}: {files:?}");
                }
                Err(e) => panic!("step {n}, exchange {exchange}: {e}"),
            }
            assert!(!pending(project.0.path()));
        }
        assert!(undone > 3 && finished > 5);
    }
}

#[test]
fn a_crash_during_recovery_is_recovered_from() {
    for exchange in [true, false] {
        for n in (0..steps(exchange)).step_by(2) {
            for m in 0.. {
                let project = Project::new();
                survives(|| project.commit(&mut machine(exchange, &Cell::new(0), Some(n), crash)));
                if survives(|| project.act(&mut machine(exchange, &Cell::new(0), Some(m), crash), false)).is_some() {
                    break;
                }
                project.act(&mut machine(exchange, &Cell::new(0), None, || Ok(())), false).expect("recovers");
                let files = project.files();
                assert!(files == all_old() || files == all_new(), "steps {n} and {m}, exchange {exchange}: {files:?}");
            }
        }
    }
}

#[test]
fn undo_gives_all_old_from_any_step_even_when_it_crashes_itself() {
    for exchange in [true, false] {
        for n in (0..steps(exchange)).step_by(2) {
            for m in 0.. {
                let project = Project::new();
                survives(|| project.commit(&mut machine(exchange, &Cell::new(0), Some(n), crash)));
                let ran = survives(|| project.act(&mut machine(exchange, &Cell::new(0), Some(m), crash), true));
                let crashed = ran.is_none();
                let result =
                    if crashed { project.act(&mut machine(exchange, &Cell::new(0), None, || Ok(())), true) } else { ran.expect("ran") };
                match result {
                    Ok(Recovered::Undone) => assert_eq!(project.files(), all_old(), "steps {n} and {m}, exchange {exchange}"),
                    // before the journal, or after the last of it
                    Ok(Recovered::Nothing) => assert!([all_old(), all_new()].contains(&project.files()), "steps {n} and {m}"),
                    // some of the old contents were gone already
                    Ok(Recovered::Finished) => assert_eq!(project.files(), all_new(), "steps {n} and {m}, exchange {exchange}"),
                    Err(e) => panic!("steps {n} and {m}: {e}"),
                }
                if !crashed {
                    break;
                }
            }
        }
    }
}

#[test]
fn an_error_before_the_commit_point_leaves_nothing_and_one_after_it_a_journal() {
    for exchange in [true, false] {
        for n in 0..steps(exchange) {
            let project = Project::new();
            let full = || Err(io::Error::from_raw_os_error(28));
            let error = project.commit(&mut machine(exchange, &Cell::new(0), Some(n), full)).expect_err("a full disk");
            if matches!(error, DiskError::HalfDone { .. }) {
                assert!(pending(project.0.path()) || project.files() == all_new(), "step {n}: {error}");
                project.act(&mut machine(exchange, &Cell::new(0), None, || Ok(())), false).expect("recovers");
                assert_eq!(project.files(), all_new(), "step {n}");
            } else {
                assert!(error.to_string().ends_with("no space left on device; nothing was written"), "{error}");
                assert_eq!(project.files(), all_old(), "step {n}");
            }
        }
    }
}

#[test]
fn a_disk_that_stays_broken_is_cleaned_up_later() {
    let n = 6;
    let project = Project::new();
    let counter = Cell::new(0);
    let step = |_: &'static str| if counter.replace(counter.get() + 1) >= n { Err(io::Error::from_raw_os_error(5)) } else { Ok(()) };
    project.commit(&mut Machine { step: Box::new(step), exchange: true, others: false }).expect_err("broken");
    assert!(pending(project.0.path()));
    project.commit(&mut Machine::real()).expect("the next commit cleans up first");
    assert_eq!(project.files(), all_new());
}

#[test]
fn a_file_that_changed_since_it_was_read_stops_everything() {
    let project = Project::new();
    put(&project.at("app/b.env"), "PASSWORD=mine\n", 0o604);
    assert!(matches!(project.commit(&mut Machine::real()), Err(DiskError::Changed { path }) if path.ends_with("app/b.env")));
    let project = Project::new();
    put(&project.at("app/c.env"), "mine", 0o600);
    assert!(matches!(project.commit(&mut Machine::real()), Err(DiskError::Exists { .. })));
    assert_eq!(project.files().iter().filter(|f| f.1 == NEW).count(), 0);
}

#[test]
fn a_change_at_any_moment_is_never_lost_and_never_mixed_in_before_the_commit_point() {
    let mine = "PASSWORD=mine\n";
    for exchange in [true, false] {
        for n in 0..steps(exchange) {
            let project = Project::new();
            let target = project.at("app/b.env");
            let swapped = Cell::new(false);
            let edit = || {
                // what an editor does: a new file under the old name
                let current = fs::read_to_string(&target).expect("text");
                swapped.set(current == NEW);
                put(&project.at("app/.swp"), mine, 0o604);
                fs::rename(project.at("app/.swp"), &target)
            };
            match project.commit(&mut machine(exchange, &Cell::new(0), Some(n), edit)) {
                Ok(_) => assert!(swapped.get() || !exchange, "step {n}: an edit of the old text cannot be a success"),
                Err(DiskError::Changed { .. }) => {
                    let files = project.files();
                    assert_eq!(files.first(), all_old().first(), "step {n}");
                    assert_eq!(files.len(), 3, "step {n}: {files:?}");
                }
                Err(DiskError::HalfDone { .. }) => {
                    assert!(pending(project.0.path()));
                    assert!(project.act(&mut Machine::real(), false).is_err(), "going forward again finds the same");
                    assert_eq!(project.act(&mut Machine::real(), true), Ok(Recovered::Undone));
                    assert_eq!(project.files().len(), 3, "step {n}: the journal and all temps are gone");
                }
                Err(e) => panic!("step {n}: {e}"),
            }
            // by second names there is one moment, between the link and the rename, that only an exchange closes
            let text = fs::read_to_string(&target).expect("text");
            assert!(text == mine || !exchange, "step {n}: the edit is lost");
        }
    }
}

/// Commits while `meanwhile` is told each step before it is made.
fn commit_while(project: &Project, meanwhile: impl FnMut(&'static str)) -> Result<Option<u32>, DiskError> {
    let mut meanwhile = meanwhile;
    let step = move |name: &'static str| {
        meanwhile(name);
        Ok(())
    };
    project.commit(&mut Machine { step: Box::new(step), exchange: true, others: true })
}

#[test]
fn who_opened_a_file_before_it_changed_places_and_writes_later_loses_nothing() {
    let project = Project::new();
    let target = project.at("app/b.env");
    let mut open = None;
    let mut wrote = false;
    let result = commit_while(&project, |step| {
        if step == "commit" {
            open = Some(File::options().write(true).open(&target).expect("opens"));
        } else if step == "sync target" && fs::read_to_string(&target).expect("text") == NEW {
            // the file that it has open is not where it was any more
            if let Some(mut file) = open.take() {
                file.write_all(b"PASSWORD=mine\n").and_then(|()| file.set_len(14)).expect("writes");
                wrote = true;
            }
        }
    });
    assert!(wrote && matches!(result, Err(DiskError::HalfDone { .. })), "{result:?}");
    assert_eq!(fs::read_to_string(&target).expect("text"), "PASSWORD=mine\n");
    assert_eq!(project.act(&mut Machine::real(), true), Ok(Recovered::Undone));
    assert_eq!(fs::read_to_string(&target).expect("text"), "PASSWORD=mine\n");
    assert_eq!(project.files().len(), 3);
}

#[test]
fn a_file_that_stays_open_for_writing_stops_everything() {
    let project = Project::new();
    let _open = File::options().append(true).open(project.at("a.env")).expect("opens");
    let result = commit_while(&project, |_| ());
    assert!(matches!(&result, Err(DiskError::InUse { path }) if path.ends_with("a.env")), "{result:?}");
    assert_eq!(project.files(), all_old());
}

#[test]
fn who_saves_again_while_the_first_save_is_given_back_keeps_the_last() {
    let project = Project::new();
    let target = project.at("app/b.env");
    let save = |text: &str| {
        put(&project.at("app/.swp"), text, 0o604);
        fs::rename(project.at("app/.swp"), &target).expect("saves");
    };
    let (mut swaps, mut back) = (0, 0);
    let result = commit_while(&project, |step| match step {
        "swap" => {
            swaps += 1;
            if swaps == 2 {
                save("PASSWORD=first\n");
            }
        }
        "swap back" => {
            back += 1;
            if back == 1 {
                save("PASSWORD=second\n");
            }
        }
        _ => {}
    });
    assert_eq!((swaps, back), (2, 2));
    assert!(matches!(result, Err(DiskError::HalfDone { .. })), "{result:?}");
    assert_eq!(fs::read_to_string(&target).expect("text"), "PASSWORD=second\n");
    assert_eq!(project.act(&mut Machine::real(), true), Ok(Recovered::Undone), "the way back is open");
    assert_eq!(fs::read_to_string(&target).expect("text"), "PASSWORD=second\n");
    assert!(!pending(project.0.path()));
}

#[test]
fn the_last_three_copies_are_kept() {
    let project = Project::new();
    for n in 0..5_u8 {
        let (old, new) = (sha256(&fs::read(project.at("a.env")).expect("bytes")), Zeroizing::new(vec![b'a' + n]));
        let plan = Transaction::new(project.0.path()).replace(Path::new("a.env"), old, new).keep(vec![n], 9, Kind::Plan);
        assert_eq!(plan.commit_with(&key(), &mut Machine::real()), Ok(Some(u32::from(n) + 1)));
    }
    let names: Vec<String> = project.files().into_iter().map(|f| f.0).filter(|n| n.starts_with(".harden/state/")).collect();
    assert_eq!(names, [3, 4, 5].map(|n| [format!(".harden/state/undo-{n}"), format!(".harden/state/undo-{n}.age")]).concat());
}

#[test]
fn targets_outside_through_links_twice_or_with_second_names_are_refused() {
    let project = Project::new();
    let outside = tempfile::tempdir().expect("dir");
    put(&outside.path().join("x"), OLD, 0o600);
    symlink(outside.path(), project.at("out")).expect("link");
    symlink("a.env", project.at("link")).expect("link");
    fs::create_dir(project.at(".git")).expect("git");
    put(&project.at(".git/config"), OLD, 0o600);
    let old = sha256(OLD.as_bytes());
    let attempt = |path: &Path| {
        let bytes = Zeroizing::new(NEW.as_bytes().to_vec());
        Transaction::new(project.0.path()).replace(path, old, bytes).commit_with(&key(), &mut Machine::real())
    };
    for path in ["../x", "out/x", ".git/config", ".harden/state/lock", ""] {
        assert!(matches!(attempt(Path::new(path)), Err(DiskError::Target { .. })), "{path}");
    }
    assert!(matches!(attempt(&outside.path().join("x")), Err(DiskError::Target { .. })));
    assert!(matches!(attempt(Path::new("link")), Err(DiskError::Link { .. })));
    let bytes = || Zeroizing::new(NEW.as_bytes().to_vec());
    let twice = Transaction::new(project.0.path()).replace(Path::new("a.env"), old, bytes()).replace(&project.at("a.env"), old, bytes());
    assert!(matches!(twice.commit_with(&key(), &mut Machine::real()), Err(DiskError::Target { .. })));
    fs::hard_link(project.at("a.env"), project.at("second")).expect("link");
    assert!(matches!(attempt(Path::new("a.env")), Err(DiskError::HardLink { .. })));
    assert_eq!(fs::read_to_string(project.at("a.env")).expect("text"), OLD);
    assert_eq!(fs::read_to_string(outside.path().join("x")).expect("text"), OLD);
}

#[test]
fn a_journal_that_somebody_else_wrote_is_refused() {
    let project = Project::new();
    survives(|| project.commit(&mut machine(true, &Cell::new(0), Some(12), crash)));
    assert!(pending(project.0.path()));
    let before = project.files();
    let root = project.0.path().canonicalize().expect("root");
    let lock = Lock::acquire(&root).expect("free");
    let foreign = Key::fixed(1);
    let mut work = Work { root: &root, state: lock.state(), key: &foreign, machine: &mut Machine::real() };
    assert!(matches!(work.recover(), Err(DiskError::Journal { .. })));
    assert_eq!(project.files(), before);
}

#[test]
fn no_content_is_ever_in_the_journal() {
    let project = Project::new();
    survives(|| project.commit(&mut machine(true, &Cell::new(0), Some(12), crash)));
    let journals: Vec<_> = project.files().into_iter().filter(|f| f.0.starts_with(".harden/state/")).collect();
    assert!(!journals.is_empty());
    assert!(journals.iter().all(|f| !f.1.contains("PASSWORD") && f.2 == 0o600));
}

#[test]
fn nothing_to_change_touches_nothing() {
    let project = Project::new();
    let same = Zeroizing::new(OLD.as_bytes().to_vec());
    let plan = Transaction::new(project.0.path()).replace(Path::new("a.env"), sha256(OLD.as_bytes()), same);
    assert_eq!(plan.commit_with(&key(), &mut Machine::real()), Ok(None));
    assert_eq!(project.files(), all_old());
}
