//! The files of the ledger: reading them, and the line to add.
//!
//! A line is the JSON of an entry with `prev` (the SHA-256 of the lines before it in this file, in hex digits; several where two branches were merged)
//! and `hmac` (HMAC-SHA-256 of all that stands before it, under a key that is derived from the project's; `null` where that could not be opened).
//! Hashes are of a whole line without its line break.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rand::TryRng;
use rand::rngs::SysRng;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, Vouch};
use super::error::LedgerError;
use crate::disk::atomic::create_new;
use crate::disk::home::state_home;
use crate::disk::read::{Links, read_raw, sha256};
use crate::disk::{DiskError, hex};

/// The folder of the ledgers, below the project's root.
pub const FOLDER: &str = ".harden/ledger";

/// Some hundred thousand lines.
const LIMIT: u64 = 64 * 1024 * 1024;

/// One user on one machine: sixteen random hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Writer(String);

/// One line, read.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// SHA-256 of its bytes, in hex digits.
    pub hash: String,
    /// What it says; `None` where that cannot be understood.
    pub entry: Option<Entry>,
    /// Hashes of the lines that it follows.
    pub prev: Vec<String>,
    /// What the HMAC is of.
    pub vouched: String,
    /// The HMAC, in hex digits.
    pub hmac: Option<String>,
}

/// The lines of one writer, in the order of the file.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Whose they are.
    pub writer: Writer,
    /// The file.
    pub path: PathBuf,
    /// Its bytes as they were read.
    bytes: Vec<u8>,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// All ledgers of a project, by writer.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The chains.
    pub chains: Vec<Chain>,
}

/// The bytes to write in place of a ledger, or as a new one.
#[derive(Clone, Debug)]
pub struct Grown {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of what it held; `None` where there is none yet.
    pub old: Option<[u8; 32]>,
    /// What it is to hold.
    pub bytes: Vec<u8>,
    /// The hash of the new line.
    pub head: String,
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(flatten)]
    entry: Entry,
    prev: Vec<String>,
}

