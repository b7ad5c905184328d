//! What well-known secrets are, and what replacing them does. Data: `rules/kinds.toml`.

use crate::model::key_path::words;

/// What a replacement means (docs/fix.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Signs or encrypts short-lived things: replacing it logs people out.
    Stateless,
    /// A second party holds the same value.
    Coordinated,
    /// Data at rest is unreadable after a plain replacement.
    DataEncrypting,
    /// Computed from another secret.
    Derived,
    /// Minted by a third party.
    ProviderIssued,
}

impl Kind {
    /// The word used in data and output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stateless => "stateless",
            Self::Coordinated => "coordinated",
            Self::DataEncrypting => "data-encrypting",
            Self::Derived => "derived",
            Self::ProviderIssued => "provider-issued",
        }
    }
}

/// One row of `rules/kinds.toml`.
#[derive(Clone, Copy, Debug)]
pub struct KindRow {
    /// Word patterns: `*` for any run of words, words in lower case separated by spaces.
    names: &'static [&'static str],
    /// What it is.
    pub kind: Kind,
    /// Whether a server reads the setting only while its data volume is empty.
    pub first_boot: bool,
    /// Whether the row is about names within their map, and wins over one about the bare name.
    parents: bool,
    /// Whether the server itself reads this setting, rather than a client of it.
    pub server: bool,
    /// The form of a generated value: the name of a generator; empty for the general one.
    pub generator: &'static str,
    /// What replacing it does, or how to go about it: one sentence.
    pub effect: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/kinds.rs"));

/// The row for a setting called `name`; the first that fits.
///
/// ```
/// use harden::rules::kinds::{kind_of, Kind};
/// assert_eq!(kind_of("JWT_SECRET").kind, Kind::Stateless);
/// assert_eq!(kind_of("POSTGRES_PASSWORD").kind, Kind::Coordinated);
/// ```
#[must_use]
pub fn kind_of(name: &str) -> &'static KindRow {
    let own = words(name);
    KINDS.iter().find(|row| row.names.iter().any(|pattern| fits(&pattern.split(' ').collect::<Vec<_>>(), &own))).unwrap_or(&UNKNOWN)
}

/// A secret that no row names: somebody else may hold it, so it is treated as coordinated.
static UNKNOWN: KindRow = KindRow {
    names: &[],
    kind: Kind::Coordinated,
    first_boot: false,
    parents: false,
    server: false,
    generator: "",
    effect: "whoever else holds this value must be given the new one",
};

/// The row for a setting whose name alone may say too little: `storage.secret_key` is tried as `storage secret key` first. `parent` is the
/// name of the map that holds it; may be empty.
#[must_use]
pub fn kind_in(parent: &str, name: &str) -> &'static KindRow {
    let whole: Vec<String> = words(parent).into_iter().chain(words(name)).collect();
    let row = |own: &[String]| KINDS.iter().find(|row| row.names.iter().any(|pattern| fits(&pattern.split(' ').collect::<Vec<_>>(), own)));
    let placed = row(&whole).filter(|_| !parent.is_empty());
    let named = row(&words(name));
    // the parent may only make the answer stricter or give one: `auth.password` is no other thing than `password`
    match (placed, named) {
        (Some(placed), None) => placed,
        (Some(placed), Some(_)) if placed.parents => placed,
        (_, Some(named)) => named,
        (None, None) => &UNKNOWN,
    }
}

fn fits(pattern: &[&str], words: &[String]) -> bool {
    match (pattern.split_first(), words.split_first()) {
        (None, None) => true,
        (Some((&"*", rest)), _) => fits(rest, words) || words.split_first().is_some_and(|(_, below)| fits(pattern, below)),
        (Some((p, rest)), Some((word, below))) => word == p && fits(rest, below),
        _ => false,
    }
}
