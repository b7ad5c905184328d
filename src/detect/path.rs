//! What a key path says by itself, worked out once for paths that come again: the items of a list, a name on a thousand lines, the names
//! that all files of a kind have.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rule_set::Set;
use crate::model::key_path::{KeyPath, Segment, words};
use crate::model::memory::Memory;
use crate::strength::name::{NameClass, Purpose, classify_words, purpose_of_words};

/// What a name says by itself.
pub(super) struct NameFacts {
    /// Its words, lower case.
    pub(super) words: Vec<String>,
    /// What it announces.
    pub(super) class: NameClass,
    /// What a secret of that name is for.
    pub(super) purpose: Purpose,
}

/// What a path says by itself.
pub(super) struct PathFacts {
    /// The last name on it.
    pub(super) name: Rc<NameFacts>,
    /// The words of all names on it, where there are several.
    all_words: Option<Vec<String>>,
    /// The name as it is meant, where the last one says too little.
    pub(super) announced: OnceCell<Rc<NameFacts>>,
    /// The rules that are filed under what stands on it, and who has filed them.
    pub(super) filed: OnceCell<(usize, Set)>,
    /// What the map in which it stands makes of its name.
    pub(super) mapped: OnceCell<Mapped>,
    /// What conditions on names answered.
    answers: RefCell<Answers>,
}

/// What a name is where it stands in a map.
pub(super) struct Mapped {
    /// Whether it says under which key a secret is kept: `passwordKey`, all below `secretKeys`.
    pub(super) of_a_secret: bool,
    /// What the name of the map announces of names that say nothing.
    pub(super) held: NameClass,
    /// Whether the name is that of an account, an address, a file.
    pub(super) account: bool,
}

/// Which conditions have answered, and which of them with yes; bits by [`Question`].
#[derive(Default)]
struct Answers {
    known: Vec<u64>,
    yes: Vec<u64>,
}

/// A condition on names; each has its own.
#[derive(Clone, Copy)]
pub(super) struct Question(usize);

impl Question {
    pub(super) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl PathFacts {
    /// The words of all names on it.
    pub(super) fn words(&self) -> &[String] {
        self.all_words.as_ref().unwrap_or(&self.name.words)
    }

    /// The answer of a condition that asks for nothing but the path; `work` gives it the first time.
    pub(super) fn answer(&self, question: Question, work: impl FnOnce() -> bool) -> bool {
        let (block, bit) = (question.0 / 64, 1_u64 << (question.0 % 64));
        {
            let answers = self.answers.borrow();
            if answers.known.get(block).is_some_and(|known| known & bit != 0) {
                return answers.yes.get(block).is_some_and(|yes| yes & bit != 0);
            }
        }
        let answer = work();
        let mut answers = self.answers.borrow_mut();
        if answers.known.len() <= block {
            answers.known.resize(block + 1, 0);
            answers.yes.resize(block + 1, 0);
        }
        if let Some(known) = answers.known.get_mut(block) {
            *known |= bit;
        }
        if let Some(yes) = answers.yes.get_mut(block).filter(|_| answer) {
            *yes |= bit;
        }
        answer
    }
}

/// What is known of names and paths.
#[derive(Default)]
struct Known {
    names: Memory<Rc<NameFacts>, 12>,
    /// Paths of one name.
    single: Memory<Rc<PathFacts>, 12>,
    /// Longer ones, written out.
    paths: Memory<Rc<PathFacts>, 12>,
    /// Where a path is written out.
    text: String,
}

thread_local! {
    /// What is known, for the next file.
    static KNOWN: RefCell<Option<Box<Known>>> = const { RefCell::new(None) };
}

/// The names and paths of one file, and of those before it.
pub(super) struct Paths(RefCell<Box<Known>>);

impl Default for Paths {
    fn default() -> Self {
        Self(RefCell::new(KNOWN.take().unwrap_or_default()))
    }
}

impl Drop for Paths {
    fn drop(&mut self) {
        let known = std::mem::take(self.0.get_mut());
        KNOWN.set(Some(known));
    }
}

impl Paths {
    /// What `name` says by itself.
    pub(super) fn name(&self, name: &str) -> Rc<NameFacts> {
        let known = self.0.borrow().names.get(name);
        known.unwrap_or_else(|| {
            let words = words(name);
            let facts = Rc::new(NameFacts { class: classify_words(name, &words), purpose: purpose_of_words(&words), words });
            self.0.borrow_mut().names.keep(name, Rc::clone(&facts));
            facts
        })
    }

    /// What `path` says by itself.
    pub(super) fn path(&self, path: &KeyPath) -> Rc<PathFacts> {
        if let [Segment::Key(name)] = path.segments() {
            let known = self.0.borrow().single.get(name);
            return known.unwrap_or_else(|| {
                let facts = self.facts(path);
                self.0.borrow_mut().single.keep(name, Rc::clone(&facts));
                facts
            });
        }
        let mut text = std::mem::take(&mut self.0.borrow_mut().text);
        write_out(path, &mut text);
        let known = self.0.borrow().paths.get(&text);
        let facts = known.unwrap_or_else(|| {
            let facts = self.facts(path);
            self.0.borrow_mut().paths.keep(&text, Rc::clone(&facts));
            facts
        });
        self.0.borrow_mut().text = text;
        facts
    }

    fn facts(&self, path: &KeyPath) -> Rc<PathFacts> {
        Rc::new(PathFacts {
            name: self.name(path.name()),
            all_words: (path.segments().len() > 1).then(|| path.names().flat_map(|name| self.name(name).words.clone()).collect()),
            announced: OnceCell::new(),
            filed: OnceCell::new(),
            mapped: OnceCell::new(),
            answers: RefCell::default(),
        })
    }
}

/// Writes `path` into `text` so that no two look alike, but for the places in lists, which make no difference to any condition.
fn write_out(path: &KeyPath, text: &mut String) {
    text.clear();
    for segment in path.segments() {
        match segment {
            // with its length, so that no name looks like two
            Segment::Key(name) => {
                let mut length = name.len();
                while length > 0x3f {
                    text.push(char::from(0x40 | (length & 0x3f) as u8));
                    length >>= 6;
                }
                text.push(char::from(length as u8));
                text.push_str(name);
            }
            Segment::Index(_) => text.push('é'),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::{Paths, Question};
    use crate::model::key_path::KeyPath;

    #[test]
    fn a_condition_is_asked_once_a_path() {
        let paths = Paths::default();
        let items = KeyPath::of("users");
        let first = paths.path(&items.item(0).child("adminPassword"));
        assert!(Rc::ptr_eq(&first, &paths.path(&items.item(7).child("adminPassword"))));
        assert!(!Rc::ptr_eq(&first, &paths.path(&items.child("adminPassword"))));
        assert_eq!(
            (first.words(), &first.name.words[..]),
            (&["users", "admin", "password"].map(String::from)[..], &["admin", "password"].map(String::from)[..])
        );
        let (yes, no) = (Question::new(), Question::new());
        for _ in 0..2 {
            let mut asked = 0;
            assert!(first.answer(yes, || {
                asked += 1;
                true
            }));
            assert!(!first.answer(no, || {
                asked += 1;
                false
            }));
            assert!(asked == 2 || asked == 0);
        }
        assert!(first.answer(yes, || unreachable!("it is known")));
    }
}
