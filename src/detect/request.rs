//! Settings by which a step of a pipeline or a resource asks a store for secrets: what stands there says which, and holds none.
//!
//! Follows the inputs of hashicorp/vault-action, google-github-actions/get-secretmanager-secrets and docker/build-push-action, GitHub's
//! [reusable workflows](https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows), `withVault` of Jenkins, and the
//! Terraform providers.

use super::neighbours::Neighbourhood;
use crate::model::document::Document;
use crate::model::key_path::words;
use crate::model::setting::Setting;
use crate::model::span::Span;
use crate::model::template::{Part, is_reference, parts};

/// Whether the value has the form of a key of a ConfigMap or Secret: `redis-password`, `tls.key`.
pub(super) fn is_plain(value: &str) -> bool {
    value.len() <= 253 && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// `secrets: inherit` of a job that calls a workflow, and the lines of a step's `secrets:`, as far as each asks for one.
pub(super) fn asks_a_store(around: &Neighbourhood<'_>, setting: &Setting, literal: &str) -> bool {
    let literal = literal.trim();
    if setting.name() != "secrets" || literal.is_empty() {
        return false;
    }
    if literal == "inherit" {
        return around.has_beside(setting, "uses");
    }
    let step = setting.key.parent_name() == "with" && around.has_beside(setting, "..uses");
    step && literal.lines().map(str::trim).filter(|line| !line.is_empty()).all(is_request)
}

/// `secret/data/ci npmToken | NPM_TOKEN ;`, `token:my-project/registry-token`, `"id=${{ secrets.X }}"`.
fn is_request(line: &str) -> bool {
    let line = line.trim_end_matches([';', ' ']).trim_matches('"');
    if let Some((id, value)) = line.split_once('=').filter(|(id, _)| is_plain(id)) {
        return is_reference(value) && !id.is_empty();
    }
    let bare: String =
        parts(line).into_iter().map(|part| if matches!(part, Part::Literal(_)) { part.span().of(line) } else { "x" }).collect();
    let path = |word: &str| word.contains('/') && word.split('/').all(|step| is_plain(step) && step.len() <= 64);
    let entry = |word: &str| word == "*" || word.len() <= 64 && word.split('"').all(is_plain);
    match bare.split_whitespace().collect::<Vec<_>>()[..] {
        [one] => one.split_once(':').is_some_and(|(output, at)| is_plain(output) && path(at)),
        [at, word] => path(at) && entry(word),
        [at, word, "|", output] => path(at) && entry(word) && (is_plain(output) || output.ends_with("_*")),
        _ => false,
    }
}

/// `[envVar: 'DB_PASSWORD', vaultKey: 'password']`: the entry of a secret whose path or variable stands beside it.
pub(super) fn is_entry_of_a_vault(document: &Document, setting: &Setting, literal: &str) -> bool {
    const BESIDE: &[&str] = &["envVar", "secretPath"];
    let own = words(setting.name());
    if !matches!(&own[..], [_, .., key] if key == "key") || !is_plain(literal) {
        return false;
    }
    let (text, span) = (&document.text, setting.span);
    let before = Span::new(setting.key_span.start.saturating_sub(200), setting.key_span.start).narrowed(text).of(text);
    let after = Span::new(span.end, (span.end + 200).min(text.len())).narrowed(text).of(text);
    // the map or list item in which it stands
    let before = before.rsplit(['[', '{', '(']).next().unwrap_or_default();
    let after = after.split([']', '}', ')']).next().unwrap_or_default();
    let names = |text: &str| {
        BESIDE.iter().any(|name| text.split(name).skip(1).any(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with([':', '='])))
    };
    names(before) || names(after)
}

/// `secret = "db-password"` of a resource or a source of data that is a version of a secret: which one.
pub(super) fn names_the_resource(document: &Document, setting: &Setting, literal: &str) -> bool {
    let mut path = setting.key.names();
    let block = document.format == "hcl" && matches!(path.next(), Some("resource" | "data"));
    let kind = words(path.next().unwrap_or_default());
    let of_store = kind.windows(2).any(|pair| matches!(pair, [a, b] if a == "secret" && (b == "manager" || b == "version")));
    block && of_store && setting.name() == "secret" && path.count() == 2 && is_plain(literal)
}
