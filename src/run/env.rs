//! The text of an env file to variables, in the dialect of [dotenvy](https://docs.rs/dotenvy).
//!
//! dotenvy replaces `$NAME` and `${NAME}` outside single quotes, from the environment of harden first, then from earlier lines, and
//! has no switch for it. What surprises people is warned about: a password with a `$` in it, and `$A_B`, which dotenvy reads as `$A` and
//! `_B`. Copies inside dotenvy cannot be wiped; they live until the command replaces this process.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::error::RunError;
use crate::model::secret::Secret;
use crate::seal::IDENTITY_VARIABLES;

/// What one env file says.
#[derive(Clone, Debug, Default)]
pub struct EnvFile {
    /// In file order; a name may occur again, the last one counts.
    pub variables: Vec<Variable>,
    /// What may not mean what its author thinks.
    pub warnings: Vec<Warning>,
}

/// One setting of an env file.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Letters, digits, `_` and `.`.
    pub name: String,
    /// After quotes, escapes and references.
    pub value: Secret,
    /// Where it begins, from 1.
    pub line: usize,
}

/// Something to say about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// From 1.
    pub line: usize,
    /// One sentence; names variables, never values.
    pub message: String,
}

/// Reads `bytes`; `file` names them in messages. A byte order mark is skipped.
///
/// # Errors
/// [`RunError::BadLine`], [`RunError::NotText`], [`RunError::Nul`], [`RunError::IdentityReference`].
pub fn parse(file: &str, bytes: &[u8]) -> Result<EnvFile, RunError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| RunError::NotText { file: file.to_owned(), line: line_at(bytes, error.valid_up_to()) })?;
    let at = Rc::new(Cell::new(0));
    let mut items = dotenvy::from_read_iter(Lines { bytes, at: Rc::clone(&at), closed: bytes.ends_with(b"\n") });
    let mut read = EnvFile::default();
    let mut known = BTreeSet::new();
    loop {
        let before = at.get();
        let Some(item) = items.next() else { return Ok(read) };
        let record = text.get(before..at.get()).unwrap_or_default();
        let start = before + preamble(record);
        let line = line_at(bytes, start);
        // the error holds the line itself: dropped here, only its place is kept
        let (name, value) = item.map_err(|_| RunError::BadLine { file: file.to_owned(), line })?;
        let value = Secret::new(value);
        if value.expose().contains('\0') {
            return Err(RunError::Nul { file: file.to_owned(), line, name });
        }
        let record = text.get(start..at.get()).unwrap_or_default();
        if refers_to_identity(record) {
            return Err(RunError::IdentityReference { file: file.to_owned(), line, name });
        }
        read.warnings.extend(warnings(&name, record, &known, line));
        known.insert(name.clone());
        read.variables.push(Variable { name, value, line });
    }
}

/// The sealed env files in `folder`, `*.env*.age` and `*.sops.env`, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn sealed_env_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let sealed = |name: &str| name.ends_with(".sops.env") || name.strip_suffix(".age").is_some_and(|name| name.contains(".env"));
        if name.to_str().is_some_and(sealed) {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Hands out one line at a time, so that `at` tells which lines a setting came from: dotenvy's buffer asks for more only when it is
/// empty. A missing last line end is supplied, without which dotenvy refuses a space at the end.
struct Lines<'a> {
    bytes: &'a [u8],
    at: Rc<Cell<usize>>,
    closed: bool,
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.bytes.get(self.at.get()..).unwrap_or_default();
        if rest.is_empty() {
            if self.closed || buffer.is_empty() {
                return Ok(0);
            }
            self.closed = true;
            return b"\n".as_slice().read(buffer);
        }
        let line = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        let mut line = rest.get(..line).unwrap_or_default();
        let count = line.read(buffer)?;
        self.at.set(self.at.get() + count);
        Ok(count)
    }
}

