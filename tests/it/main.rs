//! House tests, and tests that run the binary: one binary for all of them.
#![expect(clippy::unwrap_used, reason = "in tests a failed unwrap is the failure that is wanted")]

mod fix;
mod floors;
mod live;
mod registries;
mod seal;
