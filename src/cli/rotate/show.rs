//! The plan of a rotation, for people: what is replaced, where, on which servers, and what is not.

use std::fmt::Write as _;

use harden::model::document::Document;
use harden::plan::{SecretChange, preview_of};

use super::servers::Reached;

/// What is to be done with one secret.
pub(super) struct Item<'p> {
    pub(super) change: &'p SecretChange,
    /// The servers that hold it.
    pub(super) servers: &'p [Reached],
    /// Why it is not replaced; `None` where it is.
    pub(super) why_not: &'p Option<String>,
}

/// The plan as text.
pub(super) fn text(items: &[Item<'_>], documents: &[Document]) -> String {
    let mut out = String::new();
    let (goes, stays): (Vec<&Item<'_>>, Vec<&Item<'_>>) = items.iter().partition(|item| item.why_not.is_none());
    if !goes.is_empty() {
        out.push_str("to be replaced\n");
        for item in goes {
            out.push_str(&preview_of(item.change, documents, item.servers.is_empty()));
            for server in item.servers {
                let _ = writeln!(out, "      server: {}", server.about());
                match &server.known {
                    Ok(known) => known.notes.iter().for_each(|note| _ = writeln!(out, "        {note}")),
                    Err(why) if !why.is_empty() => _ = writeln!(out, "        not asked: {why}"),
                    Err(_) => {}
                }
            }
        }
        out.push('\n');
    }
    if !stays.is_empty() {
        out.push_str("not replaced\n");
        for item in stays {
            let name = if item.change.name.is_empty() { "a password" } else { &item.change.name };
            let why = item.why_not.as_deref().unwrap_or_default();
            let _ = writeln!(out, "  {name} ({}): {why}", item.change.row.kind.word());
            let _ = writeln!(out, "      note: {}", item.change.row.effect);
        }
        out.push('\n');
    }
    out
}
