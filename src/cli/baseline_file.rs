//! Where the baseline is, and reading it: `.harden/baseline.jsonl` of the project, or a file that was named.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use harden::disk::read::{Links, read_raw};
use harden::scan::accepted;
use harden::scan::baseline::Baseline;

use super::args::ScanArgs;
use super::exit::Failure;
use super::policy::{BASELINE, Policy};
use super::project::Project;
use super::ui;

/// The project's own, below its folder.
pub(crate) const OWN: &str = BASELINE;

/// A year of a large company's findings; what is larger is something else.
const LIMIT: u64 = 64 * 1024 * 1024;

/// A baseline file, there or not.
pub(crate) struct File {
    /// The folder that its paths are relative to.
    pub(crate) root: PathBuf,
    /// The file.
    pub(crate) path: PathBuf,
    /// Whether it is the project's own.
    pub(crate) own: bool,
}

impl File {
    /// The file `named`, else the project's own.
    pub(crate) fn of(named: Option<&OsStr>, project: &Project, paths: &[PathBuf]) -> Result<Self, Failure> {
        let root = root(project, paths)?;
        match named {
            Some(path) => Ok(Self { root, path: path.into(), own: false }),
            None => {
                let folder = root.join(".harden");
                if folder.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
                    return Err(Failure::new(format!("`{}` is no folder, and links are not followed there", folder.display())));
                }
                Ok(Self { path: root.join(OWN), root, own: true })
            }
        }
    }

    /// Its bytes; `None` where there is no such file.
    pub(crate) fn bytes(&self) -> Result<Option<Vec<u8>>, Failure> {
        if matches!(self.path.symlink_metadata(), Err(e) if e.kind() == std::io::ErrorKind::NotFound) {
            return Ok(None);
        }
        // of the tree's own none may be a link: it would lead out of the tree
        let links = if self.own { Links::Refuse } else { Links::Follow };
        let refused = || Failure::new(format!("`{}` is no regular file of at most 64 MiB", self.shown())).hint("no file was looked at");
        let raw = read_raw(&self.path, links, LIMIT).map_err(Failure::new)?.ok_or_else(refused)?;
        Ok(Some(raw.bytes.to_vec()))
    }

    /// Its bytes as `policy` has them; a file that was named is taken as it lies there.
    fn bytes_by(&self, policy: &Policy) -> Result<Option<Vec<u8>>, Failure> {
        match policy {
            Policy::Staged(_) | Policy::Commit(_) if self.own => {
                let refused = |reason: String| policy.named(Failure::new(format!("`{}`: {reason}", self.shown())));
                policy.bytes(&self.path, LIMIT).map_err(refused)
            }
            _ => self.bytes(),
        }
    }

    /// What `bytes` of it say.
    pub(crate) fn baseline(&self, bytes: &[u8]) -> Result<Baseline, Failure> {
        let file = self.shown();
        let text = std::str::from_utf8(bytes).map_err(|e| {
            let line = bytes.get(..e.valid_up_to()).unwrap_or_default().iter().filter(|b| **b == b'\n').count() + 1;
            Failure::new(format!("`{file}` line {line}: not UTF-8")).hint("no file was looked at")
        })?;
        let entries = accepted::read(text).map_err(|e| Failure::new(format!("`{file}` {e}")).hint("no file was looked at"))?;
        Ok(Baseline { entries, root: self.root.clone(), file })
    }

    /// Its path for people.
    pub(crate) fn shown(&self) -> String {
        let here = std::env::current_dir().ok().and_then(|dir| dir.canonicalize().ok());
        let below = here.and_then(|here| self.path.strip_prefix(here).ok().map(Path::to_owned));
        below.unwrap_or_else(|| self.path.clone()).display().to_string()
    }
}

/// The baseline that holds for a scan: none for standard input, which is no place.
pub(crate) fn for_scan(args: &ScanArgs, project: &Project, no_config: bool) -> Result<Option<Baseline>, Failure> {
    let choice = &args.baseline;
    let stdin = args.paths.iter().any(|p| p.as_os_str() == "-");
    let named = choice.baseline.as_deref().filter(|name| !name.is_empty());
    if choice.baseline.is_some() && stdin {
        return Err(Failure::new("a baseline is about files, and standard input is none").hint("leave `--baseline` out"));
    }
    if choice.baseline.is_some() && named.is_none() && no_config {
        return Err(
            Failure::new("`--baseline` asks for .harden/ of the tree, and `--no-config` ignores it").hint("name the file: --baseline=FILE")
        );
    }
    if choice.no_baseline || stdin || (no_config && named.is_none()) {
        return Ok(None);
    }
    let file = File::of(named, project, &args.paths)?;
    match file.bytes_by(&project.policy)? {
        Some(bytes) => file.baseline(&bytes).map(Some),
        None if choice.baseline.is_some() => {
            let failure = Failure::new(format!("there is no baseline `{}`; no file was looked at", file.shown()));
            Err(failure.hint("`harden baseline --reason TEXT` writes one"))
        }
        None => Ok(None),
    }
}

/// The project's own baseline, where there is one and it is not to be ignored: for hooks.
pub(crate) fn own(project: &Project, root: &Path, no_config: bool) -> Result<Option<Baseline>, Failure> {
    if no_config {
        return Ok(None);
    }
    let file = File::of(None, project, &[root.to_owned()])?;
    file.bytes_by(&project.policy)?.map(|bytes| file.baseline(&bytes)).transpose()
}

/// Says that the baseline which lies there has changes that do not count, because they are not staged.
pub(crate) fn tell_unstaged(project: &Project, paths: &[PathBuf]) {
    let Ok(file) = File::of(None, project, paths) else { return };
    if let (Policy::Staged(_), Ok(Some(lying)), Ok(counts)) = (&project.policy, file.bytes(), file.bytes_by(&project.policy))
        && counts.as_ref() != Some(&lying)
    {
        ui::note(&format!("{0} counts as it is staged; its other changes do not: `git add {0}`", file.shown()));
    }
}

/// The folder that a baseline for `paths` is relative to: that of harden.toml, else the nearest one upward with a `.harden` or a `.git`, else
/// the first path itself.
fn root(project: &Project, paths: &[PathBuf]) -> Result<PathBuf, Failure> {
    if let Some(loaded) = &project.config {
        return Ok(loaded.root.clone());
    }
    let start = paths.iter().find(|p| p.exists()).map_or(Path::new("."), PathBuf::as_path);
    let start = start.canonicalize().map_err(|_| Failure::new(format!("`{}` cannot be looked up", start.display())))?;
    let folders = || start.ancestors().filter(|folder| folder.is_dir());
    let marked = folders().find(|folder| folder.join(".harden").is_dir() || folder.join(".git").symlink_metadata().is_ok());
    Ok(marked.or_else(|| folders().next()).unwrap_or(&start).to_owned())
}
