//! Reading objects: `git cat-file --batch` (git-cat-file(1), "BATCH OUTPUT"), one process for many objects. It applies no filter and no
//! textconv.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Mutex;

use zeroize::Zeroizing;

use super::error::GitError;
use super::repo::Repository;

/// The name of an object, SHA-1 or SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    bytes: [u8; 32],
    len: u8,
}

impl Id {
    /// Reads 40 or 64 hex digits, and nothing else.
    #[must_use]
    pub fn parse(hex: &[u8]) -> Option<Self> {
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        if hex.len() != 40 && hex.len() != 64 {
            return None;
        }
        let mut id = Self { bytes: [0; 32], len: u8::try_from(hex.len() / 2).ok()? };
        for (byte, pair) in id.bytes.iter_mut().zip(hex.as_chunks::<2>().0) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(id)
    }

    /// Whether every digit is 0: git's word for "not there".
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.bytes == [0; 32]
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().take(self.len.into()).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What became of an object.
#[derive(Clone)]
pub enum Object {
    /// Its bytes, wiped when dropped.
    Bytes(Zeroizing<Vec<u8>>),
    /// More bytes than the limit.
    TooLarge,
    /// It is not here: a partial clone, a damaged repository.
    Missing,
}

/// A running `git cat-file --batch`.
pub struct Objects {
    child: Child,
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

const COMMAND: &str = "cat-file";

impl Objects {
    /// Starts one.
    ///
    /// # Errors
    /// [`GitError::Run`] when it cannot be started.
    pub fn start(repository: &Repository) -> Result<Self, GitError> {
        let mut command = repository.command(COMMAND, &["--batch"]);
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = started.map_err(|e| failed(&e))?;
        let (Some(asks), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(GitError::Run { reason: "no pipe".to_owned() });
        };
        Ok(Self { child, asks: Some(asks), answers: BufReader::with_capacity(1 << 16, answers) })
    }

    /// The object `id`, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`GitError`] when git ends, or does not keep to its own format.
    pub fn get(&mut self, id: &Id, limit: u64) -> Result<Object, GitError> {
        self.ask(std::slice::from_ref(id))?;
        self.answer(limit)
    }

    /// Asks for some objects at once, so that git need not wait for us between them. Few enough to fit a pipe: at most 500.
    ///
    /// # Errors
    /// [`GitError::Run`] when git has ended.
    pub fn ask(&mut self, ids: &[Id]) -> Result<(), GitError> {
        let list: String = ids.iter().map(|id| format!("{id}\n")).collect();
        self.asks.as_mut().map_or(Ok(()), |pipe| pipe.write_all(list.as_bytes())).map_err(|e| failed(&e))
    }

    /// The next object that was asked for.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn answer(&mut self, limit: u64) -> Result<Object, GitError> {
        let mut head = Vec::with_capacity(80);
        // `ID TYPE SIZE` or `ID missing`
        (&mut self.answers).take(200).read_until(b'\n', &mut head).map_err(|e| failed(&e))?;
        let head = head.strip_suffix(b"\n").ok_or(GitError::Answer { command: COMMAND })?;
        let mut words = head.split(|b| *b == b' ').skip(1);
        let (kind, size) = (words.next(), words.next());
        if kind == Some(b"missing") {
            return Ok(Object::Missing);
        }
        let size = size.and_then(|s| std::str::from_utf8(s).ok()?.parse::<u64>().ok()).ok_or(GitError::Answer { command: COMMAND })?;
        let object = if size > limit {
            io::copy(&mut (&mut self.answers).take(size), &mut io::sink()).map_err(|e| failed(&e))?;
            Object::TooLarge
        } else {
            let mut bytes = Zeroizing::new(vec![0; usize::try_from(size).unwrap_or(usize::MAX)]);
            self.answers.read_exact(&mut bytes).map_err(|e| failed(&e))?;
            Object::Bytes(bytes)
        };
        let mut end = [0];
        self.answers.read_exact(&mut end).map_err(|e| failed(&e))?;
        if end == *b"\n" { Ok(object) } else { Err(GitError::Answer { command: COMMAND }) }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // with its input at an end it ends; if it is in the middle of an answer that nobody reads, it must be told
        drop(self.asks.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn failed(error: &io::Error) -> GitError {
    GitError::Run { reason: error.kind().to_string() }
}

/// One reader for all threads, started when it is first needed: reading an object is short beside what is done with it, starting another git
/// is not.
pub struct Shared {
    repository: Repository,
    reader: Mutex<Option<Objects>>,
}

impl Shared {
    /// One that was not started yet.
    #[must_use]
    pub fn new(repository: Repository) -> Self {
        Self { repository, reader: Mutex::new(None) }
    }

    /// Starts the reader, to be ready when it is needed.
    ///
    /// # Errors
    /// [`GitError::Run`]
    pub fn warm(&self) -> Result<(), GitError> {
        *self.lock() = Some(Objects::start(&self.repository)?);
        Ok(())
    }

    /// The object `id`, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Objects::get`].
    pub fn get(&self, id: &Id, limit: u64) -> Result<Object, GitError> {
        let mut reader = self.lock();
        let mut running = reader.take().map_or_else(|| Objects::start(&self.repository), Ok)?;
        // one that failed is in the middle of something, and is not asked again
        let object = running.get(id, limit)?;
        *reader = Some(running);
        Ok(object)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Objects>> {
        self.reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn ids_are_read_and_written() {
        for hex in ["0123456789abcdef0123456789abcdef01234567".to_owned(), "ab".repeat(32)] {
            assert_eq!(Id::parse(hex.as_bytes()).map(|id| id.to_string()), Some(hex));
        }
        assert!(Id::parse(&[b'0'; 40]).is_some_and(|id| id.is_null()));
        for wrong in ["", "0123", &"g".repeat(40), &"0".repeat(41)] {
            assert_eq!(Id::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
