//! Text of no format, searched for what has the form of a setting.

mod commands;
mod fallbacks;
mod page;
mod pairs;
mod programs;
mod prose;

pub(super) use page::is_name;
pub(super) use prose::{Text, pseudo_settings, set_comments_aside};
