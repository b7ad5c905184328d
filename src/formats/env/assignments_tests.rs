//! Env files as people write them.

use proptest::prelude::{ProptestConfig, proptest};

use super::{Env, Format};
use crate::formats::format::Claim;
use crate::formats::lines::{check, splice};
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};

const PLAIN: &str = include_str!("../../../fixtures/formats/env/plain.env");
const CRLF: &str = include_str!("../../../fixtures/formats/env/crlf.env");
const ODD: &str = include_str!("../../../fixtures/formats/env/odd.env");

fn parse(text: &str) -> Vec<Setting> {
    Env.parse(text).expect("any text parses")
}

fn one(text: &str) -> (String, String) {
    let settings = parse(text);
    assert_eq!(settings.len(), 1, "{text}");
    (settings[0].name().to_owned(), settings[0].value.expose().to_owned())
}

fn write(text: &str, value: &str) -> Result<String, &'static str> {
    let settings = parse(text);
    let place = &settings[0];
    assert!(place.editable, "{text}");
    let new = Env.encode(&Secret::copy_of(value), place).map_err(|e| e.0)?;
    Ok(splice(text, place.span, new.expose()))
}

#[test]
fn values_are_read_as_dotenv_reads_them() {
    for (line, value) in [
        ("A=abc", "abc"),
        ("A=abc # c", "abc"),
        ("A=ab#c", "ab#c"),
        ("A = abc ", "abc"),
        ("export A=abc", "abc"),
        ("A=\"a b\"", "a b"),
        ("A='a b'", "a b"),
        ("A=\"a#b\" # c", "a#b"),
        (r#"A="a\nb""#, "a\nb"),
        (r"A='a\nb'", r"a\nb"),
        (r"A=a\nb", r"a\nb"),
        (r#"A="a\"b""#, "a\"b"),
        (r"A='a\'b'", "a'b"),
        ("A=a$HOMEX", "a$HOMEX"),
        ("A=${NOPE:-def}", "${NOPE:-def}"),
        ("A=\"l1\nl2\"", "l1\nl2"),
        ("A=`b`", "`b`"),
        ("A=a=b==", "a=b=="),
        ("A=postgres://u:p%40w@h:5432/d?x=1&y=2#f", "postgres://u:p%40w@h:5432/d?x=1&y=2#f"),
        ("A=", ""),
        ("A= # later", ""),
        ("A: abc", "abc"),
        ("A=a b", "a b"),
        ("A=abc\r\n", "abc"),
        ("A=é中", "é中"),
        ("A=pa$$w", "pa$$w"),
        (r"A=C:\temp\x", r"C:\temp\x"),
        ("  A=abc", "abc"),
        ("A=it's", "it's"),
        ("A=#abc", "#abc"),
    ] {
        assert_eq!(one(line), ("A".to_owned(), value.to_owned()), "{line}");
    }
    assert_eq!(one("A-B=abc").0, "A-B");
    assert_eq!(one("export=1"), ("export".to_owned(), "1".to_owned()));
    assert!(parse("A\nsome words\n=x\n\n").is_empty());
}

#[test]
fn spans_lie_inside_the_quotes() {
    let text = "A = \"x y\" # c\nB=\nC='z'";
    let settings = parse(text);
    let spans: Vec<&str> = settings.iter().map(|s| s.span.of(text)).collect();
    assert_eq!(spans, ["x y", "", "z"]);
    assert_eq!(settings[1].span.start, text.find("B=").expect("there") + 2);
    assert_eq!(settings.iter().map(|s| s.quoting).collect::<Vec<_>>(), [Quoting::Double, Quoting::Plain, Quoting::Single]);
    assert_eq!(settings[0].key_span.of(text), "A");
}

#[test]
fn unbalanced_quotes_are_read_and_left_alone() {
    for line in ["A=\"abc", "A='abc", "A=\"x\"y"] {
        let settings = parse(line);
        assert_eq!(settings[0].value.expose(), &line[2..], "{line}");
        assert!(!settings[0].editable, "{line}");
    }
    let settings = parse("A=\"abc\nB=\"x\"\nC=1\n");
    assert_eq!(settings.iter().map(Setting::name).collect::<Vec<_>>(), ["A", "B", "C"], "an open quote does not swallow the file");
}

#[test]
fn comments_hold_settings_only_if_written_like_one() {
    let text = "#A=b\n# B='c d'\n## export C_1=x # y\n# see D=1 and E=2\n# lower=x\n# F=a b c\n# G: h\n#H=\"open\n#I=\n";
    let found: Vec<(String, String)> = parse(text).iter().map(|s| (s.name().to_owned(), s.value.expose().to_owned())).collect();
    let expected = [("A", "b"), ("B", "c d"), ("C_1", "x"), ("I", "")];
    assert_eq!(found, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    assert!(parse(text).iter().all(|s| s.role == Role::Commented));
}

#[test]
fn quotes_stay_and_are_added_only_where_needed() {
    assert_eq!(write("A=old # c", "new-1").as_deref(), Ok("A=new-1 # c"));
    assert_eq!(write("A= # c", "new").as_deref(), Ok("A=new # c"));
    assert_eq!(write("A=old", "a b").as_deref(), Ok("A='a b'"));
    assert_eq!(write("A=old", "it's").as_deref(), Ok("A=\"it's\""));
    assert_eq!(write("A=old", "pa$$w").as_deref(), Ok("A='pa$$w'"));
    assert_eq!(write("A=old", "a#b").as_deref(), Ok("A='a#b'"));
    assert_eq!(write("A=old", "redis://:n@${H}/${D:-0}").as_deref(), Ok("A=redis://:n@${H}/${D:-0}"));
    assert_eq!(write("A='old'", "a\"b$c").as_deref(), Ok("A='a\"b$c'"));
    assert_eq!(write("A=\"old\"", "a\"b\\c\nd").as_deref(), Ok("A=\"a\\\"b\\\\c\\nd\""));
    for (line, value) in
        [("A='old'", "it's"), ("A='old'", "a\nb"), ("A='old'", "a\\"), ("A=\"old\"", "pa$$w"), ("A=old", "a'$b$$"), ("A=old", "\0")]
    {
        assert!(write(line, value).is_err(), "{line} {value}");
    }
    assert!(!parse(r#"A="a\$b""#)[0].editable, "the dollar sign would become a reference");
}

#[test]
fn names_of_env_files() {
    let claim = |name: &str| Env.claims(name, name, "A=1\n");
    for name in [
        ".env",
        ".env.production",
        ".env.production.template",
        "db.env",
        "prod.env.example",
        "env.example",
        "env.sample",
        ".env-sample",
        "dotenv.example",
        ".ENV.local",
    ] {
        assert_eq!(claim(name), Claim::Special, "{name}");
    }
    for name in [".env.age", ".env.production.age", "env.ts", "foo.env.js", ".envrc", "environment.py", "env_spec.rb", "README.md"] {
        assert_eq!(claim(name), Claim::No, "{name}");
    }
    assert_eq!(Env.claims("env.example", "env.example", "server:\n  a\n  b\n"), Claim::No);
}

#[test]
fn fixtures_keep_everything_else() {
    assert_eq!(parse(PLAIN).len(), 15);
    assert_eq!(parse(CRLF).len(), 4);
    assert!(parse(CRLF).iter().all(|s| !s.value.expose().contains('\r')));
    assert_eq!(parse(ODD).iter().filter(|s| s.name() == "TWICE").count(), 2);
    for text in [PLAIN, CRLF, ODD] {
        for value in ["simple", "", "with space", "a'b", "q\"q", "dollar$1", "x#y", "#x", " lead", "ünï", "a\nb"] {
            check(&Env, text, value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_text_can_be_read_and_spliced(text in "\\PC{0,60}", value in "\\PC{0,12}") {
        check(&Env, &text, &value);
    }

    #[test]
    fn env_like_text_can_be_read_and_spliced(text in "([#A-C=:'\"\\\\ $`{}a\r\né]|export |A=|B=\"|C='|\n){0,24}", value in "[a #'\"\\\\\n$={}é-]{0,6}") {
        // A quote that never closes may be closed by one that a later value needs; the comparison after a rewrite refuses that
        let open = parse(&text).iter().any(|s| !s.editable && s.span.of(&text).starts_with(['"', '\'']));
        if !open {
            check(&Env, &text, &value);
        }
    }
}
