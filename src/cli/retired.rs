//! The values that the ledger says were replaced, for a scan to know them again: tags under the project's key, nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use harden::config::Loaded;
use harden::ledger::{Entry, Ledger, Line};
use harden::model::secret::Secret;
use harden::report::Notice;
use harden::seal::ProjectKey;

use super::args::IdentityArgs;
use super::recording::quietly;

/// What is known of replaced values.
pub(crate) enum Replaced {
    /// None was ever replaced, or there is no ledger.
    Nothing,
    /// Some were, and who looks here cannot know them again.
    Unknown(&'static str),
    /// They are known again by their tags, each with the day on which it was replaced.
    Known(ProjectKey, BTreeMap<String, String>),
}

/// Since when values are in use, and when a server last took them, as far as the ledger says.
pub(crate) struct InUse(Option<(ProjectKey, Times, Times)>);

/// Seconds since 1970, by tag.
type Times = BTreeMap<String, u64>;

impl InUse {
    /// Of the project's ledger; nothing where its key cannot be opened without asking.
    pub(crate) fn of(root: &Path) -> Self {
        let ledger = Ledger::load(root).unwrap_or_default();
        if ledger.chains.is_empty() {
            return Self(None);
        }
        let Some(key) = quietly(root, &IdentityArgs::default(), None) else { return Self(None) };
        let (mut since, mut verified) = (Times::new(), Times::new());
        for entry in vouched(&ledger, &key) {
            let Some(time) = entry.seconds() else { continue };
            for subject in &entry.subjects {
                // what stayed the same was tried, not replaced
                let times = if subject.old == subject.new { &mut verified } else { &mut since };
                subject.new.iter().for_each(|tag| _ = times.insert(tag.clone(), time));
            }
        }
        Self(Some((key, since, verified)))
    }

    /// Since when `value` is, in seconds since 1970.
    pub(crate) fn since(&self, value: &Secret) -> Option<u64> {
        let (key, since, _) = self.0.as_ref()?;
        since.get(&key.tag(value)).copied()
    }

    /// When a server last took `value`, in seconds since 1970.
    pub(crate) fn verified(&self, value: &Secret) -> Option<u64> {
        let (key, _, verified) = self.0.as_ref()?;
        verified.get(&key.tag(value)).copied()
    }
}

/// The lines that somebody with the project's key wrote, by time: what nobody vouches for may be anybody's word.
fn vouched<'l>(ledger: &'l Ledger, key: &ProjectKey) -> Vec<&'l Entry> {
    let own = |line: &Line| line.hmac.as_ref().is_some_and(|hmac| *hmac == key.vouch(line.vouched.as_bytes()));
    ledger.by_time().into_iter().filter(|(_, line)| own(line)).filter_map(|(_, line)| line.entry.as_ref()).collect()
}

impl Replaced {
    /// Of the project's ledger. Nobody is asked for a passphrase; without an identity that opens the project's key nothing is known.
    pub(crate) fn of(project: Option<&Loaded>) -> Self {
        let Some(project) = project else { return Self::Nothing };
        let Ok(ledger) = Ledger::load(&project.root) else { return Self::Unknown("the ledger cannot be read") };
        let lines = ledger.by_time();
        let subjects = |entry: &Entry| entry.subjects.iter().any(|subject| subject.old.is_some());
        if !lines.iter().filter_map(|(_, line)| line.entry.as_ref()).any(subjects) {
            return Self::Nothing;
        }
        let Some(key) = quietly(&project.root, &IdentityArgs::default(), None) else {
            return Self::Unknown(".harden/key.age cannot be opened here");
        };
        let mut tags = BTreeMap::new();
        for entry in vouched(&ledger, &key) {
            let day = entry.time.split('T').next().unwrap_or_default().to_owned();
            for subject in &entry.subjects {
                subject.old.iter().for_each(|tag| _ = tags.insert(tag.clone(), day.clone()));
                subject.new.iter().for_each(|tag| _ = tags.remove(tag));
            }
        }
        if tags.is_empty() { Self::Nothing } else { Self::Known(key, tags) }
    }

    /// The day on which `value` was replaced.
    pub(crate) fn day(&self, value: &Secret) -> Option<String> {
        if let Self::Known(key, tags) = self { tags.get(&key.tag(value)).cloned() } else { None }
    }

    /// Whether there is anything to look for.
    pub(crate) fn is_known(&self) -> bool {
        matches!(self, Self::Known(..))
    }

    /// That the check did not run, where there was something to check.
    pub(crate) fn notice(&self) -> Option<Notice> {
        let Self::Unknown(why) = self else { return None };
        let message = format!("{why}: values that were replaced once were not looked for");
        Some(Notice { file: ".harden/ledger".to_owned(), line: 0, message })
    }
}
