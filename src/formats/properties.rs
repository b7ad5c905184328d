//! Java properties, as `java.util.Properties.load` reads them.
//!
//! <https://docs.oracle.com/javase/8/docs/api/java/util/Properties.html#load-java.io.Reader->. Values may hold JAAS options
//! (`password="x"`), which become settings of their own below the value's name.

use super::format::{Claim, EncodeError, Format};
use super::lines::{base_name, byte, commented, line_at, skip_blanks};
use super::parts::option_path;
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::span::Span;

/// Java properties files.
pub(super) struct Properties;

impl Format for Properties {
    fn name(&self) -> &'static str {
        "properties"
    }

    fn claims(&self, _path: &str, file_name: &str, _head: &str) -> Claim {
        if base_name(&file_name.to_ascii_lowercase()).ends_with(".properties") { Claim::Name } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let mut settings = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let (first, mut next) = line_at(text, at);
            let start = blanks(text, first.start, first.end);
            at = next;
            if start == first.end {
                continue;
            }
            if matches!(byte(text, start), b'#' | b'!') {
                settings.extend(commented(text, Span::new(start, first.end)));
                continue;
            }
            let mut end = first.end;
            while is_open(Span::new(start.max(line_start(text, end)), end).of(text)) && next < text.len() {
                let (line, after) = line_at(text, next);
                (end, next) = (line.end, after);
            }
            at = next;
            entry(text, Span::new(start, end), end > first.end, &mut settings);
        }
        Ok(settings)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        let text = value.expose();
        if place.quoting == Quoting::Double {
            let fits = text.bytes().all(|b| (b' '..0x7f).contains(&b) && !b"\"\\".contains(&b));
            return if fits { Ok(value.clone()) } else { Err(EncodeError("an option of a login module holds plain ASCII without quotes")) };
        }
        Ok(escape(text))
    }
}

/// One logical line: `line` runs from its first to its last byte.
fn entry(text: &str, line: Span, continued: bool, out: &mut Vec<Setting>) {
    let key_end = key_end(text, line);
    let gap = blanks(text, key_end, line.end);
    let signed = gap < line.end && matches!(byte(text, gap), b'=' | b':');
    let start = if signed { blanks(text, gap + 1, line.end) } else { gap };
    let key = Span::new(line.start, key_end);
    let (name, _) = unescape(key.of(text));
    let value = Span::new(start, line.end);
    let (read, exact) = unescape(value.of(text));
    let path = KeyPath::of(name.expose());
    let mut whole = Setting::new(path.clone(), key, read, value, Quoting::Plain);
    // A name alone has no place for a value without a sign
    whole.editable = exact && !continued && start > key_end;
    let editable = whole.editable || (exact && continued);
    let at = out.len();
    out.push(whole);
    options(text, value, &path, editable, out);
    // A value with options is edited one option at a time
    let alone = out.len() == at + 1;
    if let Some(whole) = out.get_mut(at) {
        whole.editable &= alone;
    }
}

/// `name="x"` inside a value. JAAS: <https://docs.oracle.com/javase/8/docs/api/javax/security/auth/login/Configuration.html>.
fn options(text: &str, value: Span, path: &KeyPath, editable: bool, out: &mut Vec<Setting>) {
    let raw = value.of(text);
    // a server that lists its accounts says the password of its own twice: both change, or neither
    let editable = editable && !raw.contains("user_");
    let mut at = 0;
    while let Some(found) = raw.get(at..).and_then(|r| r.find("=\"")) {
        let sign = at + found;
        let open = sign + 2;
        let Some(len) = raw.get(open..).and_then(|r| r.find('"')) else { return };
        let before = raw.get(..sign).unwrap_or("");
        let name = before.len() - before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')).len();
        let inner = raw.get(open..open + len).unwrap_or("");
        if name > 0 && !inner.contains(['\\', '\n']) {
            let key = Span::new(value.start + sign - name, value.start + sign);
            let span = Span::new(value.start + open, value.start + open + len);
            let mut option = Setting::new(path.join(&option_path(key.of(text))), key, Secret::copy_of(inner), span, Quoting::Double);
            option.editable = editable;
            out.push(option);
        }
        at = open + len + 1;
    }
}

/// Java's white space within a line.
fn blanks(text: &str, at: usize, end: usize) -> usize {
    let mut at = skip_blanks(text, at, end);
    while at < end && byte(text, at) == b'\x0c' {
        at = skip_blanks(text, at + 1, end);
    }
    at
}

fn line_start(text: &str, end: usize) -> usize {
    text.get(..end).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1)
}

/// Whether an odd number of backslashes ends the line.
fn is_open(line: &str) -> bool {
    (line.len() - line.trim_end_matches('\\').len()) % 2 == 1
}

fn key_end(text: &str, line: Span) -> usize {
    let mut at = line.start;
    while at < line.end {
        match byte(text, at) {
            b'\\' => at += 2,
            b'=' | b':' | b' ' | b'\t' | b'\x0c' => return at,
            _ => at += 1,
        }
    }
    line.end
}

