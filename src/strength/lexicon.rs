//! The vocabulary: words of names, placeholders, defaults, references. Data from `rules/lexicon.toml`, turned into tables by the build.

use std::sync::LazyLock;

use regex::bytes::{RegexSet, RegexSetBuilder};

/// The tables of `rules/lexicon.toml`; the comments there say what each list means. Words are lower case, lists are sorted.
pub(super) struct Lexicon {
    pub(super) strong_tail: &'static [&'static str],
    pub(super) strong_joined: &'static [&'static str],
    pub(super) strong_ending: &'static [&'static str],
    pub(super) lookalikes: &'static [&'static str],
    pub(super) exact: &'static [&'static str],
    pub(super) weak_tail: &'static [&'static str],
    pub(super) not_tail: &'static [&'static str],
    pub(super) not_head: &'static [&'static str],
    pub(super) phrases: &'static [&'static str],
    references: &'static [&'static str],
    plain_references: &'static [&'static str],
    pub(super) table_commands: &'static [&'static str],
    pub(super) table_packages: &'static [&'static str],
    pub(super) table_names: &'static [&'static str],
    pub(super) table_forms: &'static [&'static str],
    pub(super) table_secrets: &'static [&'static str],
    pub(super) table_keys: &'static [&'static str],
    pub(super) table_words: &'static [&'static str],
    pub(super) manifests: &'static [&'static str],
    pub(super) texts: &'static [&'static str],
    pub(super) setting_files: &'static [&'static str],
    pub(super) languages: &'static [&'static str],
    pub(super) object_kinds: &'static [&'static str],
    pub(super) object_tails: &'static [&'static str],
    pub(super) object_values: &'static [&'static str],
    pub(super) object_entries: &'static [&'static str],
    pub(super) object_held: &'static [&'static str],
    pub(super) placeholder_words: &'static [&'static str],
    placeholder_shapes: &'static [&'static str],
    plain_placeholder_shapes: &'static [&'static str],
    pub(super) defaults: &'static [&'static str],
    pub(super) not_secrets: &'static [&'static str],
    not_secret_shapes: &'static [&'static str],
    plain_not_secret_shapes: &'static [&'static str],
    pub(super) keyboard: &'static [&'static str],
    pub(super) products: &'static [&'static str],
    pub(super) suffixes: &'static [&'static str],
    /// By length: the words of that many bytes, sorted, one behind another.
    pub(super) dictionary: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/lexicon.rs"));

/// Whether `word` stands in a sorted list.
pub(super) fn listed(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

/// Shapes of values that say where the value comes from.
pub(super) static REFERENCES: Shapes =
    Shapes { plain: LazyLock::new(|| set(LEXICON.plain_references)), other: LazyLock::new(|| set(LEXICON.references)) };
/// Shapes of values that ask to be replaced.
pub(super) static PLACEHOLDERS: Shapes =
    Shapes { plain: LazyLock::new(|| set(LEXICON.plain_placeholder_shapes)), other: LazyLock::new(|| set(LEXICON.placeholder_shapes)) };
/// Shapes of values that are no secret under any name.
pub(super) static NOT_SECRETS: Shapes =
    Shapes { plain: LazyLock::new(|| set(LEXICON.plain_not_secret_shapes)), other: LazyLock::new(|| set(LEXICON.not_secret_shapes)) };

/// Shapes of values. To make all of them ready takes longer than to look at a commit, and most values can have few.
pub(super) struct Shapes {
    /// Those that a value of nothing but letters and digits may have.
    plain: LazyLock<RegexSet>,
    /// All others.
    other: LazyLock<RegexSet>,
}

impl Shapes {
    /// Whether `value` has one of them.
    pub(super) fn is_match(&self, value: &str) -> bool {
        let value = value.as_bytes();
        self.plain.is_match(value) || !value.iter().all(u8::is_ascii_alphanumeric) && self.other.is_match(value)
    }
}

/// Classes are those of ASCII: tables of Unicode make the set ten times dearer to build, which every commit would pay for.
fn set(patterns: &[&str]) -> RegexSet {
    RegexSetBuilder::new(patterns).unicode(false).build().expect("the build compiles every pattern of the lexicon")
}

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::string::string_regex;
    use proptest::test_runner::TestRunner;

    use super::LEXICON;

    /// Examples of each shape that plain values are not held against: none of them is plain.
    #[test]
    fn plain_values_have_no_other_shape() {
        let mut runner = TestRunner::deterministic();
        let mut seen = 0;
        for shape in [LEXICON.references, LEXICON.placeholder_shapes, LEXICON.not_secret_shapes].into_iter().flatten() {
            let form = shape.trim_start_matches("(?i)").trim_start_matches('^').trim_end_matches('$').replace("\\b", "");
            let examples = string_regex(&form).unwrap_or_else(|e| panic!("{form}: {e}"));
            for _ in 0..200 {
                let example = examples.new_tree(&mut runner).expect("an example").current();
                assert!(example.is_empty() || !example.bytes().all(|b| b.is_ascii_alphanumeric()), "{shape} {example}");
                seen += 1;
            }
        }
        assert!(seen > 20_000, "{seen}");
    }
}
