//! The command line: one file for each command.

pub(crate) mod args;
pub(crate) mod completions;
pub(crate) mod exit;
pub(crate) mod ui;

use args::{Cli, Command};
use exit::{Exit, Failure};

/// Runs the command that was typed.
pub(crate) fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        Command::Completions(args) => completions::run(&args),
        _ => Err(Failure::new("not built yet")),
    }
}
