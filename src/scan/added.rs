//! Which lines of a file are not in what was there before, as a diff tells it.
//!
//! Equal lines at both ends are set aside; lines that occur once on both sides anchor the rest (patience diff); between anchors the longest
//! common subsequence is found where that is cheap. Where it is not, all lines count as added: rather told twice than not at all.

use std::collections::HashMap;

use crate::model::span::Span;

/// Cells of the table of a common subsequence; beyond it nothing is compared.
const MOST_CELLS: usize = 1 << 20;

/// The lines of `new` that are not in `old`, with their ends, in order and joined where they touch.
pub(super) fn added(old: &[u8], new: &[u8]) -> Vec<Span> {
    let (before, after) = (lines(old), lines(new));
    let mut kept = vec![false; after.len()];
    compare(&before, &after, 0, &mut kept);
    let mut spans: Vec<Span> = Vec::new();
    let mut at = 0;
    for (line, kept) in after.iter().zip(kept) {
        let end = at + line.len();
        match spans.last_mut() {
            _ if kept => {}
            Some(last) if last.end == at => last.end = end,
            _ => spans.push(Span::new(at, end)),
        }
        at = end;
    }
    spans
}

/// Lines with their ends. One that lacks its end because the file stops there is the same as one that has it.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|b| *b == b'\n').collect()
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.trim_suffix_line() == b.trim_suffix_line()
}

trait Trim {
    fn trim_suffix_line(&self) -> &[u8];
}

impl Trim for [u8] {
    fn trim_suffix_line(&self) -> &[u8] {
        let line = self.strip_suffix(b"\n").unwrap_or(self);
        line.strip_suffix(b"\r").unwrap_or(line)
    }
}

/// Marks the lines of `new` (which begins at line `base`) that `old` has, too.
fn compare(mut old: &[&[u8]], mut new: &[&[u8]], mut base: usize, kept: &mut [bool]) {
    let mut keep = |i: usize| kept.iter_mut().skip(i).take(1).for_each(|k| *k = true);
    while let (Some((a, old_rest)), Some((b, new_rest))) = (old.split_first(), new.split_first())
        && same(a, b)
    {
        keep(base);
        (old, new, base) = (old_rest, new_rest, base + 1);
    }
    while let (Some((a, old_rest)), Some((b, new_rest))) = (old.split_last(), new.split_last())
        && same(a, b)
    {
        keep(base + new_rest.len());
        (old, new) = (old_rest, new_rest);
    }
    if old.is_empty() || new.is_empty() {
        return;
    }
    let anchors = anchors(old, new);
    if anchors.is_empty() {
        if old.len().saturating_mul(new.len()) <= MOST_CELLS {
            common(old, new).into_iter().for_each(|i| keep(base + i));
        }
        return;
    }
    let (mut from, mut to) = (0, 0);
    for (a, b) in anchors.into_iter().chain([(old.len(), new.len())]) {
        compare(old.get(from..a).unwrap_or_default(), new.get(to..b).unwrap_or_default(), base + to, kept);
        if b < new.len() {
            kept.iter_mut().skip(base + b).take(1).for_each(|k| *k = true);
        }
        (from, to) = (a + 1, b + 1);
    }
}

/// Pairs of lines that occur once on either side, as many as stand in one order on both.
fn anchors(old: &[&[u8]], new: &[&[u8]]) -> Vec<(usize, usize)> {
    let mut places: HashMap<&[u8], (usize, usize, usize, usize)> = HashMap::new();
    for (i, line) in old.iter().enumerate() {
        let place = places.entry(line.trim_suffix_line()).or_default();
        (place.0, place.1) = (place.0 + 1, i);
    }
    for (i, line) in new.iter().enumerate() {
        let place = places.entry(line.trim_suffix_line()).or_default();
        (place.2, place.3) = (place.2 + 1, i);
    }
    let mut pairs: Vec<(usize, usize)> = places.values().filter(|p| p.0 == 1 && p.2 == 1).map(|p| (p.1, p.3)).collect();
    pairs.sort_unstable();
    // the longest rising run of the second numbers, by piles
    let mut piles: Vec<usize> = Vec::new();
    let mut back = vec![None; pairs.len()];
    for (i, (_, b)) in pairs.iter().enumerate() {
        let pile = piles.partition_point(|top| pairs.get(*top).is_some_and(|(_, t)| t < b));
        if let (Some(before), Some(slot)) = (pile.checked_sub(1).and_then(|p| piles.get(p)), back.get_mut(i)) {
            *slot = Some(*before);
        }
        match piles.get_mut(pile) {
            Some(top) => *top = i,
            None => piles.push(i),
        }
    }
    let mut run = Vec::new();
    let mut next = piles.last().copied();
    while let Some(i) = next {
        run.extend(pairs.get(i).copied());
        next = back.get(i).copied().flatten();
    }
    run.reverse();
    run
}

