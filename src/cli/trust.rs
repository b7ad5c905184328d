//! `harden trust`: lets the `harden.toml` of a project name programs that are started, as long as not one byte of it changes.

use std::path::{Path, PathBuf};

use harden::config::{Config, FILE_NAME, Loaded, Trust};
use harden::disk::DiskError;

use super::args::{Global, TrustArgs};
use super::exit::{Exit, Failure};
use super::ui;

/// Trusts, lists what is trusted, or takes it back.
pub(crate) fn run(args: &TrustArgs, global: &Global) -> Result<Exit, Failure> {
    if args.list {
        return list();
    }
    if args.forget {
        return forget(&args.dir);
    }
    if global.no_config {
        return Err(Failure::new("`harden trust` is about what `--no-config` ignores; nothing was noted"));
    }
    let loaded = Config::load(&args.dir).map_err(|error| Failure::new(error).hint("nothing was noted"))?;
    let Some(loaded) = loaded else {
        return Err(Failure::new(format!("there is no {FILE_NAME} at or above {}; nothing was noted", args.dir.display())));
    };
    let before = Trust::of(&loaded).map_err(unread)?;
    Trust::grant(&loaded).map_err(Failure::new)?;
    let again = if before == Trust::Changed { " again" } else { "" };
    ui::say(&format!("trusted{again}: {}, as it is now (SHA-256 {})", loaded.path.display(), hex(&loaded)));
    ui::note("the programs that it names may be started for you, until a byte of it changes; `harden trust --forget` takes that back");
    Ok(Exit::Clean)
}

fn list() -> Result<Exit, Failure> {
    let all = Trust::all().map_err(unread)?;
    if all.is_empty() {
        ui::note("no harden.toml is trusted");
    }
    for (root, _) in all {
        let now = match Config::load(&root) {
            Ok(Some(loaded)) if loaded.root == root => match Trust::of(&loaded).map_err(unread)? {
                Trust::Trusted => "trusted",
                _ => "changed since, no longer trusted",
            },
            Err(_) if root.join(FILE_NAME).exists() => "changed since, no longer trusted",
            _ => "gone",
        };
        ui::say(&format!("{}  {now}", root.join(FILE_NAME).display()));
    }
    Ok(Exit::Clean)
}

fn forget(dir: &Path) -> Result<Exit, Failure> {
    // a project that is gone can be forgotten, too, and one whose harden.toml cannot be read
    let whole = dir.canonicalize().or_else(|_| std::path::absolute(dir)).map_err(|error| Failure::new(error.kind()))?;
    let mut folders: Vec<PathBuf> = vec![whole];
    folders.extend(Config::load(dir).ok().flatten().map(|loaded| loaded.root));
    for folder in folders {
        if Trust::revoke(&folder).map_err(Failure::new)? {
            ui::say(&format!("no longer trusted: {}", folder.join(FILE_NAME).display()));
            return Ok(Exit::Clean);
        }
    }
    Err(Failure::new(format!("no {FILE_NAME} at or above {} is trusted; nothing was changed", dir.display()))
        .hint("`harden trust --list` shows what is"))
}

fn unread(error: DiskError) -> Failure {
    Failure::new(error)
}

fn hex(loaded: &Loaded) -> String {
    loaded.digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
