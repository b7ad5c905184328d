//! PEM armour as it is found in the wild: on lines of its own, indented, on one line with `\n`, as string literals that a program joins.
//!
//! RFC 7468 is the form that tools write. What is read here is more: whatever a person or a template made of it.

use crate::model::span::Span;

/// The start of every block.
pub(super) const BEGIN: &str = "-----BEGIN ";
/// The most bytes of a body that are looked at: a key of 16384 bits, escaped and indented, is a third of it.
const LONGEST: usize = 64 * 1024;
/// Bodies shorter than this many characters of base64 hold no key.
const LEAST: usize = 32;

/// A block between BEGIN and END.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Armor<'t> {
    /// `RSA PRIVATE KEY`
    pub(super) label: &'t str,
    /// From the first dash to the last.
    pub(super) span: Span,
    /// The body's text with its headers.
    pub(super) inner: Span,
    /// Whether END is there.
    pub(super) closed: bool,
}

impl Armor<'_> {
    /// The block whose first dash is at `at`, if it has a body. A header alone, or one with dots for a body, is documentation.
    pub(super) fn at(text: &str, at: usize) -> Option<Armor<'_>> {
        let rest = text.get(at..)?.strip_prefix(BEGIN)?;
        let label_length =
            rest.bytes().take(48).take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b' ' | b'.')).count();
        let label = rest.get(..label_length)?;
        let start = at + BEGIN.len() + label.len() + "-----".len();
        rest.get(label.len()..)?.strip_prefix("-----").filter(|_| !label.is_empty())?;
        let inner = clipped(text, start, LONGEST);
        let dashes = inner.of(text).find("-----");
        let end = dashes.map_or(inner.end, |i| inner.start + i);
        let closing = text.get(end..).and_then(|t| t.strip_prefix("-----END ")?.strip_prefix(label)?.strip_prefix("-----"));
        let found = match closing {
            Some(after) => Armor { label, span: Span::new(at, text.len() - after.len()), inner: Span::new(start, end), closed: true },
            None => {
                let end = start + run_on(Span::new(start, end).of(text));
                Armor { label, span: Span::new(at, end), inner: Span::new(start, end), closed: false }
            }
        };
        has_body(label, found.inner.of(text), found.closed).then_some(found)
    }
}

/// The at most `most` bytes from `start` on, cut between characters.
pub(super) fn clipped(text: &str, start: usize, most: usize) -> Span {
    let mut end = text.len().min(start + most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Span::new(start, end)
}

/// A piece of a body.
pub(super) enum Piece<'t> {
    /// `Proc-Type: 4,ENCRYPTED`
    Header(&'t str),
    /// A run of base64.
    Run(&'t str),
    /// Anything else that is more than punctuation between string literals.
    Odd,
}

/// The pieces of a body, in order: lines end at `\n`, at its escapes in whatever number of backslashes, and at its XML entity.
pub(super) fn pieces(body: &str) -> impl Iterator<Item = Piece<'_>> {
    lines(body).flat_map(|line| {
        let trimmed = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        let header =
            trimmed.split_once(": ").filter(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-'));
        match header {
            Some((name, _)) => vec![Piece::Header(name)],
            None => words(line).collect(),
        }
    })
}

fn lines(body: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(body);
    std::iter::from_fn(move || {
        let text = rest?;
        let bytes = text.as_bytes();
        let mut i = 0;
        while let Some(&b) = bytes.get(i) {
            let skip = match b {
                b'\n' | b'\r' => 1,
                b'\\' => {
                    let backslashes = bytes.iter().skip(i).take_while(|b| **b == b'\\').count();
                    backslashes + usize::from(matches!(bytes.get(i + backslashes), Some(b'n' | b'r')))
                }
                b'&' if bytes.get(i + 1) == Some(&b'#') => bytes.iter().skip(i).take(8).position(|b| *b == b';').map_or(0, |n| n + 1),
                _ => 0,
            };
            if skip > 0 {
                rest = text.get(i + skip..);
                return text.get(..i);
            }
            i += 1;
        }
        rest = None;
        Some(text)
    })
}

fn words(line: &str) -> impl Iterator<Item = Piece<'_>> {
    line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';')).filter_map(|word| {
        // what joins string literals, opens comments or quotes a mail
        let joins = word.len() <= 3
            && word.bytes().all(|b| matches!(b, b'+' | b'.' | b'#' | b'*' | b'|' | b'>' | b'/' | b'&' | b'$' | b'(' | b')'))
            && word != "...";
        if word.is_empty() || joins {
            return None;
        }
        let base64 = word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        Some(if base64 { Piece::Run(word) } else { Piece::Odd })
    })
}

/// How many bytes of a body that has no END belong to it: its headers, the lines that are long runs of base64, and one shorter.
fn run_on(body: &str) -> usize {
    let mut end = 0;
    for line in lines(body) {
        let begun = end > 0;
        let found: Vec<Piece<'_>> = pieces(line).collect();
        let (short, whole) = match found[..] {
            [] => continue,
            [Piece::Header(..)] => (false, true),
            [Piece::Run(run)] => (run.len() < 40, run.len() >= 40 || begun && run.len() % 4 == 0),
            _ => (true, false),
        };
        if !whole {
            return end;
        }
        end = (line.as_ptr() as usize - body.as_ptr() as usize) + line.trim_end().len();
        if short {
            return end;
        }
    }
    end
}

fn has_body(label: &str, body: &str, closed: bool) -> bool {
    let (mut runs, mut longest, mut total, mut encrypted) = (Vec::new(), 0, 0, false);
    for piece in pieces(body) {
        match piece {
            Piece::Header(name) => encrypted |= name == "DEK-Info",
            Piece::Run(run) => {
                longest = longest.max(run.len());
                total += run.len();
                runs.push(run);
            }
            Piece::Odd => return false,
        }
    }
    let Some(first) = runs.first().filter(|_| longest >= LEAST) else { return false };
    let mut letters = [false; 256];
    runs.iter().flat_map(|r| r.bytes()).for_each(|b| letters[usize::from(b)] = true);
    let varied = letters.iter().filter(|l| **l).count() >= 8;
    // DER begins with a SEQUENCE, an OpenSSH key with its magic, OpenPGP with the tag of a packet: an identifier does not
    let announced = match label {
        _ if encrypted => longest >= 40,
        "OPENSSH PRIVATE KEY" => first.starts_with("b3BlbnNzaC1r"),
        _ if label.starts_with("PGP ") => first.starts_with(['l', 'x']) && longest >= 40,
        _ => first.starts_with('M') && first.as_bytes().get(1).is_some_and(|b| (b'A'..=b'P').contains(b)),
    };
    varied && (announced && (closed || longest >= 40) || total >= 100 && longest >= 60)
}
