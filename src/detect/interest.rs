//! Which names can matter to any rule: asked before a program or a document is read closely, most of which speaks of other things.

use std::collections::{HashMap, HashSet};

use super::compile::Detectors;
use super::dispatch::{filed_under, literal};
use super::name::{last_name, pattern};
use crate::model::key_path::{words, words_fit};
use crate::rules::schema::{Argument, Predicate, Rule};
use crate::search::name_part::{Bounds, NamePart};
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

/// Words that announce a secret behind another.
const BARE: &[&str] = &["key", "keys", "secret", "salt"];

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

    /// Texts of which every name that is asked for, or announces a secret, holds one.
    #[must_use]
    pub fn signs(&self) -> Vec<NamePart> {
        let patterns = self.patterns.values().flatten().filter_map(|words| NamePart::rarest(words.iter().map(String::as_str)));
        let telling = telling_names().filter_map(|words| NamePart::rarest(words.iter().copied()));
        let bare = BARE.iter().map(|word| NamePart::new(word, Bounds::Word));
        let names = self.names.iter().map(|name| NamePart::new(name, Bounds::Whole));
        patterns.chain(telling).chain(bare).chain(names).chain(signs(self.weak)).collect()
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
        let bare = words.len() > 1 && BARE.contains(&last);
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

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

    use super::{Asked, Interest};
    use crate::config::Network;
    use crate::detect::Detectors;
    use crate::model::key_path::words;
    use crate::model::severity::Profile;
    use crate::rules::load::RuleSet;
    use crate::search::name_part::NamePart;
    use crate::strength::name::{NameClass, classify};

    /// What is asked for, what announces it, and the words to make names of.
    type Known = (Interest, Vec<NamePart>, Vec<String>);

    /// `words` as one name, in one of the ways to write it.
    fn written(words: &[String], style: u8) -> String {
        match style {
            0 => words.join("_"),
            1 => words.join("-").to_uppercase(),
            2 => words.iter().map(|w| w[..1].to_uppercase() + &w[1..]).collect(),
            3 => words.join("."),
            _ => words.concat(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn every_name_that_is_asked_for_holds_a_sign(picks in proptest::collection::vec(any::<u32>(), 1..4), style in 0..6_u8, digits in "[0-9]{0,2}") {
            static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
                let set = RuleSet::builtin();
                let detectors = Detectors::compile(set.rules(), Profile::Strict, &Network::default()).expect("the built-in rules");
                let of = |code: bool| {
                    let interest = Interest::of(&detectors, code).expect("the built-in rules ask for names");
                    let signs = interest.signs();
                    let patterns = interest.patterns.values().flatten().flatten().filter(|w| *w != "*").cloned();
                    let names = interest.names.iter().flat_map(|name| words(name));
                    let known = signs.iter().flat_map(|sign| words(&sign.text)).chain(["my", "kettle", "id", "s"].map(str::to_owned));
                    let words = patterns.chain(names).chain(known).collect();
                    (interest, signs, words)
                };
                vec![of(true), of(false)]
            });
            for (interest, signs, known) in KNOWN.iter() {
                let chosen: Vec<String> = picks.iter().filter_map(|i| known.get(*i as usize % known.len()).cloned()).collect();
                let name = written(&chosen, style) + &digits;
                let asked = interest.of_name(&name) != Asked::Not && classify(&name) != NameClass::Public;
                prop_assert!(!asked || signs.iter().any(|sign| sign.stands_in(&name)), "{}", name);
            }
        }
    }
}
