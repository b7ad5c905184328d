//! What runs when nothing is set: the default that stands in a reference, in the languages of templates.

use crate::model::span::Span;
use crate::model::template::innermost_default;

/// The default of a value that is one `${NAME:-default}` and nothing else, through any nesting, or the literal that a template falls back
/// to; else all of it.
pub(super) fn fallback_of(value: &str) -> Span {
    let span = innermost_default(value);
    template_default(span.of(value)).map_or(span, |inner| inner.shift(span.start))
}

/// The literal in `<%= ENV["X"] || "lit" %>`, `<%= ENV.fetch("X") { "lit" } %>`, `{{ x | default('lit') }}`, `{{ getenv "X" "lit" }}`, Caddy's
/// `{$X:lit}`: what runs when nothing is set.
fn template_default(value: &str) -> Option<Span> {
    let trimmed = value.trim();
    if let Some((name, default)) = trimmed.strip_prefix("{$").and_then(|rest| rest.strip_suffix('}')).and_then(|r| r.split_once(':')) {
        let start = value.len() - value.trim_start().len() + "{$:".len() + name.len();
        let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        return (named && !default.is_empty()).then(|| Span::new(start, start + default.len()));
    }
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
    use super::fallback_of;

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
