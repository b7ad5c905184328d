//! `harden set KEY [FILE]`: one value, as a provider issued it, from standard input into a plain, a sealed or a sops file. Never from the command
//! line, where every process of the machine and the shell's history would see it.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use harden::config::environment::{self, Facts};
use harden::disk::read::{Links, read_raw, sha256};
use harden::model::document::Document;
use harden::model::environment::Environment;
use harden::model::key_path::KeyPath;
use harden::model::secret::Secret;
use harden::model::severity::Class;
use harden::plan::{self, Assigned};
use harden::scan::examine;
use harden::strength::context::Context;
use harden::strength::judge::{ValueClass, judge};
use harden::strength::name::{NameClass, classify, purpose};
use harden::{formats, rewrite, run};
use zeroize::Zeroizing;

use super::args::Global;
use super::exit::{Exit, Failure};
use super::fix_emit::is_restorable;
use super::interrupted;
use super::project::Project;
use super::recording::Recording;
use super::sealed_args::SetArgs;
use super::sealed_file::{Change, SealedFile, commit, meant, real};
use super::sealing;
use super::sops::request_for;
use super::ui;
use super::way_back;

/// Longer than any key ring; what is longer is a file that somebody has mistaken.
const LIMIT: usize = 1 << 20;

/// Reads the value once it is known where it goes.
pub(crate) fn run(args: &SetArgs, global: &Global) -> Result<Exit, Failure> {
    if args.key.contains('=') {
        // not repeated: it is shown as little as it is kept
        return Err(Failure::new(
            "a key has no `=`: the value comes from standard input, never from the command line; nothing was written",
        )
        .hint("a value that was typed there stands in the shell's history by now: let it be issued anew"));
    }
    let file = match &args.file {
        Some(file) => file.clone(),
        None => default_file(global.no_config)?,
    };
    let paths = std::slice::from_ref(&file);
    let project = Project::load(paths, global.no_config)?;
    interrupted::settle(&project, paths)?;
    let place = Place::open(&file, args, &project)?;
    let document = place.document();
    check(&document)?;
    let found = plan::matching(&document, &args.key);
    if found.len() > 1 && document.format != "env" {
        return Err(Failure::new(format!("{}: {} settings are called so", document.path, found.len()))
            .untouched()
            .hint("name one by its whole path, as `harden scan` shows it: `a.b[2].\"c.d\"`"));
    }
    let value = value(args)?;
    if document.format == "compose" && is_cut_by_compose(value.expose()) {
        return Err(Failure::new(format!("{}: compose takes `$` for the beginning of a variable; nothing was written", document.path))
            .hint("write `$$` for the sign itself, or `${NAME}` for a variable"));
    }
    let planned = match &found[..] {
        [] => plan::append(&document, &args.key, &value),
        indices => plan::assign(&document, indices, &value),
    };
    let Assigned { planned, added } = planned.map_err(Failure::new)?;
    let new = rewrite::patch(&document, &planned).map_err(Failure::new)?;
    let index = judge_new(args, &project, &document, &new, &value)?;
    let undo = place.write(&new, index.as_slice(), args, &project)?;
    let key = shown_key(&args.key);
    ui::say(&format!("{}: {key} in {}", if added { "added" } else { "set" }, place.shown()));
    if undo {
        ui::hint("`harden undo` takes it back");
    }
    if let Place::Sealed(file) = &place {
        let plain = file.path.with_file_name(&file.plain_name);
        if plain != file.path && plain.symlink_metadata().is_ok() {
            ui::note(&format!("{} still holds what it held", sealing::shown(&plain)));
        }
    }
    Ok(Exit::Clean)
}

/// Whether compose would read `text` as another: with a `$` that is neither doubled nor the beginning of `${NAME}`.
fn is_cut_by_compose(text: &str) -> bool {
    text.replace("$$", "").split('$').skip(1).any(|rest| !rest.starts_with('{'))
}

