//! Descriptions of data (OpenAPI, AsyncAPI, JSON Schema): which documents are one, and which values in them are examples.

use crate::model::key_path::{KeyPath, Segment};
use crate::model::setting::Setting;

/// What the roots of a part of a file say of it.
#[derive(Default)]
pub(super) struct Roots {
    part: usize,
    named: bool,
    shaped: bool,
}

impl Roots {
    /// Looks at the next setting; whether its part is known by now to be a description, by what the specifications ask for.
    pub(super) fn open(&mut self, setting: &Setting) -> bool {
        if self.part != setting.part {
            *self = Self { part: setting.part, ..Self::default() };
        }
        let mut segments = setting.key.segments().iter();
        let Some(Segment::Key(root)) = segments.next() else { return false };
        let (value, alone) = (setting.value.expose(), segments.next().is_none());
        match root.as_str() {
            "openapi" | "swagger" | "asyncapi" if alone => return value.starts_with(|c: char| c.is_ascii_digit()),
            "$schema" if alone => self.named |= value.contains("json-schema.org/"),
            "type" => self.shaped |= !alone || matches!(value, "array" | "boolean" | "integer" | "number" | "object" | "string"),
            "$ref" if alone => self.shaped = true,
            "$defs" | "allOf" | "anyOf" | "definitions" | "oneOf" | "patternProperties" | "properties" if !alone => self.shaped = true,
            _ => return false,
        }
        self.named && self.shaped
    }
}

/// Whether the path leads to an example or a default of a description. What stands below a root's `default` may be a program's own, and what
/// an extension of OpenAPI holds (`x-auth`) is.
pub(super) fn is_example(key: &KeyPath) -> bool {
    const EXAMPLES: &[&str] = &["const", "default", "enum", "example"];
    const LISTS: &[&str] = &["examples", "x-example", "x-examples"];
    const SHAPES: &[&str] = &["$defs", "channels", "components", "definitions", "parameters", "paths", "properties", "schema", "schemas"];
    // what is called `x-..` there is a header or a field
    const NAMED: &[&str] =
        &["definitions", "headers", "parameters", "patternProperties", "properties", "responses", "schemas", "securitySchemes"];
    let (mut above, mut described) = ("", false);
    let mut names = key.names().peekable();
    while let Some(name) = names.next() {
        if LISTS.contains(&name) || EXAMPLES.contains(&name) && (described || names.peek().is_none()) {
            return true;
        }
        if name.starts_with("x-") && !NAMED.contains(&above) {
            return false;
        }
        described |= SHAPES.contains(&name);
        above = name;
    }
    false
}
