//! The command line as typed. Names of formats come from the registries; no option takes a secret.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueHint};
use harden::model::severity::Profile;
use harden::render::RENDERERS;

use super::baseline_args::{BaselineArgs, BaselineChoice};
use super::fix_probe::AskArgs;
use super::ledger_args::LedgerCommand;
use super::probe_args::ProbeArgs;
use super::rotate::args::RotateArgs;
pub(crate) use super::seal_args::{IdentityArgs, SealArgs};
use super::sealed_args::{EditArgs, RekeyArgs, SetArgs, TextconvArgs};
use super::status_args::StatusArgs;

/// The exit codes, as `harden --help` ends with them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  nothing at or above --fail-on; or everything was done; or nothing to do
  1  findings at or above --fail-on; or there are changes that were not made
  2  could not: usage, unreadable path, bad configuration, no recipient, no identity; wrote nothing
  3  none of the paths named held a file to look at
  4  left half done; the journal stands: `harden undo`, or `harden fix --apply` to go on; of a rotation: `harden rotate --undo`, or `--resume`
  (run: the command's own code; 125 harden failed, 126 not executable, 127 not found)";

const EXAMPLES: &str = "\
Examples:
  harden scan
  harden fix";

/// Find development secrets, weak keys and plaintext connections in configuration, replace them everywhere at once, and keep the result
/// encrypted.
#[derive(Debug, Parser)]
#[command(name = "harden", version, max_term_width = 100, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "always", "never"], help_heading = "General")]
    pub(crate) color: String,
    /// Ignore harden.toml and .harden/ of the tree
    #[arg(long, global = true, help_heading = "General")]
    pub(crate) no_config: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find development secrets, weak keys, plaintext connections and unsafe settings
    Scan(ScanArgs),
    /// Accept today's findings, each with a reason: what is new still counts
    Baseline(BaselineArgs),
    /// Plan replacements, the same one wherever one secret occurs; --apply writes them
    Fix(FixArgs),
    /// Replace live secrets, on the servers and in every file, in steps that can be resumed or taken back
    Rotate(RotateArgs),
    /// Every secret: its kind, how old it is, when it is due
    Status(StatusArgs),
    /// Take back what fix --apply wrote
    Undo(UndoArgs),
    /// Make harden.toml, an identity and recipients: the first minute
    Init(InitArgs),
    /// Make an identity (a key pair) that can open sealed files
    Keygen(KeygenArgs),
    /// Seal files: NAME becomes NAME.age
    Encrypt(EncryptArgs),
    /// Open sealed files
    Decrypt(DecryptArgs),
    /// Change a sealed file in your editor; its content is on no disk
    Edit(EditArgs),
    /// Seal files again, to the recipients that harden.toml lists now; --apply writes them
    Rekey(RekeyArgs),
    /// Put one value, from standard input, into a plain or sealed file
    Set(SetArgs),
    /// Run a command with the settings of env files, sealed or plain, in its environment
    Run(RunArgs),
    /// Check each commit, or each push, before it is made
    #[command(subcommand)]
    Hook(HookCommand),
    /// Print a file, plain or sealed, with its values masked: what git diff compares
    GitTextconv(TextconvArgs),
    /// What was changed, by whom, when: show it, check it, hand it on
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Let harden.toml name programs that are started, as it is now
    Trust(TrustArgs),
    /// Ask the servers that connection settings name: TLS, certificate, and, where told to, whether the account is taken
    Probe(ProbeArgs),
    /// Look at the rules, and test rule files
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// `harden scan`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden scan
  harden scan deploy/ .env.production --format sarif > harden.sarif
  harden scan --staged
  harden scan --new-only origin/main
  harden scan --policy-ref origin/main
  harden scan --history --since 2026-01-01
  harden scan --history=v1.0..HEAD --format jsonl
  docker compose config | harden scan - --as compose.yml")]
pub(crate) struct ScanArgs {
    /// Files and folders; `-` is standard input
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = PossibleValuesParser::new(RENDERERS.iter().map(|r| r.name())), help_heading = "Output")]
    pub(crate) format: String,
    /// Only the counts and the grade, no findings
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Severity from which findings make the exit code 1: none, info, low, medium, high or critical [default: medium]
    #[arg(long, value_name = "SEVERITY", value_parser = ["none", "info", "low", "medium", "high", "critical"], hide_possible_values = true, help_heading = "Judgement")]
    pub(crate) fail_on: Option<String>,
    /// With whose eyes to look: production, development, or strict (production and good housekeeping) [default: production]
    #[arg(long, value_name = "PROFILE", value_parser = |text: &str| text.parse::<Profile>(), help_heading = "Judgement")]
    pub(crate) profile: Option<Profile>,
    /// A file that does not parse is an error (exit code 2)
    #[arg(long, help_heading = "Judgement")]
    pub(crate) strict: bool,
    /// Look at files that .gitignore leaves out, too (.env files always are)
    #[arg(long, help_heading = "Files")]
    pub(crate) no_ignore: bool,
    /// Judge every file again, also where an earlier scan found the same content clean
    #[arg(long, help_heading = "Files")]
    pub(crate) no_cache: bool,
    /// Name under which standard input is read: it decides format and environment
    #[arg(long = "as", value_name = "NAME", help_heading = "Files")]
    pub(crate) stdin_name: Option<String>,
    /// What the next commit adds: the files of the index, not of the work tree
    #[arg(long, conflicts_with_all = ["history", "no_ignore", "stdin_name"], help_heading = "Git")]
    pub(crate) staged: bool,
    /// With --staged: the whole of each staged file, not only the lines that the commit adds
    #[arg(long, requires = "staged", help_heading = "Git")]
    pub(crate) all_lines: bool,
    /// Every version of every file in the commits of RANGE (as git takes it) [default: all branches, tags and stashes]
    #[arg(long, value_name = "RANGE", num_args = 0..=1, require_equals = true, default_missing_value = "", conflicts_with_all = ["no_ignore", "stdin_name", "new_only"], help_heading = "Git")]
    pub(crate) history: Option<String>,
    /// With --history: only commits after this date (`2026-01-31`, `2 weeks ago`)
    #[arg(long, value_name = "DATE", requires = "history", help_heading = "Git")]
    pub(crate) since: Option<String>,
    /// With --history without a range: only commits of this branch
    #[arg(long, value_name = "BRANCH", requires = "history", help_heading = "Git")]
    pub(crate) branch: Option<String>,
    /// Only findings that the files of the commit REF do not have already
    #[arg(long, value_name = "REF", conflicts_with = "stdin_name", help_heading = "Git")]
    pub(crate) new_only: Option<String>,
    /// harden.toml, the rules and baseline in .harden/, and comments that suppress, as the commit REF has them: for what strangers propose
    #[arg(long, value_name = "REF", conflicts_with_all = ["no_config", "stdin_name"], help_heading = "Git")]
    pub(crate) policy_ref: Option<String>,
    #[command(flatten)]
    pub(crate) baseline: BaselineChoice,
}

