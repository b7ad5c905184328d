//! What was worked out for a text and is asked for again: the names that all files of a project have.

/// Answers by text, at most two to the power of `BITS`. Texts of one place drive each other out, so neither a file of nothing but different
/// names nor one of names that were chosen for their place takes more time than its bytes.
pub struct Memory<T, const BITS: u32>(Vec<Option<(Box<str>, T)>>);

impl<T, const BITS: u32> Default for Memory<T, BITS> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone, const BITS: u32> Memory<T, BITS> {
    /// What was kept for `text`, unless something else has come to its place.
    #[must_use]
    pub fn get(&self, text: &str) -> Option<T> {
        let (own, answer) = self.0.get(Self::place(text))?.as_ref()?;
        (**own == *text).then(|| answer.clone())
    }

    /// Keeps `answer` for `text`.
    pub fn keep(&mut self, text: &str, answer: T) {
        if self.0.is_empty() {
            self.0.resize_with(1 << BITS, || None);
        }
        if let Some(place) = self.0.get_mut(Self::place(text)) {
            *place = Some((text.into(), answer));
        }
    }

    /// Where the answer for `text` is kept.
    fn place(text: &str) -> usize {
        (hash(text) >> (u64::BITS - BITS)) as usize
    }
}

/// A number of `text` that few others have, by a multiplication for every eight bytes. Texts of one number can be made on purpose: who asks
/// compares them.
#[must_use]
pub fn hash(text: &str) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let hash = words.iter().fold(0, |hash, word| step(hash, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(1, |last, byte| last << 8 | u64::from(*byte));
    step(hash, last)
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn what_was_kept_last_is_known() {
        let mut memory: Memory<usize, 6> = Memory::default();
        assert_eq!(memory.get("kettle"), None);
        let names: Vec<String> = (0..1000).map(|i| format!("name_of_a_setting_{i}")).collect();
        for (i, name) in names.iter().enumerate() {
            memory.keep(name, i);
            assert_eq!(memory.get(name), Some(i));
        }
        let known = names.iter().enumerate().filter(|(_, name)| memory.get(name).is_some());
        let (places, right): (usize, bool) = known.fold((0, true), |(n, right), (i, name)| (n + 1, right && memory.get(name) == Some(i)));
        assert!(right && places > 48 && places <= 64, "{places}");
    }
}
