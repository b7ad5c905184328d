//! Conditions on the name: `key.class`, `key.any`, `key.path`, `key.purpose`.

use std::sync::OnceLock;

use super::family::{Compile, Family, Test, known, words};
use super::path::Question;
use crate::model::key_path::{words as split, words_fit};
use crate::model::memory::hash;
use crate::rules::schema::Argument;
use crate::strength::name::Purpose;

/// Conditions on the name.
pub(super) struct Name;

const CLASSES: &[&str] = &["secret", "weak", "public", "setting", "other"];
const PURPOSES: &[(&str, Purpose)] = &[
    ("password", Purpose::Password),
    ("jwt", Purpose::Jwt),
    ("session", Purpose::Session),
    ("encryption", Purpose::Encryption),
    ("token", Purpose::Token),
    ("salt", Purpose::Salt),
];

impl Family for Name {
    fn word(&self) -> &'static str {
        "key"
    }

    fn compile(&self, name: &str, argument: &Argument, _nested: Compile<'_>) -> Result<Test, String> {
        match name {
            "class" => {
                let classes = known("key.class", argument, CLASSES)?;
                Ok(Box::new(move |s| classes.iter().any(|c| c == s.name_class().word())))
            }
            "purpose" => {
                let names: Vec<&str> = PURPOSES.iter().map(|(n, _)| *n).collect();
                let wanted = known("key.purpose", argument, &names)?;
                let wanted: Vec<Purpose> = PURPOSES.iter().filter(|(n, _)| wanted.iter().any(|w| w == n)).map(|(_, p)| *p).collect();
                Ok(Box::new(move |s| wanted.contains(&s.purpose())))
            }
            "any" => {
                let patterns = words("key.any", argument, false)?;
                // a list may hold hundreds: only those that end as the name does are tried; taken apart when first asked for
                let by_last: OnceLock<ByLast> = OnceLock::new();
                let question = Question::new();
                Ok(Box::new(move |s| {
                    s.path().answer(question, || {
                        let own = s.words();
                        let last = own.last().or_else(|| s.path_words().last());
                        by_last
                            .get_or_init(|| ByLast::new(&patterns))
                            .tried(last)
                            .any(|p| words_fit(p, own) || (p.len() > 1 && words_fit(p, s.path_words())))
                    })
                }))
            }
            "path" => {
                let globs = words("key.path", argument, false)?;
                let question = Question::new();
                Ok(Box::new(move |s| s.path().answer(question, || globs.iter().any(|g| s.setting.key.matches(g)))))
            }
            _ => Err(format!("`key.{name}` is not known: key.class, key.any, key.path, key.purpose")),
        }
    }
}

/// Patterns by the word that they end with.
struct ByLast {
    /// The hash of that word and the pattern, in order.
    closed: Vec<(u64, Vec<String>)>,
    /// Those that end in any word.
    open: Vec<Vec<String>>,
}

impl ByLast {
    fn new(patterns: &[String]) -> Self {
        let all = patterns.iter().map(|w| pattern(w));
        let (open, closed): (Vec<_>, Vec<_>) = all.partition(|pattern| pattern.last().is_some_and(|word| word == "*"));
        let mut closed: Vec<_> = closed.into_iter().map(|pattern| (pattern.last().map_or(0, |word| hash(word)), pattern)).collect();
        closed.sort();
        Self { closed, open }
    }

    /// The patterns that names may fit whose last word is `last`.
    fn tried(&self, last: Option<&String>) -> impl Iterator<Item = &[String]> {
        let word = last.map(|word| hash(word));
        let from = self.closed.partition_point(|(own, _)| word.is_none_or(|word| *own < word));
        let closed = self.closed.get(from..).unwrap_or_default().iter().take_while(move |(own, _)| Some(*own) == word);
        closed.map(|(_, pattern)| pattern.as_slice()).chain(self.open.iter().map(Vec::as_slice))
    }
}

/// A name with `*` for any run of words, split as names are: case, `_`, `-`, `.` and `:` make no difference.
pub(super) fn pattern(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (i, piece) in text.split('*').enumerate() {
        if i > 0 {
            out.push("*".to_owned());
        }
        out.extend(split(piece));
    }
    out
}

/// The longest word of a [`pattern`].
pub(super) fn longest_word(text: &str) -> Option<String> {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    if has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) || !text.is_ascii() {
        return pattern(text).into_iter().filter(|word| word != "*").max_by_key(String::len);
    }
    // in one case: words are what stands between other signs
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.max_by_key(|word| word.len()).map(str::to_ascii_lowercase)
}

/// The last name of a path pattern that is written out, lower case; `None` where every step is a wildcard.
pub(super) fn last_name(glob: &str) -> Option<String> {
    let names = glob.rsplit('.').map(|part| part.trim_end_matches("[*]"));
    names.into_iter().find(|name| !name.is_empty() && !name.contains('*')).map(str::to_ascii_lowercase)
}
