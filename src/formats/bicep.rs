//! Bicep, the language of Azure's templates (<https://learn.microsoft.com/azure/azure-resource-manager/bicep/file>), and its files of parameters.
//!
//! What stands without quotes is an expression: `adminPassword: adminPassword` hands a parameter on. Strings are in single quotes, and
//! `param name type = 'x'` is a setting `name`, and so is each literal that `isProd ? other : 'x'` may choose. Read as text otherwise: reported, never edited.

use std::collections::HashSet;

use super::format::{Claim, EncodeError, Format};
use super::lines::base_name;
use super::text::pseudo_settings;
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::{Span, line_before};

/// `*.bicep`, `*.bicepparam`.
pub(super) struct Bicep;

impl Format for Bicep {
    fn name(&self) -> &'static str {
        "bicep"
    }

    fn claims(&self, _path: &str, file_name: &str, _head: &str) -> Claim {
        let name = file_name.to_ascii_lowercase();
        let extension = base_name(&name).rsplit_once('.').map_or("", |(_, e)| e);
        if matches!(extension, "bicep" | "bicepparam") { Claim::Name } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let mut settings = pseudo_settings(text);
        settings.retain(|s| {
            let from = if s.name().is_empty() { s.span.start } else { s.key_span.start.min(s.span.start) };
            let before = line_before(text, from);
            let comment = before.trim_start().starts_with("//") || before.contains(" // ");
            !comment && (s.name().is_empty() || s.quoting != Quoting::Plain)
        });
        let (mut typed, mut start) = (Vec::new(), 0);
        for line in text.split_inclusive('\n') {
            if !line.trim_start().starts_with("//") {
                typed.extend(literals(text, line, start));
                typed.extend(switch(text, line, start));
            }
            start += line.len();
        }
        // as text, its type is the name
        let known: HashSet<Span> = typed.iter().map(|s| s.span).collect();
        settings.retain(|s| !known.contains(&s.span));
        settings.append(&mut typed);
        settings.sort_by_key(|s| s.span.start);
        Ok(settings)
    }

    fn encode(&self, _value: &Secret, _place: &Setting) -> Result<Secret, EncodeError> {
        Err(EncodeError("Bicep is reported, never edited"))
    }
}

/// The settings of `line`, which begins at `start`: `param name string = 'x'`, `name: isProd ? other : 'x'`. Escapes stay as they are
/// written.
fn literals(text: &str, line: &str, start: usize) -> Vec<Setting> {
    let Some((name, at, declared)) = head(line) else { return Vec::new() };
    let value = line.get(at..).unwrap_or("");
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(open) = value.get(from..).and_then(|rest| rest.find('\'')).map(|i| from + i + 1) {
        let inner = value.get(open..).unwrap_or("");
        let Some((len, _)) =
            inner.bytes().enumerate().find(|(i, b)| *b == b'\'' && !inner.get(..*i).is_some_and(|text| text.ends_with('\\')))
        else {
            break;
        };
        let before = value.get(..open - 1).unwrap_or("").trim_end();
        if before.contains("//") {
            break;
        }
        // what it may become; not what is compared, called or joined
        let alone = before.is_empty() && declared || before.ends_with(['?', ':']) && before.contains('?');
        let unset = before.ends_with(',') && before.trim_start().starts_with("readEnvironmentVariable(");
        if alone || unset {
            let key = start + line.find(name).unwrap_or(0);
            let span = Span::new(start + at + open, start + at + open + len);
            let key = Span::new(key, key + name.len());
            let mut setting = Setting::new(KeyPath::of(name), key, Secret::copy_of(span.of(text)), span, Quoting::Single);
            setting.role = Role::Prose;
            setting.editable = false;
            out.push(setting);
        }
        from = open + len + 1;
    }
    out
}

/// The name that `line` gives a value to, where the value begins, and whether it is declared there rather than a property.
fn head(line: &str) -> Option<(&str, usize, bool)> {
    let trimmed = line.trim_start();
    let declared = ["param ", "var ", "output "].iter().find_map(|word| trimmed.strip_prefix(word));
    let (name, sign) = match declared {
        Some(rest) => (rest.split_whitespace().next()?, '='),
        None => (trimmed.split_once(':')?.0.trim_end(), ':'),
    };
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then_some((name, line.find(sign)? + 1, declared.is_some()))
}

/// `supportsHttpsTrafficOnly: false` in `line`, which begins at `start`.
fn switch(text: &str, line: &str, start: usize) -> Option<Setting> {
    let (name, at, _) = head(line)?;
    let value = line.get(at..)?;
    let word = value.split("//").next().unwrap_or("").trim_matches([' ', '\t', '\r', '\n', ',']);
    if !matches!(word, "true" | "false") {
        return None;
    }
    let from = start + at + value.find(word)?;
    let key = start + line.find(name)?;
    let span = Span::new(from, from + word.len());
    let mut setting =
        Setting::new(KeyPath::of(name), Span::new(key, key + name.len()), Secret::copy_of(span.of(text)), span, Quoting::Plain);
    setting.editable = false;
    Some(setting)
}

#[cfg(test)]
mod tests {
    use super::{Bicep, Format};
    use proptest::prelude::proptest;

    const MAIN: &str = include_str!("../../fixtures/formats/bicep/main.bicep");

    #[test]
    fn expressions_are_no_values() {
        let settings = Bicep.parse(MAIN).unwrap_or_default();
        let seen: Vec<(String, &str)> = settings.iter().map(|s| (s.key.to_string(), s.value.expose())).collect();
        let has = |name: &str, value: &str| seen.iter().any(|(k, v)| k == name && *v == value);
        assert!(has("kettlePassword", "scone") && has("administratorLogin", "brewer") && has("teaPassword", "sco\\'ne"), "{seen:?}");
        assert!(seen.iter().all(|(k, _)| !["administratorLoginPassword", "spoutSecret", "oldPassword"].contains(&k.as_str())), "{seen:?}");
        assert!(settings.iter().all(|s| !s.editable && s.span.of(MAIN) == s.value.expose()));
    }

    #[test]
    fn a_choice_may_be_a_literal() {
        let text = "param tea string = empty(x) ? 'scone' : x\n  pot: isProd ? tea : 'crumb' // or 'jam'\n  on: false\nvar a = b == 'c' ? d : e\n\
                    param spout = readEnvironmentVariable('TEA', 'kettle')\n// cup: x ? 'a' : b\n  size: 'a'\n";
        let seen: Vec<(String, String)> =
            Bicep.parse(text).unwrap_or_default().iter().map(|s| (s.key.to_string(), s.value.expose().to_owned())).collect();
        for (name, value) in [("tea", "scone"), ("pot", "crumb"), ("on", "false"), ("spout", "kettle"), ("size", "a")] {
            assert!(seen.contains(&(name.to_owned(), value.to_owned())), "{name}: {seen:?}");
        }
        assert!(seen.iter().all(|(_, value)| !["c", "TEA", "jam"].contains(&value.as_str())), "{seen:?}");
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(param |\\? |[a-z]{1,4}|'|=| |\\\\|\\n|é|: ){0,40}") {
            for setting in Bicep.parse(&text).unwrap_or_default() {
                assert!(text.get(setting.span.start..setting.span.end).is_some());
            }
        }
    }
}
