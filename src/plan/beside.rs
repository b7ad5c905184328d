//! A new setting beside another, written as that one is: on a line of its own, with its indentation, `export`, list mark and quotes. Proved
//! by reading the text with it; where that gives anything but one setting more, there is no such line.

use crate::formats;
use crate::model::document::Document;
use crate::model::secret::Secret;
use crate::model::setting::{Portion, Role, Setting};
use crate::model::span::Span;

/// A setting that is added within a document.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The setting that it comes after, by index.
    pub after: usize,
    /// Its name.
    pub name: String,
    /// The value that a reader finds there.
    pub value: Secret,
    /// The first setting of its map, by index: two of one name in one map are one too many.
    pub(super) scope: usize,
    /// Where in the text.
    pub(super) at: usize,
    /// What is put there.
    pub(super) text: Secret,
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// As the one beside it.
    Alike,
    /// A text in single quotes.
    Quoted,
    /// As it is: a list of YAML's with this one text in it, given as it is read.
    List,
}

/// What gives `name` the `value`, beside the setting `index`; `None` where nothing can be written so that it is read.
pub(super) fn beside(document: &Document, index: usize, name: &str, value: &Secret, manner: Manner) -> Option<Beside> {
    let own = document.settings.get(index)?;
    let text = document.text.as_str();
    let whole = !own.key_span.is_empty() && own.key_span.end <= own.span.start && !own.span.of(text).contains('\n');
    if document.lossy || !own.editable || !whole || own.role != Role::Live {
        return None;
    }
    let start = text.get(..own.key_span.start)?.rfind('\n').map_or(0, |i| i + 1);
    let before = text.get(start..own.key_span.start)?;
    let pair = pair(document, own, name, value, manner)?;
    let after = last_of_list(document, index)?;
    let at = document.settings.get(after)?.span.end;
    let rest = text.get(at..)?;
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (at, added) = if own.around.flow || matches!(document.format, "json" | "jsonc") {
        // between the braces an entry is parted from the next by a comma, on a line of its own where the key has one
        let key = before.trim_end_matches(['"', '\'']);
        let gap = if key.trim().is_empty() { vec![",", end, key] } else { vec![", "] };
        let pieces = [gap, vec![&before[key.len()..], pair.expose()]].concat();
        (at + quote_at(text, at).len(), Secret::concat(&pieces))
    } else if before.contains('#') {
        return None;
    } else {
        match rest.find('\n') {
            Some(i) => (at + i + 1, Secret::concat(&[before, pair.expose(), end])),
            // a file without a last newline stays without one
            None => (text.len(), Secret::concat(&[end, before, pair.expose()])),
        }
    };
    let read = if manner == Manner::Quoted { Secret::concat(&["[\"", value.expose(), "\"]"]) } else { value.clone() };
    let around = own.key.scope_segments();
    let scope = document.settings.iter().position(|s| s.part == own.part && s.key.scope_segments() == around)?;
    let found = Beside { after, name: name.to_owned(), value: read, scope, at, text: added };
    is_read(document, &found).then_some(found)
}

/// The name and the value, with what parts them, from the name to the quote behind the value.
fn pair(document: &Document, own: &Setting, name: &str, value: &Secret, manner: Manner) -> Option<Secret> {
    let text = document.text.as_str();
    // an anchor or a tag of YAML's stands there, too: a second one would change what its aliases mean
    let parts = |c: char| matches!(c, ' ' | '\t' | ':' | '=' | '"' | '\'' | '`');
    let between = text.get(own.key_span.end..own.span.start).filter(|between| between.chars().all(parts))?;
    let bare = between.trim_end_matches(['"', '\'', '`']);
    Some(match manner {
        Manner::Alike => {
            let encoded = formats::by_name(document.format)?.encode(value, own).ok()?;
            Secret::concat(&[name, between, encoded.expose(), quote_at(text, own.span.end)])
        }
        Manner::Quoted | Manner::List if value.expose().contains(['\'', '"', '\\', '\n']) => return None,
        Manner::Quoted => Secret::concat(&[name, bare, "'[\"", value.expose(), "\"]'"]),
        Manner::List => Secret::concat(&[name, bare, "[\"", value.expose(), "\"]"]),
    })
}

/// The quote that stands at a place, if one does.
fn quote_at(text: &str, at: usize) -> &str {
    text.get(at..at + 1).filter(|c| matches!(*c, "\"" | "'" | "`")).unwrap_or("")
}

/// The last setting of the list that the setting is an item of, so that no other item gets another number; itself where it is in a map.
/// `None` where the item holds more than the setting.
fn last_of_list(document: &Document, index: usize) -> Option<usize> {
    let own = document.settings.get(index)?;
    let (scope, item) = (own.key.scope_segments(), own.key.parent()?);
    if scope.len() == item.segments().len() {
        return Some(index);
    }
    let live = |s: &&Setting| s.part == own.part && s.role != Role::Commented && s.around.portion != Portion::Inner;
    if document.settings.iter().filter(live).filter(|s| s.key.segments().starts_with(item.segments())).count() > 1 {
        return None;
    }
    document.settings.iter().rposition(|s| live(&s) && s.key.segments().starts_with(scope))
}

