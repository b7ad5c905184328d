//! Where tokens stand in a text.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, OnceLock};

use regex::Regex;

use super::check::{check, is_mixed};
use super::decode;
use super::filler::is_filler;
use super::judged::{Checksum, Judged};
use super::kinds::{KINDS, TokenKind, Use};
use crate::model::key_path::words_fit;
use crate::model::span::Span;
use crate::search::signs::Signs;

/// A token, in a text that this does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: &'static TokenKind,
    /// Its bytes; where it stands encoded, those of the encoded text.
    pub span: Span,
    /// Whether the checksum in it fits.
    pub checksum: Checksum,
    /// What it opens.
    pub usage: Use,
    /// Whether its own date says that it opens nothing any more.
    pub expired: bool,
}

/// The shortest text that can hold a token.
const SHORTEST: usize = 16;
/// The longest token, in bytes.
const WINDOW: usize = 4096;
/// How often text in text is undone.
const DEPTH: usize = 2;

/// The tokens that show by themselves, in order and without overlaps: those in `text`, and those in base64, hexadecimal or escapes in it.
///
/// Linear: each place that holds a kind's fixed text is looked at once, through a window.
///
/// ```
/// let token = ["glpat", "-", "k3Jd8sLqPz71mVbX0aRt"].concat();
/// let text = format!("git clone https://ci:{token}@git.internal/app");
/// let found = harden::tokens::find(&text);
/// assert_eq!((found[0].kind.provider, found[0].span.of(&text)), ("GitLab", token.as_str()));
/// ```
#[must_use]
pub fn find(text: &str) -> Vec<Token> {
    find_to(text, DEPTH)
}

/// The shortest fixed text that is worth a search.
const TELLING: usize = 3;

/// The fixed texts that tokens hold and that are worth a search, and the kind that each announces.
static MARKS: LazyLock<Vec<(usize, &'static str)>> = LazyLock::new(|| {
    let all = KINDS.iter().enumerate().flat_map(|(kind, row)| row.prefixes.iter().map(move |mark| (kind, *mark)));
    all.filter(|(_, mark)| mark.len() >= TELLING).collect()
});

/// The fixed texts that tokens hold; a place in this list is what [`find_at`] takes.
pub fn marks() -> impl Iterator<Item = &'static str> {
    MARKS.iter().map(|(_, mark)| *mark)
}

/// [`find`] for a caller that has searched `text` for all of [`marks`], perhaps without regard to case: `hits` are which one stands where.
#[must_use]
pub fn find_at(text: &str, hits: &[(usize, usize)]) -> Vec<Token> {
    found_at(text, hits, DEPTH)
}

/// [`find_at`], with text in text undone `depth` times.
fn found_at(text: &str, hits: &[(usize, usize)], depth: usize) -> Vec<Token> {
    let at = |&(mark, start): &(usize, usize)| {
        let (kind, mark) = MARKS.get(mark).filter(|(_, mark)| text.get(start..).is_some_and(|rest| rest.starts_with(mark)))?;
        token_at(text, *kind, Span::new(start, start + mark.len()))
    };
    let mut found: Vec<Token> = hits.iter().filter_map(at).collect();
    let runs: Vec<Span> = decode::spans(text).collect();
    found.extend(runs.iter().filter_map(|run| begun_by(text, *run)));
    secrets_beside_ids(text, &mut found);
    if depth > 0 {
        for (span, inner) in decode::runs(text, runs.into_iter()) {
            found.extend(find_to(&inner, depth - 1).into_iter().map(|token| Token { span, ..token }));
        }
    }
    in_order(found)
}

