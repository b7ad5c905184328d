//! `rules/grading.toml`, read: weights, letters, what disqualifies, and what a finding is about. Data, so that a change of the formula is
//! one diff and one version.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::area::Area;
use crate::model::severity::Class;

/// Letters, best first; `?` stands beside them.
pub(super) const LETTERS: [&str; 6] = ["A+", "A", "B", "C", "D", "F"];

/// The table as written; a field that is not known is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    version: u32,
    low_counts: u32,
    min_subjects: usize,
    max_waived: usize,
    weights: BTreeMap<String, u32>,
    letters: BTreeMap<String, u32>,
    disqualifiers: BTreeMap<String, String>,
    areas: WrittenAreas,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAreas {
    class: BTreeMap<String, String>,
    topic: BTreeMap<String, String>,
}

/// The table as meant: every area has a weight, every class an area, every letter is known.
#[derive(Debug)]
pub(super) struct Grading {
    pub(super) version: u32,
    /// What a subject with low findings only counts, 0 to 1.
    pub(super) low_counts: f64,
    pub(super) min_subjects: usize,
    /// Percent.
    pub(super) max_waived: usize,
    /// In the order of [`Area::ALL`].
    pub(super) weights: Vec<(Area, u32)>,
    /// Best first, with the least readiness in percent.
    pub(super) letters: Vec<(&'static str, u32)>,
    /// Topic and reason.
    pub(super) disqualifiers: BTreeMap<String, String>,
    classes: BTreeMap<Class, Area>,
    topics: BTreeMap<String, Area>,
}

/// Why a grading table is refused. It is our own file, so words of it may be quoted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum GradingError {
    /// No TOML, or a field that is missing or unknown.
    #[error("rules/grading.toml is not what was expected: {0}")]
    Shape(String),
    /// A name that is none of ours, or one that is missing.
    #[error("rules/grading.toml: `{0}` is unknown, missing or out of range")]
    Name(String),
}

impl Grading {
    fn parse(text: &str) -> Result<Self, GradingError> {
        let written: Written = toml_edit::de::from_str(text).map_err(|e| GradingError::Shape(e.to_string()))?;
        let name = |word: &str| GradingError::Name(word.to_owned());
        let area = |word: &String| Area::named(word).ok_or_else(|| name(word));
        if let Some(word) = written.weights.keys().find(|word| Area::named(word).is_none()) {
            return Err(name(word));
        }
        if let Some(word) = written.letters.keys().find(|word| !LETTERS.contains(&word.as_str()) || *word == "F") {
            return Err(name(word));
        }
        if written.low_counts > 100 {
            return Err(name("low-counts"));
        }
        let weigh = |area: Area| written.weights.get(area.word()).map(|w| (area, *w)).ok_or_else(|| name(area.word()));
        let least = |letter: &'static str| written.letters.get(letter).map(|r| (letter, *r)).ok_or_else(|| name(letter));
        let letters = LETTERS.into_iter().filter(|l| *l != "F").map(least).collect::<Result<Vec<_>, _>>()?;
        if let Some(pair) = letters.windows(2).find(|pair| pair[0].1 <= pair[1].1) {
            return Err(name(pair[1].0));
        }
        let mut classes = BTreeMap::new();
        for class in Class::ALL {
            classes.insert(*class, area(written.areas.class.get(class.word()).ok_or_else(|| name(class.word()))?)?);
        }
        if let Some(word) = written.areas.class.keys().find(|word| !Class::WORDS.contains(&word.as_str())) {
            return Err(name(word));
        }
        Ok(Self {
            version: written.version,
            low_counts: f64::from(written.low_counts) / 100.0,
            min_subjects: written.min_subjects,
            max_waived: written.max_waived,
            weights: Area::ALL.into_iter().map(weigh).collect::<Result<_, _>>()?,
            letters,
            disqualifiers: written.disqualifiers,
            classes,
            topics: written.areas.topic.into_iter().map(|(topic, word)| Ok((topic, area(&word)?))).collect::<Result<_, _>>()?,
        })
    }

    /// What a finding of this class and topic is about; an unknown topic is as its class.
    pub(super) fn area(&self, class: Class, topic: &str) -> Area {
        let of_class = || self.classes.get(&class).copied().unwrap_or(Area::App);
        self.topics.get(topic).copied().unwrap_or_else(of_class)
    }
}

/// The built-in table.
pub(super) static GRADING: LazyLock<Grading> = LazyLock::new(|| {
    Grading::parse(include_str!("../../rules/grading.toml")).expect("the built-in table is checked by a test of this file")
});

#[cfg(test)]
mod tests {
    use super::{GRADING, Grading, GradingError};
    use crate::model::severity::Class;
    use crate::report::area::Area;

    const TEXT: &str = include_str!("../../rules/grading.toml");

    #[test]
    fn the_built_in_table_is_valid_and_the_core_is_half() {
        assert!(Grading::parse(TEXT).is_ok());
        let sum = |areas: &[Area]| GRADING.weights.iter().filter(|(a, _)| areas.contains(a)).map(|(_, w)| w).sum::<u32>();
        assert_eq!((sum(&Area::ALL), sum(&Area::CORE)), (100, 50));
    }

    #[test]
    fn a_topic_is_more_exact_than_its_class() {
        assert_eq!(GRADING.area(Class::InsecureSetting, "auth-off"), Area::Access);
        assert_eq!(GRADING.area(Class::InsecureSetting, "no-such-topic"), Area::App);
        assert_eq!(GRADING.area(Class::WeakKey, ""), Area::Keys);
    }

    #[test]
    fn unknown_and_missing_names_are_refused() {
        let changed = |from: &str, to: &str| Grading::parse(&TEXT.replacen(from, to, 1)).map(|_| ());
        assert!(matches!(changed("version = 1", "version = 1\nmore = 2"), Err(GradingError::Shape(_))));
        assert_eq!(changed("secrets = 20", "secret = 20"), Err(GradingError::Name("secret".to_owned())));
        assert_eq!(changed("secrets = 20\n", ""), Err(GradingError::Name("secrets".to_owned())));
        assert_eq!(changed("A = 90", "E = 90"), Err(GradingError::Name("E".to_owned())));
        assert_eq!(changed("B = 80", "B = 95"), Err(GradingError::Name("B".to_owned())));
        assert_eq!(changed("weak-key = \"keys\"\n", ""), Err(GradingError::Name("weak-key".to_owned())));
        assert_eq!(changed("debug = \"app\"", "debug = \"apps\""), Err(GradingError::Name("apps".to_owned())));
    }
}
