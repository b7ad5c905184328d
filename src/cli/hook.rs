//! `harden hook`: install and remove. Where a hook manager or a foreign folder holds the hooks, nothing is written and the line for it is
//! printed.

use std::path::{Path, PathBuf};

use harden::disk::atomic::{self, ModePolicy};
use harden::disk::read::{DEFAULT_LIMIT, Links, read_raw};
use harden::git::{self, AtWork, Driver, Folder, Hook, Installed, Plan, Removed, Repository, Standing};

use super::args::{Global, HookCommand, HookInstallArgs};
use super::exit::{Exit, Failure};
use super::hook_run;
use super::ui;

/// Runs what was typed behind `harden hook`.
pub(crate) fn run(command: &HookCommand, global: &Global) -> Result<Exit, Failure> {
    match command {
        HookCommand::Install(args) => install(args),
        HookCommand::Remove => remove(),
        HookCommand::Run(args) => hook_run::run(args, global),
    }
}

impl From<git::GitError> for Failure {
    fn from(error: git::GitError) -> Self {
        Self::new(error)
    }
}

/// The repository around `dir`.
pub(crate) fn repository(dir: &Path) -> Result<Repository, Failure> {
    Repository::discover(dir).ok_or_else(|| {
        let failure = Failure::new("no git repository with a work tree here; nothing was written");
        failure.hint("run it in one; git must be installed, and trust the folder's owner (`git status` says if not)")
    })
}

