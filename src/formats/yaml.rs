//! YAML files: each scalar in a map or a list is a setting.
//!
//! An anchored scalar is one setting, where it is defined; its uses are none. Keys that occur twice are two settings: YAML forbids them,
//! files have them. A missing value is an empty setting at the place where a value would be written.

use super::format::{Claim, EncodeError, Format};
use super::yaml_reader::{Plain, read};
use super::{yaml_scalar, yaml_tree};
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::Setting;

/// YAML files.
pub struct Yaml;

impl Format for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
    }

    fn claims(&self, _path: &str, file_name: &str, _head: &str) -> Claim {
        if stem(file_name).is_some() { Claim::Name } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        Ok(read(text, &yaml_tree::documents(text)?, &Plain))
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        yaml_scalar::encode(value, place)
    }
}

/// The lower-case name of a YAML file without `.yml` or `.yaml`, and without what marks it as an example of one.
pub(super) fn stem(file_name: &str) -> Option<String> {
    let name = file_name.to_ascii_lowercase();
    let examples = [".example", ".sample", ".template", ".dist", ".default", ".bak", ".orig", ".old"];
    let name = examples.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")).map(str::to_owned)
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
