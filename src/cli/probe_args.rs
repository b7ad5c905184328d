//! `harden probe` as typed.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::seal_args::IdentityArgs;

/// `harden probe`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden probe
  harden probe .env.production --ca deploy/ca.crt
  harden probe --login --format json > probe.json
  harden probe --login --insecure-login localhost")]
pub(crate) struct ProbeArgs {
    /// Files and folders whose connection settings are asked
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = ["human", "json"], help_heading = "Output")]
    pub(crate) format: String,
    /// Trust the certificates in this PEM file, besides those of the system (may be given several times)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Trust")]
    pub(crate) ca: Vec<PathBuf>,
    /// Trust the server that has this public key, whatever its certificate says: sha256: and 64 hex digits (may be given several times)
    #[arg(long, value_name = "PIN", help_heading = "Trust")]
    pub(crate) pin: Vec<String>,
    /// Try each account that is written, once, over verified TLS only; says which before, and whether it may do too much
    #[arg(long, help_heading = "Login")]
    pub(crate) login: bool,
    /// Try the accounts of this host without verified TLS, too (may be given several times)
    #[arg(long, value_name = "HOST", requires = "login", help_heading = "Login")]
    pub(crate) insecure_login: Vec<String>,
    /// Note the accounts that were let in, and when, in the project's ledger: `harden status` shows it
    #[arg(long, requires = "login", help_heading = "Login")]
    pub(crate) record: bool,
    /// Seconds that each step may take
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u64).range(1..=300), help_heading = "General")]
    pub(crate) timeout: u64,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}
