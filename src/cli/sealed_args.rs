//! What is typed behind the commands that change or show sealed files.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::seal_args::{IdentityArgs, SealArgs};

/// `harden edit`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden edit .env.production.age
  VISUAL=\"code --wait\" harden edit k8s/secret.sops.yaml")]
pub(crate) struct EditArgs {
    /// The sealed file, or the plain one that it is the twin of
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) seal: SealArgs,
}

/// `harden rekey`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden rekey
  harden rekey --apply
  harden rekey --check deploy/")]
pub(crate) struct RekeyArgs {
    /// Sealed files, and folders of them [default: all that .harden/sealed.toml lists]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Write them, all or none; without it only what differs is listed, with exit code 1
    #[arg(long)]
    pub(crate) apply: bool,
    /// Only look, for CI: needs no identity (what happens without --apply, said aloud)
    #[arg(long, conflicts_with = "apply")]
    pub(crate) check: bool,
    /// Accept recipients that harden.toml lists and did not list when you last sealed here
    #[arg(long, help_heading = "Sealing")]
    pub(crate) accept_recipients: bool,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

/// `harden set`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden set STRIPE_SECRET_KEY
  harden set SMTP_PASSWORD .env.production.age < password.txt
  openssl rand -base64 32 | harden set auth.session_key config/app.toml")]
pub(crate) struct SetArgs {
    /// The setting, as a path: NAME, a.b[2]."c.d"; one that is not there is added at the top of the file
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// The file, plain or sealed; a sealed twin is taken in its place [default: the one sealed env file beside harden.toml]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// Keep a line break at the end of the value
    #[arg(long)]
    pub(crate) raw: bool,
    /// Refuse a weak value instead of warning about it
    #[arg(long)]
    pub(crate) strict: bool,
    /// Change a plain file even where the old value could not be restored
    #[arg(long)]
    pub(crate) allow_dirty: bool,
    #[command(flatten)]
    pub(crate) seal: SealArgs,
}

/// `harden git-textconv`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden hook install --diff && git diff
  harden git-textconv .env.production.age")]
pub(crate) struct TextconvArgs {
    /// The file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}
