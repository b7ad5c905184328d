//! The servers of a rotation, each spoken to through its backend.

#[cfg(feature = "live")]
mod live;

use super::machine::{Login, Set};
use super::stage::Credential;

#[cfg(feature = "live")]
pub use live::{Spoken, account};

/// What an operator has to know of an account before it is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Whether two credentials can work at a time.
    pub holds_two: bool,
    /// Sentences: who else is connected, what it may do, when it expires.
    pub notes: Vec<String>,
}

/// An account on one server, as the machine of a rotation needs it.
pub trait Account {
    /// Looks at the account, logged in with `credential` or as the administrator. Changes nothing.
    ///
    /// # Errors
    /// Why it could not, in our own words.
    fn look(&mut self, credential: Credential<'_>) -> Result<Known, String>;

    /// Whether two credentials can work at a time; asks with either of them where that is not known yet. `None`: the server does not say.
    fn holds_two(&mut self, one: Credential<'_>, other: Credential<'_>) -> Option<bool>;

    /// Tries a credential on a fresh connection, once.
    fn log_in(&mut self, credential: Credential<'_>) -> Login;

    /// Makes `credential` work, logging in with `other` where no administrator was named.
    fn set(&mut self, credential: Credential<'_>, other: Credential<'_>) -> Set;

    /// Makes `credential` die, logging in with `other`.
    fn retire(&mut self, credential: Credential<'_>, other: Credential<'_>) -> Set;

    /// What has to be said of what was done since this was last asked: a server that forgets it with its next start.
    fn warnings(&mut self) -> Vec<String>;
}
