//! The built-in rules. `build.rs` checks `rules/*.toml` with [`schema`](super::schema) and writes these tables, so a scan parses no TOML.

use std::borrow::Cow;

use super::schema::{Argument, Predicate, Prose, Reach, Repair, Rule, SeverityWhen, Strategy};
use crate::model::severity::{Class, Confidence, Fix, Severity};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Every built-in rule, by id.
#[must_use]
pub fn rules() -> &'static [Rule] {
    RULES
}

/// The prose of each rule of [`rules`], in the same order.
#[must_use]
pub fn prose() -> &'static [Prose] {
    PROSE
}

/// Name and text of each built-in rule file: for `rules test`, which needs the examples.
#[must_use]
pub fn sources() -> &'static [(&'static str, &'static str)] {
    SOURCES
}
