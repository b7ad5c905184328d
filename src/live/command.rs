//! The user's own program, for servers that harden does not know. It comes from the command line or the user's own configuration, never from the
//! tree. It is told what to do by its environment and the secrets by its standard input, never by arguments; what it prints is dropped, for it
//! may hold them.
//!
//! | variable | meaning |
//! |---|---|
//! | `HARDEN_STEP` | `login`, `inspect`, `stage`, `retire`, `revert` |
//! | `HARDEN_KEY` | the name of the setting |
//!
//! Standard input is one line of JSON: `{"old": "...", "new": "..."}`; at `login` and `inspect` `{"secret": "..."}`.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | done; the login is accepted; at `inspect`: there is one password |
//! | 10 | at `inspect`: old and new work at the same time |
//! | 11 | was done already |
//! | 20 | the login is refused |
//! | 21 | refused by policy: another value may pass |
//! | 22 | not permitted |
//! | 23 | the server cannot be reached, nothing was sent |
//! | any other | whether it was done is not known |

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command as Process, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::backend::{Backend, BackendError, Done, Facts, Outcome, Overlap, Pair};
use crate::model::secret::Secret;
use crate::wire::{Code, WireError};

/// A program that rotates.
pub struct Command {
    program: PathBuf,
    arguments: Vec<String>,
    key: String,
    within: Duration,
}

/// What goes to its standard input.
enum Told<'t> {
    One(&'t Secret),
    Both(&'t Pair<'t>),
}

impl Command {
    /// `program` with `arguments`, which hold no secret, for the setting `key`; killed with all that it started after `within`.
    #[must_use]
    pub fn new(program: PathBuf, arguments: Vec<String>, key: &str, within: Duration) -> Self {
        Self { program, arguments, key: key.to_owned(), within }
    }

    /// The exit code; the error where there is none.
    fn run(&self, step: &str, told: &Told<'_>) -> Result<i32, WireError> {
        let mut process = Process::new(&self.program);
        process.args(&self.arguments).env("HARDEN_STEP", step).env("HARDEN_KEY", &self.key);
        for name in crate::seal::IDENTITY_VARIABLES {
            process.env_remove(name);
        }
        process.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let mut child = process.spawn().map_err(|_| WireError::ConnectionRefused)?;
        let text = Secret::new(match told {
            Told::One(secret) => json!({"secret": secret.expose()}).to_string(),
            Told::Both(pair) => json!({"old": pair.old.expose(), "new": pair.new.expose()}).to_string(),
        });
        if let Some(mut input) = child.stdin.take() {
            // a program that reads nothing is in order
            let _ = input.write_all(text.expose().as_bytes()).and_then(|()| input.write_all(b"\n"));
        }
        wait(&mut child, self.within)
    }

    fn step(&self, step: &str, pair: &Pair<'_>) -> Result<Done, BackendError> {
        match self.run(step, &Told::Both(pair)) {
            Ok(0) => Ok(Done::NOW),
            Ok(11) => Ok(Done::ALREADY),
            Ok(20) => Err(BackendError::LockedOut),
            Ok(21) => Err(BackendError::Policy(Code::default())),
            Ok(22) => Err(BackendError::NotPermitted(Code::default())),
            Ok(23) => Err(BackendError::Unreachable(WireError::Unreachable)),
            Ok(_) => Err(BackendError::UnknownOutcome(WireError::Foreign)),
            Err(WireError::ConnectionRefused) => Err(BackendError::Unsupported("the program cannot be started")),
            Err(error) => Err(BackendError::UnknownOutcome(error)),
        }
    }
}

fn wait(child: &mut Child, within: Duration) -> Result<i32, WireError> {
    let until = Instant::now() + within;
    loop {
        match child.try_wait() {
            // one that was killed has no code: what it did is not known
            Ok(Some(status)) => return status.code().ok_or(WireError::Closed),
            Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(20)),
            _ => {
                if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
                    // it may have ended by itself just now
                    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                }
                let _ = child.wait();
                return Err(WireError::Silent);
            }
        }
    }
}

impl Backend for Command {
    fn system(&self) -> &'static str {
        "command"
    }

    fn login(&mut self, secret: &Secret) -> Outcome {
        match self.run("login", &Told::One(secret)) {
            Ok(0) => Outcome::Accepted,
            Ok(20) => Outcome::Refused,
            Ok(23) => Outcome::Unreachable(WireError::Unreachable),
            Ok(_) => Outcome::Undecided(WireError::Foreign),
            Err(error) => Outcome::Unreachable(error),
        }
    }

    fn inspect(&mut self, secret: &Secret) -> Result<Facts, BackendError> {
        let overlap = match self.run("inspect", &Told::One(secret)) {
            Ok(0) => Overlap::One,
            Ok(10) => Overlap::Both,
            Ok(22) => return Err(BackendError::NotPermitted(Code::default())),
            Ok(_) => return Err(BackendError::Unreachable(WireError::Unreachable)),
            Err(WireError::ConnectionRefused) => return Err(BackendError::Unsupported("the program cannot be started")),
            Err(error) => return Err(BackendError::Unreachable(error)),
        };
        Ok(Facts::of(&self.key, "", overlap))
    }

    fn stage(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        self.step("stage", pair)
    }

    fn retire(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        self.step("retire", pair)
    }

    fn revert(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        self.step("revert", pair)
    }
}
