//! The forms of sops files, and why a text is none.

/// The forms of file that are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// YAML 1.2, several documents too.
    Yaml,
    /// JSON without comments.
    Json,
    /// `NAME=value`
    Env,
}

impl Form {
    /// The form of the registered format `name`; `None` where sops has none.
    #[must_use]
    pub fn of_format(name: &str) -> Option<Self> {
        match name {
            "yaml" | "compose" | "kubernetes" => Some(Self::Yaml),
            "json" | "jsonc" => Some(Self::Json),
            "env" => Some(Self::Env),
            _ => None,
        }
    }

    /// What sops tells the form by: the end of a file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Env => "env",
        }
    }
}

/// Why a text cannot be a sops file; never holds text.
#[derive(Debug)]
pub(super) struct Fault {
    /// From 1.
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// The fault at byte `at` of `text`.
pub(super) fn fault(text: &str, at: usize, what: &'static str) -> Fault {
    Fault { line: text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1, what }
}
