//! What the servers answer that connection settings name: reachable, TLS, certificate, and, where that is asked for, the login.
//!
//! [`find`] gathers the servers from documents, [`ask`] asks them, and [`remarks`] says what is wrong with the answers. Handshakes only: nothing that
//! a setting holds is sent, but by [`log_in`].

mod ask;
mod find;
mod remark;
mod trial;

pub use ask::{Answer, Offer, Shown, ask, ask_all, log_in};
pub use find::{Connection, Found, Login, Place, find, named_by};
pub use remark::{Remark, of_login, remarks};
pub use trial::{Trial, trial};
