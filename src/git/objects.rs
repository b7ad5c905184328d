//! Reading objects: `git cat-file --batch` (git-cat-file(1), "BATCH OUTPUT"), one process for many objects. It applies no filter and no
//! textconv.

use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Mutex;

use zeroize::Zeroizing;

use super::error::GitError;
use super::id::{Id, Object};
use super::loose;
use super::repo::Repository;
use crate::disk::read::{Spare, sized};

/// A running `git cat-file --batch`.
pub struct Objects {
    child: Child,
    asks: Option<ChildStdin>,
    answers: Answers,
}

const COMMAND: &str = "cat-file";

/// Bytes of memory that git may keep between objects. Measured: a thirtieth to a twentieth of the time of a history.
const KEPT: &str = "33554432";

impl Objects {
    /// Starts one.
    ///
    /// # Errors
    /// [`GitError::Run`] when it cannot be started.
    pub fn start(repository: &Repository) -> Result<Self, GitError> {
        let mut command = repository.command(COMMAND, &["--batch"]);
        // mallopt(3): glibc gives the memory of each larger object back, and its pages have to be zeroed for the next one
        command.env("MALLOC_TRIM_THRESHOLD_", KEPT).env("MALLOC_MMAP_THRESHOLD_", KEPT);
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = started.map_err(|e| failed(&e))?;
        let (Some(asks), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(GitError::Run { reason: "no pipe".to_owned() });
        };
        Ok(Self { child, asks: Some(asks), answers: Answers::of(answers) })
    }

    /// The object `id`, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`GitError`] when git ends, or does not keep to its own format.
    pub fn get(&mut self, id: &Id, limit: u64) -> Result<Object, GitError> {
        self.ask(std::slice::from_ref(id))?;
        self.answer(&mut Spare::default(), limit)
    }

    /// Asks for some objects at once, so that git need not wait for us between them. Few enough to fit a pipe: at most 500.
    ///
    /// # Errors
    /// [`GitError::Run`] when git has ended.
    pub fn ask(&mut self, ids: &[Id]) -> Result<(), GitError> {
        let list: String = ids.iter().map(|id| format!("{id}\n")).collect();
        self.asks.as_mut().map_or(Ok(()), |pipe| pipe.write_all(list.as_bytes())).map_err(|e| failed(&e))
    }

    /// The next object that was asked for, in the memory of `spare` if it is large enough.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn answer(&mut self, spare: &mut Spare, limit: u64) -> Result<Object, GitError> {
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
            let mut bytes = sized(spare, usize::try_from(size).unwrap_or(usize::MAX));
            self.answers.read_exact(&mut bytes).map_err(|e| failed(&e))?;
            Object::Bytes(bytes)
        };
        let mut end = [0];
        self.answers.read_exact(&mut end).map_err(|e| failed(&e))?;
        if end == *b"\n" { Ok(object) } else { Err(GitError::Answer { command: COMMAND }) }
    }
}

/// What git answers, read in large pieces into a buffer that is wiped: it holds parts of files.
struct Answers {
    pipe: ChildStdout,
    buffer: Zeroizing<Vec<u8>>,
    /// The bytes in the buffer that nobody has taken yet.
    left: std::ops::Range<usize>,
}

impl Answers {
    fn of(pipe: ChildStdout) -> Self {
        Self { pipe, buffer: Zeroizing::new(vec![0; 1 << 16]), left: 0..0 }
    }
}

impl Read for Answers {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // a large object goes where it belongs at once
        if self.left.is_empty() && out.len() >= self.buffer.len() {
            return self.pipe.read(out);
        }
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Answers {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left.is_empty() {
            self.left = 0..self.pipe.read(&mut self.buffer)?;
        }
        Ok(self.buffer.get(self.left.clone()).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.left.start = self.left.end.min(self.left.start + count);
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

/// Objects for all threads: loose ones are read here, for others one git is started when it is first needed. Reading an object is short beside
/// what is done with it; starting another git is not.
pub struct Shared {
    repository: Repository,
    /// Where loose objects lie.
    loose: Option<PathBuf>,
    reader: Mutex<Option<Objects>>,
}

impl Shared {
    /// One that has started nothing yet. The repository must be one that git has answered for: it is git that judges whom to trust.
    #[must_use]
    pub fn new(repository: Repository) -> Self {
        let loose = repository.loose_objects();
        Self { repository, loose, reader: Mutex::new(None) }
    }

    /// The blob `id`, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Objects::get`].
    pub fn get(&self, id: &Id, limit: u64) -> Result<Object, GitError> {
        if let Some(blob) = self.loose.as_ref().and_then(|folder| loose::blob(folder, id, limit)) {
            return Ok(blob);
        }
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