/// `harden fix`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden fix
  harden fix --apply
  harden fix --only dev-secret --emit plain --apply
  harden fix --emit plain --include review --apply   # secrets leave compose files for .env, too
  harden fix --emit sops --apply
  harden fix --only non-tls-url --include review --apply --probe --ca deploy/ca.crt")]
pub(crate) struct FixArgs {
    /// Files and folders
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Write the plan's safe changes; without it the plan is only shown
    #[arg(long)]
    pub(crate) apply: bool,
    /// Also make the changes that the plan marks with this word
    #[arg(long, value_name = "WHAT", value_parser = ["review"])]
    pub(crate) include: Option<String>,
    /// sealed: patched copies, encrypted, as NAME.age beside NAME; sops: the same for sops, only the secret values encrypted; plain: patch in place
    #[arg(long, value_name = "FORM", default_value = "sealed", value_parser = ["sealed", "sops", "plain"])]
    pub(crate) emit: String,
    /// With --emit sops: lines that are not encrypted may be edited by hand (the MAC does not cover them)
    #[arg(long)]
    pub(crate) hand_editable: bool,
    /// Only changes of this rule, class or key (may be given several times)
    #[arg(long, value_name = "RULE|CLASS|KEY")]
    pub(crate) only: Vec<String>,
    /// Keep the old key of what only signs (sessions) valid for a while, in the setting that its program has for it, unless it can be guessed
    #[arg(long)]
    pub(crate) keep_previous: bool,
    /// Make this environment's file from .env: `production` writes .env.production
    #[arg(long, value_name = "ENVIRONMENT", value_parser = ["production"])]
    pub(crate) promote: Option<String>,
    /// Change files in place even where the old content could not be restored
    #[arg(long)]
    pub(crate) allow_dirty: bool,
    /// Look at files that .gitignore leaves out, too (.env files always are)
    #[arg(long)]
    pub(crate) no_ignore: bool,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    #[command(flatten)]
    pub(crate) seal: SealArgs,
}

