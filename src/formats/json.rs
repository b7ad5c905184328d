//! JSON (RFC 8259), and JSON with comments and trailing commas as editors and .NET read it.

use jsonc_parser::ast::{Object, ObjectPropName, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::format::{Claim, EncodeError, Format};
use super::lines::{base_name, fault};
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::span::Span;

/// JSON, strict or with comments.
pub(super) struct Json {
    name: &'static str,
    comments: bool,
}

/// JSON as RFC 8259 has it.
pub(super) static STRICT: Json = Json { name: "json", comments: false };
/// JSON with comments and trailing commas.
pub(super) static LENIENT: Json = Json { name: "jsonc", comments: true };

impl Format for Json {
    fn name(&self) -> &'static str {
        self.name
    }

    fn claims(&self, path: &str, file_name: &str, _head: &str) -> Claim {
        let name = file_name.to_ascii_lowercase();
        let name = base_name(&name);
        let plain = name.ends_with(".json") || name == ".dockerconfigjson";
        let lenient = name.ends_with(".jsonc")
            || name.ends_with(".code-workspace")
            || matches!(name, ".babelrc" | ".eslintrc" | ".jshintrc" | ".swcrc" | "devcontainer.json" | ".devcontainer.json")
            || (plain
                && (["appsettings", "launchsettings", "tsconfig", "jsconfig", ".eslintrc"].iter().any(|p| name.starts_with(p))
                    || path.contains(".vscode/")));
        if if self.comments { lenient } else { plain && !lenient } { Claim::Name } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let options = ParseOptions {
            allow_comments: self.comments,
            allow_trailing_commas: self.comments,
            allow_loose_object_property_names: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        // The parser's own message quotes the text
        let parsed =
            parse_to_ast(text, &CollectOptions::default(), &options).map_err(|e| fault(text, "not valid JSON", e.range().start))?;
        let mut settings = Vec::new();
        if let Some(value) = parsed.value {
            // many are moved for each time that the list grows
            settings.reserve_exact(leaves(&value));
            walk(&value, &KeyPath::default(), None, &mut settings);
        }
        Ok(settings)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        match (place.quoting, place.value.expose()) {
            (Quoting::Double, _) => Ok(escape(value.expose(), "")),
            (Quoting::Plain, "") => Ok(escape(value.expose(), "\"")),
            (Quoting::Plain, "true" | "false") if matches!(value.expose(), "true" | "false") => Ok(value.clone()),
            (Quoting::Plain, old) if is_number(old) && is_number(value.expose()) => Ok(value.clone()),
            _ => Err(EncodeError("a number or a truth value can only be replaced by its like")),
        }
    }
}

/// How many settings [`walk`] makes.
fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.properties.iter().map(|property| leaves(&property.value)).sum(),
        Value::Array(array) => array.elements.iter().map(leaves).sum(),
        _ => 1,
    }
}

fn walk(value: &Value, path: &KeyPath, key: Option<Span>, out: &mut Vec<Setting>) {
    let range = value.range();
    let whole = Span::new(range.start, range.end);
    let key_span = key.unwrap_or(Span::new(whole.start, whole.start));
    let mut leaf = |text: &str, span: Span, quoting: Quoting| {
        out.push(Setting::new(path.clone(), key_span, Secret::copy_of(text), span, quoting));
    };
    match value {
        Value::StringLit(lit) => leaf(&lit.value, Span::new(whole.start + 1, whole.end - 1), Quoting::Double),
        Value::NumberLit(lit) => leaf(lit.value, whole, Quoting::Plain),
        Value::BooleanLit(lit) => leaf(if lit.value { "true" } else { "false" }, whole, Quoting::Plain),
        // Null is the only bare value that reads as nothing
        Value::NullKeyword(_) => leaf("", whole, Quoting::Plain),
        Value::Object(object) => walk_object(object, path, out),
        Value::Array(array) => array.elements.iter().enumerate().for_each(|(i, item)| walk(item, &path.item(i), None, out)),
    }
}

fn walk_object(object: &Object, path: &KeyPath, out: &mut Vec<Setting>) {
    for property in &object.properties {
        let range = property.name.range();
        let (name, span) = match &property.name {
            ObjectPropName::String(lit) => (lit.value.as_ref(), Span::new(range.start + 1, range.end - 1)),
            ObjectPropName::Word(word) => (word.value, Span::new(range.start, range.end)),
        };
        walk(&property.value, &path.child(name), Some(span), out);
    }
}

fn escape(value: &str, quote: &str) -> Secret {
    // Six bytes is the longest escape, so the buffer never grows
    let mut out = String::with_capacity(value.len() * 6 + 2);
    out.push_str(quote);
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                out.push_str("\\u00");
                out.extend([u32::from(c) >> 4, u32::from(c) & 15].iter().filter_map(|d| char::from_digit(*d, 16)));
            }
            c => out.push(c),
        }
    }
    out.push_str(quote);
    Secret::new(out)
}

