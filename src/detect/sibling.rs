//! Conditions on other settings of the same map.

use super::family::{Compile, Family, Test};
use super::subject::Subject;
use crate::rules::schema::Argument;

/// Conditions on other settings of the same map.
pub(super) struct Sibling;

impl Family for Sibling {
    fn word(&self) -> &'static str {
        "sibling"
    }

    fn compile(&self, _name: &str, argument: &Argument, nested: Compile<'_>) -> Result<Test, String> {
        let Argument::Nested(list) = argument else { return Err("`sibling` takes a condition".to_owned()) };
        let tests = list.iter().map(nested).collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(move |subject| {
            subject.around.siblings(subject.setting).any(|(i, other)| {
                let other = Subject::new(subject.document, i, other, subject.around);
                tests.iter().all(|test| test(&other))
            })
        }))
    }
}
