//! `harden git-textconv FILE`: a file, plain or sealed, with every value masked; what `git diff` compares in its place.
//!
//! It answers whatever the file is: where a textconv driver fails, `git diff` shows nothing at all. Nobody is asked for a passphrase.

use harden::config::environment::{self, Facts};
use harden::disk::MacKey;
use harden::disk::read::{Links, read_raw};
use harden::formats;
use harden::model::setting::Setting;
use harden::report::redacted::{opaque, redacted};
use harden::seal::{self, Identities, Nobody, OpenFile, Places, ProjectKey, VIEWS, sops};

use super::args::Global;
use super::exit::{Exit, Failure};
use super::sealed_args::TextconvArgs;
use super::sealing;
use super::ui;

/// Prints the view.
pub(crate) fn run(args: &TextconvArgs, global: &Global) -> Result<Exit, Failure> {
    // git names a copy of its own; by hand a link is followed, as everywhere
    let raw = read_raw(&args.file, Links::Follow, u64::MAX)?;
    let raw = raw.ok_or_else(|| Failure::new(format!("{}: expected a regular file", args.file.display())))?;
    let identities = identities(args);
    let key = key(identities.as_ref(), global)?;
    let tag = |bytes: &[u8]| key.mac(bytes);
    let name = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let plain_name = name.strip_suffix(".age").filter(|name| !name.is_empty()).unwrap_or(&name);
    let is_sops = sops::form_of(&raw.bytes).is_some();
    let sealed = is_sops || seal::is_sealed(&raw.bytes);
    let opened = identities.as_ref().filter(|_| sealed).and_then(|own| super::sops::open_any(&raw.bytes, own).ok());
    let mut out = String::new();
    if sealed {
        let count = if is_sops { sops::recipients(&raw.bytes).ok().map(|names| names.len()) } else { seal::count_recipients(&raw.bytes) };
        let how = if opened.is_some() { "sealed" } else { "sealed, and not opened here" };
        out.push_str(&match count {
            Some(1) => format!("({how}: 1 recipient)\n"),
            Some(count) => format!("({how}: {count} recipients)\n"),
            None => format!("({how})\n"),
        });
    }
    let text = match (&opened, sealed && !is_sops) {
        (Some(opened), _) => opened,
        (None, true) => {
            out.push_str(&opaque(&raw.bytes, &tag));
            return said(&out);
        }
        // names and structure of a sops file are in the open
        (None, false) => &raw.bytes,
    };
    if text.contains(&0) {
        out.push_str(&opaque(text, &tag));
        return said(&out);
    }
    let document = formats::parse(plain_name, text, environment::of(plain_name, &Facts::default()));
    let metadata = |setting: &Setting| {
        let top = setting.key.names().next().unwrap_or_default();
        is_sops && opened.is_none() && (top == "sops" || top.starts_with("sops_"))
    };
    if document.lossy {
        // what is no text is replaced in it, byte by byte
        out.push_str(&opaque(text, &tag));
    }
    out.push_str(&redacted(&document, &metadata, &tag));
    said(&out)
}

fn said(view: &str) -> Result<Exit, Failure> {
    ui::say(view.trim_end_matches('\n'));
    Ok(Exit::Clean)
}

/// Who opens, where nobody has to be asked.
fn identities(args: &TextconvArgs) -> Option<Identities> {
    let source = Places::of_process().find(args.identity.identity.as_deref()).ok()?;
    let open_file = if args.identity.allow_open_identity { OpenFile::Accept } else { OpenFile::Refuse };
    Identities::load(&source, open_file, &Nobody).ok()
}

/// The project's key where it can be opened, so that all who have it see the same tags; else this user's own; else one that is gone at the end.
fn key(identities: Option<&Identities>, global: &Global) -> Result<MacKey, Failure> {
    let project = sealing::project(std::path::Path::new("."), global.no_config).ok().flatten();
    let opened = project.zip(identities).and_then(|(project, identities)| ProjectKey::open(&project.root, identities).ok());
    if let Some(key) = opened {
        return Ok(key.for_views());
    }
    match MacKey::of_user() {
        Ok(key) => Ok(key.derived(VIEWS)),
        Err(_) => {
            ui::warn("there is no key for tags that last: every value looks changed");
            MacKey::random().map_err(Failure::from)
        }
    }
}
