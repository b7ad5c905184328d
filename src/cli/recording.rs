//! The line of the ledger that goes along with what a command writes: in the same transaction, so that after a crash both are there or neither.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use harden::config::Loaded;
use harden::detect::{is_worth, secret_of};
use harden::disk::journal::Transaction;
use harden::disk::read::{Links, is_missing, read_raw, sha256};
use harden::formats;
use harden::git::Repository;
use harden::ledger::{Entry, FOLDER, Ledger, Line, Subject, Writer};
use harden::model::date;
use harden::model::document::Document;
use harden::model::secret::Secret;
use harden::model::setting::Setting;
use harden::model::shown::shown;
use harden::seal::{Identities, Nobody, OpenFile, Pins, Places, ProjectKey, Recipients, SealError, Source};
use zeroize::Zeroizing;

use super::args::IdentityArgs;
use super::exit::Failure;
use super::sealing::{self, name_in};
use super::ui;

/// Two branches that both add lines are merged line by line.
const MERGE: &str = "ledger/*.jsonl merge=union";

/// Where git is told so.
const ATTRIBUTES: &str = ".harden/.gitattributes";

/// A line in the making.
pub(crate) struct Recording {
    root: PathBuf,
    ledger: Ledger,
    writer: Writer,
    entry: Entry,
    key: Option<ProjectKey>,
    /// The project's key, sealed, where there was none yet.
    fresh: Option<Vec<u8>>,
}

impl Recording {
    /// Begins a line about `action`; `None` for a project that keeps no ledger: one without a key and without recipients. `opened` are identities that
    /// the command has at hand; nobody is asked for a passphrase for this.
    pub(crate) fn begin(
        action: &str,
        project: Option<&Loaded>,
        identity: &IdentityArgs,
        opened: Option<&Identities>,
    ) -> Result<Option<Self>, Failure> {
        let Some(project) = project else { return Ok(None) };
        let root = project.root.clone();
        let (key, fresh) = if ProjectKey::is_there(&root) {
            (quietly(&root, identity, opened), None)
        } else if let Some(recipients) = accepted(project)? {
            let made = ProjectKey::generate()?;
            let sealed = made.sealed(&recipients)?;
            (Some(made), Some(sealed))
        } else {
            return Ok(None);
        };
        let entry = Entry {
            schema: Entry::SCHEMA,
            time: format!("{}Z", date::date_time(date::now())),
            action: action.to_owned(),
            who: whoever(),
            commit: Repository::discover(&root).and_then(|repository| repository.head()),
            harden: env!("CARGO_PKG_VERSION").to_owned(),
            ..Entry::default()
        };
        let unusable = |error: harden::ledger::LedgerError| Failure::new(error).hint("restore it from git").untouched();
        Ok(Some(Self { ledger: Ledger::load(&root).map_err(unusable)?, writer: Writer::own().map_err(unusable)?, root, entry, key, fresh }))
    }

    /// Notes that `file` is written.
    pub(crate) fn wrote(&mut self, file: &Path) {
        self.entry.files.extend(name_in(&self.root, file));
    }

    /// Notes how the settings of `before`, which stand for `file`, differ in `after`; `rules` are the rules that asked for it, by setting.
    pub(crate) fn changed(&mut self, file: &Path, before: &Document, after: &[u8], rules: &BTreeMap<usize, String>) {
        let after = formats::parse(&before.path, after, before.environment);
        let name = name_in(&self.root, file).unwrap_or_default();
        let mut old: BTreeMap<(String, usize), (usize, &Setting)> = BTreeMap::new();
        for (index, setting) in before.settings.iter().enumerate() {
            let key = setting.key.to_string();
            let nth = old.range((key.clone(), 0)..=(key.clone(), usize::MAX)).count();
            old.insert((key, nth), (index, setting));
        }
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for setting in &after.settings {
            let key = setting.key.to_string();
            let nth = seen.entry(key.clone()).and_modify(|n| *n += 1).or_insert(0);
            let former = old.get(&(key.clone(), *nth));
            if former.is_some_and(|(_, former)| former.value.same_as(&setting.value)) {
                continue;
            }
            let rule = former.and_then(|(index, _)| rules.get(index)).cloned().unwrap_or_default();
            let (old, new) = (former.and_then(|(_, former)| self.tag(former)), self.tag(setting));
            let subject = Subject { file: name.clone(), key, rule, old, new };
            if !self.entry.subjects.contains(&subject) {
                self.entry.subjects.push(subject);
            }
        }
    }

