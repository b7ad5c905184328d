//! What runs when nothing is set: the default that stands in a reference, in the languages of templates.

use crate::model::document::Document;
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

/// The literal of Spring's `#{systemEnvironment['X'] ?: 'lit'}`.
fn elvis(value: &str) -> Option<Span> {
    let inner = value.strip_prefix("#{")?.strip_suffix('}')?;
    let (before, after) = inner.rsplit_once("?:")?;
    let text = after.trim();
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)).filter(|t| !t.contains(quote));
    let literal = quoted('\'').or_else(|| quoted('"')).filter(|t| !t.is_empty())?;
    let start = "#{".len() + before.len() + "?:".len() + (after.len() - after.trim_start().len()) + 1;
    Some(Span::new(start, start + literal.len()))
}

/// The literal in `<%= ENV["X"] || "lit" %>`, `<%= ENV.fetch("X") { "lit" } %>`, `{{ x | default('lit') }}`, `{{ getenv "X" "lit" }}`: what runs when nothing is set.
fn template_default(value: &str) -> Option<Span> {
    let trimmed = value.trim();
    let ruby = trimmed.starts_with("<%=") && trimmed.ends_with("%>") && trimmed.contains("ENV");
    let moustache = trimmed.starts_with("{{") && trimmed.ends_with("}}") && trimmed.matches("{{").count() == 1;
    let signs: &[&str] = match (ruby, moustache) {
        (true, _) => &["||", ",", "{"],
        (_, true) => &["default(", "default ", "d("],
        _ => return None,
    };
    let (close, quote) = trimmed.char_indices().rev().find(|(_, c)| matches!(c, '"' | '\''))?;
    let open = trimmed.get(..close)?.rfind(quote)?;
    let before = trimmed.get(..open)?.trim_end();
    let called = before.trim_start_matches(['{', '-', ' ', '(']);
    let getter = moustache && ["getenv ", "env.Getenv ", "envOr "].iter().any(|f| called.starts_with(f)) && before.ends_with(['"', '\'']);
    let leads = getter || signs.iter().any(|s| before.ends_with(s.trim_end()));
    let piped = ruby || getter || before.contains('|') || called.starts_with("default");
    let after = trimmed.get(close + 1..)?;
    let rest_is_end = after.chars().all(|c| c.is_whitespace() || "%>})".contains(c))
        || moustache && after.trim_start().starts_with([',', ')'])
        // what is done with it: `.Values.x | b64enc | quote`
        || moustache && after.chars().all(|c| c.is_ascii_alphanumeric() || " .|$_()-}".contains(c));
    let start = value.len() - value.trim_start().len() + open + 1;
    (leads && piped && rest_is_end && close > open + 1).then(|| Span::new(start, start + close - open - 1))
}

#[cfg(test)]
mod tests {
    use super::{elvis, property_default, template_default};
    use crate::model::span::Span;
    use crate::model::template::innermost_default;

    fn fallback_of(value: &str) -> Span {
        let span = innermost_default(value);
        template_default(span.of(value)).map_or(span, |inner| inner.shift(span.start))
    }

    #[test]
    fn properties_and_expressions_of_spring_have_defaults() {
        for (value, want) in [("${sm:kettle}", "kettle"), ("${vault:kettle7!}", "kettle7!"), ("${git:kettle-spout}", "kettle-spout")] {
            assert_eq!(property_default(value).map(|s| s.of(value)), Some(want), "{value}");
        }
        for value in ["${vault:secret/db}", "${sm:DB_PASSWORD}", "${env:kettle}", "${file:a:b}", "${sm:}", "${a.b:kettle}", "sm:kettle"] {
            assert_eq!(property_default(value), None, "{value}");
        }
        for value in ["#{systemEnvironment['A'] ?: 'kettle'}", "#{env.a?:\"kettle\"}", "#{a ?: b ?: 'kettle' }"] {
            assert_eq!(elvis(value).map(|s| s.of(value)), Some("kettle"), "{value}");
        }
        for value in ["#{systemEnvironment['A']}", "#{a ?: b}", "#{a ?: ''}", "#{a ? 'b' : 'c'}", "#{a ?: 'b' + 'c'}"] {
            assert_eq!(elvis(value), None, "{value}");
        }
    }

    #[test]
    fn templates_fall_back_to_their_literal() {
        for (value, want) in [
            ("<%= ENV['A'] || \"kettle\" %>", "kettle"),
            ("<%= ENV.fetch(\"A\") { 'kettle' } %>", "kettle"),
            ("<%= ENV.fetch('A', 'kettle') %>", "kettle"),
            ("{{ lookup('env','A') | default('kettle', true) }}", "kettle"),
            ("{{ .Values.a | default \"kettle\" }}", "kettle"),
            ("{{ .Values.a | default \"kettle\" | b64enc | quote }}", "kettle"),
            ("{{ default \"kettle\" .Values.a | b64enc }}", "kettle"),
            ("{{ getenv \"A\" \"kettle\" }}", "kettle"),
            ("${A:-${B:-kettle}}", "kettle"),
            (" {$A:kettle}", "kettle"),
        ] {
            assert_eq!(fallback_of(value).of(value), want, "{value}");
        }
        for value in [
            "<%= ENV['A'] %>",
            "{{ lookup('env', 'A') }}",
            "{{ a | default('') }}",
            "<%= ENV.fetch('A') %>",
            "kettle",
            "{{ 'x' | b64enc }}",
        ] {
            assert_eq!(fallback_of(value).of(value), value);
        }
    }
}
