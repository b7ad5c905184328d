//! Which rules can say anything about a setting at all: asked before any condition is tried, so that a setting costs by the rules that
//! concern it and not by the number of rules.
//!
//! Every rule is filed under one thing that must be there for its condition to hold: a word of the path, a name on it, a name that
//! announces a secret, a connection string. What cannot be filed is tried on every setting.

use std::collections::HashMap;

use super::name::{last_name, pattern};
use super::subject::Subject;
use crate::rules::schema::{Argument, Predicate, Rule};
use crate::strength::name::NameClass;

/// What must be there for a condition to hold; one of a list.
enum Need {
    /// A word on the key path, lower case.
    Word(String),
    /// A name on the key path, lower case.
    Name(String),
    /// A name that announces a secret, or may.
    Secret,
    /// A connection string.
    Connection,
    /// A provider's token.
    Token,
}

/// Sets of rules, by what they need.
pub(super) struct Dispatch {
    /// Blocks of 64 rules.
    blocks: usize,
    always: Set,
    words: HashMap<String, Set>,
    names: HashMap<String, Set>,
    secret: Set,
    connection: Set,
    token: Set,
}

/// A set of rules, by index.
#[derive(Clone, Default)]
pub(super) struct Set(Vec<u64>);

impl Set {
    fn empty(blocks: usize) -> Self {
        Self(vec![0; blocks])
    }

    fn insert(&mut self, index: usize) {
        if let Some(block) = self.0.get_mut(index / 64) {
            *block |= 1 << (index % 64);
        }
    }

    fn add(&mut self, other: &Self) {
        for (own, more) in self.0.iter_mut().zip(&other.0) {
            *own |= more;
        }
    }

    fn keep(&mut self, other: &Self) {
        for (own, allowed) in self.0.iter_mut().zip(&other.0) {
            *own &= allowed;
        }
    }

    /// The indices, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(block, &bits)| {
            std::iter::successors((bits != 0).then_some(bits), |b| Some(b & (b - 1)).filter(|b| *b != 0))
                .map(move |b| block * 64 + b.trailing_zeros() as usize)
        })
    }
}

impl Dispatch {
    /// Files `rules`, each under its place in the list.
    pub(super) fn new<'r>(rules: impl ExactSizeIterator<Item = &'r Rule>) -> Self {
        let blocks = rules.len().div_ceil(64);
        let mut dispatch = Self {
            blocks,
            always: Set::empty(blocks),
            words: HashMap::new(),
            names: HashMap::new(),
            secret: Set::empty(blocks),
            connection: Set::empty(blocks),
            token: Set::empty(blocks),
        };
        for (index, rule) in rules.enumerate() {
            let Some(needs) = needs(&rule.predicate) else {
                dispatch.always.insert(index);
                continue;
            };
            for need in needs {
                match need {
                    Need::Word(word) => dispatch.words.entry(word).or_insert_with(|| Set::empty(blocks)).insert(index),
                    Need::Name(name) => dispatch.names.entry(name).or_insert_with(|| Set::empty(blocks)).insert(index),
                    Need::Secret => dispatch.secret.insert(index),
                    Need::Connection => dispatch.connection.insert(index),
                    Need::Token => dispatch.token.insert(index),
                }
            }
        }
        dispatch
    }

    /// The set of the rules that `fit`, by index.
    pub(super) fn set(&self, fit: impl Iterator<Item = usize>) -> Set {
        let mut set = Set::empty(self.blocks);
        fit.for_each(|index| set.insert(index));
        set
    }

    /// Puts into `found` the rules of `among` whose condition may hold for `subject`.
    pub(super) fn find(&self, subject: &Subject<'_>, among: &Set, found: &mut Set) {
        found.0.clear();
        found.0.extend_from_slice(&self.always.0);
        for word in subject.path_words() {
            if let Some(set) = self.words.get(word) {
                found.add(set);
            }
        }
        for name in subject.setting.key.names() {
            let lower = name.bytes().any(|b| b.is_ascii_uppercase()).then(|| name.to_ascii_lowercase());
            if let Some(set) = self.names.get(lower.as_deref().unwrap_or(name)) {
                found.add(set);
            }
        }
        if matches!(subject.name_class(), NameClass::Secret | NameClass::Weak) {
            found.add(&self.secret);
        }
        if subject.connection().is_some() {
            found.add(&self.connection);
        }
        if subject.token().is_some() {
            found.add(&self.token);
        }
        found.keep(among);
    }
}

/// What `predicate` needs, one of the list; `None` where nothing can be named.
fn needs(predicate: &Predicate) -> Option<Vec<Need>> {
    match predicate {
        // a name comes first: the count of settings that are in order goes by the first condition on names
        Predicate::All(list) => {
            let named = list.iter().find(|p| matches!(p, Predicate::Leaf(name, _) if name == "key.any" || name == "key.path"));
            named.and_then(needs).or_else(|| list.iter().filter_map(needs).min_by_key(|found| cost(found)))
        }
        Predicate::Any(list) => {
            let mut all = Vec::new();
            for one in list.iter() {
                all.extend(needs(one)?);
            }
            Some(all)
        }
        Predicate::Not(_) => None,
        Predicate::Leaf(name, argument) => leaf(name, argument),
    }
}

/// How many settings a list of needs lets through, roughly.
fn cost(needs: &[Need]) -> usize {
    let settings = |need: &Need| match need {
        Need::Secret | Need::Connection => 1000,
        Need::Word(_) | Need::Name(_) => 1,
        // so that the others, which are dearer to ask for, are not asked
        Need::Token => 0,
    };
    needs.iter().map(settings).sum()
}

fn leaf(name: &str, argument: &Argument) -> Option<Vec<Need>> {
    if name.starts_with("token.") {
        return Some(vec![Need::Token]);
    }
    let Argument::Words(words) = argument else { return name.starts_with("url.").then(|| vec![Need::Connection]) };
    match name {
        "key.any" => words.iter().map(|w| pattern(w).into_iter().filter(|p| p != "*").max_by_key(String::len).map(Need::Word)).collect(),
        "key.path" => words.iter().map(|w| last_name(w).map(Need::Name)).collect(),
        "key.class" => words.iter().all(|w| matches!(&**w, "secret" | "weak")).then(|| vec![Need::Secret]),
        _ => name.starts_with("url.").then(|| vec![Need::Connection]),
    }
}

#[cfg(test)]
mod tests {
    use super::Set;

    #[test]
    fn a_set_gives_its_indices_in_order() {
        let mut set = Set::empty(3);
        for i in [130, 0, 63, 64, 5] {
            set.insert(i);
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 5, 63, 64, 130]);
        assert_eq!(Set::empty(2).iter().count(), 0);
    }
}
