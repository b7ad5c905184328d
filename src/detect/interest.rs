//! Which names can matter to any rule: asked before a program or a document is read closely, most of which speaks of other things.

use std::collections::{HashMap, HashSet};

use super::compile::Detectors;
use super::dispatch::{filed_under, literal};
use super::name::{last_name, pattern};
use crate::model::key_path::{words, words_fit};
use crate::rules::schema::{Argument, Predicate, Rule};
use crate::strength::name::{NameClass, classify_words, signs};
use crate::strength::phc;
use crate::tokens::{telling_names, tells};

/// Why a name is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is not.
    Not,
    /// It may announce a secret.
    AsSecret,
    /// A rule speaks of settings of that name.
    ByRule,
}

/// The names and texts that some rule for programs or documents asks for.
pub struct Interest {
    /// Patterns of names, by their last word.
    patterns: HashMap<String, Vec<Vec<String>>>,
    /// Whole names, lower case.
    names: HashSet<String>,
    /// Texts in values.
    literals: Vec<String>,
    /// Whether names that only may announce a secret are among them.
    weak: bool,
}

impl Interest {
    /// What `detectors` ask for in programs (`code`) or in documents; `None` where a rule may speak of any setting whatever.
    #[must_use]
    pub fn of(detectors: &Detectors, code: bool) -> Option<Self> {
        let mut found = Self { patterns: HashMap::new(), names: HashSet::new(), literals: Vec::new(), weak: !code };
        let looks = |rule: &&Rule| rule.formats.is_empty() || rule.formats.iter().any(|f| matches!(f.as_ref(), "*" | "code" | "text"));
        for rule in detectors.rules().filter(looks) {
            match filed_under(&rule.predicate, &reads_prose) {
                Some(filed) => filed.into_iter().for_each(|leaf| found.gather(leaf)),
                None if rule.predicate.reads("value.hash") => found.literals.extend(phc::SIGNS.iter().map(|sign| (*sign).to_owned())),
                None => return None,
            }
        }
        Some(found)
    }

    fn gather(&mut self, leaf: &Predicate) {
        let Predicate::Leaf(name, Argument::Words(list)) = leaf else { return };
        for word in list.iter() {
            match name.as_ref() {
                "key.any" => {
                    let pattern = pattern(word);
                    let last = pattern.last().cloned().unwrap_or_default();
                    self.patterns.entry(last).or_default().push(pattern);
                }
                "key.path" => self.names.extend(last_name(word)),
                "value.regex" => self.literals.extend(literal(word)),
                _ => {}
            }
        }
    }

    /// Texts of which every name that is asked for, or announces a secret, holds one, in any case.
    #[must_use]
    pub fn signs(&self) -> Vec<String> {
        fn longest<S: AsRef<str>>(pattern: &[S]) -> Option<&str> {
            pattern.iter().map(AsRef::as_ref).filter(|p| *p != "*").max_by_key(|word| word.len())
        }
        let asked = self.patterns.values().flatten().filter_map(|p| longest(p)).chain(self.names.iter().map(String::as_str));
        let known = signs(self.weak).chain(telling_names().filter_map(longest));
        asked.map(str::to_owned).chain(known.map(str::to_ascii_lowercase)).collect()
    }

    /// Texts in a value that some rule asks for, whatever the name.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.literals.iter().map(String::as_str)
    }

    /// What `name` has to do with what is asked for.
    #[must_use]
    pub fn of_name(&self, name: &str) -> Asked {
        let words = words(name);
        let class = classify_words(name, &words);
        let by_last = |last: &str| self.patterns.get(last).is_some_and(|list| list.iter().any(|p| words_fit(p, &words)));
        let last = words.last().map_or("", String::as_str);
        if class == NameClass::Public || by_last(last) || by_last("*") || self.names.contains(&name.to_ascii_lowercase()) {
            return Asked::ByRule;
        }
        // `jwt.key`: what the last word leaves open, the one before it says
        let bare = words.len() > 1 && matches!(last, "key" | "keys" | "secret" | "salt");
        let secret = bare || class == NameClass::Secret || (self.weak && class == NameClass::Weak);
        if secret || tells(&words) { Asked::AsSecret } else { Asked::Not }
    }
}

/// Whether conditions that must all hold can hold for what stands in programs and documents.
fn reads_prose(all: &[Predicate]) -> bool {
    all.iter().all(|p| match p {
        Predicate::Leaf(name, Argument::Words(words)) if name == "file.role" => words.iter().any(|w| w == "prose"),
        Predicate::Leaf(name, Argument::Words(words)) if name == "file.format" => words.iter().any(|w| w == "code" || w == "text"),
        _ => true,
    })
}
