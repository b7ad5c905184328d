//! Env files: `.env` and their kin, read as python-dotenv and compose read them where they agree.
//!
//! There is no specification; what ten parsers do with 46 lines is the table in the tests of `dialects.rs`, and that file tells where
//! they differ. An env file has no syntax error worth refusing it for: lines that are no assignment are skipped.

use crate::formats::format::{Claim, EncodeError, Format};
use crate::formats::lines::{byte, closing, line_at, skip_blanks, trim_end};
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;
use crate::model::template::{self, Part};

/// Env files, in the dialect of dotenv.
pub(in crate::formats) struct Env;

impl Format for Env {
    fn name(&self) -> &'static str {
        "env"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        claim(&file_name.to_ascii_lowercase(), head)
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let mut settings = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let (line, next) = line_at(text, at);
            at = next;
            let start = skip_blanks(text, line.start, line.end);
            if byte(text, start) == b'#' {
                settings.extend(commented(text, start, line.end));
            } else if let Some(found) = Assignment::read(text, start) {
                at = at.max(found.next);
                settings.push(found.into_setting(text));
            }
        }
        Ok(settings)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        let written = match place.quoting {
            Quoting::Plain => plain(value.expose()).map_or_else(|| quoted(value.expose()), Ok)?,
            Quoting::Single => single(value.expose())?,
            Quoting::Double => double(value.expose())?,
            Quoting::Backtick | Quoting::Literal | Quoting::Folded => return Err(EncodeError("env files have no such quotes")),
        };
        let quote = match place.quoting {
            Quoting::Single => "'",
            Quoting::Double => "\"",
            _ => "",
        };
        let probe = Secret::concat(&["A=", quote, written.expose(), quote, "\n"]);
        let same = Assignment::read(probe.expose(), 0)
            .is_some_and(|a| a.next == probe.len() && a.balanced && a.decode(probe.expose()).same_as(value));
        if same { Ok(written) } else { Err(EncodeError("it would be read back as another value")) }
    }
}

/// One assignment as it lies in the text.
struct Assignment {
    key: Span,
    /// Inside the quotes.
    value: Span,
    quoting: Quoting,
    /// Whether the quotes close and nothing but a comment follows them.
    balanced: bool,
    /// Where the line after it begins.
    next: usize,
}

impl Assignment {
    /// The assignment that begins at `start`, behind the indentation; quotes may span lines.
    fn read(text: &str, start: usize) -> Option<Self> {
        let (line, next) = line_at(text, start);
        let key = key_at(text, start, line.end)?;
        let sign = skip_blanks(text, key.end, line.end);
        let after = match (byte(text, sign), byte(text, sign + 1)) {
            (b'=', _) if sign < line.end => sign + 1,
            (b':', b' ' | b'\t') if sign + 1 < line.end => sign + 2,
            _ => return None,
        };
        let open = skip_blanks(text, after, line.end);
        let (value, quoting, balanced, next) = match byte(text, open) {
            _ if open >= line.end => (Span::new(after, after), Quoting::Plain, true, next),
            b'#' if open > after => (Span::new(after, after), Quoting::Plain, true, next),
            quote @ (b'"' | b'\'') => match Self::in_quotes(text, open, quote) {
                Some((value, next)) => (value, if quote == b'"' { Quoting::Double } else { Quoting::Single }, true, next),
                None => (trim_end(text, Span::new(open, line.end)), Quoting::Plain, false, next),
            },
            _ => (bare(text, Span::new(open, line.end)), Quoting::Plain, true, next),
        };
        Some(Self { key, value, quoting, balanced, next })
    }

    /// The text between the quote at `open` and the one that closes it, if only a comment follows on that line.
    fn in_quotes(text: &str, open: usize, quote: u8) -> Option<(Span, usize)> {
        let close = closing(text, open + 1, text.len(), quote)?;
        let (rest, next) = line_at(text, close + 1);
        let after = rest.of(text).trim_ascii_start();
        (after.is_empty() || after.starts_with('#')).then_some((Span::new(open + 1, close), next))
    }

    fn decode(&self, text: &str) -> Secret {
        let raw = self.value.of(text);
        match self.quoting {
            Quoting::Double => unescape(raw, |c| match c {
                'n' => Some('\n'),
                'r' => Some('\r'),
                't' => Some('\t'),
                'a' => Some('\u{7}'),
                'b' => Some('\u{8}'),
                'f' => Some('\u{c}'),
                'v' => Some('\u{b}'),
                '\\' | '"' | '\'' | '$' => Some(c),
                _ => None,
            }),
            Quoting::Single => unescape(raw, |c| (c == '\'').then_some(c)),
            _ => Secret::copy_of(raw),
        }
    }

    fn into_setting(self, text: &str) -> Setting {
        let value = self.decode(text);
        // Once decoded, `\$` could not be told from the start of a reference
        let exact = self.quoting != Quoting::Double || !self.value.of(text).contains("\\$");
        let mut setting = Setting::new(KeyPath::of(self.key.of(text)), self.key, value, self.value, self.quoting);
        setting.editable = self.balanced && exact;
        setting
    }
}

/// An assignment in the comment that begins at `start`; only one that is written as if it had been in force.
fn commented(text: &str, start: usize, end: usize) -> Option<Setting> {
    let marks = Span::new(start, end).of(text);
    let start = start + (marks.len() - marks.trim_start_matches(['#', ' ', '\t']).len());
    let found = Assignment::read(text, start)?;
    let name = found.key.of(text);
    let upper = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let direct = byte(text, found.key.end) == b'=' && found.value.end <= end && found.balanced;
    let one_word = found.quoting != Quoting::Plain || !found.value.of(text).contains([' ', '\t']);
    (upper && direct && one_word).then(|| {
        let mut setting = found.into_setting(text);
        setting.role = Role::Commented;
        setting
    })
}

