//! How bad, how sure, what sort, and how far a fix may go.

use std::fmt;
use std::str::FromStr;

/// A text that names none of the known words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    /// What was written.
    pub found: String,
    /// What would have been understood.
    pub known: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is none of {}", self.found, self.known.join(", "))
    }
}

impl std::error::Error for UnknownWord {}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Every word, in the order of [`Self::ALL`].
            pub const WORDS: &'static [&'static str] = &[$($text),+];

            /// The word used in output, rules and options.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.word()) }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { found: text.to_owned(), known: Self::WORDS }),
                }
            }
        }
    };
}

words! {
    /// How bad a finding is where it stands, mildest first.
    Severity {
        /// Worth knowing; never decides an exit code or a grade.
        Info = "info",
        /// To be put right some day.
        Low = "low",
        /// To be put right before launch.
        Medium = "medium",
        /// Blocks the launch.
        High = "high",
        /// Open to anyone who reads the template it came from.
        Critical = "critical",
    }
}

words! {
    /// How sure the detector is.
    Confidence {
        /// A guess worth a look.
        Low = "low",
        /// Likely.
        Medium = "medium",
        /// As good as certain.
        High = "high",
    }
}

words! {
    /// What sort of fault. Short on purpose: finer names are a rule's `topic`.
    Class {
        /// A placeholder, default or guessable value in a secret's place.
        DevSecret = "dev-secret",
        /// A key too short, too regular, of the wrong form, or published.
        WeakKey = "weak-key",
        /// A strong secret written out in a file.
        HardcodedSecret = "hardcoded-secret",
        /// A connection without TLS, or without verification.
        NonTlsUrl = "non-tls-url",
        /// A switch that belongs on a laptop.
        InsecureSetting = "insecure-setting",
        /// A required secret left empty.
        EmptySecret = "empty-secret",
        /// A live secret of production found again in another file.
        LeakedCopy = "leaked-copy",
        /// One secret for two purposes, or inside another.
        ReusedSecret = "reused-secret",
        /// A secret that was replaced, and is back.
        RetiredSecret = "retired-secret",
        /// Something that a file cannot do without and that nothing provides.
        MissingVariable = "missing-variable",
    }
}

words! {
    /// How far a fix may go by itself. The only vocabulary for it.
    Fix {
        /// `fix --apply` does it.
        Safe = "safe",
        /// `fix --apply --include review` does it.
        Review = "review",
        /// A person has to; the plan names the place and the steps.
        Manual = "manual",
        /// There is nothing to change.
        None = "none",
    }
}

words! {
    /// The eyes with which a tree is read.
    Profile {
        /// Everything counts as if it went live.
        Production = "production",
        /// A laptop: what never leaves it is information.
        Development = "development",
        /// As production, and the rules of good housekeeping as well.
        Strict = "strict",
    }
}
