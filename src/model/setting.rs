//! One setting: a key, its value, and the exact bytes of that value in the file.

use super::environment::Stage;
use super::key_path::KeyPath;
use super::secret::Secret;
use super::span::Span;

/// How the value is written; with the format's name it decides how a new value must be escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quoting {
    /// No quotes.
    Plain,
    /// `'value'`
    Single,
    /// `"value"`
    Double,
    /// `` `value` ``
    Backtick,
    /// A literal block of several lines: YAML `|`, TOML `'''`.
    Literal,
    /// A folded or escaped block of several lines: YAML `>`, TOML `"""`.
    Folded,
}

/// What the text between the quotes is, beyond the file format's own escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The value stands as it is.
    None,
    /// The file holds standard base64 (RFC 4648 section 4) of the value: `data` of a Kubernetes Secret.
    Base64,
}

/// In what capacity the value stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A setting that is in force.
    Live,
    /// A setting in a comment: not in force, but often a leftover secret. No detector but that of provider credentials looks at it.
    Commented,
    /// An argument of a command: `--requirepass x`.
    Argument,
    /// Text that has the form of a setting inside a program or a document. It is reported, never edited.
    Prose,
    /// Something that stands elsewhere in the file: an alias, which is not followed. It has no value; only that its name is there counts.
    Alias,
    /// A name that stands where a value does, and by its form says so: YAML's `!Ref X`, `!secret x`. The value is somewhere else.
    Reference,
}

/// How much of a written value a setting is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Portion {
    /// All of it.
    #[default]
    Whole,
    /// All from somewhere in its middle to its end: `V` of `K=V`.
    Rest,
    /// A bare word within a command line.
    Word,
    /// The inside of a word in single quotes within a command line.
    SingleWord,
    /// The inside of a word in double quotes within a command line.
    DoubleWord,
    /// Read out of the text of another setting's value; where that value changes, it changes with it. Only a word that reads the same in every
    /// quoting is written there.
    Inner,
}

/// What surrounds a value, where the quoting alone does not settle how another one is written. Formats that need none of it leave the
/// default; only the format that made it reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Surroundings {
    /// Blanks before each further line of a block.
    pub indent: usize,
    /// Line breaks at the value's end that the bytes after the span supply.
    pub tail: usize,
    /// Inside `[]` or `{}`, where commas and brackets end a value.
    pub flow: bool,
    /// A blank must come before the value: nothing is written there yet.
    pub gap: bool,
    /// Lines end with `\r\n`.
    pub crlf: bool,
    /// How much of the written value the span is.
    pub portion: Portion,
}

/// A setting as the file says it. The value is what a program would read: unquoted, unescaped, references not resolved.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where it stands in the file's own structure; the last name is the setting's name.
    pub key: KeyPath,
    /// The value as read.
    pub value: Secret,
    /// The bytes to replace for another value: inside the quotes, without surrounding blanks.
    pub span: Span,
    /// The bytes of the name; empty at the value where there is none (list items).
    pub key_span: Span,
    /// How the value is written.
    pub quoting: Quoting,
    /// What the written text is.
    pub layer: Layer,
    /// In what capacity it stands there.
    pub role: Role,
    /// Number of the document within the file, from 0: YAML files may hold several.
    pub part: usize,
    /// Whether the format can write another value here.
    pub editable: bool,
    /// What stands around the value.
    pub around: Surroundings,
    /// What the part of the file that it stands in says of its deployment; `config::stage` fills it in.
    pub stage: Option<Stage>,
}

impl Setting {
    /// A live, plain, editable setting: formats change the fields that differ.
    #[must_use]
    pub fn new(key: KeyPath, key_span: Span, value: Secret, span: Span, quoting: Quoting) -> Self {
        Self {
            key,
            value,
            span,
            key_span,
            quoting,
            layer: Layer::None,
            role: Role::Live,
            part: 0,
            editable: true,
            around: Surroundings::default(),
            stage: None,
        }
    }

    /// The setting's name: the last name on its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// Whether the value stands in `text`, the file's, as it is read: not escaped, not encoded.
    #[must_use]
    pub fn stands_as_read(&self, text: &str) -> bool {
        self.layer == Layer::None && self.span.of(text) == self.value.expose()
    }

    /// The bytes in the file of `within`, a place in the value; `None` where the written text is escaped or encoded, so that only the
    /// whole value can be replaced. `text` is the file's text.
    #[must_use]
    pub fn locate(&self, text: &str, within: Span) -> Option<Span> {
        (self.stands_as_read(text) && within.end <= self.value.len()).then(|| within.shift(self.span.start))
    }

    /// All spans moved `by` bytes: from a part of a file to the file.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        self.span = self.span.shift(by);
        self.key_span = self.key_span.shift(by);
        self
    }
}
