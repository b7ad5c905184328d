//! What a condition can still be where only some settings of a file are known: it may hold, or it cannot.
//!
//! Conditions on other settings are taken for what lets the rule find something. What fails even so fails in the whole file, too, which then
//! need not be read.

use std::borrow::Cow;

use crate::rules::schema::Predicate;

/// Families and names of conditions that ask what else stands in the file.
const AROUND: &[&str] = &["sibling", "beside.", "file.has"];

/// Whether `predicate` asks what else stands in the file.
pub(super) fn looks_around(predicate: &Predicate) -> bool {
    AROUND.iter().any(|condition| predicate.reads(condition))
}

/// A condition that asks nothing of other settings and holds wherever `predicate` may; `None` where it may hold for any setting.
pub(super) fn possible(predicate: &Predicate) -> Option<Predicate> {
    match predicate {
        Predicate::All(list) => Some(Predicate::All(Cow::Owned(list.iter().filter_map(possible).collect()))),
        Predicate::Any(list) => Some(Predicate::Any(Cow::Owned(list.iter().map(possible).collect::<Option<_>>()?))),
        Predicate::Not(list) => Some(Predicate::Not(Cow::Owned(list.iter().filter_map(certain).collect()))),
        leaf => (!looks_around(leaf)).then(|| leaf.clone()),
    }
}

/// A condition that asks nothing of other settings and under which `predicate` holds whatever they are; `None` where it may always fail.
fn certain(predicate: &Predicate) -> Option<Predicate> {
    match predicate {
        Predicate::All(list) => Some(Predicate::All(Cow::Owned(list.iter().map(certain).collect::<Option<_>>()?))),
        Predicate::Any(list) => Some(Predicate::Any(Cow::Owned(list.iter().filter_map(certain).collect()))),
        Predicate::Not(list) => Some(Predicate::Not(Cow::Owned(list.iter().map(possible).collect::<Option<_>>()?))),
        leaf => (!looks_around(leaf)).then(|| leaf.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::possible;
    use crate::rules::schema::{Argument, Predicate};

    fn leaf(name: &'static str) -> Predicate {
        Predicate::Leaf(Cow::Borrowed(name), Argument::Flag(true))
    }

    fn all(list: Vec<Predicate>) -> Predicate {
        Predicate::All(Cow::Owned(list))
    }

    fn any(list: Vec<Predicate>) -> Predicate {
        Predicate::Any(Cow::Owned(list))
    }

    fn not(list: Vec<Predicate>) -> Predicate {
        Predicate::Not(Cow::Owned(list))
    }

    #[test]
    fn what_others_decide_is_left_open() {
        let (own, other) = (leaf("value.truthy"), leaf("sibling.has"));
        assert_eq!(possible(&own), Some(own.clone()));
        assert_eq!(possible(&other), None);
        assert_eq!(possible(&all(vec![own.clone(), other.clone()])), Some(all(vec![own.clone()])));
        assert_eq!(possible(&any(vec![own.clone(), other.clone()])), None);
        let either = any(vec![all(vec![own.clone(), other.clone()]), own.clone()]);
        assert_eq!(possible(&either), Some(any(vec![all(vec![own.clone()]), own.clone()])));
        // nothing else in the file can make it hold where its own part is true
        assert_eq!(possible(&not(vec![own.clone(), other.clone()])), Some(not(vec![own.clone()])));
        assert_eq!(possible(&not(vec![all(vec![own.clone(), other.clone()])])), Some(not(vec![])));
        assert_eq!(possible(&not(vec![not(vec![own.clone(), other])])), Some(not(vec![])));
        assert_eq!(possible(&not(vec![not(vec![own.clone()])])), Some(not(vec![not(vec![own])])));
    }
}