/// The token of a kind with a short mark that begins in `run`, letters and digits in a row: at its start, or behind a slash, a plus or the
/// letters of an escape.
fn begun_by(text: &str, run: Span) -> Option<Token> {
    static SHORT: LazyLock<Vec<(usize, &'static str)>> = LazyLock::new(|| {
        let all = KINDS.iter().enumerate().flat_map(|(kind, row)| row.prefixes.iter().map(move |mark| (kind, *mark)));
        all.filter(|(_, mark)| mark.len() < TELLING).collect()
    });
    let said = run.of(text);
    let escaped = |length: &usize| text.as_bytes().get(..run.start + length).is_some_and(ends_escape);
    let starts = [0]
        .into_iter()
        .chain([1, 2, 5].into_iter().filter(escaped))
        .chain(memchr::memchr2_iter(b'/', b'+', said.as_bytes()).map(|i| i + 1));
    let here = |start: usize| {
        let rest = said.get(start..)?;
        let (kind, mark) = SHORT.iter().find(|(_, mark)| rest.starts_with(mark))?;
        token_at(text, *kind, Span::new(run.start + start, run.start + start + mark.len()))
    };
    starts.filter_map(here).next()
}

/// Whether `words` are those of a name of [`telling_names`].
#[must_use]
pub fn tells(words: &[String]) -> bool {
    !kinds_near(&[words]).is_empty()
}

/// Words of names under which a value is tried as a token whose form tells too little.
pub fn telling_names() -> impl Iterator<Item = &'static [&'static str]> {
    KINDS.iter().flat_map(|kind| kind.near).copied()
}

/// [`find`], with text in text undone `depth` times.
fn find_to(text: &str, depth: usize) -> Vec<Token> {
    static SIGNS: LazyLock<Signs<usize>> = LazyLock::new(|| Signs::anywhere(marks()));
    if text.len() < SHORTEST {
        return Vec::new();
    }
    found_at(text, &SIGNS.hits(text), depth)
}

/// The tokens of a setting: those of [`find`] in its value, and those that only its name tells from other random text. `names` are the
/// words of its name, and of its path; `unmarked`: it is known that none of [`marks`] stands in the value.
#[must_use]
pub fn find_named(names: &[&[String]], value: &str, unmarked: bool) -> Vec<Token> {
    if value.len() < SHORTEST {
        return Vec::new();
    }
    // a name says more than the form: several providers write `sk_test_`
    let mut found: Vec<Token> = by_name(names, value).into_iter().collect();
    if found.is_empty() {
        found = if unmarked { found_at(value, &[], DEPTH) } else { find(value) };
    }
    if found.is_empty()
        && let Some(plain) = decode::unescaped(value)
    {
        let whole = Span::new(0, value.len());
        found = find_to(&plain, DEPTH - 1).into_iter().map(|token| Token { span: whole, ..token }).collect();
    }
    found
}

/// Of several tokens, the one that matters most.
#[must_use]
pub fn told_in(tokens: &[Token]) -> Option<&Token> {
    let rank = |t: &&Token| {
        let usage = match t.usage {
            Use::Live => 3,
            Use::Test => 2,
            Use::Id => 1,
            Use::Public => 0,
        };
        let proof = match t.checksum {
            Checksum::Good => 2,
            Checksum::None => 1,
            Checksum::Bad => 0,
        };
        (usage, !t.expired, proof, std::cmp::Reverse(t.span.start))
    };
    tokens.iter().max_by_key(rank)
}

/// Whether `value` has the form of the secret beside an AWS access key id.
#[must_use]
pub fn is_aws_secret(value: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let hex = || value.bytes().all(|b| b.is_ascii_hexdigit());
    value.len() == 40 && value.bytes().all(fits) && is_mixed(value) && !hex() && !is_filler(value, false)
}

/// The compiled patterns of each kind: of the token, of the whole value.
fn pattern(kind: usize, whole: bool) -> Option<&'static Regex> {
    static PATTERNS: OnceLock<Vec<[OnceLock<Option<Regex>>; 2]>> = OnceLock::new();
    let all = PATTERNS.get_or_init(|| KINDS.iter().map(|_| [OnceLock::new(), OnceLock::new()]).collect());
    let row = KINDS.get(kind)?;
    let (slot, text) = if whole { (1, format!("^(?:{})$", row.whole)) } else { (0, format!("^(?:{})", row.pattern)) };
    all.get(kind)?.get(slot)?.get_or_init(|| Regex::new(&text).ok()).as_ref()
}

