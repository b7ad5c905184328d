//! The command line: one file for each command.

pub(crate) mod args;
pub(crate) mod baseline;
pub(crate) mod baseline_args;
pub(crate) mod baseline_file;
pub(crate) mod closed;
pub(crate) mod completions;
pub(crate) mod decrypt;
pub(crate) mod edit;
pub(crate) mod edit_program;
pub(crate) mod encrypt;
pub(crate) mod encrypt_sops;
pub(crate) mod exit;
pub(crate) mod fix;
pub(crate) mod fix_emit;
mod fix_ignore;
mod fix_probe;
pub(crate) mod fix_promote;
pub(crate) mod fix_sops;
pub(crate) mod fix_work;
pub(crate) mod hook;
pub(crate) mod hook_guard;
pub(crate) mod hook_look;
pub(crate) mod hook_message;
pub(crate) mod hook_run;
pub(crate) mod init;
pub(crate) mod interrupted;
pub(crate) mod inventory;
pub(crate) mod keygen;
pub(crate) mod ledger;
pub(crate) mod ledger_args;
pub(crate) mod manifests;
pub(crate) mod pinned;
pub(crate) mod policy;
pub(crate) mod probe;
pub(crate) mod probe_args;
#[cfg(feature = "probe")]
pub(crate) mod probe_show;
pub(crate) mod progress;
pub(crate) mod project;
pub(crate) mod recording;
pub(crate) mod rekey;
pub(crate) mod remove_plain;
pub(crate) mod retired;
pub(crate) mod rotate;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod scan_fixes;
pub(crate) mod seal_args;
pub(crate) mod seal_table;
pub(crate) mod sealed_args;
pub(crate) mod sealed_file;
pub(crate) mod sealing;
pub(crate) mod set;
pub(crate) mod signals;
pub(crate) mod sops;
pub(crate) mod status;
pub(crate) mod status_args;
pub(crate) mod textconv;
pub(crate) mod trust;
#[cfg(feature = "wire")]
pub(crate) mod trusted;
pub(crate) mod twins;
pub(crate) mod ui;
pub(crate) mod undo;
pub(crate) mod way_back;

use args::{Cli, Command};
use exit::{Exit, Failure};

/// Runs the command that was typed.
pub(crate) fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        Command::Scan(args) => scan::run(&args, &cli.global),
        Command::Baseline(args) => baseline::run(&args, &cli.global),
        Command::Rules(command) => rules::run(&command, &cli.global),
        Command::Completions(args) => completions::run(&args),
        Command::Decrypt(args) => decrypt::run(&args),
        Command::Edit(args) => edit::run(&args, &cli.global),
        Command::Encrypt(args) => encrypt::run(&args, cli.global.no_config),
        Command::Hook(command) => hook::run(&command, &cli.global),
        Command::Init(args) => init::run(&args),
        Command::Keygen(args) => keygen::run(&args),
        Command::Rekey(args) => rekey::run(&args, &cli.global),
        Command::Probe(args) => probe::run(&args, &cli.global),
        Command::Ledger(command) => ledger::run(&command, &cli.global),
        Command::Run(args) => run::run(&args, cli.global.no_config),
        Command::Fix(args) => fix::run(&args, &cli.global),
        Command::Set(args) => set::run(&args, &cli.global),
        Command::GitTextconv(args) => textconv::run(&args, &cli.global),
        Command::Trust(args) => trust::run(&args, &cli.global),
        Command::Rotate(args) => rotate::run(&args, &cli.global),
        Command::Status(args) => status::run(&args, &cli.global),
        Command::Undo(args) => undo::run(&args, &cli.global),
    }
}
