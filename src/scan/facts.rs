//! What must be known of a file before its content is judged: its deployment, and whether git hands it round.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::config::Loaded;
use crate::config::environment::{self, Facts, Verdict};
use crate::config::stage::Defaults;
use crate::detect::{Circumstances, Kept};
use crate::disk::walk::{Candidate, ignored_below};
use crate::git::Repository;

/// Facts about the files of one scan, gathered once.
pub(super) struct Surroundings<'c> {
    config: Option<&'c Loaded>,
    roots: Vec<PathBuf>,
    names: HashMap<PathBuf, Vec<String>>,
    ignored: HashSet<PathBuf>,
    repository: Option<Repository>,
    /// Whether git tracks every file: they come out of a repository.
    tracked: bool,
}

impl<'c> Surroundings<'c> {
    /// Gathers them for `files`, found below the arguments `paths`.
    pub(super) fn new(paths: &[PathBuf], files: &[Candidate], config: Option<&'c Loaded>) -> Self {
        let mut names: HashMap<PathBuf, Vec<String>> = HashMap::new();
        for file in files {
            if let (Some(folder), Some(name)) = (file.path.parent(), file.path.file_name()) {
                names.entry(folder.to_owned()).or_default().push(name.to_string_lossy().into_owned());
            }
        }
        let roots = paths.iter().filter_map(|p| p.canonicalize().ok()).collect::<Vec<_>>();
        let repository =
            roots.first().and_then(|root| Repository::discover(if root.is_dir() { root } else { root.parent().unwrap_or(root) }));
        let listed: Vec<PathBuf> = files.iter().map(|f| f.path.clone()).collect();
        let ignored = repository.as_ref().and_then(|r| r.ignores(&listed).ok()).unwrap_or_default();
        let ignored = ignored.into_iter().map(Path::to_owned).collect();
        Self { config, roots, names, ignored, repository, tracked: false }
    }

    /// Those of files that git tracks below `root`, without asking it. `beside` gives the names in a folder.
    pub(super) fn tracked(root: &Path, files: &[Candidate], beside: impl Fn(&Path) -> Vec<String>, config: Option<&'c Loaded>) -> Self {
        let mut names: HashMap<PathBuf, Vec<String>> = HashMap::new();
        // no other file is judged by its neighbours
        for file in files.iter().filter(|f| f.path.file_name().is_some_and(|n| n == ".env")) {
            for folder in file.path.ancestors().skip(1).take(FARTHEST + 1).filter(|folder| folder.starts_with(root)) {
                names.entry(folder.to_owned()).or_insert_with(|| beside(folder));
            }
        }
        Self { config, roots: vec![root.to_owned()], names, ignored: HashSet::new(), repository: None, tracked: true }
    }

