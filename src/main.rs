//! `harden`: parse, dispatch, exit.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let typed = match cli::args::Cli::try_parse() {
        Ok(typed) => typed,
        Err(error) => return cli::exit::usage(&error),
    };
    cli::ui::choose_color(&typed.global.color);
    match cli::dispatch(typed) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            cli::ui::complain(&failure);
            failure.exit.into()
        }
    }
}
