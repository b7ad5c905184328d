//! Names of objects and what became of them.

use std::fmt;

use zeroize::Zeroizing;

/// The name of an object, SHA-1 or SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    bytes: [u8; 32],
    len: u8,
}

impl Id {
    /// Its bytes, 20 or 32.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Reads 40 or 64 hex digits, and nothing else.
    #[must_use]
    pub fn parse(hex: &[u8]) -> Option<Self> {
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        if hex.len() != 40 && hex.len() != 64 {
            return None;
        }
        let mut id = Self { bytes: [0; 32], len: u8::try_from(hex.len() / 2).ok()? };
        for (byte, pair) in id.bytes.iter_mut().zip(hex.as_chunks::<2>().0) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(id)
    }

    /// Whether every digit is 0: git's word for "not there".
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.bytes == [0; 32]
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().take(self.len.into()).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What became of an object.
#[derive(Clone)]
pub enum Object {
    /// Its bytes, wiped when dropped.
    Bytes(Zeroizing<Vec<u8>>),
    /// More bytes than the limit.
    TooLarge,
    /// It is not here: a partial clone, a damaged repository.
    Missing,
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn ids_are_read_and_written() {
        for hex in ["0123456789abcdef0123456789abcdef01234567".to_owned(), "ab".repeat(32)] {
            assert_eq!(Id::parse(hex.as_bytes()).map(|id| id.to_string()), Some(hex));
        }
        assert!(Id::parse(&[b'0'; 40]).is_some_and(|id| id.is_null()));
        for wrong in ["", "0123", &"g".repeat(40), &"0".repeat(41)] {
            assert_eq!(Id::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