    /// The path of `file` below the argument that it was found by; the file's name where the argument is the file itself.
    pub(super) fn below(&self, file: &Candidate) -> String {
        let rest = self.roots.iter().filter_map(|root| file.path.strip_prefix(root).ok()).min_by_key(|rest| rest.as_os_str().len());
        match rest {
            Some(rest) if !rest.as_os_str().is_empty() => rest.to_string_lossy().into_owned(),
            _ => file.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }

    /// The deployment that `file` speaks for, and why.
    pub(super) fn environment(&self, file: &Candidate, below: &str) -> Verdict {
        let none = Vec::new();
        let names = file.path.parent().and_then(|folder| self.names.get(folder)).unwrap_or(&none);
        let siblings: Vec<&str> = names.iter().map(String::as_str).collect();
        let told = self.config.and_then(|c| c.config.environment(&file.path.strip_prefix(&c.root).ok()?.to_string_lossy()));
        environment::judge(below, &Facts { told, siblings: &siblings, ignored: self.ignored.contains(&file.path) })
    }

    /// Whether `path`, as `file` names it, is there, or is known to be made or kept elsewhere: it has a sealed or encrypted twin, a template
    /// lies beside it, git ignores it. An empty path asks for variables: they may come from anywhere unless a readable env file is beside.
    pub(super) fn provides(&self, file: &Candidate, path: &str) -> bool {
        let Some(folder) = file.path.parent() else { return true };
        if path.is_empty() {
            let names = self.names.get(folder).map_or(&[][..], Vec::as_slice);
            let is_env = |n: &String| n == ".env" || n.starts_with(".env.") || n.ends_with(".env");
            let elsewhere = |n: &String| (is_env(n) && SEALED.iter().any(|s| n.ends_with(s))) || is_env_template(n);
            let private = names.iter().any(|n| is_env(n) && self.ignored.contains(&folder.join(n)));
            return private || !names.iter().any(is_env) || list(folder).iter().any(elsewhere);
        }
        let wanted = folder.join(path);
        let (Some(there), Some(name)) = (wanted.parent(), wanted.file_name().and_then(|n| n.to_str())) else { return true };
        if wanted.symlink_metadata().is_ok() {
            return true;
        }
        let twin = |n: &String| n.strip_prefix(name).is_some_and(|rest| SEALED.contains(&rest));
        let beside = list(there);
        // a folder that is kept for what comes later
        let kept = |n: &String| matches!(n.as_str(), ".gitkeep" | ".keep" | ".gitignore");
        beside.iter().any(|n| twin(n) || is_template(n) || kept(n)) || self.ignores(&wanted)
    }

    /// Whether git would keep `path`, which need not be there, to this machine; without a repository, whether its ignore files say so.
    fn ignores(&self, path: &Path) -> bool {
        match &self.repository {
            Some(repository) => repository.ignores(&[path.to_owned()]).is_ok_and(|ignored| !ignored.is_empty()),
            None => self.roots.iter().filter(|root| path.starts_with(root)).any(|root| ignored_below(root, path)),
        }
    }

    /// Whether git hands `file` round.
    pub(super) fn circumstances(&self, file: &Candidate) -> Circumstances {
        let kept = match (self.tracked || self.repository.is_some(), self.ignored.contains(&file.path)) {
            (false, _) => Kept::Unknown,
            (true, true) => Kept::Private,
            (true, false) => Kept::Shared,
        };
        let defaults = if kept == Kept::Private { Defaults::No } else { self.defaults(file) };
        Circumstances { kept, defaults }
    }

    /// Whether `file` may hold a framework's defaults. It holds none where Compose may run with it: of a file of Compose beside it or in a
    /// folder above, with none for development there.
    fn defaults(&self, file: &Candidate) -> Defaults {
        let Some(folder) = file.path.parent().filter(|_| file.path.file_name().is_some_and(|n| n == ".env")) else { return Defaults::No };
        // the file may be looked at alone
        let beside = if self.tracked { Vec::new() } else { list(folder) };
        let own = || beside.iter().chain(self.names.get(folder).into_iter().flatten());
        let deployed = |names: &[&String]| {
            let has = |test: fn(&str) -> bool| names.iter().any(|n| test(&n.to_ascii_lowercase()));
            has(environment::is_compose) && !has(environment::is_development_compose)
        };
        let above = folder.ancestors().skip(1).take(FARTHEST).filter_map(|f| self.names.get(f));
        if deployed(&own().collect::<Vec<_>>()) || above.into_iter().any(|names| deployed(&names.iter().collect::<Vec<_>>())) {
            Defaults::No
        } else if own().any(|n| matches!(n.as_str(), "symfony.lock" | ".env.local")) {
            Defaults::Likely
        } else {
            Defaults::Possible
        }
    }
}

/// Folders above that of a file in which a file of Compose may speak of it.
const FARTHEST: usize = 4;

/// Whether a name is that of a file to be copied and filled in.
fn is_template(name: &str) -> bool {
    const WORDS: &[&str] =
        &["example", "examples", "sample", "samples", "template", "templates", "tmpl", "tpl", "dist", "default", "defaults"];
    name.to_ascii_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}

/// Whether a name is that of a template of an env file: `.env.example`, `env.sample`, `app.env.dist`.
pub(super) fn is_env_template(name: &str) -> bool {
    is_template(name) && name.to_ascii_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "env")
}

/// What the names of encrypted files end with.
const SEALED: &[&str] = &[".age", ".enc", ".sops", ".gpg", ".asc", ".vault"];

/// The names in a folder; none where it cannot be read.
pub(super) fn list(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
}
