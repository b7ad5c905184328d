//! What kind of value is it, judged by its name and by itself, and how strong is it.
//!
//! Neither entropy nor guess counting can tell a placeholder from a key; the order of tests in [`judge`] can.

pub mod context;
pub mod dictionary;
pub mod encoding;
pub mod judge;
pub mod lexicon;
pub mod name;
pub mod phc;
pub mod published;
pub mod structure;
pub mod table;
