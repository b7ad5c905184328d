//! `--emit sops`: patched bytes to sops files. One that was there is sealed again as it was; a new one lies beside the plain file.

use std::path::Path;

use harden::disk::journal::Transaction;
use harden::disk::undo::Kind;
use harden::model::date::now;
use harden::model::document::Document;
use harden::model::secret::Secret;
use harden::model::setting::Role;
use harden::model::span::Span;
use harden::model::template::has_reference;
use harden::scan::{Request, examine};
use harden::seal::Index;
use harden::seal::sops::{self, Form, How};
use zeroize::Zeroizing;

use super::args::FixArgs;
use super::exit::{Exit, Failure};
use super::fix_work::Target;
use super::interrupted;
use super::project::Project;
use super::recording::Recording;
use super::sealed_file::names_of;
use super::sealing::{self, about, name_in, warn_if_single};
use super::sops::{Openers, secrets, sops_twin_of};
use super::ui;
use super::way_back;

/// Writes all targets or none.
pub(crate) fn write(
    args: &FixArgs,
    project: &Project,
    request: &Request<'_>,
    openers: &Openers<'_>,
    targets: &[Target<'_>],
    root: &Path,
) -> Result<Exit, Failure> {
    let mut transaction = Transaction::new(root);
    let mut index = match &project.config {
        Some(config) => Some((config.root.clone(), Index::load(&config.root)?)),
        None => None,
    };
    let mut list = |path: &Path, sealed: &[u8], names: Vec<String>| {
        if let Some((root, index)) = &mut index
            && let Some(name) = name_in(root, path)
        {
            index.record_names(&name, sealed, names);
        }
    };
    let mut recipients = None;
    let mut written = Vec::new();
    let mut replaced = Vec::new();
    let mut files = Vec::new();
    let mut open = Vec::new();
    for target in targets {
        let name = &target.document.path;
        let (text, spans, format) = to_seal(request, target)?;
        if let Some(found) = openers.take(target.file) {
            let sealed = found.opened.seal_again(text, &spans, now()).map_err(|error| about(&found.path, &error).untouched())?;
            list(&found.path, &sealed, found.opened.recipients().to_vec());
            transaction = transaction.replace(&found.path, found.digest, Zeroizing::new(sealed));
            written.push(beside(name, &found.path));
            replaced.push(found.path.clone());
            files.push(found.path);
            continue;
        }
        let form = Form::of_format(format);
        let form = form.ok_or_else(|| Failure::new(format!("{name}: sops has no such form of file; nothing was written")))?;
        let recipients = match &recipients {
            Some(known) => known,
            None => recipients.insert(sealing::recipients(&args.seal, project.config.as_ref()).map_err(Failure::untouched)?),
        };
        let how = How { recipients, hand_editable: args.hand_editable, now: now() };
        let sealed = sops::seal(form, text, &spans, how).map_err(|error| about(Path::new(name), &error).untouched())?;
        let twin = sops_twin_of(target.file, form);
        list(&twin, &sealed, names_of(recipients));
        // to be committed: readable like any other source file
        transaction = transaction.create(&twin, Zeroizing::new(sealed), 0o644);
        written.push(beside(name, &twin));
        files.push(twin);
        if target.held.is_some() {
            open.push(name.as_str());
        }
    }
    if let Some((root, index)) = &index {
        let (with, list) = way_back::with_index(transaction, root, index)?;
        transaction = with;
        replaced.extend(list);
    }
    if let Some(mut line) = Recording::begin("fix", project.config.as_ref(), &args.seal.identity, None)? {
        for (target, twin) in targets.iter().zip(&files) {
            line.wrote(twin);
            line.changed(target.file, target.document, &target.bytes, &target.rules);
        }
        transaction = line.into(transaction, root)?;
    }
    let keepers = way_back::recipients(&args.seal, project.config.as_ref())?;
    if let Some(keepers) = &keepers {
        transaction = way_back::keep(transaction, root, &replaced, keepers, Kind::Plan)?;
    }
    transaction.commit().map_err(interrupted::failure)?;
    written.iter().for_each(|name| ui::say(&format!("sealed for sops: {name}")));
    if keepers.is_some() {
        ui::hint("`harden undo` takes it back");
    }
    recipients.iter().for_each(warn_if_single);
    if let Some(first) = written.first().filter(|_| !open.is_empty()) {
        let verb = if open.len() == 1 { "holds" } else { "hold" };
        ui::note(&format!(
            "{} still {verb} the old values; take out the new ones: `harden decrypt {first}`, or `sops -d {first}`",
            open.join(", ")
        ));
    }
    Ok(Exit::Clean)
}

/// What of a target is sealed: its text, the spans of its secrets, and the name of its format.
pub(crate) fn to_seal<'t>(request: &Request<'_>, target: &'t Target<'_>) -> Result<(&'t str, Vec<Span>, &'static str), Failure> {
    let name = &target.document.path;
    let text = std::str::from_utf8(&target.bytes).map_err(|_| Failure::new(format!("{name}: expected UTF-8 text; nothing was written")))?;
    let (document, findings) = examine(request, name, &target.bytes, target.document.environment).map_err(Failure::new)?;
    let planned: Vec<usize> = target.planned.map(|planned| planned.expected.keys().copied().collect()).unwrap_or_default();
    let (before, after) = (target.document.settings.len(), document.settings.len());
    let mut places = target.planned.and_then(|planned| planned.places(before, after)).unwrap_or_default();
    // a reference says only where the value is
    let is_open = |index: &usize| document.settings.get(*index).is_some_and(|s| has_reference(s.value.expose()));
    places.retain(|index| !is_open(index));
    let mut spans = secrets(&document, &findings, &places);
    spans.extend(kept(&document, target.document, &planned));
    Ok((text, spans, document.format))
}

/// The name of `file` as it is shown: in the folder of `shown`.
fn beside(shown: &str, file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    match shown.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.into_owned(),
    }
}

/// Values of `document` that a planned setting had before: what the plan does not replace elsewhere is no less a secret.
fn kept(document: &Document, before: &Document, planned: &[usize]) -> Vec<Span> {
    let old: Vec<&Secret> =
        planned.iter().filter_map(|index| before.settings.get(*index)).map(|s| &s.value).filter(|v| v.len() >= 4).collect();
    let live = document.settings.iter().filter(|s| s.role == Role::Live && !s.span.is_empty());
    live.filter(|s| old.iter().any(|old| old.same_as(&s.value))).map(|s| s.span).collect()
}
