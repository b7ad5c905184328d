//! One pass over a text for the marks of key material.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::armor::{Armor, BEGIN, clipped};
use super::block::{Block, Kind};
use crate::model::span::Span;
use crate::search::signs::Signs;

/// What a finder sees: a text, the place of its mark, and how far it may look, so that many marks cost no more than their text.
#[derive(Clone, Copy)]
struct Look<'t> {
    text: &'t str,
    at: usize,
    /// What stands before belongs to another mark.
    floor: usize,
    /// Where the same mark stands again, or as far as a block can reach.
    end: usize,
}

impl<'t> Look<'t> {
    fn rest(self) -> &'t str {
        Span::new(self.at, self.end).of(self.text)
    }

    fn block(self, kind: Kind, length: usize) -> Block {
        Block::new(kind, Span::new(self.at, self.at + length))
    }
}

/// Looks closer at a mark.
type Finder = fn(Look<'_>) -> Option<Block>;

/// What announces key material, and who looks closer.
const MARKS: &[(&str, Finder)] = &[
    (BEGIN, pem),
    (WRAPPED, wrapped),
    ("PuTTY-User-Key-File-", putty),
    ("AGE-SECRET-KEY-", age),
    ("untrusted comment: ", minisign),
    ("PrivateKey", wireguard),
    ("\"kty", jwk),
    ("<RSAKeyValue>", rsa_xml),
];

/// How the base64 of PEM begins.
const WRAPPED: &str = "LS0tLS1CRUdJTi";

/// Lines of base64 are this long, but for the last, and no key takes less.
const LEAST_WRAPPED: usize = 60;

static SIGNS: LazyLock<Signs<usize>> = LazyLock::new(|| Signs::anywhere(marks()));

/// The most bytes that one block other than PEM can take.
const LONGEST: usize = 64 * 1024;

/// Every block of key material in `text`, in order; they do not overlap. Public keys are none.
///
/// ```
/// use harden::keys::find;
/// assert!(find("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----").is_empty());
/// ```
#[must_use]
pub fn find(text: &str) -> Vec<Block> {
    find_at(text, SIGNS.hits(text).into_iter())
}

/// What announces key material; a place in this list is what [`find_at`] takes.
pub fn marks() -> impl Iterator<Item = &'static str> {
    MARKS.iter().map(|(mark, _)| *mark)
}

/// [`find`] for a caller that has searched `text` for all of [`marks`], perhaps without regard to case: `hits`, in order, are which one
/// stands where.
#[must_use]
pub fn find_at(text: &str, hits: impl Iterator<Item = (usize, usize)>) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let (mut floor, mut done) = (0, 0);
    for (mark, at) in hits {
        let Some((mark, finder)) = MARKS.get(mark).filter(|_| at >= done) else { continue };
        if !text.get(at..).is_some_and(|rest| rest.starts_with(mark)) {
            continue;
        }
        let behind = at + mark.len();
        let reach = clipped(text, at, LONGEST);
        let again = text.get(behind..reach.end).and_then(|rest| rest.find(mark)).map(|i| behind + i);
        let look = Look { text, at, floor: floor.max(done), end: again.unwrap_or(reach.end) };
        let block = finder(look);
        floor = behind;
        done = match block {
            Some(block) => block.whole.end,
            // one run of base64 is decoded once
            None if *mark == WRAPPED => at + run_of_base64(reach.of(text)),
            None => done,
        };
        found.extend(block);
    }
    found
}

/// The places of all blocks that must stay secret.
#[must_use]
pub fn spans(text: &str) -> Vec<Span> {
    find(text).into_iter().filter(|block| block.kind.is_private()).map(|block| block.secret).collect()
}

fn pem(look: Look<'_>) -> Option<Block> {
    let armor = Armor::at(look.text, look.at)?;
    Some(Block::new(kind_of(armor.label)?, armor.span))
}

