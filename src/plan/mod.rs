//! Findings to one consistent set of edits: one secret over all files is one change.

mod assign;
mod changes;
mod choose;
mod client;
mod edits;
mod elsewhere;
mod place;
mod preview;
mod proposals;
mod same;
mod switches;
mod wishes;

pub use assign::{Assigned, append, assign, matching};
pub use changes::{Plan, Remark, SecretChange, plan};
pub use edits::{Conflict, Planned};
pub use place::{Account, Form, Place};
pub use preview::preview;
pub use proposals::{Proposed, proposals};
pub use switches::Switch;
pub use wishes::Wishes;
