//! A search for many short texts at once.

use crate::model::span::Span;

/// Texts to be found all at once, in any case, each with what it announces.
///
/// Each is filed under its first four bytes, or three where it has no more. A filter that stays in the nearest cache turns most places of a
/// text away; a machine for all of them has tables of megabytes, and each byte would wait for one.
pub(super) struct Signs<T> {
    all: Vec<(Vec<u8>, T)>,
    /// A bit for each hash of bytes with which a text begins.
    filter: Box<[u64; 1 << (BITS - 6)]>,
    /// The place in `lists` of the texts with that hash.
    by_hash: Vec<u16>,
    lists: Vec<Vec<usize>>,
}

/// Bits of a hash; so many that few of the filter's are set.
const BITS: u32 = 17;

/// The hash of four bytes in a row, case aside.
fn hash_of_four(run: u32) -> usize {
    (((run | 0x2020_2020).wrapping_mul(0x9e37_79b1)) >> (u32::BITS - BITS)) as usize
}

/// The hash of the first three of four bytes in a row, case aside.
fn hash_of_three(run: u32) -> usize {
    hash_of_four(run << 8 | 0xff)
}

impl<T: Copy> Signs<T> {
    /// Texts shorter than two bytes are left out: they would be everywhere.
    pub(super) fn new(signs: Vec<(String, T)>) -> Self {
        let mut found =
            Self { all: Vec::new(), filter: Box::new([0; 1 << (BITS - 6)]), by_hash: vec![0; 1 << BITS], lists: vec![Vec::new()] };
        for (text, sign) in signs {
            let bytes = text.to_ascii_lowercase().into_bytes();
            let index = found.all.len();
            match bytes[..] {
                [a, b] => (0..=u8::MAX).for_each(|c| found.file(hash_of_three(u32::from_le_bytes([a, b, c, 0])), index)),
                [a, b, c] => found.file(hash_of_three(u32::from_le_bytes([a, b, c, 0])), index),
                [a, b, c, d, ..] => found.file(hash_of_four(u32::from_le_bytes([a, b, c, d])), index),
                _ => continue,
            }
            found.all.push((bytes, sign));
        }
        found
    }

    fn file(&mut self, hash: usize, index: usize) {
        self.filter[hash >> 6] |= 1 << (hash & 63);
        if self.by_hash[hash] == 0 {
            self.by_hash[hash] = u16::try_from(self.lists.len()).unwrap_or_default();
            self.lists.push(Vec::new());
        }
        if let Some(list) = self.lists.get_mut(usize::from(self.by_hash[hash])).filter(|list| !list.contains(&index)) {
            list.push(index);
        }
    }

    /// Every place of `text` where one of them stands, in order; the last bytes of a text begin none.
    pub(super) fn find(&self, text: &[u8], hit: &mut dyn FnMut(T, Span)) {
        for (start, run) in text.windows(4).enumerate() {
            let run = <[u8; 4]>::try_from(run).map_or(0, u32::from_le_bytes);
            let (four, three) = (hash_of_four(run), hash_of_three(run));
            if (self.filter[four >> 6] >> (four & 63) | self.filter[three >> 6] >> (three & 63)) & 1 == 0 {
                continue;
            }
            for list in [self.by_hash[four], self.by_hash[three]].into_iter().filter(|list| *list != 0) {
                for (bytes, sign) in self.lists[usize::from(list)].iter().filter_map(|i| self.all.get(*i)) {
                    let end = start + bytes.len();
                    if text.get(start..end).is_some_and(|here| here.eq_ignore_ascii_case(bytes)) {
                        hit(*sign, Span::new(start, end));
                    }
                }
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
