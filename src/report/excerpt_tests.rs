//! Tests of excerpts: what is shown, what is marked, and that no canary gets through.

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use zeroize::Zeroizing;

use super::{Excerpt, WIDTH, excerpt};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::severity::{Class, Severity};
use crate::model::span::{LineIndex, Span};
use crate::report::sample;

/// `text` in which `«key»value»` marks a setting; a setting without a name is `«»value»`.
fn document(marked: &str) -> Document {
    let (mut text, mut settings) = (String::new(), Vec::new());
    let mut pieces = marked.split('«');
    text.push_str(pieces.next().unwrap_or(""));
    for piece in pieces {
        let mut parts = piece.splitn(3, '»');
        let (name, value, rest) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        // the name was written just before, with up to four characters of punctuation between
        let from = text.rfind(name).filter(|_| !name.is_empty()).unwrap_or(text.len());
        let key_span = Span::new(from, from + name.len());
        let span = Span::new(text.len(), text.len() + value.len());
        settings.push(Setting::new(KeyPath::of(name), key_span, Secret::copy_of(value), span, Quoting::Plain));
        text.push_str(value);
        text.push_str(rest);
    }
    let lines = LineIndex::new(&text);
    let text = Zeroizing::new(text);
    let environment = Environment::Production;
    Document { path: "a".to_owned(), format: "env", environment, text, lossy: false, lines, settings, fault: None, marks: None }
}

fn finding(document: &Document, class: Class, setting: Option<usize>, span: Span) -> Finding {
    let line = document.lines.line(span.start);
    Finding { span, setting, ..sample::finding("r", class, Severity::High, "a", line, "k") }
}

/// The excerpt of a finding on the whole value of setting `n`.
fn of(document: &Document, class: Class, n: usize) -> Excerpt {
    excerpt(document, &finding(document, class, Some(n), document.settings[n].span))
}

/// The only line and what is marked on it.
fn line(excerpt: &Excerpt) -> (String, String) {
    assert_eq!(excerpt.lines.len(), 1);
    let line = &excerpt.lines[0];
    (line.text.clone(), line.text.chars().skip(line.mark.start).take(line.mark.len()).collect())
}

/// What a finding of `class` on setting `n` of `marked` shows.
fn shows(marked: &str, class: Class, n: usize) -> (String, String) {
    line(&of(&document(marked), class, n))
}

fn pair(text: &str, mark: &str) -> (String, String) {
    (text.to_owned(), mark.to_owned())
}

const M: &str = "••••••••";

#[test]
fn every_value_on_the_line_is_masked() {
    let json = "{\"user\": \"«user»bob»\", \"password\": \"«password»hunter2»\", \"debug\": «debug»true»}";
    let expected = format!("{{\"user\": \"{M}\", \"password\": \"{M}\", \"debug\": true}}");
    assert_eq!(shows(json, Class::DevSecret, 1), (expected, M.to_owned()));
}

#[test]
fn switches_are_shown_where_they_are_the_point() {
    assert_eq!(shows("DEBUG=«DEBUG»true»", Class::InsecureSetting, 0), pair("DEBUG=true", "true"));
    assert_eq!(shows("DEBUG=«DEBUG»true»", Class::DevSecret, 0), pair(&format!("DEBUG={M}"), M));
    assert_eq!(shows("PORT=«PORT»5432»", Class::InsecureSetting, 0), pair("PORT=5432", "5432"));
    assert_eq!(shows("PIN=«PIN»123456»", Class::WeakKey, 0), pair(&format!("PIN={M}"), M));
    // the neighbour's switch is hidden where its name says secret
    let both = "{A: «A»x», token: «token»debug», pin: «pin»1234»}";
    assert_eq!(shows(both, Class::DevSecret, 0).0, format!("{{A: {M}, token: {M}, pin: {M}}}"));
}

