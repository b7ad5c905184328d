//! House tests: one binary for all of them.

mod floors;
mod registries;
