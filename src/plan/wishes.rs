//! What a plan is made for.

use std::collections::BTreeMap;

use crate::model::document::Document;
use crate::rules::load::RuleSet;

/// What the plan is made for.
pub struct Wishes<'a> {
    /// Rule ids, classes or keys; empty for all.
    pub only: &'a [String],
    /// Setting or scheme to driver, from harden.toml.
    pub drivers: &'a BTreeMap<String, String>,
    /// The manifests (package.json, go.mod, ...) above a document, by its index: path and text, the nearest folder first. Asked only where
    /// a connection needs its driver.
    pub manifests: &'a dyn Fn(usize) -> Vec<Vec<(String, String)>>,
    /// The rules, for what they propose.
    pub rules: &'a RuleSet,
    /// Where the result is sealed, whether a document can be: one that cannot is changed by hand.
    pub seals: Option<fn(&Document) -> bool>,
    /// The document that is a production file in the making: it gets production settings, and no server runs with it yet.
    pub fresh: Option<usize>,
    /// Plain files whose sealed twins stand among the documents: the text, and the index of the twin. What a twin has replaced already is
    /// not replaced by yet another value elsewhere.
    pub before: &'a [(Document, usize)],
    /// Whether whoever carries the plan out changes the credentials on the servers, too: then it does not matter whose files these are.
    pub live: bool,
    /// Whether former keys of what only signs are to stay valid for a while, where they cannot be guessed.
    pub keep_previous: bool,
    /// Whether that file does not exist at all: placeholders of any kind may be filled, for no data depends on them.
    pub unborn: bool,
}

impl<'a> Wishes<'a> {
    /// For whoever changes the credentials on the servers, too, or changes nothing at all.
    #[must_use]
    pub fn live(
        manifests: &'a dyn Fn(usize) -> Vec<Vec<(String, String)>>,
        drivers: &'a BTreeMap<String, String>,
        rules: &'a RuleSet,
    ) -> Self {
        let (only, before, seals) = (&[][..], &[][..], None);
        Self { only, drivers, manifests, rules, seals, fresh: None, before, live: true, keep_previous: false, unborn: false }
    }

    /// Whether what the plan makes of `document` can be written in the form that is asked for.
    #[must_use]
    pub fn can_write(&self, document: &Document) -> bool {
        self.seals.is_none_or(|seals| seals(document))
    }
}
