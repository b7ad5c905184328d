//! What runs when nothing is set: the default that stands in a reference, in the languages of templates.

use crate::model::document::Document;
use crate::model::expression::{elvis, template_default};
use crate::model::span::Span;
use crate::model::template::innermost_default;

/// The default of a value that is one `${NAME:-default}` and nothing else, through any nesting, or the literal that a template falls back
/// to; else all of it.
pub(super) fn fallback_of(document: &Document, value: &str) -> Span {
    let span = innermost_default(value);
    let text = span.of(value);
    let spring = || property_default(text).filter(|_| holds_properties(document));
    template_default(text).or_else(|| elvis(text)).or_else(spring).map_or(span, |inner| inner.shift(span.start))
}

/// Whether `${word:rest}` in the file is a property and its default: Spring's files, and any of Java's properties.
fn holds_properties(document: &Document) -> bool {
    let file = document.file_name().to_ascii_lowercase();
    document.format == "properties" || document.format == "yaml" && (file.starts_with("application") || file.starts_with("bootstrap"))
}

/// The default of `${sm:lit}`, where `sm` is a property that is called like a kind of place. What such a kind is asked for has a form: a
/// path, a name in capitals, a key behind a sign.
fn property_default(value: &str) -> Option<Span> {
    // these are asked for a word
    const NAMED: &[&str] = &["containerenv", "env", "jndi", "localenv", "sys"];
    let inner = value.strip_prefix("${")?.strip_suffix('}')?;
    let (name, rest) = inner.split_once(':')?;
    let word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let form = rest.contains(['/', '#', ':', '.', '_', '$', '{', ',', '\'']) || !rest.bytes().any(|b| b.is_ascii_lowercase());
    let start = value.len() - 1 - rest.len();
    (word && !form && !NAMED.contains(&name.to_ascii_lowercase().as_str())).then(|| Span::new(start, value.len() - 1))
}

#[cfg(test)]
mod tests {
    use super::property_default;

    #[test]
    fn properties_of_spring_have_defaults() {
        for (value, want) in [("${sm:kettle}", "kettle"), ("${vault:kettle7!}", "kettle7!"), ("${git:kettle-spout}", "kettle-spout")] {
            assert_eq!(property_default(value).map(|s| s.of(value)), Some(want), "{value}");
        }
        for value in ["${vault:secret/db}", "${sm:DB_PASSWORD}", "${env:kettle}", "${file:a:b}", "${sm:}", "${a.b:kettle}", "sm:kettle"] {
            assert_eq!(property_default(value), None, "{value}");
        }
    }
}
