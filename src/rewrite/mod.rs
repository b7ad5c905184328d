//! Edits to verified files, written as one.

mod splice;

pub use splice::{OutOfRange, splice};