/// `raw` with escapes and line continuations resolved, and whether all of it could be read.
fn unescape(raw: &str) -> (Secret, bool) {
    let mut out = String::with_capacity(raw.len());
    let mut exact = true;
    let mut units: Vec<u16> = Vec::new();
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('u') => {
                units.clear();
                unit(&mut chars, &mut units);
                while chars.clone().take(2).eq("\\u".chars()) && units.last().is_some_and(|u| (0xd800..0xdc00).contains(u)) {
                    chars.next();
                    chars.next();
                    unit(&mut chars, &mut units);
                }
                exact &= !units.is_empty();
                for decoded in char::decode_utf16(units.iter().copied()) {
                    exact &= decoded.is_ok();
                    out.push(decoded.unwrap_or('\u{fffd}'));
                }
            }
            Some('\n' | '\r') => while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {},
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('f') => out.push('\x0c'),
            Some(other) => out.push(other),
            None => exact = false,
        }
    }
    (Secret::new(out), exact)
}

/// Four hexadecimal digits; nothing is taken if there are fewer.
fn unit(chars: &mut std::iter::Peekable<std::str::Chars>, units: &mut Vec<u16>) {
    let digits: String = chars.clone().take(4).collect();
    if digits.len() == 4
        && digits.chars().all(|c| c.is_ascii_hexdigit())
        && let Ok(unit) = u16::from_str_radix(&digits, 16)
    {
        units.push(unit);
        chars.nth(3);
    }
}

fn escape(value: &str) -> Secret {
    // The longest escape turns two bytes into six, or four into twelve
    let mut out = String::with_capacity(value.len() * 6);
    let mut before = ' ';
    for (i, c) in value.chars().enumerate() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0c' => out.push_str("\\f"),
            ' ' | '=' | ':' if i == 0 => out.extend(['\\', c]),
            // Unescaped, it would look like the option of a login module
            '"' if before == '=' => out.push_str("\\\""),
            ' '..='~' => out.push(c),
            // Java before 9 reads the file as Latin-1
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                out.push_str("\\u");
                out.extend([12, 8, 4, 0].iter().filter_map(|shift| char::from_digit(u32::from(unit >> shift) & 15, 16)));
            }),
        }
        before = c;
    }
    Secret::new(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Format, Properties};
    use crate::formats::lines::{check, splice};
    use crate::model::secret::Secret;
    use crate::model::setting::Role;

    const PLAIN: &str = include_str!("../../fixtures/formats/properties/plain.properties");

    fn found(text: &str) -> Vec<(String, String)> {
        let settings = Properties.parse(text).expect("any text parses");
        settings.iter().map(|s| (s.key.to_string(), s.value.expose().to_owned())).collect()
    }

    #[test]
    fn lines_are_read_as_java_reads_them() {
        for (text, key, value) in [
            ("a=b", "a", "b"),
            ("a = b ", "a", "b "),
            ("a:b", "a", "b"),
            ("a b", "a", "b"),
            ("a", "a", ""),
            ("a=", "a", ""),
            ("  a\t=\tb", "a", "b"),
            ("a\\ c=b", "\"a c\"", "b"),
            ("a=b\\\n  c", "a", "bc"),
            ("a=b\\\r\n  c\r\n", "a", "bc"),
            ("a=b\\\\", "a", "b\\"),
            ("a=\\u8336\\t.", "a", "茶\t."),
            ("a=\\ud83c\\udf75", "a", "🍵"),
            ("a==b", "a", "=b"),
            ("a=b#c", "a", "b#c"),
            ("a=C\\:\\\\pots", "a", "C:\\pots"),
        ] {
            assert_eq!(found(text), [(key.to_owned(), value.to_owned())], "{text:?}");
        }
        assert!(found("# c\n! d\n\n").is_empty());
    }

    #[test]
    fn options_inside_a_value_are_settings_of_their_own() {
        let settings = Properties.parse(PLAIN).expect("parses");
        let option = settings.iter().find(|s| s.key.to_string() == "\"sasl.jaas.config\".password").expect("there");
        assert_eq!((option.value.expose(), option.span.of(PLAIN), option.editable), ("scones", "scones", true));
        let whole = settings.iter().find(|s| s.key.to_string() == "\"sasl.jaas.config\"").expect("there");
        assert_eq!(whole.value.expose(), "Module required username=\"tea\" password=\"scones\";");
        assert!(!whole.editable, "a continued value is not edited as a whole");
        assert!(whole.span.of(PLAIN).ends_with("password=\"scones\";"));
    }

    #[test]
    fn values_are_escaped() {
        let settings = Properties.parse("a=b\nkey").expect("parses");
        let write =
            |v: &str| splice("a=b\nkey", settings[0].span, Properties.encode(&Secret::copy_of(v), &settings[0]).expect("fits").expose());
        assert_eq!(write(" x\\y\n茶"), "a=\\ x\\\\y\\n\\u8336\nkey");
        assert!(!settings[1].editable);
    }

    #[test]
    fn fixtures_keep_everything_else() {
        let settings = Properties.parse(PLAIN).expect("parses");
        assert_eq!(settings.len(), 9);
        assert_eq!(settings.iter().filter(|s| s.role == Role::Commented).count(), 1);
        for value in ["x", "", "a b", " lead", "trail\\", "=x", "#x", "a\"b", "two\nlines", "ünï \u{1F375}", "${REF}"] {
            check(&Properties, PLAIN, value);
        }
    }

    #[test]
    fn an_option_within_quotes_of_its_own() {
        check(&Properties, "=\"d83c=\"\"", "=");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn any_text_can_be_read_and_spliced(text in "\\PC{0,60}", value in ".{0,12}") {
            check(&Properties, &text, &value);
        }

        #[test]
        fn properties_like_text(text in "([=:#!\"\\\\ aé\r\n\t]|\na=|\\\\u|d83c|=\"){0,20}", value in "[a#'\"\\\\ =:\n]{0,6}") {
            check(&Properties, &text, &value);
        }
    }
}
