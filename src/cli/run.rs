//! `harden run`: a command with the settings of env files in its environment. It takes harden's place, so its exit code and signals
//! are its own; harden's own failures are 125 to 127, as `env` and `docker run` have them.

use std::path::{Path, PathBuf};

use harden::formats::{self, Dialect, Reading};
use harden::model::environment::Environment;
use harden::model::setting::Role;
use harden::model::shown::shown as name_shown;
use harden::run::{self, Base, Precedence, RunError, Variable};
use harden::seal::{self, Identities};

use super::args::RunArgs;
use super::closed;
use super::exit::{Exit, Failure};
use super::sealing::{self, about};
use super::sops::open_any;
use super::ui;

const FAILED: Exit = Exit::Child(125);
const NOT_EXECUTABLE: Exit = Exit::Child(126);
const NOT_FOUND: Exit = Exit::Child(127);

/// Replaces this process; returns only with a failure.
pub(crate) fn run(args: &RunArgs, no_config: bool) -> Result<Exit, Failure> {
    prepare(args, no_config).map_err(|failure| failure.code(FAILED)).and_then(|environment| {
        let (program, arguments) = args.command.split_first().ok_or_else(|| Failure::new("there is no command to run").code(FAILED))?;
        closed::reopen();
        match run::replace_process(program, arguments, environment) {
            Err(error @ RunError::NotFound { .. }) => Err(Failure::new(error).code(NOT_FOUND)),
            Err(error) => Err(Failure::new(error).code(NOT_EXECUTABLE)),
            Ok(never) => match never {},
        }
    })
}

fn prepare(args: &RunArgs, no_config: bool) -> Result<Vec<(std::ffi::OsString, std::ffi::OsString)>, Failure> {
    let default;
    let names = if args.env_file.is_empty() {
        default = [default_file(no_config)?];
        &default[..]
    } else {
        &args.env_file[..]
    };
    let mut identities = None;
    let files = names.iter().map(|name| load(name, args, &mut identities)).collect::<Result<Vec<_>, _>>()?;
    let base = if args.clean { Base::Clean } else { Base::Inherited };
    let precedence = if args.keep_existing { Precedence::Existing } else { Precedence::File };
    Ok(run::environment(std::env::vars_os(), &files, base, precedence))
}

/// Reads one file, opens it if it is sealed, and passes its warnings on.
fn load(name: &Path, args: &RunArgs, identities: &mut Option<Identities>) -> Result<Vec<Variable>, Failure> {
    let shown = name.display().to_string();
    let mut bytes = sealing::read(name)?;
    if seal::is_sealed(&bytes) || seal::sops::form_of(&bytes).is_some() {
        let identities = match identities {
            Some(loaded) => loaded,
            none => none.insert(sealing::identities(&args.identity)?),
        };
        bytes = open_any(&bytes, identities).map_err(|error| about(name, &error))?;
    } else if name.extension().is_some_and(|extension| extension == "age") {
        return Err(about(name, &seal::SealError::NotSealed));
    }
    let read = run::parse(&shown, &bytes).map_err(|error| error.hints().iter().fold(Failure::new(&error), Failure::hint))?;
    warn_of_dialects(&shown, &bytes);
    for warning in &read.warnings {
        ui::warn(&format!("{shown}:{}: {}", warning.line, warning.message));
    }
    Ok(read.variables)
}

/// Says where `docker compose` would read another value than this command does: the file may serve both.
fn warn_of_dialects(shown: &str, bytes: &[u8]) {
    // whatever the file is called, it is read as an env file here
    let document = formats::parse(".env", bytes, Environment::Production);
    for setting in document.settings.iter().filter(|s| s.role == Role::Live) {
        let statement = formats::statement(&document.text, setting);
        let (here, compose) = (formats::reading(statement, Dialect::Dotenvy), formats::reading(statement, Dialect::Compose));
        // what depends on other variables is no matter of this line
        let comparable = |reading: &Reading| matches!(reading, Reading::Value(_) | Reading::Unset | Reading::Refused);
        if comparable(&here) && comparable(&compose) && !here.same_as(&compose) {
            let line = document.lines.line(setting.key_span.start);
            ui::warn(&format!("{shown}:{line}: `{}` is read differently by docker compose", name_shown(setting.name())));
        }
    }
}

/// The one sealed env file beside harden.toml.
fn default_file(no_config: bool) -> Result<PathBuf, Failure> {
    let usage = "name one: `harden run --env-file FILE -- CMD`";
    let project = sealing::project(Path::new("."), no_config)?;
    let project =
        project.ok_or_else(|| Failure::new("no `--env-file`, and no harden.toml here or above it; nothing was run").hint(usage))?;
    let root = project.root;
    let found =
        run::sealed_env_files(&root).map_err(|error| Failure::new(format!("{}: the folder cannot be read: {error}", root.display())))?;
    match &found[..] {
        [one] => Ok(one.clone()),
        [] => {
            Err(Failure::new(format!("no sealed env file (`*.env*.age`, `*.sops.env`) in {}; nothing was run", root.display())).hint(usage))
        }
        several => {
            let failure = Failure::new(format!("{} sealed env files in {}; nothing was run", several.len(), root.display()));
            Err(several.iter().fold(failure, |failure, file| failure.hint(format!("`--env-file {}`", file.display()))))
        }
    }
}
