//! YAML that a template makes: Helm charts, Ansible templates, ERB. Read as if each expression were a word.
//!
//! `key: {{ x }}` is a map in a map to a YAML parser, and `{{- if x }}` is no YAML at all. Expressions that begin a key or a value are
//! covered by as many letters, lines that hold nothing else by blanks, so that all places stay. Nothing in such a file is edited.

use zeroize::Zeroizing;

use super::reader::{View, read};
use super::tree;
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Quoting, Setting};
use crate::model::span::Span;

/// The settings of `text` as `view` reads them.
///
/// # Errors
/// [`Fault`] when `text` is no YAML, with its expressions covered or not.
pub(super) fn settings(text: &str, view: &dyn View) -> Result<Vec<Setting>, Fault> {
    let Some((covered, places)) = cover(text) else { return Ok(read(text, &tree::documents(text)?, view)) };
    // Ruby's marks are text in YAML: only where that does not parse as it stands something makes it of them
    if !["{{", "{%"].iter().any(|mark| text.contains(mark))
        && let Ok(documents) = tree::documents(text)
    {
        return Ok(read(text, &documents, view));
    }
    let mut settings = read(&covered, &tree::documents(&covered)?, view);
    // a key or value without anything left was only the place of an expression
    settings.retain(|s| !(s.value.is_empty() && is_filled(text, s, &places)));
    for setting in &mut settings {
        setting.editable = false;
        if !setting.span.is_empty() && touches(&places, setting.span) {
            if matches!(setting.quoting, Quoting::Plain | Quoting::Single) {
                setting.value = Secret::copy_of(setting.span.of(text));
            }
            setting.layer = Layer::None;
        }
    }
    Ok(settings)
}

fn touches(places: &[Span], span: Span) -> bool {
    let at = places.partition_point(|p| p.end <= span.start);
    places.get(at).is_some_and(|p| p.overlaps(span))
}

/// Whether a line of expressions follows the empty value of `setting`: `resources:` and `{{- toYaml .Values.resources | nindent 2 }}`.
fn is_filled(text: &str, setting: &Setting, places: &[Span]) -> bool {
    let rest = text.get(setting.span.end..).unwrap_or("");
    let next = setting.span.end + (rest.len() - rest.trim_start().len());
    touches(places, Span::new(next, next + 1))
}

/// `text` with its expressions covered, and where they are; `None` if there are none in places that matter.
fn cover(text: &str) -> Option<(Zeroizing<String>, Vec<Span>)> {
    if !["{{", "{%", "<%"].iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut places = Vec::new();
    // what closes the comment or the statements that are open
    let mut open: Option<&str> = None;
    let last_end = text.rfind("%>");
    for line in text.split_inclusive('\n') {
        let start = out.len();
        let body = line.trim_end_matches(['\n', '\r']);
        open = open.or_else(|| opened(body.trim_start(), last_end.is_some_and(|end| start <= end)));
        let found = if open.is_some() { vec![(0, body.len())] } else { expressions(body) };
        let alone = open.is_some() || (!found.is_empty() && is_alone(body, &found));
        open = open.filter(|close| !body.contains(close));
        let mut at = 0;
        for (from, to) in found {
            out.push_str(body.get(at..from).unwrap_or(""));
            let letter = if alone { " " } else { "x" };
            out.push_str(&letter.repeat(to - from));
            places.push(Span::new(start + from, start + to));
            at = to;
        }
        out.push_str(line.get(at..).unwrap_or(""));
    }
    (!places.is_empty()).then_some((out, places))
}

/// What closes the comment, or the statements of Ruby over several lines, that begin with `line`; `ends`: whether a `%>` follows.
fn opened(line: &str, ends: bool) -> Option<&'static str> {
    if line.starts_with("{{/*") || line.starts_with("{{- /*") {
        return Some("}}");
    }
    (line.starts_with("<%") && !line.contains("%>") && ends).then_some("%>")
}