/// Whether the text with the new line has every setting that it had, and the new one after the one that it is to follow.
fn is_read(document: &Document, new: &Beside) -> bool {
    let (Some(before), Some(after)) = (document.text.get(..new.at), document.text.get(new.at..)) else { return false };
    let text = Secret::concat(&[before, new.text.expose(), after]);
    let parsed = formats::parse(&document.path, text.expose().as_bytes(), document.environment);
    let of_the_file = |s: &&Setting| s.around.portion != Portion::Inner;
    let old: Vec<(usize, &Setting)> = document.settings.iter().enumerate().filter(|(_, s)| of_the_file(s)).collect();
    let now: Vec<&Setting> = parsed.settings.iter().filter(of_the_file).collect();
    let Some(place) = old.iter().position(|(i, _)| *i == new.after) else { return false };
    let own = old.get(place).map(|(_, s)| *s);
    let alike = |a: &Setting, b: &Setting| a.key == b.key && a.part == b.part && a.role == b.role && a.value.same_as(&b.value);
    let kept = now.iter().enumerate().filter(|(i, _)| *i != place + 1).map(|(_, s)| *s);
    let added = now.get(place + 1).zip(own).is_some_and(|(s, own)| {
        s.name() == new.name
            && s.value.same_as(&new.value)
            && s.part == own.part
            && s.key.scope_segments().starts_with(own.key.scope_segments())
    });
    parsed.format == document.format
        && parsed.fault.is_none()
        && now.len() == old.len() + 1
        && added
        && old.iter().map(|(_, s)| *s).zip(kept).all(|(a, b)| alike(a, b))
}

/// Edits for the lines that are added, one for each place: what comes at one place is one text.
pub(super) fn joined(list: &[Beside]) -> Vec<(Span, Secret)> {
    let mut out: Vec<(Span, Secret)> = Vec::new();
    for new in list {
        let at = Span::new(new.at, new.at);
        match out.iter_mut().find(|(span, _)| *span == at) {
            Some((_, text)) => *text = Secret::concat(&[text.expose(), new.text.expose()]),
            None => out.push((at, new.text.clone())),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Manner, beside};
    use crate::formats;
    use crate::model::environment::Environment;
    use crate::model::secret::Secret;

    /// The text with the new line, or nothing.
    fn with(path: &str, text: &str, key: &str, manner: Manner) -> Option<String> {
        let document = formats::parse(path, text.as_bytes(), Environment::Production);
        let index = document.settings.iter().position(|s| s.key.to_string() == key).unwrap();
        let new = beside(&document, index, "OLD", &Secret::copy_of("v1"), manner)?;
        Some(format!("{}{}{}", &text[..new.at], new.text.expose(), &text[new.at..]))
    }

    #[test]
    fn a_line_is_written_as_the_one_beside_it() {
        for (path, key, text, new) in [
            (".env", "A", "A=x\nB=y\n", "A=x\nOLD=v1\nB=y\n"),
            (".env", "A", "export A='x'  # note\r\n", "export A='x'  # note\r\nexport OLD='v1'\r\n"),
            (".env", "A", "A=\"x\"", "A=\"x\"\nOLD=\"v1\""),
            ("config.toml", "t.A", "[t]\nA = \"x\"\n", "[t]\nA = \"x\"\nOLD = \"v1\"\n"),
            ("app.ini", "s.A", "[s]\nA = x\n[t]\nB = y\n", "[s]\nA = x\nOLD = v1\n[t]\nB = y\n"),
            (
                "compose.yaml",
                "services.a.environment.A",
                "services:\n  a:\n    environment:\n      A: x # note\n      B: y\n",
                "services:\n  a:\n    environment:\n      A: x # note\n      OLD: v1\n      B: y\n",
            ),
            (
                "compose.yaml",
                "services.a.environment[0].A",
                "services:\n  a:\n    environment:\n      - \"A=x\"\n      - B=y\n    ports: []\n",
                "services:\n  a:\n    environment:\n      - \"A=x\"\n      - B=y\n      - \"OLD=v1\"\n    ports: []\n",
            ),
            ("a.json", "A", "{\"A\": \"x\"}", "{\"A\": \"x\", \"OLD\": \"v1\"}"),
            (
                "a.json",
                "a.A",
                "{\"a\": {\r\n  \"A\": \"x\",\r\n  \"B\": 1}}",
                "{\"a\": {\r\n  \"A\": \"x\",\r\n  \"OLD\": \"v1\",\r\n  \"B\": 1}}",
            ),
            (
                "compose.yaml",
                "services.a.environment.A",
                "services:\n  a:\n    environment: {A: x, B: y}\n",
                "services:\n  a:\n    environment: {A: x, OLD: v1, B: y}\n",
            ),
        ] {
            assert_eq!(with(path, text, key, Manner::Alike).as_deref(), Some(new), "{path}");
        }
    }

    #[test]
    fn lists_are_written_as_the_format_reads_them() {
        assert_eq!(with("kibana.yml", "a.key: \"x\"\n", "\"a.key\"", Manner::List).as_deref(), Some("a.key: \"x\"\nOLD: [\"v1\"]\n"));
        assert_eq!(with(".env", "A=x\n", "A", Manner::Quoted).as_deref(), Some("A=x\nOLD='[\"v1\"]'\n"));
    }

    #[test]
    fn where_no_line_can_stand_none_is_written() {
        for (path, key, text) in
            [("k.yaml", "A", "A: &a x\nB: *a\n"), ("k.yaml", "A", "A: |\n  x\n  y\n"), ("k.yaml", "env[0].A", "env:\n  - A: x\n    B: y\n")]
        {
            assert_eq!(with(path, text, key, Manner::Alike), None, "{path}: {text}");
        }
    }
}
