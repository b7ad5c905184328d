//! What a rotation needs of a server: try a credential, look at the account, make the new one work, take the old one away, go back.
//!
//! A state machine calls these in order and writes down before each what it is about to do, so every one of them may be called again after a
//! crash: what is done already is found done. None of them prints, waits for a person, or passes on what a server says.

use crate::model::secret::Secret;
use crate::wire::{Code, WireError};

/// The secret in force before a rotation, and the one after it.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'s> {
    /// Before.
    pub old: &'s Secret,
    /// After.
    pub new: &'s Secret,
}

/// What came of trying a credential over a fresh connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in force.
    Accepted,
    /// It is not, or the account is not there.
    Refused,
    /// The server could not be asked.
    Unreachable(WireError),
    /// It could not be asked over a connection that protects the credential, so nothing was sent.
    Unprotected(WireError),
    /// It answered, and what it said tells neither: a full server, a database that is gone, a login that is not known here.
    Undecided(WireError),
}

impl From<Result<(), WireError>> for Outcome {
    fn from(result: Result<(), WireError>) -> Self {
        match result {
            Ok(()) => Self::Accepted,
            Err(WireError::Rejected) => Self::Refused,
            Err(error @ (WireError::NoTls | WireError::Tls(_))) => Self::Unprotected(error),
            Err(error @ (WireError::Refused(_) | WireError::Method(_))) => Self::Undecided(error),
            Err(error) => Self::Unreachable(error),
        }
    }
}

/// Whether old and new work at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// From [`Backend::stage`] to [`Backend::retire`] both do.
    Both,
    /// From [`Backend::stage`] on only the new one does: what still uses the old one for new connections fails.
    One,
}

/// What an account is, before anything is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The server's version; may be empty.
    pub version: String,
    /// The account as the server names it: `app`, `app@localhost`.
    pub account: String,
    /// What it may do beyond its own data, in the words of the system.
    pub powers: Vec<String>,
    /// Whether old and new will work at the same time.
    pub overlap: Overlap,
    /// Other sessions of the same account: where from, or what they call themselves, and how many. `None` where that may not be seen.
    pub sessions: Option<Vec<(String, usize)>>,
    /// Accounts that look like the same one and keep their passwords: `app@%` beside `app@localhost`. `None` where that may not be seen.
    pub siblings: Option<Vec<String>>,
    /// When the password ends by itself, as the server writes it.
    pub valid_until: Option<String>,
    /// What the operator has to know, each a sentence of ours.
    pub notes: Vec<&'static str>,
}

impl Facts {
    pub(super) fn of(account: &str, version: &str, overlap: Overlap) -> Self {
        Self {
            version: version.to_owned(),
            account: account.to_owned(),
            powers: Vec::new(),
            overlap,
            sessions: None,
            siblings: None,
            valid_until: None,
            notes: Vec::new(),
        }
    }
}

/// Whether a change outlives the server's next start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// The server keeps it.
    Kept,
    /// The server forgets it: its own configuration, which must hold the new value, is what it will read.
    UntilRestart,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Nothing had to be: it was so already.
    pub already: bool,
    /// Whether it lasts.
    pub persistence: Persistence,
    /// The account that the new secret belongs to, where it is another than before: what names the old one must name this.
    pub account: Option<String>,
}

impl Done {
    pub(super) const NOW: Self = Self { already: false, persistence: Persistence::Kept, account: None };
    pub(super) const ALREADY: Self = Self { already: true, persistence: Persistence::Kept, account: None };
}

/// Why something was not done. The server's own words are not in it: they may hold what it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// Another value may pass; the same one never will.
    #[error("the server refuses this value by its policy{0}; nothing was changed")]
    Policy(Code),
    /// The account may not; an administrator's may.
    #[error("the account may not change this{0}; nothing was changed")]
    NotPermitted(Code),
    /// Nothing was sent, or nothing was taken.
    #[error("{0}; nothing was changed")]
    Unreachable(WireError),
    /// No connection that protects the credential; nothing was sent.
    #[error("{0}; nothing was sent")]
    Unprotected(WireError),
    /// The connection broke after the change was sent: try both secrets before anything else.
    #[error("the connection broke before the server answered ({0}): whether the change was made is not known")]
    UnknownOutcome(WireError),
    /// Neither the old nor the new secret works.
    #[error("neither the old nor the new credential is accepted; nothing was changed")]
    LockedOut,
    /// This server, or this account, cannot be rotated this way.
    #[error("{0}; nothing was changed")]
    Unsupported(&'static str),
    /// The server refused for another reason.
    #[error("the server refuses the change{0}")]
    Refused(Code),
    /// The change is made, and the server could not write it down.
    #[error("the change is made, and the server could not write it down{0}: its next start brings back the old one")]
    NotWritten(Code),
}

impl BackendError {
    /// Of a connection that was never used for a change.
    pub(super) fn before(error: WireError) -> Self {
        match error {
            WireError::Rejected => Self::LockedOut,
            WireError::NoTls | WireError::Tls(_) => Self::Unprotected(error),
            WireError::Refused(code) => Self::Refused(code),
            error => Self::Unreachable(error),
        }
    }

    /// Of a change that was sent; `denied` and `policy` are the server's codes for these two.
    pub(super) fn after(error: WireError, denied: &[&str], policy: &[&str]) -> Self {
        match error {
            WireError::Refused(code) if denied.contains(&code.text()) => Self::NotPermitted(code),
            WireError::Refused(code) if policy.contains(&code.text()) => Self::Policy(code),
            WireError::Refused(code) => Self::Refused(code),
            WireError::Rejected => Self::NotPermitted(Code::default()),
            error => Self::UnknownOutcome(error),
        }
    }
}

impl From<Outcome> for BackendError {
    /// Why a credential that should be in force is not known to be: [`BackendError::LockedOut`] where it was refused.
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted | Outcome::Refused => Self::LockedOut,
            Outcome::Unreachable(error) | Outcome::Unprotected(error) | Outcome::Undecided(error) => Self::before(error),
        }
    }
}

/// A server with one account on it whose secret is changed.
pub trait Backend: Send {
    /// The registered name of the system.
    fn system(&self) -> &'static str;

    /// Tries `secret` once, over a connection of its own. Changes nothing.
    fn login(&mut self, secret: &Secret) -> Outcome;

    /// Looks at the account, logged in with `secret` or as the administrator. Changes nothing.
    ///
    /// # Errors
    /// When the server cannot be asked, or nothing can be done there.
    fn inspect(&mut self, secret: &Secret) -> Result<Facts, BackendError>;

    /// Makes the new secret work. Whether the old one still does, [`Facts::overlap`] says.
    ///
    /// # Errors
    /// [`BackendError::UnknownOutcome`] leaves open whether it was done; all others say that it was not, or what of it.
    fn stage(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError>;

    /// Takes the old secret away. To be called when the new one is in use everywhere.
    ///
    /// # Errors
    /// As [`Self::stage`].
    fn retire(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError>;

    /// Makes the old secret work again, and the new one no longer. Not after [`Self::retire`] where that needed the old one.
    ///
    /// # Errors
    /// As [`Self::stage`].
    fn revert(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError>;
}
