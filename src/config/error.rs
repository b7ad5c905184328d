//! What is wrong with a `harden.toml`: place and expectation, never its text.

use std::path::PathBuf;

/// The configuration cannot be used; nothing was scanned or written with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It exists and cannot be read.
    #[error("cannot read `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It is not TOML.
    #[error("`{}` line {line}, column {column}: not valid TOML", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// A key that nobody reads: most often a typing error.
    #[error("`{}` line {line}, column {column}: unknown key in {table}; {}", path.display(), advice(*nearest, known))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// The table, as written in TOML.
        table: &'static str,
        /// The known key that looks most like it.
        nearest: Option<&'static str>,
        /// All keys of the table.
        known: &'static [&'static str],
    },
    /// A value of the wrong kind.
    #[error("`{}` line {line}, column {column}: `{key}` must be {expected}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// The key.
        key: &'static str,
        /// What would be understood.
        expected: &'static str,
    },
    /// A table without one of its keys.
    #[error("`{}` line {line}, column {column}: {table} needs `{key}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// The table, as written in TOML.
        table: &'static str,
        /// The key that is not there.
        key: &'static str,
    },
}

fn advice(nearest: Option<&str>, known: &[&str]) -> String {
    nearest.map_or_else(|| format!("known are `{}`", known.join("`, `")), |name| format!("did you mean `{name}`?"))
}