    /// Notes that the secret `name` had the value `old` and has `new` from now on, wherever it stands.
    pub(crate) fn replaced(&mut self, name: &str, old: &Secret, new: &Secret) {
        let tag = |value: &Secret| self.key.as_ref().filter(|_| is_worth(value)).map(|key| key.tag(value));
        let (old, new) = (tag(old), tag(new));
        self.entry.subjects.push(Subject { key: shown(name).into_owned(), old, new, ..Subject::default() });
    }

    /// Notes that a server takes `value`, that of the setting `name`; whether that could be noted: a value that is no secret, or a project whose key
    /// cannot be opened here, has no tag.
    pub(crate) fn verified(&mut self, name: &str, value: &Secret) -> bool {
        let Some(tag) = self.key.as_ref().filter(|_| is_worth(value)).map(|key| key.tag(value)) else { return false };
        let subject = Subject { key: shown(name).into_owned(), old: Some(tag.clone()), new: Some(tag), ..Subject::default() };
        if !self.entry.subjects.contains(&subject) {
            self.entry.subjects.push(subject);
        }
        true
    }

    /// Notes what else there is to say.
    pub(crate) fn note(&mut self, note: &str) {
        note.clone_into(&mut self.entry.note);
    }

    /// Notes that what was done at `time` (in seconds since 1970) with these files is taken back: each former value holds again.
    pub(crate) fn takes_back(&mut self, time: u64) {
        let own = self.ledger.chains.iter().find(|chain| chain.writer == self.writer);
        // the copy of the old contents is made within moments of the line
        let same = |line: &&Line| line.entry.as_ref().and_then(Entry::seconds).is_some_and(|at| at.abs_diff(time) <= 2);
        let line = own.and_then(|chain| chain.lines.iter().rev().find(same));
        let subjects = line.and_then(|line| line.entry.as_ref()).map(|entry| entry.subjects.clone()).unwrap_or_default();
        self.entry.subjects =
            subjects.into_iter().map(|s| Subject { rule: String::new(), old: s.new, new: s.old, file: s.file, key: s.key }).collect();
        if let Some(line) = line {
            self.entry.note = format!("takes back {}", line.hash);
        }
    }

    /// `transaction`, whose root is `root`, with the line in it.
    pub(crate) fn into(self, transaction: Transaction, root: &Path) -> Result<Transaction, Failure> {
        if !self.root.starts_with(root) {
            ui::warn(&format!("not recorded: the files lie outside of {}", self.root.display()));
            return Ok(transaction);
        }
        self.make_folder()?;
        let vouch = self.key.as_ref().map(|key| |line: &[u8]| key.vouch(line));
        let vouch = vouch.as_ref().map(|vouch| vouch as &dyn Fn(&[u8]) -> String);
        let grown = self.ledger.grown(&self.root, &self.writer, &self.entry, vouch);
        let (bytes, transaction) = (Zeroizing::new(grown.bytes), self.with_attributes(transaction)?);
        // to be committed: readable like any other source file
        let mut transaction = match grown.old {
            Some(old) => transaction.replace(&grown.path, old, bytes),
            None => transaction.create(&grown.path, bytes, 0o644),
        };
        match self.fresh {
            Some(sealed) => {
                transaction = transaction.create(&ProjectKey::path(&self.root), Zeroizing::new(sealed), 0o644);
                ui::note("recorded in .harden/ledger, under the project's key in .harden/key.age: commit both");
            }
            None if self.key.is_none() => {
                ui::note("recorded in .harden/ledger without an HMAC: .harden/key.age cannot be opened here");
            }
            None => {}
        }
        Ok(transaction)
    }

