//! House tests, and tests that run the binary: one binary for all of them.
#![expect(clippy::unwrap_used, reason = "in tests a failed unwrap is the failure that is wanted")]

mod across;
#[cfg(feature = "full")]
mod backends;
mod baseline;
mod cmd;
mod docs;
mod features;
mod fix;
mod floors;
mod given;
mod harness;
mod history;
mod hook;
mod hostile;
mod leaks;
mod live;
mod memory;
mod names;
mod outputs;
#[cfg(feature = "probe")]
mod probe;
mod references;
mod registries;
mod repository;
mod rules;
mod seal;
mod selectors;
#[cfg(feature = "wire")]
mod servers;
mod sops;
mod staged;
mod stages;
mod tls;
mod trust;
