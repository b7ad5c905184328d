//! Name and value joined by `=`, `:` or markup, anywhere in a text.

use super::commands::is_metavariable;
use super::page::{Hit, LONGEST, Page, is_name};
use crate::model::setting::{Quoting, Setting};
use crate::model::span::Span;

/// Bytes that end a bare word in documents and code.
const STOPS: &[u8] = b"<>;,)|]}\\";

/// The pair that is joined by the sign at `at`. `found` is what was found before: a `value="x"` takes its name from a `name="k"`.
pub(super) fn pair(page: Page, at: usize, found: &[Setting]) -> Option<Hit> {
    let mut hit = if page.byte(at) == b'=' { assignment(page, at)? } else { entry(page, at)? };
    let raw = hit.value.of(page.text);
    // a call that goes on over lines
    if hit.quoting == Quoting::Plain && raw.ends_with('(') {
        return None;
    }
    if raw.len() > LONGEST || (raw != "*" && !raw.contains(char::is_alphanumeric)) {
        return None;
    }
    if hit.name.eq_ignore_ascii_case("value")
        && let Some(last) = found.last().filter(|s| hit.key.start.saturating_sub(s.span.end) < 256)
        && ["name", "key", "id"].iter().any(|n| last.name().eq_ignore_ascii_case(n))
        && last.value.expose().bytes().all(is_name)
    {
        hit.name = last.value.expose().to_owned();
    }
    Some(hit)
}

/// `<name>value</name>`: settings of XML files, not the mark-up of documents.
pub(super) fn element(page: Page, at: usize) -> Option<Hit> {
    let end = (at + 1..at + 66).find(|&i| !is_name(page.byte(i)))?;
    let name = Span::new(at + 1, end).of(page.text);
    const MARKUP: &[&str] =
        &["code", "td", "th", "li", "span", "strong", "pre", "div", "title", "kbd", "em", "dt", "dd", "option", "label"];
    if name.len() < 3 || page.byte(end) != b'>' || MARKUP.iter().any(|m| m.eq_ignore_ascii_case(name)) {
        return None;
    }
    let close = page.word_end(end + 1, b"<>")?;
    let value = Span::new(end + 1, close);
    let closed = page.is_at(close, "</") && page.is_at(close + 2, name) && page.byte(close + 2 + name.len()) == b'>';
    (closed && !value.is_empty()).then(|| Hit { name: name.to_owned(), key: Span::new(at + 1, end), value, quoting: Quoting::Plain })
}

/// `{default_pass, <<"lit">>}`, a pair of Erlang: the `<` at `at`.
pub(super) fn erlang(page: Page, at: usize) -> Option<Hit> {
    let comma = page.back(at).checked_sub(1)?;
    if !page.is_at(at, "<<\"") || page.byte(comma) != b',' {
        return None;
    }
    let name = page.name_back(page.back(comma))?;
    let (value, quoting) = page.in_quotes(at + 2)?;
    let opened = page.before(page.back(name.start)) == b'{';
    (opened && !value.is_empty()).then(|| Hit { name: name.of(page.text).to_owned(), key: name, value, quoting })
}

/// A long word in backticks behind a word that says what it is: a document's `the JWT secret` followed by the secret.
pub(super) fn quoted_word(page: Page, at: usize) -> Option<Hit> {
    let words = phrase(page, page.back(at))?;
    let said = words.of(page.text);
    let last = said.rsplit(' ').next().unwrap_or(said);
    let telling = ["secret", "password", "passphrase", "token", "key"].iter().any(|w| w.eq_ignore_ascii_case(last));
    if !telling || page.back(at) == at {
        return None;
    }
    let (value, quoting) = page.in_quotes(at)?;
    let raw = value.of(page.text);
    let random = raw.len() >= 16 && raw.bytes().any(|b| b.is_ascii_digit()) && raw.bytes().all(|b| b.is_ascii_graphic());
    (random && !raw.contains(['(', '='])).then(|| Hit { name: said.to_owned(), key: words, value, quoting })
}