    /// Writes the line alone, after what it is about: for commands that write without a transaction.
    pub(crate) fn write(self) -> Result<(), Failure> {
        let root = self.root.clone();
        self.into(Transaction::new(&root), &root)?.commit()?;
        Ok(())
    }

    fn tag(&self, setting: &Setting) -> Option<String> {
        secret_of(setting).zip(self.key.as_ref()).map(|((secret, _), key)| key.tag(&secret))
    }

    /// Makes the folder. An empty one is nothing to git, should the transaction not come about.
    fn make_folder(&self) -> Result<(), Failure> {
        let folder = self.root.join(FOLDER);
        let made = DirBuilder::new().recursive(true).mode(0o755).create(&folder);
        made.map_err(|e| Failure::new(format!("{}: the folder cannot be made: {}", folder.display(), e.kind())).untouched())
    }

    /// `transaction` that also tells git how to merge ledgers, where nothing does yet.
    fn with_attributes(&self, transaction: Transaction) -> Result<Transaction, Failure> {
        let path = self.root.join(ATTRIBUTES);
        if is_missing(&path) {
            return Ok(transaction.create(&path, Zeroizing::new(format!("{MERGE}\n").into_bytes()), 0o644));
        }
        let Some(raw) = read_raw(&path, Links::Refuse, 1 << 20)? else { return Ok(transaction) };
        let has = raw.bytes.split(|b| *b == b'\n').any(|line| line.trim_ascii() == MERGE.as_bytes());
        if has {
            return Ok(transaction);
        }
        let gap: &[u8] = if raw.bytes.is_empty() || raw.bytes.ends_with(b"\n") { b"" } else { b"\n" };
        let text = [&raw.bytes[..], gap, MERGE.as_bytes(), b"\n"].concat();
        Ok(transaction.replace(&path, sha256(&raw.bytes), Zeroizing::new(text)))
    }
}

/// Whether a path, from the project's root, is of the record: an undo goes on with it instead of taking it back.
pub(crate) fn is_record(path: &Path) -> bool {
    path.starts_with(FOLDER) || path == Path::new(".harden/key.age") || path == Path::new(ATTRIBUTES)
}

/// The project's key, if nobody has to be asked for it.
pub(crate) fn quietly(root: &Path, identity: &IdentityArgs, opened: Option<&Identities>) -> Option<ProjectKey> {
    if let Some(key) = opened.and_then(|identities| ProjectKey::open(root, identities).ok()) {
        return Some(key);
    }
    let source = Places::of_process().find(identity.identity.as_deref()).ok().filter(|source| *source != Source::Stdin)?;
    let open_file = if identity.allow_open_identity { OpenFile::Accept } else { OpenFile::Refuse };
    ProjectKey::open(root, &Identities::load(&source, open_file, &Nobody).ok()?).ok()
}

/// Whom the project's key is sealed to: those that harden.toml lists and this user has accepted.
fn accepted(project: &Loaded) -> Result<Option<Recipients>, Failure> {
    let Ok(listed) = sealing::listed(&[], Some(project)) else { return Ok(None) };
    match Pins::of(&project.root) {
        Ok(pins) => Ok(pins.accepted(&listed)),
        Err(SealError::Disk(harden::disk::DiskError::NoHome)) => Ok(Some(listed)),
        // a note that cannot be read is no reason to leave the record out
        Err(error) => Err(Failure::from(error).untouched()),
    }
}

/// The name of whoever runs this, as far as the environment says.
pub(crate) fn whoever() -> String {
    let said = ["GIT_AUTHOR_NAME", "USER", "LOGNAME"].into_iter().filter_map(std::env::var_os);
    said.filter_map(|name| name.into_string().ok()).find(|name| !name.trim().is_empty()).unwrap_or_default()
}
