//! Rule files: the built-in ones as tables made by the build, the user's own read at run time.

pub mod builtin;
pub mod kinds;
pub mod load;
mod parse;
pub mod programs;
pub mod rings;
pub mod schema;

pub use parse::{ascii_classes, parse};
