//! The command line of `harden status`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueHint};
use harden::render::INVENTORY_FORMATS;

use super::seal_args::IdentityArgs;

/// `harden status`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden status
  harden status --due
  harden status --format json deploy/
  harden status --format prometheus > /var/lib/node_exporter/textfile/harden.prom")]
pub(crate) struct StatusArgs {
    /// Files and folders
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// human, json, or prometheus (the text format, for node_exporter's textfile collector)
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = PossibleValuesParser::new(INVENTORY_FORMATS), hide_possible_values = true)]
    pub(crate) format: String,
    /// Only secrets that are due; exit code 1 when there is one
    #[arg(long)]
    pub(crate) due: bool,
    /// Look at files that .gitignore leaves out, too (.env files always are)
    #[arg(long)]
    pub(crate) no_ignore: bool,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}
