//! The joint between a rule that names a form and the code that fills it with random bits, and the one source of these bits.

use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use super::error::KeygenError;
use crate::model::secret::Secret;

/// Below this a value can be found by trying: refused, whatever a rule says.
pub(super) const LEAST_BYTES: usize = 16;

/// Above this no known setting takes a value; keeps a mistaken rule from filling a file.
pub(super) const MOST: usize = 1024;

/// What the place demands. Everything absent is the generator's own default, which is strong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// Random bytes. Token generators encode exactly so many; text generators make the value long enough to hold them.
    pub bytes: Option<usize>,
    /// Exactly so many characters.
    pub length: Option<usize>,
    /// At most so many characters: 32 for a MySQL replication password, 72 for input of bcrypt.
    pub longest: Option<usize>,
}

/// Makes values of one form.
pub trait Generator: Sync {
    /// Kebab-case name, stable for ever: rules hold it.
    fn name(&self) -> &'static str;

    /// The form in a few words, for help and plans.
    fn about(&self) -> &'static str;

    /// Whether each value is of `[A-Za-z0-9_-]` with neither `-` nor `_` at its ends, so that it reads the same unquoted in every env
    /// dialect, in a URL, in YAML, SQL and a shell.
    fn is_plain(&self) -> bool;

    /// A new value that keeps `spec`.
    ///
    /// # Errors
    /// When `spec` cannot be kept with 128 bits at least, or no random bytes are to be had.
    fn generate(&self, spec: &Spec, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError>;
}

/// Where random bytes come from. Outside of tests that is [`SystemEntropy`] alone.
pub trait Entropy {
    /// Overwrites all of `buffer`.
    ///
    /// # Errors
    /// [`KeygenError::NoRandomness`]; `buffer` must not be used then.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), KeygenError>;
}

/// The operating system's generator; nothing is seeded or kept in the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), KeygenError> {
        SysRng.try_fill_bytes(buffer).map_err(|_| KeygenError::NoRandomness)
    }
}

/// Random bytes in small numbers without a system call for each; wiped when dropped.
pub(super) struct Pool<'a> {
    entropy: &'a mut dyn Entropy,
    bytes: Zeroizing<[u8; 128]>,
    used: usize,
}

impl<'a> Pool<'a> {
    pub(super) fn new(entropy: &'a mut dyn Entropy) -> Self {
        Self { entropy, bytes: Zeroizing::new([0; 128]), used: 128 }
    }

    pub(super) fn byte(&mut self) -> Result<u8, KeygenError> {
        if self.used >= self.bytes.len() {
            self.entropy.fill(self.bytes.as_mut_slice())?;
            self.used = 0;
        }
        let byte = self.bytes.get(self.used).copied().ok_or(KeygenError::NoRandomness)?;
        self.used += 1;
        Ok(byte)
    }

    /// One of `alphabet` (1 to 64 symbols), each as likely as any other: a draw beyond its end is thrown away, not folded back.
    pub(super) fn symbol(&mut self, alphabet: &[u8]) -> Result<u8, KeygenError> {
        loop {
            if let Some(symbol) = alphabet.get(usize::from(self.byte()? & 63)) {
                return Ok(*symbol);
            }
        }
    }
}
