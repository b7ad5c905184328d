//! Carrying a rotation out, on, or back.

use std::path::{Path, PathBuf};

use harden::config::Loaded;
use harden::disk::atomic::{ModePolicy, write_atomic};
use harden::disk::lock::{FOLDER, Lock};
use harden::disk::read::{self, Links, sha256};
use harden::disk::signed;
use harden::model::date;
use harden::model::shown::shown;
use harden::rotate::machine::{self, End, Hands as _, Login};
use harden::rotate::servers::Account;
use harden::rotate::stage::{Side, Stage};
use harden::rotate::state::{JOURNAL, Journal, Mark, State};
use harden::seal::{self, Identities, Recipients};

use super::args::RotateArgs;
use super::consent;
use super::copies;
use super::hands::{World, can_write};
use super::servers;
use crate::cli::exit::{Exit, Failure};
use crate::cli::interrupted;
use crate::cli::progress::Progress;
use crate::cli::recording::Recording;
use crate::cli::seal_args::IdentityArgs;
use crate::cli::sealing::{self, about};
use crate::cli::ui;

/// Begins a rotation: stage and journal become durable before anything else is touched.
pub(super) fn start(
    root: &Path,
    stage: &Stage,
    recipients: &Recipients,
    identities: &Identities,
    config: Option<&Loaded>,
) -> Result<Exit, Failure> {
    let lock = Lock::of_rotation(root)?;
    interrupted::refuse_rotation(&[root.to_owned()])?;
    let mut accounts = accounts(stage)?;
    ready(stage, &mut accounts)?;
    can_write(root, &stage.files, Side::New).map_err(|why| Failure::new(format!("{why}; nothing was changed")))?;
    let packed = stage.pack();
    let sealed = seal::seal(&packed, recipients)?;
    // what cannot be opened again would be no way back
    if seal::open(&sealed, identities).ok().as_deref() != Some(&*packed) {
        return Err(Failure::new("no identity here opens what would be sealed to the recipients; nothing was changed")
            .hint("an interrupted rotation could not be taken back: `-i FILE`, or add your own recipient, `harden init -r age1...`"));
    }
    let servers = vec![Mark::Untouched; stage.servers.len()];
    let id = signed::new_id()?;
    // under a name of its own: until the journal names it, the former rotation can still be taken back
    write_atomic(&lock.state().join(stage_of(&id)), &sealed, ModePolicy::Exactly(0o600))?;
    let mut journal =
        Journal { id, stage: sha256(&sealed), began: date::now(), to: Side::New, state: State::Staged, servers, wrote: false };
    let mut world = World { root, lock: &lock, stage, accounts, progress: Progress::of("servers") };
    world.note(&journal).map_err(|why| Failure::new(why).code(Exit::HalfDone))?;
    forget_others(&lock, &journal);
    let end = machine::drive(&mut journal, &mut world);
    Ok(finish(&end, &world, &journal, config, identities))
}

/// Where the stage of a rotation lies, in the state folder.
fn stage_of(id: &str) -> String {
    format!("stage-{id}.age")
}

/// Removes stages that no journal names any more. One that cannot be removed is sealed, and removed by the next run.
fn forget_others(lock: &Lock, journal: &Journal) {
    let own = stage_of(&journal.id);
    let names = std::fs::read_dir(lock.state()).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    for name in names.filter(|name| name.starts_with("stage") && name.ends_with(".age") && *name != own) {
        _ = signed::remove(lock, &name);
    }
}