fn line_at(bytes: &[u8], offset: usize) -> usize {
    bytes.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// Length of the comments and empty lines before the setting.
fn preamble(record: &str) -> usize {
    let mut length = 0;
    for line in record.split_inclusive('\n') {
        let text = line.trim();
        if !text.is_empty() && !text.starts_with('#') {
            break;
        }
        length += line.len();
    }
    if length == record.len() { 0 } else { length }
}

/// Without a look at quotes: this may refuse too much, never too little. Unbraced, dotenvy ends the name at the first `_`.
fn refers_to_identity(record: &str) -> bool {
    IDENTITY_VARIABLES
        .iter()
        .any(|name| record.split("${").skip(1).any(|rest| rest.strip_prefix(name).is_some_and(|end| end.starts_with('}'))))
}

fn warnings(name: &str, record: &str, known: &BTreeSet<String>, line: usize) -> Vec<Warning> {
    let is_set = |name: &str| known.contains(name) || (!name.is_empty() && std::env::var_os(name).is_some());
    let mut messages = BTreeSet::new();
    for reference in References::of(record) {
        // the text after `$` may be half a password: it is never repeated
        if is_set(reference.name) {
            continue;
        }
        messages.insert(if is_set(reference.longer) {
            format!("`{name}`: a name after `$` ends at `_` here; write it in braces, `${{...}}`")
        } else {
            format!("`{name}`: a `$` refers to a variable that is not set, and vanishes; put the value in single quotes to keep it")
        });
    }
    if hazardous(name) {
        messages.insert(format!("`{name}` decides which code the command runs"));
    }
    messages.into_iter().map(|message| Warning { line, message }).collect()
}

/// Variables by which whoever writes the file runs code in every program.
fn hazardous(name: &str) -> bool {
    const NAMES: &[&str] = &["PATH", "NODE_OPTIONS", "BASH_ENV", "PYTHONSTARTUP", "PERL5OPT", "RUBYOPT"];
    NAMES.contains(&name) || name.starts_with("LD_") || name.starts_with("DYLD_")
}

/// References in a line as dotenvy finds them.
struct References<'a> {
    rest: &'a str,
    /// Within single quotes.
    strong: bool,
    /// Within double quotes.
    weak: bool,
}

struct Reference<'a> {
    /// What dotenvy looks up.
    name: &'a str,
    /// What every other reader looks up: with underscores.
    longer: &'a str,
}

impl<'a> References<'a> {
    fn of(record: &'a str) -> Self {
        Self { rest: record.split_once('=').map_or("", |(_, value)| value), strong: false, weak: false }
    }
}

impl<'a> Iterator for References<'a> {
    type Item = Reference<'a>;

