//! The nouns that every other floor speaks: places, secrets, settings, documents, findings, edits.
//!
//! Nothing here reads a file, knows a format or matches a pattern, and no noun lists its users.

pub mod date;
pub mod document;
pub mod edit;
pub mod environment;
pub mod expression;
pub mod finding;
pub mod key_path;
pub mod memory;
pub mod secret;
pub mod setting;
pub mod severity;
pub mod shown;
pub mod span;
pub mod template;
