//! Where this user's own state lies, out of reach of any repository (XDG Base Directory Specification, `$XDG_STATE_HOME`).

use std::path::PathBuf;

use super::error::DiskError;

/// The folder for this user's own state, `$XDG_STATE_HOME/harden` or `~/.local/state/harden`. It need not exist.
///
/// # Errors
/// [`DiskError::NoHome`] where neither variable names an absolute folder.
pub fn state_home() -> Result<PathBuf, DiskError> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let home = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|h| h.join(".local/state"))).ok_or(DiskError::NoHome)?;
    Ok(home.join("harden"))
}