    fn next(&mut self) -> Option<Reference<'a>> {
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\'' if !self.weak => self.strong = !self.strong,
                _ if self.strong => {}
                '"' => self.weak = !self.weak,
                '\\' => {
                    characters.next();
                }
                '#' if !self.weak && self.rest.get(..at).is_some_and(|before| before.ends_with([' ', '\t'])) => break,
                '$' => {
                    let after = self.rest.get(at + 1..).unwrap_or_default();
                    let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}')).map(|(name, _)| name);
                    let plain = |extra: &[char]| {
                        let end = after.find(|c: char| !c.is_alphanumeric() && !extra.contains(&c)).unwrap_or(after.len());
                        after.get(..end).unwrap_or_default()
                    };
                    let name = braced.unwrap_or_else(|| plain(&[]));
                    let longer = braced.unwrap_or_else(|| plain(&['_']));
                    self.rest = after;
                    return Some(Reference { name, longer });
                }
                _ => {}
            }
        }
        self.rest = "";
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{RunError, parse, sealed_env_files};

    fn pairs(text: &str) -> Vec<(String, String, usize)> {
        let read = parse("x.env", text.as_bytes()).unwrap();
        read.variables.into_iter().map(|v| (v.name, v.value.expose().to_owned(), v.line)).collect()
    }

    fn messages(text: &str) -> Vec<String> {
        parse("x.env", text.as_bytes()).unwrap().warnings.into_iter().map(|w| format!("{}: {}", w.line, w.message)).collect()
    }

    #[test]
    fn names_values_and_lines() {
        let text = "\u{feff}# top\n\nA=1\r\nexport B='two words'\nC=\"x\ny\"\n# c\nD=4 # note\nE= ";
        let expected = [("A", "1", 3), ("B", "two words", 4), ("C", "x\ny", 5), ("D", "4", 8), ("E", "", 9)];
        assert_eq!(pairs(text), expected.map(|(n, v, l)| (n.to_owned(), v.to_owned(), l)));
    }

    #[test]
    fn faults_name_the_line_and_hold_no_text() {
        for (text, expected) in [
            ("A=1\n\nB=hunter2 hunter3\n", 3),
            ("# c\nB=\"hunter2\nC=hunter3\n", 2),
            ("hunter2\n", 1),
            ("A=1\nB=\"hun\\ter2\"\n", 2),
            ("A='x\ny'\nhunter2", 3),
        ] {
            let error = parse("x.env", text.as_bytes()).unwrap_err();
            assert!(matches!(&error, RunError::BadLine { line, .. } if *line == expected), "{expected}: {error}");
            assert!(!error.to_string().contains("hunter"));
        }
        assert!(matches!(parse("x.env", b"A=1\nB=\xff\n"), Err(RunError::NotText { line: 2, .. })));
        assert!(matches!(parse("x.env", b"A=1\nB=a\0b\n"), Err(RunError::Nul { line: 2, .. })));
    }

    #[test]
    fn a_dollar_that_would_vanish_is_warned_about_without_its_text() {
        let warned = messages("A=1\nB=pa$hunter2\nC='pa$hunter2'\nD=${A}\nE=\\$hunter2\nF=\"x$hunter2 y\"\nG=x # $hunter2\n");
        assert_eq!(warned.len(), 2);
        assert!(warned[0].starts_with("2: `B`") && warned[1].starts_with("6: `F`"));
        assert!(!warned.concat().contains("hunter"));
    }

    #[test]
    fn a_name_that_ends_too_early_is_warned_about() {
        let warned = messages("DB_HOST=db\nURL=http://$DB_HOST/\n");
        assert_eq!(warned.len(), 1);
        assert!(warned[0].starts_with("2: `URL`: a name after `$` ends at `_`"));
        assert!(messages("DB_HOST=db\nURL=http://${DB_HOST}/\n").is_empty());
    }

    #[test]
    fn variables_that_choose_code_are_warned_about() {
        let warned = messages("LD_PRELOAD=/x.so\nPATH=/bin\nNODE_OPTIONS=-r x\nBASH_ENV=x\nPORT=1\n".replace(" x\n", "x\n").as_str());
        assert_eq!(warned.len(), 4);
    }

    #[test]
    fn no_value_may_refer_to_the_identity() {
        for text in ["A=${SOPS_AGE_KEY}\n", "A=\"x${HARDEN_IDENTITY_FILE}\"\n"] {
            assert!(matches!(parse("x.env", text.as_bytes()), Err(RunError::IdentityReference { line: 1, .. })));
        }
        assert!(parse("x.env", b"A=\"$B'${SOPS_AGE_KEY}\"\n").is_err());
        assert!(parse("x.env", b"A=SOPS_AGE_KEY\n").is_ok());
    }

    #[test]
    fn sealed_env_files_are_found_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".env.production.age", "prod.env.age", ".env.age", ".env", "config.yml.age", "env.age"] {
            std::fs::File::create_new(dir.path().join(name)).unwrap();
        }
        let found: Vec<_> = sealed_env_files(dir.path()).unwrap().into_iter().map(|p| p.file_name().unwrap().to_owned()).collect();
        assert_eq!(found, [".env.age", ".env.production.age", "prod.env.age"]);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            if let Err(error) = parse("x.env", text.as_bytes()) {
                prop_assert!(error.to_string().starts_with("x.env:"));
            }
        }

        #[test]
        fn text_made_of_quotes_and_references_never_panics(text in "([A-C]=|[ab$\\\\{}'\"# \t\r\n]){0,60}") {
            let last = text.matches('\n').count() + 1;
            if let Ok(read) = parse("x.env", text.as_bytes()) {
                prop_assert!(read.variables.iter().map(|v| v.line).chain(read.warnings.iter().map(|w| w.line)).all(|l| (1..=last).contains(&l)));
                prop_assert!(read.variables.is_sorted_by_key(|v| v.line));
            }
        }

        #[test]
        fn single_quoted_values_come_back(values in proptest::collection::vec("[^'\0]{0,40}", 1..6)) {
            let text: String = values.iter().enumerate().map(|(i, v)| format!("K{i}='{v}'\n")).collect();
            // a backslash before the closing quote is one place where dotenvy's line splitter and its reader disagree
            if values.iter().any(|v| v.contains('\\')) {
                return Ok(());
            }
            let read = parse("x.env", text.as_bytes()).unwrap();
            let got: Vec<&str> = read.variables.iter().map(|v| v.value.expose()).collect();
            prop_assert_eq!(got, values.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
