//! Which rules look at a setting, by the words of its name.

use std::collections::HashMap;

use crate::model::key_path::words;
use crate::rules::schema::{Argument, Predicate};

/// Which rules look at a setting: with hundreds of rules, most of them about names, most have nothing to say of most settings.
pub(super) struct Lookup {
    /// Places in the list of rules, by a word of the name.
    by_word: HashMap<String, Vec<usize>>,
    /// Those that look at every setting.
    always: Vec<usize>,
}

impl Lookup {
    /// Over rules by their [`anchors`].
    pub(super) fn new<'r>(rules: impl Iterator<Item = Option<&'r [String]>>) -> Self {
        let mut lookup = Self { by_word: HashMap::new(), always: Vec::new() };
        for (i, anchors) in rules.enumerate() {
            match anchors {
                Some(words) => words.iter().for_each(|word| lookup.by_word.entry(word.clone()).or_default().push(i)),
                None => lookup.always.push(i),
            }
        }
        lookup
    }

    /// Those that look at a setting whose path has these words, in order.
    pub(super) fn of(&self, words: &[String]) -> Vec<usize> {
        let mut found: Vec<usize> = words.iter().filter_map(|w| self.by_word.get(w)).flatten().chain(&self.always).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Words of which the path of a setting must hold one for the condition to hold; `None` where that cannot be told from the condition.
pub(super) fn anchors(predicate: &Predicate) -> Option<Vec<String>> {
    match predicate {
        Predicate::All(list) => list.iter().filter_map(anchors).min_by_key(Vec::len),
        Predicate::Any(list) => list.iter().map(anchors).collect::<Option<Vec<_>>>().map(|lists| lists.concat()),
        Predicate::Leaf(name, Argument::Words(patterns)) if name == "key.any" => {
            let longest = |pattern: &str| pattern.split('*').flat_map(words).max_by_key(String::len);
            patterns.iter().map(|pattern| longest(pattern)).collect()
        }
        Predicate::Not(_) | Predicate::Leaf(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Lookup, anchors};
    use crate::rules::parse;

    fn of(condition: &str) -> Option<Vec<String>> {
        let rule = format!(
            "schema = 1\n[[rule]]\nid = 'x'\ntitle = 'x'\nclass = 'weak-key'\nseverity = 'low'\nconfidence = 'low'\nmessage = 'x'\n\
             match = {condition}\nfix = {{ strategy = 'suggest', fix = 'manual' }}\n"
        );
        anchors(&parse(&rule).unwrap().rules[0].rule.predicate)
    }

    #[test]
    fn a_rule_about_names_is_found_by_a_word_of_each_and_others_look_at_all() {
        assert_eq!(of("{ key.any = ['*DB_PASSWORD', 'fooBar*'] }").unwrap(), ["password", "bar"]);
        assert_eq!(of("{ all = [{ value.in = 'x' }, { key.any = 'A_*_LONGEST' }] }").unwrap(), ["longest"]);
        assert_eq!(of("{ any = [{ key.any = 'A' }, { key.any = 'B', value.in = 'x' }] }").unwrap(), ["a", "b"]);
        assert!(of("{ any = [{ key.any = 'A' }, { value.in = 'x' }] }").is_none(), "the second half holds for any name");
        assert!(of("{ not = { key.any = 'A' } }").is_none());
        assert!(of("{ key.any = '*' }").is_none());
    }

    #[test]
    fn rules_are_given_once_and_in_order() {
        let words = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let anchors = [Some(words(&["port", "db"])), None, Some(words(&["db"]))];
        let lookup = Lookup::new(anchors.iter().map(Option::as_deref));
        assert_eq!(lookup.of(&words(&["db", "port"])), [0, 1, 2]);
        assert_eq!(lookup.of(&words(&["port"])), [0, 1]);
        assert_eq!(lookup.of(&words(&["host"])), [1]);
    }
}