/// The lines of `new` in a longest common subsequence.
fn common(old: &[&[u8]], new: &[&[u8]]) -> Vec<usize> {
    let width = new.len() + 1;
    let mut table = vec![0_u32; (old.len() + 1) * width];
    let at = |table: &[u32], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            let best = if same(a, b) { at(&table, i + 1, j + 1) + 1 } else { at(&table, i + 1, j).max(at(&table, i, j + 1)) };
            table.iter_mut().skip(i * width + j).take(1).for_each(|cell| *cell = best);
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut found = Vec::new();
    while let (Some(a), Some(b)) = (old.get(i), new.get(j)) {
        if same(a, b) {
            found.push(j);
            (i, j) = (i + 1, j + 1);
        } else if at(&table, i + 1, j) >= at(&table, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};
    use proptest::{prop_assert, prop_assert_eq};

    use super::added;

    fn told<'n>(old: &str, new: &'n str) -> Vec<&'n str> {
        added(old.as_bytes(), new.as_bytes()).into_iter().flat_map(|s| s.of(new).lines()).collect()
    }

    #[test]
    fn what_a_diff_would_mark_with_a_plus() {
        assert_eq!(told("", "a\nb\n"), ["a", "b"]);
        assert_eq!(told("a\nb\nc\n", "a\nx\nc\n"), ["x"]);
        assert_eq!(told("a\nb\n", "b\na\n").len(), 1, "one of two that changed places");
        assert_eq!(told("a\n", "a\na\n"), ["a"], "one more of the same");
        assert_eq!(told("a\nb", "a\nb\nc\n"), ["c"], "an end of line alone is no change");
        assert_eq!(told("a\r\nb\r\n", "a\nb\n"), [""; 0]);
        assert_eq!(told("{\n}\n{\n}\n", "{\n}\n{\nx\n}\n"), ["x"]);
        assert_eq!(told("k\n1\n2\n3\nm\n", "m\n1\n2\n3\nk\n"), ["m", "k"]);
    }

    proptest! {
        /// Without the added lines, what is left of the new text stands in the old one in that order.
        #[test]
        fn what_is_not_added_is_old(old in prop::collection::vec(0_u8..6, 0..40), new in prop::collection::vec(0_u8..6, 0..40), tail in any::<bool>()) {
            let text = |lines: &[u8]| lines.iter().map(|l| format!("line {l}\n")).collect::<String>();
            let (before, mut after) = (text(&old), text(&new));
            if tail {
                after.push_str("no end");
            }
            let spans = added(before.as_bytes(), after.as_bytes());
            prop_assert!(spans.windows(2).all(|w| w[0].end < w[1].start));
            let mut rest = before.lines();
            let mut kept = 0;
            for (at, line) in after.split_inclusive('\n').scan(0, |at, line| { let here = *at; *at += line.len(); Some((here, line)) }) {
                if !spans.iter().any(|s| s.start <= at && at < s.end) {
                    kept += 1;
                    prop_assert!(rest.any(|old| old == line.trim_end()), "a line was kept that is not there");
                }
            }
            prop_assert!(old != new || tail || spans.is_empty());
            prop_assert_eq!(kept + spans.iter().map(|s| s.of(&after).lines().count()).sum::<usize>(), after.lines().count());
        }
    }
}
