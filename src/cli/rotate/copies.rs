//! What still holds the values that a rotation has replaced, and `--purge`, which takes them out of texts for people.

use std::path::Path;

use harden::config::Loaded;
use harden::config::environment::is_text_for_people;
use harden::disk::journal::Transaction;
use harden::disk::read::{self, Links, sha256};
use harden::model::secret::Secret;
use harden::model::span::Span;
use harden::rotate::stage::{Side, Stage};
use harden::scan::copies::{InTree, SHORTEST, in_history, in_tree};
use harden::strength::context::Context;
use harden::strength::judge::{ValueClass, judge};
use harden::strength::name::Purpose;
use zeroize::Zeroizing;

use crate::cli::exit::{Exit, Failure};
use crate::cli::fix_emit::is_restorable;
use crate::cli::interrupted;
use crate::cli::progress::Progress;
use crate::cli::ui;

/// What comes in the place of a purged value.
const MARK: &str = "[rotated]";

/// Most places that are listed one by one.
const MOST: usize = 20;

fn dead(stage: &Stage, side: Side) -> Vec<&Secret> {
    stage.secrets.iter().map(|secret| side.of(&secret.old, &secret.new)).collect()
}

fn in_files(root: &Path, config: Option<&Loaded>, stage: &Stage, side: Side) -> Vec<InTree> {
    let mut found = in_tree(&[root.to_owned()], config, &dead(stage, side));
    found.iter_mut().for_each(|file| {
        file.display = file.path.strip_prefix(root).unwrap_or(&file.path).to_string_lossy().into_owned();
    });
    found
}

/// Whether other texts hold `value`, whatever it was here: a word, a product's default, a placeholder.
fn is_common(value: &Secret) -> bool {
    let text = value.expose();
    let none = Context::default();
    let class = judge(text, &&none, Purpose::Password).class;
    let known = matches!(class, ValueClass::LiveDefault | ValueClass::Placeholder | ValueClass::Published | ValueClass::NotSecret);
    known || text.chars().all(char::is_alphabetic) && class != ValueClass::Ok
}

/// Lists what still holds the dead values of `stage`, those of `side`.
pub(super) fn tell(root: &Path, config: Option<&Loaded>, stage: &Stage, side: Side) {
    let name = |index: usize| stage.secrets.get(index).map_or("", |secret| secret.name.as_str());
    let short = stage
        .secrets
        .iter()
        .filter(|secret| !side.of(&secret.old, &secret.new).is_empty() && side.of(&secret.old, &secret.new).len() < SHORTEST);
    for secret in short {
        ui::note(&format!("the former value of {} is too short to be told from other text: its copies were not looked for", secret.name));
    }
    let files = in_files(root, config, stage, side);
    let places: Vec<String> = files
        .iter()
        .flat_map(|file| {
            file.places.iter().map(move |(line, _, secret)| format!("{}:{line}: the former value of {}", file.display, name(*secret)))
        })
        .collect();
    list("still in the tree", &places);
    if files.iter().any(|file| is_text_for_people(&file.display)) {
        ui::hint("`harden rotate --purge` shows which of them are texts for people; `--purge --apply` takes the values out of these");
    }
    let progress = Progress::of("versions");
    let history = in_history(root, &dead(stage, side), &|done, all| progress.tell(done, all));
    drop(progress);
    // where there is no repository there is no history
    let Ok(history) = history else { return };
    let commits: Vec<String> = history
        .iter()
        .map(|copy| {
            let since = copy.commit.as_deref().and_then(|hash| hash.get(..12)).map_or_else(String::new, |hash| format!(", since {hash}"));
            format!("{}: the former value of {}{since}", copy.path.display(), name(copy.secret))
        })
        .collect();
    list("still in the history of the repository", &commits);
    if !commits.is_empty() {
        ui::note("what the history holds is dead now: rewriting it is worth the trouble only where a value was not replaced everywhere");
    }
}

