//! Text in text: base64, hexadecimal, percent and `\u0041` escapes, undone so that a token in it is found.
//!
//! Bounded: a run is decoded only when it is short enough and its first bytes are printable, so random base64 costs its first few bytes.

use super::base;
use crate::model::span::Span;
use zeroize::Zeroizing;

/// The shortest encoded run that can hold a token.
const SHORTEST: usize = 24;
/// The longest that is decoded.
const LONGEST: usize = 16 * 1024;

/// Those of `spans` of `text`, which [`spans`] gives, that are printable text in base64 or hexadecimal, decoded.
pub(super) fn runs(text: &str, spans: impl Iterator<Item = Span>) -> impl Iterator<Item = (Span, Zeroizing<String>)> {
    spans.filter(|run| run.len() <= LONGEST).filter_map(|run| {
        let padding = text.as_bytes().get(run.end..)?.iter().take(2).take_while(|b| **b == b'=').count();
        decoded(run.of(text)).map(|inner| (Span::new(run.start, run.end + padding), inner))
    })
}

/// Every run of the digits of base64 in `text` that is long enough to hold a token.
pub(super) fn spans(text: &str) -> impl Iterator<Item = Span> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(head) = bytes.get(at..at + SHORTEST) {
            // most runs are words: of a short one only what follows its end is looked at
            if let Some(gap) = head.iter().rposition(|b| !is_base64(*b)) {
                at += gap + 1;
                continue;
            }
            let run = SHORTEST + bytes.get(at + SHORTEST..)?.iter().take_while(|b| is_base64(**b)).count();
            let start = at;
            at += run + 1;
            return Some(Span::new(start, start + run));
        }
        None
    })
}

/// The number of each digit of base64 in either alphabet (RFC 4648 sections 4 and 5); [`NONE`] for what is none.
static DIGITS: [u8; 256] = {
    let mut digits = [NONE; 256];
    let mut i = 0_u8;
    while i < 26 {
        digits[(b'A' + i) as usize] = i;
        digits[(b'a' + i) as usize] = 26 + i;
        if i < 10 {
            digits[(b'0' + i) as usize] = 52 + i;
        }
        i += 1;
    }
    (digits[b'+' as usize], digits[b'-' as usize]) = (62, 62);
    (digits[b'/' as usize], digits[b'_' as usize]) = (63, 63);
    digits
};

/// No digit.
const NONE: u8 = 64;

#[inline]
fn is_base64(b: u8) -> bool {
    DIGITS[usize::from(b)] != NONE
}

/// Whether sixteen digits are base64 of printable bytes. Most runs are names and paths, and end here.
fn begins_as_text(head: &str) -> bool {
    let (fours, rest) = head.as_bytes().as_chunks::<4>();
    let says = |four: &[u8; 4]| {
        let bits = four.iter().fold(0_u32, |bits, b| bits << 6 | u32::from(DIGITS[usize::from(*b)] & 63));
        let [_, bytes @ ..] = bits.to_be_bytes();
        printable(&bytes)
    };
    rest.is_empty() && fours.iter().all(says) && !(head.contains(['-', '_']) && head.contains(['+', '/']))
}

/// Whether sixteen digits, if they are hexadecimal, are printable bytes.
fn begins_as_text_in_hex(head: &str) -> bool {
    head.as_bytes().as_chunks::<2>().0.iter().all(|pair| is_printable(hex_byte(*pair)))
}

/// A run as text, if it is that.
fn decoded(run: &str) -> Option<Zeroizing<String>> {
    let head = run.get(..16)?;
    let (in_hex, in_base64) = (begins_as_text_in_hex(head), begins_as_text(head));
    if !in_hex && !in_base64 {
        return None;
    }
    let hex = run.len().is_multiple_of(2) && run.bytes().all(|b| b.is_ascii_hexdigit());
    let bytes = match (hex, in_hex, in_base64) {
        (true, true, _) => from_hex(run)?,
        (false, _, true) => base::base64(run)?,
        _ => return None,
    };
    let text = std::str::from_utf8(&bytes).ok()?;
    printable(text.as_bytes()).then(|| Zeroizing::new(text.to_owned()))
}

/// Whether all bytes could stand in a text file; bytes of other scripts cannot stand in a token's.
fn printable(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| is_printable(*b))
}

fn is_printable(b: u8) -> bool {
    matches!(b, b' '..=b'~' | b'\n' | b'\r' | b'\t')
}

/// The byte of two hexadecimal digits.
fn hex_byte(pair: [u8; 2]) -> u8 {
    let [high, low] = pair.map(|digit| if digit.is_ascii_digit() { digit - b'0' } else { (digit | 0x20).wrapping_sub(b'a' - 10) });
    high << 4 | low & 0xf
}

fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

/// `text` with its percent and `\u` escapes undone; `None` without any, or where it is too long.
pub(super) fn unescaped(text: &str) -> Option<Zeroizing<String>> {
    if text.len() > LONGEST || !(text.contains('%') || text.contains("\\u00") || text.contains("\\x")) {
        return None;
    }
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    let mut changed = false;
    while let Some(c) = rest.chars().next() {
        let escape = [("%", 2), ("\\u00", 2), ("\\x", 2)].into_iter().find_map(|(lead, digits)| {
            let hex = rest.strip_prefix(lead)?.get(..digits)?;
            let byte = from_hex(hex)?.first().copied().filter(u8::is_ascii)?;
            Some((byte, lead.len() + digits))
        });
        let (out_char, step) = escape.map_or((c, c.len_utf8()), |(byte, step)| (char::from(byte), step));
        changed |= escape.is_some();
        out.push(out_char);
        rest = rest.get(step..).unwrap_or("");
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::{runs, spans, unescaped};

    #[test]
    fn text_in_text_is_read_and_random_bytes_are_not() {
        let text = "a: aGVsbG8gd29ybGQsIHRoaXMgaXMgdGV4dA== 68656c6c6f20776f726c642c2068656c6c6f f3Jd8sLqPz71mVbX0aRtYw5CeHnU2g9fQoTi";
        let found: Vec<String> = runs(text, spans(text)).map(|(_, inner)| inner.to_string()).collect();
        assert_eq!(found, ["hello world, this is text", "hello world, hello"]);
    }

    #[test]
    fn a_run_is_found_wherever_it_stands() {
        let run = "aGVsbG8gd29ybGQsIHRoaXMgaXMgdGV4dA";
        for lead in ["", "a ", "abcdefghijklmnopqrstuv ", "abcdefghijklmnopqrstuvw ", "abcdefghijklmnopqrstuvwx "] {
            for tail in ["", "=", " a"] {
                let text = format!("{lead}{run}{tail}");
                let found: Vec<_> = runs(&text, spans(&text)).map(|(span, _)| span.start).collect();
                assert_eq!(found, [lead.len()], "{text}");
            }
        }
        assert_eq!(runs("", spans("")).count() + spans("aGVsbG8gd29ybGQsIHRoaXM").count(), 0);
    }

    #[test]
    fn escapes() {
        assert_eq!(unescaped("a%5Fb\\u0041\\x2d%zz").as_deref().map(String::as_str), Some("a_bA-%zz"));
        assert!(unescaped("100% plain").is_none());
    }
}
