//! Where an identity is looked for: `-i`, `HARDEN_IDENTITY_FILE`, the config folder, `SOPS_AGE_KEY_FILE`, in this order. Never the key
//! itself in a variable: every child and every `/proc/PID/environ` would hold it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::SealError;

/// Variables that name or hold an identity: no child gets them.
pub const IDENTITY_VARIABLES: &[&str] = &["HARDEN_IDENTITY_FILE", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY"];

/// Where identities come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `-i -`
    Stdin,
    /// A file, named or found.
    File(PathBuf),
}

/// The variables that name places, as this process has them; an empty one counts as unset.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// `HARDEN_IDENTITY_FILE`
    pub identity_file: Option<OsString>,
    /// `XDG_CONFIG_HOME`
    pub config_home: Option<OsString>,
    /// `HOME`
    pub home: Option<OsString>,
    /// `SOPS_AGE_KEY_FILE`
    pub sops_key_file: Option<OsString>,
}

impl Places {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            identity_file: variable("HARDEN_IDENTITY_FILE"),
            config_home: variable("XDG_CONFIG_HOME"),
            home: variable("HOME"),
            sops_key_file: variable("SOPS_AGE_KEY_FILE"),
        }
    }

    /// Where a new identity is put: `harden/identity.txt` in the config folder. `None` without a home.
    #[must_use]
    pub fn default_file(&self) -> Option<PathBuf> {
        self.config_files().into_iter().next()
    }

    /// The source to use. A file that is named but missing is returned too, so that opening it says so; the config folder's file
    /// counts only if it is there.
    ///
    /// # Errors
    /// [`SealError::NoIdentity`] with the places that were looked at.
    pub fn find(&self, named: Option<&Path>) -> Result<Source, SealError> {
        if let Some(path) = named {
            return Ok(if path == Path::new("-") { Source::Stdin } else { Source::File(path.to_owned()) });
        }
        if let Some(path) = &self.identity_file {
            return Ok(Source::File(path.into()));
        }
        let config = self.config_files();
        if let Some(path) = config.iter().find(|path| path.symlink_metadata().is_ok()) {
            return Ok(Source::File(path.clone()));
        }
        if let Some(path) = &self.sops_key_file {
            return Ok(Source::File(path.into()));
        }
        let mut looked = vec!["`HARDEN_IDENTITY_FILE`".to_owned()];
        looked.extend(config.iter().map(|path| format!("`{}`", path.display())));
        looked.push("`SOPS_AGE_KEY_FILE`".to_owned());
        Err(SealError::NoIdentity { looked: looked.join(", ") })
    }

    /// `$XDG_CONFIG_HOME/harden/identity.txt`, then `~/.config/harden/identity.txt`; relative folders are ignored, as XDG demands.
    fn config_files(&self) -> Vec<PathBuf> {
        let xdg = self.config_home.as_ref().map(PathBuf::from);
        let home = self.home.as_ref().map(|home| Path::new(home).join(".config"));
        let mut files: Vec<PathBuf> =
            [xdg, home].into_iter().flatten().filter(|dir| dir.is_absolute()).map(|dir| dir.join("harden/identity.txt")).collect();
        files.dedup();
        files
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, create_dir_all};
    use std::path::Path;

    use super::{Places, SealError, Source};

    #[test]
    fn the_order_is_that_of_the_documentation() {
        let dir = tempfile::tempdir().unwrap();
        let (xdg, home) = (dir.path().join("xdg"), dir.path().join("home"));
        let in_xdg = xdg.join("harden/identity.txt");
        let in_home = home.join(".config/harden/identity.txt");
        let mut places = Places {
            identity_file: None,
            config_home: Some(xdg.clone().into()),
            home: Some(home.clone().into()),
            sops_key_file: Some("/sops/keys.txt".into()),
        };
        assert_eq!(places.default_file().as_deref(), Some(in_xdg.as_path()));
        assert_eq!(places.find(None).unwrap(), Source::File("/sops/keys.txt".into()));
        for file in [&in_home, &in_xdg] {
            create_dir_all(file.parent().unwrap()).unwrap();
            File::create_new(file).unwrap();
            assert_eq!(places.find(None).unwrap(), Source::File(file.clone()));
        }
        places.identity_file = Some("/elsewhere.txt".into());
        assert_eq!(places.find(None).unwrap(), Source::File("/elsewhere.txt".into()));
        assert_eq!(places.find(Some(Path::new("mine.txt"))).unwrap(), Source::File("mine.txt".into()));
        assert_eq!(places.find(Some(Path::new("-"))).unwrap(), Source::Stdin);
    }

    #[test]
    fn nothing_anywhere_lists_the_places() {
        let places = Places { home: Some("/nowhere-at-all".into()), ..Places::default() };
        let Err(SealError::NoIdentity { looked }) = places.find(None) else { panic!("found one") };
        assert!(looked.contains("`/nowhere-at-all/.config/harden/identity.txt`") && looked.contains("SOPS_AGE_KEY_FILE"));
        assert_eq!(Places::default().default_file(), None);
    }
}
