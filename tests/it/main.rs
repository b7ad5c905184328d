//! House tests, and tests that run the binary: one binary for all of them.
#![expect(clippy::unwrap_used, reason = "in tests a failed unwrap is the failure that is wanted")]

mod across;
#[cfg(feature = "full")]
mod backends;
mod baseline;
mod cache;
mod cmd;
mod desk;
mod docs;
mod edit;
mod features;
mod fix;
mod floors;
mod given;
mod harness;
mod history;
mod hook;
mod hostile;
mod leaks;
mod ledger;
mod live;
mod memory;
mod names;
mod outputs;
#[cfg(feature = "probe")]
mod probe;
mod references;
mod registries;
mod rekey;
mod repository;
mod rotate;
#[cfg(feature = "live")]
mod rotate_live;
mod rotate_servers;
#[cfg(feature = "live")]
mod rotate_turns;
mod rules;
mod seal;
mod selectors;
#[cfg(feature = "wire")]
mod servers;
mod set;
mod sops;
mod staged;
mod stages;
mod textconv;
mod tls;
mod trust;
