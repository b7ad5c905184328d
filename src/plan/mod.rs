//! Findings to one consistent set of edits: one secret over all files is one change.

mod assign;
mod beside;
mod changes;
mod choose;
mod client;
mod derive;
mod edits;
mod elsewhere;
mod former;
mod kin;
mod place;
mod preview;
mod program;
mod proposals;
mod rotation;
mod same;
mod switches;
mod wishes;

pub use assign::{Assigned, append, assign, matching};
pub use beside::Beside;
pub use changes::{Plan, Remark, SecretChange, lined_up, plan};
pub use derive::Derived;
pub use edits::{Conflict, Planned};
pub use former::Former;
pub use place::{Account, Form, Place};
pub use preview::{preview, preview_of};
pub use proposals::{Proposed, proposals};
pub use rotation::{Held, held, rotation};
pub use switches::Switch;
pub use wishes::Wishes;
