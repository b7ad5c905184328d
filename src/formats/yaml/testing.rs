//! What the tests of the YAML formats share.

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};

use crate::formats::format::Format;
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Setting};
use crate::model::span::Span;

/// Values that one or the other place cannot take, or must write with care.
pub(super) const NASTY: &[&str] = &[
    "aB3_kZ-9plain",
    "true",
    "No",
    "0123",
    "12e4",
    "2024-01-31",
    "~",
    "a: b #c",
    "it's \"q\" \\ $x",
    "one\ntwo\n",
    "two\n\nthree",
    "ü€😀, x]}",
    "",
    "-lead",
    "${X:?must}",
    "x:",
    " sp ",
    "#hash",
    "\u{85}\u{2028}\u{feff}\u{7}",
    "%a",
    "@b",
    "*c",
    "&d",
    "!e",
    "---",
    "...",
    "a\tb",
    "-----BEGIN X-----\nYWJj\n-----END X-----\n",
    "\r\n",
    "  \n x",
];

/// The settings of `text`; a fault fails the test.
pub(super) fn parsed(format: &dyn Format, text: &str) -> Vec<Setting> {
    match format.parse(text) {
        Ok(settings) => settings,
        Err(fault) => panic!("{} at {}:{} in:\n{text}", fault.kind, fault.line, fault.column),
    }
}

/// `key=value` of each setting, in file order, with documents after the first numbered.
pub(super) fn shown(format: &dyn Format, text: &str) -> Vec<String> {
    parsed(format, text).iter().map(line).collect()
}

fn line(setting: &Setting) -> String {
    let part = if setting.part == 0 { String::new() } else { format!("{}:", setting.part) };
    format!("{part}{}={}", setting.key, setting.value.expose())
}

/// The setting at `key`.
pub(super) fn at<'s>(settings: &'s [Setting], key: &str) -> &'s Setting {
    settings.iter().find(|setting| setting.key.to_string() == key).unwrap_or_else(|| panic!("no {key}"))
}

/// The text with `value` written at `key`.
pub(super) fn written(format: &dyn Format, text: &str, key: &str, value: &str) -> Result<String, &'static str> {
    let settings = parsed(format, text);
    let place = at(&settings, key);
    let encoded = format.encode(&Secret::copy_of(value), place).map_err(|error| error.0)?;
    let mut text = text.to_owned();
    text.replace_range(place.span.start..place.span.end, encoded.expose());
    Ok(text)
}

/// Spans lie in the text, on characters.
pub(super) fn check_spans(text: &str, settings: &[Setting]) {
    for setting in settings {
        for span in [setting.span, setting.key_span] {
            assert!(text.get(span.start..span.end).is_some(), "{} has {span:?} in:\n{text}", setting.key);
        }
    }
}

/// Writes `value` at each editable place in turn: it must be refused, or be read again there with all else as it was.
/// Returns how many were written.
pub(super) fn check_splices(format: &dyn Format, text: &str, value: &str) -> usize {
    let settings = parsed(format, text);
    check_spans(text, &settings);
    let mut count = 0;
    for (number, place) in settings.iter().enumerate().filter(|(_, place)| place.editable) {
        let breaks = if place.layer == Layer::None && !value.ends_with('\n') { place.around.tail } else { 0 };
        let value = format!("{value}{}", "\n".repeat(breaks));
        let Ok(encoded) = format.encode(&Secret::copy_of(&value), place) else { continue };
        count += 1;
        let mut new = text.to_owned();
        new.replace_range(place.span.start..place.span.end, encoded.expose());
        let end = place.span.start + encoded.len();
        let touches = |o: &Setting, end: usize| {
            let inside = o.span.start <= place.span.start && end <= o.span.end;
            let around = |span: Span| span.start < end && place.span.start < span.end;
            inside || around(o.span) || around(o.key_span)
        };
        let mut expected: Vec<String> = Vec::new();
        for (i, old) in settings.iter().enumerate() {
            if i == number {
                expected.push(line(&Setting { value: Secret::copy_of(&value), ..old.clone() }));
            } else if !touches(old, place.span.end) {
                expected.push(line(old));
            }
        }
        let me = line(&Setting { value: Secret::copy_of(&value), ..place.clone() });
        let got: Vec<String> = parsed(format, &new).iter().filter(|s| line(s) == me || !touches(s, end)).map(line).collect();
        assert_eq!(got, expected, "{value:?} at {} of:\n{text}\ngave:\n{new}", place.key);
    }
    count
}

