//! Text from the input (names, keys, lines) made harmless for a terminal: control characters, and characters that are invisible or turn
//! the reading direction (Unicode Technical Report 36, "Trojan Source"), are written as escapes.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether `c` must not reach a terminal or a reader as it is.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// `text` on one line, every hidden character as an escape such as `\n` or `\u{202e}`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) { out.extend(escape(c)) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// JSON text with every hidden character as `\uXXXX`. serde escapes what JSON demands; what could deceive a terminal (C1 controls, direction
/// marks) is legal there. Such characters can stand in strings only, so the value stays the same.
#[must_use]
pub fn json_safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_hidden(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // writing to a String cannot fail
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// The escape that stands for a hidden character.
pub(crate) fn escape(c: char) -> impl Iterator<Item = char> {
    c.escape_default()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_could_deceive_is_escaped_and_the_rest_stays() {
        assert_eq!(printable("a\u{1b}[31m\u{202e}b\u{200b}\n\u{9b}é"), "a\\u{1b}[31m\\u{202e}b\\u{200b}\\n\\u{9b}é");
        assert_eq!(printable("Größe 1"), "Größe 1");
    }
}
