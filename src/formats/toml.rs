//! TOML 1.1, by the spans of toml_edit's immutable document.
//!
//! <https://toml.io/en/v1.0.0>. Only the spans are used: its editable document loses line ends and comments.

use toml_edit::{Array, Document, InlineTable, Item, Key, Table, Value};

use super::format::{Claim, EncodeError, Format};
use super::lines::{base_name, fault};
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::span::Span;

/// TOML files.
pub(super) struct Toml;

impl Format for Toml {
    fn name(&self) -> &'static str {
        "toml"
    }

    fn claims(&self, _path: &str, file_name: &str, _head: &str) -> Claim {
        let name = file_name.to_ascii_lowercase();
        let name = base_name(&name);
        let ours = name.ends_with(".toml") || name == "pipfile";
        if ours { Claim::Name } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        // The parser's own message quotes the text
        let document = Document::parse(text).map_err(|e| fault(text, "not valid TOML", e.span().map_or(0, |s| s.start)))?;
        let mut walk = Walk { text, settings: Vec::new() };
        walk.table(document.as_table(), &KeyPath::default());
        walk.settings.sort_by_key(|s| s.span.start);
        Ok(walk.settings)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        let text = value.expose();
        let control = |c: char| c.is_control() && c != '\t';
        match place.quoting {
            Quoting::Double => Ok(escape(text, false)),
            Quoting::Folded => Ok(escape(text, true)),
            Quoting::Single if text.contains('\'') || text.contains(control) => {
                Err(EncodeError("single quotes in TOML hold neither a quote nor a line end"))
            }
            Quoting::Literal
                if text.contains("'''") || text.ends_with('\'') || text.starts_with('\n') || text.contains(|c| control(c) && c != '\n') =>
            {
                Err(EncodeError("this literal block cannot hold it"))
            }
            Quoting::Single | Quoting::Literal => Ok(value.clone()),
            Quoting::Plain if same_kind(place.value.expose(), text) => Ok(value.clone()),
            Quoting::Plain => Err(EncodeError("a number, date or truth value can only be replaced by its like")),
            Quoting::Backtick => Err(EncodeError("TOML has no such quotes")),
        }
    }
}

struct Walk<'t> {
    text: &'t str,
    settings: Vec<Setting>,
}

impl Walk<'_> {
    fn table(&mut self, table: &Table, path: &KeyPath) {
        for (name, item) in table.iter() {
            let below = path.child(name);
            match item {
                Item::None => {}
                Item::Value(value) => self.value(value, table.key(name), &below),
                Item::Table(inner) => self.table(inner, &below),
                Item::ArrayOfTables(many) => many.iter().enumerate().for_each(|(i, one)| self.table(one, &below.item(i))),
            }
        }
    }

    fn value(&mut self, value: &Value, key: Option<&Key>, path: &KeyPath) {
        match value {
            Value::Array(array) => self.array(array, path),
            Value::InlineTable(table) => self.inline(table, path),
            _ => self.leaf(value, key, path),
        }
    }

    fn array(&mut self, array: &Array, path: &KeyPath) {
        array.iter().enumerate().for_each(|(i, item)| self.value(item, None, &path.item(i)));
    }

    fn inline(&mut self, table: &InlineTable, path: &KeyPath) {
        for (name, value) in table.iter() {
            let key = table.get_key_value(name).map(|(key, _)| key);
            self.value(value, key, &path.child(name));
        }
    }

    fn leaf(&mut self, value: &Value, key: Option<&Key>, path: &KeyPath) {
        let Some(range) = value.span() else { return };
        let whole = Span::from(range);
        let raw = whole.of(self.text);
        let (read, span, quoting) = match value.as_str() {
            Some(read) => {
                let (quoting, marks) = quoting(raw);
                let first_line = if marks == 3 { line_end_len(raw.get(3..).unwrap_or("")) } else { 0 };
                (read, Span::new(whole.start + marks + first_line, whole.end - marks), quoting)
            }
            None => (raw, whole, Quoting::Plain),
        };
        let key_span = key.and_then(Key::span).map_or(Span::new(span.start, span.start), Span::from);
        self.settings.push(Setting::new(path.clone(), key_span, Secret::copy_of(read), span, quoting));
    }
}

/// How the string `raw` is quoted, and how many bytes its marks take.
fn quoting(raw: &str) -> (Quoting, usize) {
    match raw {
        _ if raw.len() >= 6 && raw.starts_with("\"\"\"") => (Quoting::Folded, 3),
        _ if raw.len() >= 6 && raw.starts_with("'''") => (Quoting::Literal, 3),
        _ if raw.starts_with('\'') => (Quoting::Single, 1),
        _ => (Quoting::Double, 1),
    }
}

fn line_end_len(text: &str) -> usize {
    ["\r\n", "\n"].iter().find(|end| text.starts_with(**end)).map_or(0, |end| end.len())
}

