//! The repository, through the git binary, running nothing that the repository asks for.

mod diff_driver;
mod error;
mod history;
mod hook;
mod hook_script;
mod id;
mod index;
mod loose;
mod managers;
mod objects;
mod push;
mod repo;
mod staged;
mod tree;

pub use diff_driver::{Driver, with_attributes};
pub use error::GitError;
pub use history::{BEFORE, Commits, History, Version};
pub use hook::{Folder, Installed, Plan, Removed, Standing, remove, standing};
pub use hook_script::Hook;
pub use id::{Id, Object};
pub use managers::{AtWork, Manager, at_work};
pub use objects::{Objects, Shared};
pub use push::{Push, Sent, Tracked};
pub use repo::Repository;
pub use staged::{Asked, Change, Staged};
pub use tree::Tree;
