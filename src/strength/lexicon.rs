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
    pub(super) references: &'static [&'static str],
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
    pub(super) placeholder_shapes: &'static [&'static str],
    pub(super) defaults: &'static [&'static str],
    pub(super) not_secrets: &'static [&'static str],
    pub(super) not_secret_shapes: &'static [&'static str],
    pub(super) keyboard: &'static [&'static str],
    pub(super) products: &'static [&'static str],
    pub(super) suffixes: &'static [&'static str],
    pub(super) dictionary: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/lexicon.rs"));

/// Whether `word` stands in a sorted list.
pub(super) fn listed(list: &[&str], word: &str) -> bool {
    list.binary_search(&word).is_ok()
}

/// Shapes of values that say where the value comes from.
pub(super) static REFERENCES: LazyLock<RegexSet> = LazyLock::new(|| set(LEXICON.references));
/// Shapes of values that ask to be replaced.
pub(super) static PLACEHOLDERS: LazyLock<RegexSet> = LazyLock::new(|| set(LEXICON.placeholder_shapes));
/// Shapes of values that are no secret under any name.
pub(super) static NOT_SECRETS: LazyLock<RegexSet> = LazyLock::new(|| set(LEXICON.not_secret_shapes));

/// Classes are those of ASCII: tables of Unicode make the set ten times dearer to build, which every commit would pay for.
fn set(patterns: &[&str]) -> RegexSet {
    RegexSetBuilder::new(patterns).unicode(false).build().expect("the build compiles every pattern of the lexicon")
}