fn list(what: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    ui::warn(&format!("{what}: {} place{}", lines.len(), if lines.len() == 1 { "" } else { "s" }));
    lines.iter().take(MOST).for_each(|line| ui::say(&format!("  {}", ui::printable(line))));
    if lines.len() > MOST {
        ui::say(&format!("  and {} more", lines.len() - MOST));
    }
}

/// Shows the copies in texts for people, and with `apply` puts a mark in their place.
pub(super) fn purge(root: &Path, config: Option<&Loaded>, stage: &Stage, side: Side, apply: bool) -> Result<Exit, Failure> {
    let values = dead(stage, side);
    let mut found = in_files(root, config, stage, side);
    let common = |secret: usize| values.get(secret).is_some_and(|value| is_common(value));
    for (_, secret) in stage.secrets.iter().enumerate().filter(|(i, _)| common(*i)) {
        ui::note(&format!("the former value of {} is one that other texts hold, too: it stays where it is", secret.name));
    }
    found.iter_mut().for_each(|file| file.places.retain(|(_, _, secret)| !common(*secret)));
    found.retain(|file| !file.places.is_empty());
    let (texts, others): (Vec<InTree>, Vec<InTree>) = found.into_iter().partition(|file| is_text_for_people(&file.display));
    let lines = |files: &[InTree]| -> Vec<String> {
        files.iter().flat_map(|file| file.places.iter().map(move |(line, ..)| format!("{}:{line}", file.display))).collect()
    };
    list("by hand, since programs may read them", &lines(&others));
    if texts.is_empty() {
        ui::note("there is nothing to take out of texts for people");
        return Ok(if others.is_empty() { Exit::Clean } else { Exit::Findings });
    }
    lines(&texts).iter().for_each(|line| ui::say(&format!("{}: the former value -> {MARK}", ui::printable(line))));
    if !apply {
        ui::hint("`harden rotate --purge --apply` does it");
        return Ok(Exit::Findings);
    }
    let mut transaction = Transaction::new(root);
    let (mut done, mut left) = (0, 0);
    for file in &texts {
        let Some(raw) = read::read_raw(&file.path, Links::Refuse, u64::MAX)? else { continue };
        let spans: Vec<Span> = file.places.iter().map(|(_, span, _)| *span).collect();
        let Some(new) = marked(&raw.bytes, &spans) else {
            ui::warn(&format!("{} is not UTF-8: take the value out by hand", file.display));
            left += 1;
            continue;
        };
        let held = std::str::from_utf8(&raw.bytes).unwrap_or_default();
        if !is_restorable(held, &file.path) {
            ui::warn(&format!("{} could not be restored: git does not hold it as it is; it stays as it is", file.display));
            left += 1;
            continue;
        }
        transaction = transaction.replace(&file.path, sha256(&raw.bytes), new);
        done += 1;
    }
    transaction.commit().map_err(interrupted::failure)?;
    ui::say(&format!("purged: {done} file{}", if done == 1 { "" } else { "s" }));
    if left > 0 {
        ui::hint("put right what was left (a commit is enough for what git does not hold), and run it again");
    }
    Ok(if left > 0 { Exit::Findings } else { Exit::Clean })
}

/// `bytes` with the mark in the place of each span; `None` where the spans are not of these bytes, because they were read as other text.
fn marked(bytes: &[u8], spans: &[Span]) -> Option<Zeroizing<Vec<u8>>> {
    std::str::from_utf8(bytes).ok()?;
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len() + spans.len() * MARK.len()));
    let mut at = 0;
    for span in spans.iter().filter(|span| !span.is_empty()) {
        if span.start < at {
            continue;
        }
        out.extend_from_slice(bytes.get(at..span.start)?);
        out.extend_from_slice(MARK.as_bytes());
        at = span.end;
    }
    out.extend_from_slice(bytes.get(at..)?);
    Some(out)
}
