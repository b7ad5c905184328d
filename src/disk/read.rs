//! Bounded reading into wiped buffers: regular files only, without following links and without blocking.
//!
//! Text that is not ours to understand (too large, binary, a pipe) is a [`Skip`], to be counted; only what the user must put right is an
//! error. Byte order marks of UTF-8 stay; UTF-16 with a mark (Unicode 16.0, section 23.8) is handed on as UTF-8.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::error::DiskError;
use super::state::State;

/// Files above this many bytes are skipped unless the caller says otherwise: 10 MiB.
pub const DEFAULT_LIMIT: u64 = 10 * 1024 * 1024;

/// How many bytes at the start decide whether a file is binary.
const SNIFFED: usize = 8 * 1024;

/// What to do when the last component of a path is a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Do not open it: whatever a walk found, since the tree may change under us.
    Refuse,
    /// Open what it leads to: paths that the user typed.
    Follow,
}

/// Which file was read, to be compared before it is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Device number.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Length in bytes when it was opened.
    pub len: u64,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Number of names (hard links).
    pub nlink: u64,
}

impl From<&Metadata> for Stamp {
    fn from(meta: &Metadata) -> Self {
        Self { dev: meta.dev(), ino: meta.ino(), len: meta.len(), mode: meta.mode() & 0o7777, nlink: meta.nlink() }
    }
}

/// Memory that one file after another is read into: what is read goes with it, and it can be given back. Wiped when dropped.
pub type Spare = Zeroizing<Vec<u8>>;

/// The text of one file.
#[derive(Clone)]
pub struct Content {
    /// The bytes, wiped when dropped; of a UTF-16 file, its text as UTF-8.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Whether the file was UTF-16: it can be scanned and not rewritten.
    pub utf16: bool,
    /// What was said of the file as it was opened, if it is one.
    pub state: Option<State>,
}

/// The bytes of one file, whatever they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw {
    /// The bytes, wiped when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// The file.
    pub stamp: Stamp,
}

/// Why a file was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// More bytes than the limit.
    TooLarge,
    /// A NUL byte among the first 8 KiB.
    Binary,
    /// A link, folder, pipe, socket or device.
    Special,
}

/// What became of a file.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was read.
    Content(Content, Stamp),
    /// It was left out.
    Skipped(Skip),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.bytes.len())
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.bytes.len())
    }
}

/// Reads the file at `path` if it is a regular file of at most `limit` bytes and text.
///
/// # Errors
/// [`DiskError::Io`] when it cannot be opened or read.
pub fn read(path: &Path, links: Links, limit: u64) -> Result<Outcome, DiskError> {
    read_into(&mut Spare::default(), path, links, limit)
}

/// [`read`] into the memory of `spare`, if it is large enough.
///
/// # Errors
/// As [`read`].
pub fn read_into(spare: &mut Spare, path: &Path, links: Links, limit: u64) -> Result<Outcome, DiskError> {
    let Some((mut file, meta)) = open_regular(path, links).map_err(|e| DiskError::io("read", path, &e, ""))? else {
        return Ok(Outcome::Skipped(Skip::Special));
    };
    let text = fill(spare, &mut file, meta.len(), limit, Sniff::Yes).map_err(|e| DiskError::io("read", path, &e, ""))?;
    let known = |content| Content { state: Some(State::from(&meta)), ..content };
    Ok(text.map_or_else(Outcome::Skipped, |content| Outcome::Content(known(content), Stamp::from(&meta))))
}

/// Reads all of `reader` (standard input, a pipe), under the same limit and with the same sniffing.
///
/// # Errors
/// What `reader` says.
pub fn read_stream(reader: &mut dyn Read, limit: u64) -> io::Result<Result<Content, Skip>> {
    fill(&mut Spare::default(), reader, 0, limit, Sniff::Yes)
}

