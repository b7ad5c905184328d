//! What no rule about values can see in a commit: plaintext beside its sealed twin, a sealed file that is sealed no longer, recipients that no
//! longer match. All of it is read from the index, since that is what the commit will hold.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use harden::config::{Config, FILE_NAME};
use harden::disk::read::read_stream;
use harden::git::{Id, Repository, Tracked};
use harden::model::severity::Class;
use harden::scan::{LIMIT, Request, examine};
use harden::seal::{self, Index, Recipient, Recipients, sops};
use zeroize::Zeroizing;

use super::exit::Failure;
use super::sealing;
use super::twins::{has_sops_name, is_sealed, plain_names, sealed_names};
use super::ui::word;

/// Something that stops a commit and that no finding tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// From the top of the work tree.
    pub(crate) file: PathBuf,
    /// One sentence behind the file's name.
    pub(crate) what: String,
    /// One sentence.
    pub(crate) why: &'static str,
    /// The command that puts it right.
    pub(crate) fix: String,
}

/// The list of sealed files, below the folder of harden.toml.
const LIST: &str = ".harden/sealed.toml";

/// Looks at `changes`, which are of the index of `repository`. With `--no-config` (`honour` off in `request`) recipients are nobody's word.
pub(crate) fn check(repository: &Repository, changes: &[Tracked], request: &Request<'_>) -> Result<Vec<Refusal>, Failure> {
    let staged: Vec<&Tracked> = changes.iter().filter(|c| c.new.is_some() && !is_excluded(request, repository, &c.path)).collect();
    let mut guard = Guard { repository, request, index: HashMap::new(), blobs: HashMap::new(), refusals: Vec::new() };
    guard.learn(&staged)?;
    for change in &staged {
        if is_age(&change.path) {
            guard.still_sealed(&change.path);
        } else if has_sops_name(&change.path) {
            guard.still_sops(&change.path)?;
        }
    }
    guard.no_plain_twins(&staged)?;
    if request.honour {
        guard.recipients_match(&staged);
    }
    Ok(guard.refusals)
}

struct Guard<'a> {
    repository: &'a Repository,
    request: &'a Request<'a>,
    /// Objects of the paths that matter, by path.
    index: HashMap<PathBuf, Id>,
    blobs: HashMap<Id, Zeroizing<Vec<u8>>>,
    refusals: Vec<Refusal>,
}

