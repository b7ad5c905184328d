//! What tests that run the program ask of its output.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A program in `project` with no environment but a home of its own, and nothing on standard input.
pub(crate) fn command(program: &str, home: &Path, project: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(project).env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap());
    command.stdin(Stdio::null());
    command
}

/// Fails, and shows what was said, when the exit code is another.
#[track_caller]
pub(crate) fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(output), stderr(output));
}

/// What was answered.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What was said beside it.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
