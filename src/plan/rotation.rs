//! The plan of a rotation: secrets are replaced because somebody wants it, whether or not anything is wrong with them.

use std::collections::BTreeMap;

use super::changes::{Plan, SecretChange, secret, settled};
use super::place::places;
use super::same::group;
use super::wishes::Wishes;
use crate::keygen::{Entropy, KeygenError};
use crate::model::document::Document;

/// Makes the plan for the secrets that stand in the settings of `seeds` (index of the document, index of the setting), each with all its
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
    let wanted = all.iter().enumerate().filter(|(_, p)| p.is_live(documents) && seeds.contains(&(p.document, p.setting)));
    let wanted: Vec<usize> = wanted.map(|(index, _)| index).collect();
    let settled = settled(&all, wishes.before);
    let none = BTreeMap::new();
    let mut secrets: Vec<SecretChange> = Vec::new();
    for same in group(&all, &wanted, documents) {
        secrets.push(secret(documents, &all, &same, &none, wishes, &settled, entropy)?);
    }
    Ok(Plan { secrets, ..Plan::default() })
}
