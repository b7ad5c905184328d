//! What the commands take from the project around them: harden.toml and its own rules.

use std::path::{Path, PathBuf};

use harden::config::{Config, Loaded};
use harden::disk::read::{Links, Outcome, read};
use harden::rules::load::RuleSet;

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
        let config = if no_config { None } else { Config::load(start).map_err(Failure::new)? };
        if let Some(folder) = config.as_ref().map(|c| c.root.join(".harden/rules"))
            && folder.is_dir()
        {
            for file in rule_files(&folder)? {
                let name = file.display().to_string();
                rules.extend(&name, &text(&file)?).map_err(|e| Failure::new(e).hint("no file was looked at"))?;
            }
        }
        Ok(Self { config, rules })
    }
}

/// The rule files of a folder, by name.
pub(crate) fn rule_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
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

/// The text of a rule file.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    match read(path, Links::Follow, 1 << 20) {
        Ok(Outcome::Content(content, _)) => {
            String::from_utf8(content.bytes.to_vec()).map_err(|_| Failure::new(format!("`{shown}` is not UTF-8; a rule file has to be")))
        }
        Ok(Outcome::Skipped(_)) => Err(Failure::new(format!("`{shown}` is no text file of at most 1 MiB"))),
        Err(error) => Err(Failure::new(error)),
    }
}
