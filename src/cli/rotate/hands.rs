//! What the machine of a rotation does to the world: servers, files, the user's commands, the journal.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use harden::disk::DiskError;
use harden::disk::journal::{self, Transaction};
use harden::disk::lock::Lock;
use harden::disk::read::{self, Links, sha256};
use harden::disk::signed;
use harden::rotate::machine::{Hands, Login, Set, Written};
use harden::rotate::servers::Account;
use harden::rotate::stage::{Credential, File, Side, Stage};
use harden::rotate::state::{JOURNAL, Journal};
use harden::seal::IDENTITY_VARIABLES;
use zeroize::Zeroizing;

use crate::cli::progress::Progress;
use crate::cli::{closed, ui};

/// The world of one rotation.
pub(super) struct World<'a> {
    pub(super) root: &'a Path,
    pub(super) lock: &'a Lock,
    pub(super) stage: &'a Stage,
    pub(super) accounts: Vec<Box<dyn Account>>,
    /// Of the servers.
    pub(super) progress: Progress,
}

impl World<'_> {
    /// Asks a server for a change of the credential of `side`, with the help of the other, and says what has to be said of it.
    fn change(&mut self, server: usize, side: Side, ask: impl Fn(&mut dyn Account, Credential<'_>, Credential<'_>) -> Set) -> Set {
        let stage = self.stage;
        let credentials = stage.credential(server, side).zip(stage.credential(server, side.other()));
        self.progress.tell(server, self.accounts.len());
        let (Some((credential, other)), Some(account)) = (credentials, self.accounts.get_mut(server)) else { return Set::Unknown };
        let set = ask(account.as_mut(), credential, other);
        let warnings = account.warnings();
        if server + 1 == self.accounts.len() || !warnings.is_empty() {
            self.progress.clear();
        }
        warnings.iter().for_each(|warning| ui::warn(&format!("{}: {warning}", self.name(server))));
        set
    }

    /// Runs a command of the user's with the shell, told the direction; harden's own identity is not for it.
    fn command(&self, text: &str, side: Side) -> bool {
        let mut command = Command::new("sh");
        command.arg("-c").arg(text).current_dir(self.root).stdin(Stdio::null());
        command.env("HARDEN_DIRECTION", side.of("back", "forward"));
        for name in IDENTITY_VARIABLES {
            command.env_remove(name);
        }
        // applications that it starts may dump as the user wants; this process itself does not
        closed::reopen();
        match command.status() {
            Ok(status) => status.success(),
            Err(error) => {
                ui::warn(&format!("the shell cannot be run: {}", error.kind()));
                false
            }
        }
    }
}

impl Hands for World<'_> {
    fn note(&mut self, journal: &Journal) -> Result<(), String> {
        signed::write(self.lock, JOURNAL, &journal.encode()).map_err(|e| e.to_string())
    }

    fn holds_two(&mut self, server: usize) -> Option<bool> {
        let (new, old) = self.stage.credential(server, Side::New).zip(self.stage.credential(server, Side::Old))?;
        self.accounts.get_mut(server)?.holds_two(new, old)
    }

    fn log_in(&mut self, server: usize, side: Side) -> Login {
        let (Some(credential), Some(account)) = (self.stage.credential(server, side), self.accounts.get_mut(server)) else {
            return Login::Unreachable;
        };
        account.log_in(credential)
    }

    fn set(&mut self, server: usize, side: Side) -> Set {
        self.change(server, side, |account, credential, other| account.set(credential, other))
    }

    fn retire(&mut self, server: usize, side: Side) -> Set {
        self.change(server, side, |account, credential, other| account.retire(credential, other))
    }

    fn can_write(&mut self, side: Side) -> Result<(), String> {
        can_write(self.root, &self.stage.files, side)
    }

    fn write(&mut self, side: Side) -> Written {
        // what a killed run left of the files is settled before they are looked at
        if let Err(error) = journal::recover(self.root) {
            return Written::Half(error.to_string());
        }
        match transaction(self.root, &self.stage.files, side).and_then(|transaction| transaction.commit().map_err(|e| (e.to_string(), e))) {
            Ok(_) => Written::Done,
            Err((why, DiskError::HalfDone { .. } | DiskError::Journal { .. })) => Written::Half(why),
            Err((why, _)) => Written::Untouched(why),
        }
    }

    fn reload(&mut self, side: Side) -> bool {
        let Some(command) = &self.stage.reload else { return true };
        ui::note(&format!("reload: {}", ui::printable(command)));
        let told = self.command(command, side);
        if !told && side == Side::Old {
            ui::warn("the reload command fails: see to it that the applications have the old values");
        }
        told
    }

    fn health(&mut self, side: Side) -> bool {
        let Some(command) = &self.stage.health else { return true };
        ui::note(&format!("health: {}", ui::printable(command)));
        let well = self.command(command, side);
        if !well && side == Side::Old {
            ui::warn("the health command fails with the old values, too");
        }
        well
    }

    fn wait(&mut self) {
        if self.stage.grace > 0 {
            ui::note(&format!(
                "both credentials work for {} seconds more; interrupted now, `harden rotate --resume` ends the old one",
                self.stage.grace
            ));
            thread::sleep(Duration::from_secs(self.stage.grace));
        }
    }

    fn name(&self, server: usize) -> String {
        let Some(server) = self.stage.servers.get(server) else { return String::new() };
        format!("the {} server of {}", server.system, server.setting)
    }
}

