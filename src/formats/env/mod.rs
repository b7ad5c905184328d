//! Env files, and what each of their readers makes of them.

mod assignments;
mod dialects;
mod readers;
mod reading;

pub(super) use assignments::Env;
pub use dialects::{Dialect, reading, readings, statement};
pub use reading::Reading;