#[test]
fn urls_show_where_they_lead() {
    let marked = "URL=«URL»postgres://bob:hunter2@db:5432/app?sslmode=disable&x=y» # hunter2";
    let shown = format!("URL=postgres://{M}@db:5432/{M}?sslmode=disable&x={M} # {M}");
    let url = shown.strip_prefix("URL=").and_then(|s| s.strip_suffix(&format!(" # {M}"))).expect("as above");
    assert_eq!(shows(marked, Class::NonTlsUrl, 0), pair(&shown, url));
    let doc = document(marked);
    let part = doc.text.find("hunter2").expect("it is there");
    let on_password = finding(&doc, Class::DevSecret, Some(0), Span::new(part, part + 7));
    assert_eq!(line(&excerpt(&doc, &on_password)), pair(&shown, M));
    // a host that equals the password is no longer a harmless host
    let same = "URL=«URL»redis://:hunter@hunter:6379»";
    assert_eq!(shows(same, Class::NonTlsUrl, 0).0, format!("URL=redis://{M}@{M}:6379"));
}

#[test]
fn a_value_is_masked_wherever_it_stands_and_names_stay() {
    assert_eq!(shows("postgres=«postgres»postgres» # was postgres", Class::DevSecret, 0).0, format!("postgres={M} # was {M}"));
}

#[test]
fn what_looks_like_a_credential_in_a_comment_is_masked() {
    for (comment, expected) in [
        ("# old password: abc", format!("# old password: {M}")),
        ("# see http://u:p@h/x", format!("# see http://{M}@h/x")),
        ("# Authorization: Bearer abc", format!("# Authorization: Bearer {M}")),
        ("# hunter2", format!("# {M}")),
        ("# a comment of words", "# a comment of words".to_owned()),
    ] {
        assert_eq!(shows(&format!("A=«A»x» {comment}"), Class::DevSecret, 0).0, format!("A={M} {expected}"));
    }
}

#[test]
fn code_shows_its_shape() {
    let mut doc = document("const a = process.env.A || 'dev-secret', b = \"other\"");
    doc.format = "text";
    let at = doc.text.find("dev").expect("it is there");
    let found = finding(&doc, Class::DevSecret, None, Span::new(at, at + 10));
    assert_eq!(line(&excerpt(&doc, &found)), pair(&format!("const a = process.env.A || '{M}', b = \"{M}\""), M));
    let mut doc = document("get(url, verify=False)");
    doc.format = "text";
    let found = finding(&doc, Class::InsecureSetting, None, Span::new(9, 21));
    assert_eq!(line(&excerpt(&doc, &found)), pair("get(url, verify=False)", "verify=False"));
}

#[test]
fn a_private_key_shows_its_kind_only() {
    let text = ["-----BEGIN ", "RSA PRIVATE KEY-----\nMIIB\nAAAA\n-----END ", "RSA PRIVATE KEY-----\n"].concat();
    let doc = document(&text);
    let shown = excerpt(&doc, &finding(&doc, Class::HardcodedSecret, None, Span::new(0, text.len() - 1)));
    assert_eq!(line(&shown), pair("-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"));
}

#[test]
fn a_value_of_several_lines_is_masked_on_each() {
    let doc = document("A=\"«A»one\n  two\" # c» end");
    let shown = of(&doc, Class::WeakKey, 0);
    assert_eq!(shown.lines.len(), 2);
    assert_eq!((shown.lines[0].text.as_str(), shown.lines[0].number), (format!("A=\"{M}").as_str(), 1));
    assert_eq!((shown.lines[1].text.as_str(), shown.lines[1].mark.clone()), (format!("{M} end").as_str(), 0..8));
}

#[test]
fn what_could_deceive_is_escaped_and_tabs_are_blanks() {
    assert_eq!(shows("\tA\u{1b}[2J\u{202e}=«»abcd»\r\nB=x", Class::DevSecret, 0).0, format!("    A\\u{{1b}}[2J\\u{{202e}}={M}"));
}

