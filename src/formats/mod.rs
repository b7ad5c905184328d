//! Bytes to a [`Document`], and a value to text that fits its place.
//!
//! A new format is one file beside this one (a folder where it takes several), and one line in [`FORMATS`].

mod accounts;
mod bicep;
mod caddy;
mod code;
mod conf;
mod credentials;
mod dockerfile;
mod env;
mod format;
mod hcl;
mod ini;
mod json;
mod lines;
mod loose;
mod nested;
mod parts;
mod properties;
mod shell;
mod sql;
mod text;
mod toml;
mod xml;
mod yaml;

pub use env::{Dialect, Reading, reading, readings, statement};
pub use format::{Claim, EncodeError, Format};
pub use text::{Concern, Sieve, Sieves};

use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::span::{LineIndex, Span};
use zeroize::Zeroizing;

/// Every format, the more special before the more general; the last one takes any text.
pub static FORMATS: &[&dyn Format] = &[
    &env::Env,
    &yaml::Compose,
    &yaml::Kubernetes,
    &yaml::Yaml,
    &json::LENIENT,
    &json::STRICT,
    &toml::Toml,
    &xml::Xml,
    &hcl::Hcl,
    &dockerfile::Dockerfile,
    &properties::Properties,
    &ini::Ini,
    &shell::Shell,
    &sql::Sql,
    &bicep::Bicep,
    &credentials::NETRC,
    &credentials::PGPASS,
    &credentials::HTPASSWD,
    &credentials::USERLIST,
    &code::Code,
    &conf::Conf,
    &text::Text,
];

/// The format registered as `name`.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|f| f.name() == name)
}

/// Whether files of this format can be handed on once they are sealed: `run` and `decrypt` give them back as what they are. Source and
/// documents are never sealed.
#[must_use]
pub fn is_sealable(format: &str) -> bool {
    matches!(format, "env" | "yaml" | "compose" | "kubernetes" | "json" | "jsonc" | "toml" | "ini" | "properties")
}

/// Whether a file of this name is a program, of which [`glance`] reads little.
#[must_use]
pub fn is_program(path: &str) -> bool {
    code::Code.claims(path, path.rsplit('/').next().unwrap_or(path), "") == Claim::Name
}

/// The format that claims a file most surely; on a tie the earlier in [`FORMATS`].
#[must_use]
pub fn claimant(path: &str, text: &str) -> &'static dyn Format {
    let file_name = path.rsplit('/').next().unwrap_or(path);
    let head = Span::new(0, 4096).narrowed(text).of(text);
    let mut best: (&'static dyn Format, Claim) = (&text::Text, Claim::No);
    for format in FORMATS.iter().copied() {
        let claim = format.claims(path, file_name, head);
        if claim > best.1 {
            best = (format, claim);
        }
    }
    best.0
}

/// Parses `bytes` as the format that claims `path`; a text that its format refuses is searched as plain text, with the fault noted.
///
/// Spans count bytes from the start of the file, byte order mark included.
///
/// ```
/// use harden::formats;
/// use harden::model::environment::Environment;
/// let doc = formats::parse(".env", b"A=b\n", Environment::Production);
/// assert_eq!((doc.format, doc.settings[0].span.start), ("env", 2));
/// ```
#[must_use]
pub fn parse(path: &str, bytes: &[u8], environment: Environment) -> Document {
    let (text, lossy) = decode(bytes);
    parse_text(path, text, lossy, environment)
}

/// [`parse`] for what [`decoded`] gives.
#[must_use]
pub fn parse_text(path: &str, text: Zeroizing<String>, lossy: bool, environment: Environment) -> Document {
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = &text[bom..];
    let format = claimant(path, body);
    let (name, settings, fault) = match format.parse(body) {
        Ok(settings) => (format.name(), settings, None),
        Err(fault) => (text::Text.name(), text::Text.parse(body).unwrap_or_default(), Some(fault)),
    };
    let mut settings: Vec<_> = settings.into_iter().map(|s| s.shifted(bom)).collect();
    nested::add(&text, name, &mut settings, claimant);
    let (found, marks) = loose::search(&text, name);
    loose::add(&text, name, found, &mut settings);
    if lossy {
        for setting in &mut settings {
            setting.editable &= setting.value.expose().is_ascii();
        }
    }
    if text.contains('\r') {
        for setting in &mut settings {
            // some readers end a line there, so what follows may be other settings
            setting.editable &= !has_bare_return(setting.span.of(&text));
        }
    }
    let lines = LineIndex::new(&text);
    Document { path: path.to_owned(), format: name, environment, text, lossy, lines, settings, fault, marks: Some(marks) }
}

