//! Any other text: documents, source code, logs, and files whose own format could not read them.
//!
//! Such text has no settings, but it holds text that has the form of one. What is found here has the role `Prose`: it is reported and
//! never edited. One pass over the bytes stops at the few that can join a name and a value; from there it looks a bounded way back and
//! ahead and never leaves the line, so a minified file of one line costs no more than another.

use super::page::{Far, Hit, Page};
use super::sieve::{Sieve, Sieves};
use super::{commands, fallbacks, pairs, programs};
use crate::formats::format::{Claim, EncodeError, Format};
use crate::model::document::{Fault, is_lock_file};
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::span::{Span, line_before};

/// Any text that no other format wants.
pub(in crate::formats) struct Text;

impl Format for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn claims(&self, _path: &str, file_name: &str, _head: &str) -> Claim {
        // what a package manager writes holds no settings, whatever its format: only what shows by itself counts there
        if is_lock_file(file_name) { Claim::Special } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        Ok(self.parse_parts(text, &[Span::new(0, text.len())]))
    }

    fn parse_parts(&self, text: &str, parts: &[Span]) -> Vec<Setting> {
        let mut hits = pseudo_settings_in(text, parts);
        if text.trim_start().starts_with('<') {
            let comments = markup_comments(text);
            hits.retain(|s| !comments.iter().any(|c| c.start <= s.span.start && s.span.end <= c.end));
        }
        // The pages of `man` show what a program takes
        if [".TH ", ".\\\"", "'\\\"", ".Dd "].iter().any(|mark| text.starts_with(mark)) {
            hits.retain(|s| s.name().is_empty());
        }
        set_comments_aside(text, &mut hits);
        hits
    }

    fn sieve<'s>(&self, sieves: &'s Sieves) -> Option<&'s Sieve> {
        Some(&sieves.prose)
    }

    fn encode(&self, _value: &Secret, _place: &Setting) -> Result<Secret, EncodeError> {
        Err(EncodeError("documents and source code are reported, never edited"))
    }
}

/// What stands behind the mark of a comment at the start of its line is not in force. A private key is one everywhere.
pub(in crate::formats) fn set_comments_aside(text: &str, hits: &mut [Setting]) {
    for hit in hits.iter_mut().filter(|h| !h.value.expose().starts_with("-----BEGIN")) {
        let at = if hit.name().is_empty() { hit.span.start } else { hit.key_span.start.min(hit.span.start) };
        let line = line_before(text, at).trim_start();
        // `#[arg(default_value = "x")]` of Rust is none
        if (line.starts_with(['#', ';']) && !line.starts_with("#["))
            || ["// ", "-- ", "REM ", "rem ", "::"].iter().any(|mark| line.starts_with(mark))
        {
            hit.role = Role::Commented;
        }
    }
}

/// The comments of XML and HTML: what stands there is switched off.
fn markup_comments(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text.get(at..).and_then(|rest| rest.find("<!--")).map(|i| at + i) {
        let close = text.get(open..).and_then(|rest| rest.find("-->")).map_or(text.len(), |i| open + i);
        found.push(Span::new(open, close));
        at = close.max(open + 4);
    }
    found
}

/// Everything in `text` that has the form of a setting, in file order; role `Prose`, not editable.
pub(in crate::formats) fn pseudo_settings(text: &str) -> Vec<Setting> {
    pseudo_settings_in(text, &[Span::new(0, text.len())])
}

/// [`pseudo_settings`] of `parts` of `text`, which are in order and apart.
pub(in crate::formats) fn pseudo_settings_in(text: &str, parts: &[Span]) -> Vec<Setting> {
    let far = Far::default();
    let page = Page { text, far: &far };
    let mut found: Vec<Setting> = Vec::new();
    let mut covered = Span::default();
    let mut at = 0;
    let mut parts = parts.iter();
    let mut part = Span::default();
    while let Some(&b) = text.as_bytes().get(at) {
        if at >= part.end {
            let Some(next) = parts.next() else { break };
            part = *next;
            at = at.max(part.start);
            continue;
        }
        let hits = match b {
            b'=' | b':' => page.url(at, covered).map(|hit| vec![hit]).or_else(|| joined(page, at, &found)),
            b'(' => programs::call(page, at).or_else(|| fallbacks::call(page, at)),
            b'|' | b'?' => programs::fallback(page, at)
                .or_else(|| programs::account(page, at))
                .or_else(|| (b == b'|').then(|| pairs::table_cell(page, at)).flatten())
                .map(|hit| vec![hit]),
            b'@' => programs::annotation(page, at),
            b'-' => commands::flag(page, at).or_else(|| commands::item(page, at)).map(|hit| vec![hit]),
            b'\'' => programs::statement(page, at).map(|hit| vec![hit]),
            b'<' => pairs::element(page, at).or_else(|| pairs::erlang(page, at)).map(|hit| vec![hit]),
            b's' | b'S' => commands::variable(page, at).map(|hit| vec![hit]),
            b'c' | b'w' => commands::unchecked(page, at).map(|hit| vec![hit]),
            b'a' | b'h' => commands::alias(page, at).map(|hit| vec![hit]),
            b'`' => pairs::quoted_word(page, at).map(|hit| vec![hit]),
            b'p' => programs::answer(page, at).map(|hit| vec![hit]),
            b'E' => pairs::docker_variable(page, at).map(|hit| vec![hit]),
            _ => None,
        };
        at += 1;
        let Some(hits) = hits else { continue };
        for hit in hits {
            // Inside a text of several words there may be more; a single word is done with
            if !hit.value.of(text).contains([' ', '\t']) || hit.value.of(text).contains('\n') {
                at = at.max(hit.value.end);
            }
            covered = hit.value;
            found.push(hit.into_setting(text));
        }
    }
    found.sort_by_key(|s| (s.span.start, s.span.end));
    found.dedup_by(|b, a| a.span == b.span && (b.name().is_empty() || a.name() == b.name()));
    found
}

/// The pair that the sign at `at` joins.
fn joined(page: Page, at: usize, found: &[Setting]) -> Option<Vec<Hit>> {
    let pair = pairs::pair(page, at, found).map(|hit| fallbacks::credential(page, fallbacks::tagged(page, hit)));
    let hit = pair.or_else(|| (page.byte(at) == b'=').then(|| fallbacks::typed(page, at)).flatten())?;
    Some(vec![hit])
}

#[cfg(test)]
#[path = "prose_tests.rs"]
mod tests;
