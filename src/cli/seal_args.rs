//! Options of all commands that seal or open.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Whom to seal to, and who opens.
#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    /// Seal to this recipient: age1..., ssh-ed25519 ... or ssh-rsa ... (may be given several times)
    #[arg(short, long = "recipient", value_name = "RECIPIENT", help_heading = "Sealing")]
    pub(crate) recipients: Vec<String>,
    /// Accept recipients that harden.toml lists and did not list when you last sealed here
    #[arg(long, help_heading = "Sealing")]
    pub(crate) accept_recipients: bool,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

/// Who opens.
#[derive(Debug, Default, Args)]
pub(crate) struct IdentityArgs {
    /// File with the identity that opens sealed files; `-` is standard input
    #[arg(short, long = "identity", value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Sealing")]
    pub(crate) identity: Option<PathBuf>,
    /// Accept an identity file that others can read
    #[arg(long, help_heading = "Sealing")]
    pub(crate) allow_open_identity: bool,
}
