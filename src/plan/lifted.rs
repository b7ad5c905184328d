//! What a lift is: the secret leaves the file for an env file, and a reference that must be answered takes its place.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::span::Span;

/// How the places of one secret become references. It goes as far as review.
#[derive(Debug, Default)]
pub struct Lift {
    /// What comes, by the index of the place among those of the secret.
    pub references: BTreeMap<usize, Reference>,
    /// Places that hold the secret still, by the same index, and why.
    pub stays: BTreeMap<usize, String>,
    /// Variables that env files get: index of the document, name.
    pub added: Vec<(usize, String)>,
    /// What the operator must see to.
    pub needs: BTreeSet<String>,
    /// Whether the secret keeps its value, and only moves.
    pub kept: bool,
}

/// A reference in the place of a secret.
#[derive(Debug)]
pub struct Reference {
    /// What stands there afterwards, for people: `${DB_PASSWORD:?}`.
    pub shown: String,
    /// How it is written.
    pub how: How,
}

/// How a reference is written.
#[derive(Debug)]
pub enum How {
    /// Bytes of the setting's value, and what comes there.
    Part(Span, Secret),
    /// Bytes of the file, where more than a value changes.
    Written(Written),
}

/// Bytes of the file, and which settings there are afterwards.
#[derive(Clone, Debug)]
pub struct Written {
    /// The bytes that go.
    pub span: Span,
    /// The bytes that come.
    pub text: Secret,
    /// The settings whose place they take, by index, and those that stand there afterwards: key and value.
    pub becomes: BTreeMap<usize, Vec<(KeyPath, Secret)>>,
}
