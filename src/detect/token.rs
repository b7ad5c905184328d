//! Conditions on the provider's token in a value: its kind, its provider, its checksum, what it opens, whether it has expired.

use super::family::{Compile, Family, Test, flag, known, words};
use super::subject::Subject;
use crate::model::key_path::words as split;
use crate::model::setting::Role;
use crate::model::span::Span;
use crate::rules::schema::Argument;
use crate::strength::name::NameClass;
use crate::tokens::{Checksum, KINDS, Token as Found, TokenKind, Use, find_named, is_aws_secret, told_in};

/// Conditions on the provider's token in a value. They hold for the one token that matters most, and for no value without any.
pub(super) struct Token;

impl Family for Token {
    fn word(&self) -> &'static str {
        "token"
    }

    fn compile(&self, name: &str, argument: &Argument, _nested: Compile<'_>) -> Result<Test, String> {
        match name {
            "kind" => {
                let kinds: Vec<&str> = KINDS.iter().map(|k| k.kind).collect();
                let wanted = known("token.kind", argument, &kinds)?;
                Ok(when(move |t| wanted.iter().any(|w| w == t.kind.kind)))
            }
            "provider" => {
                let wanted = words("token.provider", argument, true)?;
                Ok(when(move |t| wanted.contains(&t.kind.provider.to_lowercase())))
            }
            "checksum" => {
                let wanted = known("token.checksum", argument, Checksum::WORDS)?;
                Ok(when(move |t| wanted.iter().any(|w| w == t.checksum.word())))
            }
            "use" => {
                let wanted = known("token.use", argument, Use::WORDS)?;
                Ok(when(move |t| wanted.iter().any(|w| w == t.usage.word())))
            }
            "expired" => {
                let wanted = flag("token.expired", argument)?;
                Ok(when(move |t| t.expired == wanted))
            }
            _ => Err(format!(
                "`token.{name}` is not known: token.kind, token.provider, token.checksum, token.use, token.expired"
            )),
        }
    }
}

fn when(test: impl Fn(&Found) -> bool + Send + Sync + 'static) -> Test {
    Box::new(move |s| s.token().is_some_and(&test))
}

/// The token in the value of `subject` that matters most.
pub(super) fn token_of(subject: &Subject<'_>) -> Option<Found> {
    let value = subject.literal();
    if value.len() < 16 {
        return None;
    }
    let lone = value.len() <= 1024 && !value.contains(char::is_whitespace);
    let (own, path): (&[String], &[String]) = if lone { (&subject.words().0, &subject.words().1) } else { (&[], &[]) };
    let tokens = find_named(&[own, path], value);
    let mut token = told_in(&tokens).copied().or_else(|| beside_an_id(subject))?;
    token.span = token.span.shift(subject.literal_span().start);
    if token.kind.kind == "google-api-key" && is_for_browsers(subject) {
        token.usage = Use::Public;
    }
    Some(token)
}

/// The secret of AWS in a setting a few places from one that holds an access key id.
fn beside_an_id(subject: &Subject<'_>) -> Option<Found> {
    let span = Span::new(0, subject.literal().len());
    if !is_aws_secret(subject.literal()) {
        return None;
    }
    let near = subject.around.siblings(subject.setting).filter(|(i, _)| i.abs_diff(subject.index) <= 3);
    let is_id = |value: &str| find_named(&[], value).iter().any(|t| t.kind.kind == "aws-access-key-id");
    let kind: &'static TokenKind = KINDS.iter().find(|k| k.kind == "aws-secret-key")?;
    let paired = near.into_iter().any(|(_, other)| other.role != Role::Commented && is_id(other.value.expose()));
    paired.then_some(Found { kind, span, checksum: Checksum::None, usage: Use::Live, expired: false })
}

/// Whether a Google key is one of those that pages and apps ship: by the name it has, or the names beside it.
fn is_for_browsers(subject: &Subject<'_>) -> bool {
    let (own, path) = subject.words();
    let named = ["firebase", "maps", "map", "gmaps", "browser", "public", "client"].iter().any(|w| own.iter().chain(path).any(|o| o == w));
    let beside = |name: &str| {
        let squeezed = split(name).concat();
        ["authdomain", "messagingsenderid", "storagebucket"].iter().any(|n| squeezed.ends_with(n))
    };
    subject.name_class() == NameClass::Public || named || subject.around.siblings(subject.setting).any(|(_, s)| beside(s.name()))
}

/// What a message says of the checksum; fits after the token's name.
pub(super) fn proof(token: &Found) -> &'static str {
    match token.checksum {
        Checksum::Good => "its checksum fits, so it is no made-up example",
        Checksum::Bad => "its checksum does not fit, so it may be made up or cut",
        Checksum::None => "it has the form of a real one",
    }
}
