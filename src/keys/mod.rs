//! Key material in any text: where it stands, and what it is.
//!
//! [`find`] gives the blocks with their places; [`read`] measures one of them: algorithm, bits, whether a passphrase protects it. Nothing
//! is verified, decrypted or derived, and a block that cannot be read is a block all the same.

mod armor;
mod block;
mod certificate;
mod der;
mod find;
mod material;
mod other;
mod private;
mod public;
mod published;
mod read;
mod served;

pub use block::{Block, Kind};
pub use find::{find, find_at, marks, spans};
pub use material::{Algorithm, Certificate, Encrypted, Material};
pub use published::published;
pub use read::{Frame, frame, read, read_any};
pub use served::{Served, served};
