//! `harden completions`: a script for the user's shell.

use std::io;

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs};
use super::exit::{Exit, Failure};

/// Prints the script to stdout.
pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    clap_complete::generate(args.shell, &mut Cli::command(), "harden", &mut io::stdout());
    Ok(Exit::Clean)
}
