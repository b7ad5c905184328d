//! What a rule is (format 1, docs/writing-rules.md).
//!
//! The predicates of a rule stay untyped here, a dotted name and an argument: the detector that knows the name gives it its meaning.
//! `build.rs` compiles this same file to check the built-in rules and to turn them into tables.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::severity::{Class, Confidence, Fix, Severity};

/// Text that is either in the program or read from a file.
pub type Text = Cow<'static, str>;
/// A list that is either in the program or read from a file.
pub type List<T> = Cow<'static, [T]>;

/// What a rule is, without its prose and tests.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Kebab-case, stable for ever.
    pub id: Text,
    /// One line.
    pub title: Text,
    /// Sort of fault.
    pub class: Class,
    /// Finer name; may be empty.
    pub topic: Text,
    /// In a production file.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Whether only the profile `strict` looks for it.
    pub strict: bool,
    /// One sentence with placeholders: `{key}`, `{path}`, `{value.reason}`, `{url.host}` and the like; never the value.
    pub message: Text,
    /// What the reader can do, one sentence; may be empty.
    pub help: Text,
    /// Formats it looks at; `*` for any.
    pub formats: List<Text>,
    /// Glob over the key path; empty for any.
    pub path: Text,
    /// File name globs of which one must fit; empty for any.
    pub include: List<Text>,
    /// File name globs of which none may fit.
    pub exclude: List<Text>,
    /// What must hold.
    pub predicate: Predicate,
    /// Other severities, the last that holds wins.
    pub severity_when: List<SeverityWhen>,
    /// What to do about it.
    pub repair: Repair,
}

impl Rule {
    /// Whether the rule judges the password in a connection string rather than the whole value.
    #[must_use]
    pub fn predicate_reads_url_password(&self) -> bool {
        self.predicate.reads("url.password")
    }
}

impl Predicate {
    /// Whether a test whose name begins with `prefix` is part of the condition.
    #[must_use]
    pub fn reads(&self, prefix: &str) -> bool {
        match self {
            Self::All(list) | Self::Any(list) | Self::Not(list) => list.iter().any(|p| p.reads(prefix)),
            Self::Leaf(name, _) => name.starts_with(prefix),
        }
    }
}

/// A severity for a case.
#[derive(Clone, Debug, PartialEq)]
pub struct SeverityWhen {
    /// The case.
    pub predicate: Predicate,
    /// The severity there.
    pub set: Severity,
}

/// A condition on a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicate {
    /// All hold.
    All(List<Predicate>),
    /// One holds.
    Any(List<Predicate>),
    /// None of these holds.
    Not(List<Predicate>),
    /// A named test with its argument.
    Leaf(Text, Argument),
}

/// The argument of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// `= "word"` or `= ["word", "word"]`
    Words(List<Text>),
    /// `= true`
    Flag(bool),
    /// `= { lt = 32, gt = 8 }`
    Bounds {
        /// Exclusive.
        lt: Option<i64>,
        /// Exclusive.
        gt: Option<i64>,
    },
    /// A condition on another setting.
    Nested(List<Predicate>),
}

/// What kind of change puts it right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// A fresh secret, the same in every place of it.
    Generate,
    /// A fixed text.
    Set,
    /// The first pattern that fits says what to write.
    Map,
    /// The opposite of a switch, in the spelling it has.
    Flip,
    /// Operations on the connection string.
    Url,
    /// The whole setting goes.
    Delete,
    /// Only advice.
    Suggest,
}

/// How far the fix may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The same everywhere.
    Always(Fix),
    /// The kind of the secret decides (docs/fix.md).
    ByKind,
}

/// The change that a rule proposes.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// What kind of change.
    pub strategy: Strategy,
    /// How far.
    pub reach: Reach,
    /// For [`Strategy::Set`].
    pub set: Text,
    /// For [`Strategy::Map`]: pattern and replacement.
    pub map: List<(Text, Text)>,
    /// What the operator must supply or do.
    pub needs: List<Text>,
}

/// What a reader wants to know of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Prose {
    /// Why it matters; may be empty.
    pub why: Text,
    /// Links.
    pub references: List<Text>,
    /// CWE numbers.
    pub cwe: List<u32>,
    /// Framework and control ids.
    pub controls: List<(Text, List<Text>)>,
}

/// An example that a rule carries.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The file's text; the mark `~|~` is removed first.
    pub input: String,
    /// The file's name; else one that fits `format`.
    pub file: Option<String>,
    /// `env` unless given.
    pub format: Option<String>,
    /// Other files of the project: name and text.
    #[serde(default)]
    pub beside: BTreeMap<String, String>,
    /// Values that were replaced once.
    #[serde(default)]
    pub retired: Vec<String>,
    /// `match` or `clean`.
    pub expect: String,
    /// Key path of the finding.
    pub at: Option<String>,
    /// Its severity.
    pub severity: Option<String>,
    /// How many findings of this rule.
    pub count: Option<usize>,
}

/// A rule with everything that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The rule.
    pub rule: Rule,
    /// Its prose.
    pub prose: Prose,
    /// Its examples.
    pub examples: Vec<Example>,
}

/// A change to a rule that stands elsewhere.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Which rule.
    pub id: String,
    /// Another severity.
    pub severity: Option<String>,
    /// `false` switches it off.
    pub enabled: Option<bool>,
    /// Why. Required.
    pub reason: String,
}

/// A rule file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleFile {
    /// Rules in file order.
    pub rules: Vec<Written>,
    /// Overrides in file order.
    pub overrides: Vec<Override>,
}

/// What is wrong with a rule file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct RuleError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In our words, or those of the TOML reader without the values that it quotes: the file may be another one than was meant.
    pub message: String,
}
