//! `harden`: parse, dispatch, exit.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let typed = cli::args::Cli::parse();
    cli::ui::choose_color(&typed.global.color);
    match cli::dispatch(typed) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            cli::ui::complain(&failure);
            failure.exit.into()
        }
    }
}
