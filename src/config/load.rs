//! Which `harden.toml` holds: the nearest one from the scanned folder upward.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::ConfigError;
use super::settings::Config;

/// What the file is called.
pub const FILE_NAME: &str = "harden.toml";

/// A configuration is a page of text; what is larger than this is something else.
const LIMIT: u64 = 1024 * 1024;

/// A configuration and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// The file.
    pub path: PathBuf,
    /// Its folder, without links: what its patterns are relative to.
    pub root: PathBuf,
    /// SHA-256 of its text: what `harden trust` is about.
    pub digest: [u8; 32],
}

/// The text of the file at a path; `None` where there is none, the reason where it cannot be read.
pub type ReadText<'r> = dyn Fn(&Path) -> Result<Option<String>, String> + 'r;

impl Config {
    /// Loads the `harden.toml` nearest to `start` (a folder, or a file in it) on the way up. The way ends at the folder that holds `.git`: what
    /// lies above a repository is somebody else's to write. `None` where there is none.
    ///
    /// # Errors
    /// [`ConfigError`] when one is there and cannot be read or understood.
    pub fn load(start: &Path) -> Result<Option<Loaded>, ConfigError> {
        Self::load_by(start, &on_disk)
    }

    /// The same with texts that `read` gives: of a commit, or of what is staged.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_by(start: &Path, read: &ReadText<'_>) -> Result<Option<Loaded>, ConfigError> {
        let unreadable = |path: &Path, reason: String| ConfigError::Unreadable { path: path.to_owned(), reason };
        let start = fs::canonicalize(start).map_err(|e| unreadable(start, reason(&e)))?;
        // what cannot be looked at is taken for a folder: then it is the reading that fails, and not the search that ends elsewhere
        for folder in start.ancestors().filter(|p| fs::metadata(p).map_or(true, |m| m.is_dir())) {
            let path = folder.join(FILE_NAME);
            if let Some(text) = read(&path).map_err(|reason| unreadable(&path, reason))? {
                let config = Self::parse(&text, &path)?;
                return Ok(Some(Loaded { config, path, root: folder.to_owned(), digest: Sha256::digest(&text).into() }));
            }
            if folder.join(".git").symlink_metadata().is_ok() {
                break;
            }
        }
        Ok(None)
    }
}

fn on_disk(path: &Path) -> Result<Option<String>, String> {
    match read(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(reason(&e)),
    }
}

fn read(path: &Path) -> io::Result<String> {
    // asked before opening: opening a pipe would wait for its writer
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(LIMIT + 1).read_to_string(&mut text).map_err(|e| match e.kind() {
        io::ErrorKind::InvalidData => io::Error::other("not UTF-8"),
        _ => e,
    })?;
    if text.len() as u64 > LIMIT { Err(io::Error::other("larger than 1 MiB")) } else { Ok(text) }
}

fn reason(error: &io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;
    use std::path::Path;

    use super::{Config, FILE_NAME};
    use crate::config::ConfigError;

    fn put(folder: &Path, text: &str) {
        fs::create_dir_all(folder).expect("folder");
        File::create(folder.join(FILE_NAME)).and_then(|mut f| f.write_all(text.as_bytes())).expect("file");
    }

    #[test]
    fn the_nearest_one_upward_holds_and_none_above_the_repository() {
        let dir = tempfile::tempdir().expect("dir");
        let (top, repo) = (dir.path(), dir.path().join("repo"));
        fs::create_dir_all(repo.join("a/b")).expect("folders");
        put(top, "");
        let root = |start: &Path| Config::load(start).expect("loads").map(|l| l.root);
        assert_eq!(root(&repo.join("a/b")), Some(top.canonicalize().expect("real")));
        fs::create_dir(repo.join(".git")).expect("git");
        assert_eq!(root(&repo.join("a/b")), None);
        put(&repo, "");
        put(&repo.join("a"), "fail-on = \"high\"");
        assert_eq!(root(&repo.join("a/b")), Some(repo.join("a").canonicalize().expect("real")));
        assert_eq!(root(&repo), Some(repo.canonicalize().expect("real")));
        assert_eq!(root(&repo.join("a").join(FILE_NAME)), Some(repo.join("a").canonicalize().expect("real")), "a file as start");
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_an_error() {
        let dir = tempfile::tempdir().expect("dir");
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join(FILE_NAME)).expect("link");
        let error = Config::load(dir.path()).expect_err("a link");
        assert!(matches!(error, ConfigError::Unreadable { ref reason, .. } if reason == "not a regular file"), "{error}");
    }
}
