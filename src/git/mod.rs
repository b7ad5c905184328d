//! The repository, through the git binary, running nothing that the repository asks for.

mod error;
mod hook;
mod hook_script;
mod managers;
mod push;
mod repo;

pub use error::GitError;
pub use hook::{Folder, Installed, Plan, Removed, Standing, remove, standing};
pub use hook_script::Hook;
pub use managers::{AtWork, Manager, at_work};
pub use push::{Brought, Push};
pub use repo::Repository;
