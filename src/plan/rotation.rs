//! The plan of a rotation: secrets are replaced because somebody wants it, whether or not anything is wrong with them.

use std::collections::BTreeMap;

use super::changes::{Plan, best_name, part_ways, secrets, strictest};
use super::place::{Place, places};
use super::program::Programs;
use super::same::group;
use super::wishes::Wishes;
use crate::keygen::{Entropy, KeygenError};
use crate::model::document::Document;
use crate::model::secret::Secret;
use crate::rules::kinds::KindRow;

/// A secret, whether or not anything becomes of it.
#[derive(Debug)]
pub struct Held {
    /// The name that says most.
    pub name: String,
    /// What replacing it would mean.
    pub row: &'static KindRow,
    /// Its places in files for production.
    pub places: Vec<Place>,
}

impl Held {
    /// The value.
    #[must_use]
    pub fn value(&self) -> Option<&Secret> {
        self.places.first().map(|place| &place.text)
    }
}

/// The secrets that stand in the settings of `seeds` (as for [`rotation`]), each with all its places.
#[must_use]
pub fn held(documents: &[Document], seeds: &[(usize, usize)], wishes: &Wishes<'_>) -> Vec<Held> {
    let all = places(documents);
    let programs = Programs::new(documents, wishes);
    let groups = group(&all, &wanted(&all, documents, seeds), documents);
    let held = groups.iter().map(|same| {
        let places: Vec<Place> = same.live.iter().filter_map(|i| all.get(*i)).cloned().collect();
        let name = best_name(documents, &places);
        Held { row: strictest(documents, &programs, &places, &name), name, places }
    });
    held.collect()
}

fn wanted(all: &[Place], documents: &[Document], seeds: &[(usize, usize)]) -> Vec<usize> {
    let seeded = |place: &Place| place.is_live(documents) && seeds.binary_search(&(place.document, place.setting)).is_ok();
    all.iter().enumerate().filter(|(_, place)| seeded(place)).map(|(index, _)| index).collect()
}

/// Makes the plan for the secrets that stand in the settings of `seeds` (index of the document, index of the setting; sorted), each with all its
/// places. Settings without a secret, and those of examples, documents and development files, are passed by.
///
/// # Errors
/// When the system has no random bytes to give; nothing was changed.
pub fn rotation(
    documents: &[Document],
    seeds: &[(usize, usize)],
    wishes: &Wishes<'_>,
    entropy: &mut dyn Entropy,
) -> Result<Plan, KeygenError> {
    let all = places(documents);
    let wanted = wanted(&all, documents, seeds);
    let mut secrets = secrets(documents, &all, &wanted, &BTreeMap::new(), wishes, entropy)?;
    part_ways(&mut secrets);
    Ok(Plan { secrets, ..Plan::default() })
}
