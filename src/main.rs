//! `harden`: parse, dispatch, exit.
#![forbid(unsafe_code)]

mod cli;

use std::alloc::System;
use std::process::ExitCode;

use clap::Parser;
use zeroizing_alloc::ZeroAlloc;

/// Our own buffers are wiped by their types; this wipes those of the parsers and ciphers that we build on, and what a growing buffer leaves.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    cli::closed::close();
    let typed = match cli::args::Cli::try_parse() {
        Ok(typed) => typed,
        Err(error) => return cli::exit::usage(&error),
    };
    cli::ui::choose_color(&typed.global.color);
    let is_run = matches!(typed.command, cli::args::Command::Run(_));
    match std::panic::catch_unwind(|| cli::dispatch(typed)) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => {
            cli::ui::complain(&failure);
            failure.exit.into()
        }
        Err(_) if is_run => cli::exit::Exit::Child(125).into(),
        Err(_) => cli::closed::after_bug().into(),
    }
}
