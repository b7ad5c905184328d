//! The proof before the deed: parse the new bytes, and compare every setting with what was planned.

use crate::formats;
use crate::model::document::Document;
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
    let before: Vec<(usize, &Setting)> =
        document.settings.iter().enumerate().filter(|(i, s)| of_the_file(s) && !planned.removed.contains(i)).collect();
    let after: Vec<&Setting> = parsed.settings.iter().filter(|s| of_the_file(s)).collect();
    if after.len() != before.len() + planned.added.len() + planned.beside.len() {
        return Err(fault(1, "the new file would have other settings"));
    }
    let mut left = after.iter().copied().peekable();
    let mut added: Vec<&Setting> = Vec::new();
    for (i, old) in before.iter().copied() {
        // one that comes stands at the end, unless a name that was not expected stands before
        let is_new = |now: &&Setting, known: usize| {
            (now.key != old.key || now.part != old.part) && planned.added.get(known).is_some_and(|(name, _)| name == now.name())
        };
        while let Some(now) = left.next_if(|now| is_new(now, added.len())) {
            added.push(now);
        }
        let Some(now) = left.next() else { break };
        let line = document.lines.line(old.span.start);
        if old.key != now.key || old.part != now.part || old.role != now.role {
            return Err(fault(line, "a name would change"));
        }
        let right = match planned.expected.get(&i) {
            Some(expected) => now.value.same_as(expected),
            None => now.value.same_as(&old.value) || holds_an_edit(document, old, now, new, planned),
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
    let fits = |(now, (name, value)): (&&Setting, &(String, Secret))| now.name() == name && now.value.same_as(value);
    if added.len() == planned.added.len() && added.iter().zip(&planned.added).all(fits) {
        Ok(())
    } else {
        Err(fault(document.lines.lines(), "an added value would not be as planned"))
    }
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
