//! Conditions on the provider's token in a value: its kind, its provider, its checksum, what it opens, whether it has expired.

use super::family::{Compile, Family, Test, flag, known, words};
use crate::rules::schema::Argument;
use crate::tokens::{Checksum, KINDS, Token as Found, Use, find};

/// Whether a provider's token stands in `text`.
#[must_use]
pub fn holds_token(text: &str) -> bool {
    !find(text).is_empty()
}

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
            _ => Err(format!("`token.{name}` is not known: token.kind, token.provider, token.checksum, token.use, token.expired")),
        }
    }
}

fn when(test: impl Fn(&Found) -> bool + Send + Sync + 'static) -> Test {
    Box::new(move |s| s.token().is_some_and(&test))
}

/// What a message says of the checksum; fits after the token's name.
pub(super) fn proof(token: &Found) -> &'static str {
    match token.checksum {
        Checksum::Good => "its checksum fits, so it is no made-up example",
        Checksum::Bad => "its checksum does not fit, so it may be made up or cut",
        Checksum::None => "it has the form of a real one",
    }
}