/// A row of a table of variables in a document, name and default in backticks: the bar between the two, at `at`. Only a value of letters
/// and digits counts: what stands there else is a type, or says that the variable is required.
pub(super) fn table_cell(page: Page, at: usize) -> Option<Hit> {
    let closing = page.back(at).checked_sub(1).filter(|&i| page.byte(i) == b'`')?;
    let opening = page.ahead(at + 1);
    if page.byte(opening) != b'`' {
        return None;
    }
    let name = page.name_back(closing)?;
    let variable = name.of(page.text).bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !variable || page.before(name.start) != b'`' || !name.of(page.text).contains('_') {
        return None;
    }
    let (value, quoting) = page.in_quotes(opening)?;
    let raw = value.of(page.text).as_bytes();
    let mixed = raw.len() >= 6
        && raw.iter().any(u8::is_ascii_digit)
        && raw.iter().any(u8::is_ascii_alphabetic)
        && raw.iter().all(u8::is_ascii_graphic);
    mixed.then(|| Hit { name: name.of(page.text).to_owned(), key: name, value, quoting })
}

/// `ENV NAME value`, the old form of a Dockerfile: the word `ENV` at `at`, at the start of a line.
pub(super) fn docker_variable(page: Page, at: usize) -> Option<Hit> {
    if !page.is_at(at, "ENV ") || !page.text.get(at..)?.starts_with("ENV ") || !matches!(page.before(page.back(at)), 0 | b'\n') {
        return None;
    }
    let start = page.ahead(at + 4);
    let end = (start..start + 66).find(|&i| !is_name(page.byte(i)))?;
    let from = page.ahead(end);
    if end == start || from == end || page.byte(start).is_ascii_digit() || page.byte(from) == b'=' {
        return None;
    }
    let name = Span::new(start, end);
    let found = quoted_value(page, from).or_else(|| Some((Span::new(from, page.word_end(from, b"")?), Quoting::Plain)));
    let (value, quoting) = found.filter(|(v, _)| !v.is_empty() && v.of(page.text) != "\\")?;
    // a sentence is no instruction
    rest_is_comment(page, value.end + usize::from(quoting != Quoting::Plain)).then(|| Hit {
        name: name.of(page.text).to_owned(),
        key: name,
        value,
        quoting,
    })
}

struct Name {
    /// The name alone.
    span: Span,
    /// Where it begins with its quotes or marks.
    front: usize,
    quoted: bool,
}

/// `name = value`, `name=value`, `name := "v"`, `name => 'v'`.
fn assignment(page: Page, at: usize) -> Option<Hit> {
    let next = page.byte(at + 1);
    let arrow = next == b'>';
    // `:=` and `?=` of make
    let sign = if matches!(page.before(at), b':' | b'?') { at - 1 } else { at };
    if matches!(page.before(at), b'=' | b'!' | b'<' | b'>' | b'+' | b'/' | b'%' | b'^' | b'~' | b'|' | b'&') || matches!(next, b'=' | b'~')
    {
        return None;
    }
    let mut name = name_before(page, sign)?;
    // `name: Type = 'v'`
    let mut colon = page.back(name.front);
    // `&str`, `&'static str` of Rust
    if name.span.of(page.text) == "str" {
        let lifetime = colon.saturating_sub("&'static".len());
        colon =
            if page.is_at(lifetime, "&'static") { page.back(lifetime) } else { page.back(colon - usize::from(page.before(colon) == b'&')) };
    }
    if page.before(colon) == b':'
        && let Some(typed) = name_before(page, colon - 1)
        && colon < name.front
    {
        name = typed;
    }
    let after = page.ahead(at + 1 + usize::from(arrow));
    if let Some(value) = template(page, after).filter(|_| line_start(page, name.front)) {
        return Some(hit(page, &name, value, Quoting::Plain));
    }
    if let Some((value, quoting)) = quoted_value(page, after) {
        // the key that reaches a link on a page of HTML
        let link = value.len() == 1 && name.span.of(page.text).eq_ignore_ascii_case("accesskey");
        return (!link).then(|| hit(page, &name, value, quoting));
    }
    // `ALLOWED_HOSTS = ["*"]`
    if page.byte(after) == b'['
        && let Some((value, quoting)) = quoted_value(page, page.ahead(after + 1))
        && value.of(page.text) == "*"
        && page.byte(page.ahead(value.end + 1)) == b']'
    {
        return Some(hit(page, &name, value, quoting));
    }
    if arrow || !starts_word(page.byte(after)) {
        return None;
    }
    let option = Span::new(name.front.saturating_sub(2), name.front).of(page.text) == "--";
    // what follows is a pair of its own
    if option && matches!(name.span.of(page.text), "set" | "set-string" | "env" | "build-arg" | "from-literal" | "label" | "annotation") {
        return None;
    }
    let query = matches!(page.before(name.front), b'?' | b'&');
    if query && is_of_badge(page, name.front) {
        return None;
    }
    let leading = line_start(page, name.front);
    let stops: &[u8] = if query {
        b"&#<>;,)|]}\\"
    } else if leading {
        b"<>`"
    } else {
        STOPS
    };
    let end = page.word_end(after, stops)?;
    let mut value = Span::new(after, end);
    let spaced = after > at + 1 || page.back(sign) < sign;
    // With blanks round the sign, a bare word is a value in a configuration and a name in a program
    if spaced && (!leading || page.before(end) == b';' || !rest_is_comment(page, end)) {
        return None;
    }
    if !leading || spaced {
        value = trim_marks(page, value);
    }
    if option && is_metavariable(value.of(page.text)) {
        return None;
    }
    Some(hit(page, &name, value, Quoting::Plain))
}