/// `harden undo`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden undo
  harden undo --list
  harden undo 3
  harden undo --forget")]
pub(crate) struct UndoArgs {
    /// Which one: a number of --list [default: the last plan]
    #[arg(value_name = "ID")]
    pub(crate) number: Option<u32>,
    /// Only say what can be taken back
    #[arg(long, conflicts_with_all = ["number", "forget"])]
    pub(crate) list: bool,
    /// Remove the copy of the old contents, of all plans or of ID; nothing is taken back
    #[arg(long)]
    pub(crate) forget: bool,
    /// The folder that `fix` was told to look at
    #[arg(long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

/// `harden init`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden init
  harden init --hook
  harden init -r age1... -r \"ssh-ed25519 AAAA...\"")]
pub(crate) struct InitArgs {
    /// Project folder
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Further recipients, besides your own identity (may be given several times)
    #[arg(short, long = "recipient", value_name = "RECIPIENT")]
    pub(crate) recipients: Vec<String>,
    /// Install the pre-commit hook as well, as `harden hook install` does
    #[arg(long)]
    pub(crate) hook: bool,
}

/// `harden keygen`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden keygen -o ~/.config/harden/identity.txt
  harden keygen --recovery -o /media/usb/recovery.age")]
pub(crate) struct KeygenArgs {
    /// Where to write the identity; must not exist
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Protect the identity with a passphrase: a second key to keep away from this machine
    #[arg(long)]
    pub(crate) recovery: bool,
}

/// `harden encrypt`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden encrypt .env.production
  harden encrypt --remove-plain .env.production
  harden encrypt -r age1... config.yml
  harden encrypt --emit sops k8s/secret.yaml")]
pub(crate) struct EncryptArgs {
    /// Files to seal
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
    /// sealed: the whole file, as NAME.age; sops: only the secret values, in the format of sops
    #[arg(long, value_name = "FORM", default_value = "sealed", value_parser = ["sealed", "sops"])]
    pub(crate) emit: String,
    /// With --emit sops: lines that are not encrypted may be edited by hand (the MAC does not cover them)
    #[arg(long)]
    pub(crate) hand_editable: bool,
    /// Remove NAME once the sealed file was read back, opened, and found to hold every byte of it
    #[arg(long)]
    pub(crate) remove_plain: bool,
    #[command(flatten)]
    pub(crate) seal: SealArgs,
}

/// `harden decrypt`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden decrypt .env.production.age > .env.production
  harden decrypt --reveal .env.production.age
  harden decrypt k8s/secret.sops.yaml | kubectl apply -f -")]
pub(crate) struct DecryptArgs {
    /// The sealed file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Write here instead of standard output; must not exist
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Print to a terminal, too
    #[arg(long)]
    pub(crate) reveal: bool,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
}

/// `harden run`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden run -- node server.js
  harden run --env-file .env.production.age --clean -- ./start.sh
  harden run --env-file prod.sops.env -- ./start.sh")]
