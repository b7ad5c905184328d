//! Why a value could not be generated. No message holds a value: there is none yet.

/// What was asked for cannot be had, or the system has no randomness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeygenError {
    /// The place takes fewer characters than a strong value of this kind has.
    #[error("a {generator} value needs at least {needed} characters, the place takes {longest}; nothing was generated")]
    NoRoom {
        /// Name of the generator.
        generator: &'static str,
        /// Characters that the weakest acceptable value has.
        needed: usize,
        /// Characters that the place takes.
        longest: usize,
    },
    /// Fewer than 128 bits were asked for.
    #[error("a {generator} value of {asked} {unit} is weaker than 128 bits ({least} {unit} at least); nothing was generated")]
    TooWeak {
        /// Name of the generator.
        generator: &'static str,
        /// How many were asked for.
        asked: usize,
        /// How many are the least.
        least: usize,
        /// `bytes` or `characters`.
        unit: &'static str,
    },
    /// More than any setting can need; most likely a mistake in a rule.
    #[error("a {generator} value of {asked} {unit} was asked for, {most} is the most; nothing was generated")]
    TooLong {
        /// Name of the generator.
        generator: &'static str,
        /// How many were asked for.
        asked: usize,
        /// How many are the most.
        most: usize,
        /// `bytes` or `characters`.
        unit: &'static str,
    },
    /// No value of this form has the length, or the strength, that was asked for.
    #[error("no {generator} value has {asked} {unit}; nothing was generated")]
    NoSuchForm {
        /// Name of the generator.
        generator: &'static str,
        /// How many were asked for.
        asked: usize,
        /// `bytes` or `characters`.
        unit: &'static str,
    },
    /// A value that is computed from another cannot be computed from this one.
    #[error("{0}; nothing was generated")]
    Unfit(&'static str),
    /// The operating system's generator failed.
    #[error("the operating system gave no random bytes; nothing was generated")]
    NoRandomness,
}
