//! Expressions of template languages that fall back to a literal: what runs when nothing is set.

use super::span::Span;

/// The literal of Spring's `#{systemEnvironment['X'] ?: 'lit'}`.
#[must_use]
pub fn elvis(value: &str) -> Option<Span> {
    let inner = value.strip_prefix("#{")?.strip_suffix('}')?;
    let (before, after) = inner.rsplit_once("?:")?;
    let text = after.trim();
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)).filter(|t| !t.contains(quote));
    let literal = quoted('\'').or_else(|| quoted('"')).filter(|t| !t.is_empty())?;
    let start = "#{".len() + before.len() + "?:".len() + (after.len() - after.trim_start().len()) + 1;
    Some(Span::new(start, start + literal.len()))
}

/// The literal in `<%= ENV["X"] || "lit" %>`, `<%= ENV.fetch("X") { "lit" } %>`, `{{ x | default('lit') }}`, `{{ getenv "X" "lit" }}`,
/// `{{ get_env(name="X", default="lit") }}`.
#[must_use]
pub fn template_default(value: &str) -> Option<Span> {
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
    // Tera
    let named = moustache && called.starts_with("get_env(") && before.strip_suffix('=').is_some_and(|b| b.trim_end().ends_with("default"));
    let leads = getter || named || signs.iter().any(|s| before.ends_with(s.trim_end()));
    let piped = ruby || getter || named || before.contains('|') || called.starts_with("default");
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
    use super::{elvis, template_default};
    use crate::model::span::Span;
    use crate::model::template::innermost_default;

    fn fallback_of(value: &str) -> Span {
        let span = innermost_default(value);
        template_default(span.of(value)).map_or(span, |inner| inner.shift(span.start))
    }

    #[test]
    fn expressions_of_spring_have_defaults() {
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
            ("{{ get_env(name=\"A\", default=\"kettle\") }}", "kettle"),
            ("{{ get_env(name = 'A', default = 'kettle') | upper }}", "kettle"),
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
            "{{ get_env(name=\"A\") }}",
            "{{ get_env(name=\"A\", default=\"\") }}",
        ] {
            assert_eq!(fallback_of(value).of(value), value);
        }
    }
}
