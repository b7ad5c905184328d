//! Where this user's own state and caches lie, out of reach of any repository (XDG Base Directory Specification, `$XDG_STATE_HOME` and
//! `$XDG_CACHE_HOME`).

use std::path::PathBuf;

use super::error::DiskError;

/// The folder for this user's own state, `$XDG_STATE_HOME/harden` or `~/.local/state/harden`. It need not exist.
///
/// # Errors
/// [`DiskError::NoHome`] where neither variable names an absolute folder.
pub fn state_home() -> Result<PathBuf, DiskError> {
    below("XDG_STATE_HOME", ".local/state")
}

/// The folder for what may be thrown away at any time, `$XDG_CACHE_HOME/harden` or `~/.cache/harden`. It need not exist.
///
/// # Errors
/// [`DiskError::NoHome`] where neither variable names an absolute folder.
pub(super) fn cache_home() -> Result<PathBuf, DiskError> {
    below("XDG_CACHE_HOME", ".cache")
}

fn below(variable: &str, usual: &str) -> Result<PathBuf, DiskError> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let home = absolute(variable).or_else(|| absolute("HOME").map(|h| h.join(usual))).ok_or(DiskError::NoHome)?;
    Ok(home.join("harden"))
}
