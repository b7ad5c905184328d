//! The user's editor: `$VISUAL`, else `$EDITOR`, else `vi`, as git takes them: a command line for the shell, with the file as its argument.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use harden::seal::IDENTITY_VARIABLES;

use super::exit::Failure;
use super::signals::{Signal, Signals};

/// How long an editor that is asked to end is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
const STEP: Duration = Duration::from_millis(20);

/// Keeps Vim from writing parts of the text elsewhere: swap files, registers in viminfo, backups, undo files.
const VIM: &str = " -n -i NONE -c 'set nobackup noundofile'";

/// A command line for the shell.
pub(crate) struct Editor(OsString);

/// How an editor ended.
pub(crate) enum Ended {
    Well,
    /// In words that follow "the editor".
    Badly(String),
    /// It, or this program, was told to end.
    Interrupted,
}

impl Editor {
    /// The one that the environment names.
    pub(crate) fn of_process() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self(set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| "vi".into()))
    }

    /// Runs it on `file`, with `folder` for its temporary files, and waits.
    pub(crate) fn run(&self, file: &Path, folder: &Path, signals: &Signals) -> Result<Ended, Failure> {
        // a shell that stays in between would take the signals that are meant for the editor
        let mut line = OsString::from(if words(&self.0).is_some() { "exec " } else { "" });
        line.push(&self.0);
        if is_vim(&self.0) {
            line.push(VIM);
        }
        line.push(" \"$@\"");
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(line).arg(&self.0).arg(file);
        command.envs(["TMPDIR", "TMP", "TEMP"].map(|name| (name, folder)));
        for name in IDENTITY_VARIABLES {
            command.env_remove(name);
        }
        let child = command.spawn();
        let mut child = child.map_err(|error| Failure::new(format!("the shell cannot be started: {error}; nothing was written")))?;
        let at_terminal = io::stdin().is_terminal();
        loop {
            let status = child.try_wait();
            if let Some(status) = status.map_err(|error| Failure::new(format!("the editor is lost: {error}; nothing was written")))? {
                return Ok(ended(status, signals.take()));
            }
            match signals.take() {
                // the editor has it, too, and says itself what becomes of it
                Some(Signal::Keyboard(_)) if at_terminal => {}
                Some(Signal::Keyboard(signal) | Signal::End(signal)) => {
                    end(&mut child, signal);
                    return Ok(Ended::Interrupted);
                }
                None => sleep(STEP),
            }
        }
    }
}

fn ended(status: ExitStatus, signal: Option<Signal>) -> Ended {
    match (signal, status.code()) {
        (Some(Signal::End(_)), _) => Ended::Interrupted,
        (_, Some(0)) => Ended::Well,
        (_, Some(127)) => Ended::Badly("was not found: set VISUAL or EDITOR".to_owned()),
        (_, Some(code)) => Ended::Badly(format!("ended with code {code}")),
        (_, None) => Ended::Badly(format!("was ended by signal {}", status.signal().unwrap_or_default())),
    }
}

/// Hands the signal on, and waits; kills where that does not help.
fn end(child: &mut Child, signal: i32) {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let (Some(pid), Some(signal)) = (pid, rustix::process::Signal::from_named_raw(signal)) {
        let _ = rustix::process::kill_process(pid, signal);
    }
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        sleep(STEP);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The words of a command line that means the same without a shell.
fn words(line: &OsStr) -> Option<impl Iterator<Item = &str>> {
    let text = line.to_str()?;
    let special = text.contains(|c: char| "|&;<>()$`\\\"'*?[]#~=%{}!\n".contains(c));
    (!special).then(|| text.split_whitespace())
}

/// Whether the command line is Vim or Neovim and its plain options, whatever the name on PATH leads to.
fn is_vim(line: &OsStr) -> bool {
    let Some(word) = words(line).and_then(|mut words| words.next()) else { return false };
    let known = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with("vim") || name.starts_with("nvim")
    };
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<_> = std::env::split_paths(&folders).map(|folder| folder.join(word)).collect();
    if word.contains('/') {
        places = vec![word.into()];
    }
    let found = places.into_iter().find(|place| place.is_file());
    found.is_some_and(|place| place.canonicalize().is_ok_and(|real| known(&real)))
}