/// The name at `at`, an `export` before it skipped.
fn key_at(text: &str, at: usize, end: usize) -> Option<Span> {
    let line = Span::new(at, end).of(text);
    let exported =
        line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map(|rest| rest.trim_start_matches([' ', '\t']));
    // A variable may itself be called `export`
    let start = exported.filter(|rest| rest.starts_with(is_key_char)).map_or(at, |rest| end - rest.len());
    let rest = Span::new(start, end).of(text);
    let len = rest.find(|c| !is_key_char(c)).unwrap_or(rest.len());
    (len > 0).then(|| Span::new(start, start + len))
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// An unquoted value: up to a `#` that stands behind a blank.
fn bare(text: &str, line: Span) -> Span {
    let part = line.of(text);
    let comment = part.match_indices('#').find(|(i, _)| part.get(..*i).is_some_and(|before| before.ends_with([' ', '\t'])));
    let end = comment.map_or(line.end, |(i, _)| line.start + i);
    trim_end(text, Span::new(line.start, end))
}

/// `raw` with the escapes that `known` knows replaced, others kept as they are, and line ends as readers in text mode see them.
fn unescape(raw: &str, known: impl Fn(char) -> Option<char>) -> Secret {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().copied()) {
            ('\\', Some(next)) => {
                match known(next) {
                    Some(meant) => out.push(meant),
                    None => out.extend([c, next]),
                }
                chars.next();
            }
            ('\r', Some('\n')) => {}
            _ => out.push(c),
        }
    }
    Secret::new(out)
}

/// `value` as it is, if every dialect reads it unquoted as the same.
fn plain(value: &str) -> Option<Secret> {
    let mut before = '=';
    let fits = template::parts(value).into_iter().all(|part| {
        let text = part.span().of(value);
        if is_expanded(part, value) {
            // Written as a reference, it must stay one
            return !text.contains(|c: char| c.is_whitespace() || "'\"`#\\();&|<>".contains(c));
        }
        text.chars().all(|c| {
            let tilde = c == '~' && !before.is_alphanumeric();
            before = c;
            !tilde && (c.is_alphanumeric() || "_.,:/@%+=~^*!?-[]".contains(c))
        })
    });
    fits.then(|| Secret::copy_of(value))
}

/// Whether readers of env files resolve this part: `$NAME`, `${..}`; neither `$$`, on which they differ, nor other templates.
fn is_expanded(part: Part, value: &str) -> bool {
    let text = part.span().of(value);
    !matches!(part, Part::Literal(_)) && text.starts_with('$') && !text.starts_with("$$")
}

/// `value` with quotes of its own: single ones, unless they could not hold it or would hide a reference.
fn quoted(value: &str) -> Result<Secret, EncodeError> {
    if !template::parts(value).into_iter().any(|part| is_expanded(part, value))
        && let Ok(inner) = single(value)
    {
        return Ok(Secret::concat(&["'", inner.expose(), "'"]));
    }
    double(value).map(|inner| Secret::concat(&["\"", inner.expose(), "\""]))
}

fn single(value: &str) -> Result<Secret, EncodeError> {
    if value.contains(['\'', '\n', '\r', '\0']) || value.contains("\\\\") || value.ends_with('\\') {
        return Err(EncodeError("single quotes cannot hold a quote, a line end or a double backslash"));
    }
    Ok(Secret::copy_of(value))
}

fn double(value: &str) -> Result<Secret, EncodeError> {
    let literal_dollar = template::parts(value).into_iter().any(|part| !is_expanded(part, value) && part.span().of(value).contains('$'));
    if literal_dollar || value.contains('\0') {
        return Err(EncodeError("dialects differ on a dollar sign in double quotes"));
    }
    let mut out = String::with_capacity(value.len() * 2);
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            _ => out.push(c),
        }
    }
    Ok(Secret::new(out))
}

/// What a name ends with when the file is code or data of another kind that merely has `env` in its name.
const OTHER: &[&str] = &[
    "age", "ts", "js", "mjs", "cjs", "tsx", "jsx", "py", "rb", "go", "rs", "php", "java", "sh", "json", "yaml", "yml", "toml", "md",
    "html", "xml", "gz", "zip", "gpg", "asc", "vue", "cs", "erb", "j2", "ini",
];

fn claim(name: &str, head: &str) -> Claim {
    if name.rsplit_once('.').is_some_and(|(stem, last)| !stem.is_empty() && OTHER.contains(&last)) {
        return Claim::No;
    }
    let undotted = name.strip_prefix('.').unwrap_or(name);
    let after = undotted.strip_prefix("env").or_else(|| undotted.strip_prefix("dotenv"));
    let tail = after.is_some_and(|rest| rest.starts_with(['.', '-', '_']));
    if name == ".env" || name.ends_with(".env") || name.contains(".env.") || name.starts_with(".env-") || name.starts_with(".env_") {
        Claim::Special
    } else if tail || matches!(name, "dotenv" | "env" | "environment") {
        if mostly_assignments(head) { Claim::Special } else { Claim::No }
    } else {
        Claim::No
    }
}

/// Whether at least half of the lines that say something are assignments.
fn mostly_assignments(head: &str) -> bool {
    let said = head.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let (all, ours) = said.fold((0_usize, 0_usize), |(all, ours), l| (all + 1, ours + usize::from(Assignment::read(l, 0).is_some())));
    ours * 2 >= all
}

#[cfg(test)]
#[path = "assignments_tests.rs"]
mod tests;
