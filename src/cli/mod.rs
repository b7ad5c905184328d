//! The command line: one file for each command.

pub(crate) mod args;
pub(crate) mod completions;
pub(crate) mod exit;
pub(crate) mod project;
pub(crate) mod rules;
pub(crate) mod scan;
pub(crate) mod ui;

use args::{Cli, Command};
use exit::{Exit, Failure};

/// Runs the command that was typed.
pub(crate) fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        Command::Scan(args) => scan::run(&args, &cli.global),
        Command::Rules(command) => rules::run(&command, &cli.global),
        Command::Completions(args) => completions::run(&args),
        _ => Err(Failure::new("not built yet")),
    }
}
