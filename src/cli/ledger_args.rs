//! What is typed about the ledger.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use super::seal_args::IdentityArgs;

/// `harden ledger`
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  harden ledger show
  harden ledger verify
  harden ledger export > changes.csv")]
pub(crate) enum LedgerCommand {
    /// Every change, in order: when, who, which settings of which files. Never a value
    #[command(after_help = "\
Examples:
  harden ledger show
  harden ledger show --format json")]
    Show {
        /// Project folder
        #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
        dir: PathBuf,
        /// text or json
        #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"], hide_possible_values = true)]
        format: String,
    },
    /// Whether it is as it was written: authentic, consistent only, or broken (exit code 1)
    #[command(after_help = "\
Examples:
  harden ledger verify
  harden ledger verify --head 4f1c...")]
    Verify {
        /// Project folder
        #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
        dir: PathBuf,
        /// A hash that `verify` printed before: the line must still be there (may be given several times)
        #[arg(long, value_name = "HASH")]
        head: Vec<String>,
        #[command(flatten)]
        identity: IdentityArgs,
    },
    /// A table for a spreadsheet (CSV), one row for each setting
    #[command(after_help = "\
Examples:
  harden ledger export > changes.csv
  harden ledger export deploy/ > changes.csv")]
    Export {
        /// Project folder
        #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
        dir: PathBuf,
        #[command(flatten)]
        identity: IdentityArgs,
    },
}
