//! Which rules can say anything about a setting at all: asked before any condition is tried, so that a setting costs by the rules that
//! concern it and not by the number of rules.
//!
//! Every rule is filed under one thing that must be there for its condition to hold: a word of the path, a name on it, a name that
//! announces a secret, a connection string. What cannot be filed is tried on every setting.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::AhoCorasick;

use super::name::{last_name, longest_word};
use super::rule_set::Set;
use super::subject::Subject;
use crate::rules::schema::{Argument, Predicate, Rule};
use crate::strength::name::NameClass;

/// What must be there for a condition to hold; one of a list.
enum Need {
    /// A word on the key path, lower case.
    Word(String),
    /// A name on the key path, lower case.
    Name(String),
    /// A name that announces a secret.
    Secret,
    /// A name that may announce one.
    Weak,
    /// A connection string.
    Connection,
    /// A provider's token.
    Token,
    /// Key material.
    Material,
    /// A text in the value.
    Literal(String),
}

/// Sets of rules, by what they need.
pub(super) struct Dispatch {
    /// Tells it from others.
    id: usize,
    /// Blocks of 64 rules.
    blocks: usize,
    always: Set,
    words: HashMap<String, Set>,
    names: HashMap<String, Set>,
    secret: Set,
    weak: Set,
    connection: Set,
    token: Set,
    material: Set,
    /// The texts that patterns need, and who needs each.
    literals: AhoCorasick,
    by_literal: Vec<Set>,
}

impl Dispatch {
    /// Files `rules`, each under its place in the list.
    pub(super) fn new<'r>(rules: impl ExactSizeIterator<Item = &'r Rule>) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let blocks = rules.len().div_ceil(64);
        let mut dispatch = Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            blocks,
            always: Set::empty(blocks),
            words: HashMap::new(),
            names: HashMap::new(),
            secret: Set::empty(blocks),
            weak: Set::empty(blocks),
            connection: Set::empty(blocks),
            token: Set::empty(blocks),
            material: Set::empty(blocks),
            literals: automaton(&[]),
            by_literal: Vec::new(),
        };
        let mut literals: Vec<String> = Vec::new();
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
                    Need::Weak => dispatch.weak.insert(index),
                    Need::Connection => dispatch.connection.insert(index),
                    Need::Token => dispatch.token.insert(index),
                    Need::Material => dispatch.material.insert(index),
                    Need::Literal(text) => {
                        let known = literals.iter().position(|l| *l == text).unwrap_or_else(|| {
                            literals.push(text);
                            dispatch.by_literal.push(Set::empty(blocks));
                            literals.len() - 1
                        });
                        if let Some(set) = dispatch.by_literal.get_mut(known) {
                            set.insert(index);
                        }
                    }
                }
            }
        }
        dispatch.literals = automaton(&literals);
        dispatch
    }

    /// The set of the rules that `fit`, by index.
    pub(super) fn set(&self, fit: impl Iterator<Item = usize>) -> Set {
        let mut set = Set::empty(self.blocks);
        fit.for_each(|index| set.insert(index));
        set
    }

    /// The rules that are filed under what stands on the path of `subject`, and those that are filed nowhere.
    fn by_path(&self, subject: &Subject<'_>) -> Set {
        let mut found = self.always.clone();
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
        found
    }

    /// Puts into `found` the rules of `among` whose condition may hold for `subject`.
    pub(super) fn find(&self, subject: &Subject<'_>, among: &Set, found: &mut Set) {
        let (by, filed) = subject.path().filed.get_or_init(|| (self.id, self.by_path(subject)));
        if *by == self.id {
            found.copy(filed);
        } else {
            *found = self.by_path(subject);
        }
        match subject.name_class() {
            NameClass::Secret => found.add(&self.secret),
            NameClass::Weak => found.add(&self.weak),
            _ => {}
        }
        if subject.connection().is_some() {
            found.add(&self.connection);
        }
        if subject.token().is_some() {
            found.add(&self.token);
        }
        if subject.material().is_some() {
            found.add(&self.material);
        }
        for hit in self.literals.find_overlapping_iter(subject.value()) {
            if let Some(set) = self.by_literal.get(hit.pattern().as_usize()) {
                found.add(set);
            }
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

/// The conditions of `predicate` under which it is filed, where all are on names or on the text of the value; lists of which all must hold
/// count only where `fit`. `None` for a rule that may hold for a setting of any name and value.
pub(super) fn filed_under<'p>(predicate: &'p Predicate, fit: &dyn Fn(&[Predicate]) -> bool) -> Option<Vec<&'p Predicate>> {
    match predicate {
        Predicate::All(list) if !fit(list) => Some(Vec::new()),
        Predicate::All(list) => {
            let named = list.iter().find(|p| matches!(p, Predicate::Leaf(name, _) if name == "key.any" || name == "key.path"));
            let cheapest = || list.iter().filter_map(|p| Some((cost(&needs(p)?), p))).min_by_key(|(cost, _)| *cost).map(|(_, p)| p);
            filed_under(named.filter(|p| needs(p).is_some()).or_else(cheapest)?, fit)
        }
        Predicate::Any(list) => list.iter().map(|p| filed_under(p, fit)).collect::<Option<Vec<_>>>().map(|found| found.concat()),
        Predicate::Not(_) => None,
        leaf => needs(leaf).map(|_| vec![leaf]),
    }
}

