//! What the index does not have, without starting a process: most projects have no files of ours (gitformat-index(5)).
//!
//! Only the plain case is served; for anything else git is asked, so nothing here has to be complete.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use memchr::memmem;

use crate::disk::read::{Links, read_raw};

/// The most bytes of an index that are searched: some 500,000 files.
const MOST: u64 = 64 * 1024 * 1024;

/// Whether it is certain that the index in the file `index` has nothing at or below any of `paths`, from the top of the work tree.
pub(super) fn lacks(index: &Path, paths: &[PathBuf]) -> bool {
    // part of a split index lies in a file beside it
    let Some(folder) = index.parent() else { return false };
    let Ok(beside) = folder.read_dir() else { return false };
    if beside.flatten().any(|entry| entry.file_name().as_bytes().starts_with(b"sharedindex.")) {
        return false;
    }
    let Ok(Some(raw)) = read_raw(index, Links::Refuse, MOST) else { return false };
    let holds = |text: &[u8]| memmem::find(&raw.bytes, text).is_some();
    // versions 2 and 3 write each path as it is; the extension `sdir` says that folders stand for what they hold
    let plain = matches!(raw.bytes.get(..8), Some([b'D', b'I', b'R', b'C', 0, 0, 0, 2 | 3])) && !holds(b"sdir");
    plain && !paths.iter().any(|path| path.as_os_str().is_empty() || holds(path.as_os_str().as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::lacks;

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
        assert!(lacks(&index, &ours));
        assert!(!lacks(&index, &[PathBuf::from("deep")]), "a folder");
        git(root, &["add", "harden.toml"]);
        assert!(!lacks(&index, &ours), "it is there now");
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
