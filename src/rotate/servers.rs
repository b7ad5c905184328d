//! The servers of a rotation, each spoken to through its backend.

use super::machine::{Login, Set};
use crate::model::secret::Secret;

/// An account on one server, as the machine of a rotation needs it.
pub trait Account {
    /// Whether two credentials can work at a time.
    fn holds_two(&self) -> bool;

    /// Tries a credential on a fresh connection, once.
    fn log_in(&mut self, credential: &Secret) -> Login;

    /// Makes `credential` work, logging in with `other` where no administrator was named.
    fn set(&mut self, credential: &Secret, other: &Secret) -> Set;

    /// Makes `credential` die, logging in with `other`.
    fn retire(&mut self, credential: &Secret, other: &Secret) -> Set;

    /// What an operator has to know before it is changed: who else is connected, whether the account expires.
    fn notes(&mut self, credential: &Secret) -> Vec<String>;
}
