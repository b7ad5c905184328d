//! The proof before the deed: parse the new bytes, and compare every setting with what was planned.

use crate::formats;
use crate::model::document::Document;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Portion, Setting};
use crate::model::span::Span;
use crate::plan::Planned;

use super::error::RewriteError;

/// Checks that `new` differs from `document` in exactly the planned settings.
///
/// # Errors
/// [`RewriteError::Changed`] with the first place that is not as planned; nothing was written.
pub(super) fn verify(document: &Document, new: &[u8], planned: &Planned) -> Result<(), RewriteError> {
    let parsed = formats::parse(&document.path, new, document.environment);
    let fault = |line: usize, what: &'static str| RewriteError::Changed { path: document.path.clone(), line, what };
    if parsed.format != document.format || parsed.fault.is_some() {
        return Err(fault(1, "the new file would not parse any more"));
    }
    // what is read out of a value changes with it, and is compared as part of it
    let of_the_file = |s: &Setting| s.around.portion != Portion::Inner;
    let before: Vec<Wanted<'_>> = wanted(document, planned, of_the_file);
    let after: Vec<&Setting> = parsed.settings.iter().filter(|s| of_the_file(s)).collect();
    if after.len() != before.len() + planned.added.len() + planned.beside.len() {
        return Err(fault(1, "the new file would have other settings"));
    }
    let mut left = after.iter().copied().peekable();
    let mut added: Vec<&Setting> = Vec::new();
    for wanted in &before {
        let (i, old) = (wanted.index, wanted.old);
        let (key, value) = wanted.new.unwrap_or((&old.key, &old.value));
        // one that comes stands at the end, unless a name that was not expected stands before
        let is_new = |now: &&Setting, known: usize| {
            (now.key != *key || now.part != old.part) && planned.added.get(known).is_some_and(|(name, _)| name == now.name())
        };
        while let Some(now) = left.next_if(|now| is_new(now, added.len())) {
            added.push(now);
        }
        let Some(now) = left.next() else { break };
        let line = document.lines.line(old.span.start);
        if *key != now.key || old.part != now.part || old.role != now.role {
            return Err(fault(line, "a name would change"));
        }
        let right = match planned.expected.get(&i) {
            Some(expected) => now.value.same_as(expected),
            None => now.value.same_as(value) || wanted.new.is_none() && holds_an_edit(document, old, now, new, planned),
        };
        if !right {
            return Err(fault(line, "a value would not be as planned"));
        }
        let mut beside = planned.beside.iter().filter(|new| new.after == i).zip(&mut left);
        if !beside.all(|(new, now)| now.name() == new.name && now.part == old.part && now.value.same_as(&new.value)) {
            return Err(fault(line, "a value beside it would not be as planned"));
        }
    }
    added.extend(left);
    inner(document, &parsed.settings, planned).map_err(|line| fault(line, "a value inside another would not be as planned"))?;
    let fits = |(now, (name, value)): (&&Setting, &(String, Secret))| now.name() == name && now.value.same_as(value);
    if added.len() == planned.added.len() && added.iter().zip(&planned.added).all(fits) {
        Ok(())
    } else {
        Err(fault(document.lines.lines(), "an added value would not be as planned"))
    }
}

/// Checks what is read out of values that change only there: the planned ones have their new values, and what lies beside them its old one.
/// Gives the line of the first that is not so.
fn inner(document: &Document, new: &[Setting], planned: &Planned) -> Result<(), usize> {
    let is_inner = |s: &&Setting| s.around.portion == Portion::Inner;
    let touched = |s: &Setting| planned.edits.edits().iter().any(|e| s.span.overlaps(e.span) || s.span.covers(e.span));
    for (index, old) in document.settings.iter().enumerate().filter(|(_, s)| is_inner(s)) {
        let value = match planned.expected.get(&index) {
            Some(expected) => expected,
            None if touched(old) => continue,
            None => &old.value,
        };
        let mut now = new.iter().filter(is_inner).filter(|now| now.key == old.key && now.part == old.part);
        if !now.any(|now| now.value.same_as(value)) {
            return Err(document.lines.line(old.span.start));
        }
    }
    Ok(())
}

/// A setting that the new file must have.
struct Wanted<'p> {
    index: usize,
    old: &'p Setting,
    /// Key and value, where it comes in the place of the old one.
    new: Option<(&'p KeyPath, &'p Secret)>,
}

/// The settings of the document in order: without those that go, and with what comes in the place of others.
fn wanted<'p>(document: &'p Document, planned: &'p Planned, of_the_file: impl Fn(&Setting) -> bool) -> Vec<Wanted<'p>> {
    let mut out = Vec::new();
    for (index, old) in document.settings.iter().enumerate().filter(|(i, s)| of_the_file(s) && !planned.removed.contains(i)) {
        match planned.becomes.get(&index) {
            Some(all) => out.extend(all.iter().map(|(key, value)| Wanted { index, old, new: Some((key, value)) })),
            None => out.push(Wanted { index, old, new: None }),
        }
    }
    out
}

/// Whether the setting is the whole of which a planned one is a part (a command line and its argument), and changed only there.
fn holds_an_edit(document: &Document, old: &Setting, now: &Setting, new: &[u8], planned: &Planned) -> bool {
    let inside: Vec<_> = planned.edits.edits().iter().filter(|e| old.span.covers(e.span)).collect();
    let before: isize = planned
        .edits
        .edits()
        .iter()
        .filter(|e| e.span.end <= old.span.start && !old.span.covers(e.span))
        .map(|e| growth(e.span, e.text.len()))
        .sum();
    let within: isize = inside.iter().map(|e| growth(e.span, e.text.len())).sum();
    let moved = |at: usize, by: isize| usize::try_from(at as isize + by).unwrap_or(0);
    let place = Span::new(moved(old.span.start, before), moved(old.span.end, before + within));
    // where the text is escaped, the parser's word is all there is: the span must be the one that the edits made
    !inside.is_empty()
        && now.span == place
        && new.get(place.start..place.end).is_some()
        && document.text.get(old.span.start..old.span.end).is_some()
}

fn growth(span: Span, len: usize) -> isize {
    len as isize - span.len() as isize
}
