//! Conditions on the file: its environment, its name, whether git hands it round, in what capacity the setting stands there.

use super::circumstances::Kept;
use super::family::{Compile, Family, Test, known, words};
use super::neighbours::Asked;
use crate::model::environment::Environment;
use crate::model::setting::Role;
use crate::rules::schema::Argument;

/// Conditions on the file.
pub(super) struct Place;

impl Family for Place {
    fn word(&self) -> &'static str {
        "file"
    }

    fn compile(&self, name: &str, argument: &Argument, nested: Compile<'_>) -> Result<Test, String> {
        match name {
            "environment" => {
                let wanted = known("file.environment", argument, Environment::WORDS)?;
                Ok(Box::new(move |s| wanted.iter().any(|w| w == s.document.environment.word())))
            }
            "kept" => {
                let wanted = known("file.kept", argument, &["unknown", "shared", "private"])?;
                Ok(Box::new(move |s| {
                    let word = match s.around.circumstances().kept {
                        Kept::Unknown => "unknown",
                        Kept::Shared => "shared",
                        Kept::Private => "private",
                    };
                    wanted.iter().any(|w| w == word)
                }))
            }
            "format" => {
                let wanted = words("file.format", argument, false)?;
                Ok(Box::new(move |s| wanted.iter().any(|w| w == s.document.format)))
            }
            "has" => {
                let Argument::Nested(list) = argument else { return Err("`file.has` takes a condition".to_owned()) };
                let tests = list.iter().map(nested).collect::<Result<Vec<_>, _>>()?;
                let asked = Asked::new();
                Ok(Box::new(move |s| s.around.in_file(asked, s.index, &|i, other| s.beside(i, other, &tests))))
            }
            "role" => {
                let wanted = known("file.role", argument, &["live", "argument", "prose"])?;
                Ok(Box::new(move |s| {
                    let word = match s.setting.role {
                        Role::Live => "live",
                        Role::Argument => "argument",
                        Role::Prose => "prose",
                        Role::Commented | Role::Alias | Role::Reference => "",
                    };
                    wanted.iter().any(|w| w == word)
                }))
            }
            "section" => {
                let wanted = known("file.section", argument, &["documentation", "test", "code", "other"])?;
                Ok(Box::new(move |s| wanted.iter().any(|w| w == s.around.section(s.setting))))
            }
            _ => Err(format!("`file.{name}` is not known: file.environment, file.kept, file.format, file.has, file.role, file.section")),
        }
    }
}