/// How many settings a list of needs lets through, roughly.
fn cost(needs: &[Need]) -> usize {
    let settings = |need: &Need| match need {
        Need::Secret | Need::Weak | Need::Connection => 1000,
        Need::Word(_) | Need::Name(_) => 1,
        // so that the others, which are dearer to ask for, are not asked
        Need::Token | Need::Material | Need::Literal(_) => 0,
    };
    needs.iter().map(settings).sum()
}

fn leaf(name: &str, argument: &Argument) -> Option<Vec<Need>> {
    match name.split_once('.') {
        Some(("token", _)) => return Some(vec![Need::Token]),
        Some(("material", _)) => return Some(vec![Need::Material]),
        // across files only: holds for no setting by itself
        Some(("project", _)) => return Some(Vec::new()),
        _ => {}
    }
    let Argument::Words(words) = argument else { return name.starts_with("url.").then(|| vec![Need::Connection]) };
    match name {
        "key.any" => words.iter().map(|w| longest_word(w).map(Need::Word)).collect(),
        "key.path" => words.iter().map(|w| last_name(w).map(Need::Name)).collect(),
        "value.regex" => words.iter().map(|w| literal(w).map(Need::Literal)).collect(),
        "key.class" => words
            .iter()
            .map(|w| match &**w {
                "secret" => Some(Need::Secret),
                "weak" => Some(Need::Weak),
                _ => None,
            })
            .collect(),
        _ => name.starts_with("url.").then(|| vec![Need::Connection]),
    }
}

/// The longest text that every match of `pattern` holds as it stands, three bytes or more; `None` where none can be told at a glance.
pub(super) fn literal(pattern: &str) -> Option<String> {
    if pattern.contains("(?i") || pattern.contains("(?x") {
        return None;
    }
    let (mut best, mut run) = (String::new(), String::new());
    let mut depth = 0_usize;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let plain = match c {
            '\\' => chars.next().filter(|next| !next.is_alphanumeric()),
            '[' => {
                skip_class(&mut chars);
                None
            }
            '(' => {
                depth += 1;
                None
            }
            ')' => {
                depth = depth.saturating_sub(1);
                None
            }
            '|' if depth == 0 => return None,
            '?' | '*' | '{' => {
                run.pop();
                if c == '{' {
                    chars.by_ref().find(|c| *c == '}');
                }
                None
            }
            '.' | '^' | '$' | '+' | '|' => None,
            _ => Some(c),
        };
        match plain {
            Some(c) if depth == 0 => run.push(c),
            _ => {
                if run.len() > best.len() {
                    best = std::mem::take(&mut run);
                }
                run.clear();
            }
        }
    }
    let best = if run.len() > best.len() { run } else { best };
    (best.len() >= 3).then_some(best)
}

/// Skips a class of characters behind its `[`.
fn skip_class(chars: &mut impl Iterator<Item = char>) {
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            ']' if !first => return,
            '^' if first => continue,
            _ => {}
        }
        first = false;
    }
}

#[expect(clippy::expect_used, reason = "a few short texts always fit")]
fn automaton(literals: &[String]) -> AhoCorasick {
    AhoCorasick::new(literals).expect("an automaton of what the patterns need")
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn what_a_pattern_needs_is_told_where_it_is_plain() {
        for (pattern, need) in [
            (r"--inspect(?:-brk)?=(?:0\.0|\*)", Some("--inspect")),
            (r"jdwp=.*address=(?:\*|0)", Some("address=")),
            (r"^--api\.insecure(?:=true)?$", Some("--api.insecure")),
            (r"a\s+--listen\s", Some("--listen")),
            (r"(?:^|\s)-H[= ]tcp://x?", Some("tcp://")),
            (r"abc|def", None),
            (r"(?i)abcdef", None),
            (r"[abc]def?g{2}", None),
            (r"[]a]xyz+", Some("xyz")),
        ] {
            assert_eq!(literal(pattern).as_deref(), need, "{pattern}");
        }
    }
}
