//! How far a long look is, on a terminal only, on one line of stderr that is gone in the end.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Seldom enough that writing costs nothing.
const PAUSE: Duration = Duration::from_millis(100);

/// A line that is written over.
pub(crate) struct Progress {
    /// What is counted.
    what: &'static str,
    /// When it was last written; `None`: never, for stderr is no terminal.
    last: Option<Mutex<Instant>>,
}

impl Progress {
    /// Of `what`, in the plural.
    pub(crate) fn of(what: &'static str) -> Self {
        Self { what, last: stderr().is_terminal().then(|| Mutex::new(Instant::now())) }
    }

    /// Says that `done` of `all` are behind it.
    pub(crate) fn tell(&self, done: usize, all: usize) {
        // who finds another at it has nothing newer to say
        let Some(mut last) = self.last.as_ref().and_then(|last| last.try_lock().ok()) else { return };
        if last.elapsed() > PAUSE {
            *last = Instant::now();
            let _ = write!(stderr(), "\r\x1b[K{done} of {all} {}", self.what);
        }
    }
}

impl Progress {
    /// Takes the line away, for something else to be said.
    pub(crate) fn clear(&self) {
        if self.last.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