/// Nasty values, and any text.
pub(super) fn values() -> BoxedStrategy<String> {
    prop_oneof![
        3 => (0..NASTY.len()).prop_map(|i| NASTY.get(i).copied().unwrap_or("").to_owned()),
        1 => "[A-Za-z][A-Za-z0-9_-]{0,20}",
        2 => "[ -~]{0,12}",
        1 => any::<String>(),
        1 => Just(String::new()),
    ]
    .boxed()
}

/// A reader of random bytes, each a choice.
pub(super) struct Tape<'t>(pub(super) std::slice::Iter<'t, u8>);

impl Tape<'_> {
    /// A number below `n`; 0 when the tape has ended.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % n)
    }

    /// One of `options`.
    pub(super) fn one<'o>(&mut self, options: &[&'o str]) -> &'o str {
        let i = self.below(options.len());
        options.get(i).copied().unwrap_or("")
    }
}

const SCALARS: &[&str] = &[
    "plain",
    "'single'",
    "'it''s'",
    "\"double\"",
    "\"esc \\\" \\n \\u20ac\"",
    "\"folded\n@  twice\\\n@  joined\"",
    "two lines\n@  folded",
    "&@a anchored",
    "!!str 5",
    "!x 'tagged'",
    "",
    "~",
    "8080",
    "true # comment",
    "",
    "|\n@  literal\n@  more\n",
    "|-\n@  literal\n@    deeper\n\n@  end",
    "|+\n@  kept\n\n",
    ">\n@  folded\n@  more\n\n@  end",
    ">-\n@  folded\n",
    "|2 # head > er\n@   explicit\n",
    "[a, 'b', \"c\", ]",
    "{a: b, c: , \"d\": 'e', f: [g, {h: i}]}",
    "http://user:pass@host/path?x=1#y",
];

/// A random map in block style, `indent` deep.
pub(super) fn map(tape: &mut Tape<'_>, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    for i in 0..=tape.below(4) {
        let key = tape.one(&["key", "\"quoted\"", "'single'", "größe", "PASSWORD", "a.b"]);
        match if indent < 6 { tape.below(8) } else { 7 } {
            0 => {
                out.push_str(&format!("{pad}{key}{i}:\n").replace("\"0", "0\"").replace("\"1", "1\""));
                map(tape, indent + 2, out);
            }
            1 => {
                out.push_str(&format!("{pad}list{i}:\n"));
                for _ in 0..=tape.below(3) {
                    let item = scalar(tape, indent, i);
                    out.push_str(&format!("{pad}- {item}\n"));
                }
            }
            2 => {
                out.push_str(&format!("{pad}maps{i}:\n{pad}  - "));
                let mut inner = String::new();
                map(tape, indent + 4, &mut inner);
                out.push_str(inner.trim_start_matches(' '));
            }
            3 => out.push_str(&format!("{pad}# comment: 'x\n\n")),
            _ => {
                let value = scalar(tape, indent, i);
                out.push_str(&format!("{pad}k{i}{}: {value}\n", tape.one(&["", "_x", "-y"])));
            }
        }
    }
}

fn scalar(tape: &mut Tape<'_>, indent: usize, number: usize) -> String {
    tape.one(SCALARS).replace("&@", &format!("&n{number}")).replace('@', &" ".repeat(indent))
}
