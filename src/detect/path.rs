//! What a key path says by itself, worked out once a file for paths that come again: the items of a list, a name on a thousand lines.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rule_set::Set;
use crate::model::key_path::{KeyPath, Segment, words};
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
    /// The rules that are filed under what stands on it.
    pub(super) filed: OnceCell<Set>,
    /// What conditions on names answered.
    answers: RefCell<Answers>,
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

/// Names and paths of one file whose facts are kept: few files have more that come again.
const MOST: usize = 4096;

/// The names and paths of one file.
#[derive(Default)]
pub(super) struct Paths {
    names: RefCell<HashMap<String, Rc<NameFacts>>>,
    /// Paths of one name.
    single: RefCell<HashMap<String, Rc<PathFacts>>>,
    /// Longer ones, written out.
    paths: RefCell<HashMap<String, Rc<PathFacts>>>,
}

impl Paths {
    /// What `name` says by itself.
    pub(super) fn name(&self, name: &str) -> Rc<NameFacts> {
        if let Some(known) = self.names.borrow().get(name) {
            return Rc::clone(known);
        }
        let words = words(name);
        let facts = Rc::new(NameFacts { class: classify_words(name, &words), purpose: purpose_of_words(&words), words });
        keep(&self.names, name, &facts);
        facts
    }

    /// What `path` says by itself.
    pub(super) fn path(&self, path: &KeyPath) -> Rc<PathFacts> {
        match path.segments() {
            [Segment::Key(name)] => self.known(&self.single, name, path),
            segments => {
                let mut text = String::new();
                for segment in segments {
                    match segment {
                        // with its length, so that no name looks like two
                        Segment::Key(name) => {
                            let _ = write!(text, "{}:{name}", name.len());
                        }
                        // the place in a list makes no difference to any condition
                        Segment::Index(_) => text.push(','),
                    }
                }
                self.known(&self.paths, &text, path)
            }
        }
    }

    fn known(&self, kept: &RefCell<HashMap<String, Rc<PathFacts>>>, text: &str, path: &KeyPath) -> Rc<PathFacts> {
        if let Some(known) = kept.borrow().get(text) {
            return Rc::clone(known);
        }
        let facts = Rc::new(PathFacts {
            name: self.name(path.name()),
            all_words: (path.segments().len() > 1).then(|| path.names().flat_map(|name| self.name(name).words.clone()).collect()),
            announced: OnceCell::new(),
            filed: OnceCell::new(),
            answers: RefCell::default(),
        });
        keep(kept, text, &facts);
        facts
    }
}

fn keep<T>(known: &RefCell<HashMap<String, Rc<T>>>, name: &str, facts: &Rc<T>) {
    let mut known = known.borrow_mut();
    if known.len() < MOST {
        known.insert(name.to_owned(), Rc::clone(facts));
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
