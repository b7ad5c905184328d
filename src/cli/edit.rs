//! `harden edit`: a sealed file in the user's editor, from a private folder in memory, and sealed back to whom it was sealed. Nothing of it
//! reaches a disk, and nothing is left in memory, whatever ends the editor or this program (but SIGKILL; the next run sweeps up after that).

use std::ffi::OsStr;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use harden::disk::read::sha256;
use harden::disk::room::Room;
use harden::run;
use zeroize::Zeroizing;

use super::args::Global;
use super::edit_program::{Editor, Ended};
use super::exit::{Exit, Failure};
use super::interrupted;
use super::project::Project;
use super::sealed_args::EditArgs;
use super::sealed_file::{self, SealedFile};
use super::sealing;
use super::signals::Signals;
use super::ui;

/// As for every file that is named on the command line.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Opens, hands over, seals what came back.
pub(crate) fn run(args: &EditArgs, global: &Global) -> Result<Exit, Failure> {
    let paths = std::slice::from_ref(&args.file);
    let project = Project::load(paths, global.no_config)?;
    interrupted::settle(&project, paths)?;
    let path = sealed_file::meant(&args.file)?.ok_or_else(|| {
        Failure::new(format!("{} is not sealed, and has no sealed twin; nothing was opened", args.file.display()))
            .hint(format!("`harden encrypt {}` seals it", ui::word(&args.file)))
    })?;
    let editor = Editor::of_process();
    let file = SealedFile::open(&path, &args.seal, &project)?;
    let shown = path.display();
    // before anything lies about: from here on every end of this program goes through the drop of the room
    let signals = Signals::hold().map_err(|error| Failure::new(format!("signals cannot be held back: {error}; nothing was opened")))?;
    let room = Room::open(&Room::candidates()).map_err(|error| {
        Failure::from(error).hint("`XDG_RUNTIME_DIR` names a folder of your own on tmpfs; without one: `harden set KEY FILE`")
    })?;
    let Some(sealed) = edit(&file, &editor, &room, &signals, &project)? else {
        ui::say(&format!("unchanged: {shown}"));
        return Ok(Exit::Clean);
    };
    drop(room);
    let written = if is_as_read(&file) { file.write(sealed.clone(), "edit", &args.seal, &project) } else { Err(changed(&file)) };
    let undo = written.map_err(|failure| aside(&file, &sealed, failure))?;
    ui::say(&format!("sealed: {shown}"));
    if undo {
        ui::hint("`harden undo` takes it back");
    }
    let plain = path.with_file_name(&file.plain_name);
    if plain != path && plain.symlink_metadata().is_ok() {
        ui::note(&format!("{} still holds the values that it had", plain.display()));
    }
    Ok(Exit::Clean)
}

/// What the editor made of the content, sealed; `None` where it is as before.
fn edit(file: &SealedFile, editor: &Editor, room: &Room, signals: &Signals, project: &Project) -> Result<Option<Vec<u8>>, Failure> {
    let copy = room.put(OsStr::new(&file.plain_name), &file.plain)?;
    loop {
        match editor.run(&copy, room.path(), signals)? {
            Ended::Well => {}
            Ended::Badly(how) => return Err(Failure::new(format!("the editor {how}; nothing was written"))),
            Ended::Interrupted => return Err(Failure::new("interrupted; nothing was written")),
        }
        let new = room
            .take(&copy, LIMIT)?
            .ok_or_else(|| Failure::new("the editor left no file of at most 64 MiB where the content was; nothing was written"))?;
        if new == file.plain {
            return Ok(None);
        }
        let failure = match fault(file, &new) {
            Some(what) => Failure::new(format!("{what}; nothing was written")),
            None => match file.seal_again(&new, &[], project) {
                Ok(sealed) => return Ok(Some(sealed)),
                Err(failure) => failure.untouched(),
            },
        };
        if !ask_again(&failure) {
            return Err(failure);
        }
    }
}

/// Why `new` cannot take the place of what the file holds: its format could read that, and cannot read this.
fn fault(file: &SealedFile, new: &Zeroizing<Vec<u8>>) -> Option<String> {
    let (before, now) = (file.document(&file.plain), file.document(new));
    let name = &file.plain_name;
    if let Some(fault) = now.fault.as_ref().filter(|_| before.fault.is_none()) {
        return Some(format!("{name}:{}:{}: {}", fault.line, fault.column, fault.kind));
    }
    if before.format == "env" && run::parse(name, &file.plain).is_ok() {
        return run::parse(name, new).err().map(|error| error.to_string());
    }
    None
}

/// Whether to open the editor once more, asked where somebody can answer.
fn ask_again(failure: &Failure) -> bool {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return false;
    }
    ui::complain(failure);
    let _ = write!(io::stderr(), "Edit again? (no: the changes are lost) [Y/n] ");
    let mut answer = String::new();
    match io::stdin().lock().read_line(&mut answer) {
        Ok(count) if count > 0 => !answer.trim().to_ascii_lowercase().starts_with('n'),
        _ => false,
    }
}

/// Whether the sealed file still is what was opened.
fn is_as_read(file: &SealedFile) -> bool {
    sealing::read(&file.path).is_ok_and(|bytes| sha256(&bytes) == file.digest)
}

fn changed(file: &SealedFile) -> Failure {
    Failure::new(format!("{} was changed by somebody else meanwhile, and is left as it is", file.path.display()))
}

/// Keeps what was edited where it cannot go to its place.
fn aside(file: &SealedFile, sealed: &[u8], failure: Failure) -> Failure {
    match file.write_aside(sealed) {
        Ok(path) => {
            let word = |path: &Path| ui::word(path);
            failure.hint(format!("what you wrote is sealed in {}", path.display())).hint(format!(
                "compare them: `harden decrypt {} | diff - <(harden decrypt {})`",
                word(&path),
                word(&file.path)
            ))
        }
        Err(also) => failure.hint(format!("what you wrote is lost: {}", also.message)),
    }
}
