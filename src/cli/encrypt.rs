//! `harden encrypt`: NAME becomes NAME.age beside it; NAME stays, unless `--remove-plain` says otherwise. A sealed file that is there already is never replaced.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harden::config::Loaded;
use harden::disk::atomic;
use harden::seal::{self, Identities, Index, Nobody, OpenFile, Places, Recipient, Recipients, Source};
use zeroize::Zeroizing;

use super::args::{EncryptArgs, IdentityArgs};
use super::encrypt_sops;
use super::exit::{Exit, Failure};
use super::interrupted;
use super::project::Project;
use super::recording::Recording;
use super::remove_plain::{self, Pair};
use super::sealing::{self, about, folder_of, name_in, twin_of, warn_if_single};
use super::ui;

/// Seals every file or, if one of them is refused, none.
pub(crate) fn run(args: &EncryptArgs, no_config: bool) -> Result<Exit, Failure> {
    if args.hand_editable && args.emit != "sops" {
        return Err(Failure::new("`--hand-editable` goes with `--emit sops`"));
    }
    let start = args.files.first().map_or(Path::new("."), |file| folder_of(file));
    let around = Project::bare(sealing::project(start, no_config)?);
    interrupted::settle(&around, &args.files)?;
    if args.emit == "sops" {
        return encrypt_sops::run(args, no_config);
    }
    let mut opener = Opener { args: &args.seal.identity, identities: None };
    let mut indexes: BTreeMap<PathBuf, Index> = BTreeMap::new();
    let mut jobs = Vec::new();
    for file in &args.files {
        let twin = twin_of(file);
        if jobs.iter().any(|job: &Job| job.twin == twin) {
            continue;
        }
        let bytes = sealing::read(file)?;
        let project = sealing::project(folder_of(file), no_config)?;
        let recipients = sealing::recipients(&args.seal, project.as_ref())?;
        if let Some(project) = &project
            && !indexes.contains_key(&project.root)
        {
            indexes.insert(project.root.clone(), Index::load(&project.root)?);
        }
        jobs.push(Job::plan(file, &bytes, recipients, project.as_ref(), &mut opener)?);
    }
    let opens =
        if args.remove_plain { Some(remove_plain::identities(&args.seal.identity, jobs.iter().map(|job| &job.recipients))?) } else { None };
    write(&jobs, &mut indexes)?;
    record(&jobs, args, no_config);
    warn_if_blind(&jobs);
    if let Some(single) = jobs.iter().map(|job| &job.recipients).find(|recipients| recipients.is_single()) {
        warn_if_single(single);
    }
    if let Some((identities, keepers)) = opens.as_ref().zip(jobs.first().map(|job| &job.recipients)) {
        let pairs: Vec<Pair> = jobs.iter().map(|job| Pair { plain: job.file.clone(), sealed: job.twin.clone() }).collect();
        return remove_plain::remove(&pairs, identities, keepers, &around);
    }
    let plain: Vec<String> = jobs.iter().map(|job| format!("`{}`", job.file.display())).collect();
    let verb = if plain.len() == 1 { "still holds its values" } else { "still hold their values" };
    ui::note(&format!("{} {verb} in plain text: remove it where it is not needed, and keep it out of git", plain.join(", ")));
    Ok(Exit::Clean)
}

/// Adds what was sealed to the ledgers of its projects. The files are written: what fails here is said, and fails nothing.
fn record(jobs: &[Job], args: &EncryptArgs, no_config: bool) {
    let mut roots: Vec<&PathBuf> = jobs.iter().filter(|job| job.sealed.is_some()).filter_map(|job| Some(&job.listed.as_ref()?.0)).collect();
    roots.dedup();
    for root in roots {
        let line =
            sealing::project(root, no_config).and_then(|project| Recording::begin("encrypt", project.as_ref(), &args.seal.identity, None));
        let written = line.and_then(|line| match line {
            Some(mut line) => {
                let of_root = jobs.iter().filter(|job| job.sealed.is_some() && job.listed.as_ref().is_some_and(|(of, _)| of == root));
                of_root.for_each(|job| line.wrote(&job.twin));
                line.write()
            }
            None => Ok(()),
        });
        if let Err(failure) = written {
            ui::warn(&format!("the files are sealed, but that is not recorded: {}", failure.message));
        }
    }
}

/// Writes the sealed files, then the index of those that were written, even if a later one failed.
fn write(jobs: &[Job], indexes: &mut BTreeMap<PathBuf, Index>) -> Result<(), Failure> {
    let mut outcome = Ok(());
    let mut written = Vec::new();
    for job in jobs {
        outcome = job.write(indexes);
        if outcome.is_err() {
            break;
        }
        written.push(job.twin.display().to_string());
    }
    for (root, index) in indexes.iter() {
        if let Err(error) = index.save(root) {
            ui::warn(&format!("the files are sealed, but their list is not up to date: {error}"));
        }
    }
    outcome.map_err(|failure| match &written[..] {
        [] => failure,
        before => failure.hint(format!("sealed before that: {}", before.join(", "))),
    })
}

