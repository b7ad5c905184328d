//! Text of no format, searched for what has the form of a setting.

mod commands;
mod empty;
mod fallbacks;
mod page;
mod pairs;
mod programs;
mod prose;
mod sieve;
mod switch_names;
mod switches;
mod url;

pub(super) use empty::empties_in;
pub(super) use page::{is_constant, is_name};
pub(super) use prose::{Text, pseudo_settings, pseudo_settings_in, set_comments_aside};
pub use sieve::{Concern, Sieve, Sieves};
pub(super) use switches::switches_in;
