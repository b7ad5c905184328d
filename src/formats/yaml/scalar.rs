//! A value to the bytes that YAML reads as that value, at a given place.
//!
//! Follows <https://yaml.org/spec/1.2.2/> and is careful where YAML 1.1 readers (PyYAML, libyaml, Go) differ: a text that either version
//! takes for a number, a truth value, a date or a null is quoted, and line breaks that only one of them knows are escaped or refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::formats::format::EncodeError;
use crate::model::key_path::Segment;
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Portion, Quoting, Role, Setting, Surroundings};

type Encoded = Result<Zeroizing<String>, EncodeError>;

const CONTROL: EncodeError = EncodeError("control characters and line breaks need double quotes");

/// The bytes to put at `place.span` so that YAML reads `value` there.
///
/// # Errors
/// [`EncodeError`] where the quotes, the block or the command line around the span cannot hold `value`.
pub(super) fn encode(value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
    if !place.editable {
        return Err(EncodeError("nothing can be written at this place"));
    }
    let around = &place.around;
    let value = match place.layer {
        Layer::None => value.clone(),
        // The line break that ends a block is not part of the base64 text.
        Layer::Base64 => {
            let encoded = Zeroizing::new(STANDARD.encode(value.expose()));
            Secret::concat(&[&encoded, &"\n".repeat(around.tail)])
        }
    };
    let text = value.expose();
    argument(text, place)?;
    if matches!(place.key.segments().last(), Some(Segment::Index(_))) && names_a_variable(text) {
        return Err(EncodeError("in a list it would be read as a variable and its value"));
    }
    if ["{{", "{%", "<%"].iter().any(|mark| text.contains(mark)) {
        return Err(EncodeError("a template would take it for an expression"));
    }
    let written = match (place.quoting, around.portion) {
        (Quoting::Plain, Portion::Whole) => whole_plain(text, place)?,
        (Quoting::Plain, _) => inner_plain(text, around)?,
        (Quoting::Single, _) => single(text)?,
        (Quoting::Double, _) => double(text),
        (Quoting::Literal, _) => literal(text, around)?,
        (Quoting::Folded, _) => folded(text, around)?,
        (Quoting::Backtick, _) => return Err(EncodeError("YAML has no backticks")),
    };
    Ok(Secret::concat(&[if around.gap { " " } else { "" }, &written]))
}

/// Whether `text` is `NAME=value` with a name in capitals: a list of such items sets variables.
pub(super) fn names_a_variable(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else { return false };
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether the command line around the span, if there is one, leaves `text` one argument.
fn argument(text: &str, place: &Setting) -> Result<(), EncodeError> {
    let portion = place.around.portion;
    let own_word = place.role == Role::Argument && portion != Portion::Rest;
    if own_word && text.starts_with('-') {
        return Err(EncodeError("an argument that begins with `-` would be taken for a switch"));
    }
    let one_line = || !text.chars().any(|c| c.is_control() || is_odd_break(c));
    let fits = match portion {
        Portion::Whole => true,
        // `-p` alone asks for the password.
        Portion::Rest => place.role != Role::Argument || !text.is_empty(),
        Portion::Word => !text.is_empty() && (text.chars().all(is_bare) || is_reference(text)),
        Portion::Inner => false,
        Portion::SingleWord => one_line() && !text.contains('\''),
        Portion::DoubleWord => one_line() && (is_reference(text) || !text.contains(['"', '\\', '$', '`'])),
    };
    if fits { Ok(()) } else { Err(EncodeError("the command line around it would not read it as one word")) }
}

/// Characters that neither a shell nor a splitter of words gives a meaning.
fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_@%+=:,./^-".contains(c)
}

/// `${NAME}`, or `${NAME:?text}` and the like without blanks and quotes.
fn is_reference(text: &str) -> bool {
    let Some(inside) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else { return false };
    let name = inside.len() - inside.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
    let (name, rest) = inside.split_at(name);
    let default = rest.strip_prefix(':').unwrap_or(rest);
    !name.is_empty() && (rest.is_empty() || default.starts_with(['?', '-', '+']) && default.chars().all(|c| is_bare(c) || c == '?'))
}

/// Line breaks of YAML 1.1 that YAML 1.2 reads as text, and the byte order mark.
fn is_odd_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !is_odd_break(c)
}

/// A value without quotes around it, which may get some.
fn whole_plain(text: &str, place: &Setting) -> Encoded {
    // A Kubernetes Secret holds text, whatever the base64 looks like; elsewhere a number stays a number.
    let old = if place.layer == Layer::None { place.value.expose() } else { "-" };
    let same_type = matches!((resolved(old), resolved(text)), (Type::Truth | Type::Null, Type::Truth) | (Type::Number, Type::Number));
    if plain_safe(text, place.around.flow) && (same_type || !may_resolve(text)) {
        return Ok(copy(text));
    }
    let (open, body) = if text.chars().all(|c| is_printable(c) || c == '\t') { ("'", single(text)?) } else { ("\"", double(text)) };
    let mut out = Zeroizing::new(String::with_capacity(body.len() + 2));
    out.push_str(open);
    out.push_str(&body);
    out.push_str(open);
    Ok(out)
}

/// What YAML takes a plain scalar for.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Type {
    Null,
    Truth,
    Number,
    Text,
}

fn resolved(text: &str) -> Type {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let number = text.strip_prefix('-').unwrap_or(text);
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Type::Null,
        _ if ["true", "false", "yes", "no", "on", "off", "y", "n"].iter().any(|word| word.eq_ignore_ascii_case(text)) => Type::Truth,
        // An octal number to some readers, a decimal one to others: not kept.
        _ if number.len() > 1 && number.starts_with('0') && digits(number) => Type::Text,
        _ if digits(number) || number.split_once('.').is_some_and(|(a, b)| digits(a) && digits(b)) => Type::Number,
        _ => Type::Text,
    }
}

