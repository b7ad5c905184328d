//! `harden.toml`: thresholds, exclusions, allow list, recipients, environments. All of it is optional.
//!
//! The file belongs to the repository that is judged, so it is data: it can mute and classify, and it starts nothing.

mod blocks;
pub mod environment;
mod error;
mod globs;
mod inherit;
mod live;
mod load;
mod parse;
mod pipeline;
mod rotation;
mod settings;
pub mod stage;
mod tools;
mod trust;

pub use error::ConfigError;
pub use globs::{BadGlob, Globs};
pub use load::{FILE_NAME, Loaded, ReadText};
pub use settings::{Allow, Alternate, Config, EnvironmentRule, InternalPlaintext, Network, Policy, ServerRule, Threshold};
pub use trust::Trust;
