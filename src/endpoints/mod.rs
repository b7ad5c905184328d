//! Servers that settings name together: host, port, account and password in settings of their own, a connection string beside its account, and
//! references from one setting to another.

mod beside;
mod index;
mod parts;
mod references;

pub use beside::{HOST, PASSWORD, STRING, USER, all_beside, beside, is_named, string_in};
pub use index::{Index, is_in_force};
pub use parts::{Parts, parts};
pub use references::{References, first_of, references, referred};