fn install(args: &HookInstallArgs) -> Result<Exit, Failure> {
    let repository = repository(Path::new("."))?;
    let hooks: &[Hook] = if args.pre_push { &Hook::ALL } else { &[Hook::PreCommit] };
    // all are looked at before the first is written
    let mut plans = Vec::new();
    for hook in hooks {
        plans.push(Wanted::new(&repository, *hook, args.ignore_manager)?);
    }
    if args.diff {
        install_driver(&repository)?;
    }
    let mut exit = Exit::Clean;
    for wanted in plans {
        if wanted.install()? == Exit::Failed {
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

/// `git diff` with masked values: the lines of `.gitattributes` first, which mean nothing without the driver.
fn install_driver(repository: &Repository) -> Result<(), Failure> {
    let path = repository.root().join(".gitattributes");
    let refused = || Failure::new(format!("{}: expected a text file; nothing was written", path.display()));
    let old =
        if path.symlink_metadata().is_ok() { Some(read_raw(&path, Links::Refuse, DEFAULT_LIMIT)?.ok_or_else(refused)?) } else { None };
    let text = old.as_ref().map_or(Ok(""), |raw| std::str::from_utf8(&raw.bytes)).map_err(|_| refused())?;
    match git::with_attributes(text) {
        Some(new) if old.is_some() => {
            atomic::write_atomic(&path, new.as_bytes(), ModePolicy::Keep)?;
            ui::say("added to .gitattributes: commit it");
        }
        Some(new) => {
            atomic::create_new(&path, new.as_bytes(), 0o644)?;
            ui::say("wrote .gitattributes: commit it");
        }
        None => {}
    }
    ui::say(match repository.install_driver(program(repository).as_deref())? {
        Driver::Written => "configured: git diff masks values in this clone (`git diff --no-textconv` shows them)",
        _ => "nothing to do: git diff masks values in this clone",
    });
    Ok(())
}

/// A hook that can be installed, or the line for whoever runs the hooks here.
pub(crate) enum Wanted {
    /// It can be written.
    Plan(Plan),
    /// A manager calls harden already.
    There(AtWork),
    /// A manager has to call it.
    Manager(AtWork, Hook),
    /// `core.hooksPath` leads to a folder that is not only this repository's.
    Folder(Folder, PathBuf, Hook, bool),
}

impl Wanted {
    /// Looks at everything that could be in the way of `hook`.
    pub(crate) fn new(repository: &Repository, hook: Hook, ignore_manager: bool) -> Result<Self, Failure> {
        let folder = Folder::of(repository)?;
        let standing = match &folder {
            Folder::Own(path) => git::standing(path, hook).map_err(linked)?,
            _ => Standing::Nothing,
        };
        let ours = standing == Standing::Ours;
        if let Some(at_work) = git::at_work(repository.root(), &folder, hook, &standing)
            && !ours
            && (at_work.installed || !ignore_manager)
        {
            return Ok(if at_work.calls_harden { Self::There(at_work) } else { Self::Manager(at_work, hook) });
        }
        match &folder {
            Folder::Own(path) => Ok(Self::Plan(Plan::new(path, hook, program(repository).as_deref()).map_err(linked)?)),
            other => {
                let standing = git::standing(other.path(), hook).unwrap_or(Standing::Nothing);
                let calls = match &standing {
                    Standing::Foreign(bytes) => String::from_utf8_lossy(bytes).contains(&format!("hook run {}", hook.name())),
                    Standing::Ours => true,
                    Standing::Nothing => false,
                };
                let path = other.path().join(hook.name());
                let shown = path.strip_prefix(repository.root()).unwrap_or(&path).to_owned();
                if calls {
                    ui::say(&format!("nothing to do: {} calls harden already", shown.display()));
                }
                Ok(Self::Folder(other.clone(), shown, hook, calls))
            }
        }
    }

    /// Writes the hook, or says what is to be done by hand.
    pub(crate) fn install(self) -> Result<Exit, Failure> {
        match self {
            Self::Plan(plan) => {
                let installed = plan.write()?;
                said(&plan, installed);
                Ok(Exit::Clean)
            }
            Self::There(at_work) => {
                let (config, name) = (at_work.config.display(), at_work.manager.name);
                ui::say(&format!("nothing to do: {config} calls harden already, and {name} runs it"));
                Ok(Exit::Clean)
            }
            Self::Manager(at_work, hook) => {
                by_manager(&at_work, hook);
                Ok(Exit::Failed)
            }
            Self::Folder(_, _, _, true) => Ok(Exit::Clean),
            Self::Folder(folder, shown, hook, false) => {
                by_hand(&folder, &shown, hook);
                Ok(Exit::Failed)
            }
        }
    }
}

fn said(plan: &Plan, installed: Installed) {
    let path = plan.path().display();
    ui::say(&match installed {
        Installed::New => format!("installed: {path}"),
        Installed::Chained => format!("installed: {path}; the hook that was there is kept beside it as `.harden-chained` and runs first"),
        Installed::Renewed => format!("renewed: {path}"),
        _ => format!("nothing to do: {path} is there"),
    });
}

/// The lines go to stdout, by themselves, so that they can be pasted or redirected.
fn by_manager(at_work: &AtWork, hook: Hook) {
    let (name, config) = (at_work.manager.name, at_work.config.display());
    let verb = if at_work.installed { "runs the hooks here" } else { "is configured to run the hooks here" };
    ui::error(&format!("{name} {verb} ({}); nothing was written", at_work.by.display()));
    ui::hint(&format!("add this to {config}, and {name} runs harden:"));
    ui::say(at_work.manager.lines(hook));
    if !at_work.installed {
        ui::hint(&format!("or, if {name} is not in use here: `harden hook install --ignore-manager`"));
    }
}

fn by_hand(folder: &Folder, shown: &Path, hook: Hook) {
    let whose = match folder {
        Folder::Elsewhere { scope, .. } if scope == "local" || scope == "worktree" => {
            "is outside of the repository, whose own configuration names it".to_owned()
        }
        Folder::Elsewhere { scope, .. } => format!("holds for all repositories of the {scope} configuration"),
        _ => "belongs to the project and is shared with it".to_owned(),
    };
    let at = shown.parent().unwrap_or(shown).display();
    ui::error(&format!("git takes its hooks from `{at}` (core.hooksPath), which {whose}; nothing was written"));
    ui::hint(&format!("add this to {}; a new file begins with #!/bin/sh and is executable:", shown.display()));
    let rest = if hook == Hook::PrePush { " -- \"$@\"" } else { "" };
    ui::say(&format!("harden hook run {}{rest} || exit", hook.name()));
}

/// Where this program is, for the script; `None` when it lies in the repository, where what is run could come from the tree.
fn program(repository: &Repository) -> Option<PathBuf> {
    let own = std::env::current_exe().ok().and_then(|path| path.canonicalize().ok())?;
    if !own.starts_with(repository.root()) {
        return Some(own);
    }
    ui::warn("this harden lies in the repository itself: the hook will take the one on PATH instead");
    None
}

fn linked(error: git::GitError) -> Failure {
    let hint = "call it from there yourself: `harden hook run pre-commit || exit`";
    match error {
        git::GitError::Hook { .. } => Failure::new(error).hint(hint),
        other => other.into(),
    }
}

fn remove() -> Result<Exit, Failure> {
    let repository = repository(Path::new("."))?;
    let mut folders = vec![Folder::default_of(&repository)?];
    if let Folder::Own(path) = Folder::of(&repository)?
        && !folders.contains(&path)
    {
        folders.push(path);
    }
    let mut exit = Exit::Clean;
    let mut any = false;
    for (folder, hook) in folders.iter().flat_map(|folder| Hook::ALL.map(|hook| (folder, hook))) {
        let path = folder.join(hook.name());
        let path = path.display();
        match git::remove(folder, hook)? {
            Removed::Gone => ui::say(&format!("removed: {path}")),
            Removed::Restored => ui::say(&format!("removed: {path}; the hook that was there before is back")),
            Removed::Undecided => {
                ui::error(&format!("{path} is not ours, and an older one lies beside it as `.harden-chained`; nothing was changed"));
                ui::hint("keep the one that you want, and remove the other");
                exit = Exit::Failed;
            }
            _ => continue,
        }
        any = true;
    }
    if repository.remove_driver()? {
        ui::say("removed: git diff shows values again; what .gitattributes says of `diff=harden` means nothing without it");
        any = true;
    }
    if !any {
        ui::say("nothing to do: no hook of harden is installed here");
        mention_manager(&repository)?;
    }
    Ok(exit)
}

/// Where a manager calls harden, its line is the user's to take out.
fn mention_manager(repository: &Repository) -> Result<(), Failure> {
    let folder = Folder::of(repository)?;
    for hook in Hook::ALL {
        let standing = git::standing(folder.path(), hook).unwrap_or(Standing::Nothing);
        if let Some(at_work) = git::at_work(repository.root(), &folder, hook, &standing).filter(|a| a.calls_harden) {
            ui::hint(&format!("{} calls harden for {}: take its lines out there", at_work.config.display(), hook.name()));
        }
    }
    Ok(())
}
