//! Recipients that the repository lists are sealed to only if this user has accepted them: all on the first use, later ones by
//! `--accept-recipients`.

use std::path::Path;

use harden::config::Loaded;
use harden::seal::{Pins, Recipient, Recipients, SealError, Standing};

use super::exit::Failure;
use super::ui;

/// Stops where `listed` of `project` has somebody whom this user has not accepted, unless `accept`; notes who is accepted then.
pub(crate) fn check(listed: &Recipients, project: &Loaded, accept: bool) -> Result<(), Failure> {
    let Some(pins) = pins(&project.root)? else { return Ok(()) };
    match pins.compare(listed) {
        Standing::First => ui::note(&format!(
            "first sealing here, to {} of {}: {}; who is added later has to be accepted",
            counted(listed.iter().count()),
            project.path.display(),
            names(listed.iter())
        )),
        Standing::Known { added, .. } if !added.is_empty() && !accept => return Err(stranger(&added, project)),
        Standing::Known { added, removed } => {
            if !added.is_empty() {
                ui::note(&format!("accepted: {}", names(&added)));
            }
            if !removed.is_empty() {
                ui::warn(&format!(
                    "no longer among the recipients of {}: {}; what was sealed before stays open to who has that key",
                    project.path.display(),
                    names(&removed)
                ));
            }
        }
    }
    keep(&pins, listed.iter())
}

/// Stops where the list of sealed files has somebody for `file` whom this user has not accepted, unless `accept`. Notes nothing: it is one file's
/// list, not the project's.
pub(crate) fn recorded(recipients: &Recipients, file: &Path, project: &Loaded, accept: bool) -> Result<(), Failure> {
    let Some(pins) = pins(&project.root)? else { return Ok(()) };
    match pins.compare(recipients) {
        Standing::Known { added, .. } if !added.is_empty() && !accept => {
            let file = file.display();
            Err(Failure::new(format!("{file} is sealed to somebody whom you have not accepted: {}; nothing was written", names(&added)))
                .hint(format!("seal it to those of harden.toml: `harden rekey --apply {file}`"))
                .hint("if it belongs there, run it again with `--accept-recipients`"))
        }
        _ => Ok(()),
    }
}

/// Those of `listed` whom this user has accepted, for a copy that stays on this machine; the others are named.
pub(crate) fn accepted(listed: &Recipients, project: &Loaded) -> Result<Option<Recipients>, Failure> {
    let Some(pins) = pins(&project.root)? else { return Ok(Some(listed.clone())) };
    if let Standing::Known { added, .. } = pins.compare(listed)
        && !added.is_empty()
    {
        ui::warn(&format!(
            "the copy is not sealed to {}: {} lists it, and you have not accepted it",
            names(&added),
            project.path.display()
        ));
    }
    Ok(pins.accepted(listed))
}

/// Says before `--apply` that it will stop. Notes nothing.
pub(crate) fn foretell(listed: &Recipients, project: &Loaded) {
    if let Ok(Some(pins)) = pins(&project.root)
        && let Standing::Known { added, .. } = pins.compare(listed)
        && !added.is_empty()
    {
        ui::warn(&format!("{} lists a recipient whom you have not accepted: {}", project.path.display(), names(&added)));
        ui::hint("`--apply` stops there, unless it is told `--accept-recipients`");
    }
}

/// After `init`: `typed` and this user's own are accepted, and all of `listed` on the first use. Somebody else's addition stays one.
pub(crate) fn init(root: &Path, listed: &Recipients, typed: &[Recipient]) -> Result<(), Failure> {
    let Some(pins) = pins(root)? else { return Ok(()) };
    let Standing::Known { added, .. } = pins.compare(listed) else { return keep(&pins, listed.iter()) };
    let strangers: Vec<&Recipient> = added.iter().filter(|one| !typed.contains(one)).collect();
    if !strangers.is_empty() {
        ui::warn(&format!("listed already, and not accepted by you: {}", names(strangers.iter().copied())));
        ui::hint("the next command that seals stops there, unless it is told `--accept-recipients`");
    }
    keep(&pins, listed.iter().filter(|one| !strangers.contains(one)))
}

/// `None` where there is no place for this user's state: then nothing can be compared, and that is said.
fn pins(root: &Path) -> Result<Option<Pins>, Failure> {
    match Pins::of(root) {
        Ok(pins) => Ok(Some(pins)),
        Err(SealError::Disk(harden::disk::DiskError::NoHome)) => {
            ui::warn("recipients cannot be compared with those of last time: neither XDG_STATE_HOME nor HOME is set");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// A state folder that cannot be written (a container) keeps nobody from sealing; it is said.
fn keep<'r>(pins: &Pins, recipients: impl IntoIterator<Item = &'r Recipient>) -> Result<(), Failure> {
    if let Err(error) = pins.accept(recipients) {
        ui::warn(&format!("who is accepted as a recipient cannot be noted: {error}"));
    }
    Ok(())
}

fn stranger(added: &[Recipient], project: &Loaded) -> Failure {
    let who = if added.len() == 1 { "a recipient" } else { "recipients" };
    let file = project.path.display();
    Failure::new(format!("{file} lists {who} whom you have not accepted: {}; nothing was written", names(added)))
        .hint("whoever holds that key could read what is sealed from now on; ask whoever added it whose it is (`git log -p harden.toml`)")
        .hint("if it belongs there, run it again with `--accept-recipients`; else take it out of harden.toml")
}

fn counted(count: usize) -> String {
    if count == 1 { "the recipient".to_owned() } else { format!("the {count} recipients") }
}

fn names<'r>(recipients: impl IntoIterator<Item = &'r Recipient>) -> String {
    recipients.into_iter().map(|one| format!("`{}`", one.shown())).collect::<Vec<_>>().join(", ")
}
