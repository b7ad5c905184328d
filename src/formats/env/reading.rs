//! What one reader of env files makes of one assignment.

use crate::model::secret::Secret;

/// What a reader makes of one assignment.
#[derive(Clone, Debug)]
pub enum Reading {
    /// The variable gets this value.
    Value(Secret),
    /// The line is passed over: the variable stays unset.
    Unset,
    /// The reader stops with an error, or does something else than to set the variable.
    Refused,
    /// The value depends on where and when it is read: `~`, `$$`, a command.
    Computed,
}

impl Reading {
    /// Whether both readings give the variable the same value, or both none. What is computed differs from everything.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => a.same_as(b),
            (Self::Unset, Self::Unset) | (Self::Refused, Self::Refused) => true,
            _ => false,
        }
    }
}