impl Guard<'_> {
    /// Reads all that the checks may ask for: one look into the index, one at the objects; none at all for a commit without sealed files.
    fn learn(&mut self, staged: &[&Tracked]) -> Result<(), Failure> {
        let mut wanted: BTreeSet<PathBuf> = BTreeSet::new();
        let mut known: HashMap<PathBuf, Id> = HashMap::new();
        for change in staged {
            let path = &change.path;
            known.extend(change.new.map(|object| (path.clone(), object)));
            wanted.extend(plain_names(path).into_iter().chain(sealed_names(path)));
            if has_sealed_name(path) || is_ours(path) {
                wanted.extend(path.ancestors().skip(1).flat_map(|folder| [folder.join(FILE_NAME), folder.join(LIST)]));
            }
        }
        wanted.retain(|path| !known.contains_key(path));
        self.index = self.repository.indexed(&wanted.into_iter().collect::<Vec<_>>())?;
        self.index.extend(known);
        // the rest of what a list names
        let lists: Vec<PathBuf> = self.index.keys().filter(|path| path.ends_with(LIST)).cloned().collect();
        self.read(&lists)?;
        let named: Vec<PathBuf> = lists.iter().flat_map(|list| self.listed(list).0).collect();
        let more = self.repository.indexed(&named)?;
        self.index.extend(more);
        let twin = |path: &PathBuf| self.index.contains_key(path) || self.lies_there(path);
        let sealed = |path: &&PathBuf| has_sealed_name(path) || is_ours(path) || sealed_names(path).iter().any(twin);
        let paths: Vec<PathBuf> = self.index.keys().filter(sealed).cloned().collect();
        self.read(&paths)
    }

    fn read(&mut self, paths: &[PathBuf]) -> Result<(), Failure> {
        let objects: Vec<Id> = paths.iter().filter_map(|path| self.index.get(path).copied()).collect();
        self.blobs.extend(self.repository.blobs(&objects, LIMIT)?);
        Ok(())
    }

    /// Whether the file `path` lies in the work tree, staged or not.
    fn lies_there(&self, path: &Path) -> bool {
        self.repository.root().join(path).symlink_metadata().is_ok_and(|meta| meta.is_file())
    }

    /// The sealed twin of `path` and whether it is in the index. What has only the name of a sops file is none.
    fn twin(&self, path: &Path) -> Option<(PathBuf, bool)> {
        let sealed = |twin: &PathBuf| {
            let tracked = self.bytes(twin).map(|bytes| is_sealed(twin, bytes));
            let beside = || sealing::read(&self.repository.root().join(twin)).is_ok_and(|bytes| is_sealed(twin, &bytes));
            !has_sops_name(twin) || tracked.unwrap_or_else(beside)
        };
        let tracked = |twin: &PathBuf| self.index.contains_key(twin);
        let all: Vec<PathBuf> =
            sealed_names(path).into_iter().filter(|twin| (tracked(twin) || self.lies_there(twin)) && sealed(twin)).collect();
        let best = all.iter().position(tracked).unwrap_or_default();
        all.into_iter().nth(best).map(|twin| {
            let tracked = tracked(&twin);
            (twin, tracked)
        })
    }

    fn bytes(&self, path: &Path) -> Option<&[u8]> {
        self.index.get(path).and_then(|object| self.blobs.get(object)).map(|bytes| bytes.as_slice())
    }

    fn refuse(&mut self, file: &Path, what: String, why: &'static str, fix: String) {
        self.refusals.push(Refusal { file: file.to_owned(), what, why, fix });
    }

    fn still_sealed(&mut self, path: &Path) {
        if self.bytes(path).is_none_or(seal::is_sealed) {
            return;
        }
        let (sealed, plain) = (word(path), word(&plain_of(path).unwrap_or_default()));
        self.refuse(
            path,
            "has the name of a sealed file and is none: what was encrypted would be committed in plain text".to_owned(),
            "Whoever reads the repository reads it, and its history keeps it.",
            format!("mv -i {sealed} {plain} && harden encrypt {plain} && git add {sealed}"),
        );
    }

    /// Sops' own `sops decrypt --in-place`, and a commit.
    fn still_sops(&mut self, path: &Path) -> Result<(), Failure> {
        let Some(bytes) = self.bytes(path).filter(|bytes| sops::form_of(bytes).is_none()) else { return Ok(()) };
        if self.holds_secret(path, bytes)?
            && let Some(plain) = plain_names(path).first()
        {
            let (sealed, plain) = (word(path), word(plain));
            self.refuse(
                path,
                "has the name of a sops file and is none: a secret in it would be committed in plain text".to_owned(),
                "Whoever reads the repository reads it, and its history keeps it.",
                format!("mv -i {sealed} {plain} && harden encrypt --emit sops {plain} && git add {sealed}"),
            );
        }
        Ok(())
    }

    /// `NAME` and `NAME.age` in one index, one of them changed by this commit, and `NAME` with a secret in it.
    fn no_plain_twins(&mut self, staged: &[&Tracked]) -> Result<(), Failure> {
        let plain = |c: &&Tracked| if has_sealed_name(&c.path) { plain_names(&c.path) } else { vec![c.path.clone()] };
        let pairs: BTreeSet<PathBuf> = staged.iter().flat_map(plain).collect();
        for path in pairs {
            let Some((twin, tracked)) = self.twin(&path) else { continue };
            let Some(bytes) = self.bytes(&path) else { continue };
            if !self.holds_secret(&path, bytes)? {
                continue;
            }
            let place = if tracked { "is committed" } else { "lies beside it" };
            self.refuse(
                &path,
                format!("would be committed with a secret in plain text, and its sealed twin {} {place}", twin.display()),
                "The twin is there so that the values need not be in git; one plain copy undoes it for good.",
                format!("git rm --cached -- {} && git add -- {}", word(&path), word(&twin)),
            );
        }
        Ok(())
    }

    /// Whether a value of the file is a secret, a strong one too.
    fn holds_secret(&self, path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
        let Ok(Ok(content)) = read_stream(&mut &*bytes, LIMIT) else { return Ok(false) };
        let name = path.to_string_lossy();
        let environment = harden::config::environment::of(&name, &harden::config::environment::Facts::default());
        let (_, findings) = examine(self.request, &name, &content.bytes, environment).map_err(Failure::new)?;
        let secret = |class| matches!(class, Class::DevSecret | Class::WeakKey | Class::HardcodedSecret);
        Ok(findings.iter().any(|f| secret(f.class) && f.rule != "placeholder-secret" && !f.span.is_empty()))
    }

    /// The files that a list names, from the top of the work tree, and the list itself.
    fn listed(&self, list: &Path) -> (Vec<PathBuf>, Option<Index>) {
        let text = self.bytes(list).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let index = text.and_then(|text| Index::parse(text, list).ok());
        let root = project_of(list);
        (index.iter().flat_map(Index::files).map(|file| root.join(file)).collect(), index)
    }

    fn recipients_match(&mut self, staged: &[&Tracked]) {
        let projects: BTreeSet<PathBuf> = staged
            .iter()
            .filter(|c| has_sealed_name(&c.path) || is_ours(&c.path))
            .filter_map(|c| c.path.ancestors().skip(1).find(|f| self.has_project(f)).map(Path::to_owned))
            .collect();
        for project in projects {
            let list = project.join(LIST);
            let (files, index) = self.listed(&list);
            if index.is_none() && self.bytes(&list).is_some() {
                self.refuse(
                    &list,
                    "cannot be understood: nobody can tell to whom the files are sealed".to_owned(),
                    "Without the list a recipient who has left goes unnoticed.",
                    format!("git checkout HEAD -- {}", word(&list)),
                );
                continue;
            }
            let index = index.unwrap_or_default();
            let whole = staged.iter().any(|c| is_ours(&c.path) && project_of(&c.path) == project);
            let touched = |path: &Path| staged.iter().any(|c| c.path == path);
            for file in files.iter().filter(|file| whole || touched(file)) {
                self.matches(&project, file, &index);
            }
            let new: Vec<PathBuf> = staged.iter().map(|c| &c.path).filter(|p| is_age(p) && p.starts_with(&project)).cloned().collect();
            for file in new.iter().filter(|file| !files.contains(file)) {
                self.listed_elsewhere(&project, file);
            }
        }
    }

    fn has_project(&self, folder: &Path) -> bool {
        [FILE_NAME, LIST].iter().any(|name| self.index.contains_key(&folder.join(name)))
    }

    /// One sealed file against what the list and harden.toml say of it.
    fn matches(&mut self, project: &Path, file: &Path, index: &Index) {
        let of_sops = |bytes: &[u8]| sops::form_of(bytes).is_some();
        let Some(bytes) = self.bytes(file).filter(|bytes| seal::is_sealed(bytes) || of_sops(bytes)) else { return };
        let name = file.strip_prefix(project).unwrap_or(file).to_string_lossy().into_owned();
        let list = project.join(LIST);
        // a sops file says itself to whom it is sealed, and sops may change it
        let own = if of_sops(bytes) { sops::recipients(bytes).ok() } else { None };
        if own.is_none() && !index.is_current(&name, bytes) {
            self.refuse(
                file,
                format!("is not what {} says it is: one of the two was changed or left out", list.display()),
                "What was sealed by other means may be sealed to anybody.",
                format!("git add -- {} {}", word(file), word(&list)),
            );
            return;
        }
        let config = self.bytes(&project.join(FILE_NAME)).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let wanted = config.and_then(|text| Config::parse(text, Path::new(FILE_NAME)).ok()).map(|c| sorted(&c.recipients));
        let has = own.as_deref().or_else(|| index.recipients(&name)).map(sorted).unwrap_or_default();
        let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty() && *wanted != has) else { return };
        let left = has.difference(&wanted).count();
        let came = wanted.difference(&has).count();
        let told = match (left, came) {
            (0, came) => format!("{came} of harden.toml cannot open it"),
            (left, 0) => format!("{left} who can open it are no longer in harden.toml"),
            (left, came) => format!("{left} who can open it are no longer in harden.toml, and {came} of those cannot"),
        };
        let (sealed, list) = (word(file), word(&list));
        let fix = format!("harden rekey --apply {sealed} && git add -- {sealed} {list}");
        self.refuse(
            file,
            format!("is sealed to other recipients than harden.toml lists: {told}"),
            "Who has left keeps reading; who has come cannot start the application.",
            fix,
        );
    }

    /// A sealed file that the list in the index does not know, and the one in the work tree does.
    fn listed_elsewhere(&mut self, project: &Path, file: &Path) {
        let name = file.strip_prefix(project).unwrap_or(file).to_string_lossy().into_owned();
        let known = Index::load(&self.repository.root().join(project)).is_ok_and(|index| index.recipients(&name).is_some());
        if known && self.bytes(file).is_some_and(seal::is_sealed) {
            let list = project.join(LIST);
            self.refuse(
                file,
                format!("is staged without its entry in {}", list.display()),
                "Without the entry nobody can tell to whom it is sealed.",
                format!("git add -- {}", word(&list)),
            );
        }
    }
}