/// What the value goes into.
enum Place {
    Sealed(Box<SealedFile>),
    Plain { path: PathBuf, bytes: Zeroizing<Vec<u8>> },
}

impl Place {
    fn open(file: &Path, args: &SetArgs, project: &Project) -> Result<Self, Failure> {
        if file.symlink_metadata().is_err() && meant(file).is_err() {
            // who mistook the order of arguments has typed the value here
            return Err(Failure::new("the file that was named is not there; nothing was written")
                .hint("`harden set KEY FILE` reads the value from standard input, never from the command line"));
        }
        if let Some(path) = meant(file)? {
            return Ok(Self::Sealed(Box::new(SealedFile::open(&path, &args.seal, project)?)));
        }
        let path = real(file)?;
        let raw = read_raw(&path, Links::Refuse, 64 * 1024 * 1024)?;
        let raw =
            raw.ok_or_else(|| Failure::new(format!("{}: expected a regular file, and no link; nothing was written", file.display())))?;
        let place = Self::Plain { path, bytes: raw.bytes };
        if !args.allow_dirty && place.keepers(args, project)?.is_none() && !place.is_restorable() {
            return Err(Failure::new(format!(
                "{} could not be restored: git does not hold it as it is; nothing was written",
                file.display()
            ))
            .hint("commit it first, or run `harden init` so that an undo copy can be sealed, or say `--allow-dirty`"));
        }
        Ok(place)
    }

    fn is_restorable(&self) -> bool {
        match self {
            Self::Sealed(_) => true,
            Self::Plain { path, bytes } => std::str::from_utf8(bytes).is_ok_and(|held| is_restorable(held, path)),
        }
    }

    fn keepers(&self, args: &SetArgs, project: &Project) -> Result<Option<harden::seal::Recipients>, Failure> {
        way_back::recipients(&args.seal, project.config.as_ref())
    }

    fn document(&self) -> Document {
        match self {
            Self::Sealed(file) => file.document(&file.plain),
            Self::Plain { path, bytes } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                formats::parse(&name, bytes, environment::of(&name, &Facts::default()))
            }
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Sealed(file) => sealing::shown(&file.path),
            Self::Plain { path, .. } => sealing::shown(path),
        }
    }

    fn write(&self, new: &Zeroizing<Vec<u8>>, secret: &[usize], args: &SetArgs, project: &Project) -> Result<bool, Failure> {
        match self {
            Self::Sealed(file) => file.write(file.seal_again(new, secret, project)?, "set", &args.seal, project),
            Self::Plain { path, bytes } => {
                let change = Change { path: path.clone(), old: sha256(bytes), new: new.clone(), recipients: None };
                let mut line = Recording::begin("set", project.config.as_ref(), &args.seal.identity, None)?;
                if let Some(line) = &mut line {
                    line.changed(path, &self.document(), new, &BTreeMap::new());
                }
                commit(project, vec![change], self.keepers(args, project)?.as_ref(), line)
            }
        }
    }
}

/// Whether a value can be set in it at all.
fn check(document: &Document) -> Result<(), Failure> {
    let name = &document.path;
    if let Some(fault) = &document.fault {
        return Err(Failure::new(format!("{name}:{}:{}: {}; nothing was written", fault.line, fault.column, fault.kind)));
    }
    if document.lossy || !formats::is_sealable(document.format) {
        return Err(Failure::new(format!(
            "{name}: values are set in env, YAML, JSON, TOML, INI and properties files; nothing was written"
        )));
    }
    Ok(())
}

