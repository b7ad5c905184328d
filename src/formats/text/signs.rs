//! A search for many short texts at once.

use crate::model::span::Span;

/// Texts to be found all at once, in any case, each with what it announces.
///
/// Each is filed under its first three bytes. A filter that stays in the nearest cache, one look for each byte of a text, turns most places
/// away by these and a trace of the fourth; a machine for all of them has tables of megabytes, and each byte would wait for one.
pub(super) struct Signs<T> {
    all: Vec<(Vec<u8>, T)>,
    /// For each hash of three bytes with which a text begins a bit for what may be its fourth.
    filter: Box<[u8; 1 << BITS]>,
    /// For each hash where its texts begin in `filed`; they end where those of the next do.
    starts: Vec<u16>,
    filed: Vec<Filed>,
}

/// A text by how it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Filed {
    /// Its first four bytes, as [`folded`] has them.
    head: u32,
    /// Which of them it has.
    mask: u32,
    /// Its place in `all`.
    index: usize,
}

/// Bits of a hash: so many that the filter fits into the nearest cache.
const BITS: u32 = 14;

/// Four bytes in a row, case aside.
fn folded(run: [u8; 4]) -> u32 {
    u32::from_le_bytes(run) | 0x2020_2020
}

/// The hash of the first three of four folded bytes.
#[inline]
fn hash(run: u32) -> usize {
    ((run << 8).wrapping_mul(0x9e37_79b1) >> (u32::BITS - BITS)) as usize
}

/// The trace that the last of four folded bytes leaves in the filter.
#[inline]
fn trace(run: u32) -> u8 {
    1 << (run >> 24 & 7)
}

impl<T: Copy> Signs<T> {
    /// Texts shorter than two bytes are left out: they would be everywhere.
    pub(super) fn new(signs: Vec<(String, T)>) -> Self {
        let mut all: Vec<(Vec<u8>, T)> = Vec::new();
        let mut filter = Box::new([0; 1 << BITS]);
        let mut by_hash: Vec<(usize, Filed)> = Vec::new();
        for (text, sign) in signs {
            let bytes = text.to_ascii_lowercase().into_bytes();
            let index = all.len();
            let mut file = |run: [u8; 4], mask: u32| {
                let run = folded(run);
                filter[hash(run)] |= if mask >> 24 == 0 { u8::MAX } else { trace(run) };
                by_hash.push((hash(run), Filed { head: run & mask, mask, index }));
            };
            match bytes[..] {
                [a, b] => (0..=u8::MAX).for_each(|c| file([a, b, c, 0], 0xffff)),
                [a, b, c] => file([a, b, c, 0], 0x00ff_ffff),
                [a, b, c, d, ..] => file([a, b, c, d], u32::MAX),
                _ => continue,
            }
            all.push((bytes, sign));
        }
        by_hash.sort_by_key(|(hash, filed)| (*hash, filed.index));
        by_hash.dedup();
        let starts = (0..=1 << BITS).map(|hash| u16::try_from(by_hash.partition_point(|(own, _)| *own < hash)).unwrap_or(u16::MAX));
        Self { all, filter, starts: starts.collect(), filed: by_hash.into_iter().map(|(_, filed)| filed).collect() }
    }

    /// Every place of `text` where one of them stands, in order; the last bytes of a text begin none.
    pub(super) fn find(&self, text: &[u8], hit: &mut dyn FnMut(T, Span)) {
        for (start, run) in text.windows(4).enumerate() {
            let run = folded(<[u8; 4]>::try_from(run).unwrap_or_default());
            let hash = hash(run);
            if self.filter[hash] & trace(run) != 0 {
                self.look(text, start, (run, hash), hit);
            }
        }
    }

    /// Tells which of the texts with that beginning stand at `start`.
    fn look(&self, text: &[u8], start: usize, (run, hash): (u32, usize), hit: &mut dyn FnMut(T, Span)) {
        let Some(&[from, to]) = self.starts.get(hash..hash + 2) else { return };
        let filed = self.filed.get(usize::from(from)..usize::from(to)).unwrap_or_default();
        for filed in filed.iter().filter(|filed| run & filed.mask == filed.head) {
            let Some((bytes, sign)) = self.all.get(filed.index) else { continue };
            let end = start + bytes.len();
            if text.get(start..end).is_some_and(|here| here.eq_ignore_ascii_case(bytes)) {
                hit(*sign, Span::new(start, end));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::Signs;

    const TEXTS: &[&str] = &["pw", "key", "token", "okra", "://", "$1$", "pass", "_x"];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn each_place_is_found_once_in_any_case(text in "(pw|key|KEY|toKen|okra|://|[$]1[$]|pass|_x|_|é|[a-z ]){0,12}") {
            let signs = Signs::new(TEXTS.iter().enumerate().map(|(i, t)| ((*t).to_owned(), i)).collect());
            let mut found = Vec::new();
            // what begins with the last three bytes of a text has nothing behind it that could be its value
            signs.find(text.as_bytes(), &mut |i, at| found.push((at.start, i)));
            let lower = text.to_ascii_lowercase();
            let mut wanted: Vec<(usize, usize)> = TEXTS
                .iter()
                .enumerate()
                .flat_map(|(i, t)| lower.match_indices(t).map(move |(at, _)| (at, i)))
                .filter(|(at, _)| at + 4 <= text.len())
                .collect();
            found.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(found, wanted);
        }
    }
}