#[test]
fn an_empty_value_is_marked_where_it_would_stand() {
    let shown = of(&document("A=«A»»"), Class::EmptySecret, 0);
    assert_eq!((shown.lines[0].text.as_str(), shown.lines[0].mark.clone()), ("A=", 2..3));
}

#[test]
fn long_lines_show_the_mark_within_the_width() {
    for pad in [100, 1_000, 100_000] {
        let words = "word ".repeat(pad);
        let (text, mark) = shows(&format!("{words} key: «key»secret» {words}"), Class::DevSecret, 0);
        assert_eq!(mark, M);
        assert!(text.contains(&format!("key: {M}")) && text.chars().count() <= WIDTH, "{text}");
        assert!(text.starts_with('…') && text.ends_with('…'), "{text}");
    }
}

/// Capitals and digits only, so that nothing else in the documents below is part of it; a capital first, for a small number is no secret and
/// may be shown.
fn canary() -> impl Strategy<Value = String> {
    "[QZXJKVWÉ][QZXJKVW0-9É]{3,23}"
}

fn piece() -> impl Strategy<Value = String> {
    let shapes = prop_oneof![
        Just("name=«name»@»"),
        Just("name: \"«name»@»\", "),
        Just("{\"name\": \"«name»@»\"}"),
        Just("«»@»"),
        Just("url=«url»postgres://user:@@host:1/db»\n"),
        Just("url=«url»postgres://@:x@host/@?a=@#@»\t"),
        Just("url=«url»http://host/@» "),
        Just("url=«url»http://a,b/@?sslmode=@»"),
        Just("key='«key»one\n@\ntwo»'\n"),
        Just("key=«key»${A:-@}»\n"),
        Just("x«on»true»\u{202e}\u{1b}"),
        Just("na=«na»@» # was @ \n"),
    ];
    (shapes, canary(), "[a-z#é ,\\n]{0,12}").prop_map(|(shape, canary, tail)| {
        shape.replace("@@", "\u{1}@").replace('@', "\u{1}").replace("\u{1}\u{1}", "\u{1}@").replace('\u{1}', &canary) + &tail
    })
}

proptest! {
    #[test]
    fn no_canary_gets_through(
        pieces in prop::collection::vec(piece(), 1..8),
        class in prop::sample::select(Class::ALL),
        pick in any::<prop::sample::Index>(),
        (from, to) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        bare in any::<bool>(),
        text_format in any::<bool>(),
    ) {
        let mut doc = document(&pieces.concat());
        if text_format {
            doc.format = "text";
        }
        let n = pick.index(doc.settings.len());
        let span = if bare {
            let places: Vec<usize> = doc.text.char_indices().map(|(i, _)| i).chain([doc.text.len()]).collect();
            let (a, b) = (*from.get(&places), *to.get(&places));
            Span::new(a.min(b), a.max(b))
        } else {
            doc.settings[n].span
        };
        let found = finding(&doc, class, (!bare).then_some(n), span);
        let shown = excerpt(&doc, &found);
        for line in &shown.lines {
            proptest::prop_assert!(line.text.chars().count() <= WIDTH);
            let capitals = line.text.replace("\\u", "");
            let runs: Vec<&str> = capitals.split(|c: char| !"QZXJKVW0123456789É".contains(c)).collect();
            proptest::prop_assert!(runs.iter().all(|run| run.chars().count() < 4), "{}", line.text);
        }
    }

    #[test]
    fn any_text_has_an_excerpt(text in "(?s).{0,300}", at in 0_usize..400, len in 0_usize..400, class in prop::sample::select(Class::ALL)) {
        let doc = document(&text.replace(['«', '»'], ""));
        let found = finding(&doc, class, None, Span::new(at, at + len));
        let shown = excerpt(&doc, &found);
        proptest::prop_assert!(shown.lines.len() <= 2 && shown.lines.iter().all(|l| l.text.chars().count() <= WIDTH));
        proptest::prop_assert!(shown.lines.iter().all(|l| !l.text.contains(crate::report::printable::is_hidden)));
    }
}