/// Whether `text` is a number by RFC 8259 section 6.
fn is_number(text: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Format, LENIENT, STRICT, is_number};
    use crate::formats::format::Claim;
    use crate::formats::lines::{check, splice};
    use crate::model::secret::Secret;
    use crate::model::setting::Quoting;

    const PLAIN: &str = include_str!("../../fixtures/formats/json/plain.json");
    const COMMENTS: &str = include_str!("../../fixtures/formats/json/comments.jsonc");

    #[test]
    fn leaves_have_paths_and_spans() {
        let text = r#"{"a": {"b.c": ["x", 1, true, null]}, "d\u0065": "e\nf", "a": 2}"#;
        let settings = STRICT.parse(text).expect("valid");
        let seen: Vec<(String, &str, &str)> = settings.iter().map(|s| (s.key.to_string(), s.value.expose(), s.span.of(text))).collect();
        let want = [
            ("a.\"b.c\"[0]", "x", "x"),
            ("a.\"b.c\"[1]", "1", "1"),
            ("a.\"b.c\"[2]", "true", "true"),
            ("a.\"b.c\"[3]", "", "null"),
            ("de", "e\nf", "e\\nf"),
            ("a", "2", "2"),
        ];
        assert_eq!(seen, want.map(|(k, v, s)| (k.to_owned(), v, s)));
        assert_eq!(settings[4].key_span.of(text), "d\\u0065");
        assert_eq!(settings[3].quoting, Quoting::Plain);
    }

    #[test]
    fn faults_tell_the_place_and_nothing_else() {
        let fault = STRICT.parse("{\n  \"a\": hunter2\n}").expect_err("a bare word");
        assert_eq!((fault.kind, fault.line), ("not valid JSON", 2));
        assert!(STRICT.parse("{\"a\": 1, // c\n}").is_err());
        assert!(STRICT.parse("{\"a\": 'x'}").is_err());
        assert_eq!(LENIENT.parse("{\"a\": 1, // c\n}").expect("comments").len(), 1);
        assert!(STRICT.parse(&"[".repeat(100_000)).is_err());
        assert!(STRICT.parse("").expect("empty").is_empty());
    }

    #[test]
    fn values_are_written_as_their_kind() {
        let text = r#"{"s": "old", "n": 1, "b": true, "z": null}"#;
        let settings = STRICT.parse(text).expect("valid");
        let write = |i: usize, v: &str| {
            STRICT.encode(&Secret::copy_of(v), &settings[i]).map(|new| splice(text, settings[i].span, new.expose())).ok()
        };
        assert_eq!(write(0, "a\"b\\\n\u{1}").as_deref(), Some(r#"{"s": "a\"b\\\n\u0001", "n": 1, "b": true, "z": null}"#));
        assert_eq!(write(1, "2.5e3").as_deref(), Some(r#"{"s": "old", "n": 2.5e3, "b": true, "z": null}"#));
        assert_eq!(write(1, "two"), None);
        assert_eq!(write(2, "false").as_deref(), Some(r#"{"s": "old", "n": 1, "b": false, "z": null}"#));
        assert_eq!(write(2, "yes"), None);
        assert_eq!(write(3, "x").as_deref(), Some(r#"{"s": "old", "n": 1, "b": true, "z": "x"}"#));
        for (text, number) in [("0", true), ("-1.5", true), ("01", false), ("1.", false), ("1e", false), ("1e+5", true), ("", false)] {
            assert_eq!(is_number(text), number, "{text}");
        }
    }

    #[test]
    fn names() {
        let claim = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            (STRICT.claims(path, name, ""), LENIENT.claims(path, name, ""))
        };
        assert_eq!(claim("package.json"), (Claim::Name, Claim::No));
        assert_eq!(claim("config.json.example"), (Claim::Name, Claim::No));
        for lenient in ["a/appsettings.Docker.json", "tsconfig.build.json", ".vscode/settings.json", "x.jsonc", "a.code-workspace"] {
            assert_eq!(claim(lenient), (Claim::No, Claim::Name), "{lenient}");
        }
        assert_eq!(claim("a.yaml"), (Claim::No, Claim::No));
    }

    #[test]
    fn fixtures_keep_everything_else() {
        assert_eq!(STRICT.parse(PLAIN).expect("valid").len(), 9);
        assert_eq!(LENIENT.parse(COMMENTS).expect("valid").len(), 4);
        for value in ["x", "", "a\"b\\c", "two\nlines", "ünï \u{1F375}", "1", "true"] {
            check(&STRICT, PLAIN, value);
            check(&LENIENT, COMMENTS, value);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_text_can_be_tried(text in "\\PC{0,80}", value in "\\PC{0,12}") {
            check(&STRICT, &text, &value);
            check(&LENIENT, &text, &value);
        }

        #[test]
        fn any_string_can_be_written(old in "[a-z é]{0,8}", key in "[a-z]{0,4}", value in ".{0,16}") {
            let text = format!("{{\"{key}\": [\"{old}\", {{\"k\": null}}, 12]}}\r\n");
            assert_eq!(check(&STRICT, &text, &value).0, 2 + usize::from(is_number(&value)));
        }

        #[test]
        fn nearly_json(text in "([{}\\[\\]:,\"\\\\ 10é]|\"a\"|true|null|//|/\\*|\\\\u00){0,20}") {
            check(&LENIENT, &text, "v");
        }
    }
}
