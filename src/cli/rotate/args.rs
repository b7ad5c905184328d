//! The command line of `harden rotate`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use harden::config::Alternate;

use crate::cli::seal_args::SealArgs;

/// `harden rotate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden rotate --all
  harden rotate JWT_SECRET 'SESSION_*' --apply --reload 'docker compose up -d' --health 'curl -fsS localhost:8080/health'
  harden rotate POSTGRES_PASSWORD --apply --reload 'systemctl reload app' --address DATABASE_URL=127.0.0.1:5432
  harden rotate DB_PASSWORD --apply --alternate DATABASE_URL=app,app_b --reload 'systemctl reload app'
  harden rotate --due --apply --yes --reload 'systemctl reload app' --approved-by 'A. Smith'
  harden rotate --resume
  harden rotate --undo")]
pub(crate) struct RotateArgs {
    /// Settings whose secrets are replaced: names or key paths, with `*` for any text
    #[arg(value_name = "KEY|GLOB", conflicts_with_all = ["all", "resume", "undo", "forget"])]
    pub(crate) keys: Vec<String>,
    /// Every secret that can be replaced
    #[arg(long, conflicts_with_all = ["resume", "undo", "forget"])]
    pub(crate) all: bool,
    /// Secrets with a finding of this class: dev-secret, weak-key, ... (may be given several times)
    #[arg(long, value_name = "CLASS", conflicts_with_all = ["all", "resume", "undo", "forget"])]
    pub(crate) class: Vec<String>,
    /// Secrets that are due by `[rotate.max-age]`, or because a finding says that they are weak
    #[arg(long, conflicts_with_all = ["keys", "all", "class", "resume", "undo", "forget"])]
    pub(crate) due: bool,
    /// Who approved it: wanted where harden.toml says `approval = true`, and recorded
    #[arg(long, value_name = "NAME", requires = "apply")]
    pub(crate) approved_by: Option<String>,
    /// Do it; without it the plan is only shown
    #[arg(long)]
    pub(crate) apply: bool,
    /// Go on with a rotation that was interrupted
    #[arg(long, conflicts_with_all = ["apply", "undo", "forget"])]
    pub(crate) resume: bool,
    /// Take back a rotation that was interrupted, or the last one that was done: on the servers and in the files
    #[arg(long, conflicts_with_all = ["apply", "forget"])]
    pub(crate) undo: bool,
    /// Remove the sealed stage of the last rotation: it cannot be taken back afterwards
    #[arg(long, conflicts_with = "apply")]
    pub(crate) forget: bool,
    /// Show where texts for people still hold the values that the last rotation replaced; with --apply, take them out
    #[arg(long, conflicts_with_all = ["keys", "all", "class", "due", "resume", "undo", "forget"])]
    pub(crate) purge: bool,
    /// Also replace secrets that the plan marks with this word
    #[arg(long, value_name = "WHAT", value_parser = ["review"])]
    pub(crate) include: Option<String>,
    /// Do not ask before the first step
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The folder whose files are changed
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Look at files that .gitignore leaves out, too (.env files always are)
    #[arg(long)]
    pub(crate) no_ignore: bool,
    /// Command that makes the applications take the new values, run by the shell after the files are written
    #[arg(long, value_name = "COMMAND", help_heading = "Applications")]
    pub(crate) reload: Option<String>,
    /// Command that says by its exit code whether the applications are well; if it fails, everything goes back
    #[arg(long, value_name = "COMMAND", help_heading = "Applications")]
    pub(crate) health: Option<String>,
    /// How long the former credential goes on working beside the new one, where a server takes two: 90s, 10m, 1h
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration, help_heading = "Applications")]
    pub(crate) grace: u64,
    /// Go on although a server takes one credential at a time and nothing reloads the applications
    #[arg(long, help_heading = "Applications")]
    pub(crate) accept_downtime: bool,
    /// Reach the server of a setting at this address instead of the one that it names (may be given several times)
    #[arg(long, value_name = "SETTING=HOST:PORT", value_parser = address, help_heading = "Servers")]
    pub(crate) address: Vec<(String, String)>,
    /// Trust the certificates in this PEM file, besides those of the system (may be given several times)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Servers")]
    pub(crate) ca: Vec<PathBuf>,
    /// Trust the server that has this public key: sha256: and 64 hex digits (may be given several times)
    #[arg(long, value_name = "PIN", help_heading = "Servers")]
    pub(crate) pin: Vec<String>,
    /// Log in to this host without verified TLS, too (may be given several times)
    #[arg(long, value_name = "HOST", help_heading = "Servers")]
    pub(crate) insecure_login: Vec<String>,
    /// Accept servers that these files name and did not name when you last rotated here
    #[arg(long, help_heading = "Servers")]
    pub(crate) accept_hosts: bool,
    /// The management interface of the RabbitMQ that a setting names (may be given several times)
    #[arg(long, value_name = "SETTING=URL", value_parser = pair, help_heading = "Servers")]
    pub(crate) management: Vec<(String, String)>,
    /// Two accounts of the PostgreSQL that a setting names take turns, without a gap; an administrator is needed (may be given several times)
    #[arg(long, value_name = "SETTING=USER,USER", value_parser = alternate, help_heading = "Servers")]
    pub(crate) alternate: Vec<(String, Alternate)>,
    /// The program that changes the secret of a setting where harden does not know the server (may be given several times)
    #[arg(long, value_name = "SETTING=PROGRAM", value_parser = pair, help_heading = "Servers")]
    pub(crate) program: Vec<(String, String)>,
    /// Seconds that each step on a server may take
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=300), help_heading = "Servers")]
    pub(crate) timeout: u64,
    /// Change files only, and print what has to be done on the servers
    #[arg(long, help_heading = "Servers")]
    pub(crate) files_only: bool,
    #[command(flatten)]
    pub(crate) seal: SealArgs,
}

/// Seconds, from a number and a unit.
fn duration(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("s") => 1,
        Some("m") => 60,
        Some("h") => 3600,
        _ => return Err("expected a number and s, m or h, such as 10m".to_owned()),
    };
    digits.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(|| "expected a whole number before the unit".to_owned())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let halves = text.split_once('=').filter(|(setting, value)| !setting.is_empty() && !value.is_empty());
    halves.map(|(setting, value)| (setting.to_owned(), value.to_owned())).ok_or_else(|| "expected SETTING=VALUE".to_owned())
}

fn alternate(text: &str) -> Result<(String, Alternate), String> {
    let expected = "expected SETTING=USER,USER: two names of at most 63 letters, digits, `_`, `-` and `.`";
    let (setting, names) = text.split_once('=').filter(|(setting, _)| !setting.is_empty()).ok_or(expected)?;
    let pair = Alternate::of(&names.split(',').map(str::trim).collect::<Vec<_>>()).ok_or(expected)?;
    Ok((setting.to_owned(), pair))
}

fn address(text: &str) -> Result<(String, String), String> {
    let (setting, at) = text.split_once('=').ok_or("expected SETTING=HOST:PORT")?;
    let port = at.rsplit_once(':').and_then(|(host, port)| (!host.is_empty()).then(|| port.parse::<u16>().ok()).flatten());
    port.map(|_| (setting.to_owned(), at.to_owned())).ok_or_else(|| "expected SETTING=HOST:PORT".to_owned())
}
