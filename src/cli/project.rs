//! What the commands take from the project around them: harden.toml and its own rules.

use std::path::{Path, PathBuf};

use harden::config::{Config, Loaded, Network, Threshold};
use harden::detect::Detectors;
use harden::disk::read::{Links, Outcome, read};
use harden::model::severity::{Profile, Severity};
use harden::rules::load::RuleSet;
use harden::rules::parse;
use harden::scan::{Keep, OpenTwin, Request};

use super::exit::Failure;
use super::policy::{Policy, RULES};
use super::ui;

/// Configuration and rules in force for some paths.
pub(crate) struct Project {
    pub(crate) config: Option<Loaded>,
    pub(crate) rules: RuleSet,
    /// Which version of the project's own files counts.
    pub(crate) policy: Policy,
}

impl Project {
    /// What `config` says, with the built-in rules.
    pub(crate) fn bare(config: Option<Loaded>) -> Self {
        Self { config, rules: RuleSet::builtin(), policy: Policy::Lying }
    }

    /// Loads what holds for the first of `paths`, as it lies there; nothing of the tree with `no_config`.
    pub(crate) fn load(paths: &[PathBuf], no_config: bool) -> Result<Self, Failure> {
        if no_config { Ok(Self::bare(None)) } else { Self::load_by(paths, Policy::Lying) }
    }

    /// Loads what holds for the first of `paths`, as `policy` has it.
    pub(crate) fn load_by(paths: &[PathBuf], policy: Policy) -> Result<Self, Failure> {
        let mut rules = RuleSet::builtin();
        let start = first(paths);
        let config = policy.config(start)?;
        for file in own_rule_files(&policy, config.as_ref(), start)? {
            let shown = file.display();
            let unreadable = |reason: String| policy.named(Failure::new(format!("`{shown}`: {reason}")));
            let text = match policy {
                Policy::Lying => text(&file, Links::Refuse)?,
                _ => policy.text(&file).map_err(unreadable)?.unwrap_or_default(),
            };
            let unusable = |problem: String| policy.named(Failure::new(problem).hint("no file was looked at"));
            rules.extend(&shown.to_string(), &text).map_err(|e| unusable(e.to_string()))?;
            // once more by itself, so that a condition that means nothing is named with its file
            let own: Vec<_> = parse(&text).map_err(|e| unusable(format!("{shown}, {e}")))?.rules.into_iter().map(|w| w.rule).collect();
            Detectors::compile(&own, Profile::Production, &Network::default())
                .and_then(|_| Detectors::check_patterns(&own))
                .map_err(|e| unusable(format!("{shown}: {e}")))?;
        }
        Ok(Self { config, rules, policy })
    }

    /// A look at all of `paths` with the eyes of production, whose documents are kept, `twins` opened; `honour`: comments may take findings out.
    pub(crate) fn whole<'r>(&'r self, paths: &'r [PathBuf], honour: bool, twins: &'r OpenTwin<'r>) -> Request<'r> {
        Request {
            paths,
            no_ignore: false,
            profile: Profile::Production,
            fail_on: None,
            config: self.config.as_ref(),
            rules: &self.rules,
            honour,
            keep: Keep::All,
            baseline: None,
            twins: Some(twins),
            new_only: None,
            retired: None,
            spoken: None,
            cache: None,
        }
    }

    /// Says that the harden.toml which lies there has changes that do not count, because they are not staged.
    pub(crate) fn tell_unstaged(&self, paths: &[PathBuf]) {
        if !matches!(self.policy, Policy::Staged(_)) {
            return;
        }
        let Ok(lying) = Config::load(first(paths)) else { return };
        let digest = |loaded: Option<&Loaded>| loaded.map(|l| (l.path.clone(), l.digest));
        if let Some(loaded) = lying.as_ref().filter(|_| digest(lying.as_ref()) != digest(self.config.as_ref())) {
            let path = ui::word(loaded.path.strip_prefix(Path::new(".").canonicalize().unwrap_or_default()).unwrap_or(&loaded.path));
            ui::note(&format!("{path} counts as it is staged; its other changes do not: `git add {path}`"));
        }
    }

    /// From which severity findings make the exit code 1, unless the command line says otherwise; `None`: none does.
    pub(crate) fn fail_on(&self) -> Option<Severity> {
        match self.config.as_ref().and_then(|c| c.config.fail_on) {
            Some(Threshold::Never) => None,
            Some(Threshold::From(severity)) => Some(severity),
            None => Some(Severity::Medium),
        }
    }
}

/// The first of `paths` that is there, which decides what holds.
pub(crate) fn first(paths: &[PathBuf]) -> &Path {
    paths.iter().find(|p| p.as_os_str() != "-" && p.exists()).map_or(Path::new("."), PathBuf::as_path)
}

/// The files of `.harden/rules`, by name: beside harden.toml, or, where there is none, in the nearest folder from `start` upward that has
/// them, looked for as harden.toml is.
pub(crate) fn own_rule_files(policy: &Policy, config: Option<&Loaded>, start: &Path) -> Result<Vec<PathBuf>, Failure> {
    if let Some(loaded) = config {
        return policy.rule_files(&loaded.root.join(RULES));
    }
    let Ok(start) = start.canonicalize() else { return Ok(Vec::new()) };
    for folder in start.ancestors() {
        let files = policy.rule_files(&folder.join(RULES))?;
        if !files.is_empty() {
            return Ok(files);
        }
        if folder.join(".git").symlink_metadata().is_ok() {
            break;
        }
    }
    Ok(Vec::new())
}

/// The text of a rule file. Of the tree's own none may be a link: it would lead out of the tree.
pub(crate) fn text(path: &Path, links: Links) -> Result<String, Failure> {
    let shown = path.display();
    match read(path, links, 1 << 20) {
        Ok(Outcome::Content(content, _)) => {
            String::from_utf8(content.bytes.to_vec()).map_err(|_| Failure::new(format!("`{shown}` is not UTF-8; a rule file has to be")))
        }
        Ok(Outcome::Skipped(_)) => Err(Failure::new(format!("`{shown}` is no regular text file of at most 1 MiB"))),
        Err(error) => Err(Failure::new(error)),
    }
}
