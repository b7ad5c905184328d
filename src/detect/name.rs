//! Conditions on the name: `key.class`, `key.any`, `key.path`, `key.purpose`.

use std::collections::HashMap;

use super::family::{Compile, Family, Test, known, words};
use super::path::Question;
use crate::model::key_path::{words as split, words_fit};
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
                // a list may hold hundreds: only those that end as the name does are tried
                let mut by_last: HashMap<String, Vec<Vec<String>>> = HashMap::new();
                for pattern in words("key.any", argument, false)?.iter().map(|w| pattern(w)) {
                    by_last.entry(pattern.last().cloned().unwrap_or_default()).or_default().push(pattern);
                }
                let question = Question::new();
                Ok(Box::new(move |s| {
                    s.path().answer(question, || {
                        let own = s.words();
                        let tried = own.last().or_else(|| s.path_words().last()).map(String::as_str).into_iter().chain(["*"]);
                        let mut fitting = tried.filter_map(|last| by_last.get(last)).flatten();
                        fitting.any(|p| words_fit(p, own) || (p.len() > 1 && words_fit(p, s.path_words())))
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

/// The last name of a path pattern that is written out, lower case; `None` where every step is a wildcard.
pub(super) fn last_name(glob: &str) -> Option<String> {
    let names = glob.rsplit('.').map(|part| part.trim_end_matches("[*]"));
    names.into_iter().find(|name| !name.is_empty() && !name.contains('*')).map(str::to_ascii_lowercase)
}
