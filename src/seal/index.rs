//! `.harden/sealed.toml`: which files are sealed, to whom, and the SHA-256 of the sealed bytes.
//!
//! X25519 stanzas do not name their recipient, so without this list nobody can tell from the file that it is sealed to someone who has
//! left. Committed, sorted and one line for each fact, so that two branches merge. Holds nothing secret, and proves nothing against
//! someone who can write to the repository.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, TableLike};

use super::error::SealError;
use super::recipients::Recipients;
use crate::disk::atomic::{self, ModePolicy};
use crate::disk::hex;
use crate::disk::read::{self, Links};

const HEAD: &str = "# Sealed files: to whom, and the SHA-256 of the sealed bytes. Written by harden; commit it.\n";

/// The list of sealed files of one project, by path from its root with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    files: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// Sorted.
    recipients: Vec<String>,
    /// Lower-case hexadecimal.
    sha256: String,
}

impl Index {
    /// Where the index of the project at `root` is.
    #[must_use]
    pub fn path(root: &Path) -> PathBuf {
        root.join(".harden").join("sealed.toml")
    }

    /// The index of the project at `root`; empty where there is none yet.
    ///
    /// # Errors
    /// [`SealError::Disk`], [`SealError::BadIndex`].
    pub fn load(root: &Path) -> Result<Self, SealError> {
        let path = Self::path(root);
        if read::is_missing(&path) {
            return Ok(Self::default());
        }
        let bad = |expected| SealError::BadIndex { path: path.clone(), line: 0, expected };
        let raw = read::read_raw(&path, Links::Refuse, read::DEFAULT_LIMIT)?.ok_or_else(|| bad("a regular file of at most 10 MiB"))?;
        Self::parse(std::str::from_utf8(&raw.bytes).map_err(|_| bad("UTF-8 text"))?, &path)
    }

    /// Writes the index whole, and makes `.harden/` if needed. Writes nothing if the file says the same already.
    ///
    /// # Errors
    /// [`SealError::Disk`], [`SealError::Folder`]; the old file stands then.
    pub fn save(&self, root: &Path) -> Result<(), SealError> {
        let path = Self::path(root);
        let text = self.to_toml();
        if std::fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(());
        }
        let folder = root.join(".harden");
        std::fs::create_dir_all(&folder).map_err(|source| SealError::Folder { path: folder, source })?;
        // public: it holds paths and public keys
        Ok(atomic::write_atomic(&path, text.as_bytes(), ModePolicy::Exactly(0o644))?)
    }

    /// Notes that the file at `path` now holds the bytes `sealed`.
    pub fn record(&mut self, path: &str, sealed: &[u8], recipients: &Recipients) {
        self.record_names(path, sealed, recipients.iter().map(ToString::to_string).collect());
    }

    /// The same for recipients as a file names them, which need not be such as can be sealed to here.
    pub fn record_names(&mut self, path: &str, sealed: &[u8], mut names: Vec<String>) {
        names.sort_unstable();
        self.files.insert(path.to_owned(), Entry { recipients: names, sha256: hex(&read::sha256(sealed)) });
    }

    /// What `other` says of the file at `path`, instead of what stands here; nothing, where that says nothing.
    pub fn take(&mut self, path: &str, other: &Self) {
        match other.files.get(path) {
            Some(entry) => _ = self.files.insert(path.to_owned(), entry.clone()),
            None => _ = self.files.remove(path),
        }
    }

    /// The files, in order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The recipients that the file at `path` was sealed to, sorted; `None` when the index does not know it.
    #[must_use]
    pub fn recipients(&self, path: &str) -> Option<&[String]> {
        self.files.get(path).map(|entry| entry.recipients.as_slice())
    }

    /// Whether the file at `path` is known and still holds the bytes that were recorded.
    #[must_use]
    pub fn is_current(&self, path: &str, sealed: &[u8]) -> bool {
        self.files.get(path).is_some_and(|entry| entry.sha256 == hex(&read::sha256(sealed)))
    }

    /// The text of the file.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::from(HEAD);
        for (path, entry) in &self.files {
            // writing to a String cannot fail
            let _ = writeln!(text, "\n[file.{}]\nsha256 = \"{}\"\nrecipients = [", quoted(path), entry.sha256);
            for name in &entry.recipients {
                let _ = writeln!(text, "  {},", quoted(name));
            }
            text.push_str("]\n");
        }
        text
    }

    /// Reads the text of the file; `path` names it in messages.
    ///
    /// # Errors
    /// [`SealError::BadIndex`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, SealError> {
        let bad = |start: Option<usize>, expected| {
            let line = start.and_then(|at| text.get(..at)).map_or(0, |before| before.matches('\n').count() + 1);
            SealError::BadIndex { path: path.to_owned(), line, expected }
        };
        let document = Document::parse(text).map_err(|error| bad(error.span().map(|span| span.start), "TOML"))?;
        let mut files = BTreeMap::new();
        for (name, item) in document.iter() {
            let table = item.as_table_like().filter(|_| name == "file");
            let table = table.ok_or_else(|| bad(item.span().map(|span| span.start), "`[file.\"PATH\"]`"))?;
            for (file, item) in table.iter() {
                let entry = item.as_table_like().and_then(entry);
                let entry = entry.ok_or_else(|| bad(item.span().map(|span| span.start), "`sha256` and `recipients` of a file"))?;
                files.insert(file.to_owned(), entry);
            }
        }
        Ok(Self { files })
    }
}