/// The expressions of a line that begin it, a key or a value.
fn expressions(line: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(open) = line.get(at..).and_then(|rest| rest.find(['{', '<'])).map(|i| at + i) {
        let rest = line.get(open..).unwrap_or("");
        let close = match rest.get(..2) {
            Some("{{") => "}}",
            Some("{%") => "%}",
            // a value `<%= x %>` is a word as it is, but for what no word may hold: `<%= x ? 'a' : 'b' %>`
            Some("<%") if line.get(..open).is_some_and(|b| b.trim().is_empty()) || is_no_word(line, open) => "%>",
            _ => {
                at = open + 1;
                continue;
            }
        };
        let Some(end) = rest.find(close).map(|i| open + i + 2) else { break };
        let before = line.get(..open).unwrap_or("");
        let lead = before.trim_start_matches(['-', ' ', '\t']);
        let joined = found.last().is_some_and(|(_, last)| {
            *last == open || lead.get(last - (before.len() - lead.len())..).is_some_and(|b| !b.contains(['"', '\'', ' ']))
        });
        if lead.is_empty() || before.ends_with(": ") || before.ends_with(":\t") || joined || close == "%>" {
            // three braces close a map in an expression
            let end = end + usize::from(close == "}}" && line.get(end..).is_some_and(|r| r.starts_with('}')));
            found.push((open, end));
            at = end;
        } else {
            at = open + 2;
        }
    }
    found
}

/// Whether the expression of Ruby that opens at `open` breaks the bare word of YAML that it is part of.
fn is_no_word(line: &str, open: usize) -> bool {
    let (before, rest) = line.split_at(open);
    let inner = rest.find("%>").and_then(|end| rest.get(..end)).unwrap_or("");
    let value = before.split_once(": ").map_or(before, |(_, value)| value).trim_start_matches(['-', ' ', '\t']);
    !before.trim_start().starts_with('#') && !value.starts_with(['"', '\'']) && (inner.contains(": ") || inner.contains(" #"))
}

/// Whether nothing but blanks stands beside the expressions.
fn is_alone(line: &str, found: &[(usize, usize)]) -> bool {
    let mut at = 0;
    for (from, to) in found {
        if !line.get(at..*from).unwrap_or("").trim().is_empty() {
            return false;
        }
        at = *to;
    }
    let rest = line.get(at..).unwrap_or("").trim();
    rest.is_empty() || rest.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::super::variables::Plain;
    use super::{cover, settings};
    use proptest::prelude::proptest;

    const CHART: &str = include_str!("../../../fixtures/formats/yaml/chart.yaml");

    #[test]
    fn charts_are_read_with_all_places() {
        let found = settings(CHART, &Plain).expect("it is read");
        let seen: Vec<(String, &str)> = found.iter().map(|s| (s.key.to_string(), s.span.of(CHART))).collect();
        let want = [
            ("metadata.name", "{{ include \"tea.name\" . }}-pot"),
            ("data.password", "{{ .Values.password | default \"scone\" | b64enc | quote }}"),
            ("data.plain", "scone"),
            ("data.quoted", "{{ .Values.quoted }}"),
            (
                "data.block",
                "key = {{ .Values.key }}\n{{- if .Values.other }}\n    other = scone\n{{- end }}\n  {{- range $k, $v := .Values.more }}",
            ),
            ("data.xxxxxxxxxxxx", "{{ $.Values.prefix }}{{ $v | quote }}"),
        ];
        assert_eq!(seen, want.map(|(k, v)| (k.to_owned(), v)));
        assert!(found.iter().all(|s| !s.editable));
        assert_eq!(found[1].value.expose(), found[1].span.of(CHART));
    }

    #[test]
    fn ruby_that_no_word_may_hold_is_read() {
        let text = "a:\n  b: <%= ENV['X'] ? 'c' : 'd' %>\n  e: f-<%= x ? 'g: h' : 'i' %>-j\n<%\n  k = {l: 1}\n%>\n  m: n\n";
        let found = settings(text, &Plain).expect("it is read");
        let seen: Vec<(String, &str)> = found.iter().map(|s| (s.key.to_string(), s.value.expose())).collect();
        let want = [("a.b", "<%= ENV['X'] ? 'c' : 'd' %>"), ("a.e", "f-<%= x ? 'g: h' : 'i' %>-j"), ("a.m", "n")];
        assert_eq!(seen, want.map(|(k, v)| (k.to_owned(), v)));
    }

    #[test]
    fn other_files_are_left_alone() {
        for text in [
            "a: b\n",
            "a: \"{{ x }}\"\n",
            "a: {b: {c: d}}\n",
            "a: <%= ENV['A'] %>\n",
            "a: \"<%= b ? 'c' : 'd' %>\"\n",
            "# a: <%= b ? 'c' : 'd' %>\n",
            "image: x:{{ tag }}\n",
        ] {
            assert!(cover(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn lengths_and_lines_stay(text in "([{}%<>a:é\" \n-]|\\{\\{|\\}\\}|: ){0,40}") {
            if let Some((covered, places)) = cover(&text) {
                assert_eq!(covered.len(), text.len());
                assert_eq!(covered.matches('\n').count(), text.matches('\n').count());
                assert!(places.iter().all(|p| text.get(p.start..p.end).is_some()));
            }
        }
    }
}
