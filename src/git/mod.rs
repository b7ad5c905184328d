//! The repository, through the git binary, running nothing that the repository asks for.
