//! The driver by which `git diff` shows files with their values masked: `diff.harden.textconv` in the repository's own configuration, and lines of
//! `.gitattributes` that name it ([gitattributes(5)](https://git-scm.com/docs/gitattributes)). A clone without the configuration shows what it always did.

use std::fmt::Write as _;
use std::path::Path;

use super::error::GitError;
use super::hook_script::quoted;
use super::repo::Repository;

/// The name of the driver.
const NAME: &str = "harden";

const HEAD: &str = "# `git diff` shows these with their values masked, where `harden hook install --diff` was run";

/// Files that hold values, sealed ones among them; and those that are made to be read.
const PATTERNS: &[(&str, &str)] = &[
    (".env", "diff=harden"),
    (".env.*", "diff=harden"),
    ("*.env", "diff=harden"),
    ("*.age", "diff=harden"),
    ("*.sops.*", "diff=harden"),
    (".env.example", "!diff"),
    (".env.sample", "!diff"),
    (".env.template", "!diff"),
    (".env.dist", "!diff"),
];

/// The text of `.gitattributes` with the lines that it lacks; `None` where it has all. A pattern that has a driver already keeps it.
#[must_use]
pub fn with_attributes(text: &str) -> Option<String> {
    let decided = |pattern: &str| {
        let own = |line: &str| {
            let mut words = line.split_whitespace();
            words.next() == Some(pattern) && words.any(|word| word.trim_start_matches(['-', '!']).split('=').next() == Some("diff"))
        };
        text.lines().any(own)
    };
    let missing: Vec<_> = PATTERNS.iter().filter(|(pattern, _)| !decided(pattern)).collect();
    if missing.is_empty() {
        return None;
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = text.to_owned();
    if !text.is_empty() {
        out.push_str(if text.ends_with('\n') {
            end
        } else if end == "\n" {
            "\n\n"
        } else {
            "\r\n\r\n"
        });
    }
    // writing to a String cannot fail
    let _ = write!(out, "{HEAD}{end}");
    for (pattern, attribute) in missing {
        let _ = write!(out, "{pattern} {attribute}{end}");
    }
    Some(out)
}

/// What became of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// It was written.
    Written,
    /// It was there, word for word.
    There,
}

impl Repository {
    /// Makes `program` (without one: the one on `PATH`) the driver of this repository.
    ///
    /// # Errors
    /// [`GitError`] when git cannot write its configuration.
    pub fn install_driver(&self, program: Option<&Path>) -> Result<Driver, GitError> {
        let name = format!("diff.{NAME}.textconv");
        let wanted = command(program);
        let now = self.ask("config", &["--local", "--get-all", &name], &[])?;
        if now.code == 0 && now.out.strip_suffix(b"\n") == Some(wanted.as_bytes()) {
            return Ok(Driver::There);
        }
        let answer = self.ask("config", &["--local", "--replace-all", &name, &wanted], &[])?;
        if answer.code == 0 { Ok(Driver::Written) } else { Err(GitError::Failed { command: "config", code: answer.code }) }
    }

    /// Takes the driver out of the configuration; whether there was one.
    ///
    /// # Errors
    /// [`GitError`] when git cannot write its configuration.
    pub fn remove_driver(&self) -> Result<bool, GitError> {
        let section = format!("diff.{NAME}");
        let there = self.ask("config", &["--local", "--get-all", &format!("{section}.textconv")], &[])?;
        if there.code != 0 {
            return Ok(false);
        }
        let answer = self.ask("config", &["--local", "--remove-section", &section], &[])?;
        if answer.code == 0 { Ok(true) } else { Err(GitError::Failed { command: "config", code: answer.code }) }
    }
}

/// A line for the shell, which git calls with the file behind it. Where harden has gone, `git diff` says so and shows nothing.
fn command(program: Option<&Path>) -> String {
    let act = "git-textconv";
    match program.and_then(Path::to_str) {
        Some(path) => {
            let word = String::from_utf8_lossy(&quoted(path.as_bytes())).into_owned();
            format!("h={word}; [ -x \"$h\" ] || h=harden; \"$h\" {act}")
        }
        None => format!("harden {act}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{PATTERNS, command, with_attributes};

    #[test]
    fn lines_are_added_once_and_others_stay() {
        let fresh = with_attributes("").expect("lines");
        assert_eq!(fresh.lines().count(), PATTERNS.len() + 1);
        assert_eq!(with_attributes(&fresh), None);
        let own = "*.sh text eol=lf\n*.age -diff\n*.sops.* diff=sopsdiffer";
        let both = with_attributes(own).expect("lines");
        assert!(both.starts_with(&format!("{own}\n\n# ")) && both.ends_with('\n'));
        assert!(!both.contains("*.age diff") && !both.contains("*.sops.* diff=harden") && both.contains("\n*.env diff=harden\n"));
        let windows = with_attributes("*.sh text\r\n").expect("lines");
        assert!(windows.split('\n').filter(|line| !line.is_empty()).all(|line| line.ends_with('\r')));
    }

    #[test]
    fn any_path_is_one_word() {
        let line = command(Some(std::path::Path::new("/opt/it's here/harden")));
        assert_eq!(line, "h='/opt/it'\\''s here/harden'; [ -x \"$h\" ] || h=harden; \"$h\" git-textconv");
        assert_eq!(command(None), "harden git-textconv");
    }
}
