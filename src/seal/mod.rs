//! Encryption with [age](https://age-encryption.org/v1): whole files, the recipients they are sealed to, the identities that open them.
//!
//! Plugins are never run (RUSTSEC-2024-0433). A sealed file is armored, so that any age tool opens it and a diff shows it as text.
//!
//! ```
//! use harden::seal::{self, Identities, Recipients};
//! let pair = seal::KeyPair::generate();
//! let recipients = Recipients::new(vec![pair.recipient().clone()])?;
//! let sealed = seal::seal(b"PASSWORD=example", &recipients)?;
//! let opened = seal::open(&sealed, &Identities::of_pair(&pair))?;
//! assert_eq!(opened.as_slice(), b"PASSWORD=example");
//! # Ok::<(), seal::SealError>(())
//! ```

mod error;
mod file;
mod identities;
mod index;
mod pair;
mod pins;
mod places;
mod project_key;
mod recipients;
pub mod sops;

pub use error::SealError;
pub use file::{count_recipients, is_passphrase_sealed, is_sealed, open, open_with_passphrase, seal, seal_with_passphrase};
pub use identities::{Identities, Nobody, OpenFile, Passphrase};
pub use index::Index;
pub use pair::KeyPair;
pub use pins::{Pins, Standing};
pub use places::{IDENTITY_VARIABLES, Places, Source};
pub use project_key::{ProjectKey, VIEWS};
pub use recipients::{Recipient, Recipients};
