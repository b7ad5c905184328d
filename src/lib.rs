//! Find development secrets, weak keys and plaintext connections in configuration, replace them everywhere at once, and keep the result
//! encrypted.
//!
//! # A tour of the house
//! The folders are floors; a file imports only from floors below and from its own folder (`tests/it/floors.rs` holds the table).
//!
//! 1. [`model`], [`disk`], [`search`]: nouns without I/O; bytes on disk without nouns; texts found in texts.
//! 2. [`strength`], [`dsn`], [`seal`], [`config`], [`formats`], [`git`], [`ledger`], [`rules`], [`report`]: one subject each.
//! 3. [`keygen`], [`detect`], [`render`], [`run`], [`endpoints`]: what is made from them.
//!    With their features, the servers: `wire` reaches them, `probe` asks them, `live` changes credentials on them.
//! 4. [`scan`] finds, [`plan`] decides what to change; 5. [`rewrite`] changes it.
//!
//! The binary (`src/main.rs`, `src/cli/`) is a crate of its own on top: nothing here can print.
#![forbid(unsafe_code)]
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

pub mod config;
pub mod detect;
pub mod disk;
pub mod dsn;
pub mod endpoints;
pub mod formats;
pub mod git;
pub mod keygen;
pub mod keys;
pub mod ledger;
#[cfg(feature = "live")]
pub mod live;
pub mod model;
pub mod plan;
#[cfg(feature = "probe")]
pub mod probe;
pub mod render;
pub mod report;
pub mod rewrite;
pub mod rotate;
pub mod rules;
pub mod run;
pub mod scan;
pub mod seal;
pub mod search;
pub mod strength;
pub mod tokens;
#[cfg(feature = "wire")]
pub mod wire;
