//! `harden keygen`: a key pair. The public key is the answer; the private one only ever goes into the file.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use harden::seal::{self, KeyPair, Passphrase, Places};
use zeroize::Zeroizing;

use super::args::KeygenArgs;
use super::exit::{Exit, Failure};
use super::sealing::{Terminal, create_private};
use super::ui;

/// Below this scrypt buys too little time against someone who has the file.
const LEAST_PASSPHRASE: usize = 12;

/// Writes the identity and prints its recipient.
pub(crate) fn run(args: &KeygenArgs) -> Result<Exit, Failure> {
    let path = target(args)?;
    let pair = KeyPair::generate();
    if args.recovery {
        let passphrase = new_passphrase(&path)?;
        let sealed = seal::seal_with_passphrase(pair.to_file(SystemTime::now()).as_bytes(), &passphrase)?;
        create_private(&path, &sealed)?;
    } else {
        create_private(&path, pair.to_file(SystemTime::now()).as_bytes())?;
    }
    ui::say(pair.recipient().as_str());
    let shown = path.display();
    if args.recovery {
        ui::note(&format!("wrote {shown}, protected by the passphrase: keep it away from this machine, and the passphrase away from it"));
        ui::hint(&format!("add it to the recipients of a project: `harden init -r {}`", pair.recipient()));
    } else {
        ui::note(&format!("wrote {shown}, for you alone: whoever has it opens everything sealed to it; without it nobody does"));
        ui::hint("keep a copy off this machine, or a second key: `harden keygen --recovery -o FILE`");
    }
    Ok(Exit::Clean)
}

/// The file to make. The default place holds the everyday identity only: a recovery key there would be lost with it.
fn target(args: &KeygenArgs) -> Result<PathBuf, Failure> {
    let path = match (&args.output, args.recovery) {
        (Some(path), _) if path == Path::new("-") => {
            return Err(Failure::new("a private key is not printed; nothing was written").hint("name a file: `-o FILE`"));
        }
        (Some(path), _) => path.clone(),
        (None, true) => {
            return Err(Failure::new("`--recovery` needs a file to write, off this machine; nothing was written")
                .hint("`harden keygen --recovery -o FILE`"));
        }
        (None, false) => Places::of_process().default_file().ok_or_else(|| {
            Failure::new("no home folder to put an identity in: neither XDG_CONFIG_HOME nor HOME is set").hint("name a file: `-o FILE`")
        })?,
    };
    if path.symlink_metadata().is_ok() {
        let failure = Failure::new(format!("{} exists already; nothing was written", path.display()));
        return Err(failure.hint("name another file: `-o FILE`"));
    }
    Ok(path)
}

fn new_passphrase(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let ask = |what: &str| {
        Terminal.ask(what).ok_or_else(|| {
            Failure::new("a passphrase is asked for on the terminal, and there is none, or nothing was entered; nothing was written")
        })
    };
    let first = ask(&format!("{} (new)", path.display()))?;
    if first.chars().count() < LEAST_PASSPHRASE {
        return Err(Failure::new(format!("the passphrase is shorter than {LEAST_PASSPHRASE} characters; nothing was written"))
            .hint("six random words are easy to write down and hard to guess"));
    }
    let second = ask(&format!("{} (again)", path.display()))?;
    if *first != *second {
        return Err(Failure::new("the two passphrases differ; nothing was written"));
    }
    Ok(first)
}
