//! What maps and files hold by their names, where that is no secret whatever the names in them announce; and which names in Kubernetes say
//! where a secret is.

use crate::model::key_path::words;

use super::lexicon::{LEXICON, listed};
use super::name::{NameClass, ends_with_words};

/// What a map holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Commands by their names: `scripts`, `tasks`.
    Commands,
    /// Packages and modules by their names: `dependencies`; only where [`is_manifest`] says so.
    Packages,
    /// Names by names: `columns`, `icons`.
    Names,
    /// Names mostly, and sometimes what is filled in: `fields`.
    Forms,
}

/// Whether a map called `name` holds `what`.
#[must_use]
pub fn holds(name: &str, what: Holds) -> bool {
    let list = match what {
        Holds::Commands => LEXICON.table_commands,
        Holds::Packages => LEXICON.table_packages,
        Holds::Names => LEXICON.table_names,
        Holds::Forms => LEXICON.table_forms,
    };
    let joined = words(name).join(" ");
    list.iter().any(|tail| ends_with_words(&joined, tail))
}

/// What the names in a map called `name` announce because they stand there: secrets of hosts and accounts (`github-oauth`), perhaps ones
/// (`keys`), or nothing.
#[must_use]
pub fn announced_by(name: &str) -> NameClass {
    let joined = words(name).join(" ");
    match () {
        () if listed(LEXICON.table_secrets, &joined) => NameClass::Secret,
        () if listed(LEXICON.table_keys, &joined) => NameClass::Weak,
        () => NameClass::Other,
    }
}

/// Whether a package manager, a bundler or a runner of tasks reads the file: `package.json`, `libs.versions.toml`.
#[must_use]
pub fn is_manifest(file_name: &str) -> bool {
    let lower = file_name.to_ascii_lowercase();
    lower.ends_with(".versions.toml") || lower.split('.').next().is_some_and(|stem| listed(LEXICON.manifests, stem))
}

/// Whether a file of that name, without its extension, holds texts for people: `ValidationMessages`, `strings`.
#[must_use]
pub fn is_texts(stem: &str) -> bool {
    let joined = words(stem).join(" ");
    LEXICON.texts.iter().any(|tail| ends_with_words(&joined, tail))
}

/// Whether a file of that name, without its extension, holds a program's settings: `config`, `values-eu`.
#[must_use]
pub fn is_settings_file(stem: &str) -> bool {
    words(stem).iter().any(|word| listed(LEXICON.setting_files, word))
}

/// Whether `code`, in small letters, is a language of ISO 639.
#[must_use]
pub fn is_language(code: &str) -> bool {
    listed(LEXICON.languages, code)
}

/// Whether names of fields and headers are made of `word`, which is in small letters; up to three digits at its end left out.
#[must_use]
pub fn is_word_of_names(word: &str) -> bool {
    let head = word.trim_end_matches(|c: char| c.is_ascii_digit());
    word.len() - head.len() <= 3 && (head.is_empty() || listed(LEXICON.table_words, head))
}

/// A word before `secret` or `key`, or at the end of what names an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// `tls` of `tlsSecret`: the name of an object.
    Kind,
    /// `client` of `clientSecret`: the secret itself.
    Itself,
    /// `credentials` of `web-db-credentials`.
    Tail,
    /// `password` of `redis-password`, a key of an object.
    Entry,
    /// `password` of `passwordKey`.
    Held,
}

/// Whether `word`, in small letters, is such a word.
#[must_use]
pub fn is_word(word: &str, what: Word) -> bool {
    let list = match what {
        Word::Kind => LEXICON.object_kinds,
        Word::Itself => LEXICON.object_values,
        Word::Tail => LEXICON.object_tails,
        Word::Entry => LEXICON.object_entries,
        Word::Held => LEXICON.object_held,
    };
    listed(list, word)
}

#[cfg(test)]
mod tests {
    use super::{Holds, Word, holds, is_manifest, is_texts, is_word, is_word_of_names};

    #[test]
    fn maps_and_files_are_known_by_their_last_words() {
        for (name, what) in [
            ("scripts", Holds::Commands),
            ("devDependencies", Holds::Packages),
            ("psr-4", Holds::Packages),
            ("inputTypes", Holds::Names),
            ("formFields", Holds::Forms),
        ] {
            assert!(holds(name, what), "{name}");
        }
        assert!(!holds("config", Holds::Commands) && !holds("headers", Holds::Names) && !holds("transcripts", Holds::Commands));
        assert!(is_manifest("package.json") && is_manifest("tsconfig.base.json") && is_manifest("deps.versions.toml"));
        assert!(!is_manifest("settings.json") && !is_manifest("libs.toml"));
        assert!(is_texts("ValidationMessages") && is_texts("strings") && !is_texts("application"));
        assert!(is_word_of_names("token2") && is_word_of_names("8") && !is_word_of_names("token2023") && !is_word_of_names("kettle"));
        assert!(is_word("tls", Word::Kind) && is_word("client", Word::Itself) && !is_word("client", Word::Kind));
    }
}
