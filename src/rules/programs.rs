//! What `rules/kinds.toml` knows of the programs that read secrets, and of the servers that ask for them. Data only.

/// A program, and what it is recognised by. Any one of these is enough.
#[derive(Clone, Copy, Debug)]
pub struct Framework {
    /// The name that rows of secrets refer to.
    pub name: &'static str,
    /// Names of settings: patterns of [`crate::model::key_path::words_fit`].
    pub settings: &'static [&'static [&'static str]],
    /// Words of which one stands in the name of its image.
    pub images: &'static [&'static str],
    /// Packages in manifests.
    pub packages: &'static [&'static str],
    /// Names of files.
    pub files: &'static [&'static str],
    /// Values of `kind` in the same YAML document.
    pub kinds: &'static [&'static str],
}

/// What a server takes as a password, and how it is told another.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// Names of the password: patterns of [`crate::model::key_path::words_fit`].
    pub(super) names: &'static [&'static [&'static str]],
    /// The system, as places of a plan tell it; empty where only the names count.
    pub(super) system: &'static str,
    /// Characters at most.
    pub most: Option<usize>,
    /// Whether it may ask for upper and lower case, a digit and another character.
    pub mixed: bool,
    /// The form that it takes; empty for any.
    pub form: &'static str,
    /// The command or statement that tells it another; may be empty.
    pub change: &'static str,
}