fn entry(table: &dyn TableLike) -> Option<Entry> {
    let sha256 = table.get("sha256").and_then(Item::as_str)?.to_owned();
    let well_formed = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    let list = table.get("recipients").and_then(Item::as_array)?;
    let mut recipients = list.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
    recipients.sort_unstable();
    (well_formed && table.len() == 2).then_some(Entry { recipients, sha256 })
}

/// A basic string of [TOML](https://toml.io/en/v1.0.0#string).
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            control if control.is_control() => {
                let _ = write!(out, "\\U{:08X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::super::pair::KeyPair;
    use super::{Index, Recipients, SealError};

    fn two() -> Recipients {
        Recipients::new(vec![KeyPair::generate().recipient().clone(), KeyPair::generate().recipient().clone()]).unwrap()
    }

    fn parse(text: &str) -> Result<Index, SealError> {
        Index::parse(text, Path::new(".harden/sealed.toml"))
    }

    #[test]
    fn files_and_recipients_are_sorted_and_read_back() {
        let mut index = Index::default();
        let recipients = two();
        index.record("deploy/b.yml.age", b"b", &recipients);
        index.record(".env.production.age", b"a", &recipients);
        let text = index.to_toml();
        assert!(text.find(".env.production.age").unwrap() < text.find("deploy/b.yml.age").unwrap());
        assert_eq!(parse(&text).unwrap(), index);
        assert!(index.recipients(".env.production.age").unwrap().is_sorted());
        assert!(index.is_current("deploy/b.yml.age", b"b") && !index.is_current("deploy/b.yml.age", b"c"));
        // SHA-256 of "a", from FIPS 180-4 tools
        assert!(text.contains("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"));
    }

    #[test]
    fn saving_makes_the_folder_and_loading_reads_it() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Index::load(root.path()).unwrap(), Index::default());
        let mut index = Index::default();
        index.record("a.age", b"1", &two());
        index.save(root.path()).unwrap();
        assert_eq!(Index::load(root.path()).unwrap(), index);
    }

    #[test]
    fn faults_name_the_line() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert!(message("# x\n[file.\"a\"\n").starts_with(".harden/sealed.toml:2: expected TOML"));
        assert!(message("\n\nversion = 3\n").contains("expected `[file."));
        assert!(message("[file.a]\nsha256 = \"12\"\nrecipients = []\n").contains("`sha256` and `recipients`"));
        let upper = format!("[file.a]\nsha256 = \"{}\"\nrecipients = [1]\n", "0".repeat(64));
        assert!(message(&upper).contains("`sha256` and `recipients`"));
    }

    proptest! {
        #[test]
        fn any_path_survives(path in any::<String>(), sealed in any::<Vec<u8>>()) {
            let mut index = Index::default();
            index.record(&path, &sealed, &two());
            prop_assert_eq!(parse(&index.to_toml()).unwrap(), index);
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
