//! Who has a file open: a program that began to write before the file changed places would go on writing into the content that is to go.
//!
//! Linux tells it in `/proc/PID/fd` and `/proc/PID/fdinfo` (proc(5)), to the same user and to root. Where nothing is told, nobody is seen.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// How long somebody who writes is waited for, in steps of a hundredth of a second.
const PATIENCE: u32 = 200;

/// Waits until no program has one of `files` open for writing; the first that still is when the patience is at its end.
pub(super) fn wait_for_writers(files: &[PathBuf]) -> Option<PathBuf> {
    let mut still = None;
    for _ in 0..PATIENCE {
        still = written(files);
        if still.is_none() {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    still
}

/// The first of `files` that a program has open for writing.
fn written(files: &[PathBuf]) -> Option<PathBuf> {
    let stamp = |path: &Path| fs::symlink_metadata(path).ok().map(|m| (m.dev(), m.ino()));
    let wanted: Vec<_> = files.iter().filter_map(|path| Some((path, path.file_name()?, stamp(path)?))).collect();
    let numbers = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).filter(|p| is_number(p));
    for process in numbers(Path::new("/proc")) {
        for handle in numbers(&process.join("fd")) {
            // the name first: what stands behind other names is nobody's business, and may be slow to ask
            let Ok(leads_to) = fs::read_link(&handle) else { continue };
            let Some((path, _, stamp)) = wanted.iter().find(|w| leads_to.file_name() == Some(w.1)) else { continue };
            let same = fs::metadata(&handle).is_ok_and(|m| (m.dev(), m.ino()) == *stamp);
            if same && writes(&process, handle.file_name().unwrap_or_default()) {
                return Some((*path).clone());
            }
        }
    }
    None
}

fn is_number(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().iter().all(u8::is_ascii_digit))
}

/// Whether a handle was opened for writing: the last two bits of its flags, which are told in octal, are the access mode (open(2)).
fn writes(process: &Path, handle: &OsStr) -> bool {
    let told = fs::read_to_string(process.join("fdinfo").join(handle)).unwrap_or_default();
    let flags = told.lines().find_map(|line| line.strip_prefix("flags:")).and_then(|text| u32::from_str_radix(text.trim(), 8).ok());
    flags.is_some_and(|flags| flags & 3 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::written;

    #[test]
    fn who_only_reads_is_no_writer() {
        let dir = tempfile::tempdir().expect("dir");
        let [path, other] = ["a.env", "b.env"].map(|name| dir.path().join(name));
        let writer = File::create(&path).expect("file");
        File::create(&other).expect("file");
        if !std::path::Path::new("/proc/self/fdinfo").exists() {
            return;
        }
        assert_eq!(written(&[other.clone(), path.clone()]), Some(path.clone()));
        drop(writer);
        let _reader = File::open(&path).expect("file");
        assert_eq!(written(&[other, path]), None);
    }
}
