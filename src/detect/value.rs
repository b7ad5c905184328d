//! Conditions on the value: its class, its text, its size, its number, its cost as a password hash.

use std::sync::OnceLock;

use regex::Regex;

use super::family::{Compile, Family, Test, bounds, flag, known, words};
use super::subject::{Subject, tells_by_itself};
use crate::model::setting::Role;
use crate::model::template;
use crate::rules::ascii_classes;
use crate::rules::schema::Argument;
use crate::strength::encoding::measure;
use crate::strength::judge::ValueClass;
use crate::strength::phc::{GuessCost, guess_cost};

/// Conditions on the value.
pub(super) struct Value;

impl Family for Value {
    fn word(&self) -> &'static str {
        "value"
    }

    fn compile(&self, name: &str, argument: &Argument, _nested: Compile<'_>) -> Result<Test, String> {
        match name {
            "class" => {
                let classes: Vec<&str> = ValueClass::ALL.iter().map(|c| c.word()).collect();
                let wanted = known("value.class", argument, &classes)?;
                Ok(Box::new(move |s| wanted.iter().any(|w| w == s.verdict().class.word())))
            }
            "telling" => {
                let wanted = flag("value.telling", argument)?;
                Ok(Box::new(move |s| (tells_by_itself(s.verdict().class) && s.literal().len() >= 16) == wanted))
            }
            "is" => {
                let wanted = known("value.is", argument, &["literal", "reference", "fallback", "empty"])?;
                Ok(Box::new(move |s| wanted.iter().any(|w| w == form(s))))
            }
            "in" => {
                let wanted = words("value.in", argument, true)?;
                Ok(Box::new(move |s| wanted.contains(&s.literal().trim().to_lowercase())))
            }
            "truthy" | "falsy" => {
                let wanted = flag(name, argument)?;
                let truth = name == "truthy";
                Ok(Box::new(move |s| (switch(s.literal()) == Some(truth)) == wanted))
            }
            "regex" => regex(argument),
            "hash" => {
                let wanted = known("value.hash", argument, GuessCost::WORDS)?;
                Ok(Box::new(move |s| guess_cost(s.literal()).is_some_and(|cost| wanted.iter().any(|w| w == cost.word()))))
            }
            "bytes" => size("value.bytes", argument, |s| measure(s.literal()).bytes),
            "bits" => size("value.bits", argument, |s| measure(s.literal()).bits),
            "length" => size("value.length", argument, |s| s.literal().chars().count()),
            "number" => {
                let fits = bounds("value.number", argument)?;
                Ok(Box::new(move |s| s.literal().trim().parse().is_ok_and(&fits)))
            }
            _ => Err(format!(
                "`value.{name}` is not known: value.class, value.telling, value.is, value.in, value.truthy, value.falsy, value.regex, value.hash, value.bytes, value.bits, value.length, value.number"
            )),
        }
    }
}

fn form(subject: &Subject<'_>) -> &'static str {
    if subject.value().is_empty() {
        "empty"
    } else if subject.setting.role == Role::Reference || !subject.is_fallback() && template::is_reference(subject.value()) {
        "reference"
    } else if subject.is_fallback() {
        "fallback"
    } else {
        "literal"
    }
}

/// The truth of a switch in any spelling that a program takes for one.
pub(super) fn switch(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "enabled" | "enable" | "y" | "t" => Some(true),
        "false" | "0" | "no" | "off" | "disabled" | "disable" | "n" | "f" => Some(false),
        _ => None,
    }
}

fn size(name: &'static str, argument: &Argument, of: fn(&Subject<'_>) -> usize) -> Result<Test, String> {
    let fits = bounds(name, argument)?;
    Ok(Box::new(move |s| i64::try_from(of(s)).is_ok_and(&fits)))
}

/// Compiled when first needed: most rules never meet a setting that their other conditions let through.
fn regex(argument: &Argument) -> Result<Test, String> {
    let joined = joined(argument)?;
    let compiled: OnceLock<Option<Regex>> = OnceLock::new();
    Ok(Box::new(move |s| compiled.get_or_init(|| built(&joined).ok()).as_ref().is_some_and(|r| r.is_match(s.literal()))))
}

fn joined(argument: &Argument) -> Result<String, String> {
    let patterns = words("value.regex", argument, false)?;
    let joined = patterns.iter().map(|p| format!("(?:{})", ascii_classes(p))).collect::<Vec<_>>().join("|");
    if joined.len() > 4096 { Err("`value.regex` is longer than 4096 bytes".to_owned()) } else { Ok(joined) }
}

fn built(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(pattern).size_limit(1 << 20).build()
}

/// Whether the patterns of a `value.regex` are any: [`regex`] finds that out when it is too late to say so.
pub(super) fn check_regex(argument: &Argument) -> Result<(), String> {
    built(&joined(argument)?).map(drop).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "`value.regex` is too large once it is compiled; repeat less".to_owned(),
        _ => "`value.regex` is no regular expression".to_owned(),
    })
}
