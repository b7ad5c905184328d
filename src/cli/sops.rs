//! What the commands share about sops files: their names beside plain ones, opening them, and which values of a plain file are sealed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use harden::disk::read::sha256;
use harden::model::document::Document;
use harden::model::finding::Finding;
use harden::model::setting::Role;
use harden::model::severity::{Class, Profile};
use harden::model::span::Span;
use harden::scan::{Keep, Request};
use harden::seal::sops::{self, Form, Opened};
use harden::seal::{self, Identities, SealError};
use harden::strength::name::{NameClass, classify};
use zeroize::Zeroizing;

use super::args::IdentityArgs;
use super::project::Project;
use super::sealing::{self, about, twin_of};

/// Ends of names by which sops knows the form of a file.
const KNOWN: &[&str] = &["yaml", "yml", "json", "env"];

/// The sops file of NAME, beside it, under a name that sops knows the form of: `app.sops.yml` for `app.yml`, `.env.production.sops.env` for
/// `.env.production`.
pub(crate) fn sops_twin_of(file: &Path, form: Form) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(match name.rsplit_once('.').filter(|(_, end)| KNOWN.contains(end)) {
        Some((stem, end)) => format!("{stem}.sops.{end}"),
        None => format!("{name}.sops.{}", form.extension()),
    })
}

/// The plain file that `file` is the sops file of, where it lies there.
fn plain_beside(file: &Path) -> Option<PathBuf> {
    let name = file.file_name()?.to_str()?;
    let (stem, end) = name.rsplit_once('.')?;
    let stem = stem.strip_suffix(".sops")?;
    [format!("{stem}.{end}"), stem.to_owned()]
        .into_iter()
        .filter(|n| !n.is_empty())
        .map(|n| file.with_file_name(n))
        .find(|path| path.is_file())
}

/// The sops file beside `file`, if there is one, whatever its form.
pub(crate) fn existing_twin(file: &Path) -> Option<PathBuf> {
    let forms = [Form::Yaml, Form::Json, Form::Env];
    forms.into_iter().map(|form| sops_twin_of(file, form)).find(|twin| twin.symlink_metadata().is_ok())
}

/// The plain text of a sealed file: of age, or of sops.
pub(crate) fn open_any(bytes: &[u8], identities: &Identities) -> Result<Zeroizing<Vec<u8>>, SealError> {
    if sops::form_of(bytes).is_some() {
        return Ok(Zeroizing::new(sops::open(bytes, identities)?.text().as_bytes().to_vec()));
    }
    seal::open(bytes, identities)
}

/// Whether sops could hold a document.
pub(crate) fn holds(document: &Document) -> bool {
    !document.lossy && Form::of_format(document.format).is_some_and(|form| sops::takes(form, &document.text))
}

/// Where a sops file was found, and what is in it.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) opened: Opened,
    /// Hash of its bytes as they were read: it is not replaced if somebody else has changed it since.
    pub(crate) digest: [u8; 32],
}

/// Opens the sops files of a plan, and keeps them: they are sealed again in the same way.
pub(crate) struct Openers<'a> {
    args: &'a IdentityArgs,
    identities: OnceLock<Result<Identities, String>>,
    found: RefCell<BTreeMap<PathBuf, Found>>,
}

impl<'a> Openers<'a> {
    pub(crate) fn new(args: &'a IdentityArgs) -> Self {
        Self { args, identities: OnceLock::new(), found: RefCell::default() }
    }

    /// What is to be looked at in place of `file`: its sops file's content, or its own where it is one.
    pub(crate) fn open(&self, file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        if twin_of(file).symlink_metadata().is_ok() {
            let sealed = twin_of(file);
            return Err(format!(
                "{} is the truth for {}; run without `--emit sops`; nothing was written",
                sealed.display(),
                file.display()
            ));
        }
        let own = match sealing::read(file) {
            Ok(bytes) if sops::form_of(&bytes).is_some() => Some(bytes),
            _ => None,
        };
        if own.is_some() && plain_beside(file).is_some() {
            // it is looked at in the place of that one
            return Ok(Some(Zeroizing::default()));
        }
        let Some(path) = own.as_ref().map(|_| file.to_owned()).or_else(|| existing_twin(file)) else { return Ok(None) };
        let refused = |reason: String| format!("{} exists and cannot be opened; nothing was written ({reason})", path.display());
        let bytes = match own {
            Some(bytes) => bytes,
            None => sealing::read(&path).map_err(|failure| refused(failure.message))?,
        };
        let loaded = self.identities.get_or_init(|| sealing::identities(self.args).map_err(|failure| failure.message));
        let identities = loaded.as_ref().map_err(|reason| refused(reason.clone()))?;
        let opened = sops::open(&bytes, identities).map_err(|error| refused(about(&path, &error).message))?;
        let text = Zeroizing::new(opened.text().as_bytes().to_vec());
        self.found.borrow_mut().insert(file.to_owned(), Found { path, opened, digest: sha256(&bytes) });
        Ok(Some(text))
    }

    /// Hands out the sops file that was read in place of `file`.
    pub(crate) fn take(&self, file: &Path) -> Option<Found> {
        self.found.borrow_mut().remove(file)
    }
}

/// How one file is looked at to learn which of its values are secrets: with all rules, whatever its comments say.
pub(crate) fn request_for<'a>(paths: &'a [PathBuf], project: &'a Project) -> Request<'a> {
    Request {
        paths,
        no_ignore: true,
        profile: Profile::Strict,
        fail_on: None,
        config: project.config.as_ref(),
        rules: &project.rules,
        honour: false,
        keep: Keep::All,
        baseline: None,
        twins: None,
        new_only: None,
        retired: None,
        spoken: None,
        cache: None,
    }
}

/// The values that are sealed: those of names that announce a secret, those that a finding says to be one, those at `planned`.
pub(crate) fn secrets(document: &Document, findings: &[Finding], planned: &[usize]) -> Vec<Span> {
    let secret = |class: Class| {
        matches!(class, Class::DevSecret | Class::WeakKey | Class::HardcodedSecret | Class::LeakedCopy | Class::ReusedSecret)
    };
    let mut spans: Vec<Span> = Vec::new();
    for (index, setting) in document.settings.iter().enumerate() {
        let value = setting.value.expose();
        let elsewhere = value.is_empty() || value.starts_with("${") && value.ends_with('}') || value.starts_with("{{");
        let named = setting.role == Role::Live && classify(setting.name()) == NameClass::Secret && !elsewhere;
        if (named || planned.contains(&index)) && !setting.span.is_empty() {
            spans.push(setting.span);
        }
    }
    for finding in findings.iter().filter(|finding| secret(finding.class)) {
        let setting = finding.setting.and_then(|index| document.settings.get(index));
        spans.push(setting.map_or(finding.span, |setting| setting.span));
    }
    // a comment that repeats a value would keep it in the open: handed on, so that the file is refused
    let values: Vec<&str> = spans.iter().map(|span| span.of(&document.text)).filter(|value| !value.is_empty()).collect();
    let repeats = |span: Span| values.contains(&span.of(&document.text));
    let comments: Vec<Span> = document.settings.iter().filter(|s| s.role == Role::Commented && repeats(s.span)).map(|s| s.span).collect();
    spans.extend(comments);
    spans.retain(|span| !span.is_empty());
    spans.sort_unstable();
    spans.dedup();
    spans
}
