//! Which rules are in force: the built-in ones, then the user's additions and overrides.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::builtin;
use super::parse::parse;
use super::schema::{Override, Prose, Rule, RuleError, Written};
use crate::model::severity::Severity;

/// The rules in force.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Cow<'static, [Rule]>,
    prose: Cow<'static, [Prose]>,
    /// SHA-256 over the user's rule files, in turn; zeros where there are none.
    own: [u8; 32],
}

/// A user's rule file that cannot be used; no scan was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file itself.
    #[error("{file}, {error}")]
    File {
        /// Path as the user knows it.
        file: String,
        /// What and where.
        error: RuleError,
    },
    /// Two rules with one id.
    #[error("{file}: the id `{id}` is taken; change a rule with [[override]], or choose another id")]
    Taken {
        /// Path as the user knows it.
        file: String,
        /// The id.
        id: String,
    },
    /// An override of nothing.
    #[error("{file}: [[override]] names no rule: `{id}`{}", nearest.as_ref().map(|n| format!("; nearest is `{n}`")).unwrap_or_default())]
    NoSuchRule {
        /// Path as the user knows it.
        file: String,
        /// The id.
        id: String,
        /// The known id that is spelled most like it.
        nearest: Option<String>,
    },
    /// A severity that is none.
    #[error("{file}: override of `{id}`: {why}")]
    Severity {
        /// Path as the user knows it.
        file: String,
        /// The id.
        id: String,
        /// What would have been understood.
        why: String,
    },
}

impl RuleSet {
    /// The built-in rules.
    #[must_use]
    pub fn builtin() -> Self {
        Self { rules: Cow::Borrowed(builtin::rules()), prose: Cow::Borrowed(builtin::prose()), own: [0; 32] }
    }

    /// Adds a user's rule file, `name` as the user knows it.
    ///
    /// # Errors
    /// [`LoadError`]; the set is then to be thrown away.
    pub fn extend(&mut self, name: &str, text: &str) -> Result<(), LoadError> {
        let file = parse(text).map_err(|error| LoadError::File { file: name.to_owned(), error })?;
        self.own = Sha256::new().chain_update(self.own).chain_update(text).finalize().into();
        for Written { rule, prose, .. } in file.rules {
            if self.get(&rule.id).is_some() {
                return Err(LoadError::Taken { file: name.to_owned(), id: rule.id.into_owned() });
            }
            self.rules.to_mut().push(rule);
            self.prose.to_mut().push(prose);
        }
        file.overrides.into_iter().try_for_each(|change| self.change(name, change))
    }

    fn change(&mut self, file: &str, change: Override) -> Result<(), LoadError> {
        let Some(at) = self.rules.iter().position(|r| r.id == change.id.as_str()) else {
            let nearest = nearest(&change.id, self.rules.iter().map(|r| &*r.id));
            return Err(LoadError::NoSuchRule { file: file.to_owned(), id: change.id, nearest });
        };
        if let Some(word) = &change.severity {
            let severity: Severity = word.parse().map_err(|e: crate::model::severity::UnknownWord| LoadError::Severity {
                file: file.to_owned(),
                id: change.id.clone(),
                why: e.to_string(),
            })?;
            if let Some(rule) = self.rules.to_mut().get_mut(at) {
                rule.severity = severity;
                rule.severity_when = Cow::Borrowed(&[]);
            }
        }
        if change.enabled == Some(false) {
            self.rules.to_mut().remove(at);
            self.prose.to_mut().remove(at);
        }
        Ok(())
    }

    /// Tells what the user's rule files say from what others say: a hash of their texts.
    #[must_use]
    pub fn own_digest(&self) -> &[u8; 32] {
        &self.own
    }

    /// All rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule called `id`, with its prose.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<(&Rule, &Prose)> {
        self.rules.iter().zip(self.prose.iter()).find(|(r, _)| r.id == id)
    }

    /// The known id most like `id`.
    #[must_use]
    pub fn nearest(&self, id: &str) -> Option<String> {
        nearest(id, self.rules.iter().map(|r| &*r.id))
    }
}

/// The candidate that shares most pieces of two letters with `word`; `None` when none shares half.
fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let pairs = |text: &str| text.as_bytes().windows(2).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let own = pairs(word);
    candidates
        .map(|c| (pairs(c).iter().filter(|p| own.contains(p)).count() * 2 * 100 / (own.len() + c.len()).max(1), c))
        .max_by_key(|(score, _)| *score)
        .filter(|(score, _)| *score >= 50)
        .map(|(_, c)| c.to_owned())
}