/// Whether the parameter that begins at `front` is one of a picture's address: the token of a badge lets everybody see that badge.
fn is_of_badge(page: Page, front: usize) -> bool {
    const LONGEST: usize = 200;
    let before = Span::new(front.saturating_sub(LONGEST), front).narrowed(page.text).of(page.text);
    let address = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '\'' | '<')).next().unwrap_or("");
    let path = address.split('?').next().unwrap_or("");
    path.contains("://") && (path.ends_with(".svg") || path.rsplit('/').next().is_some_and(|last| last.contains("badge")))
}

/// `name: value`, `"name": "value"`, `**name:** value`.
fn entry(page: Page, at: usize) -> Option<Hit> {
    let stars = (at + 1..at + 3).take_while(|&i| page.byte(i) == b'*').count();
    let from = at + 1 + stars;
    let after = page.ahead(from);
    let mut name = name_before(page, at)?;
    if after == from && !name.quoted && !matches!(page.byte(after), b'"' | b'\'') {
        return None;
    }
    if let Some(value) = template(page, after).filter(|_| line_start(page, name.front)) {
        return Some(hit(page, &name, value, Quoting::Plain));
    }
    if let Some((value, quoting)) = quoted_value(page, after) {
        if quoting == Quoting::Backtick && value.of(page.text).contains([' ', '(', '=', ':']) {
            return None;
        }
        if !name.quoted
            && quoting == Quoting::Backtick
            && let Some(words) = phrase(page, name.span.end)
        {
            name.span = words;
        }
        return Some(hit(page, &name, value, quoting));
    }
    if !starts_word(page.byte(after)) {
        return None;
    }
    let leading = line_start(page, name.front);
    let listed = matches!(page.before(page.back(name.front)), b'{' | b',');
    if !leading && !listed {
        return None;
    }
    let end = page.word_end(after, if listed { STOPS } else { b"`" })?;
    let value = trim_marks(page, Span::new(after, end));
    let ends = rest_is_comment(page, end) || (listed && matches!(page.byte(page.ahead(value.end)), b',' | b'}'));
    ends.then(|| hit(page, &name, value, Quoting::Plain))
}

fn hit(page: Page, name: &Name, value: Span, quoting: Quoting) -> Hit {
    let text = name.span.of(page.text);
    // `-Dname=value` hands a property to a Java program
    let property = text.starts_with('D') && page.before(name.span.start) == b'-' && page.before(name.span.start - 1) != b'-';
    let span = if property && text.len() > 1 { Span::new(name.span.start + 1, name.span.end) } else { name.span };
    Hit { name: span.of(page.text).to_owned(), key: span, value, quoting }
}