/// The setting of the new file, by index; refused or warned about where the value is weak.
fn judge_new(args: &SetArgs, project: &Project, document: &Document, new: &[u8], value: &Secret) -> Result<Vec<usize>, Failure> {
    let request = request_for(&[], project);
    let (after, findings) = examine(&request, &document.path, new, Environment::Production).map_err(Failure::new)?;
    let indices = plan::matching(&after, &args.key);
    let weak = |class| matches!(class, Class::DevSecret | Class::WeakKey | Class::EmptySecret);
    let found = findings.iter().find(|finding| weak(finding.class) && finding.setting.is_some_and(|index| indices.contains(&index)));
    let name = args.key.parse::<KeyPath>().map_or_else(|_| args.key.clone(), |path| path.name().to_owned());
    let reason = match found {
        Some(finding) => Some(format!("`harden rules explain {}` says why", finding.rule)),
        None if classify(&name) == NameClass::Secret => {
            let mut context = Context::new();
            context.add(&name);
            let verdict = judge(value.expose(), &&context, purpose(&name));
            let fine = matches!(verdict.class, ValueClass::Ok | ValueClass::NotSecret | ValueClass::Reference);
            (!fine).then(|| format!("it is {}", verdict.reason))
        }
        None => None,
    };
    let Some(reason) = reason else { return Ok(indices) };
    let key = shown_key(&args.key);
    if args.strict {
        return Err(Failure::new(format!("the value for {key} is weak; nothing was written")).hint(reason));
    }
    ui::warn(&format!("the value for {key} is weak: {reason}"));
    Ok(indices)
}

/// As paths are shown: a name that holds a secret without it.
fn shown_key(key: &str) -> String {
    let path = key.parse::<KeyPath>().unwrap_or_else(|_| KeyPath::of(key));
    format!("`{path}`")
}

/// The value, from standard input; asked for on a terminal, where it is not shown.
fn value(args: &SetArgs) -> Result<Secret, Failure> {
    if io::stdin().is_terminal() {
        let question = format!("Value of {}: ", ui::printable(&shown_key(&args.key)));
        let answer = rpassword::prompt_password(question).map_err(|_| Failure::new("no value was given; nothing was written"))?;
        return checked(Secret::new(answer));
    }
    // one buffer that never grows leaves no copy behind
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 2));
    let read = io::stdin().lock().take(LIMIT as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("standard input cannot be read: {error}; nothing was written")))?;
    if bytes.len() > LIMIT {
        return Err(Failure::new("the value is longer than 1 MiB; nothing was written"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::new("the value is no UTF-8 text; nothing was written"))?;
    let last = text.strip_suffix('\n').map(|rest| rest.strip_suffix('\r').unwrap_or(rest));
    checked(Secret::copy_of(if args.raw { text } else { last.unwrap_or(text) }))
}

fn checked(value: Secret) -> Result<Secret, Failure> {
    if value.is_empty() {
        return Err(Failure::new("the value is empty; nothing was written").hint("did the command before the pipe fail?"));
    }
    if value.expose().contains('\0') {
        return Err(Failure::new("the value holds a NUL byte, which no program reads from a setting; nothing was written"));
    }
    Ok(value)
}

/// The one sealed env file beside harden.toml.
fn default_file(no_config: bool) -> Result<PathBuf, Failure> {
    let usage = "name one: `harden set KEY FILE`";
    let project = sealing::project(Path::new("."), no_config)?;
    let project = project.ok_or_else(|| Failure::new("no FILE, and no harden.toml here or above it; nothing was written").hint(usage))?;
    let root = project.root;
    let found = run::sealed_env_files(&root)
        .map_err(|error| Failure::new(format!("{}: the folder cannot be read: {error}; nothing was written", root.display())))?;
    match &found[..] {
        [one] => Ok(one.clone()),
        [] => {
            Err(Failure::new(format!("no sealed env file (`*.env*.age`, `*.sops.env`) in {}; nothing was written", root.display()))
                .hint(usage))
        }
        several => {
            let failure = Failure::new(format!("{} sealed env files in {}; nothing was written", several.len(), root.display()));
            Err(several.iter().fold(failure, |failure, file| failure.hint(format!("`harden set KEY {}`", ui::word(file)))))
        }
    }
}
