//! The box that every value read from a configuration stays in.

use std::fmt;

use zeroize::{Zeroize, Zeroizing};

/// Text that must not be shown: wiped when dropped, no `Display`, no `Serialize`, and a `Debug` of eight bullets.
///
/// Every value of a setting is a `Secret`, whether or not it turns out to be one: only the judgement knows, and it comes later.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

/// What stands in every output in place of a value: always eight bullets, whatever the length.
pub const MASK: &str = "••••••••";

impl Secret {
    /// Takes ownership of `text`; no copy is left behind.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Copies `text` into a box of its own, allocated once.
    #[must_use]
    pub fn copy_of(text: &str) -> Self {
        let mut own = String::with_capacity(text.len());
        own.push_str(text);
        Self::new(own)
    }

    /// The joined parts, in a buffer that never grows and so leaves no stale copy.
    #[must_use]
    pub fn concat(parts: &[&str]) -> Self {
        let mut own = String::with_capacity(parts.iter().map(|p| p.len()).sum());
        parts.iter().for_each(|p| own.push_str(p));
        Self::new(own)
    }

    /// The text itself. Each caller answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Equality without an early exit: the time tells the length, not the first difference.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0_u8, |acc, (x, y)| acc | (x ^ y)) == 0
    }

    /// Wipes the text now; the box stays, empty.
    pub fn wipe(&mut self) {
        self.0.zeroize();
    }
}

/// Wipes `text` as dropping it does, eight bytes at a time: files are long.
pub fn wipe(text: &mut Zeroizing<String>) {
    let mut bytes = std::mem::take(&mut **text).into_bytes();
    bytes.resize(bytes.capacity(), 0);
    let (head, words, tail) = bytemuck::pod_align_to_mut::<u8, u64>(&mut bytes);
    head.zeroize();
    words.zeroize();
    tail.zeroize();
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_shows_bullets_only() {
        assert_eq!(format!("{:?}", Secret::copy_of("hunter2")), "••••••••");
    }

    #[test]
    fn equality_is_by_text() {
        assert!(Secret::concat(&["ab", "c"]).same_as(&Secret::copy_of("abc")));
        assert!(!Secret::copy_of("abc").same_as(&Secret::copy_of("abd")));
    }
}
