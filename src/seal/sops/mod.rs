//! Files in the format of [sops](https://github.com/getsops/sops): each value sealed by itself, names and structure in the open.
//!
//! Followed is what sops 3.11 does: AES-256-GCM with a data key that is sealed to each age recipient, values bound to the names on their
//! path, a hash (MAC) over the values in their order. Read are YAML, JSON and env files with age recipients; written is a text with its
//! values replaced and everything else as it stood, which sops itself would lay out anew.

mod cipher;
mod dotenv;
mod form;
mod json;
mod meta;
mod open;
mod reading;
mod resolve;
mod tree;
mod write;
mod yaml;

pub use form::Form;
pub use open::{Opened, open, recipients};
pub use reading::{form_of, takes};
pub use write::{How, seal};

#[cfg(test)]
#[path = "sops_tests.rs"]
mod tests;
