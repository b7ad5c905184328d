//! Conditions on what stands in the same map: another setting, or a name that is there or missing.

use super::family::{Compile, Family, Test, words};
use super::neighbours::Asked;
use crate::rules::schema::Argument;

/// Conditions on what stands in the same map.
pub(super) struct Sibling;

impl Family for Sibling {
    fn word(&self) -> &'static str {
        "sibling"
    }

    fn compile(&self, name: &str, argument: &Argument, nested: Compile<'_>) -> Result<Test, String> {
        match (name, argument) {
            ("", Argument::Nested(list)) => {
                let tests = list.iter().map(nested).collect::<Result<Vec<_>, _>>()?;
                let asked = Asked::new();
                Ok(Box::new(move |s| s.around.sibling(asked, s.index, &|i, other| s.beside(i, other, &tests))))
            }
            ("", _) => Err("`sibling` takes a condition".to_owned()),
            ("has", _) => {
                let names = words("sibling.has", argument, true)?;
                Ok(Box::new(move |s| names.iter().any(|name| s.around.has_beside(s.setting, name))))
            }
            _ => Err(format!("`sibling.{name}` is not known: sibling, sibling.has")),
        }
    }
}