fn is_excluded(request: &Request<'_>, repository: &Repository, path: &Path) -> bool {
    let Some(loaded) = request.config else { return false };
    let whole = repository.root().join(path);
    whole.strip_prefix(&loaded.root).is_ok_and(|below| loaded.config.exclude.set().is_match(below))
}

fn sorted(names: &[String]) -> BTreeSet<String> {
    match Recipients::parse(names) {
        Ok(list) => list.iter().map(Recipient::as_str).map(str::to_owned).collect(),
        Err(_) => names.iter().cloned().collect(),
    }
}

/// Whether the name is one that sealed files have, of age or sops.
fn has_sealed_name(path: &Path) -> bool {
    is_age(path) || has_sops_name(path)
}

fn is_age(path: &Path) -> bool {
    plain_of(path).is_some()
}

fn plain_of(path: &Path) -> Option<PathBuf> {
    let plain = path.as_os_str().as_bytes().strip_suffix(b".age")?;
    (!plain.is_empty() && !plain.ends_with(b"/")).then(|| PathBuf::from(OsStr::from_bytes(plain)))
}

/// harden.toml, or the list of sealed files.
fn is_ours(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == FILE_NAME) || path.ends_with(LIST)
}

/// The folder of the project that harden.toml or the list at `path` belongs to.
fn project_of(path: &Path) -> PathBuf {
    let above = if path.ends_with(LIST) { 2 } else { 1 };
    path.ancestors().nth(above).unwrap_or(Path::new("")).to_owned()
}
