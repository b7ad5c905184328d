//! Exit codes: one table, the same as in `--help` and README.

use std::fmt;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Looked, nothing at the threshold; done; nothing to do.
    Clean,
    /// Findings at the threshold, or changes not made.
    Findings,
    /// Could not. Nothing was written.
    Failed,
    /// No file to look at.
    NothingThere,
    /// Left half done; the journal stands.
    HalfDone,
    /// `run`: another program's code, or 125 to 127.
    Child(u8),
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::Failed => 2,
            Exit::NothingThere => 3,
            Exit::HalfDone => 4,
            Exit::Child(code) => code,
        })
    }
}

/// Prints clap's own answer (help, version, a mistake) and gives its code; a mistake in `harden run` is told from the codes of the command that
/// it would have run.
pub(crate) fn usage(error: &clap::Error) -> std::process::ExitCode {
    // a closed pipe is no reason to fail
    let _ = error.print();
    let runs = std::env::args_os().nth(1).is_some_and(|first| first == "run");
    match error.exit_code() {
        0 => Exit::Clean,
        _ if runs => Exit::Child(125),
        _ => Exit::Failed,
    }
    .into()
}

/// What a command could not do: the message, what to do about it, and the code. Printed by `ui::complain` alone.
#[derive(Debug)]
pub(crate) struct Failure {
    /// One sentence; never a value, never a foreign parser's words.
    pub(crate) message: String,
    /// What to do; each is one line.
    pub(crate) hints: Vec<String>,
    /// The code.
    pub(crate) exit: Exit,
}

impl Failure {
    /// A failure with code 2.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), hints: Vec::new(), exit: Exit::Failed }
    }

    /// Adds what to do.
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Says that nothing was written, where it does not say so already.
    pub(crate) fn untouched(mut self) -> Self {
        const UNTOUCHED: &str = "; nothing was written";
        if !self.message.ends_with(UNTOUCHED) {
            self.message += UNTOUCHED;
        }
        self
    }

    /// Another code than 2.
    pub(crate) fn code(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}
