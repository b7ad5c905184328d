//! New content before it has its name: written, with owner, attributes and mode, and synced.
//!
//! A file that has no name at all (`O_TMPFILE`) is gone with the process that made it, even with one that was killed. Where the file system has
//! none such, and where the content is to change places with another, the file is hidden beside its target.

use std::ffi::{CStr, OsString};
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::TryRng;
use rand::rngs::SysRng;
use rustix::fs::{CWD, Gid, Uid, XattrFlags};

use super::read::{Links, open_regular};

/// The file that new content takes the place of: owner, group and attributes are to be its own.
pub(super) struct Like<'a> {
    pub(super) path: &'a Path,
    pub(super) meta: &'a Metadata,
}

/// Sixteen hex digits that no other process has.
pub(super) fn unique() -> io::Result<String> {
    let mut bytes = [0_u8; 8];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| io::Error::other("the system has no random numbers"))?;
    Ok(hex(&bytes))
}

/// Two lower-case hexadecimal digits for each byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        _ = write!(out, "{b:02x}");
        out
    })
}

pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The name of a file beside `path` for the work `id`: hidden, and telling whose it is.
pub(super) fn beside(path: &Path, id: &str, what: &str) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::other("not the name of a file"))?;
    let mut own = OsString::from(".");
    own.push(name);
    own.push(format!(".harden-{id}{what}"));
    Ok(folder(path).join(own))
}

/// Writes a file that must not exist yet, readable by nobody else until it is whole, and makes it durable.
pub(super) fn write_temp(temp: &Path, bytes: &[u8], mode: u32, like: Option<&Like<'_>>) -> io::Result<()> {
    let file = File::options().write(true).create_new(true).mode(0o600).open(temp)?;
    fill(file, bytes, mode, like).map(drop)
}

/// Writes and syncs a file without a name in the folder of `path`, and gives it that name, which must be free. `None` where the file system, or
/// a system without `/proc`, cannot do that; nothing is left then.
#[cfg(target_os = "linux")]
pub(super) fn write_nameless(path: &Path, bytes: &[u8], mode: u32) -> io::Result<Option<()>> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, Mode, OFlags};

    let Ok(file) = rustix::fs::open(folder(path), OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR) else {
        // what is wrong beyond that, the file with a name will tell
        return Ok(None);
    };
    let file = fill(File::from(file), bytes, mode, None)?;
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    match rustix::fs::linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW) {
        Ok(()) => Ok(Some(())),
        Err(rustix::io::Errno::EXIST) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => Ok(None),
    }
}

/// There is no such file here.
#[cfg(not(target_os = "linux"))]
pub(super) fn write_nameless(_: &Path, _: &[u8], _: u32) -> io::Result<Option<()>> {
    Ok(None)
}

fn fill(mut file: File, bytes: &[u8], mode: u32, like: Option<&Like<'_>>) -> io::Result<File> {
    file.write_all(bytes)?;
    if let Some(Like { path, meta: old }) = like {
        let new = file.metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            // who could read it must be able to go on reading it, so a failure here ends the write
            rustix::fs::fchown(&file, Some(Uid::from_raw(old.uid())), Some(Gid::from_raw(old.gid())))?;
        }
        copy_attributes(path, &file)?;
    }
    // after the owner: changing that clears the set-id bits
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    Ok(file)
}

/// Copies the extended attributes, an access list among them. What the system keeps for itself (`security.`, `trusted.`) is copied where it lets
/// us; a user's own that cannot be copied ends the write.
fn copy_attributes(from: &Path, to: &File) -> io::Result<()> {
    let Some((from, _)) = open_regular(from, Links::Refuse)? else { return Ok(()) };
    let Ok(size) = rustix::fs::flistxattr_query(&from) else { return Ok(()) };
    let mut names = vec![0_u8; size];
    let filled = rustix::fs::flistxattr(&from, &mut names[..])?;
    names.truncate(filled);
    for name in names.split_inclusive(|b| *b == 0).filter_map(|name| CStr::from_bytes_with_nul(name).ok()) {
        let mut value = vec![0_u8; rustix::fs::fgetxattr_query(&from, name)?];
        let filled = rustix::fs::fgetxattr(&from, name, &mut value[..])?;
        value.truncate(filled);
        let kept = [&b"security."[..], b"trusted."].iter().any(|space| name.to_bytes().starts_with(space));
        match rustix::fs::fsetxattr(to, name, &value, XattrFlags::empty()) {
            Err(e) if !kept => return Err(e.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Makes the entries of the folder that holds `path` durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// Renames without replacing. Where the file system cannot, a second name and the removal of the first do the same.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, rustix::fs::RenameFlags::NOREPLACE) {
        Err(e) if unsupported(e) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        result => Ok(result?),
    }
}

/// Whether an error means that the system or the file system does not know the flag, not that the files are at fault.
pub(super) fn unsupported(error: rustix::io::Errno) -> bool {
    use rustix::io::Errno;
    [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP].contains(&error)
}