/// `--resume`, `--undo`, `--forget`, `--purge`.
pub(super) fn again(args: &RotateArgs, roots: &[PathBuf], config: Option<&Loaded>) -> Result<Exit, Failure> {
    let journal_of = |root: &PathBuf| root.join(FOLDER).join("state").join(JOURNAL);
    let Some(root) = roots.iter().find(|root| journal_of(root).symlink_metadata().is_ok()) else {
        return Err(Failure::new("there is no rotation to go on with or to take back; nothing was changed"));
    };
    interrupted::guard(&[journal_of(root)])?;
    let lock = Lock::of_rotation(root)?;
    let broken = || Failure::new(format!("`{}` is of another version; nothing was changed", journal_of(root).display()));
    let text = signed::read(&journal_of(root)).map_err(interrupted::failure)?;
    let mut journal = text.as_deref().and_then(Journal::decode).ok_or_else(broken)?;
    if args.forget {
        if !journal.is_over() {
            return Err(stands(&journal));
        }
        discard(&lock, &journal)?;
        ui::say("forgotten: the last rotation cannot be taken back");
        return Ok(Exit::Clean);
    }
    if args.resume && journal.is_over() {
        ui::note("the last rotation is over; there is nothing to go on with");
        return Ok(Exit::Clean);
    }
    if args.undo && journal.is_over() && journal.to == Side::Old {
        ui::note("the last rotation is taken back already");
        return Ok(Exit::Clean);
    }
    let identities = sealing::identities(&args.seal.identity).map_err(|f| if journal.is_over() { f } else { f.code(Exit::HalfDone) })?;
    let mut stage = load(&lock, &journal, &identities)?;
    // a command that was mistyped must not be what keeps a rotation from its end
    stage.reload = args.reload.clone().or(stage.reload);
    stage.health = args.health.clone().or(stage.health);
    if args.purge {
        if !journal.is_over() {
            return Err(stands(&journal));
        }
        return copies::purge(root, config, &stage, journal.to.other(), args.apply);
    }
    // one that stands has to be ended either way
    if args.undo && journal.is_over() {
        consent::confirm_return(args, stage.secrets.len())?;
    }
    let accounts = accounts(&stage)?;
    let mut world = World { root, lock: &lock, stage: &stage, accounts, progress: Progress::of("servers") };
    if args.undo && journal.to == Side::New {
        if journal.wrote {
            let code = if journal.is_over() { Exit::Failed } else { Exit::HalfDone };
            can_write(root, &stage.files, Side::Old)
                .map_err(|why| Failure::new(format!("{why}; nothing was changed")).hint("put it right, and run this again").code(code))?;
        }
        machine::turn_round(&mut journal, &mut world).map_err(|why| Failure::new(why).code(Exit::HalfDone))?;
    }
    let end = machine::drive(&mut journal, &mut world);
    Ok(finish(&end, &world, &journal, config, &identities))
}

/// The stage of a journal.
fn load(lock: &Lock, journal: &Journal, identities: &Identities) -> Result<Stage, Failure> {
    let path = lock.state().join(stage_of(&journal.id));
    let refused = |why: &str| Failure::new(format!("`{}` {why}; nothing was changed", path.display())).code(Exit::HalfDone);
    let raw = read::read_raw(&path, Links::Refuse, u64::MAX).map_err(|_| refused("cannot be read"))?;
    let raw = raw.ok_or_else(|| refused("is no regular file"))?;
    if sha256(&raw.bytes) != journal.stage {
        return Err(refused("is not the stage of this rotation: it was changed or exchanged"));
    }
    let packed = seal::open(&raw.bytes, identities).map_err(|error| about(&path, &error).code(Exit::HalfDone))?;
    Stage::unpack(&packed).ok_or_else(|| refused("is of another version"))
}

fn accounts(stage: &Stage) -> Result<Vec<Box<dyn Account>>, Failure> {
    let all = servers::accounts(&stage.servers, &stage.reach)?.into_iter().zip(&stage.servers);
    all.map(|(account, server)| account.map_err(|why| Failure::new(format!("{}: {why}; nothing was changed", server.setting)))).collect()
}

/// Stops where a server does not take the credential that the files have: nothing is known of such a one.
fn ready(stage: &Stage, accounts: &mut [Box<dyn Account>]) -> Result<(), Failure> {
    for (index, (account, server)) in accounts.iter_mut().zip(&stage.servers).enumerate() {
        let why = match stage.credential(index, Side::Old).map(|old| account.log_in(old)) {
            Some(Login::Accepted) => continue,
            Some(Login::Refused) => "does not take the credential that the files have",
            _ => "cannot be logged in to",
        };
        return Err(Failure::new(format!("the {} server of {} {why}; nothing was changed", server.system, server.setting))
            .hint("`harden probe --login` says more"));
    }
    Ok(())
}

