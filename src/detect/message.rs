//! A rule's message with its placeholders filled: names, hosts and reasons, never a value.

use super::material::expired_days;
use super::subject::Subject;
use super::token::proof;
use super::value::switch;
use crate::keys;
use crate::model::secret::MASK;
use crate::model::shown::shown;
use crate::model::template::has_reference;
use crate::rules::builtin;
use crate::rules::schema::Rule;
use crate::strength::encoding::measure;
use crate::strength::name::NameClass;
use crate::strength::phc::guess_cost;

/// `text` with `{key}`, `{path}`, `{value.reason}` and the others replaced; an unknown one stays as it is.
pub(super) fn fill(text: &str, rule: &Rule, subject: &Subject<'_>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, tail) = rest.split_at(open);
        out.push_str(before);
        match tail.find('}') {
            Some(close) => {
                out.push_str(&placeholder(&tail[1..close], rule, subject).unwrap_or_else(|| tail[..=close].to_owned()));
                rest = &tail[close + 1..];
            }
            None => {
                out.push_str(tail);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    out
}

fn placeholder(name: &str, rule: &Rule, subject: &Subject<'_>) -> Option<String> {
    let host = |subject: &Subject<'_>| {
        let c = subject.connection()?;
        let shown = c.dsn.hosts.first()?.name.of(c.span.of(subject.value()));
        // a host that is no plain name may hold anything
        let plain = !has_reference(shown)
            && shown.len() <= 253
            && shown.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
        plain.then(|| shown.to_owned())
    };
    Some(match name {
        "key" => match subject.setting.name() {
            "" if subject.material().is_some() => "this block".to_owned(),
            "" => "this connection string".to_owned(),
            name => format!("`{}`", shown(name)),
        },
        "path" => format!("`{}`", subject.setting.key),
        "value.reason" => match rule.predicate_reads_url_password() {
            true => subject.url_password().map_or("weak", |(_, v)| v.reason).to_owned(),
            false => subject.verdict().reason.to_owned(),
        },
        "value.bytes" => measure(subject.literal()).bytes.to_string(),
        "value.bits" => measure(subject.literal()).bits.to_string(),
        "value.length" => subject.literal().chars().count().to_string(),
        "value.hash" => guess_cost(subject.literal()).map_or("made with a function that is fast to guess", |cost| cost.reason()).to_owned(),
        "token.name" => subject.token().map_or("credential", |t| t.kind.name).to_owned(),
        "token.provider" => subject.token().map_or("its provider", |t| t.kind.provider).to_owned(),
        "token.proof" => subject.token().map_or("", proof).to_owned(),
        "token.reissue" => subject.token().map_or("the provider's console", |t| t.kind.reissue).to_owned(),
        "material" => subject.material().map_or_else(|| "key material".to_owned(), keys::Material::phrase),
        "material.source" => subject.material().and_then(keys::published).unwrap_or("published").to_owned(),
        "material.validity" => subject.material().and_then(expired_days).map_or_else(String::new, validity),
        "material.needs" => subject.material().and_then(|m| m.needs).map_or_else(String::new, |bits| bits.to_string()),
        "value.mask" => MASK.to_owned(),
        "value.word" => word(rule, subject),
        "url.host" => host(subject).map_or_else(|| "the server".to_owned(), |h| format!("`{h}`")),
        "url.mode" => subject.connection().map_or("without TLS", |c| c.tls.phrase()).to_owned(),
        "url.system" => subject.connection().and_then(|c| c.system).map_or("", |s| s.name()).to_owned(),
        _ => return None,
    })
}

/// What is said of a certificate that ended `days` ago, or that ends when they have passed.
fn validity(days: i64) -> String {
    match days {
        ..0 => format!("expires in {} days", -days),
        0 => "expires today".to_owned(),
        _ => format!("expired {days} days ago"),
    }
}

/// The value where it can be nothing but a word that the rule lists, a switch or a small number, and stands under no name of a secret;
/// bullets otherwise. A rule that comes with the tree must not be able to print what it likes.
fn word(rule: &Rule, subject: &Subject<'_>) -> String {
    let text = subject.literal().trim();
    let secret = !matches!(subject.name_class(), NameClass::Other | NameClass::Setting);
    let small = !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
    let listed = builtin::rules().iter().any(|r| r.id == rule.id) && text.len() <= 24 && text.chars().all(|c| c.is_ascii_graphic());
    if !secret && (small || switch(text).is_some() || listed) { text.to_owned() } else { MASK.to_owned() }
}
