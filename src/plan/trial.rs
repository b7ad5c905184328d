//! An edit that takes settings away or puts others in their place, tried before it is planned: one that would not be read as meant concerns
//! its own change, not the whole plan. What is written is proved once more, by `rewrite`.

use std::collections::BTreeMap;

use super::lifted::Written;
use crate::formats;
use crate::model::document::Document;
use crate::model::secret::Secret;
use crate::model::setting::Setting;
use crate::model::span::Span;

/// `text` in the place of `span`, with the settings that are there then. What lies within `around`, which covers it, may be read in another
/// way; `None` where anything else would be, or nothing that was read stands there now.
pub(super) fn tried(document: &Document, around: Span, span: Span, text: Secret) -> Option<Written> {
    let old = document.text.as_str();
    let new = Secret::concat(&[old.get(..span.start)?, text.expose(), old.get(span.end..)?]);
    let parsed = formats::parse(&document.path, new.expose().as_bytes(), document.environment);
    let sound = !document.lossy && parsed.format == document.format && parsed.fault.is_none();
    let touches = |s: &Setting, at: Span| s.span.overlaps(at) || at.covers(s.span);
    let place = Span::new(around.start, (around.end + text.len()).checked_sub(span.len())?);
    let (gone, kept): (Vec<usize>, Vec<usize>) =
        (0..document.settings.len()).partition(|i| document.settings.get(*i).is_some_and(|s| touches(s, around)));
    let (come, rest): (Vec<&Setting>, Vec<&Setting>) = parsed.settings.iter().partition(|s| touches(s, place));
    let kept: Vec<&Setting> = kept.into_iter().filter_map(|i| document.settings.get(i)).collect();
    let same = |a: &Setting, b: &Setting| a.key == b.key && a.part == b.part && a.role == b.role && a.value.same_as(&b.value);
    if !sound || kept.len() != rest.len() || !kept.iter().zip(&rest).all(|(a, b)| same(a, b)) {
        return None;
    }
    let mut becomes: BTreeMap<usize, Vec<_>> = gone.iter().map(|i| (*i, Vec::new())).collect();
    *becomes.get_mut(gone.first()?)? = come.into_iter().map(|s| (s.key.clone(), s.value.clone())).collect();
    Some(Written { span, text, becomes })
}