/// Says when the user seals what they cannot open themselves. Asks nothing: an identity behind a passphrase is not looked at.
fn warn_if_blind(jobs: &[Job]) {
    let Ok(Source::File(path)) = Places::of_process().find(None) else { return };
    let Ok(own) = Identities::load(&Source::File(path), OpenFile::Accept, &Nobody) else { return };
    let blind = |job: &&Job| job.sealed.is_some() && !job.recipients.iter().any(|recipient| own.recipients().contains(recipient));
    if let Some(job) = jobs.iter().find(blind) {
        ui::warn(&format!("{} is sealed to others only: your own identity ({}) does not open it", job.twin.display(), own.origin()));
    }
}

/// Loads the identities when the first sealed file has to be opened: a new one needs none.
struct Opener<'a> {
    args: &'a IdentityArgs,
    identities: Option<Identities>,
}

impl Opener<'_> {
    /// The plain text of the sealed file at `twin`, which is never to be replaced unread.
    fn open(&mut self, twin: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let refused = |cause: Failure| {
            let failure = Failure::new(format!("{} exists and cannot be opened; nothing was written", twin.display()));
            cause.hints.iter().fold(failure.hint(cause.message), Failure::hint)
        };
        let sealed = sealing::read(twin).map_err(refused)?;
        if self.identities.is_none() {
            self.identities = Some(sealing::identities(self.args).map_err(refused)?);
        }
        let identities = self.identities.as_ref().ok_or_else(|| refused(Failure::new("there is no identity")))?;
        seal::open(&sealed, identities).map_err(|error| refused(about(twin, &error)))
    }
}

/// One file, looked at and sealed in memory.
struct Job {
    file: PathBuf,
    twin: PathBuf,
    recipients: Recipients,
    /// The sealed bytes; `None` when the twin holds the same text already.
    sealed: Option<Vec<u8>>,
    /// Root of the project, and the twin's name in its index.
    listed: Option<(PathBuf, String)>,
}

impl Job {
    fn plan(file: &Path, bytes: &[u8], recipients: Recipients, project: Option<&Loaded>, opener: &mut Opener<'_>) -> Result<Self, Failure> {
        let twin = twin_of(file);
        if seal::is_sealed(bytes) {
            return Err(Failure::new(format!("{} is sealed already; nothing was written", file.display())));
        }
        let sealed = if twin.symlink_metadata().is_ok() {
            if opener.open(&twin)?.as_slice() != bytes {
                return Err(differs(file, &twin));
            }
            None
        } else {
            Some(seal::seal(bytes, &recipients)?)
        };
        let listed = project.and_then(|project| Some((project.root.clone(), name_in(&project.root, &twin)?)));
        Ok(Self { file: file.to_owned(), twin, recipients, sealed, listed })
    }

    fn write(&self, indexes: &mut BTreeMap<PathBuf, Index>) -> Result<(), Failure> {
        let entry = self.listed.as_ref().and_then(|(root, name)| Some((indexes.get_mut(root)?, name)));
        let Some(sealed) = &self.sealed else {
            ui::say(&format!("unchanged: {}", self.twin.display()));
            if entry.and_then(|(index, name)| index.recipients(name).map(|names| !same(names, &self.recipients))).unwrap_or(false) {
                ui::warn(&format!("{} is sealed to other recipients than asked for, and stays so", self.twin.display()));
            }
            return Ok(());
        };
        // ciphertext, to be committed: readable like any other source file
        atomic::create_new(&self.twin, sealed, 0o644)?;
        if let Some((index, name)) = entry {
            index.record(name, sealed, &self.recipients);
        }
        ui::say(&format!("sealed: {}", self.twin.display()));
        Ok(())
    }
}

fn differs(file: &Path, twin: &Path) -> Failure {
    let (file, twin) = (file.display(), twin.display());
    Failure::new(format!("{twin} exists and holds other text than {file}; nothing was written"))
        .hint(format!("compare them: `harden decrypt {twin} | diff - {file}`"))
        .hint(format!("to seal {file} anew, remove {twin} first"))
}

fn same(names: &[String], recipients: &Recipients) -> bool {
    let mut wanted: Vec<&str> = recipients.iter().map(Recipient::as_str).collect();
    wanted.sort_unstable();
    names.iter().map(String::as_str).eq(wanted)
}
