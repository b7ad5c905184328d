//! Why a command was not run. dotenvy's errors print the line, and the line is the secret: only its place is kept.

use std::io;

/// The command was not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A line that dotenv cannot read.
    #[error("{file}:{line}: expected `NAME=value`, a comment or an empty line, as dotenv reads them; the command was not run")]
    BadLine {
        /// The env file as it was named.
        file: String,
        /// Where the setting begins, from 1.
        line: usize,
    },
    /// Not UTF-8.
    #[error("{file}:{line}: expected UTF-8 text; the command was not run")]
    NotText {
        /// The env file as it was named.
        file: String,
        /// From 1.
        line: usize,
    },
    /// No environment can hold the value.
    #[error("{file}:{line}: the value of `{name}` holds a NUL character, which no environment can; the command was not run")]
    Nul {
        /// The env file as it was named.
        file: String,
        /// From 1.
        line: usize,
        /// Name of the variable.
        name: String,
    },
    /// A value refers to a variable that names or holds the identity.
    #[error("{file}:{line}: the value of `{name}` refers to an identity variable, which no child may get; the command was not run")]
    IdentityReference {
        /// The env file as it was named.
        file: String,
        /// From 1.
        line: usize,
        /// Name of the variable whose value refers.
        name: String,
    },
    /// There is no such program.
    #[error("`{program}`: no such command")]
    NotFound {
        /// As it was named.
        program: String,
    },
    /// It is there, and the system does not start it.
    #[error("`{program}` cannot be started: {source}")]
    NotExecutable {
        /// As it was named.
        program: String,
        /// The operating system's reason.
        source: io::Error,
    },
}

impl RunError {
    /// What to do about it; each is one line.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::BadLine { .. } => {
                vec!["quote a value with spaces or backslashes, `NAME='two words'`; write references in braces, `${OTHER}`".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}
