//! What the commands take from the project around them: harden.toml and its own rules.

use std::path::{Path, PathBuf};

use harden::config::{Config, Loaded, Network, Threshold};
use harden::detect::Detectors;
use harden::disk::read::{Links, Outcome, read};
use harden::model::severity::{Profile, Severity};
use harden::rules::load::RuleSet;
use harden::rules::parse;

use super::exit::Failure;

/// Configuration and rules in force for `paths`.
pub(crate) struct Project {
    pub(crate) config: Option<Loaded>,
    pub(crate) rules: RuleSet,
}

impl Project {
    /// Loads what holds for the first of `paths`; nothing of the tree with `no_config`.
    pub(crate) fn load(paths: &[PathBuf], no_config: bool) -> Result<Self, Failure> {
        let mut rules = RuleSet::builtin();
        let start = paths.iter().find(|p| p.as_os_str() != "-" && p.exists()).map_or(Path::new("."), PathBuf::as_path);
        if no_config {
            return Ok(Self { config: None, rules });
        }
        let config = Config::load(start).map_err(Failure::new)?;
        for file in own_rule_files(config.as_ref(), start)? {
            let (name, text) = (file.display().to_string(), text(&file, Links::Refuse)?);
            let unusable = |problem: String| Failure::new(problem).hint("no file was looked at");
            rules.extend(&name, &text).map_err(|e| unusable(e.to_string()))?;
            // once more by itself, so that a condition that means nothing is named with its file
            let own: Vec<_> = parse(&text).map_err(|e| unusable(format!("{name}, {e}")))?.rules.into_iter().map(|w| w.rule).collect();
            Detectors::compile(&own, Profile::Production, &Network::default())
                .and_then(|_| Detectors::check_patterns(&own))
                .map_err(|e| unusable(format!("{name}: {e}")))?;
        }
        Ok(Self { config, rules })
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

/// The files of `.harden/rules`, by name: beside harden.toml, or, where there is none, in the nearest folder from `start` upward that has
/// them, looked for as harden.toml is.
pub(crate) fn own_rule_files(config: Option<&Loaded>, start: &Path) -> Result<Vec<PathBuf>, Failure> {
    const RULES: &str = ".harden/rules";
    let folder = match config {
        Some(loaded) => Some(loaded.root.join(RULES)).filter(|folder| folder.is_dir()),
        None => nearest(start, RULES),
    };
    let Some(folder) = folder else { return Ok(Vec::new()) };
    if folder.canonicalize().ok().as_ref() != Some(&folder) {
        return Err(Failure::new(format!("`{}` is reached through a link, which is not followed", folder.display())));
    }
    let unreadable = |_| Failure::new(format!("`{}` cannot be listed", folder.display()));
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The folder `below` nearest to `start` on the way up; the way ends at the folder that holds `.git`.
fn nearest(start: &Path, below: &str) -> Option<PathBuf> {
    let start = start.canonicalize().ok()?;
    for folder in start.ancestors() {
        let wanted = folder.join(below);
        if wanted.is_dir() {
            return Some(wanted);
        }
        if folder.join(".git").symlink_metadata().is_ok() {
            break;
        }
    }
    None
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
