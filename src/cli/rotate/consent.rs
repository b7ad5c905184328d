//! Asking before what is in use changes.

use std::io::{self, IsTerminal, Write as _};

use super::args::RotateArgs;
use crate::cli::exit::Failure;

/// Asks on a terminal; without one, `--yes` has to have been said.
pub(super) fn confirm(args: &RotateArgs, count: usize) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::new("nobody is there to be asked: standard input is no terminal; nothing was changed").hint("say `--yes`"));
    }
    let secrets = if count == 1 { "this secret".to_owned() } else { format!("these {count} secrets") };
    agreed(&format!("Replace {secrets} now?"))
}

/// Asks on a terminal before a rotation of `count` secrets that is over, and whose values are in use, is taken back.
pub(super) fn confirm_return(args: &RotateArgs, count: usize) -> Result<(), Failure> {
    if args.yes || !io::stdin().is_terminal() {
        return Ok(());
    }
    let secrets = if count == 1 { "the secret".to_owned() } else { format!("the {count} secrets") };
    agreed(&format!("Give {secrets} of the last rotation their former values again, on servers and in files?"))
}

/// Asks `question` on the terminal.
///
/// # Errors
/// Any answer but yes.
fn agreed(question: &str) -> Result<(), Failure> {
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::new("not confirmed; nothing was changed"))
}