/// Whether every file holds one of its two contents, and can be replaced. The list of sealed files is others', too, and stops nothing.
pub(super) fn can_write(root: &Path, files: &[File], side: Side) -> Result<(), String> {
    for file in files.iter().filter(|file| !is_list(file)) {
        let path = root.join(&file.path);
        let shown = ui::printable(&file.path.display().to_string());
        let now = match read::read_raw(&path, Links::Refuse, u64::MAX) {
            Ok(raw) => raw.map(|raw| raw.bytes),
            Err(_) if read::is_missing(&path) => None,
            Err(error) => return Err(error.to_string()),
        };
        let is = |other: Option<&Zeroizing<Vec<u8>>>| now.as_ref() == other;
        if !is(file.old.as_ref()) && !is(Some(&file.new)) {
            return Err(format!("`{shown}` was changed since, or is gone"));
        }
        let links = path.symlink_metadata().map_or(1, |meta| meta.nlink());
        if links > 1 && !is(side.of(file.old.as_ref(), Some(&file.new))) {
            return Err(format!("`{shown}` has {links} names (hard links), and the others would keep the old content"));
        }
    }
    Ok(())
}

/// Whether a file is the project's list of sealed files.
fn is_list(file: &File) -> bool {
    file.path.ends_with(".harden/sealed.toml")
}

/// The change of all files that do not hold the contents of `side` yet.
fn transaction(root: &Path, files: &[File], side: Side) -> Result<Transaction, (String, DiskError)> {
    let mut transaction = Transaction::new(root);
    let progress = Progress::of("files");
    for (done, file) in files.iter().enumerate() {
        progress.tell(done, files.len());
        let path = root.join(&file.path);
        let now = if path.symlink_metadata().is_ok() {
            read::read_raw(&path, Links::Refuse, u64::MAX).map_err(|e| (e.to_string(), e))?.map(|raw| sha256(&raw.bytes))
        } else {
            None
        };
        let (to, from) = (side.of(file.old.as_ref(), Some(&file.new)), side.of(Some(&file.new), file.old.as_ref()));
        if now == to.map(|bytes| sha256(bytes)) {
            continue;
        }
        if is_list(file) && now != from.map(|bytes| sha256(bytes)) {
            ui::warn("the list of sealed files was changed since and stays as it is: `harden rekey` says whether it fits");
            continue;
        }
        // a file that holds neither is refused by the transaction, which compares once more
        transaction = match (from, to) {
            (Some(from), Some(to)) => transaction.replace(&path, sha256(from), to.clone()),
            (None, Some(to)) => transaction.create(&path, to.clone(), file.mode),
            (Some(from), None) => transaction.remove(&path, sha256(from)),
            (None, None) => transaction,
        };
    }
    Ok(transaction)
}
