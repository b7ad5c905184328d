//! Cutting text into lines and words without losing byte places: what the line-based formats share. Not a format.

use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::{LineIndex, Span};

/// The line that begins at `at`: its bytes without the line end, and where the next line begins.
pub(super) fn line_at(text: &str, at: usize) -> (Span, usize) {
    let rest = text.get(at..).unwrap_or("");
    let (body, next) = rest.find('\n').map_or((rest, text.len()), |i| (rest.get(..i).unwrap_or(""), at + i + 1));
    let body = body.strip_suffix('\r').unwrap_or(body);
    (Span::new(at, at + body.len()), next)
}

/// Every line of `text` with its place, line ends left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Span> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= text.len() {
            return None;
        }
        let (line, next) = line_at(text, at);
        at = next;
        Some(line)
    })
}

/// The first place at or after `at`, and before `end`, that holds neither blank nor tab.
pub(super) fn skip_blanks(text: &str, at: usize, end: usize) -> usize {
    let part = Span::new(at, end).of(text);
    at + (part.len() - part.trim_start_matches([' ', '\t']).len())
}

/// `span` without blanks at its end; only ASCII ones, since nobody sees where else a value would end.
pub(super) fn trim_end(text: &str, span: Span) -> Span {
    Span::new(span.start, span.start + span.of(text).trim_ascii_end().len())
}

/// `span` without blanks on both sides.
pub(super) fn trim(text: &str, span: Span) -> Span {
    let end = trim_end(text, span);
    let inner = end.of(text);
    Span::new(end.end - inner.trim_ascii_start().len(), end.end)
}

/// The byte at `at`; 0 past the end.
pub(super) fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

/// The place of the `quote` that closes the one before `from`, before `end`; a backslash takes the next byte with it.
pub(super) fn closing(text: &str, from: usize, end: usize, quote: u8) -> Option<usize> {
    let bytes = text.as_bytes().get(..end)?;
    let mut at = from;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'\\' => at += 2,
            _ if b == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// What a text that could not be read is a fault of, at byte `offset`.
pub(super) fn fault(text: &str, kind: &'static str, offset: usize) -> Fault {
    let place = LineIndex::new(text).position(text, offset.min(text.len()));
    Fault { kind, line: place.line, column: place.column }
}

/// `name` without the endings of templates, so that `app.toml.example` is known as TOML.
pub(super) fn base_name(name: &str) -> &str {
    let mut name = name;
    const ENDINGS: &[&str] = &[
        ".example",
        ".sample",
        ".template",
        ".tmpl",
        ".tpl",
        ".gotmpl",
        ".ctmpl",
        ".j2",
        ".jinja2",
        ".jinja",
        ".dist",
        ".default",
        ".bak",
        ".orig",
        ".old",
    ];
    // most names end in none of them
    let dot = name.rfind('.').unwrap_or_default();
    if !name.get(dot..).is_some_and(|end| ENDINGS.contains(&end)) {
        return name;
    }
    for ending in ENDINGS {
        name = name.strip_suffix(ending).unwrap_or(name);
    }
    name
}

/// A setting that is commented out in `comment` (its marks included): one word, `=`, one word, nothing else.
pub(super) fn commented(text: &str, comment: Span) -> Option<Setting> {
    let line = comment.of(text);
    let start = comment.start + (line.len() - line.trim_start_matches(['#', ';', '!', ' ', '\t']).len());
    let body = trim(text, Span::new(start, comment.end));
    let sign = start + body.of(text).find('=')?;
    let key = trim_end(text, Span::new(start, sign));
    let value = trim(text, Span::new(sign + 1, body.end));
    let word = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    let fits = word(key.of(text)) && !value.is_empty() && !value.of(text).contains(char::is_whitespace);
    fits.then(|| {
        let mut setting = Setting::new(KeyPath::of(key.of(text)), key, Secret::copy_of(value.of(text)), value, Quoting::Plain);
        setting.role = Role::Commented;
        setting.editable = false;
        setting
    })
}

/// `text` with `written` in place of `span`, for tests of what formats write.
#[cfg(test)]
pub(super) fn splice(text: &str, span: Span, written: &str) -> String {
    format!("{}{written}{}", &text[..span.start], &text[span.end..])
}

/// What every format must hold for any text: spans lie in it on character boundaries, and replacing any editable value by `value`
/// (where the format agrees to write it) changes that value and no other.
#[cfg(test)]
pub(super) fn check(format: &dyn super::format::Format, text: &str, value: &str) -> (usize, usize) {
    let Ok(settings) = format.parse(text) else { return (0, 0) };
    let (mut written, mut refused) = (0, 0);
    for (i, place) in settings.iter().enumerate() {
        for span in [place.span, place.key_span] {
            assert!(text.get(span.start..span.end).is_some(), "{} span {span:?} of setting {i} does not fit", format.name());
        }
        if !place.editable {
            continue;
        }
        let Ok(new) = format.encode(&Secret::copy_of(value), place) else {
            refused += 1;
            continue;
        };
        written += 1;
        let after = splice(text, place.span, new.expose());
        let again =
            format.parse(&after).unwrap_or_else(|f| panic!("{}: no longer parses, {} at {}:{}", format.name(), f.kind, f.line, f.column));
        assert_eq!(
            again.len(),
            settings.len(),
            "{}: setting {i} ({}) replaced by {value:?} in {text:?}: {after:?}",
            format.name(),
            place.key
        );
        for (k, (old, now)) in settings.iter().zip(&again).enumerate() {
            let inside = place.span.covers(old.span) && !place.span.is_empty();
            let around = old.span.start < place.span.start && place.span.end < old.span.end;
            if k != i && (inside || around) {
                continue;
            }
            let want = if k == i { value } else { old.value.expose() };
            assert_eq!(now.value.expose(), want, "{}: setting {k} after setting {i} of {text:?} was replaced: {after:?}", format.name());
            assert_eq!((&now.key, now.role, now.editable || k == i), (&old.key, old.role, old.editable || k == i));
        }
    }
    (written, refused)
}

#[cfg(test)]
mod tests {
    use super::{closing, line_at, lines, skip_blanks, trim};
    use crate::model::span::Span;

    #[test]
    fn lines_know_their_places() {
        let text = "a\r\nbé\n\nc";
        let cut: Vec<&str> = lines(text).map(|l| l.of(text)).collect();
        assert_eq!(cut, ["a", "bé", "", "c"]);
        assert_eq!(line_at(text, 3), (Span::new(3, 6), 7));
        assert_eq!(line_at("a\r", 0).0, Span::new(0, 1));
    }

    #[test]
    fn blanks_and_quotes() {
        let text = " \t'a\\'b' ";
        assert_eq!(skip_blanks(text, 0, text.len()), 2);
        assert_eq!(closing(text, 3, text.len(), b'\''), Some(7));
        assert_eq!(closing(text, 8, text.len(), b'\''), None);
        assert_eq!(trim("  a b ", Span::new(0, 6)), Span::new(2, 5));
        assert_eq!(trim("   ", Span::new(0, 3)), Span::new(0, 0));
    }
}
