//! The measured table, and dotenvy itself.

use proptest::prelude::{ProptestConfig, proptest};

use super::{Dialect, Reading, reading, readings, statement};
use crate::formats::env::assignments::Env;
use crate::formats::format::Format;

/// Case, file, and what node dotenv, python-dotenv, compose, docker, `sh` and dotenvy made of its last line (`crlf`: its first):
/// `=value`, `∅` not set, `!` refused or something else done, `~` dependent on the place.
const TABLE: &[(&str, &str, [&str; 6])] = &[
    ("plain", "A=abc", ["=abc", "=abc", "=abc", "=abc", "=abc", "=abc"]),
    ("inline-comment", "A=abc # c", ["=abc", "=abc", "=abc", "=abc # c", "=abc", "=abc"]),
    ("hash-nospace", "A=ab#c", ["=ab", "=ab#c", "=ab#c", "=ab#c", "=ab#c", "=ab#c"]),
    ("spaces", "A = abc ", ["=abc", "=abc", "=abc", "!", "!", "!"]),
    ("export", "export A=abc", ["=abc", "=abc", "=abc", "!", "=abc", "=abc"]),
    ("dq", "A=\"a b\"", ["=a b", "=a b", "=a b", "=\"a b\"", "=a b", "=a b"]),
    ("sq", "A='a b'", ["=a b", "=a b", "=a b", "='a b'", "=a b", "=a b"]),
    ("dq-comment", "A=\"a#b\" # c", ["=a#b", "=a#b", "=a#b", "=\"a#b\" # c", "=a#b", "=a#b"]),
    ("dq-n", "A=\"a\\nb\"", ["=a\nb", "=a\nb", "=a\nb", "=\"a\\nb\"", "=a\\nb", "=a\nb"]),
    ("sq-n", "A='a\\nb'", ["=a\\nb", "=a\\nb", "=a\\nb", "='a\\nb'", "=a\\nb", "=a\\nb"]),
    ("unq-n", "A=a\\nb", ["=a\\nb", "=a\\nb", "=a\\nb", "=a\\nb", "=anb", "=a\nb"]),
    ("dq-esc-quote", "A=\"a\\\"b\"", ["=a\\\"b", "=a\"b", "=a\"b", "=\"a\\\"b\"", "=a\"b", "=a\"b"]),
    ("sq-esc-quote", "A='a\\'b'", ["=a\\'b", "=a'b", "=a'b", "='a\\'b'", "!", "!"]),
    ("dollar-unq", "A=a$HOMEX", ["=a$HOMEX", "=a$HOMEX", "=a", "=a$HOMEX", "=a", "=a"]),
    ("dollar-dq", "A=\"a$HOMEX\"", ["=a$HOMEX", "=a$HOMEX", "=a", "=\"a$HOMEX\"", "=a", "!"]),
    ("dollar-sq", "A='a$HOMEX'", ["=a$HOMEX", "=a$HOMEX", "=a$HOMEX", "='a$HOMEX'", "=a$HOMEX", "=a$HOMEX"]),
    ("braced-default", "A=${NOPE:-def}", ["=${NOPE:-def}", "=def", "=def", "=${NOPE:-def}", "=def", "="]),
    ("esc-dollar-dq", "A=\"a\\$b\"", ["=a\\$b", "=a\\$b", "=a$b", "=\"a\\$b\"", "=a$b", "=a$b"]),
    ("multiline-dq", "A=\"l1\nl2\"", ["=l1\nl2", "=l1\nl2", "=l1\nl2", "=\"l1", "=l1\nl2", "=l1\nl2"]),
    ("backtick", "A=`b`", ["=b", "=`b`", "=`b`", "=`b`", "~", "=`b`"]),
    ("equals", "A=a=b==", ["=a=b==", "=a=b==", "=a=b==", "=a=b==", "=a=b==", "=a=b=="]),
    (
        "url",
        "A=postgres://u:p%40w@h:5432/d?x=1&y=2#f",
        [
            "=postgres://u:p%40w@h:5432/d?x=1&y=2",
            "=postgres://u:p%40w@h:5432/d?x=1&y=2#f",
            "=postgres://u:p%40w@h:5432/d?x=1&y=2#f",
            "=postgres://u:p%40w@h:5432/d?x=1&y=2#f",
            "∅",
            "=postgres://u:p%40w@h:5432/d?x=1&y=2#f",
        ],
    ),
    ("empty", "A=", ["=", "=", "=", "=", "=", "="]),
    ("novalue", "A", ["∅", "∅", "∅", "∅", "!", "!"]),
    ("colon-sep", "A: abc", ["=abc", "∅", "=abc", "!", "!", "!"]),
    ("space-in-unq", "A=a b", ["=a b", "=a b", "=a b", "=a b", "!", "!"]),
    ("unbalanced", "A=\"abc", ["=\"abc", "∅", "!", "=\"abc", "!", "!"]),
    ("dup", "A=1\nA=2", ["=2", "=2", "=2", "=2", "=2", "=2"]),
    ("crlf", "A=abc\r\nB=1\r\n", ["=abc", "=abc", "=abc", "=abc", "=abc\r", "=abc"]),
    ("bom", "\u{feff}A=abc", ["=abc", "=abc", "=abc", "=abc", "!", "!"]),
    ("nonascii", "A=é中", ["=é中", "=é中", "=é中", "=é中", "=é中", "=é中"]),
    ("dollar-end", "A=pa$$w", ["=pa$$w", "=pa$$w", "=pa$w", "=pa$$w", "~", "=pa"]),
    ("paren", "A=a(b)c", ["=a(b)c", "=a(b)c", "=a(b)c", "=a(b)c", "!", "=a(b)c"]),
    ("semicolon", "A=a;b", ["=a;b", "=a;b", "=a;b", "=a;b", "!", "=a;b"]),
    ("bang", "A=a!b", ["=a!b", "=a!b", "=a!b", "=a!b", "=a!b", "=a!b"]),
    ("backslash", "A=C:\\temp\\x", ["=C:\\temp\\x", "=C:\\temp\\x", "=C:\\temp\\x", "=C:\\temp\\x", "=C:tempx", "!"]),
    ("tilde", "A=~/x", ["=~/x", "=~/x", "=~/x", "=~/x", "~", "=~/x"]),
    ("lead-space", "  A=abc", ["=abc", "=abc", "=abc", "=abc", "=abc", "=abc"]),
    ("dash-key", "A-B=abc", ["=abc", "=abc", "=abc", "=abc", "!", "!"]),
    ("trail-text", "A=\"x\"y", ["=\"x\"y", "∅", "=x", "=\"x\"y", "=xy", "=xy"]),
    ("sq-in-unq", "A=it's", ["=it's", "=it's", "=it's", "=it's", "!", "!"]),
    ("safe64", "A=aZ09_-aZ09_-", ["=aZ09_-aZ09_-", "=aZ09_-aZ09_-", "=aZ09_-aZ09_-", "=aZ09_-aZ09_-", "=aZ09_-aZ09_-", "=aZ09_-aZ09_-"]),
    ("b64url=", "A=aZ09_-==", ["=aZ09_-==", "=aZ09_-==", "=aZ09_-==", "=aZ09_-==", "=aZ09_-==", "=aZ09_-=="]),
    ("b64std", "A=aZ+/9==", ["=aZ+/9==", "=aZ+/9==", "=aZ+/9==", "=aZ+/9==", "=aZ+/9==", "=aZ+/9=="]),
    ("comma-star", "A=a,b*c", ["=a,b*c", "=a,b*c", "=a,b*c", "=a,b*c", "=a,b*c", "=a,b*c"]),
    ("percent", "A=a%b", ["=a%b", "=a%b", "=a%b", "=a%b", "=a%b", "=a%b"]),
    ("caret-tilde.", "A=a~b.c~", ["=a~b.c~", "=a~b.c~", "=a~b.c~", "=a~b.c~", "=a~b.c~", "=a~b.c~"]),
];

