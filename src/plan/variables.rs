//! Which env file gives the variables that references ask for: the one that the tool which resolves them reads by itself.

use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::secret::Secret;
use crate::model::setting::Role;

/// Env files by the name under which they are read, the first to be asked first: compose reads `.env`, the others are handed to it.
const NAMES: &[&str] = &[".env", ".env.production", ".env.prod"];

/// The folder of a path for people.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether `folder` is `above` or lies below it.
#[must_use]
pub(super) fn within(folder: &str, above: &str) -> bool {
    matches!(above, "" | ".") || folder.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The env file for production in `folder` whose variables its references get.
#[must_use]
pub(super) fn env_file(documents: &[Document], folder: &str) -> Option<usize> {
    NAMES.iter().find_map(|name| {
        documents.iter().position(|d| {
            d.format == "env" && d.environment == Environment::Production && !d.lossy && d.file_name() == *name && d.folder() == folder
        })
    })
}

/// [`env_file`] of `folder`, or of the nearest folder above it that has one.
#[must_use]
pub(super) fn env_file_above(documents: &[Document], folder: &str) -> Option<usize> {
    let mut at = folder;
    loop {
        if let Some(found) = env_file(documents, at) {
            return Some(found);
        }
        if at.is_empty() || at == "." {
            return None;
        }
        at = self::folder(at);
    }
}

/// Whether the env file has a variable of that name, whatever it holds.
#[must_use]
pub(super) fn has(document: &Document, name: &str) -> bool {
    document.settings.iter().any(|s| s.name() == name && s.role != Role::Commented)
}

/// Whether every reader of env files takes `value` as it stands, without quotes (`docs/environments.md`): no blank, no quote, nothing that
/// begins a comment or a reference.
#[must_use]
pub(super) fn stands_bare(value: &Secret) -> bool {
    let text = value.expose();
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.=+/%,:@".contains(&b))
}

/// Whether `value` refers to the variable `name`: `${NAME`, `$NAME`.
#[must_use]
pub(super) fn refers_to(value: &str, name: &str) -> bool {
    value.match_indices(name).any(|(i, _)| {
        let before = value[..i].ends_with("${") || value[..i].ends_with('$');
        before && ends_name(&value[i + name.len()..])
    })
}

/// Whether the tool that reads the file puts the variable `name` into `value`: what stands behind `$$` is for a shell in the container.
#[must_use]
pub(super) fn asks_for(value: &str, name: &str) -> bool {
    value.match_indices(name).any(|(i, _)| {
        let head = value[..i].strip_suffix('{').unwrap_or(&value[..i]);
        let dollars = head.len() - head.trim_end_matches('$').len();
        dollars % 2 == 1 && ends_name(&value[i + name.len()..])
    })
}

fn ends_name(after: &str) -> bool {
    after.chars().next().is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::{asks_for, env_file, env_file_above, stands_bare};
    use crate::formats;
    use crate::model::environment::Environment;
    use crate::model::secret::Secret;

    #[test]
    fn the_file_that_compose_reads_comes_first_and_the_nearest() {
        let parse = |path: &str, environment| formats::parse(path, b"A=1\n", environment);
        let documents = [
            parse("app/db.env", Environment::Production),
            parse("app/.env.production", Environment::Production),
            parse("app/.env", Environment::Production),
            parse("lib/.env", Environment::Development),
            parse("lib/.env.production", Environment::Production),
        ];
        assert_eq!(env_file(&documents, "app"), Some(2));
        assert_eq!(env_file(&documents, "lib"), Some(4));
        assert_eq!(env_file(&documents, "app/src"), None);
        assert_eq!(env_file_above(&documents, "app/src/main"), Some(2));
        assert_eq!(env_file_above(&documents, "other"), None);
    }

    #[test]
    fn what_a_shell_in_the_container_reads_is_not_asked_for() {
        assert!(["$A", "x ${A:-b}", "$$$A", "${A}"].iter().all(|v| asks_for(v, "A")));
        assert!(["$$A", "$${A}", "$AB", "A", "${BA}", "$$$$A"].iter().all(|v| !asks_for(v, "A")));
    }

    #[test]
    fn what_a_reader_could_take_otherwise_does_not_stand_bare() {
        assert!(["a-B_9", "x+/=", "%40"].iter().all(|v| stands_bare(&Secret::copy_of(v))));
        assert!(["", "a b", "a#b", "pa$$", "it's", "`x`", "a\\n", "\u{e4}"].iter().all(|v| !stands_bare(&Secret::copy_of(v))));
    }
}
