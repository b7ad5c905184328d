//! Connections to servers: TLS the way each protocol begins it, whom to trust, and just enough of the protocols to log in and to ask.
//!
//! Everything is synchronous, has a deadline, and believes nothing that a server sends: lengths are bounded, texts of errors are dropped.

pub mod amqp;
mod channel;
mod error;
pub mod hello;
pub mod http;
pub mod login;
pub mod mysql;
mod mysql_auth;
pub mod postgres;
pub mod redis;
mod target;
mod trust;

pub use channel::{Channel, Secured, connect};
pub use error::{Code, TlsFault, WireError};
pub use mysql_auth::stored as mysql_native_hash;
pub use target::{NoTarget, Target};
pub use trust::{Demand, Judgement, Pin, Trust};
