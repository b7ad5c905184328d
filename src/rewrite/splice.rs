//! Bytes out, bytes in, everything else as it was: the only place where text of a user's file is put together.

use zeroize::Zeroizing;

use crate::model::edit::EditSet;
use crate::model::span::Span;

/// An edit that does not lie in the file: it was made for other bytes. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a change wants the bytes {} to {} of a file of {len}", span.start, span.end)]
pub struct OutOfRange {
    /// Where the edit wants to be.
    pub span: Span,
    /// How many bytes there are.
    pub len: usize,
}

/// `bytes` with every edit made. The result is allocated once, so no half of it stays behind in memory.
///
/// # Errors
/// [`OutOfRange`] for the first edit that does not lie within `bytes`.
pub fn splice(bytes: &[u8], edits: &EditSet) -> Result<Zeroizing<Vec<u8>>, OutOfRange> {
    let mut size = bytes.len();
    for edit in edits.edits() {
        // spans are disjoint, so what goes is never more than what is there
        size = size.saturating_sub(edit.span.len()) + edit.text.len();
    }
    let mut out = Zeroizing::new(Vec::with_capacity(size));
    let mut done = 0;
    for edit in edits.edits() {
        let before = bytes.get(done..edit.span.start).filter(|_| edit.span.end <= bytes.len());
        out.extend_from_slice(before.ok_or(OutOfRange { span: edit.span, len: bytes.len() })?);
        out.extend_from_slice(edit.text.expose().as_bytes());
        done = edit.span.end;
    }
    out.extend_from_slice(bytes.get(done..).unwrap_or_default());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

    use super::{OutOfRange, splice};
    use crate::model::edit::{Edit, EditSet};
    use crate::model::secret::Secret;
    use crate::model::span::Span;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(start, end), text: Secret::copy_of(text) }
    }

    fn set(edits: Vec<Edit>) -> EditSet {
        EditSet::new(edits).expect("disjoint")
    }

    #[test]
    fn only_the_spans_change_and_the_buffer_fits() {
        let file = b"\xEF\xBB\xBFexport A='old' # note\r\nB=old";
        let out = splice(file, &set(vec![edit(13, 16, "new\u{e9}"), edit(28, 31, "")])).expect("in range");
        assert_eq!(out.as_slice(), "\u{feff}export A='new\u{e9}' # note\r\nB=".as_bytes());
        assert_eq!(out.capacity(), out.len());
    }

    #[test]
    fn insertions_go_between_bytes_and_at_the_end() {
        let out = splice(b"ab", &set(vec![edit(2, 2, "Z"), edit(0, 0, "X"), edit(1, 1, "Y")])).expect("in range");
        assert_eq!(out.as_slice(), b"XaYbZ");
    }

    #[test]
    fn spans_beyond_the_end_are_refused() {
        for (start, end) in [(0, 4), (3, 4), (4, 4), (9, 12)] {
            let refused = splice(b"abc", &set(vec![edit(start, end, "x")]));
            assert_eq!(refused.map(|z| z.to_vec()), Err(OutOfRange { span: Span::new(start, end), len: 3 }));
        }
        assert_eq!(splice(b"", &EditSet::default()).map(|z| z.len()), Ok(0));
    }

    /// Bytes and disjoint edits in them: cut points, every second gap replaced.
    fn cases() -> impl Strategy<Value = (Vec<u8>, Vec<(usize, usize, String)>)> {
        (
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::btree_set(0_usize..200, 0..12),
            prop::collection::vec("[a-zé]{0,9}", 6),
        )
            .prop_map(|(bytes, cuts, texts)| {
                let cuts: Vec<usize> = cuts.into_iter().filter(|c| *c <= bytes.len()).collect();
                let pairs = cuts.as_chunks::<2>().0.iter().zip(texts);
                let edits = pairs.map(|([a, b], text)| (*a, *b, text)).collect();
                (bytes, edits)
            })
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_the_rest_is_untouched((bytes, edits) in cases(), turn in any::<prop::sample::Index>()) {
            let make = |edits: &[(usize, usize, String)]| set(edits.iter().map(|(a, b, t)| edit(*a, *b, t)).collect());
            let out = splice(&bytes, &make(&edits)).expect("in range");
            let mut turned = edits.clone();
            if !turned.is_empty() {
                let by = turn.index(turned.len());
                turned.rotate_left(by);
                turned.reverse();
            }
            prop_assert_eq!(&*splice(&bytes, &make(&turned)).expect("in range"), &*out);
            prop_assert_eq!(out.capacity(), out.len());
            // walk both: what lies between the spans is equal, what lies in them is the edit's text
            let (mut old, mut new) = (0, 0);
            for (start, end, text) in &edits {
                let kept = start - old;
                prop_assert_eq!(&bytes[old..*start], &out[new..new + kept]);
                prop_assert!(out[new + kept..].starts_with(text.as_bytes()));
                (old, new) = (*end, new + kept + text.len());
            }
            prop_assert_eq!(&bytes[old..], &out[new..]);
        }
    }
}