/// The token of a kind whose fixed text stands at `fixed`.
fn token_at(text: &str, index: usize, fixed: Span) -> Option<Token> {
    let kind = KINDS.get(index)?;
    let bytes = text.as_bytes();
    let start = begin(bytes, fixed.start, kind.back)?;
    if !begins(bytes, start) {
        return None;
    }
    let window = text.get(start..Span::new(start, start + WINDOW).narrowed(text).end)?;
    let captures = pattern(index, false)?.captures(window)?;
    let whole = captures.get(0)?;
    let secret = captures.get(1).unwrap_or(whole);
    let span = Span::new(start + secret.start(), start + secret.end());
    if start + whole.end() < fixed.end || !ends(bytes, start + whole.end()) {
        return None;
    }
    judged(kind, text, span)
}

/// A match of a kind's pattern as a token, unless it is filler or its structure says that it is none.
fn judged(kind: &'static TokenKind, text: &str, span: Span) -> Option<Token> {
    let secret = span.of(text);
    let around = near(text, span).of(text);
    let Judged { checksum, usage, expired } = check(kind.check, secret, around)?;
    let body = kind.prefixes.iter().find_map(|p| secret.strip_prefix(p)).unwrap_or(secret);
    // `secret_` before the random part is no word of documentation
    let lead = body.find(['_', '-']).filter(|i| *i <= 8 && !kind.near.is_empty()).map_or(0, |i| i + 1);
    let body = body.get(lead..).unwrap_or(body);
    let random = body.rsplit('/').find(|part| part.len() >= 12).unwrap_or(body);
    // what is JSON or a number inside is looked at there
    let inside = matches!(kind.check, "jwt" | "basic-auth" | "pypi-macaroon" | "grafana-json" | "sentry-json" | "mapbox-json");
    if !inside && is_filler(if kind.check.is_empty() { body } else { random }, checksum == Checksum::Good) {
        return None;
    }
    let usage = usage.unwrap_or(kind.usage);
    let usage = if kind.kind == "google-api-key" && is_web_config(around) { Use::Public } else { usage };
    Some(Token { kind, span, checksum, usage, expired })
}

/// The text around `span`, a few lines.
fn near(text: &str, span: Span) -> Span {
    Span::new(span.start.saturating_sub(600), span.end + 600).widened(text)
}

/// Whether the text is what Firebase or Google Maps have a page or an app ship to its users.
fn is_web_config(around: &str) -> bool {
    ["authDomain", "messagingSenderId", "mobilesdk_app_id", "maps.googleapis.com/maps/api/js", "GCM_SENDER_ID", "measurementId"]
        .iter()
        .any(|sign| around.contains(sign))
}

/// Where a token begins whose fixed text stands at `fixed`; `None` where more of its bytes stand before that than a token has.
fn begin(bytes: &[u8], fixed: usize, back: usize) -> Option<usize> {
    if back == 0 {
        return Some(fixed);
    }
    let base64 = matches!(bytes.get(fixed), Some(b'+' | b'A'));
    let belongs = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'~' | b'.') || base64 && matches!(b, b'+' | b'/');
    let run = bytes.get(..fixed)?.iter().rev().take(back + 2).take_while(|b| belongs(b)).count();
    let start = fixed - run;
    // the letter of `\n` belongs to the text around
    let escape = run > 0 && bytes.get(..=start).is_some_and(|b| matches!(b, [.., b'\\', b'n' | b'r' | b't']));
    let start = start + usize::from(escape);
    (fixed - start <= back).then_some(start)
}

/// Whether a token may begin at `at`: not within a word or a longer run of base64.
fn begins(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    match before.last() {
        None => true,
        Some(b'+' | b'/') => !is_blob(before.iter().rev()),
        Some(b) if b.is_ascii_alphanumeric() => ends_escape(before),
        Some(b'_' | b'-') => false,
        Some(_) => true,
    }
}

