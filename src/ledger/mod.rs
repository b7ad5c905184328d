//! The record of what was changed: who did what to which setting, when, never a value.
//!
//! One file for each writer, `.harden/ledger/WRITER.jsonl`, a writer being one user on one machine, so that two people's lines never meet in a merge.
//! Each line names the hash of the one before it and carries an HMAC under the project's key, for those who can open that.

mod chain;
mod entry;
mod error;
mod verify;

pub use chain::{Chain, FOLDER, Grown, Ledger, Line, Writer};
pub use entry::{Entry, Subject, Vouch};
pub use error::LedgerError;
pub use verify::{Fault, Judgement, Verdict, verify};