/// The name that ends before the sign at `sign`, in quotes, brackets or marks or bare.
fn name_before(page: Page, sign: usize) -> Option<Name> {
    let mut end = page.back(sign);
    let bracket = page.before(end) == b']';
    end -= usize::from(bracket);
    let stars = (0..2).take_while(|n| end > *n && page.byte(end - n - 1) == b'*').count();
    end -= stars;
    let quote = page.before(end);
    let quoted = matches!(quote, b'"' | b'\'' | b'`');
    let mut back = end;
    if quoted {
        end -= 1;
        end -= usize::from(page.before(end) == b'\\');
        back = end;
    } else if bracket {
        return None;
    }
    let span = page.name_back(back)?;
    let mut front = span.start;
    if quoted {
        if page.before(front) != quote {
            return None;
        }
        front -= 1;
        front -= usize::from(page.before(front) == b'\\');
    }
    front -= (0..2).take_while(|n| stars > 0 && front > *n && page.byte(front - n - 1) == b'*').count();
    Some(Name { span, front, quoted: quoted && quote != b'`' })
}

/// Up to four words that end at `end`, if they begin a line or a list item.
fn phrase(page: Page, end: usize) -> Option<Span> {
    let run = page.run_back(end, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' '));
    let text = run.of(page.text);
    let lead = text.len() - text.trim_start_matches([' ', '-']).len();
    let words = text.get(lead..)?;
    let skip = words.rmatch_indices(' ').nth(2).map_or(0, |(i, _)| i + 1);
    (!words.is_empty()).then(|| Span::new(run.start + lead + skip, end))
}

/// A value in quotes at `at`; one letter may stand before them, as string literals of many languages have it.
fn quoted_value(page: Page, at: usize) -> Option<(Span, Quoting)> {
    let prefixed = matches!(page.byte(at), b'b' | b'r' | b'f' | b'u' | b'L' | b'N' | b'@') && matches!(page.byte(at + 1), b'"' | b'\'');
    let (value, quoting) = page.in_quotes(at + usize::from(prefixed))?;
    (!value.of(page.text).trim().is_empty()).then_some((value, quoting))
}

/// `{{ x | default "y" }}` or `<%= x || "y" %>` at `at`, maybe in quotes, and nothing behind it: a value that a template puts in.
fn template(page: Page, at: usize) -> Option<Span> {
    let quoted = matches!(page.byte(at), b'"' | b'\'');
    let start = at + usize::from(quoted);
    let close = match (page.byte(start), page.byte(start + 1)) {
        (b'{', b'{') => "}}",
        (b'<', b'%') => "%>",
        _ => return None,
    };
    let end = (start..start + LONGEST).find(|&i| matches!(page.byte(i), 0 | b'\n'))?;
    let line = Span::new(start, end).of(page.text).trim_end();
    let line = if quoted { line.strip_suffix(['"', '\''])? } else { line };
    let inner = line.strip_suffix(close)?.get(2..)?;
    // one expression, with a text in it that may be a default
    (!inner.contains(close) && inner.contains(['"', '\''])).then(|| Span::new(start, start + line.len()))
}

/// Whether a bare value may begin with `b`.
fn starts_word(b: u8) -> bool {
    b > b' ' && !b"=>~{[(<,;)]}|&?\"'`\\".contains(&b)
}

/// Whether only marks of lists, quotes, comments and `export` stand before `at` on its line.
fn line_start(page: Page, at: usize) -> bool {
    let mut at = page.back(at);
    for word in ["export", "set", "ENV", "ARG"] {
        let before = at.saturating_sub(word.len());
        if Span::new(before, at).of(page.text) == word && !is_name(page.before(before)) {
            at = before;
        }
    }
    let run = page.run_back(at, |b| b" \t-*+>|#/\"'`$".contains(&b));
    matches!(page.before(run.start), 0 | b'\n' | b'\r')
}

/// Whether nothing but the end of a statement and a comment follows `end` on its line.
fn rest_is_comment(page: Page, end: usize) -> bool {
    let marks = (end..end + 2).take_while(|&i| matches!(page.byte(i), b',' | b';')).count();
    let rest = page.ahead(end + marks);
    match page.byte(rest) {
        0 | b'\n' | b'\r' => true,
        b'#' => rest > end,
        b'/' => page.byte(rest + 1) == b'/',
        b'<' => page.byte(rest + 1) == b'/',
        b'`' => true,
        b'|' => page.byte(rest + 1) != b'|',
        _ => false,
    }
}

/// `value` without the punctuation of a sentence or statement at its end.
fn trim_marks(page: Page, value: Span) -> Span {
    Span::new(value.start, value.start + value.of(page.text).trim_end_matches(['.', ',', ';', ':', '*']).len())
}