pub(crate) struct RunArgs {
    /// Env file, plain or sealed; a later one wins (may be given several times) [default: the one sealed env file beside harden.toml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) env_file: Vec<PathBuf>,
    /// Keep variables that the environment has already
    #[arg(long)]
    pub(crate) keep_existing: bool,
    /// Start from PATH, HOME, LANG and TERM only
    #[arg(long)]
    pub(crate) clean: bool,
    #[command(flatten)]
    pub(crate) identity: IdentityArgs,
    /// The command and its arguments
    #[arg(value_name = "CMD", required = true, last = true, value_hint = ValueHint::CommandWithArguments)]
    pub(crate) command: Vec<OsString>,
}

/// `harden hook`
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  harden hook install
  harden hook run pre-commit
  harden hook remove")]
pub(crate) enum HookCommand {
    /// Install the hook; one that is there already is kept and runs first
    #[command(after_help = "\
Examples:
  harden hook install
  harden hook install --pre-push --diff")]
    Install(HookInstallArgs),
    /// Take the hooks of harden away, and put back what was there before
    #[command(after_help = "\
Examples:
  harden hook remove
  harden hook remove && harden hook install")]
    Remove,
    /// Do what the hook does: look at what is staged, at named files, or at what is pushed
    #[command(after_help = "\
Examples:
  harden hook run pre-commit
  harden hook run pre-commit -- .env docker-compose.yml
  echo \"x $(git rev-parse HEAD) x $(git rev-parse HEAD~3)\" | harden hook run pre-push -- origin")]
    Run(HookRunArgs),
}

/// `harden hook install`
#[derive(Debug, Args)]
pub(crate) struct HookInstallArgs {
    /// A pre-push hook as well: looks at the commits that are about to be sent
    #[arg(long)]
    pub(crate) pre_push: bool,
    /// As well: let git diff show env files and sealed files with their values masked (in .gitattributes, and this clone's configuration)
    #[arg(long)]
    pub(crate) diff: bool,
    /// Install it even if a hook manager is configured, as long as that has not taken over the hooks
    #[arg(long)]
    pub(crate) ignore_manager: bool,
}

/// `harden hook run`
#[derive(Debug, Args)]
pub(crate) struct HookRunArgs {
    /// Which hook: pre-commit or pre-push
    #[arg(value_name = "HOOK", default_value = "pre-commit", value_parser = ["pre-commit", "pre-push"], hide_possible_values = true)]
    pub(crate) hook: String,
    /// What git or a hook manager hands on: of pre-commit, files to look at; of pre-push, the remote (its refs come on standard input)
    #[arg(value_name = "ARG", last = true, value_hint = ValueHint::FilePath)]
    pub(crate) rest: Vec<std::ffi::OsString>,
}

/// `harden trust`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden trust
  harden trust --list
  harden trust --forget")]
pub(crate) struct TrustArgs {
    /// Project folder
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// Only say which are trusted, and whether they have changed since
    #[arg(long, conflicts_with_all = ["dir", "forget"])]
    pub(crate) list: bool,
    /// Trust it no longer
    #[arg(long)]
    pub(crate) forget: bool,
}

/// `harden rules`
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  harden rules list
  harden rules explain default-credential")]
pub(crate) enum RulesCommand {
    /// List the rules
    #[command(after_help = "\
Examples:
  harden rules list
  harden rules list | grep weak-key
  harden rules list --no-config --format markdown > docs/rules.md")]
    List {
        /// text, or markdown: everything that is known of every rule, by topic
        #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "markdown"])]
        format: String,
    },
    /// What a rule finds, why it matters, an example, the fix
    #[command(after_help = "\
Examples:
  harden rules explain default-credential
  harden rules explain postgres-plain-url")]
    Explain {
        /// Rule id
        id: String,
    },
    /// Test rules against the examples that they carry
    #[command(after_help = "\
Examples:
  harden rules test
  harden rules test .harden/rules/own.toml")]
    Test {
        /// A rule file [default: the built-in rules and those of .harden/rules]
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
}

/// `harden completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden completions bash > ~/.local/share/bash-completion/completions/harden
  harden completions fish > ~/.config/fish/completions/harden.fish")]
pub(crate) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    pub(crate) shell: clap_complete::Shell,
}