/// What [`glance`] saw of a text, which it hands back where something is left to be seen.
pub enum Glance {
    /// It has to be parsed.
    Whole(Zeroizing<String>),
    /// Nothing in it matters; the name of its format, and the text.
    Nothing(&'static str, Zeroizing<String>),
    /// The settings of the parts that matter; lines are not counted.
    Parts(Document),
}

/// Looks over a program or a document without reading all of it: [`parse_text`] for what `sieves` let through.
#[must_use]
pub fn glance(path: &str, text: Zeroizing<String>, environment: Environment, sieves: &Sieves) -> Glance {
    let format = claimant(path, &text);
    let Some(sieve) = format.sieve(sieves).filter(|_| !text.starts_with('\u{feff}')) else { return Glance::Whole(text) };
    let sifted = sieve.sift(&text);
    if sifted.parts.is_empty() {
        return Glance::Nothing(format.name(), text);
    }
    let mut settings = format.parse_parts(&text, &sifted.parts);
    loose::add(&text, format.name(), loose::known(sifted.keys, sifted.tokens), &mut settings);
    let lines = LineIndex::default();
    Glance::Parts(Document {
        path: path.to_owned(),
        format: format.name(),
        environment,
        text,
        lossy: false,
        lines,
        settings,
        fault: None,
        marks: None,
    })
}

/// Whether a carriage return stands in `text` that belongs to no line end of this system.
fn has_bare_return(text: &str) -> bool {
    text.split('\r').skip(1).any(|after| !after.starts_with('\n'))
}

/// UTF-8 as it is, without a copy; otherwise the same number of bytes, with `?` for each byte that is not part of a character, and whether
/// there was any.
#[must_use]
pub fn decoded(mut bytes: Zeroizing<Vec<u8>>) -> (Zeroizing<String>, bool) {
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => (Zeroizing::new(text), false),
        Err(error) => decode(&Zeroizing::new(error.into_bytes())),
    }
}

/// UTF-8 as it is; otherwise the same number of bytes, with `?` for each byte that is not part of a character.
pub(crate) fn decode(bytes: &[u8]) -> (Zeroizing<String>, bool) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Zeroizing::new(text.to_owned()), false);
    }
    let mut text = Zeroizing::new(String::with_capacity(bytes.len()));
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|_| text.push('?'));
    }
    (text, true)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::by_name;

    /// Ten times the lines may take ten times as long, and not a hundred times.
    #[test]
    fn unclosed_quotes_cost_no_more_than_their_lines() {
        let lines = [
            ("ini", "a = \"\"\"\n"),
            ("conf", "a \"\n"),
            ("yaml", "a: \"\n"),
            ("yaml", "a: {{ b\n"),
            ("env", "A=\"\n"),
            ("env", "A='x' \"\n"),
            ("properties", "a=LoginModule b=\"\\\n"),
            ("toml", "a = \"\"\"\n"),
            ("shell", "A=\"\n"),
            ("sql", "SET a = '\n"),
            ("sql", "SET a = 1; /* "),
            ("netrc", "machine \"a\n"),
            ("text", "curl -u \"a "),
        ];
        for (name, line) in lines {
            let format = by_name(name).expect("it is registered");
            let time = |times: usize| {
                let text = line.repeat(times);
                // the first reading of a text may be the slowest of all
                let all = (0..3).map(|_| {
                    let start = Instant::now();
                    let _ = format.parse(&text);
                    start.elapsed()
                });
                all.min().unwrap_or_default()
            };
            let (few, many) = (time(1_000), time(10_000));
            assert!(many < few * 40 + Duration::from_millis(100), "{name} {line:?}: {few:?}, then {many:?}");
        }
    }
}
