//! The repository, through the git binary, running nothing that the repository asks for.

mod error;
mod history;
mod id;
mod loose;
mod objects;
mod repo;
mod staged;

pub use error::GitError;
pub use history::{BEFORE, Commits, History, Version};
pub use id::{Id, Object};
pub use objects::{Objects, Shared};
pub use repo::Repository;
pub use staged::{Asked, Change, Staged, files_of};
