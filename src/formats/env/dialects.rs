//! What one line of an env file means to each of its readers.
//!
//! There is no specification, so each reading follows a program: node's dotenv 18, python-dotenv 1.2, compose-go, `docker --env-file`,
//! POSIX `sh` that sources the file, and dotenvy 0.15, whose reading `harden run` uses. The table in the tests was measured with them.
//! References are resolved as if no variable were set.

use super::readers;
use super::reading::Reading;
use crate::formats::lines::line_at;
use crate::model::setting::Setting;

/// A reader of env files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// dotenv for Node.js, without dotenv-expand.
    Node,
    /// python-dotenv.
    Python,
    /// `env_file` of Docker Compose, and its `.env`.
    Compose,
    /// `docker run --env-file`: no quotes, no comments behind values.
    Docker,
    /// A shell that sources the file.
    Shell,
    /// dotenvy.
    Dotenvy,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 6] = [Self::Node, Self::Python, Self::Compose, Self::Docker, Self::Shell, Self::Dotenvy];
}

/// What `dialect` makes of `statement`: one assignment as it stands in the file, from its indentation to its last line, whose line end
/// may be there. A value in quotes may have several lines.
///
/// ```
/// use harden::formats::{Dialect, reading};
/// let docker = reading("A=abc # why", Dialect::Docker);
/// assert!(!docker.same_as(&reading("A=abc # why", Dialect::Compose)));
/// ```
#[must_use]
pub fn reading(statement: &str, dialect: Dialect) -> Reading {
    match dialect {
        Dialect::Node => readers::node(statement),
        Dialect::Python => readers::python(statement),
        Dialect::Compose => readers::compose(statement),
        Dialect::Docker => readers::docker(statement),
        Dialect::Shell => readers::shell(statement),
        Dialect::Dotenvy => readers::dotenvy(statement),
    }
}

/// What every dialect makes of `statement`, in the order of [`Dialect::ALL`].
#[must_use]
pub fn readings(statement: &str) -> Vec<(Dialect, Reading)> {
    Dialect::ALL.into_iter().map(|dialect| (dialect, reading(statement, dialect))).collect()
}

/// The whole lines of `text`, an env file, that hold `setting`, line ends included: what [`readings`] wants.
#[must_use]
pub fn statement<'t>(text: &'t str, setting: &Setting) -> &'t str {
    let start = text.get(..setting.key_span.start).and_then(|before| before.rfind('\n')).map_or(0, |i| i + 1);
    let (_, end) = line_at(text, setting.span.end);
    text.get(start..end).unwrap_or("")
}

#[cfg(test)]
#[path = "dialects_tests.rs"]
mod tests;
