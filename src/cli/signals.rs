//! Signals that would end the process, held back while something lies about that must be removed first.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// Which signal came; none of them ends the process any more.
pub(crate) struct Signals {
    seen: Arc<AtomicUsize>,
}

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// From the keyboard: a program in the foreground has it as well, and may go on.
    Keyboard(i32),
    /// It asks to end.
    End(i32),
}

impl Signals {
    /// Holds them back from now on.
    pub(crate) fn hold() -> io::Result<Self> {
        let seen = Arc::new(AtomicUsize::new(0));
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            let number = usize::try_from(signal).unwrap_or_default();
            signal_hook::flag::register_usize(signal, Arc::clone(&seen), number)?;
        }
        Ok(Self { seen })
    }

    /// The last that came, once.
    pub(crate) fn take(&self) -> Option<Signal> {
        match i32::try_from(self.seen.swap(0, Ordering::SeqCst)).unwrap_or_default() {
            0 => None,
            signal @ (SIGINT | SIGQUIT) => Some(Signal::Keyboard(signal)),
            signal => Some(Signal::End(signal)),
        }
    }
}
