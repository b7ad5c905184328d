//! `harden decrypt`: the bytes that were sealed, to stdout or into a new file. Not onto a terminal unless asked for: it scrolls back.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use harden::disk::atomic;
use harden::seal::{self, Passphrase, SealError};
use zeroize::Zeroizing;

use super::args::DecryptArgs;
use super::exit::{Exit, Failure};
use super::sealing::{self, Terminal, about};
use super::sops::open_any;

/// Opens the file; writes nothing unless all of it is authentic.
pub(crate) fn run(args: &DecryptArgs) -> Result<Exit, Failure> {
    let is_dash = |path: &Path| path == Path::new("-");
    let output = args.output.as_deref().filter(|path| !is_dash(path));
    if is_dash(&args.file) && args.identity.identity.as_deref().is_some_and(is_dash) {
        return Err(Failure::new("`-` is standard input once: either the sealed file or the identity"));
    }
    if output.is_none() && !args.reveal && io::stdout().is_terminal() {
        return Err(Failure::new("the values would be shown on the terminal; nothing was opened")
            .hint("write a file with `-o FILE`, pipe it, or pass `--reveal`"));
    }
    if let Some(path) = output.filter(|path| path.symlink_metadata().is_ok()) {
        return Err(Failure::new(format!("{} exists already; nothing was written", path.display())));
    }
    let sealed = if is_dash(&args.file) { from_stdin()? } else { sealing::read(&args.file)? };
    let plain = open(args, &sealed)?;
    match output {
        Some(path) => atomic::create_new(path, &plain, 0o600)?,
        None => print(&plain)?,
    }
    Ok(Exit::Clean)
}

fn open(args: &DecryptArgs, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let named = |error: SealError| about(&args.file, &error);
    if seal::is_passphrase_sealed(sealed) {
        let passphrase = Terminal.ask(&format!("`{}`", args.file.display()));
        let passphrase = passphrase.ok_or_else(|| SealError::NobodyToAsk { path: args.file.clone() })?;
        return seal::open_with_passphrase(sealed, &passphrase).map_err(named);
    }
    if !seal::is_sealed(sealed) && seal::sops::form_of(sealed).is_none() {
        return Err(named(SealError::NotSealed));
    }
    open_any(sealed, &sealing::identities(&args.identity)?).map_err(named)
}

fn from_stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Failure::new(format!("standard input cannot be read: {error}")))?;
    Ok(bytes)
}

/// Past the line buffer of std's stdout, which would keep a copy.
fn print(plain: &[u8]) -> Result<(), Failure> {
    let failed = |error: &io::Error| Failure::new(format!("standard output cannot be written: {error}"));
    let mut stdout = io::stdout().lock();
    match stdout.write_all(plain).and_then(|()| stdout.flush()) {
        // a reader that has left has had enough
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(failed(&error)),
        _ => Ok(()),
    }
}