fn kind_of(label: &str) -> Option<Kind> {
    Some(match label {
        "PGP PRIVATE KEY BLOCK" => Kind::Pgp,
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Kind::Certificate,
        "DH PARAMETERS" | "X9.42 DH PARAMETERS" => Kind::DhParameters,
        _ if label.ends_with("PRIVATE KEY") => Kind::Pem,
        _ => return None,
    })
}

fn wrapped(look: Look<'_>) -> Option<Block> {
    if run_of_base64(clipped(look.text, look.at, LEAST_WRAPPED).of(look.text)) < LEAST_WRAPPED {
        return None;
    }
    // the armour of a second block may give the same letters again
    let inner = unwrap(clipped(look.text, look.at, LONGEST).of(look.text))?;
    let kind = first_private(&find(&inner.text))?.kind;
    let whole = Span::new(look.at, look.at + inner.length);
    Some(Block { kind, whole, secret: whole, wrapped: true })
}

/// The private block of several, else the first.
pub(super) fn first_private(blocks: &[Block]) -> Option<&Block> {
    blocks.iter().find(|b| b.kind.is_private()).or(blocks.first())
}

/// Base64 (RFC 4648) taken off.
pub(super) struct Unwrapped {
    pub(super) text: Zeroizing<String>,
    /// Bytes that the base64 took.
    pub(super) length: usize,
}

/// How many letters of base64 `text` begins with.
fn run_of_base64(text: &str) -> usize {
    text.bytes().take_while(|b| is_base64(char::from(*b))).count()
}

/// What the base64 at the start of `text` holds: one run, or lines of 60 characters and more with one shorter at the end.
pub(super) fn unwrap(text: &str) -> Option<Unwrapped> {
    let (mut letters, mut length) = (Zeroizing::new(String::new()), 0);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let lead = if at == 0 { 0 } else { line.len() - line.trim_start_matches([' ', '\t']).len() };
        let run = run_of_base64(line.get(lead..)?);
        if run == 0 {
            break;
        }
        letters.push_str(line.get(lead..lead + run)?);
        length = at + lead + run;
        at += line.len();
        let goes_on = run >= LEAST_WRAPPED && line.get(lead + run..).is_some_and(|tail| tail.trim().is_empty());
        if !goes_on || letters.ends_with('=') {
            break;
        }
    }
    let bare = letters.trim_end_matches('=');
    // what was cut short within four letters is read up to there
    let whole = bare.get(..bare.len() - usize::from(bare.len() % 4 == 1))?;
    let padded = Zeroizing::new(format!("{whole}{}", "=".repeat((4 - whole.len() % 4) % 4)));
    let bytes = Zeroizing::new(STANDARD.decode(padded.as_bytes()).ok()?);
    let text = Zeroizing::new(std::str::from_utf8(&bytes).ok()?.to_owned());
    Some(Unwrapped { text, length })
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

/// The shortest private half, that of Ed25519, takes 44 letters.
const LEAST_PRIVATE: usize = 32;

/// From `PuTTY-User-Key-File-3:` to the line of the checksum.
fn putty(look: Look<'_>) -> Option<Block> {
    let file = look.rest();
    let private = file.find("Private-Lines:")?;
    let check = ["Private-MAC:", "Private-Hash:"].iter().find_map(|word| file.get(private..)?.find(word)).map(|i| private + i);
    let (from, ends): (usize, &[char]) = check.map_or((private + 15, &[':', '-']), |check| (check, &['\n', '\r', '"', '\\']));
    let length = from + file.get(from..)?.find(ends).unwrap_or(file.len() - from);
    let has_body = file.get(private..length)?.split(|c: char| !is_base64(c)).any(|run| run.len() >= LEAST_PRIVATE);
    has_body.then(|| look.block(Kind::Putty, length))
}