fn shown(reading: &Reading) -> String {
    match reading {
        Reading::Value(value) => format!("={}", value.expose()),
        Reading::Unset => "∅".to_owned(),
        Reading::Refused => "!".to_owned(),
        Reading::Computed => "~".to_owned(),
    }
}

#[test]
fn every_case_reads_as_measured() {
    for (case, file, want) in TABLE {
        let line = match *case {
            "dup" => "A=2",
            "crlf" => "A=abc\r\n",
            _ => file,
        };
        let seen: Vec<String> = readings(line).iter().map(|(_, r)| shown(r)).collect();
        assert_eq!(seen, *want, "{case}");
    }
}

#[test]
fn statements_are_cut_from_the_file() {
    let text = "# c\nA=1\n  export B=\"x\ny\" # d\r\nC=3";
    let settings = Env.parse(text).expect("any text parses");
    let cut: Vec<&str> = settings.iter().map(|s| statement(text, s)).collect();
    assert_eq!(cut, ["A=1\n", "  export B=\"x\ny\" # d\r\n", "C=3"]);
}

#[test]
fn disagreement_is_seen() {
    let differ = |line: &str| !reading(line, Dialect::Dotenvy).same_as(&reading(line, Dialect::Compose));
    for line in ["A=pa$$w", "A=a\\nb", "A=C:\\temp", "A: b", "A=a b", "A=it's"] {
        assert!(differ(line), "{line}");
    }
    for line in ["A=abc", "A='a b'", "A=\"a\\nb\"", "A=abc # c", "A=$HOMEX", "A="] {
        assert!(!differ(line), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn dotenvy_reads_as_dotenvy_does(value in "[ab =:#'\"\\\\n{}$ \t.é-]{0,12}", lead in "(A=|A =|export A=| A= |A: |export=|A-B=)") {
        let line = format!("{lead}{value}\n");
        let theirs = match dotenvy::from_read_iter(line.as_bytes()).next() {
            Some(Ok((_, value))) => format!("={value}"),
            Some(Err(_)) => "!".to_owned(),
            None => "∅".to_owned(),
        };
        assert_eq!(shown(&reading(&line, Dialect::Dotenvy)), theirs, "{line:?}");
    }

    #[test]
    fn no_reader_panics(line in "([ab=:#'\"\\\\n{}$`~&;\n\r\té-]|export |A=){0,20}") {
        assert_eq!(readings(&line).len(), Dialect::ALL.len());
    }
}
