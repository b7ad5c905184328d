//! The child's environment, and the child: it takes this process's place, so that signals, terminal and exit code are its own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::env::Variable;
use super::error::RunError;
use crate::seal::IDENTITY_VARIABLES;

/// What the environment starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// That of harden.
    Inherited,
    /// `--clean`: `PATH`, `HOME`, `LANG` and `TERM` of it.
    Clean,
}

/// Whose value a variable has that both a file and the base have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precedence {
    /// The file's.
    File,
    /// `--keep-existing`
    Existing,
}

const CLEAN: &[&str] = &["PATH", "HOME", "LANG", "TERM"];

/// The environment of the child, by name: `inherited` as `base` says, then `files`, a later one over an earlier one, within a file the
/// last line. Identity variables are left out, wherever they come from.
///
/// The values are no longer in their boxes: use them at once.
#[must_use]
pub fn environment(
    inherited: impl IntoIterator<Item = (OsString, OsString)>,
    files: &[Vec<Variable>],
    base: Base,
    precedence: Precedence,
) -> Vec<(OsString, OsString)> {
    let mut merged: BTreeMap<OsString, OsString> =
        inherited.into_iter().filter(|(name, _)| base == Base::Inherited || is_one_of(CLEAN, name)).collect();
    let existing: Vec<OsString> = if precedence == Precedence::Existing { merged.keys().cloned().collect() } else { Vec::new() };
    for variable in files.iter().flatten() {
        let name = OsString::from(&variable.name);
        if existing.binary_search(&name).is_err() {
            merged.insert(name, OsString::from(variable.value.expose()));
        }
    }
    merged.retain(|name, _| !is_one_of(IDENTITY_VARIABLES, name));
    merged.into_iter().collect()
}

/// Becomes `program` with exactly this environment; returns only when that failed. `PATH` of `environment` is searched.
///
/// # Errors
/// Always an error where it returns: [`RunError::NotFound`], [`RunError::NotExecutable`].
pub fn replace_process(
    program: &OsStr,
    arguments: &[OsString],
    environment: Vec<(OsString, OsString)>,
) -> Result<std::convert::Infallible, RunError> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment);
    Err(failure(program, command.exec()))
}

fn failure(program: &OsStr, source: io::Error) -> RunError {
    let program = program.to_string_lossy().into_owned();
    if source.kind() == io::ErrorKind::NotFound { RunError::NotFound { program } } else { RunError::NotExecutable { program, source } }
}

fn is_one_of(names: &[&str], name: &OsStr) -> bool {
    names.iter().any(|known| name == *known)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::env::{Variable, parse};
    use super::{Base, Precedence, environment};

    fn file(text: &str) -> Vec<Variable> {
        parse("x.env", text.as_bytes()).unwrap().variables
    }

    fn inherited() -> Vec<(OsString, OsString)> {
        [("PATH", "/bin"), ("HOME", "/root"), ("A", "old"), ("SOPS_AGE_KEY", "k"), ("TERM", "dumb")]
            .map(|(n, v)| (n.into(), v.into()))
            .into()
    }

    fn merged(files: &[Vec<Variable>], base: Base, precedence: Precedence) -> String {
        let list = environment(inherited(), files, base, precedence);
        list.iter().map(|(n, v)| format!("{}={}", n.to_str().unwrap(), v.to_str().unwrap())).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn later_files_win_over_earlier_and_over_the_environment() {
        let files = [file("A=1\nB=1\nB=2\n"), file("A=3\n")];
        assert_eq!(merged(&files, Base::Inherited, Precedence::File), "A=3 B=2 HOME=/root PATH=/bin TERM=dumb");
    }

    #[test]
    fn keep_existing_turns_that_round_for_the_environment_only() {
        let files = [file("A=1\nB=1\n"), file("A=3\nB=3\n")];
        assert_eq!(merged(&files, Base::Inherited, Precedence::Existing), "A=old B=3 HOME=/root PATH=/bin TERM=dumb");
    }

    #[test]
    fn clean_keeps_four_and_identities_never_pass() {
        let files = [file("HARDEN_IDENTITY_FILE=x\nSOPS_AGE_KEY_FILE=x\nC=1\n")];
        assert_eq!(merged(&files, Base::Clean, Precedence::File), "C=1 HOME=/root PATH=/bin TERM=dumb");
    }
}