fn discard(lock: &Lock, journal: &Journal) -> Result<(), Failure> {
    signed::remove(lock, &stage_of(&journal.id))?;
    signed::remove(lock, JOURNAL)?;
    Ok(())
}

/// A rotation that is not over stands in the way.
pub(crate) fn stands(journal: &Journal) -> Failure {
    let direction = if journal.to == Side::New { "" } else { ", on its way back" };
    Failure::new(format!("a rotation stands at `{}`{direction}; nothing was changed", journal.state.word()))
        .hint("`harden rotate --resume` goes on with it, `harden rotate --undo` takes it back")
        .code(Exit::HalfDone)
}

/// Adds the rotation, or that it was taken back after its end, to the ledger. All is done by then: what fails here is said, and fails nothing.
fn record(world: &World<'_>, journal: &Journal, config: Option<&Loaded>, identities: &Identities) {
    let (action, from) = journal.to.of(("rotate --undo", Side::New), ("rotate", Side::Old));
    let line = Recording::begin(action, config, &IdentityArgs::default(), Some(identities)).and_then(|line| {
        let Some(mut line) = line else { return Ok(()) };
        world.stage.files.iter().for_each(|file| line.wrote(&world.root.join(&file.path)));
        for secret in &world.stage.secrets {
            line.replaced(&secret.name, from.of(&secret.old, &secret.new), journal.to.of(&secret.old, &secret.new));
        }
        // each was tried before a file was written
        for secret in world.stage.servers.iter().filter(|s| s.system != "program").filter_map(|s| world.stage.secrets.get(s.secret)) {
            line.verified(&secret.name, journal.to.of(&secret.old, &secret.new));
        }
        let servers: Vec<String> =
            world.stage.servers.iter().map(|s| format!("the {} server of {}", s.system, shown(&s.setting))).collect();
        let approved = world.stage.approved.as_ref().map(|name| format!("approved by {}", shown(name)));
        line.note(&servers.into_iter().chain(approved).collect::<Vec<_>>().join(", "));
        line.write()
    });
    if let Err(failure) = line {
        ui::warn(&format!("that is not in the ledger: {}", failure.message));
    }
}

/// Says how it ended.
fn finish(end: &End, world: &World<'_>, journal: &Journal, config: Option<&Loaded>, identities: &Identities) -> Exit {
    let stage = world.stage;
    world.progress.clear();
    match end {
        End::Done => {
            stage.files.iter().for_each(|file| ui::say(&format!("written: {}", ui::printable(&file.path.display().to_string()))));
            stage.servers.iter().for_each(|server| ui::say(&format!("changed: the {} server of {}", server.system, server.setting)));
            record(world, journal, config, identities);
            let count = stage.secrets.len();
            ui::say(&format!("replaced: {count} secret{}", if count == 1 { "" } else { "s" }));
            copies::tell(world.root, config, stage, journal.to.other());
            ui::hint("`harden rotate --undo` takes it back; `harden rotate --forget` removes the way back");
            Exit::Clean
        }
        End::WentBack(why) if why.is_empty() => {
            record(world, journal, config, identities);
            ui::say("taken back: servers and files are as they were before the rotation");
            Exit::Clean
        }
        End::WentBack(why) => {
            ui::error(&format!("{}; the rotation was taken back, and all is as it was", ui::printable(why)));
            Exit::Failed
        }
        End::Stands(why) => {
            ui::error(&format!("{}; the rotation stands at `{}`", ui::printable(why), journal.state.word()));
            ui::hint("`harden rotate --resume` goes on with it, `harden rotate --undo` takes it back");
            Exit::HalfDone
        }
    }
}