fn age(look: Look<'_>) -> Option<Block> {
    let rest = look.rest();
    let word = rest.get(..rest.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'-').count())?;
    // 32 bytes and the checksum are 58 letters
    let data = word.rsplit_once('1').map_or("", |(_, data)| data);
    (data.len() >= 58).then(|| look.block(Kind::Age, word.len()))
}

/// The comment of a secret key and the line of base64 below.
fn minisign(look: Look<'_>) -> Option<Block> {
    let (comment, rest) = look.rest().split_once('\n')?;
    let lead = rest.len() - rest.trim_start().len();
    let run = run_of_base64(rest.trim_start());
    let length = comment.len() + 1 + lead + run;
    (comment.contains("secret key") && run >= 100).then(|| look.block(Kind::Minisign, length))
}

fn wireguard(look: Look<'_>) -> Option<Block> {
    let line = look.rest();
    let rest = line.strip_prefix("PrivateKey")?;
    let value = rest.trim_start_matches([' ', '\t']).strip_prefix('=')?.trim_start_matches([' ', '\t', '"']);
    let word = value.split(|c: char| c.is_whitespace() || c == '"' || c == '\\').next()?;
    let start = look.at + line.len() - value.len();
    let secret = Span::new(start, start + word.len());
    let whole = Span::new(look.at, secret.end);
    is_wireguard_key(word).then_some(Block { kind: Kind::Wireguard, whole, secret, wrapped: false })
}

/// 32 bytes in base64, not all alike.
pub(super) fn is_wireguard_key(word: &str) -> bool {
    let bytes = if word.len() == 44 { STANDARD.decode(word).map(Zeroizing::new).ok() } else { None };
    bytes.is_some_and(|b| b.len() == 32 && b.iter().any(|x| Some(x) != b.first()))
}

/// The object around `"kty"`, if it has a private member.
fn jwk(look: Look<'_>) -> Option<Block> {
    let from = look.floor.max(look.at.saturating_sub(LONGEST));
    let open = look.text.as_bytes().get(from..look.at)?.iter().rposition(|b| *b == b'{').map(|i| from + i)?;
    let close = look.rest().find('}').map(|i| look.at + i + 1)?;
    let whole = Span::new(open, close);
    let secret = ["d", "k"].iter().find_map(|name| member(whole.of(look.text), name, 8))?;
    Some(Block { kind: Kind::Jwk, whole, secret: secret.shift(open), wrapped: false })
}

/// The text of the member `name` of an object, a string of at least `least` letters of base64url; the quotes may be escaped.
pub(super) fn member(object: &str, name: &str, least: usize) -> Option<Span> {
    let quoted = format!("\"{name}");
    object.match_indices(&quoted).find_map(|(at, _)| {
        let skip = |from: usize, signs: &[char]| object.get(from..).map(|r| from + r.len() - r.trim_start_matches(signs).len());
        let quote = skip(at + quoted.len(), &['\\'])?;
        let colon = skip(quote + object.get(quote..)?.strip_prefix('"').map(|_| 1)?, &[' ', '\t', '\n', '\r'])?;
        let value = skip(colon + object.get(colon..)?.strip_prefix(':').map(|_| 1)?, &[' ', '\t', '\n', '\r', '\\'])?;
        let start = value + object.get(value..)?.strip_prefix('"').map(|_| 1)?;
        let run = object.get(start..)?.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
        (run >= least).then(|| Span::new(start, start + run))
    })
}

fn rsa_xml(look: Look<'_>) -> Option<Block> {
    const END: &str = "</RSAKeyValue>";
    let rest = look.rest();
    let whole = rest.get(..rest.find(END)? + END.len())?;
    let open = whole.find("<D>")? + "<D>".len();
    let close = open + whole.get(open..)?.find("</D>")?;
    let secret = Span::new(look.at + open, look.at + close);
    let block = Block { secret, ..look.block(Kind::RsaXml, whole.len()) };
    (secret.len() >= 20).then_some(block)
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