/// Whether some reader could take `text` for something other than text: numbers in any base, sexagesimal ones, dates, words.
fn may_resolve(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let dotted = text.matches('.').count() > 1 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let word = ["inf", ".inf", ".nan", "nan", "<<", "="].iter().any(|word| word.eq_ignore_ascii_case(unsigned));
    let starts = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    // digits of hexadecimal numbers are such behind `0x` only, which leaves `e` for exponents
    let based = unsigned.get(..2).is_some_and(|lead| ["0x", "0o", "0b"].iter().any(|base| base.eq_ignore_ascii_case(lead)));
    let digit = |c: char| c.is_ascii_digit() || matches!(c, 'e' | 'E') || based && c.is_ascii_hexdigit();
    let numeric = starts && unsigned.chars().all(|c| digit(c) || "_.+-:xXoOtTzZ ".contains(c));
    resolved(text) != Type::Text || word || (numeric && !dotted)
}

/// Whether `text` alone, without quotes, is one scalar with that text.
fn plain_safe(text: &str, flow: bool) -> bool {
    let mut chars = text.chars();
    let first = match (chars.next(), chars.next()) {
        (Some('-'), Some(second)) => second.is_alphanumeric() && !text.starts_with("---"),
        (Some(c), _) => !"-?:,[]{}#&*!|>'\"%@`".contains(c) && !text.starts_with("..."),
        (None, _) => false,
    };
    first && !text.starts_with(' ') && continues_plain(text, flow) && !(flow && text.contains(':'))
}

/// Whether `text` can be the end of a plain scalar that has begun before.
fn continues_plain(text: &str, flow: bool) -> bool {
    let ends_it = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    let ends_in_flow = flow && text.contains([',', '[', ']', '{', '}']);
    text.chars().all(is_printable) && !ends_it && !ends_in_flow
}

fn inner_plain(text: &str, around: &Surroundings) -> Encoded {
    // In brackets `a:` before a bracket or comma is a key; in a command line a blank may come before the span and after it.
    let ends = around.portion == Portion::Rest || !text.starts_with(['#', ' ']);
    if ends && continues_plain(text, around.flow) {
        return Ok(copy(text));
    }
    Err(EncodeError("the text around it has no quotes, and these characters need some"))
}

fn single(text: &str) -> Encoded {
    if !text.chars().all(|c| is_printable(c) || c == '\t') {
        return Err(CONTROL);
    }
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 2));
    for c in text.chars() {
        out.push_str(if c == '\'' { "'" } else { "" });
        out.push(c);
    }
    Ok(out)
}

fn double(text: &str) -> Zeroizing<String> {
    // The longest escape is six bytes for one character of three, or four for one of one.
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 4));
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c => escape(&mut out, u32::from(c)),
        }
    }
    out
}

fn escape(out: &mut String, code: u32) {
    let digits = if code < 0x100 { 2 } else { 4 };
    out.push_str(if digits == 2 { "\\x" } else { "\\u" });
    for place in (0..digits).rev() {
        out.push(char::from_digit((code >> (4 * place)) & 0xf, 16).unwrap_or('0'));
    }
}

/// The lines of a block without the line breaks at its end that the file already holds.
fn block_lines<'v>(text: &'v str, around: &Surroundings) -> Result<&'v str, EncodeError> {
    let (start, tail) = text.split_at(text.trim_end_matches('\n').len());
    let whole = around.portion == Portion::Whole;
    if tail.len() != around.tail {
        return Err(EncodeError("the block ends in another number of line breaks"));
    }
    if !start.chars().all(|c| is_printable(c) || matches!(c, '\n' | '\t')) {
        return Err(CONTROL);
    }
    if whole && (start.is_empty() || start.starts_with([' ', '\t', '\n'])) {
        return Err(EncodeError("a block cannot begin with blanks"));
    }
    Ok(start)
}

fn literal(text: &str, around: &Surroundings) -> Encoded {
    let lines = block_lines(text, around)?;
    Ok(indented(lines, around, |run| run))
}

fn folded(text: &str, around: &Surroundings) -> Encoded {
    let lines = block_lines(text, around)?;
    if lines.split('\n').skip(1).any(|line| line.starts_with([' ', '\t'])) || (lines.contains('\n') && lines.starts_with([' ', '\t'])) {
        return Err(EncodeError("a folded block does not keep lines that begin with blanks"));
    }
    // Folding reads one line break as a blank, and n + 1 as n.
    Ok(indented(lines, around, |run| run + 1))
}

/// `lines` with the block's indentation, each run of n line breaks written as `breaks(n)`.
fn indented(lines: &str, around: &Surroundings, breaks: impl Fn(usize) -> usize) -> Zeroizing<String> {
    let (end, count) = (if around.crlf { "\r\n" } else { "\n" }, lines.matches('\n').count());
    let mut out = Zeroizing::new(String::with_capacity(lines.len() + count * (around.indent + 2 * end.len())));
    let mut run = 0;
    for (i, line) in lines.split('\n').enumerate() {
        run += usize::from(i > 0);
        if line.is_empty() {
            continue;
        }
        if run > 0 {
            (0..breaks(run)).for_each(|_| out.push_str(end));
            (0..around.indent).for_each(|_| out.push(' '));
            run = 0;
        }
        out.push_str(line);
    }
    out
}

fn copy(text: &str) -> Zeroizing<String> {
    let mut own = Zeroizing::new(String::with_capacity(text.len()));
    own.push_str(text);
    own
}
