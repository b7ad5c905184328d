//! What a family of conditions must be able to do.

pub(super) use super::subject::Test;
use crate::rules::schema::Argument;

/// Compiles a nested condition: for families whose conditions hold conditions.
pub(super) type Compile<'c> = &'c dyn Fn(&crate::rules::schema::Predicate) -> Result<Test, String>;

/// Conditions whose names begin with one word: `value.class`, `value.bytes`.
pub trait Family: Sync {
    /// The first word.
    fn word(&self) -> &'static str;

    /// The condition `name` (without the first word) with its argument.
    ///
    /// # Errors
    /// What is wrong with name or argument, in words that fit after the rule's id.
    fn compile(&self, name: &str, argument: &Argument, nested: Compile<'_>) -> Result<Test, String>;
}

/// The words of an argument, lower case where `fold`.
pub(super) fn words(name: &str, argument: &Argument, fold: bool) -> Result<Vec<String>, String> {
    match argument {
        Argument::Words(list) => Ok(list.iter().map(|w| if fold { w.to_lowercase() } else { w.to_string() }).collect()),
        _ => Err(format!("`{name}` takes words")),
    }
}

/// The words of an argument, each of which must be one of `known`.
pub(super) fn known(name: &str, argument: &Argument, known: &[&str]) -> Result<Vec<String>, String> {
    let list = words(name, argument, false)?;
    match list.iter().find(|w| !known.contains(&w.as_str())) {
        Some(word) => Err(format!("`{name}` does not know `{word}`: {}", known.join(", "))),
        None => Ok(list),
    }
}

/// The bounds of an argument, both exclusive.
pub(super) fn bounds(name: &str, argument: &Argument) -> Result<impl Fn(i64) -> bool + Send + Sync + use<>, String> {
    match *argument {
        Argument::Bounds { lt, gt } => Ok(move |n: i64| lt.is_none_or(|b| n < b) && gt.is_none_or(|b| n > b)),
        _ => Err(format!("`{name}` takes bounds such as {{ lt = 32 }}")),
    }
}

/// The flag of an argument.
pub(super) fn flag(name: &str, argument: &Argument) -> Result<bool, String> {
    match *argument {
        Argument::Flag(b) => Ok(b),
        _ => Err(format!("`{name}` takes true or false")),
    }
}
