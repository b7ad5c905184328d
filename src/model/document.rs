//! One file (or blob), read and parsed.

use zeroize::Zeroizing;

use super::environment::Environment;
#[cfg(doc)]
use super::environment::Stage;
use super::secret::wipe;
use super::setting::Setting;
use super::span::LineIndex;

/// Why a file of a known format could not be parsed; it is then searched as text. Never holds text of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong, in our own words.
    pub kind: &'static str,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A file with its settings. `text` has the byte length of the file: bytes that are not UTF-8 are replaced one by one, so spans fit both.
#[derive(Clone, Debug)]
pub struct Document {
    /// The path as the user will see it: the argument joined with the path below it, separated by `/`.
    pub path: String,
    /// The format's registered name.
    pub format: &'static str,
    /// Which deployment the file speaks for.
    pub environment: Environment,
    /// The text, wiped when dropped.
    pub text: Zeroizing<String>,
    /// Whether some bytes were not UTF-8 (or the file was UTF-16): it is scanned, and not rewritten.
    pub lossy: bool,
    /// Line starts of `text`.
    pub lines: LineIndex,
    /// The settings, in file order.
    pub settings: Vec<Setting>,
    /// Set when the file's own format could not read it.
    pub fault: Option<Fault>,
    /// Where in `text` anything stands that announces a token or key material, in order; `None`: not known.
    pub marks: Option<Vec<usize>>,
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.text);
    }
}

impl Document {
    /// Whether it is certain that nothing announces a token or key material in the value of `setting`, one of this file.
    #[must_use]
    pub fn is_unmarked(&self, setting: &Setting) -> bool {
        let Some(marks) = &self.marks else { return false };
        let next = marks.get(marks.partition_point(|at| *at < setting.span.start));
        setting.stands_as_read(&self.text) && next.is_none_or(|at| *at >= setting.span.end)
    }

    /// The deployment that `setting` of this file speaks for. What is strong in a passing part of a file may well be somebody's: see
    /// [`Stage::Passing`].
    #[must_use]
    pub fn environment_of(&self, setting: &Setting) -> Environment {
        match (self.environment, setting.stage) {
            (Environment::Production, Some(_)) => Environment::Development,
            (environment, _) => environment,
        }
    }

    /// The path without its last component; empty where it has one only.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The last component of the path.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Whether a package manager keeps versions and checksums in files of this name.
#[must_use]
pub fn is_lock_file(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "bun.lock",
        "cargo.lock",
        "composer.lock",
        "conan.lock",
        "deno.lock",
        "flake.lock",
        "gemfile.lock",
        "go.sum",
        "mix.lock",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "package.resolved",
        "packages.lock.json",
        "pdm.lock",
        "pipfile.lock",
        "pnpm-lock.yaml",
        "podfile.lock",
        "poetry.lock",
        "pubspec.lock",
        "uv.lock",
        "yarn.lock",
        ".terraform.lock.hcl",
        "gradle.lockfile",
    ];
    NAMES.iter().any(|n| n.eq_ignore_ascii_case(name))
}