/// `value` for a basic string; in a block of several lines, line ends stay as they are, but for a first one, which TOML would drop.
fn escape(value: &str, block: bool) -> Secret {
    let mut out = String::with_capacity(value.len() * 6);
    for (i, c) in value.chars().enumerate() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' if block && i > 0 => out.push('\n'),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push('\t'),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                out.push_str("\\u00");
                out.extend([u32::from(c) >> 4, u32::from(c) & 15].iter().filter_map(|d| char::from_digit(*d, 16)));
            }
            c => out.push(c),
        }
    }
    Secret::new(out)
}

/// Whether both texts are bare values of one type.
fn same_kind(old: &str, new: &str) -> bool {
    let kind = |text: &str| {
        let source = Secret::concat(&["a=", text]);
        let document = Document::parse(source.expose()).ok()?;
        let value = document.get("a")?.as_value()?;
        let bare = value.span()? == (2..source.len()) && !value.is_str() && !value.is_array() && !value.is_inline_table();
        bare.then(|| value.type_name())
    };
    kind(new).is_some_and(|k| kind(old) == Some(k))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Format, Toml, same_kind};
    use crate::formats::lines::check;
    use crate::model::setting::Quoting;

    const PLAIN: &str = include_str!("../../fixtures/formats/toml/plain.toml");
    const CRLF: &str = include_str!("../../fixtures/formats/toml/crlf.toml");

    #[test]
    fn leaves_have_paths_and_spans() {
        let settings = Toml.parse(PLAIN).expect("valid");
        let seen: Vec<(String, &str, Quoting)> = settings.iter().map(|s| (s.key.to_string(), s.span.of(PLAIN), s.quoting)).collect();
        let want = [
            ("title", "Tea", Quoting::Double),
            ("room.password", "cl\\u006ftted", Quoting::Double),
            ("room.path", "C:\\pots", Quoting::Single),
            ("room.port", "8_080", Quoting::Plain),
            ("room.open", "true", Quoting::Plain),
            ("room.since", "1994-07-01", Quoting::Plain),
            ("room.note", "one\ntwo\n", Quoting::Folded),
            ("room.raw", "three\n", Quoting::Literal),
            ("room.\"owner.name\".first", "Ada", Quoting::Double),
            ("room.tags[0]", "a", Quoting::Double),
            ("room.tags[1]", "b", Quoting::Single),
            ("room.db.url", "redis://:jam@h/0", Quoting::Double),
            ("cups[0].n", "1", Quoting::Plain),
            ("cups[1].n", "2", Quoting::Plain),
        ];
        assert_eq!(seen, want.map(|(k, s, q)| (k.to_owned(), s, q)));
        assert_eq!(settings[1].value.expose(), "clotted");
        assert_eq!(settings[1].key_span.of(PLAIN), "password");
    }

    #[test]
    fn faults_tell_the_place_and_nothing_else() {
        let fault = Toml.parse("a = 1\nb = hunter2\n").expect_err("a bare word");
        assert_eq!((fault.kind, fault.line), ("not valid TOML", 2));
        assert!(Toml.parse("a = 1\na = 2\n").is_err(), "duplicate keys are an error in TOML");
        assert!(Toml.parse(&format!("a = {}", "[".repeat(50_000))).is_err());
    }

    #[test]
    fn bare_values_keep_their_type() {
        assert!(same_kind("1", "0x10") && same_kind("true", "false") && same_kind("1.5", "2e3"));
        for (old, new) in [("1", "1.5"), ("1", "x"), ("true", "1"), ("1", "2\nb=3"), ("1", "2 # c"), ("1", "'2'"), ("1", "[2]")] {
            assert!(!same_kind(old, new), "{old} {new}");
        }
    }

    #[test]
    fn fixtures_keep_everything_else() {
        assert_eq!(Toml.parse(CRLF).expect("valid").len(), 4);
        for value in ["x", "", "a\"b\\c'd", "two\nlines", "\nfirst", "ünï \u{1F375}", "1", "true", "'", "\"\"\"", "\r\n"] {
            check(&Toml, PLAIN, value);
            check(&Toml, CRLF, value);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_text_can_be_tried(text in "\\PC{0,80}", value in "\\PC{0,12}") {
            check(&Toml, &text, &value);
        }

        #[test]
        fn any_string_can_be_written(old in "[a-z é]{0,8}", value in ".{0,16}") {
            let text = format!("a = \"{old}\"\nb = '{old}'\nc = \"\"\"\n{old}\"\"\"\nd = '''{old}'''\ne = {{ f = \"{old}\" }}\n");
            assert!(check(&Toml, &text, &value).0 >= 3);
        }

        #[test]
        fn nearly_toml(text in "([a-c=\"'\\\\ .,#{}\\[\\]1é\r\n]|\"\"\"|'''|a = |\n){0,20}", value in "[a\"'\\\\\n]{0,5}") {
            check(&Toml, &text, &value);
        }
    }
}
