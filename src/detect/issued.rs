//! The provider's token in a setting's value, with what stands around it.

use super::neighbours::Neighbourhood;
use crate::model::key_path::words as split;
use crate::model::span::Span;
use crate::tokens::{Checksum, KINDS, Token, Use, find_named, is_aws_secret, told_in};

/// A value and where it stands.
pub(super) struct Place<'s, 'd> {
    /// Its index in the document.
    pub(super) index: usize,
    /// The text that runs when nothing else is set.
    pub(super) literal: &'d str,
    /// The words of its name, and of its path.
    pub(super) words: [&'s [String]; 2],
    /// Whether the name says that it is shipped to browsers.
    pub(super) public: bool,
    /// Whether nothing in it announces a token.
    pub(super) unmarked: bool,
}

/// The token in the literal of `place` that matters most; its span counts from the literal's start.
pub(super) fn token_in<'d>(around: &Neighbourhood<'d>, place: &Place<'_, 'd>) -> Option<Token> {
    let lone = place.literal.len() <= 1024 && !place.literal.contains(char::is_whitespace);
    let names: &[&[String]] = if lone { &place.words } else { &[] };
    let tokens = find_named(names, place.literal, place.unmarked);
    let mut token = told_in(&tokens).copied().or_else(|| beside_an_id(around, place))?;
    if token.kind.kind == "google-api-key" && is_for_browsers(around, place) {
        token.usage = Use::Public;
    }
    Some(token)
}

/// The secret of AWS in a setting a few places from one that holds an access key id.
fn beside_an_id<'d>(around: &Neighbourhood<'d>, place: &Place<'_, 'd>) -> Option<Token> {
    if !is_aws_secret(place.literal) {
        return None;
    }
    let kind = KINDS.iter().find(|k| k.kind == "aws-secret-key")?;
    let is_id = |value: &str| find_named(&[], value, false).iter().any(|t| t.kind.kind == "aws-access-key-id");
    let paired = around.near(place.index, 3).any(|other| is_id(other.value.expose()));
    let span = Span::new(0, place.literal.len());
    paired.then_some(Token { kind, span, checksum: Checksum::None, usage: Use::Live, expired: false })
}

/// Whether a Google key is one of those that pages and apps ship: by the name it has, or the names beside it.
fn is_for_browsers<'d>(around: &Neighbourhood<'d>, place: &Place<'_, 'd>) -> bool {
    const SHIPPED: &[&str] = &["firebase", "maps", "map", "gmaps", "browser", "public", "client"];
    const BESIDE: &[&str] = &["authdomain", "messagingsenderid", "storagebucket"];
    let beside = |name: &str| {
        let squeezed = split(name).concat();
        BESIDE.iter().any(|n| squeezed.ends_with(n))
    };
    place.public
        || place.words.concat().iter().any(|w| SHIPPED.contains(&w.as_str()))
        || around.near(place.index, 16).any(|s| beside(s.name()))
}
