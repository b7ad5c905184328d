//! Credentials that providers issue: known by their form, proved by the checksum that some of them carry.
//!
//! The kinds are data (`rules/data/tokens.toml`, checked and compiled in by `build.rs`). One search over all their fixed parts finds the
//! places to look at, so a text without any costs one pass; patterns are compiled when first needed, and see a bounded window.

mod base;
mod check;
mod crc;
mod decode;
mod filler;
mod find;
mod judged;
mod kinds;
mod structure;

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;

pub use find::{Token, find, find_at, find_named, is_aws_secret, marks, telling_names, tells, told_in};
pub use judged::Checksum;
pub use kinds::{KINDS, TokenKind, Use};
