//! Bytes on disk: bounded reading, walking, atomic and journalled writing. Knows no secret and no format.

pub mod atomic;
mod back;
pub mod cache;
mod error;
pub mod home;
pub mod journal;
pub mod lock;
pub mod notes;
mod open;
pub mod read;
mod record;
pub mod room;
pub mod signed;
pub mod state;
mod steps;
mod temp;
pub mod undo;
pub mod walk;

pub use error::DiskError;
pub use record::{Key as MacKey, unhex};
pub use temp::hex;