/// Whether `before` ends in an escape whose last character is a letter or digit: `\n`, `%3D`, `\u003d`.
fn ends_escape(before: &[u8]) -> bool {
    match before {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', a, b] => a.is_ascii_hexdigit() && b.is_ascii_hexdigit(),
        [.., b'\\', b'u', b'0', b'0', a, b] => a.is_ascii_hexdigit() && b.is_ascii_hexdigit(),
        _ => false,
    }
}

/// Whether a token may end before `at`.
fn ends(bytes: &[u8], at: usize) -> bool {
    let after = bytes.get(at..).unwrap_or_default();
    match after {
        [] => true,
        [b'-', next, ..] => !next.is_ascii_alphanumeric(),
        [b'+' | b'/', ..] => !is_blob(after.iter()),
        [b, ..] => !(b.is_ascii_alphanumeric() || *b == b'_'),
    }
}

/// Whether a long run of base64 goes on there.
fn is_blob<'b>(bytes: impl Iterator<Item = &'b u8>) -> bool {
    bytes.take(20).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).count() >= 20
}

/// The token that the name of a setting tells of.
fn by_name(names: &[&[String]], value: &str) -> Option<Token> {
    let span = Span::new(0, value.len()).trimmed(value);
    let trimmed = span.of(value);
    if trimmed.len() > 1024 || trimmed.contains(char::is_whitespace) {
        return None;
    }
    let rows = kinds_near(names);
    let fitting = rows.into_iter().filter(|index| pattern(*index, true).is_some_and(|p| p.is_match(trimmed)));
    fitting.filter_map(|index| KINDS.get(index)).find_map(|kind| judged(kind, value, span))
}

/// The kinds that one of `names` tells of, in order.
fn kinds_near(names: &[&[String]]) -> BTreeSet<usize> {
    type Rows = Vec<(usize, &'static [&'static str])>;
    static BY_LAST: OnceLock<HashMap<&'static str, Rows>> = OnceLock::new();
    let by_last = BY_LAST.get_or_init(|| {
        let mut all: HashMap<&'static str, Rows> = HashMap::new();
        for (index, near) in KINDS.iter().enumerate().flat_map(|(i, kind)| kind.near.iter().map(move |near| (i, *near))) {
            all.entry(near.last().copied().unwrap_or("*")).or_default().push((index, near));
        }
        all
    });
    let rows = |last: &str| by_last.get(last).map_or(&[][..], Vec::as_slice);
    let mut found = BTreeSet::new();
    for words in names {
        let ending = words.last().map_or(&[][..], |last| rows(last));
        let fitting = ending.iter().chain(rows("*")).filter(|(_, near)| words_fit(near, words));
        found.extend(fitting.map(|(index, _)| *index));
    }
    found
}

/// The secrets of AWS that stand within a few lines of an access key id: forty characters of base64 that nothing else tells.
fn secrets_beside_ids(text: &str, found: &mut Vec<Token>) {
    if found.is_empty() {
        return;
    }
    let Some(kind) = KINDS.iter().find(|k| k.kind == "aws-secret-key") else { return };
    let ids: Vec<Span> = found.iter().filter(|t| t.kind.kind == "aws-access-key-id").map(|t| t.span).take(256).collect();
    for id in ids {
        let window = near(text, id);
        let (around, base, mut at) = (window.of(text), window.start, 0);
        for word in around.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/'))) {
            let span = Span::new(base + at, base + at + word.len());
            let lines = Span::new(id.start.min(span.start), id.end.max(span.end)).of(text).matches('\n').count();
            if lines <= 3 && is_aws_secret(word) {
                found.push(Token { kind, span, checksum: Checksum::None, usage: Use::Live, expired: false });
            }
            at += word.len() + around.get(at + word.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        }
    }
}

/// By place; of those that overlap the one that begins first, and of these the longest.
fn in_order(mut found: Vec<Token>) -> Vec<Token> {
    found.sort_by_key(|t| (t.span.start, std::cmp::Reverse(t.span.end)));
    let mut kept: Vec<Token> = Vec::with_capacity(found.len());
    for token in found {
        if kept.last().is_none_or(|last| !last.span.overlaps(token.span)) {
            kept.push(token);
        }
    }
    kept
}
