//! What a scan looks at: a name and bytes, from the work tree or from a repository.

use crate::disk::read::{Content, Links, Outcome, Skip, Spare, as_text, read_into};
use crate::disk::state::State;
use crate::disk::walk::Candidate;
use crate::git::Object;
use crate::model::document::Document;
use crate::model::finding::Finding;
use crate::model::span::Span;

/// Largest file that is looked at, in bytes; a larger one is counted as skipped.
pub const LIMIT: u64 = 10 * 1024 * 1024;

/// A file, or standard input, read.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    /// The path for people: the argument joined with the path below it.
    pub(super) name: String,
    /// Its bytes.
    pub(super) content: Content,
}

/// Where the bytes of files come from.
pub(super) trait Source: Sync {
    /// The content of a file, or why it is left out; in the memory of `spare`, where that is of use.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn read(&self, file: &Candidate, spare: &mut Spare) -> Result<Result<Content, Skip>, String>;

    /// What can be known of a file without reading it, if that tells whether its content is another.
    fn state(&self, _file: &Candidate) -> Option<State> {
        None
    }

    /// How many files are worth a thread.
    fn worth(&self) -> usize {
        4
    }

    /// Which bytes of `file`, which are `content`, are new; `None`: all of them.
    fn added(&self, _file: &Candidate, _content: &[u8]) -> Option<Vec<Span>> {
        None
    }
}

/// Files as they lie on disk.
pub(super) struct WorkTree;

impl Source for WorkTree {
    fn read(&self, file: &Candidate, spare: &mut Spare) -> Result<Result<Content, Skip>, String> {
        match read_into(spare, &file.path, Links::Refuse, LIMIT) {
            Ok(Outcome::Content(content, _)) => Ok(Ok(content)),
            Ok(Outcome::Skipped(skip)) => Ok(Err(skip)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn state(&self, file: &Candidate) -> Option<State> {
        State::of(&file.path)
    }
}

/// An object of a repository as a file's content. `None`: it is not here.
pub(super) fn content(object: Object) -> Option<Result<Content, Skip>> {
    match object {
        Object::Bytes(bytes) => Some(as_text(bytes)),
        Object::TooLarge => Some(Err(Skip::TooLarge)),
        Object::Missing => None,
    }
}

/// Whether the value or the name of what `finding` is about lies on one of the lines `added`, which are in order.
pub(super) fn touches(document: &Document, finding: &Finding, added: &[Span]) -> bool {
    let near = |span: Span| {
        let line = added.get(added.partition_point(|line| line.end <= span.start));
        // where the text ends without an end of line, what is empty there is of that line
        let last = || added.last().is_some_and(|line| line.end == span.start && line.end == document.text.len());
        line.map_or_else(last, |line| line.start < span.end.max(span.start + 1))
    };
    let key = finding.setting.and_then(|i| document.settings.get(i)).map(|s| s.key_span);
    near(finding.span) || key.is_some_and(near)
}
