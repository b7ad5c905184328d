//! A search for many short texts at once.

use super::name_part::{Bounds, NamePart};
use crate::model::span::Span;

/// Texts to be found all at once, in any case, each with what it announces and where in a name it stands.
///
/// Each is filed under its first three bytes and where words may end around them. A filter that stays in the nearest cache, one look for each
/// byte of a text, turns most places away by these and a trace of the fourth byte; a machine for all of them has tables of megabytes, and each
/// byte would wait for one.
pub struct Signs<T> {
    all: Vec<(NamePart, T)>,
    /// For each hash of three bytes with which a text begins, and the [`joins`] there, a bit for what may be its fourth.
    filter: Box<[u8; 1 << BITS]>,
    /// For each hash, without its last bits, where its texts begin in `filed`; they end where those of the next do.
    starts: Vec<u32>,
    filed: Vec<Filed>,
}

/// A text by how it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Filed {
    /// Its first eight bytes, case aside.
    head: u64,
    /// Which of them it has.
    mask: u64,
    /// Its place in `all`.
    index: usize,
}

/// Bits of a hash: so many that the filter fits into the nearest cache.
const BITS: u32 = 15;
/// Bits of a hash that [`Signs::starts`] goes without: most hashes have no text.
const LAST: u32 = 3;

/// Four bytes in a row, case aside.
#[inline]
fn folded(run: [u8; 4]) -> u32 {
    u32::from_le_bytes(run) | 0x2020_2020
}

/// The first eight bytes of `text`, case aside, or as many as it has, and which of them those are.
#[inline]
fn first_eight(text: &[u8]) -> (u64, u64) {
    const SMALL: u64 = 0x2020_2020_2020_2020;
    if let Some(eight) = text.first_chunk() {
        return (u64::from_le_bytes(*eight) | SMALL, u64::MAX);
    }
    let mut eight = [0; 8];
    eight.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
    let known = u64::MAX.checked_shr(64 - 8 * text.len() as u32).unwrap_or(0);
    ((u64::from_le_bytes(eight) | SMALL) & known, known)
}

/// The hash of the first three of four folded bytes and how they are joined.
#[inline]
fn hash(run: u32, joined: u32) -> usize {
    ((run << 8 | joined).wrapping_mul(0x9e37_79b1) >> (u32::BITS - BITS)) as usize
}

/// Which of five bytes in a row is a small letter, the last one in the lowest bit, to which of them are joined to a word that cannot end
/// there: the first two, the third and fourth, the last two.
#[inline]
fn joins(small: u32) -> u32 {
    small & small >> 1 & (BEFORE | THIRD | FOURTH)
}

/// The first byte of a text goes on with a word.
const BEFORE: u32 = 1 << 3;
/// Its third does.
const THIRD: u32 = 1 << 1;
/// Its fourth does.
const FOURTH: u32 = 1;

/// All [`joins`] where `part` may stand.
fn joins_of(part: &NamePart) -> impl Iterator<Item = u32> {
    let (begins, ends) = match part.bounds {
        Bounds::Nowhere => (false, false),
        Bounds::End => (false, true),
        Bounds::Word | Bounds::Whole => (true, true),
    };
    let text = part.text.as_bytes();
    // behind the end of a word stands no small letter
    let small = |at: usize| text.get(at).map_or(!(ends && at == text.len()), u8::is_ascii_lowercase);
    let before = if small(0) && !begins { BEFORE } else { 0 };
    let third = if small(1) && small(2) { THIRD } else { 0 };
    let fourth = if small(2) && small(3) { FOURTH } else { 0 };
    let may = before | third | fourth;
    (0..16).filter(move |joins| joins & !may == 0)
}

/// The trace that the last of four folded bytes leaves in the filter.
#[inline]
fn trace(run: u32) -> u8 {
    1 << (run >> 24 & 7)
}

