//! What is computed from a secret: known by computing it from the old one, and computed again from the new one.
//!
//! Nothing here is asked by a scan: some of it costs a second and more. `plan/derive.rs` asks, within a budget.

use super::error::KeygenError;
use super::generator::Entropy;
use crate::model::secret::Secret;

/// One text that was found to be computed from a secret.
pub trait Made {
    /// How, for people: fits behind "it is". Holds nothing of either value.
    fn how(&self) -> String;

    /// What the secret has to be like, so that this can be made of it.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Whether the program that reads this compares the secret with it, and so needs no other copy.
    fn is_compared(&self) -> bool {
        false
    }

    /// The same made of `new`.
    ///
    /// # Errors
    /// When it cannot be made of `new`, or no random bytes are to be had.
    fn again(&self, new: &Secret, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError>;
}

/// What something that is made of a secret asks of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// At least so many bytes; 0 where any number does.
    pub bytes: usize,
    /// Whether it must be base64, because its reader decodes it.
    pub base64: bool,
}

impl Needs {
    /// What satisfies both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { bytes: self.bytes.max(other.bytes), base64: self.base64 || other.base64 }
    }
}