/// Whether there is certainly nothing at `path`. What cannot be looked at may be there, and says so when it is read.
#[must_use]
pub fn is_missing(path: &Path) -> bool {
    matches!(path.symlink_metadata(), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// The bytes of a regular file as they are, binary or not: sealed files, identities, hashing. `None` for anything but a regular file of at
/// most `limit` bytes.
///
/// # Errors
/// [`DiskError::Io`] when it cannot be opened or read.
pub fn read_raw(path: &Path, links: Links, limit: u64) -> Result<Option<Raw>, DiskError> {
    let failed = |e: io::Error| DiskError::io("read", path, &e, "");
    let Some((mut file, meta)) = open_regular(path, links).map_err(failed)? else { return Ok(None) };
    let content = fill(&mut Spare::default(), &mut file, meta.len(), limit, Sniff::No).map_err(failed)?;
    Ok(content.ok().map(|c| Raw { bytes: c.bytes, stamp: Stamp::from(&meta) }))
}

/// SHA-256 of `bytes` (FIPS 180-4).
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Opens `path` for reading; `None` for anything that is no regular file. Never waits for the other end of a pipe.
pub(super) fn open_regular(path: &Path, links: Links) -> io::Result<Option<(File, Metadata)>> {
    let mut flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        // a link that must not be followed; a socket, or a device without a driver
        Err(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO | rustix::io::Errno::NODEV) => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    let meta = file.metadata()?;
    Ok(meta.is_file().then_some((file, meta)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sniff {
    Yes,
    No,
}

/// `size` bytes in the memory of `spare`, or in new memory where that is too small.
#[must_use]
pub fn sized(spare: &mut Spare, size: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = std::mem::take(spare);
    if bytes.capacity() < size {
        return Zeroizing::new(vec![0; size]);
    }
    bytes.resize(size, 0);
    bytes
}

/// Gives the memory of `bytes` back to be read into again, unless it is that of a large file.
pub fn give_back(spare: &mut Spare, bytes: Zeroizing<Vec<u8>>) {
    const LARGE: usize = 1024 * 1024;
    if bytes.capacity() <= LARGE && bytes.capacity() > spare.capacity() {
        *spare = bytes;
    }
}

/// Reads to the end. The buffer is allocated once, with `expected` bytes; a file that grew meanwhile (or a stream) gets a new one by hand, so
/// that the old one is wiped.
fn fill(spare: &mut Spare, reader: &mut dyn Read, expected: u64, limit: u64, sniff: Sniff) -> io::Result<Result<Content, Skip>> {
    if expected > limit {
        return Ok(Err(Skip::TooLarge));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut buffer = sized(spare, usize::try_from(expected).unwrap_or(limit));
    let mut filled = 0;
    let mut sniffed = sniff == Sniff::No;
    loop {
        if !sniffed && filled >= SNIFFED {
            sniffed = true;
            if is_binary(&buffer[..SNIFFED]) {
                return Ok(Err(Skip::Binary));
            }
        }
        if filled == buffer.len() {
            let mut probe = Zeroizing::new([0_u8; 1]);
            if read_some(reader, &mut probe[..])? == 0 {
                break;
            }
            if filled >= limit {
                return Ok(Err(Skip::TooLarge));
            }
            let mut larger = Zeroizing::new(vec![0_u8; filled.saturating_mul(2).max(SNIFFED).min(limit)]);
            larger[..filled].copy_from_slice(&buffer[..filled]);
            larger[filled] = probe[0];
            filled += 1;
            buffer = larger;
            continue;
        }
        let end = if sniffed { buffer.len() } else { buffer.len().min(SNIFFED) };
        match read_some(reader, &mut buffer[filled..end])? {
            0 => break,
            n => filled += n,
        }
    }
    buffer.truncate(filled);
    Ok(if sniff == Sniff::Yes { text(buffer) } else { Ok(Content { bytes: buffer, utf16: false, state: None }) })
}

/// Bytes that were read elsewhere as the text of a file.
///
/// # Errors
/// [`Skip::Binary`]
pub fn as_text(bytes: Zeroizing<Vec<u8>>) -> Result<Content, Skip> {
    text(bytes)
}

/// The whole buffer as text: what is too short to have been sniffed is sniffed here.
fn text(buffer: Zeroizing<Vec<u8>>) -> Result<Content, Skip> {
    if is_binary(&buffer[..buffer.len().min(SNIFFED)]) {
        return Err(Skip::Binary);
    }
    let Some(order) = utf16_order(&buffer) else { return Ok(Content { bytes: buffer, utf16: false, state: None }) };
    let bytes = from_utf16(buffer.get(2..).unwrap_or_default(), order);
    if bytes[..bytes.len().min(SNIFFED)].contains(&0) { Err(Skip::Binary) } else { Ok(Content { bytes, utf16: true, state: None }) }
}

fn read_some(reader: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(into) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn is_binary(head: &[u8]) -> bool {
    utf16_order(head).is_none() && head.contains(&0)
}

/// How two bytes make a unit of UTF-16, if the mark says that it is one. `FF FE 00 00` is UTF-32, which nobody configures in.
fn utf16_order(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] => None,
        [0xFF, 0xFE, ..] => Some(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => Some(u16::from_be_bytes),
        _ => None,
    }
}

/// UTF-8 of UTF-16, a replacement character for what is no text. One unit gives at most three bytes, so the buffer never grows.
fn from_utf16(bytes: &[u8], order: fn([u8; 2]) -> u16) -> Zeroizing<Vec<u8>> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut out = Zeroizing::new(Vec::with_capacity((pairs.len() + odd.len()) * 3));
    let mut utf8 = Zeroizing::new([0_u8; 4]);
    for unit in char::decode_utf16(pairs.iter().map(|pair| order(*pair))) {
        let c = unit.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(c.encode_utf8(&mut utf8[..]).as_bytes());
    }
    if !odd.is_empty() {
        out.extend_from_slice("\u{FFFD}".as_bytes());
    }
    out
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