impl<T: Copy> Signs<T> {
    /// Texts shorter than two bytes are left out: they would be everywhere.
    #[must_use]
    pub fn new(signs: Vec<(NamePart, T)>) -> Self {
        let mut all: Vec<(NamePart, T)> = Vec::new();
        let mut filter = Box::new([0; 1 << BITS]);
        let mut by_hash: Vec<(usize, Filed)> = Vec::new();
        for (part, sign) in signs {
            let index = all.len();
            let (head, known) = first_eight(part.text.as_bytes());
            let mut file = |run: [u8; 4], mask: u32| {
                let run = folded(run);
                for joined in joins_of(&part) {
                    let hash = hash(run, joined);
                    filter[hash] |= if mask >> 24 == 0 { u8::MAX } else { trace(run) };
                    by_hash.push((hash, Filed { head, mask: known, index }));
                }
            };
            match *part.text.as_bytes() {
                [a, b] => (0..=u8::MAX).for_each(|c| file([a, b, c, 0], 0xffff)),
                [a, b, c] => file([a, b, c, 0], 0x00ff_ffff),
                [a, b, c, d, ..] => file([a, b, c, d], u32::MAX),
                _ => continue,
            }
            all.push((part, sign));
        }
        by_hash.iter_mut().for_each(|(hash, _)| *hash >>= LAST);
        by_hash.sort_unstable_by_key(|(hash, filed)| (*hash, filed.index, filed.head));
        by_hash.dedup();
        let mut starts = Vec::with_capacity((1 << (BITS - LAST)) + 1);
        for (at, (hash, _)) in by_hash.iter().enumerate() {
            // those before, too, that have none
            starts.resize(starts.len().max(hash + 1), u32::try_from(at).unwrap_or(u32::MAX));
        }
        starts.resize((1 << (BITS - LAST)) + 1, u32::try_from(by_hash.len()).unwrap_or(u32::MAX));
        Self { all, filter, starts, filed: by_hash.into_iter().map(|(_, filed)| filed).collect() }
    }

    /// Every place of `text` where one of them stands, in order; the last bytes of a text begin none.
    pub fn find(&self, text: &[u8], hit: &mut dyn FnMut(T, Span)) {
        let filter = &*self.filter;
        let mut small = text.iter().take(3).fold(0, |small, b| small << 1 | u32::from(b.is_ascii_lowercase()));
        for (start, run) in text.windows(4).enumerate() {
            let run = <[u8; 4]>::try_from(run).unwrap_or_default();
            small = small << 1 | u32::from(run[3].is_ascii_lowercase());
            let run = folded(run);
            let hash = hash(run, joins(small));
            if filter[hash] & trace(run) != 0 {
                self.look(text, start, hash, hit);
            }
        }
    }

    /// Tells which of the texts with that beginning stand at `start`. Apart from the loop, so that all that one needs stays in registers.
    #[inline(never)]
    fn look(&self, text: &[u8], start: usize, hash: usize, hit: &mut dyn FnMut(T, Span)) {
        let (hash, (here, _)) = (hash >> LAST, first_eight(text.get(start..).unwrap_or_default()));
        let Some(&[from, to]) = self.starts.get(hash..hash + 2) else { return };
        let filed = self.filed.get(from as usize..to as usize).unwrap_or_default();
        for filed in filed.iter().filter(|filed| here & filed.mask == filed.head) {
            let Some((part, sign)) = self.all.get(filed.index) else { continue };
            let at = Span::new(start, start + part.text.len());
            let stands = text.get(start..at.end).is_some_and(|here| here.eq_ignore_ascii_case(part.text.as_bytes()));
            if stands && part.bounds.hold(text, at) {
                hit(*sign, at);
            }
        }
    }
}

impl Signs<usize> {
    /// Texts that may stand anywhere, each known by its place in the list.
    #[must_use]
    pub fn anywhere<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        Self::new(texts.enumerate().map(|(i, text)| (NamePart::new(text, Bounds::Nowhere), i)).collect())
    }

    /// Which of them stands where in `text`, perhaps in another case.
    #[must_use]
    pub fn hits(&self, text: &str) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        self.find(text.as_bytes(), &mut |sign, at| hits.push((sign, at.start)));
        hits
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::Signs;
    use crate::model::span::Span;
    use crate::search::name_part::{Bounds, NamePart};

    const TEXTS: &[&str] = &["pw", "key", "token", "okra", "://", "$1$", "pass", "_x"];
    const BOUNDS: [Bounds; 4] = [Bounds::Nowhere, Bounds::End, Bounds::Word, Bounds::Whole];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn each_place_is_found_once_in_any_case(text in "(pw|key|KEY|Key|toKen|okra|://|[$]1[$]|pass|_x|_|é|[a-zA-Z ]){0,12}", bounds in 0..4_usize) {
            let bounds = BOUNDS[bounds];
            let signs = Signs::new(TEXTS.iter().enumerate().map(|(i, t)| (NamePart::new(t, bounds), i)).collect());
            let mut found = Vec::new();
            // what begins with the last three bytes of a text has nothing behind it that could be its value
            signs.find(text.as_bytes(), &mut |i, at| found.push((at.start, i)));
            let lower = text.to_ascii_lowercase();
            let mut wanted: Vec<(usize, usize)> = TEXTS
                .iter()
                .enumerate()
                .flat_map(|(i, t)| lower.match_indices(t).map(move |(at, _)| (at, i)))
                .filter(|(at, i)| at + 4 <= text.len() && bounds.hold(text.as_bytes(), Span::new(*at, at + TEXTS[*i].len())))
                .collect();
            found.sort_unstable();
            wanted.sort_unstable();
            prop_assert_eq!(found, wanted);
        }
    }
}
