//! Sets of rules.

/// A set of rules, by index.
#[derive(Clone, Default)]
pub(super) struct Set(Vec<u64>);

impl Set {
    pub(super) fn empty(blocks: usize) -> Self {
        Self(vec![0; blocks])
    }

    pub(super) fn insert(&mut self, index: usize) {
        if let Some(block) = self.0.get_mut(index / 64) {
            *block |= 1 << (index % 64);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (own, more) in self.0.iter_mut().zip(&other.0) {
            *own |= more;
        }
    }

    pub(super) fn keep(&mut self, other: &Self) {
        for (own, allowed) in self.0.iter_mut().zip(&other.0) {
            *own &= allowed;
        }
    }

    /// Becomes a copy of `other`, in the memory that it has.
    pub(super) fn copy(&mut self, other: &Self) {
        self.0.clear();
        self.0.extend_from_slice(&other.0);
    }

    /// The indices, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(block, &bits)| {
            std::iter::successors((bits != 0).then_some(bits), |b| Some(b & (b - 1)).filter(|b| *b != 0))
                .map(move |b| block * 64 + b.trailing_zeros() as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Set;

    #[test]
    fn a_set_gives_its_indices_in_order() {
        let mut set = Set::empty(3);
        for i in [130, 0, 63, 64, 5] {
            set.insert(i);
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 5, 63, 64, 130]);
        assert_eq!(Set::empty(2).iter().count(), 0);
    }
}
