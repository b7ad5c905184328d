//! What is typed about the baseline: the options of `harden baseline`, and those of `scan` that choose one.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use harden::model::date::Date;
use harden::model::severity::Profile;

/// Which findings are accepted already.
#[derive(Debug, Args)]
pub(crate) struct BaselineChoice {
    /// Accepted findings; without =FILE those of .harden/baseline.jsonl, which counts by itself where it is there
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = clap::value_parser!(OsString), help_heading = "Judgement")]
    pub(crate) baseline: Option<OsString>,
    /// Report accepted findings as any other
    #[arg(long, conflicts_with = "baseline", help_heading = "Judgement")]
    pub(crate) no_baseline: bool,
}

/// `harden baseline`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  harden baseline --reason \"known before 2027, see the migration plan\" --until 2027-03-31
  harden baseline compose.test.yml --only weak-password --reason \"test network, never published\"
  harden baseline --prune")]
pub(crate) struct BaselineArgs {
    /// Files and folders whose findings are accepted
    #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Why these findings are accepted; needed, unless there is only to --prune
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The last day on which it holds, YYYY-MM-DD [default: no end]
    #[arg(long, value_name = "DATE", requires = "reason", value_parser = |text: &str| Date::parse(text).ok_or("expected a day: YYYY-MM-DD"))]
    pub(crate) until: Option<Date>,
    /// Who accepts them [default: GIT_AUTHOR_NAME, else the name of the user]
    #[arg(long, value_name = "NAME", requires = "reason")]
    pub(crate) by: Option<String>,
    /// Only findings of this rule, class or key (may be given several times)
    #[arg(long, value_name = "RULE|CLASS|KEY", requires = "reason")]
    pub(crate) only: Vec<String>,
    /// Take out entries that match nothing, or no longer count
    #[arg(long)]
    pub(crate) prune: bool,
    /// Where they are written [default: .harden/baseline.jsonl beside harden.toml, else in the repository]
    #[arg(long = "baseline", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
    /// With whose eyes to look: production, development, or strict [default: production]
    #[arg(long, value_name = "PROFILE", value_parser = |text: &str| text.parse::<Profile>())]
    pub(crate) profile: Option<Profile>,
    /// Look at files that .gitignore leaves out, too (.env files always are)
    #[arg(long)]
    pub(crate) no_ignore: bool,
}
