//! Which files are HCL, and how another value is written in them.

use super::literal::{escaped, is_bare, is_number};
use super::reader::read;
use crate::formats::format::{Claim, EncodeError, Format};
use crate::formats::lines::base_name;
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};

/// HCL files.
pub(in crate::formats) struct Hcl;

impl Format for Hcl {
    fn name(&self) -> &'static str {
        "hcl"
    }

    fn claims(&self, _path: &str, file_name: &str, _head: &str) -> Claim {
        let name = file_name.to_ascii_lowercase();
        let extension = base_name(&name).rsplit_once('.').map_or("", |(_, e)| e);
        if matches!(extension, "tf" | "tfvars" | "hcl" | "nomad" | "tofu" | "tftest" | "pkrvars") { Claim::Name } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        read(text)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        let text = value.expose();
        match place.quoting {
            Quoting::Double if ["${", "%{"].iter().any(|t| place.value.expose().contains(t)) => {
                Err(EncodeError("the text holds a template, and may lose it"))
            }
            Quoting::Double => Ok(Secret::new(escaped(text))),
            Quoting::Plain if is_bare(text) && is_number(text) == is_number(place.value.expose()) => Ok(value.clone()),
            _ => Err(EncodeError("a number or truth value can only be replaced by its like")),
        }
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
