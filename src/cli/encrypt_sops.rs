//! `harden encrypt --emit sops`: the secret values of NAME, sealed in a sops file beside it. One that is there already is never replaced.

use std::path::PathBuf;

use harden::disk::atomic;
use harden::formats;
use harden::model::date::now;
use harden::model::environment::Environment;
use harden::scan::examine;
use harden::seal::Index;
use harden::seal::sops::{self, Form, How};

use super::args::EncryptArgs;
use super::exit::{Exit, Failure};
use super::project::Project;
use super::recording::Recording;
use super::remove_plain::{self, Pair};
use super::sealing::{self, about, name_in, warn_if_single};
use super::sops::{request_for, secrets, sops_twin_of};
use super::ui;

/// Seals every file or, if one of them is refused, none.
pub(crate) fn run(args: &EncryptArgs, no_config: bool) -> Result<Exit, Failure> {
    let project = Project::load(&args.files, no_config)?;
    let recipients = sealing::recipients(&args.seal, project.config.as_ref())?;
    let request = request_for(&args.files, &project);
    let mut jobs: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    for file in &args.files {
        let shown = file.display();
        let bytes = sealing::read(file)?;
        if sops::form_of(&bytes).is_some() || harden::seal::is_sealed(&bytes) {
            return Err(Failure::new(format!("{shown} is sealed already; nothing was written")));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| Failure::new(format!("{shown}: expected UTF-8 text; nothing was written")))?;
        let (document, findings) = examine(&request, &file.to_string_lossy(), &bytes, Environment::Production).map_err(Failure::new)?;
        let form = Form::of_format(formats::claimant(&file.to_string_lossy(), text).name()).ok_or_else(|| {
            Failure::new(format!("{shown}: sops files are YAML, JSON or env files; nothing was written"))
                .hint("without `--emit sops` the whole file is sealed")
        })?;
        let twin = sops_twin_of(file, form);
        if twin.symlink_metadata().is_ok() {
            return Err(Failure::new(format!("{} exists; nothing was written", twin.display()))
                .hint(format!("compare them: `harden decrypt {} | diff - {shown}`", twin.display())));
        }
        let spans = secrets(&document, &findings, &[]);
        if spans.is_empty() {
            return Err(Failure::new(format!("{shown}: no value in it is known to be a secret; nothing was written"))
                .hint("without `--emit sops` the whole file is sealed"));
        }
        let how = How { recipients: &recipients, hand_editable: args.hand_editable, now: now() };
        let sealed = sops::seal(form, text, &spans, how).map_err(|error| {
            let failure = about(file, &error);
            Failure { message: format!("{}; nothing was written", failure.message), ..failure }
        })?;
        jobs.push((twin, sealed));
    }
    let opens = if args.remove_plain { Some(remove_plain::identities(&args.seal.identity, [&recipients])?) } else { None };
    let mut index = match &project.config {
        Some(config) => Some((config.root.clone(), Index::load(&config.root)?)),
        None => None,
    };
    for (twin, sealed) in &jobs {
        // to be committed: readable like any other source file
        atomic::create_new(twin, sealed, 0o644)?;
        if let Some((root, index)) = &mut index
            && let Some(name) = name_in(root, twin)
        {
            index.record(&name, sealed, &recipients);
        }
        ui::say(&format!("sealed for sops: {}", twin.display()));
    }
    if let Some((root, index)) = &index
        && let Err(error) = index.save(root)
    {
        ui::warn(&format!("the files are sealed, but their list is not up to date: {error}"));
    }
    if let Some(mut line) = Recording::begin("encrypt", project.config.as_ref(), &args.seal.identity, None)? {
        jobs.iter().for_each(|(twin, _)| line.wrote(twin));
        line.write()?;
    }
    warn_if_single(&recipients);
    if let Some(identities) = &opens {
        let pair = |(plain, (sealed, _)): (&PathBuf, &(PathBuf, Vec<u8>))| Pair { plain: plain.clone(), sealed: sealed.clone() };
        let pairs: Vec<Pair> = args.files.iter().zip(&jobs).map(pair).collect();
        return remove_plain::remove(&pairs, identities, &recipients, &project);
    }
    let plain: Vec<String> = args.files.iter().map(|file| format!("`{}`", file.display())).collect();
    let verb = if plain.len() == 1 { "still holds its values" } else { "still hold their values" };
    ui::note(&format!("{} {verb} in plain text: remove it where it is not needed, and keep it out of git", plain.join(", ")));
    Ok(Exit::Clean)
}
