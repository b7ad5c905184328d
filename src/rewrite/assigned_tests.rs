//! Values that are set: planned, spliced and proved.

use super::patch;
use crate::formats;
use crate::model::environment::Environment;
use crate::model::secret::Secret;
use crate::plan::{append, assign, matching};

/// `text` of the file `path` with `key` set; `None` where that is refused.
fn set(path: &str, text: &str, key: &str, value: &str) -> Option<String> {
    let document = formats::parse(path, text.as_bytes(), Environment::Production);
    let value = Secret::copy_of(value);
    let found = matching(&document, key);
    let assigned = if found.is_empty() { append(&document, key, &value) } else { assign(&document, &found, &value) };
    let new = patch(&document, &assigned.ok()?.planned).ok()?;
    Some(String::from_utf8(new.to_vec()).expect("text"))
}

#[test]
fn a_value_goes_into_its_place_in_every_format() {
    for (path, text, key, after) in [
        (".env", "# c\nexport A='x' # d\nB=y", "A", "# c\nexport A='new-1' # d\nB=y"),
        (".env", "A=\"x\" # $c\n", "A", "A=\"new-1\" # $c\n"),
        (".env", "A=x\r\nB=\r\n", "B", "A=x\r\nB=new-1\r\n"),
        ("a.yaml", "a:\n  b:\n    - k: x # c\n    - k: y\n", "a.b[1].k", "a:\n  b:\n    - k: x # c\n    - k: new-1\n"),
        ("a.yaml", "\"c.d\": {e: 'x'}\n", "\"c.d\".e", "\"c.d\": {e: 'new-1'}\n"),
        ("a.json", "{\"a\": {\"b\": [1, \"x\"]}}", "a.b[1]", "{\"a\": {\"b\": [1, \"new-1\"]}}"),
        ("a.toml", "[a]\nb = 'x' # c\n", "a.b", "[a]\nb = 'new-1' # c\n"),
        ("a.ini", "[a]\nb = x\n", "a.b", "[a]\nb = new-1\n"),
        ("application.properties", "a.b.c=x\n", "a.b.c", "a.b.c=new-1\n"),
    ] {
        assert_eq!(set(path, text, key, "new-1").as_deref(), Some(after), "{path} {key}");
    }
}

#[test]
fn an_env_file_gets_the_quotes_that_keep_the_value() {
    for (text, value, after) in [
        ("A=\"x\" # c\n", "a$HOME-1", "A='a$HOME-1' # c\n"),
        ("A=x\n", "two $words", "A='two $words'\n"),
        ("A='x'\n", "it's", "A=\"it's\"\n"),
        ("A=\"x\"\nB=1\n", "a#b c", "A=\"a#b c\"\nB=1\n"),
    ] {
        assert_eq!(set(".env", text, "A", value).as_deref(), Some(after), "{text}");
    }
}

#[test]
fn a_new_setting_goes_where_the_top_of_the_file_is() {
    for (path, text, value, after) in [
        (".env", "A=x", "new-1", "A=x\nNEW=new-1"),
        (".env", "A=x\r\n", "two words", "A=x\r\nNEW='two words'\r\n"),
        (".env", "", "it's \"so\"", "NEW=\"it's \\\"so\\\"\"\n"),
        ("a.yaml", "a: x\n", "p: #", "a: x\nNEW: \"p: #\"\n"),
        ("a.json", "{\n    \"a\": 1\n}\n", "q\"\\", "{\n    \"a\": 1,\n    \"NEW\": \"q\\\"\\\\\"\n}\n"),
        ("a.json", "{\"a\": 1}", "new-1", "{\"a\": 1, \"NEW\": \"new-1\"}"),
        ("a.json", "{}\n", "new-1", "{\"NEW\": \"new-1\"}\n"),
        ("a.toml", "a = 1\n\n[t]\nb = 2\n", "new-1", "a = 1\n\nNEW = \"new-1\"\n[t]\nb = 2\n"),
        ("application.properties", "a.b=1", "new-1", "a.b=1\nNEW=new-1"),
    ] {
        assert_eq!(set(path, text, "NEW", value).as_deref(), Some(after), "{path} {text}");
    }
}

#[test]
fn where_there_is_no_place_nothing_is_made_up() {
    for (path, text, key, value) in [
        ("a.yaml", "- a\n", "NEW", "x"),
        ("a.yaml", "a: 1\n---\nb: 2\n", "NEW", "x"),
        ("a.yaml", "a:\n  b: 1\n", "a.c", "x"),
        ("a.json", "[1]\n", "NEW", "x"),
        ("a.ini", "[a]\nb = 1\n", "NEW", "x"),
        ("a.ini", "[a]\nb = 1\n", "a.b", "two\nlines"),
        (".env", "A=1\n", "BAD-NAME", "x"),
        (".env", "A=1\n", "NEW", "it's $HOME"),
        (".env", "A=1\n", "A", "it's $HOME"),
        (".env", "A=1\n", "1A", "x"),
    ] {
        assert_eq!(set(path, text, key, value), None, "{path} {key}");
    }
}

#[test]
fn a_name_that_occurs_again_is_found_each_time() {
    let document = formats::parse(".env", b"A=1\nB=2\nA=3\n", Environment::Production);
    assert_eq!(matching(&document, "A"), [0, 2]);
    assert!(matching(&document, "a").is_empty());
}
