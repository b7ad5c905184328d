//! Closes this process against looks inside: it reads other people's secrets, so no debugger of the same user attaches to it, no core dump of it is
//! written, and a bug does not print what it was looking at.
//!
//! prctl(2), `PR_SET_DUMPABLE`; getrlimit(2), `RLIMIT_CORE`. Both are asked for and not insisted on: a system that has none of them keeps nobody from
//! working. Root can look all the same.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use harden::disk::journal::pending;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::exit::Exit;
use super::ui;

/// The limit as the user had it.
static CORE: OnceLock<Rlimit> = OnceLock::new();

/// Closes the process; to be called first of all.
pub(crate) fn close() {
    let before = CORE.get_or_init(|| getrlimit(Resource::Core));
    // the hard limit stays, so that the user's own can be given back
    _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: before.maximum });
    #[cfg(target_os = "linux")]
    {
        _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
    std::panic::set_hook(Box::new(tell));
}

/// Gives the user's limit back, for a command that takes this process's place. The system makes that one open to debuggers again by itself.
pub(crate) fn reopen() {
    if let Some(before) = CORE.get() {
        _ = setrlimit(Resource::Core, *before);
    }
}

/// Says where a bug showed itself. What it says itself may be a part of a value, and is left out.
fn tell(info: &PanicHookInfo<'_>) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    // a thread that fails takes the next one with it
    if TOLD.swap(true, Ordering::Relaxed) {
        return;
    }
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), |l| format!("{}:{}:{}", l.file(), l.line(), l.column()));
    ui::error(&format!("harden {} has a bug, at {place}; it stopped there", env!("CARGO_PKG_VERSION")));
    ui::hint("please report this line and what was typed; it holds nothing of your files (SECURITY.md)");
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        ui::note(&trace.to_string());
    }
}

/// The code after a bug: whether it left something half done can be told from the journals in the folders above this one.
pub(crate) fn after_bug() -> Exit {
    let half = Path::new(".").canonicalize().is_ok_and(|here| here.ancestors().any(pending));
    if half {
        ui::hint("files were being written: `harden undo` takes that back");
        return Exit::HalfDone;
    }
    Exit::Failed
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    /// What is run in a process of its own by the test below: nothing, unless that asks for it.
    #[test]
    fn a_bug_over_a_secret() {
        if std::env::var_os("A_BUG_OVER_A_SECRET").is_none() {
            return;
        }
        super::close();
        let secret = ["hunter2", "-quokka"].concat();
        let thread = std::thread::spawn(move || {
            let none: Result<(), String> = Err(secret);
            std::hint::black_box(none).expect("the value");
        });
        assert!(thread.join().is_err(), "it panicked");
        // and a second one, which is the first one's echo
        panic!("over hunter2-quokka");
    }

    #[test]
    fn a_bug_prints_its_place_and_not_what_it_saw() {
        let output = Command::new(std::env::current_exe().expect("this test"))
            .args(["cli::closed::tests::a_bug_over_a_secret", "--exact", "--nocapture", "--test-threads=1"])
            .env("A_BUG_OVER_A_SECRET", "1")
            .env("RUST_BACKTRACE", "1")
            .output()
            .expect("runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success());
        assert!(said.contains("has a bug, at src/cli/closed.rs:"), "{said}");
        assert_eq!(said.matches("has a bug").count(), 1, "{said}");
        for piece in ["hunter2", "quokka", "the value"] {
            assert!(!said.contains(piece), "{piece}: {said}");
        }
        assert!(said.contains("a_bug_over_a_secret"), "the backtrace that was asked for names functions: {said}");
    }
}
