//! What the index does not have, without starting a process: most projects have no files of ours (gitformat-index(5)).
//!
//! Only the plain case is served; for anything else git is asked, so nothing here has to be complete.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::disk::read::{Links, read_raw};
use zeroize::Zeroizing;

/// The most bytes of an index that are searched: some 500,000 files.
const MOST: u64 = 64 * 1024 * 1024;

/// Those of `paths`, from the top of the work tree, at or below which the index in the file `index` may have something: all of them where
/// nothing is certain.
pub(super) fn possible<'p>(index: &Path, paths: &'p [PathBuf]) -> Vec<&'p PathBuf> {
    let Some(bytes) = plain(index) else { return paths.iter().collect() };
    let has = |path: &Path| path.as_os_str().is_empty() || memmem::find(&bytes, path.as_os_str().as_bytes()).is_some();
    paths.iter().filter(|path| has(path)).collect()
}

/// The bytes of an index that writes every path as it is.
fn plain(index: &Path) -> Option<Zeroizing<Vec<u8>>> {
    // part of a split index lies in a file beside it
    let mut beside = index.parent()?.read_dir().ok()?;
    if beside.any(|entry| entry.is_ok_and(|entry| entry.file_name().as_bytes().starts_with(b"sharedindex."))) {
        return None;
    }
    let raw = read_raw(index, Links::Refuse, MOST).ok()??;
    // versions 2 and 3 do; the extension `sdir` says that folders stand for what they hold
    let known = matches!(raw.bytes.get(..8), Some([b'D', b'I', b'R', b'C', 0, 0, 0, 2 | 3]));
    (known && memmem::find(&raw.bytes, b"sdir").is_none()).then_some(raw.bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::possible;

    fn git(folder: &Path, args: &[&str]) {
        let done = Command::new("git").current_dir(folder).args(args).output().expect("git runs");
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    #[test]
    fn only_what_is_certain_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        git(root, &["init", "-q"]);
        fs::create_dir(root.join("deep")).expect("a folder");
        ["harden.toml", "deep/a.env", "b.env"].iter().for_each(|name| drop(fs::File::create(root.join(name)).expect("a file")));
        git(root, &["add", "b.env", "deep/a.env"]);
        let index = root.join(".git/index");
        let ours = [PathBuf::from("harden.toml"), PathBuf::from(".harden/rules")];
        let lacks = |index: &Path, paths: &[PathBuf]| possible(index, paths).is_empty();
        assert!(lacks(&index, &ours));
        assert!(!lacks(&index, &[PathBuf::from("deep")]), "a folder");
        git(root, &["add", "harden.toml"]);
        assert_eq!(possible(&index, &ours), [&ours[0]], "it is there now");
        git(root, &["rm", "-q", "--cached", "harden.toml"]);
        assert!(lacks(&index, &ours));
        git(root, &["update-index", "--index-version", "4"]);
        assert!(!lacks(&index, &ours), "paths are written in part");
        git(root, &["update-index", "--index-version", "2"]);
        assert!(lacks(&index, &ours));
        git(root, &["update-index", "--split-index"]);
        assert!(!lacks(&index, &ours), "a part lies elsewhere");
        assert!(!lacks(&root.join("nothing"), &ours), "there is no index");
    }
}
