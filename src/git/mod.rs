//! The repository, through the git binary, running nothing that the repository asks for.

mod error;
mod repo;

pub use error::GitError;
pub use repo::Repository;
