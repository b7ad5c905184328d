//! Secrets that a program's settings leave empty: `define('AUTH_KEY', '')`, `'password' => ''`, `SECRET_KEY = ''`.
//!
//! A variable that is only begun, and what a call falls back to, are none.

use super::page::{Far, Hit, Page};
use crate::model::key_path::words;
use crate::model::setting::{Quoting, Setting};
use crate::model::span::Span;

/// Last words of names that announce a secret.
const LAST: &[&str] = &["key", "keys", "pass", "passwd", "password", "pwd", "salt", "secret"];

/// The secrets without a value in `parts` of `text`; role `Prose`, not editable.
pub(in crate::formats) fn empties_in(text: &str, parts: &[Span]) -> Vec<Setting> {
    let far = Far::default();
    let page = Page { text, far: &far };
    let places = parts.iter().flat_map(|part| {
        let bytes = text.as_bytes().get(part.start..part.end).unwrap_or_default();
        memchr::memchr2_iter(b'"', b'\'', bytes).map(|i| part.start + i)
    });
    places.filter_map(|at| empty(page, at)).map(|hit| hit.into_setting(text)).collect()
}

/// The name before the quotes that open at `at` and close at once.
fn empty(page: Page, at: usize) -> Option<Hit> {
    let quote = page.byte(at);
    if page.byte(at + 1) != quote || page.byte(at + 2) == quote || page.before(at) == quote {
        return None;
    }
    // nothing is added to it
    if !matches!(page.byte(page.ahead(at + 2)), 0 | b'\n' | b'\r' | b',' | b';' | b')' | b']' | b'}' | b'#' | b'/') {
        return None;
    }
    let sign = page.back(at);
    let key = match (page.before(sign - sign.min(1)), page.before(sign)) {
        (_, b',') => quoted(page, page.back(sign - 1)).filter(|key| {
            let open = page.back(key.start - 1);
            page.before(open) == b'(' && page.name_back(page.back(open - 1)).is_some_and(|f| f.of(page.text).eq_ignore_ascii_case("define"))
        }),
        (b'=', b'>') => quoted(page, page.back(sign - 2)),
        (before, b':') if before != b':' => quoted(page, page.back(sign - 1)),
        (before, b'=') if !b"=!<>+-*/%^~|&.?:".contains(&before) => assigned(page, page.back(sign - 1)),
        _ => None,
    }?;
    let name = key.of(page.text);
    let telling = words(name).last().is_some_and(|word| LAST.contains(&word.as_str()));
    let quoting = if quote == b'"' { Quoting::Double } else { Quoting::Single };
    telling.then(|| Hit { name: name.to_owned(), key, value: Span::new(at + 1, at + 1), quoting })
}

/// The name in quotes that ends before `end`.
fn quoted(page: Page, end: usize) -> Option<Span> {
    let quote = page.before(end);
    let key = page.name_back(end.checked_sub(1)?)?;
    (matches!(quote, b'"' | b'\'') && page.before(key.start) == quote).then_some(key)
}

/// What is assigned to: an item of a map, or a constant or variable at the start of its line.
fn assigned(page: Page, end: usize) -> Option<Span> {
    if page.before(end) == b']' {
        return quoted(page, end - 1).filter(|key| page.before(key.start - 1) == b'[');
    }
    let key = page.name_back(end)?;
    let variable = page.before(key.start) == b'$';
    let first = matches!(page.before(key.start - usize::from(variable)), 0 | b'\n');
    let constant = !key.of(page.text).chars().any(char::is_lowercase);
    (first && (variable || constant) && !is_set_later(page, key)).then_some(key)
}

/// Whether another value is given to what `key` names, further down at the start of a line.
fn is_set_later(page: Page, key: Span) -> bool {
    const FARTHEST: usize = 8 * 1024;
    let rest = Span::new(key.end, key.end + FARTHEST).narrowed(page.text).of(page.text);
    let given = |value: &str| !(value.starts_with('=') || ["''", "\"\""].iter().any(|empty| value.trim_start().starts_with(empty)));
    rest.lines().skip(1).any(|line| {
        let behind = line.trim_start().trim_start_matches('$').strip_prefix(key.of(page.text)).map(str::trim_start);
        behind.and_then(|text| text.strip_prefix('=')).is_some_and(given)
    })
}

#[cfg(test)]
mod tests {
    use super::empties_in;
    use crate::model::span::Span;

    fn names(text: &str) -> Vec<String> {
        empties_in(text, &[Span::new(0, text.len())]).iter().map(|s| s.name().to_owned()).collect()
    }

    #[test]
    fn settings_without_a_value_are_seen() {
        for (text, name) in [
            ("define('AUTH_KEY', '');", "AUTH_KEY"),
            ("define( \"AUTH_KEY\" , \"\" ); // unique", "AUTH_KEY"),
            ("  'password' => '',\n", "password"),
            ("$cfg['blowfish_secret'] = ''; /* fill in */", "blowfish_secret"),
            ("$db['default']['password'] = \"\";", "password"),
            ("x = 1\nSECRET_KEY = ''\n", "SECRET_KEY"),
            ("$db_password = '';", "db_password"),
            ("    'PASSWORD': '',  # none\n", "PASSWORD"),
        ] {
            assert_eq!(names(text), [name], "{text}");
        }
    }

    #[test]
    fn variables_fallbacks_and_texts_are_none() {
        for text in [
            "    password = ''\n",
            "let password = '';",
            "os.environ.get('SECRET_KEY', '')",
            "process.env.SECRET_KEY || ''",
            "SECRET_KEY = '' + salt",
            "SECRET_KEY = ''\nX = 1\nSECRET_KEY = os.environ['SECRET_KEY']\n",
            "SECRET_KEY = ''.join(random)",
            "if (SECRET_KEY == '') {",
            "SECRET_KEY == ''",
            "SECRET_KEY = '''\nlong'''",
            "DB_HOST = ''\n",
            "  password: ''\n",
            "''",
            "=''",
            ":\"\"",
            ",''",
            "]=''",
            "['']=''",
        ] {
            assert!(names(text).is_empty(), "{text}: {:?}", names(text));
        }
    }
}
