//! `--promote production`: the production file that a `.env` is to become.

use std::collections::{BTreeMap, BTreeSet};

use harden::model::environment::Environment;
use harden::model::setting::Role;
use harden::scan::{Kept, Request, Scan, examine};
use zeroize::Zeroizing;

use super::exit::Failure;
use super::fix_work::Work;

/// `.env.production` as a document: what it holds already, then what only `.env` has; or all of `.env` where it does not exist.
pub(crate) fn work(request: &Request<'_>, scan: &mut Scan) -> Result<Work, Failure> {
    let name = |kept: &Kept| kept.document.file_name().to_owned();
    let sources: Vec<usize> = (0..scan.documents.len()).filter(|i| scan.documents.get(*i).is_some_and(|k| name(k) == ".env")).collect();
    let source = match sources[..] {
        [one] => scan.documents.get(one),
        [] => return Err(Failure::new("there is no .env to promote; nothing was written")),
        _ => {
            return Err(Failure::new("there are several .env files; nothing was written")
                .hint("name the folder: `harden fix DIR --promote production`"));
        }
    };
    let Some(source) = source else { return Err(Failure::new("there is no .env to promote; nothing was written")) };
    let path = format!("{}.production", source.document.path);
    let file = source.path.with_file_name(".env.production");
    let target = scan.documents.iter().find(|k| k.path == file);
    let text = match target {
        Some(target) => merged(&target.document.text, target, source),
        None => source.document.text.clone(),
    };
    let twin = target.is_some_and(|t| t.twin);
    let before = target.map(|t| t.document.text.clone());
    let (document, findings) = examine(request, &path, text.as_bytes(), Environment::Production).map_err(Failure::new)?;
    Ok(Work {
        documents: vec![document],
        files: vec![file],
        twins: vec![twin],
        findings,
        offered: BTreeSet::new(),
        fresh: Some(0),
        before,
        sealed: BTreeMap::new(),
    })
}

/// The target's text, and behind it each assignment of the source whose name it does not have, as it is written there.
fn merged(text: &str, target: &Kept, source: &Kept) -> Zeroizing<String> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let known = |name: &str| target.document.settings.iter().any(|s| s.role == Role::Live && s.name() == name);
    let lines: Vec<&str> = source
        .document
        .settings
        .iter()
        .filter(|s| s.role == Role::Live && !known(s.name()))
        .filter_map(|s| {
            let first = source.document.lines.span(&source.document.text, source.document.lines.line(s.key_span.start)).start;
            let last = source.document.lines.span(&source.document.text, source.document.lines.line(s.span.end)).end;
            source.document.text.get(first..last)
        })
        .collect();
    let size = text.len() + lines.iter().map(|l| l.len() + 2).sum::<usize>() + 2;
    let mut out = Zeroizing::new(String::with_capacity(size));
    out.push_str(text);
    if !text.is_empty() && !text.ends_with('\n') && !lines.is_empty() {
        out.push_str(end);
    }
    for line in lines {
        out.push_str(line);
        out.push_str(end);
    }
    out
}
