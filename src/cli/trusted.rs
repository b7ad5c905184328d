//! Whose certificates are trusted: the system's authorities, and those of the command line.

use std::path::{Path, PathBuf};

use harden::disk::read::{Links, Outcome, read};
use harden::wire::{Pin, Trust};

use super::exit::Failure;

/// The system's authorities, with those in the files `ca` and the public keys `pins`.
pub(crate) fn trust(ca: &[PathBuf], pins: &[String]) -> Result<Trust, Failure> {
    let mut trust = Trust::system();
    for pin in pins {
        let wanted = "a pin is `sha256:` and 64 hexadecimal digits; `harden probe` shows that of each server";
        let pin = Pin::parse(pin).ok_or_else(|| Failure::new("a `--pin` is no pin; no server was asked").hint(wanted))?;
        trust.add_pin(pin);
    }
    for file in ca {
        if trust.add_pem(&certificates(file)?) == 0 {
            return Err(Failure::new(format!("`{}` holds no certificate in PEM; no server was asked", file.display())));
        }
    }
    Ok(trust)
}

fn certificates(file: &Path) -> Result<Vec<u8>, Failure> {
    match read(file, Links::Follow, 8 << 20) {
        Ok(Outcome::Content(content, _)) => Ok(content.bytes.to_vec()),
        Ok(Outcome::Skipped(_)) => Err(Failure::new(format!("`{}` is no regular text file; no server was asked", file.display()))),
        Err(error) => Err(Failure::new(error).hint("no server was asked")),
    }
}
