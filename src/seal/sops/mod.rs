//! Files in the format of [sops](https://github.com/getsops/sops): each value sealed by itself, names and structure in the open.
//!
//! Followed is what sops 3.11 does: AES-256-GCM with a data key that is sealed to each age recipient, values bound to the names on their
//! path, a hash (MAC) over the values in their order. Read are YAML, JSON and env files with age recipients; written is a text with its
//! values replaced and everything else as it stood, which sops itself would lay out anew.

mod cipher;
mod dotenv;
mod json;
mod meta;
mod open;
mod resolve;
mod tree;
mod write;
mod yaml;

pub use open::{Opened, open};
pub use write::{How, seal};

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

/// The form of a sops file; `None` for any other. Says nothing about whether it can be opened.
#[must_use]
pub fn form_of(bytes: &[u8]) -> Option<Form> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).ok()?;
    let begins = |start: &str| text.lines().any(|line| line.starts_with(start));
    if text.trim_start().starts_with('{') {
        let has = |name: &str| text.contains(name);
        return (has("\"sops\"") && has("\"mac\"") && has("\"lastmodified\"") && json_has_block(text)).then_some(Form::Json);
    }
    if begins("sops_mac=") || begins("sops_version=") || begins("sops_lastmodified=") {
        return Some(Form::Env);
    }
    (begins("sops:") && text.contains("lastmodified:") && text.contains("mac:")).then_some(Form::Yaml)
}

/// Whether `text` can be sealed at all: sops reads it, and it is no sops file yet.
#[must_use]
pub fn takes(form: Form, text: &str) -> bool {
    read(form, text).is_ok_and(|tree| tree.docs.iter().all(|doc| doc.meta.is_empty()))
}

fn json_has_block(text: &str) -> bool {
    json::read(text).is_ok_and(|tree| tree.docs.iter().any(|doc| !doc.meta.is_empty()))
}

/// Why a text cannot be a sops file; never holds text.
#[derive(Debug)]
pub(super) struct Fault {
    line: usize,
    what: &'static str,
}

fn fault(text: &str, at: usize, what: &'static str) -> Fault {
    Fault { line: text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1, what }
}

fn read(form: Form, text: &str) -> Result<tree::Tree, Fault> {
    match form {
        Form::Yaml => yaml::read(text),
        Form::Json => json::read(text),
        Form::Env => dotenv::read(text),
    }
}