impl Writer {
    /// This user on this machine; made on first use.
    ///
    /// # Errors
    /// [`LedgerError::Writer`], [`LedgerError::Disk`].
    pub fn own() -> Result<Self, LedgerError> {
        let folder = state_home()?;
        let path = folder.join("writer");
        if matches!(path.symlink_metadata(), Err(e) if e.kind() == io::ErrorKind::NotFound) {
            let failed = |e: io::Error| DiskError::io("make", &path, &e, "nothing was written");
            DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
            let mut id = [0_u8; 8];
            SysRng.try_fill_bytes(&mut id).map_err(|_| failed(io::Error::other("the system has no random numbers")))?;
            match create_new(&path, hex(&id).as_bytes(), 0o600) {
                // another process was first: its id holds
                Ok(()) | Err(DiskError::Exists { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let raw = read_raw(&path, Links::Refuse, 64)?;
        let text = raw.and_then(|raw| String::from_utf8(raw.bytes.to_vec()).ok());
        text.and_then(|text| Self::parse(text.trim())).ok_or(LedgerError::Writer { path })
    }

    /// Reads sixteen hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))).then(|| Self(text.to_owned()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ledger {
    /// All ledgers of the project at `root`; none where there is no folder.
    ///
    /// # Errors
    /// [`LedgerError`] for what cannot be read. What a line says is judged by [`super::verify()`].
    pub fn load(root: &Path) -> Result<Self, LedgerError> {
        let folder = root.join(FOLDER);
        match folder.symlink_metadata() {
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(Self::default()),
            Ok(meta) if meta.is_dir() && root.join(".harden").symlink_metadata().is_ok_and(|m| m.is_dir()) => {}
            _ => return Err(LedgerError::Folder { path: folder }),
        }
        let failed = |e: io::Error| DiskError::io("read", &folder, &e, "");
        let mut chains = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".jsonl"));
            if let Some(writer) = name.and_then(Writer::parse) {
                chains.push(Chain::load(writer, path)?);
            }
        }
        chains.sort_by(|a, b| a.writer.cmp(&b.writer));
        Ok(Self { chains })
    }

    /// Every line with its writer, by time.
    #[must_use]
    pub fn by_time(&self) -> Vec<(&Writer, &Line)> {
        let mut lines: Vec<(&Writer, &Line)> = self.chains.iter().flat_map(|c| c.lines.iter().map(|line| (&c.writer, line))).collect();
        // stable: lines of one second stay in the order of their file
        lines.sort_by_key(|(_, line)| line.entry.as_ref().and_then(Entry::seconds).unwrap_or(0));
        lines
    }

    /// What the file of `writer` in the project at `root` is to hold once `entry` is added. `vouch` is the HMAC under the project's key.
    #[must_use]
    pub fn grown(&self, root: &Path, writer: &Writer, entry: &Entry, vouch: Option<&Vouch<'_>>) -> Grown {
        let chain = self.chains.iter().find(|chain| chain.writer == *writer);
        let written = Written { entry: entry.clone(), prev: chain.map(Chain::heads).unwrap_or_default() };
        // strings, numbers and lists: nothing that JSON cannot hold
        let vouched = serde_json::to_string(&written).unwrap_or_default();
        let hmac = vouch.map_or_else(|| "null".to_owned(), |vouch| format!("\"{}\"", vouch(vouched.as_bytes())));
        let line = format!("{},\"hmac\":{hmac}}}", vouched.strip_suffix('}').unwrap_or(&vouched));
        let mut bytes = chain.map(|chain| chain.bytes.clone()).unwrap_or_default();
        if !bytes.is_empty() && bytes.last() != Some(&b'\n') {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        Grown {
            path: chain.map_or_else(|| root.join(FOLDER).join(format!("{}.jsonl", writer.as_str())), |chain| chain.path.clone()),
            old: chain.map(|chain| sha256(&chain.bytes)),
            bytes,
            head: hex(&sha256(line.as_bytes())),
        }
    }
}

impl Chain {
    fn load(writer: Writer, path: PathBuf) -> Result<Self, LedgerError> {
        let raw = read_raw(&path, Links::Refuse, LIMIT)?;
        let bytes = raw.map(|raw| raw.bytes.to_vec()).ok_or_else(|| LedgerError::File { path: path.clone() })?;
        let text = std::str::from_utf8(&bytes).map_err(|_| LedgerError::File { path: path.clone() })?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let lines = lines.map(|(i, line)| Line::read(i + 1, line)).collect();
        Ok(Self { writer, path, bytes, lines })
    }

    /// Hashes of the lines that no other follows: one, or one for each branch that was merged.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        let followed: BTreeSet<&str> = self.lines.iter().flat_map(|line| &line.prev).map(String::as_str).collect();
        let heads: BTreeSet<&str> = self.lines.iter().map(|line| line.hash.as_str()).filter(|hash| !followed.contains(hash)).collect();
        heads.into_iter().map(str::to_owned).collect()
    }
}

impl Line {
    fn read(number: usize, text: &str) -> Self {
        let hash = hex(&sha256(text.as_bytes()));
        // in a string of JSON a quote is escaped: this can only be the field
        let (vouched, tail) = match text.rsplit_once(",\"hmac\":") {
            Some((head, tail)) => (format!("{head}}}"), tail.strip_suffix('}')),
            None => (String::new(), None),
        };
        let hmac = tail.and_then(|t| t.strip_prefix('"')?.strip_suffix('"')).map(str::to_owned);
        let whole = tail.is_some_and(|tail| tail == "null" || hmac.as_ref().is_some_and(|h| h.len() == 64));
        let written = serde_json::from_str::<Written>(&vouched).ok().filter(|w| whole && w.entry.schema == Entry::SCHEMA);
        let (entry, prev) = written.map_or((None, Vec::new()), |written| (Some(written.entry), written.prev));
        Self { number, hash, entry, prev, vouched, hmac }
    }
}
