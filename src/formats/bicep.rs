//! Bicep, the language of Azure's templates (<https://learn.microsoft.com/azure/azure-resource-manager/bicep/file>), and its files of parameters.
//!
//! What stands without quotes is an expression: `adminPassword: adminPassword` hands a parameter on. Strings are in single quotes, and
//! `param name type = 'x'` is a setting `name`. Read as text otherwise: reported, never edited.

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
            if let Some(setting) = parameter(text, line, start) {
                typed.push(setting);
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

/// `param name string = 'x'` in `line`, which begins at `start`. Escapes stay as they are written.
fn parameter(text: &str, line: &str, start: usize) -> Option<Setting> {
    let (declared, value) = line.split_once('=')?;
    let mut words = declared.split_whitespace();
    let name = words.next().filter(|w| *w == "param").and_then(|_| words.next())?;
    let inner = value.trim_start().strip_prefix('\'')?;
    let len = inner.bytes().enumerate().find(|(i, b)| *b == b'\'' && !inner.get(..*i).is_some_and(|t| t.ends_with('\\')))?.0;
    let behind = line.find("param")? + "param".len();
    let key = start + behind + line.get(behind..)?.find(name)?;
    let from = start + line.len() - inner.len();
    let span = Span::new(from, from + len);
    let mut setting =
        Setting::new(KeyPath::of(name), Span::new(key, key + name.len()), Secret::copy_of(span.of(text)), span, Quoting::Single);
    setting.role = Role::Prose;
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

    proptest! {
        #[test]
        fn any_text_is_read(text in "(param |[a-z]{1,4}|'|=| |\\\\|\\n|é|: ){0,40}") {
            for setting in Bicep.parse(&text).unwrap_or_default() {
                assert!(text.get(setting.span.start..setting.span.end).is_some());
            }
        }
    }
}
